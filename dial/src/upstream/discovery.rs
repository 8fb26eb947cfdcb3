//! Hosts that somebody else knows: asked for in the background, put in place as they come.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::sync::watch;

use super::Upstream;
use super::backoff::Backoff;
use super::balance::Dice;
use super::hosts::HostEntry;
use super::tasks::WeakUpstream;
use crate::error::{BoxError, Chain, Error, ErrorKind};

/// Tells where the hosts of an upstream are; see [`UpstreamBuilder::discover`](super::UpstreamBuilder::discover). `Debug`
/// names it in the log.
///
/// ```
/// use dial::{BoxError, Discover, HostEntry, Upstream};
/// use tokio::sync::mpsc;
///
/// /// Lists that some other part of the program sends.
/// #[derive(Debug)]
/// struct Announced(mpsc::Receiver<Vec<String>>);
///
/// impl Discover for Announced {
///     async fn next(&mut self) -> Option<Result<Vec<HostEntry>, BoxError>> {
///         let hosts = self.0.recv().await?;
///         Some(Ok(hosts.into_iter().map(HostEntry::new).collect()))
///     }
/// }
///
/// let (sender, receiver) = mpsc::channel(8);
/// let upstream = Upstream::builder().discover(Announced(receiver)).build()?;
/// assert!(upstream.is_empty());
/// # drop(sender);
/// # Ok::<(), dial::Error>(())
/// ```
pub trait Discover: fmt::Debug + Send + 'static {
    /// Waits until the hosts are known for the first time, and after that until they have changed, and tells all of them.
    /// An empty list says that nobody is up; `None`, that there will never be another list.
    ///
    /// After an error, or a panic, the hosts that were known last stay, and `next` is called again, after a pause that grows
    /// with each in a row, from at most 100 ms to at most 10 s. So an implementation need not wait by itself before it
    /// connects once more. The future may be dropped where it waits, and `next` called again, on another runtime too: it
    /// should keep in `self` what must not be lost.
    fn next(&mut self) -> impl Future<Output = Option<Result<Vec<HostEntry>, BoxError>>> + Send;
}

type Told = Option<Result<Vec<HostEntry>, BoxError>>;

/// [`Discover`], erased.
trait DynDiscover: fmt::Debug + Send {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Told> + Send + '_>>;
}

impl<D: Discover> DynDiscover for D {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Told> + Send + '_>> {
        Box::pin(Discover::next(self))
    }
}

/// The source of an upstream's hosts, and whether it has told any.
#[derive(Clone)]
pub(super) struct Discovery {
    /// Here while nobody asks it.
    finder: Arc<Mutex<Option<Finder>>>,
    told: watch::Sender<bool>,
}

/// The source, and how it does.
struct Finder {
    source: Box<dyn DynDiscover>,
    backoff: Backoff,
    dice: Dice,
    /// The list that is in place.
    last: Option<Vec<HostEntry>>,
    /// What was logged as the reason why it has told nothing since.
    trouble: Option<String>,
    /// Whether the source has come to its end.
    over: bool,
}

impl Discovery {
    pub(super) fn new(source: impl Discover) -> Self {
        let finder = Finder {
            source: Box::new(source),
            backoff: Backoff::default(),
            dice: Dice::new(None),
            last: None,
            trouble: None,
            over: false,
        };
        Self {
            finder: Arc::new(Mutex::new(Some(finder))),
            told: watch::Sender::new(false),
        }
    }
}

impl Upstream {
    /// Waits until the upstream's [`Discover`] has told its hosts for the first time. That is at once where it has none, or
    /// began with hosts. Within a runtime this also starts asking.
    ///
    /// [`serve`](crate::serve) does this before it accepts the first connection, for at most 5 s. In somebody else's
    /// application requests that come before are answered with 503, so that it may want to wait too:
    ///
    /// ```no_run
    /// # async fn start(upstream: dial::Upstream) {
    /// # use std::time::Duration;
    /// let _ = tokio::time::timeout(Duration::from_secs(5), upstream.discovered()).await;
    /// # }
    /// ```
    pub async fn discovered(&self) {
        self.start_discovery();
        if let Some(discovery) = &self.inner.discovery
            && self.is_empty()
        {
            let mut told = discovery.told.subscribe();
            // The sender lives as long as this upstream does.
            let _ = told.wait_for(|told| *told).await;
        }
    }
}

impl Discovery {
    /// Asks for hosts as long as there is an upstream.
    pub(super) fn run(&self, upstream: WeakUpstream) -> impl Future<Output = ()> + Send + 'static {
        let discovery = self.clone();
        async move {
            let Some(mut taken) = Taken::new(&discovery.finder) else {
                return;
            };
            while let Some(finder) = taken.finder.as_mut().filter(|finder| !finder.over) {
                let told = finder.next().await;
                let Some(upstream) = upstream.upgrade() else {
                    return;
                };
                let settled = finder.settle(&upstream, told);
                drop(upstream);
                match settled {
                    // Nobody needs to wait for what never comes.
                    Settled::InPlace | Settled::Over => drop(discovery.told.send_replace(true)),
                    Settled::Refused => {
                        let wait = finder.backoff.wait(&finder.dice);
                        tokio::time::sleep(wait).await;
                    }
                }
            }
            // Nobody is to begin anew.
            std::future::pending::<()>().await;
        }
    }
}

/// What became of what a source told.
enum Settled {
    InPlace,
    Refused,
    Over,
}

impl Finder {
    /// What the source tells next. That it panics is an error of its own.
    async fn next(&mut self) -> Told {
        // A future of ours, so that what the source does before it has made its own is polled like the rest.
        let mut next = pin!(async { self.source.next().await });
        std::future::poll_fn(|cx| {
            let poll = AssertUnwindSafe(|| next.as_mut().poll(cx));
            std::panic::catch_unwind(poll).unwrap_or_else(|_| {
                let error = Error::new(ErrorKind::Handler, "a discovery panicked");
                Poll::Ready(Some(Err(error.into())))
            })
        })
        .await
    }

    fn settle(&mut self, upstream: &Upstream, told: Told) -> Settled {
        let source = &self.source;
        let placed = match told {
            None => {
                tracing::info!(target: "dial::upstream", ?source, "no more hosts will be told");
                self.over = true;
                return Settled::Over;
            }
            Some(told) => told.and_then(|hosts| self.place(upstream, hosts)),
        };
        match placed {
            Ok(()) => {
                self.backoff.reset();
                if self.trouble.take().is_some() {
                    let source = &self.source;
                    tracing::info!(target: "dial::upstream", ?source, "hosts are told again");
                }
                Settled::InPlace
            }
            Err(error) => {
                let trouble = Chain(&*error).to_string();
                // Once for each reason, however often it is asked again.
                if self.trouble.as_ref() != Some(&trouble) {
                    let (source, hosts) = (&self.source, upstream.len());
                    tracing::warn!(
                        target: "dial::upstream",
                        ?source,
                        hosts,
                        "no list of hosts, so those known stay: {trouble}"
                    );
                    self.trouble = Some(trouble);
                }
                Settled::Refused
            }
        }
    }

    /// Puts a list in place, unless it is there already: what was changed by hand since then stays as it is.
    fn place(&mut self, upstream: &Upstream, hosts: Vec<HostEntry>) -> Result<(), BoxError> {
        if self.last.as_ref() == Some(&hosts) {
            return Ok(());
        }
        upstream.tell_hosts(hosts.clone())?;
        let (source, count) = (&self.source, hosts.len());
        tracing::info!(target: "dial::upstream", ?source, hosts = count, "hosts discovered");
        self.last = Some(hosts);
        Ok(())
    }
}

/// The finder while it is asked; given back however that ends, for whoever asks next.
struct Taken {
    home: Arc<Mutex<Option<Finder>>>,
    finder: Option<Finder>,
}

impl Taken {
    fn new(home: &Arc<Mutex<Option<Finder>>>) -> Option<Self> {
        let finder = home.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Self {
            home: Arc::clone(home),
            finder: Some(finder),
        })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        *home = self.finder.take();
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finder = self.finder.lock().unwrap_or_else(PoisonError::into_inner);
        match &*finder {
            Some(finder) => finder.source.fmt(f),
            None => f.write_str("Discovery"),
        }
    }
}

//! The server: one worker thread a core, each with a runtime, a listener and connections of its own.

mod clients;
mod connection;
mod entry;
mod limits;
mod listener;
mod options;
mod outgoing;
mod shutdown;
mod upload;
mod worker;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ipnet::IpNet;

use self::entry::Entry;
pub use self::listener::IntoAddr;
use self::listener::Listeners;
use self::options::Config;
pub use self::options::ServerBuilder;
pub use self::shutdown::ServerHandle;
use self::shutdown::{Phase, watch_signals};
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;

/// A server that is bound but does not accept yet; [`run`](Self::run) starts it.
///
/// ```no_run
/// use std::time::Duration;
/// use dial::{Router, Server};
///
/// # async fn start() -> dial::Result<()> {
/// let server = Server::builder()
///     .workers(2)
///     .drain_timeout(Duration::from_secs(10))
///     .bind("127.0.0.1:0", Router::registered())?;
/// println!("listening on {}", server.local_addr());
/// let handle = server.handle();
/// // handle.shutdown() drains it from anywhere.
/// server.run().await
/// # }
/// ```
pub struct Server {
    listeners: Listeners,
    config: Config,
    wired: Wired,
    handle: ServerHandle,
}

/// What a server runs: a [`Router`](crate::Router).
pub trait App {
    /// Validates it.
    #[doc(hidden)]
    fn wire(self) -> Result<Wired, Error>;
}

/// An application whose routes were validated.
#[doc(hidden)]
pub struct Wired {
    /// Makes a worker's own proxy.
    pub(crate) proxy: Arc<dyn Fn() -> Result<Proxy, Error> + Send + Sync>,
    /// Peers whose forwarding fields are believed.
    pub(crate) trusted: Arc<[IpNet]>,
    /// Whether any route tells endpoints which address a client connected to.
    pub(crate) tells_local: bool,
}

impl Server {
    /// A builder with the default options.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// The address it is bound to; with the port that was chosen when 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners.local_addr()
    }

    /// A handle that shuts the server down from anywhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves until it is shut down: by a [`ServerHandle`], by SIGINT or SIGTERM, or by dropping the future. Then it
    /// stops accepting, lets requests in flight end within the drain timeout, and closes what is left.
    ///
    /// The future may be awaited on any runtime, or on none: the workers have their own.
    ///
    /// # Errors
    /// A worker that could not be started.
    pub fn run(self) -> impl Future<Output = Result<(), Error>> + Send {
        let shutdown_when_dropped = self.handle.guard();
        let started = self.start();
        async move {
            let _guard = shutdown_when_dropped;
            let mut threads = started?;
            std::future::poll_fn(|cx| poll_ended(&mut threads, cx)).await
        }
    }

    fn start(self) -> Result<Vec<worker::Ended>, Error> {
        let Self {
            listeners,
            config,
            wired,
            handle,
        } = self;
        let phase = handle.subscribe();
        let (alive, workers) = tokio::sync::mpsc::channel(1);
        if config.signals
            && let Err(error) = watch_signals(handle, workers)
        {
            tracing::warn!("cannot listen for signals: {error}");
        }
        let (sources, acceptor) = listeners.into_sources(config.workers, phase.clone())?;
        let entry = Entry::new(config, wired.trusted, wired.tells_local);
        sources
            .into_iter()
            .enumerate()
            .map(|(number, source)| {
                let worker = worker::Worker {
                    number,
                    source,
                    proxy: (wired.proxy)()?,
                    entry: entry.clone(),
                    phase: phase.clone(),
                };
                worker.spawn(alive.clone())
            })
            .chain(acceptor.map(Ok))
            .collect()
    }
}

/// Ready when all threads have ended, or one has failed: then nobody would notice that its share is missing.
fn poll_ended(threads: &mut Vec<worker::Ended>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    let mut failed = None;
    threads.retain_mut(|thread| match Pin::new(thread).poll(cx) {
        Poll::Pending => true,
        Poll::Ready(ended) => {
            let died = |_| Err(Error::new(ErrorKind::Server, "a worker died"));
            if let Err(error) = ended.unwrap_or_else(died) {
                failed = Some(error);
            }
            false
        }
    });
    match failed {
        Some(error) => Poll::Ready(Err(error)),
        None if threads.is_empty() => Poll::Ready(Ok(())),
        None => Poll::Pending,
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addr", &self.local_addr())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wired")
    }
}

/// The phase a worker waits for.
pub(crate) type PhaseReceiver = tokio::sync::watch::Receiver<Phase>;

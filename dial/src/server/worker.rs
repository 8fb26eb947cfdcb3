//! One worker: a thread, a current-thread runtime, a source of connections and a proxy of its own.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::futures::{Notified, OwnedNotified};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::timeout;

use super::PhaseReceiver;
use super::connection;
use super::entry::Entry;
use super::listener::{ACCEPT_PAUSE, Source};
use super::shutdown::{Alive, Phase, reached};
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;

/// So many connections of a worker stay ready for a request that may soon follow.
pub(super) const MAX_BUSY: usize = 512;

/// So long does the first connection wait for hosts that are yet to be discovered.
const DISCOVERY: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    pub(super) number: usize,
    pub(super) source: Source,
    pub(super) proxy: Proxy,
    pub(super) entry: Entry,
    pub(super) phase: PhaseReceiver,
}

/// Tells that a thread of the server has come to its end.
pub(super) type Ended = oneshot::Receiver<Result<(), Error>>;

pub(super) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

impl Worker {
    /// Starts the thread.
    pub(super) fn spawn(self, alive: Alive) -> Result<Ended, Error> {
        let failed = |source: io::Error| {
            Error::new(ErrorKind::Server, "cannot start a worker").with_source(source)
        };
        let runtime = runtime().map_err(failed)?;
        let (ended, receiver) = oneshot::channel();
        thread::Builder::new()
            .name(format!("dial-{}", self.number))
            .spawn(move || {
                let result = runtime.block_on(self.run()).map_err(failed);
                // Whatever did not end in time is closed before the end is told.
                drop(runtime);
                drop(alive);
                let _ = ended.send(result);
            })
            .map_err(failed)?;
        Ok(receiver)
    }

    async fn run(self) -> io::Result<()> {
        let limit = self.entry.config.connections_of(self.number);
        let limit = limit.min(Semaphore::MAX_PERMITS);
        let connections = Arc::new(Semaphore::new(limit));
        let mut phase = self.phase.clone();
        let drain_timeout = self.entry.config.drain_timeout;

        self.proxy.start_tasks();
        let shared = Arc::new(Shared::new(self.entry, self.proxy, self.phase));
        tokio::select! {
            // Clients wait in the kernel's queue meanwhile.
            _ = timeout(DISCOVERY, shared.proxy.discovered()) => {}
            () = reached(&mut phase, Phase::Draining) => {}
        }
        accept(Accept::new(self.source)?, &shared, &connections).await;
        shared.end_idle();

        let all = u32::try_from(limit).unwrap_or(u32::MAX);
        let drained = timeout(drain_timeout, connections.acquire_many(all));
        tokio::select! {
            drained = drained => if drained.is_err() {
                let left = limit - connections.available_permits();
                tracing::warn!("{left} connections did not end within {drain_timeout:?}");
            },
            () = reached(&mut phase, Phase::Aborting) => {}
        }
        Ok(())
    }
}

/// What all connections of a worker have in common.
pub(super) struct Shared {
    pub(super) entry: Entry,
    pub(super) proxy: Arc<Proxy>,
    pub(super) phase: PhaseReceiver,
    /// Tells idle connections that nothing is accepted any more.
    drain: Arc<Notify>,
    /// Connections that are ready for a request, or have one.
    busy: AtomicUsize,
}

impl Shared {
    pub(super) fn new(entry: Entry, proxy: Proxy, phase: PhaseReceiver) -> Self {
        Self {
            entry,
            proxy: Arc::new(proxy),
            phase,
            drain: Arc::new(Notify::new()),
            busy: AtomicUsize::new(0),
        }
    }

    /// Has idle connections end, now that the server drains.
    pub(super) fn end_idle(&self) {
        self.drain.notify_waiters();
    }

    /// Tells when idle connections have to end; `None` when they have to already.
    pub(super) fn drain(&self) -> Option<Notified<'_>> {
        // Before the look at the phase, so that nothing is missed.
        let drain = self.drain.notified();
        (!self.is_draining()).then_some(drain)
    }

    /// Whether nothing is accepted any more.
    pub(super) fn is_draining(&self) -> bool {
        self.phase.has_changed().unwrap_or(true)
    }

    /// Waits until idle connections have to end.
    pub(super) async fn draining(&self) {
        if let Some(drain) = self.drain() {
            drain.await;
        }
    }
}

/// One connection's waits for the time when idle ones have to end: it is told of once for all of them.
#[derive(Default)]
pub(super) struct Drain(Option<(Pin<Box<OwnedNotified>>, Waker)>);

impl Drain {
    /// Ready when idle connections have to end.
    pub(super) fn poll(&mut self, shared: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        let told = |(_, waker): &(_, Waker)| waker.will_wake(cx.waker());
        if !self.0.as_ref().is_some_and(told) {
            let mut drain = Box::pin(Arc::clone(&shared.drain).notified_owned());
            if drain.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            self.0 = Some((drain, cx.waker().clone()));
        }
        // After that, so that nothing is missed.
        match shared.is_draining() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// Counts a connection that is ready for a request, or has one.
pub(super) struct Busy(Arc<Shared>);

impl Busy {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        shared.busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }

    /// Whether one without a request should not stay ready.
    pub(super) fn are_too_many(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed) > MAX_BUSY
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts until the server shuts down.
async fn accept(mut source: Accept, shared: &Arc<Shared>, connections: &Arc<Semaphore>) {
    let mut phase = shared.phase.clone();
    loop {
        let next = async {
            // The bound on connections: without a permit nothing is accepted.
            let permit = Arc::clone(connections).acquire_owned().await;
            (source.next().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            next = next => next,
            () = reached(&mut phase, Phase::Draining) => return,
        };
        let (Some(accepted), Ok(permit)) = (accepted, permit) else {
            return;
        };
        match accepted {
            Ok((stream, addr)) => {
                let serve = connection::serve(shared, stream, addr, permit);
                serve.map(tokio::spawn);
            }
            Err(error) => {
                // Out of sockets, or a client that left while it waited. Never a reason to end.
                tracing::warn!("cannot accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A [`Source`] on this worker's runtime.
enum Accept {
    Own(TcpListener),
    Handed(tokio::sync::mpsc::Receiver<std::net::TcpStream>),
}

impl Accept {
    fn new(source: Source) -> io::Result<Self> {
        Ok(match source {
            Source::Own(listener) => Self::Own(TcpListener::from_std(listener)?),
            Source::Handed(receiver) => Self::Handed(receiver),
        })
    }

    /// The next connection; `None` when there will be no more.
    async fn next(&mut self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        match self {
            Self::Own(listener) => Some(listener.accept().await),
            Self::Handed(receiver) => {
                let stream = receiver.recv().await?;
                Some(TcpStream::from_std(stream).and_then(|stream| {
                    let addr = stream.peer_addr()?;
                    Ok((stream, addr))
                }))
            }
        }
    }
}

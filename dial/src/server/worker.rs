//! One worker: a thread, a current-thread runtime, a source of connections and a proxy of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::PhaseReceiver;
use super::connection;
use super::entry::Entry;
use super::listener::{ACCEPT_PAUSE, Source};
use super::shutdown::{Alive, Phase, reached};
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;

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

        self.accept(&connections).await?;

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

    /// Accepts until the server shuts down.
    async fn accept(self, connections: &Arc<Semaphore>) -> io::Result<()> {
        let mut source = Accept::new(self.source)?;
        let proxy = Arc::new(self.proxy);
        let entry = Arc::new(self.entry);
        let mut phase = self.phase.clone();
        loop {
            let next = async {
                // The bound on connections: without a permit nothing is accepted.
                let permit = Arc::clone(connections).acquire_owned().await;
                (source.next().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                next = next => next,
                () = reached(&mut phase, Phase::Draining) => return Ok(()),
            };
            let (Some(accepted), Ok(permit)) = (accepted, permit) else {
                return Ok(());
            };
            match accepted {
                Ok((stream, addr)) => {
                    let (entry, proxy) = (Arc::clone(&entry), Arc::clone(&proxy));
                    let phase = self.phase.clone();
                    let serve = connection::serve(entry, stream, addr, proxy, phase);
                    tokio::spawn(holding(permit, serve));
                }
                Err(error) => {
                    // Out of sockets, or a client that left while it waited. Never a reason to end.
                    tracing::warn!("cannot accept: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn holding(permit: OwnedSemaphorePermit, serve: impl Future<Output = ()>) {
    serve.await;
    drop(permit);
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

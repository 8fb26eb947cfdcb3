//! Ending: a handle, the signals, and the phases both lead through.

use std::convert::Infallible;
use std::sync::Arc;
use std::{fmt, io, thread};

use tokio::sync::{mpsc, watch};

use super::PhaseReceiver;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Accepting.
    Running,
    /// No longer accepting; requests in flight may end.
    Draining,
    /// Over, whatever is in flight.
    Aborting,
}

/// Waits until the end has come as far as `at_least`.
pub(super) async fn reached(phase: &mut PhaseReceiver, at_least: Phase) {
    if phase.wait_for(|phase| *phase >= at_least).await.is_err() {
        // No handle is left, so it never comes that far; the last one to go has begun the draining.
        std::future::pending::<()>().await;
    }
}

/// Shuts a [`Server`](crate::Server) down from anywhere. Cheap to clone.
#[derive(Clone)]
pub struct ServerHandle {
    phase: Arc<watch::Sender<Phase>>,
}

impl ServerHandle {
    pub(super) fn new() -> Self {
        Self {
            phase: Arc::new(watch::Sender::new(Phase::Running)),
        }
    }

    /// Stops accepting and lets requests in flight end within the drain timeout. Calling it again does nothing.
    pub fn shutdown(&self) {
        self.advance(Phase::Draining);
    }

    /// Ends at once: requests in flight are cut off.
    pub fn abort(&self) {
        self.advance(Phase::Aborting);
    }

    pub(super) fn subscribe(&self) -> PhaseReceiver {
        self.phase.subscribe()
    }

    pub(super) fn guard(&self) -> ShutdownOnDrop {
        ShutdownOnDrop(self.clone())
    }

    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let later = to > *phase;
            *phase = to.max(*phase);
            later
        });
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("phase", &*self.phase.borrow())
            .finish()
    }
}

/// Drains the server when the future that runs it is dropped.
pub(super) struct ShutdownOnDrop(ServerHandle);

impl Drop for ShutdownOnDrop {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

/// Turns signals into phases, on a thread of its own: neither a worker that is busy nor one that has drained already
/// may swallow the second signal. The thread ends with the last worker, which closes `workers`.
pub(super) fn watch_signals(handle: ServerHandle, mut workers: Workers) -> io::Result<()> {
    let runtime = super::worker::runtime()?;
    let mut signals = {
        let _context = runtime.enter();
        Listener::new()?
    };
    let advance = async move {
        signals.next().await;
        tracing::info!("draining");
        handle.shutdown();
        signals.next().await;
        tracing::warn!("ending at once");
        handle.abort();
    };
    let watch = async move {
        tokio::select! {
            () = advance => {}
            _ = workers.recv() => {}
        }
    };
    thread::Builder::new()
        .name("dial-signals".to_owned())
        .spawn(move || runtime.block_on(watch))?;
    Ok(())
}

/// Held by each worker until it has ended.
pub(super) type Alive = mpsc::Sender<Infallible>;

/// Closed when no worker is left.
pub(super) type Workers = mpsc::Receiver<Infallible>;

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Listener;

#[cfg(not(unix))]
impl Listener {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

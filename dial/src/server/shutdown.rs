//! Ending: a handle, the signals, and the phases both lead through.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

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
    // Without a sender nobody could ever end the server, nor be waiting for it.
    let _ = phase.wait_for(|phase| *phase >= at_least).await;
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

/// Turns signals into phases; runs on the first worker.
pub(super) struct Signals {
    handle: ServerHandle,
}

impl Signals {
    pub(super) fn new(handle: ServerHandle) -> Self {
        Self { handle }
    }

    pub(super) async fn run(self) {
        let Ok(mut signals) = Listener::new() else {
            tracing::warn!("cannot listen for signals");
            return;
        };
        signals.next().await;
        tracing::info!("draining");
        self.handle.shutdown();
        signals.next().await;
        tracing::warn!("ending at once");
        self.handle.abort();
    }
}

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Listener {
    fn new() -> std::io::Result<Self> {
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
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

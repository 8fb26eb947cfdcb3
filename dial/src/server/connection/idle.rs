//! A client connection in which nothing happens, taken apart: its socket, whose it is, and when to give it up.
//!
//! There are far more of them than of those that are served. All that belongs to HTTP is built when the first byte is
//! there, and is kept for as long as requests come one soon after the other: that neither allocates nor copies anything
//! for a busy client.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::Connection;
use crate::server::entry::Guest;
use crate::server::limits::Life;
use crate::server::patience::Timer;
use crate::server::upload::readable;
use crate::server::worker::Shared;

pub(super) struct Idle {
    pub(super) stream: TcpStream,
    pub(super) timer: Timer,
    /// When to give up, unless something comes.
    pub(super) deadline: Instant,
    pub(super) life: Life,
    pub(super) guest: Guest,
    pub(super) permit: OwnedSemaphorePermit,
    pub(super) shared: Arc<Shared>,
}

/// Serves one connection to its end, holding `permit`; `None` when it has to be closed at once. A shutdown lets the request
/// in flight end and closes an idle one at once.
pub(in crate::server) fn serve(
    shared: &Arc<Shared>,
    stream: TcpStream,
    addr: SocketAddr,
    permit: OwnedSemaphorePermit,
) -> Option<impl Future<Output = ()> + Send + use<>> {
    let mut idle = Idle::new(shared, stream, addr, permit)?;
    Some(async move {
        while idle.wait().await {
            idle = match Box::pin(Connection::serve(idle)).await {
                Ok(Some(idle)) => idle,
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!("client connection ended: {error}");
                    return;
                }
            };
        }
    })
}

impl Idle {
    fn new(
        shared: &Arc<Shared>,
        stream: TcpStream,
        addr: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) -> Option<Self> {
        let guest = shared.entry.arrived(addr, &stream)?;
        // A response's parts are written together; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        let life = Life::new();
        Some(Self {
            deadline: life.idle_until(life.since, &shared.entry.config),
            stream,
            timer: Timer::default(),
            life,
            guest,
            permit,
            shared: Arc::clone(shared),
        })
    }

    /// Waits until there is something to read; `false` when the connection is to be closed instead.
    async fn wait(&mut self) -> bool {
        let readable = readable(&self.stream, &mut self.timer, self.deadline);
        tokio::select! {
            biased;
            readable = readable => matches!(readable, Some(Ok(()))),
            () = self.shared.draining() => false,
        }
    }
}

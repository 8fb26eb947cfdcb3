//! A client connection in which nothing happens, taken apart: its socket, whose it is, and when to give it up.
//!
//! There are far more of them than of those that are served. All that belongs to HTTP is built when the first byte is
//! there, and is kept for as long as requests come one soon after the other: that neither allocates nor copies anything
//! for a busy client.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{After, Connection};
use crate::h1::{self, Writer};
use crate::patience::{Patience, Timer};
use crate::relay::Channel;
use crate::server::entry::Guest;
use crate::server::limits::{HeadWait, Life};
use crate::server::listener::NODELAY_IS_INHERITED;
use crate::server::upload::{HEAD, Reader};
use crate::server::worker::{Busy, Drain, Shared};

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
        loop {
            let Some(input) = idle.wait().await else {
                return;
            };
            // A box for as long as it is busy: an idle one has no room for an exchange.
            let busy = Box::pin(Connection::serve(idle, input));
            idle = match busy.await {
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
        if !NODELAY_IS_INHERITED {
            let _ = stream.set_nodelay(true);
        }
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

    /// Waits for the first bytes; `None` when the connection is to be closed.
    async fn wait(&mut self) -> Option<BytesMut> {
        let mut drain = pin!(self.shared.drain()?);
        poll_fn(|cx| {
            let Self { stream, timer, .. } = self;
            // A socket that was just accepted looks readable until it was tried.
            if stream.poll_read_ready(cx).is_ready() {
                let mut input = BytesMut::new();
                let read = h1::poll_read(&mut input, Some(HEAD), |room| {
                    pin!(stream.read_buf(room)).poll(cx)
                });
                if let Poll::Ready(read) = read {
                    return Poll::Ready(matches!(read, Ok(1..)).then_some(input));
                }
            }
            let ended = drain.as_mut().poll(cx);
            match (timer.poll_until(cx, self.deadline), ended) {
                (Poll::Pending, Poll::Pending) => Poll::Pending,
                _ => Poll::Ready(None),
            }
        })
        .await
    }
}

impl Connection {
    /// Serves requests, of which `input` came already, until the connection ends or lies idle.
    async fn serve(idle: Idle, input: BytesMut) -> io::Result<Option<Idle>> {
        let Some(mut connection) = Self::build(idle, input).await else {
            return Ok(None);
        };
        match connection.run().await? {
            After::Idle(deadline) => return connection.take_apart(deadline),
            After::Linger => connection.linger().await?,
            After::Next => {}
            // Dropped, the writing side would be shut down in a call of its own first.
            After::Close => connection.write.forget(),
            After::Reset => {
                connection.write.as_ref().set_zero_linger()?;
                connection.write.forget();
            }
            After::Tunnel(tunnel) => connection.join(tunnel).await?,
        }
        Ok(None)
    }

    /// `None` when the connection has to be closed without an answer.
    async fn build(idle: Idle, input: BytesMut) -> Option<Self> {
        let (read, write) = idle.stream.into_split();
        let mut reader = Reader::new(read, input, idle.timer);
        let shared = idle.shared;
        let mut wait = HeadWait::rest(idle.deadline);
        let (peer, place) = match idle.guest {
            Guest::Known(peer, place) => (peer, place),
            Guest::Unannounced(addr) => {
                let welcome = shared.entry.welcome(addr, &mut reader, idle.deadline);
                let known = tokio::select! {
                    known = welcome => known?,
                    () = shared.draining() => return None,
                };
                wait = HeadWait::default();
                known
            }
        };
        Some(Self {
            reader: Some(reader),
            slot: None,
            channel: Channel::default(),
            write,
            writer: Writer::default(),
            half_closed: Patience::default(),
            stalled: Patience::default(),
            rest: None,
            life: idle.life,
            wait,
            config: Arc::clone(&shared.entry.config),
            peer,
            proxy: Arc::clone(&shared.proxy),
            drain: Drain::default(),
            busy: Busy::new(&shared),
            shared,
            place,
            permit: idle.permit,
        })
    }

    /// What is kept of a connection with which nothing goes on.
    fn take_apart(self, deadline: Instant) -> io::Result<Option<Idle>> {
        let Some(mut reader) = self.reader else {
            return Ok(None);
        };
        let timer = reader.take_timer();
        let (stream, _) = reader.reunite(self.write)?;
        Ok(Some(Idle {
            stream,
            timer,
            deadline,
            life: self.life,
            guest: Guest::Known(self.peer, self.place),
            permit: self.permit,
            shared: self.shared,
        }))
    }
}

#[cfg(test)]
mod tests;

//! A connection that has stopped to speak HTTP: bytes both ways (RFC 9110 §7.8, §9.3.6).

use std::any::Any;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use crate::patience::{Pace, Patience};

/// What is read at a time, and the most that waits for a side that does not take it.
const ROOM: usize = 32 * 1024;
/// How often one side is read before others get their turn.
const TURNS: usize = 16;

/// The endpoint's side of a tunnel, before it is joined with a client.
pub(crate) struct Tunnel {
    io: Box<dyn Duplex>,
    /// What the endpoint sent behind its head.
    ahead: BytesMut,
    /// What it switched to; nothing for CONNECT.
    pub(crate) protocol: Option<HeaderValue>,
    /// Let go with it.
    held: Option<Box<dyn Any + Send + Sync>>,
}

/// A stream of bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {
    /// Has it end so that its peer sees that something was lost, once it is dropped.
    fn abort(&self);
}

impl Tunnel {
    pub(crate) fn new(io: Box<dyn Duplex>, ahead: BytesMut, protocol: Option<HeaderValue>) -> Self {
        Self {
            io,
            ahead,
            protocol,
            held: None,
        }
    }

    /// Keeps something until the tunnel is over, beside what it keeps already.
    pub(crate) fn holding(mut self, held: Option<impl Any + Send + Sync>) -> Self {
        if let Some(held) = held {
            self.held = Some(match self.held.take() {
                None => Box::new(held),
                Some(before) => Box::new((before, held)),
            });
        }
        self
    }

    /// Passes bytes both ways until both sides have ended, one has failed, or nothing has moved for `idle`. `ahead` is
    /// what the client sent before the tunnel was there. The end of one side is passed on, and the other may go on. After an
    /// error neither side may look as if all had come: the endpoint's is seen to here.
    pub(crate) async fn join(
        self,
        mut client: impl AsyncRead + AsyncWrite + Unpin,
        ahead: BytesMut,
        idle: Duration,
    ) -> io::Result<()> {
        let mut endpoint = self.io;
        let mut up = Direction::new(ahead);
        let mut down = Direction::new(self.ahead);
        let mut patience = Patience::default();
        let joined = std::future::poll_fn(|cx| {
            let upwards = up.poll(&mut client, &mut endpoint, cx)?;
            let downwards = down.poll(&mut endpoint, &mut client, cx)?;
            if upwards.is_ready() && downwards.is_ready() {
                return Poll::Ready(Ok(()));
            }
            ready!(patience.poll(cx, up.moved + down.moved, Pace::idle(idle)));
            Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
        });
        let joined = joined.await;
        if joined.is_err() {
            endpoint.abort();
        }
        joined
    }
}

/// One direction: what was read and is not written yet.
struct Direction {
    buffer: BytesMut,
    state: State,
    unflushed: bool,
    /// Bytes that were written.
    moved: u64,
}

#[derive(PartialEq)]
enum State {
    Open,
    /// The one side has ended, the other is to be told.
    Ending,
    Ended,
}

impl Direction {
    fn new(ahead: BytesMut) -> Self {
        Self {
            buffer: ahead,
            state: State::Open,
            unflushed: false,
            moved: 0,
        }
    }

    /// Ready when the direction has come to its end.
    fn poll<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        for _ in 0..TURNS {
            ready!(self.poll_drain(to, cx))?;
            match self.state {
                State::Open => match self.poll_fill(from, cx)? {
                    Poll::Ready(()) => {}
                    // A tunnel in which nothing moves holds no buffers.
                    Poll::Pending => {
                        self.buffer = BytesMut::new();
                        return Poll::Pending;
                    }
                },
                State::Ending => {
                    // A side that is gone already needs not be told.
                    let _ = ready!(Pin::new(&mut *to).poll_shutdown(cx));
                    self.state = State::Ended;
                }
                State::Ended => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_drain<W: AsyncWrite + Unpin>(
        &mut self,
        to: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let count = ready!(Pin::new(&mut *to).poll_write(cx, &self.buffer))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.buffer.advance(count);
            self.moved += count as u64;
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(Pin::new(to).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        from: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.buffer.reserve(ROOM);
        let count = ready!(pin!(from.read_buf(&mut self.buffer)).poll(cx))?;
        if count == 0 {
            self.buffer = BytesMut::new();
            self.state = State::Ending;
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

//! One client connection: a head comes in, [`Proxy`] answers, a response goes out, and again.

mod idle;
mod linger;
mod switch;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::{Method, Version};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

pub(super) use self::idle::serve;
use super::Config;
use super::clients::Place;
use super::limits::{self, HeadWait, Life};
use super::outgoing::{self, Asked};
use super::upload::{Reader, Slot, Upload};
use super::worker::{Busy, Drain, Shared};
use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::fields::{Name, takes_trailers};
use crate::h1::{self, Length, RequestHead, WriteError, Writer};
use crate::handler::context::Peer;
use crate::handler::{Answer, Hop, Incoming, Received};
use crate::patience::{Pace, Patience};
use crate::proxy::Proxy;
use crate::relay::{Channel, Relay};
use crate::tunnel::Tunnel;

/// A client that has closed its side is still answered, but not waited for longer than this while nothing moves.
const HALF_CLOSED: Duration = Duration::from_secs(1);

/// How an exchange leaves its connection.
enum After {
    /// Ready for the next.
    Next,
    /// Not used for a while. To be given up at that time.
    Idle(Instant),
    /// To be ended so that the client can read the response.
    Linger,
    /// To be ended at once.
    Close,
    /// To be ended so that the response does not look whole.
    Reset,
    /// No longer HTTP's.
    Tunnel(Tunnel),
}

struct Connection {
    /// The reading side; a request's body has it while it is read.
    reader: Option<Reader>,
    /// Where it comes back then.
    slot: Option<Arc<Slot>>,
    /// Where interim responses come from.
    channel: Channel,
    write: OwnedWriteHalf,
    writer: Writer,
    /// With a client that has closed its side.
    half_closed: Patience,
    /// With a client that takes its response.
    stalled: Patience,
    /// The reading side after a body that was not read to its end: good only to be drained.
    rest: Option<Reader>,
    life: Life,
    /// For the next head.
    wait: HeadWait,
    config: Arc<Config>,
    peer: Arc<Peer>,
    proxy: Arc<Proxy>,
    drain: Drain,
    shared: Arc<Shared>,
    /// Until it lies idle, is a tunnel or is about to end.
    busy: Busy,
    place: Option<Place>,
    permit: OwnedSemaphorePermit,
}

/// What came of waiting for a request.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for a moment; a box would be an allocation for each request"
)]
enum Next {
    Head(RequestHead),
    /// Nothing for a while. To be given up at that time.
    Idle(Instant),
    /// The client, or a shutdown, ended the connection between two requests.
    End,
    Refuse(Error),
}

impl Connection {
    /// Serves requests until the connection has to end, or lies idle.
    async fn run(&mut self) -> io::Result<After> {
        loop {
            let head = match self.next().await? {
                Next::Head(head) => head,
                Next::Refuse(error) => return self.refuse(&error, &self.unasked()).await,
                Next::Idle(deadline) => return Ok(After::Idle(deadline)),
                Next::End => return Ok(After::Close),
            };
            match self.exchange(head).await? {
                After::Next if self.is_idle() && self.busy.are_too_many() => {
                    let deadline = self.life.idle_until(Instant::now(), &self.config);
                    return Ok(After::Idle(deadline));
                }
                After::Next => {}
                after => return Ok(after),
            }
        }
    }

    /// Whether the request was read to its end, and nothing behind it.
    fn has_read_all(&self) -> bool {
        self.reader
            .as_ref()
            .is_some_and(|reader| reader.input.is_empty())
    }

    /// Whether nothing was read of a next request.
    fn is_idle(&self) -> bool {
        let idle = |reader: &Reader| reader.input.is_empty() && !reader.ended;
        self.reader.as_ref().is_some_and(idle)
    }

    /// Waits for a head. Nothing is held meanwhile but what has come of it.
    async fn next(&mut self) -> io::Result<Next> {
        let Some(reader) = &mut self.reader else {
            return Ok(Next::End);
        };
        let mut parse = !reader.input.is_empty();
        loop {
            // Empty lines in front are no request yet (RFC 9112 §2.2).
            while reader.input.starts_with(b"\r\n") {
                reader.input.advance(2);
            }
            if parse && !reader.input.is_empty() {
                match RequestHead::parse(&reader.input, &self.config.head) {
                    Ok(Some((head, used))) => {
                        reader.input.advance(used);
                        if reader.input.is_empty() {
                            reader.input = BytesMut::new();
                        }
                        self.life.requests += 1;
                        self.wait = HeadWait::default();
                        return Ok(Next::Head(head));
                    }
                    Ok(None) => {}
                    Err(bad) => return Ok(Next::Refuse(Error::new(bad.kind(), bad.why()))),
                }
            }
            let idle = reader.input.is_empty();
            if idle {
                reader.input = BytesMut::new();
            }
            if reader.ended {
                return Ok(Next::End);
            }
            let deadline = self.wait.until(idle, &self.life, &self.config);
            let (shared, drain) = (&self.shared, &mut self.drain);
            let readable = std::future::poll_fn(|cx| match reader.poll_readable(deadline, cx) {
                Poll::Pending if idle => drain.poll(shared, cx).map(|()| None),
                readable => readable,
            });
            match readable.await {
                Some(readable) => readable?,
                None if idle => {
                    let goes_on = self.wait.goes_on().filter(|_| !shared.is_draining());
                    return Ok(goes_on.map_or(Next::End, Next::Idle));
                }
                None => {
                    let what = "the head took too long";
                    return Ok(Next::Refuse(Error::new(ErrorKind::ClientTimeout, what)));
                }
            }
            let before = reader.input.len();
            reader.read_now().await?;
            parse = limits::is_worth_parsing(&reader.input, before, &self.config.head);
        }
    }

    /// Answers one request.
    async fn exchange(&mut self, head: RequestHead) -> io::Result<After> {
        if head.https && !self.peer.https && !self.peer.trusted {
            let what = "an https resource over a connection that is not secured";
            let error = Error::new(ErrorKind::Misdirected, what);
            let asked = Asked {
                method: head.method,
                ..Asked::default()
            };
            return self.refuse(&error, &asked).await;
        }
        let asked = Asked {
            method: head.method.clone(),
            version: head.version,
            trailers: head.version >= Version::HTTP_11 && takes_trailers(&head.fields),
        };
        self.half_closed.end();
        self.stalled.end();
        let goes_on = head.keep_alive;
        let incoming = self.incoming(head, asked.trailers);
        let Some(answer) = self.answer(incoming).await? else {
            return Ok(After::Close);
        };
        self.push_interim(&self.channel.close());
        self.reclaim();
        if answer.body.is_tunnel() {
            return self.switch(answer).await;
        }
        // What a client sent before it closed its side is still answered.
        let in_order = self
            .reader
            .as_ref()
            .is_some_and(|reader| !reader.ended || !reader.input.is_empty());
        let draining = self.shared.is_draining();
        // What comes behind a CONNECT was meant for a tunnel.
        let in_order = in_order && asked.method != Method::CONNECT;
        let keep_alive = goes_on && in_order && !draining && !self.life.is_over(&self.config);
        let (length, mut body) = outgoing::begin(&mut self.writer, answer, &asked, keep_alive);
        match self.write_response(&mut body).await {
            Ok(()) if keep_alive && length != Length::UntilClose => Ok(After::Next),
            // The client said that nothing follows, and nothing did (RFC 9112 §9.6).
            Ok(()) if !goes_on && self.has_read_all() => Ok(After::Close),
            Ok(()) => Ok(After::Linger),
            Err(WriteError::Io(error)) => Err(error),
            // A body that broke off must not look whole (RFC 9112 §8). Where only the end of the connection tells its
            // length, that takes a reset.
            Err(WriteError::Body(_)) => {
                self.flush_rest().await;
                match length {
                    Length::UntilClose => Ok(After::Reset),
                    Length::Exact(_) | Length::Chunked => Ok(After::Close),
                }
            }
        }
    }

    /// The request, with its body or the way to it, and what its connection can do for it.
    fn incoming(&mut self, head: RequestHead, trailers: bool) -> Incoming {
        let relay = (head.version >= Version::HTTP_11).then(|| self.channel.open());
        // A client that has begun to send its body does not wait.
        let waits = relay.is_some()
            && head.length != Length::Exact(0)
            && head.fields.has(Name::Expect)
            && self
                .reader
                .as_ref()
                .is_some_and(|reader| reader.input.is_empty());
        let body = self.body(head.length, relay.clone().filter(|_| waits));
        let hop = Hop {
            relay,
            paced: true,
            can_tunnel: true,
            waits,
            trailers,
            ..Hop::default()
        };
        let mut received = Received {
            method: head.method,
            uri: head.uri,
            version: head.version,
            fields: head.fields,
            peer: Arc::clone(&self.peer),
            map: OnceLock::new(),
        };
        received.settle_host();
        Incoming {
            received: Arc::new(received),
            body,
            hop,
        }
    }

    fn body(&mut self, length: Length, waits: Option<Relay>) -> Body {
        self.slot = None;
        let Some(mut reader) = self.reader.take() else {
            return Body::empty();
        };
        match length {
            // All of it came with the head.
            Length::Exact(length) if length <= reader.input.len() as u64 => {
                let length = usize::try_from(length).unwrap_or(reader.input.len());
                let bytes = h1::split(&mut reader.input, length);
                self.reader = Some(reader);
                Body::from(bytes)
            }
            length => {
                let (upload, slot) = Upload::new(reader, length, waits, self.config.pace());
                self.slot = Some(slot);
                Body::from_source(Box::new(upload))
            }
        }
    }

    /// Runs the proxy; `None` when the client left meanwhile, which drops whatever the proxy was doing.
    async fn answer(&mut self, incoming: Incoming) -> io::Result<Option<Answer>> {
        let proxy = Arc::clone(&self.proxy);
        let mut answer = pin!(proxy.handle(incoming));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(Some(answer)));
            }
            self.poll_interim(cx)?;
            self.poll_gone(cx).map(|()| Ok(None))
        })
        .await
    }

    /// Writes interim responses as they come.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(slot) = &self.slot {
            slot.watch(cx);
        }
        // Not before the client has taken what there was: more than that need not wait here.
        let heads = self.channel.take(self.writer.is_drained(), cx);
        self.push_interim(&heads);
        match self.writer.poll_flush(&mut self.write, cx) {
            Poll::Ready(written) => written,
            Poll::Pending => Ok(()),
        }
    }

    fn push_interim(&mut self, heads: &[u8]) {
        if !heads.is_empty() {
            self.writer.push(|out| out.extend_from_slice(heads));
        }
    }

    /// Writes what came before a body broke off, to a client that takes it.
    async fn flush_rest(&mut self) {
        std::future::poll_fn(|cx| {
            let written = self.writer.poll_flush(&mut self.write, cx).map(drop);
            match (written, self.poll_gone(cx), self.poll_stalled(cx)) {
                (Poll::Pending, Poll::Pending, Poll::Pending) => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
    }

    async fn write_response(&mut self, body: &mut Body) -> Result<(), WriteError> {
        std::future::poll_fn(|cx| {
            let written = self.writer.poll_message(&mut self.write, body, cx);
            if written.is_ready() {
                return written;
            }
            // Nobody asks the body for its end while the client takes nothing.
            let expired = body.poll_expired(cx);
            let why = match (self.poll_gone(cx), self.poll_stalled(cx), expired) {
                (Poll::Ready(()), ..) => io::ErrorKind::ConnectionAborted,
                (_, Poll::Ready(()), _) | (.., Poll::Ready(())) => io::ErrorKind::TimedOut,
                (Poll::Pending, Poll::Pending, Poll::Pending) => return Poll::Pending,
            };
            Poll::Ready(Err(WriteError::Io(why.into())))
        })
        .await
    }

    /// Ready when the client is gone. What it sends ahead is kept, up to a bound.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.reclaim();
        // What is left of an upload is not read on, but for its end, which may be near.
        let Some(reader) = self.reader.as_mut().or(self.rest.as_mut()) else {
            return Poll::Pending;
        };
        while !reader.ended && reader.input.len() < self.config.read_ahead {
            let most = self.config.read_ahead - reader.input.len();
            match reader.poll_read_within(Some(most), cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        if !reader.ended {
            return Poll::Pending;
        }
        let written = self.writer.total();
        self.half_closed.poll(cx, written, Pace::idle(HALF_CLOSED))
    }

    /// Ready when the client takes its response too slowly.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.writer.awaits_body() {
            self.stalled.pause();
            return Poll::Pending;
        }
        let written = self.writer.total();
        self.stalled.poll(cx, written, self.config.pace())
    }

    /// Takes the reading side back from a body that was read to its end.
    fn reclaim(&mut self) {
        if let Some(slot) = &self.slot
            && let Some((reader, whole)) = slot.take()
        {
            self.slot = None;
            // Otherwise what comes next is the rest of a body, and nobody knows where that ends.
            if whole {
                self.reader = Some(reader);
            } else {
                self.rest = Some(reader);
            }
        }
    }

    /// What can be told of a request that is none.
    fn unasked(&self) -> Asked {
        let mut asked = Asked::default();
        // Also a HEAD that is not understood has no body behind its answer (RFC 9110 §9.3.2).
        let head = |reader: &Reader| reader.input.starts_with(b"HEAD ");
        if self.reader.as_ref().is_some_and(head) {
            asked.method = Method::HEAD;
        }
        asked
    }

    /// Answers with an error, and ends.
    async fn refuse(&mut self, error: &Error, asked: &Asked) -> io::Result<After> {
        let answer = self.proxy.refuse(error, &asked.method);
        let (_, mut body) = outgoing::begin(&mut self.writer, answer, asked, false);
        match self.write_response(&mut body).await {
            Err(WriteError::Io(error)) => Err(error),
            Ok(()) | Err(WriteError::Body(_)) => Ok(After::Linger),
        }
    }
}

//! One client connection: a head comes in, [`Proxy`] answers, a response goes out, and again.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::header::EXPECT;
use http::{Request, Version};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;

use super::entry::Entry;
use super::limits::{self, HeadWait, Life};
use super::outgoing::{self, Asked};
use super::patience::{Pace, Patience};
use super::shutdown::{Phase, reached};
use super::upload::{Reader, Slot, Upload};
use super::{Config, PhaseReceiver};
use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::fields::takes_trailers;
use crate::h1::{Length, RequestHead, WriteError, Writer};
use crate::handler::context::Peer;
use crate::handler::{Hop, Response};
use crate::proxy::Proxy;
use crate::relay::{Channel, Relay};
use crate::tunnel::Tunnel;

/// Room for a request's head.
const READ: usize = 4 * 1024;
/// A client that has closed its side is still answered, but not waited for longer than this while nothing moves.
const HALF_CLOSED: Duration = Duration::from_secs(1);
/// What is read from a client, and for how long, so that it sees the last response before the connection ends.
const LINGER: (usize, Duration) = (64 * 1024 * 1024, Duration::from_secs(2));

/// Serves one connection to its end. A shutdown lets the request in flight end and closes an idle one at once.
pub(super) async fn serve(
    entry: Arc<Entry>,
    stream: TcpStream,
    addr: SocketAddr,
    proxy: Arc<Proxy>,
    mut phase: PhaseReceiver,
) {
    let life = Life::new();
    let (read, write) = stream.into_split();
    let mut reader = Reader::new(read);
    let Some((peer, _place)) = entry.welcome(addr, &mut reader, &mut phase).await else {
        return;
    };
    // A response's parts are written together; waiting for more would only delay them.
    let _ = write.as_ref().set_nodelay(true);
    let connection = Connection {
        reader: Some(reader),
        slot: None,
        channel: Channel::default(),
        write,
        writer: Writer::default(),
        half_closed: Patience::default(),
        stalled: Patience::default(),
        rest: None,
        life,
        config: Arc::clone(&entry.config),
        peer: Arc::new(peer),
        proxy,
        phase,
    };
    if let Err(error) = connection.run().await {
        tracing::debug!("client connection ended: {error}");
    }
}

/// How an exchange leaves its connection.
enum After {
    /// Ready for the next.
    Next,
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
    config: Arc<Config>,
    peer: Arc<Peer>,
    proxy: Arc<Proxy>,
    phase: PhaseReceiver,
}

/// What came of waiting for a request.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives for a moment; a box would be an allocation for each request"
)]
enum Next {
    Head(RequestHead),
    /// The client, or a shutdown, ended the connection between two requests.
    End,
    Refuse(Error),
}

impl Connection {
    async fn run(mut self) -> io::Result<()> {
        loop {
            let after = match self.next().await? {
                Next::Head(head) => self.exchange(head).await?,
                Next::Refuse(error) => self.refuse(&error).await?,
                Next::End => After::Close,
            };
            match after {
                After::Next => {}
                After::Linger => return self.linger().await,
                After::Close => return Ok(()),
                After::Reset => {
                    self.write.as_ref().set_zero_linger()?;
                    // Dropped, it would close its side in order first.
                    self.write.forget();
                    return Ok(());
                }
                After::Tunnel(tunnel) => return self.join(tunnel).await,
            }
        }
    }

    /// Waits for a head. An idle connection holds no buffer.
    async fn next(&mut self) -> io::Result<Next> {
        let Some(reader) = &mut self.reader else {
            return Ok(Next::End);
        };
        let mut wait = HeadWait::default();
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
                        self.life.requests += 1;
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
            let deadline = wait.until(idle, &self.life, &self.config);
            let readable = tokio::select! {
                readable = reader.readable(deadline) => readable,
                () = reached(&mut self.phase, Phase::Draining), if idle => return Ok(Next::End),
            };
            match readable {
                Some(readable) => readable?,
                None if idle => return Ok(Next::End),
                None => {
                    let what = "the head took too long";
                    return Ok(Next::Refuse(Error::new(ErrorKind::ClientTimeout, what)));
                }
            }
            reader.input.reserve(READ);
            let before = reader.input.len();
            reader.read_now().await?;
            parse = limits::is_worth_parsing(&reader.input, before, &self.config.head);
        }
    }

    /// Answers one request.
    async fn exchange(&mut self, head: RequestHead) -> io::Result<After> {
        let asked = Asked {
            method: head.method.clone(),
            version: head.version,
            trailers: head.version >= Version::HTTP_11 && takes_trailers(&head.headers),
        };
        self.half_closed.end();
        self.stalled.end();
        let keep_alive = head.keep_alive;
        let (request, hop) = self.request(head);
        let Some(response) = self.answer(request, hop).await? else {
            return Ok(After::Close);
        };
        self.push_interim(&self.channel.close());
        self.reclaim();
        if response.body().is_tunnel() {
            return self.switch(response).await;
        }
        // What a client sent before it closed its side is still answered.
        let in_order = self
            .reader
            .as_ref()
            .is_some_and(|reader| !reader.ended || !reader.input.is_empty());
        let draining = self.phase.has_changed().unwrap_or(true);
        let keep_alive = keep_alive && in_order && !draining && !self.life.is_over(&self.config);
        let (length, mut body) = outgoing::begin(&mut self.writer, response, &asked, keep_alive);
        match self.write_response(&mut body).await {
            Ok(()) if length == Length::UntilClose || !keep_alive => Ok(After::Linger),
            Ok(()) => Ok(After::Next),
            Err(WriteError::Io(error)) => Err(error),
            // A body that broke off must not look whole (RFC 9112 §8). Where only the end of the connection tells its
            // length, that takes a reset.
            Err(WriteError::Body(_)) if length == Length::UntilClose => Ok(After::Reset),
            Err(WriteError::Body(_)) => Ok(After::Close),
        }
    }

    /// The request, with its body or the way to it, and what its connection can do for it.
    fn request(&mut self, head: RequestHead) -> (Request<Body>, Hop) {
        let relay = (head.version >= Version::HTTP_11).then(|| self.channel.open());
        // A client that has begun to send its body does not wait.
        let waits = relay.is_some()
            && head.length != Length::Exact(0)
            && head.headers.contains_key(EXPECT)
            && self
                .reader
                .as_ref()
                .is_some_and(|reader| reader.input.is_empty());
        let body = self.body(head.length, relay.clone().filter(|_| waits));
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.version_mut() = head.version;
        *request.headers_mut() = head.headers;
        let hop = Hop {
            relay,
            can_tunnel: true,
            waits,
            ..Hop::default()
        };
        (request, hop)
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
                let bytes = reader.input.split_to(length).freeze();
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
    async fn answer(&mut self, request: Request<Body>, hop: Hop) -> io::Result<Option<Response>> {
        let proxy = Arc::clone(&self.proxy);
        let peer = Arc::clone(&self.peer);
        let mut answer = pin!(proxy.handle(request, &peer, hop));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(response) = answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(Some(response)));
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
        self.push_interim(&self.channel.take(cx));
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

    /// Writes the head behind which the connection is a tunnel.
    async fn switch(&mut self, response: Response) -> io::Result<After> {
        let (parts, body) = response.into_parts();
        let Some(tunnel) = body.into_tunnel() else {
            return Ok(After::Close);
        };
        outgoing::switch(&mut self.writer, parts, tunnel.protocol.as_ref());
        match self.write_response(&mut Body::empty()).await {
            Ok(()) => Ok(After::Tunnel(tunnel)),
            Err(WriteError::Io(error)) => Err(error),
            Err(WriteError::Body(_)) => Ok(After::Close),
        }
    }

    /// Passes bytes both ways until the tunnel ends.
    async fn join(mut self, tunnel: Tunnel) -> io::Result<()> {
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        let (client, ahead) = reader.reunite(self.write)?;
        tunnel.join(client, ahead, self.config.tunnel_timeout).await
    }

    async fn write_response(&mut self, body: &mut Body) -> Result<(), WriteError> {
        std::future::poll_fn(|cx| {
            let written = self.writer.poll_message(&mut self.write, body, cx);
            if written.is_ready() {
                return written;
            }
            let why = match (self.poll_gone(cx), self.poll_stalled(cx)) {
                (Poll::Ready(()), _) => io::ErrorKind::ConnectionAborted,
                (_, Poll::Ready(())) => io::ErrorKind::TimedOut,
                (Poll::Pending, Poll::Pending) => return Poll::Pending,
            };
            Poll::Ready(Err(WriteError::Io(why.into())))
        })
        .await
    }

    /// Ready when the client is gone. What it sends ahead is kept, up to a bound.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.reclaim();
        let Some(reader) = &mut self.reader else {
            return Poll::Pending;
        };
        while !reader.ended && reader.input.len() < self.config.read_ahead {
            if reader.input.len() == reader.input.capacity() {
                reader.input.reserve(512);
            }
            let room = self.config.read_ahead - reader.input.len();
            match reader.poll_read_within(room, cx) {
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

    /// Answers what is not a request, and ends.
    async fn refuse(&mut self, error: &Error) -> io::Result<After> {
        let asked = Asked::default();
        let response = self.proxy.refuse(error, &asked.method);
        let (_, mut body) = outgoing::begin(&mut self.writer, response, &asked, false);
        match self.write_response(&mut body).await {
            Err(WriteError::Io(error)) => Err(error),
            Ok(()) | Err(WriteError::Body(_)) => Ok(After::Linger),
        }
    }

    /// Ends the connection so that the client can read the last response: a close with bytes unread would reset it, and
    /// take the response along (RFC 9112 §9.6).
    async fn linger(mut self) -> io::Result<()> {
        self.write.shutdown().await?;
        self.reclaim();
        let Some(mut reader) = self.reader.take().or(self.rest.take()) else {
            return Ok(());
        };
        let drain = async {
            let mut left = LINGER.0;
            while left > 0 && !reader.ended {
                reader.input.clear();
                reader.input.reserve(READ);
                let read = std::future::poll_fn(|cx| reader.poll_read(cx)).await;
                left = left.saturating_sub(read.unwrap_or(left));
            }
        };
        let _ = timeout(LINGER.1, drain).await;
        Ok(())
    }
}

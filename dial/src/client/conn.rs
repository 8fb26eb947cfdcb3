//! One HTTP/1.1 connection to one endpoint, driven by the task whose request it carries.

mod download;
mod exchange;
mod faults;

use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::header::HeaderValue;
use http::{Extensions, StatusCode};
use tokio::io::AsyncReadExt;
use tokio::task::unconstrained;
use tokio::time::Instant;

use self::exchange::{Exchange, switches};
use super::deadline::Deadline;
use super::pool::Pool;
use super::stream::Stream;
use super::{Failed, Way};
use crate::body::{Body, Source};
use crate::error::{Error, ErrorKind, RequestSent};
use crate::fields::{self, Name};
use crate::h1::{
    Asks, BodyReader, HeadLimits, Length, Malformed, ResponseHead, WriteError, Writer,
    interim_head, request_head, split,
};
use crate::handler::{Answer, Draft, Hop, Outbound};
use crate::patience::{Pace, Patience};
use crate::tunnel::Tunnel;
use crate::upstream::{Endpoint, Open};

/// What an endpoint may send as a response's head.
const LIMITS: HeadLimits = HeadLimits {
    line: 8 * 1024,
    bytes: 64 * 1024,
    fields: 256,
};
/// How many interim responses one request may bring.
const MAX_INTERIM: u32 = 32;

/// Lives in one box from the handshake to the end, so that neither a request nor a return to the pool allocates.
pub(crate) struct Connection {
    stream: Stream,
    /// Counts it, if somebody does; given up before the request is, so that whoever comes next finds the room.
    open: Option<Open>,
    /// Bytes that were read and belong to what comes next.
    input: BytesMut,
    writer: Writer,
    exchange: Exchange,
    /// Runs while the endpoint is waited for; one for all requests.
    patience: Patience,
    /// How long nothing may move.
    silence: Duration,
    /// Whether it carried a request before.
    reused: bool,
    endpoint: Arc<Endpoint>,
    pool: Weak<Pool>,
    pub(super) idle_since: Instant,
}

impl Connection {
    pub(crate) fn new(
        stream: Stream,
        endpoint: &Arc<Endpoint>,
        pool: Weak<Pool>,
        open: Option<Open>,
    ) -> Self {
        Self {
            stream,
            open,
            input: BytesMut::new(),
            writer: Writer::default(),
            exchange: Exchange::none(),
            patience: Patience::default(),
            silence: Duration::MAX,
            reused: false,
            endpoint: Arc::clone(endpoint),
            pool,
            idle_since: Instant::now(),
        }
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Whether an idle connection can take a request: its peer has neither closed it nor spoken unasked.
    pub(super) fn is_usable(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        // One that lies idle holds no buffer, and whatever could be read is a byte too many.
        let mut byte = [0];
        // Not under the task's budget: without any of it left, every connection would look open.
        let read = unconstrained(self.stream.read(&mut byte));
        pin!(read).poll(&mut cx).is_pending() && self.input.is_empty()
    }

    /// Sends one request and waits for the head of its response. The connection goes back to its pool once the
    /// response was read to its end, and is closed if this future or the response is dropped before.
    ///
    /// The response timeout runs from the last byte of the request that was written, so that a long upload is not cut
    /// short. The attempt that this is a part of may have a `deadline` too.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: &mut Outbound,
        way: &Way<'_>,
        mut deadline: Option<&mut Deadline>,
    ) -> Result<Answer, Failed> {
        self.begin(&mut request.draft, way);
        let limit = if self.exchange.holds {
            way.timeouts.expect
        } else {
            way.timeouts.response
        };
        self.wait(limit);
        let head = std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(head) = self.poll_head(way, cx) {
                    return Poll::Ready(head);
                }
                // A body that waits for the endpoint's word is not the client's fault.
                let awaits_body = !self.exchange.holds && self.writer.awaits_body();
                if let Some(deadline) = &mut deadline
                    && deadline.poll_over(awaits_body, cx).is_ready()
                {
                    return Poll::Ready(Err(self.tried_in_vain(deadline.limit)));
                }
                ready!(self.poll_silence(self.writer.total(), cx));
                if self.exchange.holds {
                    // The endpoint does not say whether it wants the body (RFC 9110 §10.1.1).
                    self.release(way);
                } else if self.writer.awaits_body() && way.hop.paced {
                    // Whoever gives the body sees to it that it comes.
                    self.wait(way.timeouts.response);
                } else {
                    return Poll::Ready(Err(self.timed_out(way)));
                }
            }
        });
        match head.await {
            Ok(head) => self.respond(head, request, way),
            Err(error) => Err(self.failed(error, request)),
        }
    }

    /// Puts the head into the writer. Nothing is written yet.
    fn begin(&mut self, draft: &mut Draft, way: &Way<'_>) {
        let Hop {
            trailers,
            upgrade,
            connect,
            waits,
            ..
        } = way.hop;
        let upload = std::mem::take(&mut draft.body);
        let length = match connect {
            None => Length::of_outgoing(draft.method(), &upload),
            Some(_) => None,
        };
        let asks = Asks {
            trailers: *trailers,
            upgrade: upgrade.as_deref(),
        };
        let fields = draft.headers.now();
        let chunked = length == Some(Length::Chunked);
        let with_trailers = chunked && (*trailers || fields.has(Name::Trailer));
        let target = match connect {
            None => draft.origin_form(),
            Some(authority) => authority.as_str(),
        };
        let host = way.host.unwrap_or(self.endpoint.authority().as_bytes());
        self.writer.begin(length, with_trailers, |out| {
            request_head(out, (draft.method(), target), host, fields, length, asks);
        });
        let memory = upload.in_memory();
        let holds = *waits && memory.is_none() && fields.has(Name::Expect);
        self.exchange = Exchange {
            holds,
            memory,
            attempt: std::mem::take(&mut draft.attempt),
            upload,
            ..Exchange::none()
        };
    }

    /// Lets the body follow its head.
    fn release(&mut self, way: &Way<'_>) {
        self.exchange.holds = false;
        let limit = way.timeouts.response;
        self.wait(limit);
    }

    /// Writes the request, and reads at the same time: an endpoint may answer before it has read all.
    fn poll_head(
        &mut self,
        way: &Way<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ResponseHead, Error>> {
        let upload = match self.poll_upload(cx) {
            Poll::Ready(Err(WriteError::Body(error))) => {
                return Poll::Ready(Err(self.broken_upload(error)));
            }
            Poll::Ready(Err(WriteError::Io(error))) => Some(error),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        // What comes before a byte was written is no answer to this request.
        if !self.writer.began() {
            return match upload {
                Some(source) => Poll::Ready(Err(self.disconnected(Some(source)))),
                None => Poll::Pending,
            };
        }
        loop {
            let waited = self.exchange.holds;
            match self.parse_head(way) {
                Ok(Some(head)) => return Poll::Ready(Ok(head)),
                Ok(None) => {}
                Err(bad) => return Poll::Ready(Err(self.bad_response(bad))),
            }
            if waited && !self.exchange.holds {
                return self.poll_head(way, cx);
            }
            match self.stream.poll_read(cx, &mut self.input) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.disconnected(None))),
                Poll::Ready(Err(source)) => {
                    return Poll::Ready(Err(self.disconnected(Some(source))));
                }
                // Only now: what the endpoint said before it closed its side was still there to be read.
                Poll::Pending => {
                    return match upload {
                        Some(source) => Poll::Ready(Err(self.disconnected(Some(source)))),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }

    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WriteError>> {
        let Exchange {
            upload,
            memory,
            holds,
            ..
        } = &mut self.exchange;
        // A body that cannot be given back is not touched before the connection has taken the first byte.
        if *holds || memory.is_none() && !self.writer.began() {
            ready!(self.writer.poll_flush(&mut self.stream, cx)).map_err(WriteError::Io)?;
            if *holds {
                return Poll::Pending;
            }
        }
        self.writer.poll_message(&mut self.stream, upload, cx)
    }

    /// The final response's head, once it is there. Interim ones go to the client.
    fn parse_head(&mut self, way: &Way<'_>) -> Result<Option<ResponseHead>, Malformed> {
        while !self.input.is_empty() {
            let Some((mut head, used)) = ResponseHead::parse(&self.input, &LIMITS)? else {
                return Ok(None);
            };
            self.input.advance(used);
            if !head.status.is_informational() {
                return Ok(Some(head));
            }
            self.exchange.interim += 1;
            if self.exchange.interim > MAX_INTERIM {
                return Err(Malformed::Interim);
            }
            match head.status {
                StatusCode::SWITCHING_PROTOCOLS if switches(way.hop, &head.fields) => {
                    return Ok(Some(head));
                }
                // RFC 9110 §15.2.2: a switch nobody asked for.
                StatusCode::SWITCHING_PROTOCOLS => return Err(Malformed::Switch),
                StatusCode::CONTINUE if self.exchange.holds => {
                    self.release(way);
                    return Ok(None);
                }
                // Nobody waits for it, or no longer.
                StatusCode::CONTINUE => {}
                status => {
                    fields::strip_response(&mut head.fields, status);
                    head.fields.remove(Name::ContentLength);
                    if let Some(relay) = &way.hop.relay {
                        relay.push(|out| interim_head(out, status, &head.fields));
                    }
                }
            }
        }
        Ok(None)
    }

    fn respond(
        mut self: Box<Self>,
        head: ResponseHead,
        request: &mut Outbound,
        way: &Way<'_>,
    ) -> Result<Answer, Failed> {
        let mut fields = head.fields;
        let switched = head.status == StatusCode::SWITCHING_PROTOCOLS;
        let connected = way.hop.connect.is_some() && head.status.is_success();
        let body = if switched || connected {
            let protocol = fields.values(Name::Upgrade).next().filter(|_| switched);
            let protocol = protocol.and_then(|value| HeaderValue::from_bytes(value).ok());
            // A tunnel has no framing, whatever its head says (RFC 9110 §9.3.6).
            for name in [Name::ContentLength, Name::TransferEncoding, Name::Upgrade] {
                fields.remove(name);
            }
            let mut attempt = std::mem::take(&mut self.exchange.attempt);
            attempt.answered(&self.endpoint, head.status);
            attempt.completed(&self.endpoint);
            let Self {
                stream,
                input,
                open,
                ..
            } = *self;
            let tunnel = Tunnel::new(Box::new(stream), input, protocol);
            let counted = open.is_some() || attempt.is_counted();
            Body::from_tunnel(tunnel.holding(counted.then_some((open, attempt))))
        } else {
            match Length::of_response(request.method(), head.status, head.version, &mut fields) {
                Ok(length) => {
                    // The response may take long.
                    self.exchange.memory = None;
                    self.exchange.attempt.answered(&self.endpoint, head.status);
                    self.exchange.keep_alive = head.keep_alive && length != Length::UntilClose;
                    self.into_body(length, way.timeouts.body)
                }
                Err(bad) => {
                    let error = self.bad_response(bad);
                    return Err(self.failed(error, request));
                }
            }
        };
        Ok(Answer {
            status: head.status,
            version: head.version,
            fields,
            body,
            extensions: Extensions::new(),
        })
    }

    /// The body of the response. One that came whole with its head frees the connection at once.
    fn into_body(mut self: Box<Self>, length: Length, silence: Duration) -> Body {
        match length {
            Length::Exact(length) if length <= self.input.len() as u64 => {
                let length = usize::try_from(length).unwrap_or(self.input.len());
                let bytes = split(&mut self.input, length);
                self.done();
                Body::from(bytes)
            }
            length => {
                self.wait(silence);
                self.exchange.reader = BodyReader::new(length);
                Body::from_source(self)
            }
        }
    }

    /// What became of the request, which gets back what is left of it.
    fn failed(mut self: Box<Self>, error: Error, request: &mut Outbound) -> Failed {
        let Exchange {
            upload,
            memory,
            attempt,
            interim,
            holds,
            ..
        } = std::mem::replace(&mut self.exchange, Exchange::none());
        let whole = memory.is_some() || holds;
        request.draft.body = memory.map_or(upload, Body::from);
        request.draft.attempt = attempt;
        // TLS can have taken a part of what it could not write.
        let sent = match self.writer.began() || self.stream.is_tls() && self.writer.tried() {
            true => RequestSent::Maybe,
            false => RequestSent::No,
        };
        // Not a byte was written; or sending it twice does no harm, and the connection had been idle, which its peer
        // may end at any time (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
        let stale = self.reused
            && error.kind() == ErrorKind::Disconnected
            && self.input.is_empty()
            && interim == 0;
        let idempotent = request.method().is_idempotent();
        Failed {
            error: error.with_sent(sent),
            again: sent == RequestSent::No || stale && whole && idempotent,
        }
    }

    /// Begins a wait in which nothing may be still for longer than `silence`. It runs while there is nothing to do.
    fn wait(&mut self, silence: Duration) {
        self.silence = silence;
        self.patience.end();
    }

    /// Ready when nothing has moved for too long.
    fn poll_silence(&mut self, moved: u64, cx: &mut Context<'_>) -> Poll<()> {
        self.patience.poll(cx, moved, Pace::idle(self.silence))
    }

    /// Changes whenever something moves in either direction.
    fn progress(&self) -> u64 {
        self.writer.total() + self.exchange.received
    }
}

//! One body type for both directions, without a box on the plain path.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::error::{BoxError, Error, ErrorKind, RequestSent};

/// A request or response body: empty, in memory, or streamed.
///
/// ```
/// use dial::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(http_body::Body::size_hint(&body).exact(), Some(5));
/// ```
pub struct Body {
    inner: Inner,
    /// Bytes that may still pass before the body is refused; `u64::MAX` when there is no limit.
    left: u64,
    progress: Option<Arc<Progress>>,
}

enum Inner {
    Empty,
    Full(Bytes),
    Inbound(Incoming),
    Upstream {
        incoming: Incoming,
        lease: Option<Box<dyn Lease>>,
    },
    Foreign {
        // The mutex is never locked by two: it makes a body that is only `Send` also `Sync`, so that a handler may
        // hold `&ModifiableRequest` over an await.
        body: Mutex<Pin<Box<dyn Foreign>>>,
        /// What it means that the body breaks off, unless it says so itself.
        broken: ErrorKind,
    },
}

/// Any body, with data and errors of one type. Unlike `http_body_util`'s `map_frame` it keeps the size, which decides
/// between Content-Length and chunks.
trait Foreign: Send {
    fn poll_bytes(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>;
    fn is_over(&self) -> bool;
    fn size(&self) -> SizeHint;
}

/// What a response body gives back once it was read to its end: the connection it came over. Dropped before
/// that, the connection is closed.
pub(crate) trait Lease: Send + Sync {
    fn release(self: Box<Self>);

    /// The body broke off: the connection is closed. It is too late for a status, so this is also the place to log it.
    fn broken(self: Box<Self>, source: hyper::Error) -> Error;
}

/// When a body last moved, and whether it broke off.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
    /// Milliseconds from `start` to the last frame.
    last: AtomicU64,
    failed: OnceLock<ErrorKind>,
}

impl Progress {
    /// How long ago the last frame passed.
    pub(crate) fn quiet_for(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(last)
    }

    /// What ended the body before its time, if anything did.
    pub(crate) fn failed(&self) -> Option<ErrorKind> {
        self.failed.get().copied()
    }

    fn moved(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(millis, Ordering::Relaxed);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
            failed: OnceLock::new(),
        }
    }
}

impl Body {
    /// A body without bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Inner::Empty)
    }

    /// Wraps any body; its data are passed on without a copy where they are [`Bytes`]. A request whose body fails with an
    /// error that is not dial's own is answered with 500.
    ///
    /// ```
    /// use dial::Body;
    /// use http_body_util::Full;
    ///
    /// let body = Body::new(Full::new(bytes::Bytes::from("hello")));
    /// # drop(body);
    /// ```
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::foreign(body, ErrorKind::Handler)
    }

    /// A body that a client is sending, through somebody else's server.
    pub(crate) fn received<B>(body: B) -> Self
    where
        B: HttpBody + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::foreign(body, ErrorKind::ClientBody)
    }

    fn foreign<B>(body: B, broken: ErrorKind) -> Self
    where
        B: HttpBody + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        let any: &mut dyn std::any::Any = &mut body;
        if let Some(body) = any.downcast_mut::<Option<Body>>() {
            return body.take().unwrap_or_default();
        }
        if let Some(incoming) = any.downcast_mut::<Option<Incoming>>() {
            return incoming.take().map_or_else(Self::empty, Self::inbound);
        }
        match body {
            Some(body) if body.is_end_stream() => Self::empty(),
            Some(body) => Self::of(Inner::Foreign {
                body: Mutex::new(Box::pin(body)),
                broken,
            }),
            None => Self::empty(),
        }
    }

    /// A body that a client is sending.
    pub(crate) fn inbound(incoming: Incoming) -> Self {
        if incoming.is_end_stream() {
            return Self::empty();
        }
        Self::of(Inner::Inbound(incoming))
    }

    /// A body that an endpoint is sending, and the connection to give back after it.
    pub(crate) fn upstream(incoming: Incoming, lease: Box<dyn Lease>) -> Self {
        if incoming.is_end_stream() {
            lease.release();
            return Self::empty();
        }
        Self::of(Inner::Upstream {
            incoming,
            lease: Some(lease),
        })
    }

    /// Refuses the body with [`ErrorKind::BodyTooLarge`] once more than `limit` bytes came.
    pub(crate) fn limited(mut self, limit: u64) -> Self {
        self.left = self.left.min(limit);
        self
    }

    /// Reads the whole body into memory, at most `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::BodyTooLarge`] past `limit`; what the sender did wrong otherwise.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Error> {
        if let Inner::Full(bytes) = &self.inner {
            if bytes.len() as u64 > self.left.min(limit as u64) {
                return Err(too_large());
            }
            return Ok(bytes.clone());
        }
        Ok(self.limited(limit as u64).collect().await?.to_bytes())
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner,
            left: u64::MAX,
            progress: None,
        }
    }

    /// Lets another task see when the body last moved.
    pub(crate) fn watch(&mut self) -> Arc<Progress> {
        Arc::clone(self.progress.get_or_insert_default())
    }

    fn charge(&mut self, frame: &Frame<Bytes>) -> Result<(), Error> {
        if self.left != u64::MAX
            && let Some(data) = frame.data_ref()
        {
            let bytes = data.len() as u64;
            self.left = self.left.checked_sub(bytes).ok_or_else(too_large)?;
        }
        Ok(())
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut polled = ready!(self.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &polled {
            match self.charge(frame) {
                Ok(()) => self.inner.release_at_end(frame),
                Err(error) => {
                    self.inner = Inner::Empty;
                    polled = Some(Err(error));
                }
            }
        }
        if let Some(progress) = &self.progress {
            progress.moved();
            if let Some(Err(error)) = &polled {
                let _ = progress.failed.set(error.kind());
            }
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty => true,
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Inbound(incoming) | Inner::Upstream { incoming, .. } => incoming.is_end_stream(),
            Inner::Foreign { body, .. } => body.lock().is_ok_and(|body| body.is_over()),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Inbound(incoming) | Inner::Upstream { incoming, .. } => incoming.size_hint(),
            Inner::Foreign { body, .. } => body
                .lock()
                .map_or_else(|_| SizeHint::default(), |body| body.size()),
        }
    }
}

impl Inner {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Inbound(incoming) => Pin::new(incoming).poll_frame(cx).map_err(client_body),
            Self::Upstream { incoming, lease } => match ready!(Pin::new(incoming).poll_frame(cx)) {
                None => {
                    self.release();
                    Poll::Ready(None)
                }
                Some(frame) => Poll::Ready(Some(frame.map_err(|source| match lease.take() {
                    Some(lease) => lease.broken(source),
                    None => response_body(source),
                }))),
            },
            Self::Foreign { body, broken } => match body.get_mut() {
                Ok(body) => body
                    .as_mut()
                    .poll_bytes(cx)
                    .map_err(|source| foreign_body(source, *broken)),
                Err(_) => Poll::Ready(None),
            },
        }
    }

    /// Gives the connection back as soon as the last byte is known to have come: with a Content-Length or trailers
    /// that is one poll earlier than the end of the stream, which hyper may never ask for.
    fn release_at_end(&mut self, frame: &Frame<Bytes>) {
        if let Self::Upstream { incoming, .. } = self
            && (frame.is_trailers() || incoming.is_end_stream())
        {
            self.release();
        }
    }

    fn release(&mut self) {
        if let Self::Upstream { lease, .. } = self
            && let Some(lease) = lease.take()
        {
            lease.release();
        }
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::BodyTooLarge,
        "the request body is larger than its limit",
    )
}

fn client_body(source: hyper::Error) -> Error {
    Error::new(ErrorKind::ClientBody, "the client's request body broke off").with_source(source)
}

/// The connection was given back already, or never lent.
fn response_body(source: hyper::Error) -> Error {
    Error::new(
        ErrorKind::ResponseBody,
        "the endpoint's response body broke off",
    )
    .with_source(source)
    .with_sent(RequestSent::Yes)
}

/// A body made elsewhere failed: an error of ours, from a body within, keeps its kind.
fn foreign_body(source: BoxError, kind: ErrorKind) -> Error {
    match source.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => Error::new(kind, "the body broke off").with_source(source),
    }
}

impl<B> Foreign for B
where
    B: HttpBody + Send,
    B::Error: Into<BoxError>,
{
    fn poll_bytes(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.poll_frame(cx));
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
            Err(error) => Err(error.into()),
        }))
    }

    fn is_over(&self) -> bool {
        self.is_end_stream()
    }

    fn size(&self) -> SizeHint {
        self.size_hint()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self::empty()
        } else {
            Self::of(Inner::Full(bytes))
        }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.inner {
            Inner::Empty => "empty",
            Inner::Full(_) => "full",
            Inner::Inbound(_) => "inbound",
            Inner::Upstream { .. } => "upstream",
            Inner::Foreign { .. } => "foreign",
        };
        f.debug_struct("Body")
            .field("kind", &kind)
            .field("size", &self.size_hint().exact())
            .finish_non_exhaustive()
    }
}

//! One body type for both directions, without a box on the plain path.

mod held;

use std::fmt;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{BoxError, Error, ErrorKind};
use crate::tunnel::Tunnel;

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
    /// When the body has to be over, if there is such a time.
    expiry: Option<Pin<Box<Sleep>>>,
}

enum Inner {
    Empty,
    Full(Bytes),
    /// From one of dial's own connections.
    Source(Box<dyn Source>),
    /// What follows a switch of protocols: no body, but all there will ever be on the connection.
    Tunnel(Box<Tunnel>),
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

/// A body that is read from a connection of dial's own.
pub(crate) trait Source: Send + Sync {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>>;

    /// Whether the last frame was read.
    fn is_end(&self) -> bool;

    fn size_hint(&self) -> SizeHint;

    /// Called once the body was read to its end; dropped before that, its connection is closed.
    fn done(self: Box<Self>);
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
        match body {
            Some(body) if body.is_end_stream() => Self::empty(),
            Some(body) => Self::of(Inner::Foreign {
                body: Mutex::new(Box::pin(body)),
                broken,
            }),
            None => Self::empty(),
        }
    }

    pub(crate) fn from_source(source: Box<dyn Source>) -> Self {
        Self::of(Inner::Source(source))
    }

    pub(crate) fn from_tunnel(tunnel: Tunnel) -> Self {
        Self::of(Inner::Tunnel(Box::new(tunnel)))
    }

    pub(crate) fn is_tunnel(&self) -> bool {
        matches!(self.inner, Inner::Tunnel(_))
    }

    /// The tunnel, if the connection to the endpoint has become one.
    pub(crate) fn into_tunnel(self) -> Option<Tunnel> {
        match self.inner {
            Inner::Tunnel(tunnel) => Some(*tunnel),
            _ => None,
        }
    }

    /// The bytes, if all of them lie in memory.
    pub(crate) fn in_memory(&self) -> Option<Bytes> {
        match &self.inner {
            Inner::Empty => Some(Bytes::new()),
            Inner::Full(bytes) if bytes.len() as u64 <= self.left => Some(bytes.clone()),
            _ => None,
        }
    }

    /// Refuses the body with [`ErrorKind::BodyTooLarge`] once more than `limit` bytes came.
    pub(crate) fn limited(mut self, limit: u64) -> Self {
        self.left = self.left.min(limit);
        self
    }

    /// Breaks the body off at `deadline`.
    pub(crate) fn until(mut self, deadline: Instant) -> Self {
        if !HttpBody::is_end_stream(&self) {
            self.expiry = Some(Box::pin(sleep_until(deadline)));
        }
        self
    }

    /// Ready when the body is to be broken off. Whoever does not poll the body polls this.
    pub(crate) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.expiry {
            Some(expiry) => expiry.as_mut().poll(cx),
            None => Poll::Pending,
        }
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
        let mut body = self.limited(limit as u64);
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            // Copied together: frames may be many and small.
            if let Some(data) = frame?.data_ref() {
                bytes.extend_from_slice(data);
            }
        }
        Ok(bytes.freeze())
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner,
            left: u64::MAX,
            expiry: None,
        }
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
        if self.poll_expired(cx).is_ready() {
            self.inner = Inner::Empty;
            self.expiry = None;
            return Poll::Ready(Some(Err(expired())));
        }
        let frame = ready!(self.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Err(error) = self.charge(frame)
        {
            self.inner = Inner::Empty;
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Empty | Inner::Tunnel(_) => true,
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Source(source) => source.is_end(),
            Inner::Foreign { body, .. } => body.lock().is_ok_and(|body| body.is_over()),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Empty | Inner::Tunnel(_) => SizeHint::with_exact(0),
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Source(source) => source.size_hint(),
            Inner::Foreign { body, .. } => body
                .lock()
                .map_or_else(|_| SizeHint::default(), |body| body.size()),
        }
    }
}

impl Inner {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self {
            Self::Empty | Self::Tunnel(_) => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Source(source) => {
                let frame = ready!(source.poll_frame(cx));
                match &frame {
                    Some(Err(_)) => *self = Self::Empty,
                    // With the last frame, not one poll later: nobody may ever ask for more.
                    None | Some(Ok(_)) if source.is_end() => {
                        if let Self::Source(source) = std::mem::replace(self, Self::Empty) {
                            source.done();
                        }
                    }
                    None | Some(Ok(_)) => {}
                }
                Poll::Ready(frame)
            }
            Self::Foreign { body, broken } => match body.get_mut() {
                Ok(body) => body
                    .as_mut()
                    .poll_bytes(cx)
                    .map_err(|source| foreign_body(source, *broken)),
                Err(_) => Poll::Ready(None),
            },
        }
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::BodyTooLarge,
        "the request body is larger than its limit",
    )
}

fn expired() -> Error {
    let what = "the response was not over within its total timeout";
    // It is too late for a status, so this is the place to log it.
    tracing::warn!("{what}");
    Error::new(ErrorKind::TotalTimeout, what)
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
            Inner::Source(_) => "streamed",
            Inner::Tunnel(_) => "tunnel",
            Inner::Foreign { .. } => "foreign",
        };
        f.debug_struct("Body")
            .field("kind", &kind)
            .field("size", &self.size_hint().exact())
            .finish_non_exhaustive()
    }
}

//! A request's body that can be sent once more.
//!
//! It is not collected before it is sent: it streams, and what has passed is kept beside, up to a bound. Another attempt
//! begins with what was kept and goes on with what is still to come.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::body::{Body, Source};
use crate::error::{Error, ErrorKind};

/// Whoever may want the body again has this. Once it is dropped nothing is kept any more, and the body streams on.
pub(super) enum Replay {
    /// It lies in memory anyway.
    Whole(Bytes),
    Streamed(Keeper),
}

/// Keeps what passes while it is there.
pub(super) struct Keeper(Arc<Mutex<Stream>>);

/// What all attempts have in common. The mutex is never waited for: all attempts of a request are in one task.
struct Stream {
    /// What nobody has read yet.
    rest: Body,
    /// Whether it has ended: not every body tells that before.
    over: bool,
    /// Whether its size was known from the beginning.
    sized: bool,
    /// How many frames of it were read.
    read: u64,
    /// All that was read of it; nothing any more once that was too much, or nobody will ask.
    kept: Option<Kept>,
    most: u64,
}

#[derive(Default)]
struct Kept {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// The body as one attempt sends it: what was kept until it began, and then what is still to come.
struct Upload {
    stream: Arc<Mutex<Stream>>,
    /// Its own copy, so that nothing has to be kept for it.
    data: Bytes,
    trailers: Option<HeaderMap>,
    /// How many frames it has, whoever read them.
    at: u64,
}

impl Replay {
    /// What can be sent again, if it is not larger than `most`, and the body that is sent in the meantime.
    pub(super) fn of(body: Body, most: u64) -> (Option<Self>, Body) {
        if let Some(bytes) = body.in_memory() {
            return (Some(Self::Whole(bytes)), body);
        }
        if body.size_hint().lower() > most {
            return (None, body);
        }
        let stream = Arc::new(Mutex::new(Stream {
            sized: body.size_hint().exact().is_some(),
            rest: body,
            over: false,
            read: 0,
            kept: Some(Kept::default()),
            most,
        }));
        let first = Upload::begin(&stream).map_or_else(Body::empty, Upload::into_body);
        (Some(Self::Streamed(Keeper(stream))), first)
    }

    /// The body from its beginning; `None` if too much of it has passed.
    pub(super) fn body(&self) -> Option<Body> {
        match self {
            Self::Whole(bytes) => Some(Body::from(bytes.clone())),
            Self::Streamed(Keeper(stream)) => Upload::begin(stream).map(Upload::into_body),
        }
    }

    /// Whether all that was sent of it is still there.
    pub(super) fn is_kept(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Streamed(Keeper(stream)) => with(stream, |stream| stream.kept.is_some()),
        }
    }

    /// Whether all of it was read.
    pub(super) fn is_read(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Streamed(Keeper(stream)) => with(stream, |stream| stream.is_over()),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        with(&self.0, |stream| stream.kept = None);
    }
}

impl Upload {
    /// From the beginning; `None` if that is lost.
    fn begin(stream: &Arc<Mutex<Stream>>) -> Option<Self> {
        with(stream, |shared| {
            let kept = shared.kept.as_ref()?;
            Some(Self {
                stream: Arc::clone(stream),
                data: Bytes::copy_from_slice(&kept.data),
                trailers: kept.trailers.clone(),
                at: shared.read,
            })
        })
    }

    fn into_body(self) -> Body {
        match self.is_end() {
            true => Body::empty(),
            false => Body::from_source(Box::new(self)),
        }
    }
}

impl Source for Upload {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Self {
            stream,
            data,
            trailers,
            at,
        } = self;
        with(stream, |stream| {
            if stream.read != *at {
                return Poll::Ready(Some(Err(lost())));
            }
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(data)))));
            }
            if let Some(trailers) = trailers.take() {
                return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
            }
            let frame = stream.poll_rest(cx);
            *at = stream.read;
            frame
        })
    }

    fn is_end(&self) -> bool {
        let whole = self.data.is_empty() && self.trailers.is_none();
        whole && with(&self.stream, |stream| stream.is_over())
    }

    fn size_hint(&self) -> SizeHint {
        with(&self.stream, |stream| {
            let left = self.data.len() as u64;
            let hint = stream.rest.size_hint();
            // Framed as it was before: what comes in chunks may have trailers.
            if let Some(rest) = hint.exact().filter(|_| stream.sized) {
                return SizeHint::with_exact(rest.saturating_add(left));
            }
            let mut least = SizeHint::new();
            least.set_lower(hint.lower().saturating_add(left));
            least
        })
    }

    fn done(self: Box<Self>) {}
}

impl Stream {
    /// Whether all of it was read.
    fn is_over(&self) -> bool {
        self.over || self.rest.is_end_stream()
    }

    /// Reads on, and keeps what came.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let mut next = self.rest.frame();
        let frame = ready!(Pin::new(&mut next).poll(cx));
        match &frame {
            Some(Ok(frame)) => self.keep(frame),
            // What broke off once will not become whole.
            Some(Err(_)) => self.kept = None,
            None => self.over = true,
        }
        Poll::Ready(frame)
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        self.read += 1;
        let Some(kept) = &mut self.kept else { return };
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if (kept.data.len() + data.len()) as u64 > self.most {
            self.kept = None;
            return;
        }
        // Copied: it lies in a room that others read into too.
        kept.data.extend_from_slice(data);
        kept.trailers = frame.trailers_ref().cloned();
    }
}

/// Two attempts have read at once, and the later one has missed something.
fn lost() -> Error {
    let what = "the request body was read elsewhere, and cannot be sent again";
    Error::new(ErrorKind::ClientBody, what)
}

/// A poisoned stream is a stream all the same: there is nothing in it that a panic could leave half-done.
fn with<T>(stream: &Mutex<Stream>, look: impl FnOnce(&mut Stream) -> T) -> T {
    look(&mut stream.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests;

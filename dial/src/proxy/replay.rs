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

/// Whoever may want the body again has this. Once it is dropped nothing more is kept, and the body streams on.
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
    /// How many bytes of it were read.
    passed: u64,
    /// All that was read of it; nothing any more once that was too much, or somebody read on when nobody would ask.
    kept: Option<Kept>,
    /// Whether somebody may ask.
    keeps: bool,
    most: u64,
}

#[derive(Default)]
struct Kept {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// The body as one attempt sends it.
struct Attempt {
    stream: Arc<Mutex<Stream>>,
    /// How much of what was kept was passed on.
    at: usize,
    /// Whether the trailers were, if there are any.
    trailed: bool,
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
            passed: 0,
            kept: Some(Kept::default()),
            keeps: true,
            most,
        }));
        let attempt = Attempt::new(&stream);
        (Some(Self::Streamed(Keeper(stream))), attempt.into_body())
    }

    /// The body from its beginning; `None` if too much of it has passed.
    pub(super) fn body(&self) -> Option<Body> {
        match self {
            Self::Whole(bytes) => Some(Body::from(bytes.clone())),
            Self::Streamed(Keeper(stream)) => {
                self.is_kept().then(|| Attempt::new(stream).into_body())
            }
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
        with(&self.0, |stream| stream.keeps = false);
    }
}

impl Attempt {
    fn new(stream: &Arc<Mutex<Stream>>) -> Self {
        Self {
            stream: Arc::clone(stream),
            at: 0,
            trailed: false,
        }
    }

    fn into_body(self) -> Body {
        match self.is_end() {
            true => Body::empty(),
            false => Body::from_source(Box::new(self)),
        }
    }
}

impl Source for Attempt {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Self {
            stream,
            at,
            trailed,
        } = self;
        with(stream, |stream| {
            if let Some(data) = stream.behind(*at) {
                *at += data.len();
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(trailers) = stream.trailers()
                && !*trailed
            {
                *trailed = true;
                return Poll::Ready(Some(Ok(Frame::trailers(trailers.clone()))));
            }
            if stream.passed != *at as u64 {
                return Poll::Ready(Some(Err(lost())));
            }
            let frame = ready!(stream.poll_rest(cx));
            if let Some(Ok(frame)) = &frame {
                *at += frame.data_ref().map_or(0, Bytes::len);
                *trailed = frame.is_trailers();
            }
            Poll::Ready(frame)
        })
    }

    fn is_end(&self) -> bool {
        with(&self.stream, |stream| {
            stream.left(self.at) == 0
                && (self.trailed || stream.trailers().is_none())
                && stream.is_over()
        })
    }

    fn size_hint(&self) -> SizeHint {
        with(&self.stream, |stream| {
            let left = stream.left(self.at) as u64;
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

    /// What was kept behind the first `at` bytes. A copy: the connection it is written to may hold it for long.
    fn behind(&self, at: usize) -> Option<Bytes> {
        let data = self.kept.as_ref()?.data.get(at..)?;
        (!data.is_empty()).then(|| Bytes::copy_from_slice(data))
    }

    fn left(&self, at: usize) -> usize {
        let kept = self.kept.as_ref();
        kept.map_or(0, |kept| kept.data.len().saturating_sub(at))
    }

    fn trailers(&self) -> Option<&HeaderMap> {
        self.kept.as_ref()?.trailers.as_ref()
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
        let data = frame.data_ref().map_or(&[][..], |data| data);
        self.passed += data.len() as u64;
        let Some(kept) = &mut self.kept else { return };
        if self.passed > self.most || !self.keeps {
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

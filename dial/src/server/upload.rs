//! A request's body while it comes in.
//!
//! Whoever reads the body reads the client's connection: the connection gives its reading side away with the body, and
//! gets it back when the body is dropped.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Instant;

use crate::body::Source;
use crate::error::{Error, ErrorKind};
use crate::h1::{self, BodyError, BodyReader, Length};
use crate::patience::{Pace, Patience, Timer};
use crate::relay::Relay;

/// The most that is read of a head at once: a body of 16 KiB comes with it.
pub(super) const HEAD: usize = 20 * 1024;

/// The reading side of a connection.
#[derive(Debug)]
pub(super) struct Reader {
    half: OwnedReadHalf,
    /// Bytes that were read and belong to what comes next.
    pub(super) input: BytesMut,
    /// Whether the client has closed its side.
    pub(super) ended: bool,
    /// With what the client is to send.
    patience: Patience,
}

impl Reader {
    /// `input` was read already, and `timer` is what that was waited for with.
    pub(super) fn new(half: OwnedReadHalf, input: BytesMut, timer: Timer) -> Self {
        Self {
            half,
            input,
            ended: false,
            patience: Patience::with(timer),
        }
    }

    /// The two halves as the socket they were, with what was read ahead.
    pub(super) fn reunite(self, write: OwnedWriteHalf) -> io::Result<(TcpStream, BytesMut)> {
        let stream = self.half.reunite(write).map_err(io::Error::other)?;
        Ok((stream, self.input))
    }

    /// The timer, for whoever waits next.
    pub(super) fn take_timer(&mut self) -> Timer {
        std::mem::take(self.patience.timer())
    }

    /// Waits for bytes, without holding room for them; `None` when there are none by `deadline`.
    pub(super) async fn readable(&mut self, deadline: Instant) -> Option<io::Result<()>> {
        poll_fn(|cx| self.poll_readable(deadline, cx)).await
    }

    pub(super) fn poll_readable(
        &mut self,
        deadline: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<()>>> {
        match self.half.as_ref().poll_read_ready(cx) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending => {
                let timer = self.patience.timer();
                timer.poll_until(cx, deadline).map(|()| None)
            }
        }
    }

    /// Reads what there is without waiting for more.
    pub(super) async fn read_now(&mut self) -> io::Result<()> {
        poll_fn(|cx| match self.poll_read_within(Some(HEAD), cx) {
            // Readiness can be stale.
            Poll::Pending => Poll::Ready(Ok(())),
            Poll::Ready(read) => Poll::Ready(read.map(drop)),
        })
        .await
    }

    /// Adds to the input; 0 is the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.poll_read_within(None, cx)
    }

    /// The same, with a limit; see [`h1::poll_read`].
    pub(super) fn poll_read_within(
        &mut self,
        most: Option<usize>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let half = &mut self.half;
        let count = ready!(h1::poll_read(&mut self.input, most, |room| {
            pin!(half.read_buf(room)).poll(cx)
        }))?;
        self.ended |= count == 0;
        Poll::Ready(Ok(count))
    }
}

/// A body on its way in.
pub(super) struct Upload {
    /// Always there, but for the moment in which it is given back.
    reader: Option<Reader>,
    body: BodyReader,
    /// Bytes that came, and how long to wait for the next.
    received: u64,
    pace: Pace,
    /// Where the client is told to send the body, if it waits for that (RFC 9110 §10.1.1).
    waits: Option<Relay>,
    slot: Arc<Slot>,
}

impl Upload {
    /// The body that begins at `reader`. `waits` is there when the client waits to be told to send it.
    pub(super) fn new(
        mut reader: Reader,
        length: Length,
        waits: Option<Relay>,
        pace: Pace,
    ) -> (Self, Arc<Slot>) {
        let slot = Arc::new(Slot(Mutex::default()));
        reader.patience.end();
        let upload = Self {
            received: reader.input.len() as u64,
            reader: Some(reader),
            body: BodyReader::new(length),
            pace,
            waits,
            slot: Arc::clone(&slot),
        };
        (upload, slot)
    }
}

impl Source for Upload {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(reader) = &mut self.reader else {
            return Poll::Ready(None);
        };
        if let Some(relay) = self.waits.take() {
            relay.push(|out| out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"));
        }
        let mut input = std::mem::take(&mut reader.input);
        let frame = self.body.poll_frame(&mut input, cx, |cx, input| {
            std::mem::swap(&mut reader.input, input);
            let count = reader.poll_read(cx);
            std::mem::swap(&mut reader.input, input);
            if let Poll::Ready(Ok(count)) = &count {
                self.received += *count as u64;
            }
            count
        });
        reader.input = input;
        if let Poll::Ready(frame) = frame {
            reader.patience.pause();
            return Poll::Ready(frame.map(|frame| frame.map_err(broken)));
        }
        ready!(reader.patience.poll(cx, self.received, self.pace));
        let what = "the request body came too slowly";
        Poll::Ready(Some(Err(Error::new(ErrorKind::ClientTimeout, what))))
    }

    fn is_end(&self) -> bool {
        self.body.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn done(self: Box<Self>) {}
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.slot.put(reader, self.body.is_end());
        }
    }
}

/// Where a connection gets its reading side back.
#[derive(Debug)]
pub(super) struct Slot(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    back: Option<Reader>,
    /// Whether the body was read to its end.
    whole: bool,
    /// The connection, should somebody else's task read the body.
    waker: Option<Waker>,
}

impl Slot {
    /// The reading side, if it is back, and whether the body was read to its end.
    pub(super) fn take(&self) -> Option<(Reader, bool)> {
        let mut state = self.lock();
        let whole = state.whole;
        state.back.take().map(|reader| (reader, whole))
    }

    /// Has the task of `cx` woken when the reading side is back.
    pub(super) fn watch(&self, cx: &Context<'_>) {
        let mut state = self.lock();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    fn put(&self, reader: Reader, whole: bool) {
        let mut state = self.lock();
        state.back = Some(reader);
        state.whole = whole;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(error: BodyError) -> Error {
    match error {
        BodyError::Malformed(bad) => Error::new(
            ErrorKind::BadRequest,
            format!("the request body is malformed: {bad}"),
        ),
        BodyError::Cut | BodyError::Io(_) => {
            Error::new(ErrorKind::ClientBody, "the client's request body broke off")
                .with_source(error)
        }
    }
}

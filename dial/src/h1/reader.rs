//! A body as it comes in: bytes to frames, whatever the connection they come over.

use std::task::{Context, Poll, ready};
use std::{fmt, io};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use super::chunked::{Chunk, Decoder};
use super::framing::Length;
use super::head::Malformed;

/// Data up to this size are copied, so that no small frame holds a large buffer.
const COPY: usize = 2 * 1024;

/// Where in a body the next byte is.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
}

#[derive(Debug)]
enum State {
    Exact(u64),
    Chunked(Decoder),
    UntilClose,
    End,
}

/// Why a body does not come to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The connection ended too early.
    Cut,
    Io(io::Error),
    Malformed(Malformed),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the connection ended too early"),
            Self::Io(error) => error.fmt(f),
            Self::Malformed(bad) => bad.fmt(f),
        }
    }
}

impl std::error::Error for BodyError {}

impl BodyReader {
    pub(crate) fn new(length: Length) -> Self {
        Self {
            state: match length {
                Length::Exact(0) => State::End,
                Length::Exact(length) => State::Exact(length),
                Length::Chunked => State::Chunked(Decoder::default()),
                Length::UntilClose => State::UntilClose,
            },
        }
    }

    /// Whether the last byte was read: the connection's next belongs to something else.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.state, State::End)
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.state {
            State::Exact(left) => SizeHint::with_exact(left),
            State::End => SizeHint::with_exact(0),
            State::Chunked(_) | State::UntilClose => SizeHint::default(),
        }
    }

    /// The next frame, from `input` or what `read` adds to it: that returns 0 at the end of the connection.
    pub(crate) fn poll_frame(
        &mut self,
        input: &mut BytesMut,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&mut Context<'_>, &mut BytesMut) -> Poll<io::Result<usize>>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match self.decode(input) {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) if self.is_end() => return Poll::Ready(None),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            match ready!(read(cx, input)) {
                Ok(0) if matches!(self.state, State::UntilClose) => {
                    self.state = State::End;
                    return Poll::Ready(None);
                }
                Ok(0) => return Poll::Ready(Some(Err(BodyError::Cut))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(BodyError::Io(error)))),
            }
        }
    }

    /// A frame from the bytes at hand, if they make one.
    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame<Bytes>>, BodyError> {
        match &mut self.state {
            State::End => Ok(None),
            _ if input.is_empty() => Ok(None),
            State::UntilClose => {
                let count = input.len();
                Ok(Some(data(input, count)))
            }
            State::Exact(left) => {
                let take = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= take as u64;
                if *left == 0 {
                    self.state = State::End;
                }
                Ok(Some(data(input, take)))
            }
            State::Chunked(decoder) => loop {
                match decoder.next(input).map_err(BodyError::Malformed)? {
                    Chunk::Skip(count) => input.advance(count),
                    Chunk::Data(count) => {
                        return Ok(Some(data(input, count)));
                    }
                    Chunk::End(count, trailers) => {
                        input.advance(count);
                        self.state = State::End;
                        return Ok(trailers.map(Frame::trailers));
                    }
                    Chunk::Partial => return Ok(None),
                }
            },
        }
    }
}

/// Takes data out of the input.
fn data(input: &mut BytesMut, count: usize) -> Frame<Bytes> {
    if count == input.len() {
        return Frame::data(std::mem::take(input).freeze());
    }
    if count > COPY {
        return Frame::data(input.split_to(count).freeze());
    }
    let data = Bytes::copy_from_slice(&input[..count]);
    input.advance(count);
    Frame::data(data)
}

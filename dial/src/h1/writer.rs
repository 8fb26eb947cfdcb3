//! A message as it goes out: a head, then the frames of a body, framed as the head said.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body as _, Frame};
use tokio::io::AsyncWrite;

use super::encode::{end_chunks, push_chunk_head};
use super::framing::Length;
use crate::body::Body;
use crate::error::Error;

/// Data up to this size are copied behind the head, so that both leave in one plain write.
const COPY: usize = 4 * 1024;
/// Data that are there already are gathered until there are so many bytes or pieces, and written at once.
const GATHER: (usize, usize) = (32 * 1024, 8);

/// So much room an idle connection keeps for its next head.
const KEPT: usize = 2 * 1024;

/// What is still to be written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    /// Heads, chunk lines, small data.
    small: Vec<u8>,
    /// How much of `small` was written.
    at: usize,
    /// Data too large to copy, each with the place in `small` it belongs to.
    large: VecDeque<(usize, Bytes)>,
    framing: Framing,
    /// Bytes of this message that were written.
    total: u64,
    /// Whether a write was tried.
    tried: bool,
    /// Whether what was written may still lie in a buffer of the connection's, as TLS has one.
    unflushed: bool,
}

/// How the body is framed, and how far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Framing {
    /// So many bytes are to come.
    Exact(u64),
    Chunked {
        /// Whether trailers may be sent.
        trailers: bool,
    },
    UntilClose,
    #[default]
    Done,
    /// The body broke off: the message never ends.
    Broken,
}

/// Why a message does not come to its end.
#[derive(Debug)]
pub(crate) enum WriteError {
    Io(io::Error),
    /// The body broke off, or is not as long as its head said.
    Body(Option<Error>),
}

impl Writer {
    /// Begins a message; `head` writes its head.
    pub(crate) fn begin(
        &mut self,
        length: Option<Length>,
        trailers: bool,
        head: impl FnOnce(&mut Vec<u8>),
    ) {
        head(&mut self.small);
        self.total = 0;
        self.tried = false;
        self.framing = match length {
            None | Some(Length::Exact(0)) => Framing::Done,
            Some(Length::Exact(length)) => Framing::Exact(length),
            Some(Length::Chunked) => Framing::Chunked { trailers },
            Some(Length::UntilClose) => Framing::UntilClose,
        };
    }

    /// Bytes to be written before anything else that is not there yet, such as an interim response.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.small);
    }

    /// Whether any byte of the message was written.
    pub(crate) fn began(&self) -> bool {
        self.total > 0
    }

    /// Whether a write was tried, whatever came of it.
    pub(crate) fn tried(&self) -> bool {
        self.tried
    }

    /// Whether everything so far was written and more of the body is awaited.
    pub(crate) fn awaits_body(&self) -> bool {
        !matches!(self.framing, Framing::Done | Framing::Broken) && !self.has_bytes()
    }

    /// How many bytes of the message were written.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether the whole message was written.
    pub(crate) fn is_done(&self) -> bool {
        self.framing == Framing::Done && !self.has_bytes() && !self.unflushed
    }

    /// Gives memory back, but for the room of a usual head; for a connection that lies idle.
    pub(crate) fn shrink(&mut self) {
        if self.small.capacity() > KEPT && self.is_done() {
            self.small = Vec::new();
        }
    }

    /// Writes the head and all of `body`.
    pub(crate) fn poll_message<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        body: &mut Body,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteError>> {
        if !self.large.is_empty() {
            // More is not asked for while a peer does not take what it has.
            ready!(self.poll_flush(io, cx)).map_err(WriteError::Io)?;
        }
        loop {
            // Frames that are there already go out with the head.
            while self.framing != Framing::Done && !self.has_enough() {
                if self.framing == Framing::Broken {
                    return Poll::Ready(Err(WriteError::Body(None)));
                }
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Ready(frame) => {
                        if let Err(error) = self.take(frame) {
                            self.framing = Framing::Broken;
                            return Poll::Ready(Err(error));
                        }
                    }
                    Poll::Pending if self.has_bytes() => break,
                    Poll::Pending => return Poll::Pending,
                }
            }
            ready!(self.poll_flush(io, cx)).map_err(WriteError::Io)?;
            if self.framing == Framing::Done {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes what there is.
    pub(crate) fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.has_bytes() {
            self.tried = true;
            let io = Pin::new(&mut *io);
            // One piece is cheaper to write than several, and most messages are one.
            let written = if self.large.is_empty() {
                io.poll_write(cx, &self.small[self.at..])
            } else {
                let mut parts = [IoSlice::new(&[]); 2 * GATHER.1 + 1];
                let count = self.gather(&mut parts);
                io.poll_write_vectored(cx, &parts[..count])
            };
            let count = ready!(written)?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.wrote(count);
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether everything there is was written.
    pub(crate) fn is_drained(&self) -> bool {
        !self.has_bytes()
    }

    fn has_bytes(&self) -> bool {
        self.at < self.small.len() || !self.large.is_empty()
    }

    /// Whether there is so much that more is not asked for before it was written.
    fn has_enough(&self) -> bool {
        let large = || self.large.iter().map(|(_, data)| data.len()).sum::<usize>();
        self.small.len() >= COPY || self.large.len() >= GATHER.1 || large() >= GATHER.0
    }

    /// Everything there is, in order; how many parts it has.
    fn gather<'a>(&'a self, parts: &mut [IoSlice<'a>; 2 * GATHER.1 + 1]) -> usize {
        let (mut at, mut count) = (self.at, 0);
        let mut push = |part: &'a [u8]| {
            if !part.is_empty() {
                parts[count] = IoSlice::new(part);
                count += 1;
            }
        };
        for (place, data) in &self.large {
            push(&self.small[at..*place]);
            push(data);
            at = *place;
        }
        push(&self.small[at..]);
        count
    }

    fn wrote(&mut self, mut count: usize) {
        self.total += count as u64;
        self.unflushed = true;
        while let Some((place, data)) = self.large.front_mut() {
            let of_small = count.min(*place - self.at);
            self.at += of_small;
            count -= of_small;
            if count < data.len() {
                data.advance(count);
                return;
            }
            count -= data.len();
            // Even nothing of it would hold the memory it lies in.
            self.large.pop_front();
        }
        self.at += count;
        if self.at == self.small.len() {
            self.small.clear();
            self.at = 0;
        }
    }

    /// Takes a frame in, or the end.
    fn take(&mut self, frame: Option<Result<Frame<Bytes>, Error>>) -> Result<(), WriteError> {
        let frame = match frame {
            None => return self.end(None),
            Some(Err(error)) => return Err(WriteError::Body(Some(error))),
            Some(Ok(frame)) => frame,
        };
        match frame.into_data() {
            Ok(data) if data.is_empty() => Ok(()),
            Ok(data) => self.data(data),
            Err(frame) => match frame.into_trailers() {
                Ok(trailers) => self.end(Some(&trailers)),
                Err(_) => Ok(()),
            },
        }
    }

    fn data(&mut self, data: Bytes) -> Result<(), WriteError> {
        if let Framing::Exact(left) = &mut self.framing {
            *left = left
                .checked_sub(data.len() as u64)
                .ok_or(WriteError::Body(None))?;
        }
        let chunked = matches!(self.framing, Framing::Chunked { .. });
        if chunked {
            push_chunk_head(&mut self.small, data.len());
        }
        if data.len() <= COPY {
            self.small.extend_from_slice(&data);
        } else {
            self.large.push_back((self.small.len(), data));
        }
        if chunked {
            self.small.extend_from_slice(b"\r\n");
        }
        if self.framing == Framing::Exact(0) {
            self.framing = Framing::Done;
        }
        Ok(())
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), WriteError> {
        match self.framing {
            // Too short: whoever reads it must see that (RFC 9112 §8).
            Framing::Exact(left) if left > 0 => return Err(WriteError::Body(None)),
            Framing::Chunked { trailers: true } => {
                end_chunks(&mut self.small, trailers);
            }
            Framing::Chunked { .. } => end_chunks(&mut self.small, None),
            Framing::Exact(_) | Framing::UntilClose | Framing::Done | Framing::Broken => {}
        }
        self.framing = Framing::Done;
        Ok(())
    }
}

//! The body of a response, read from the connection it comes over while the rest of the request may still be going out.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use super::Connection;
use super::exchange::Exchange;
use crate::body::{Body, Source};
use crate::error::{Error, ErrorKind};
use crate::h1::{BodyError, WriteError};

impl Source for Connection {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.poll_rest_of_upload(cx).is_ready() {
            return Poll::Ready(Some(Err(self.called_off())));
        }
        let Self {
            stream,
            input,
            exchange,
            ..
        } = self;
        let Exchange {
            reader, received, ..
        } = exchange;
        let frame = reader.poll_frame(input, cx, |cx, input| {
            let count = ready!(stream.poll_read(cx, input))?;
            *received += count as u64;
            Poll::Ready(Ok(count))
        });
        if let Poll::Ready(frame) = frame {
            return Poll::Ready(
                frame.map(|frame| frame.map_err(|error| self.broken_response(error))),
            );
        }
        ready!(self.poll_silence(self.progress(), cx));
        let error = io::Error::new(io::ErrorKind::TimedOut, "nothing of it came for too long");
        Poll::Ready(Some(Err(self.broken_response(BodyError::Io(error)))))
    }

    fn is_end(&self) -> bool {
        self.exchange.reader.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        self.exchange.reader.size_hint()
    }

    /// Back to the pool, if the exchange is over in both directions and nothing came that was not asked for.
    fn done(mut self: Box<Self>) {
        self.exchange.attempt.completed(&self.endpoint);
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        if !self.exchange.keep_alive || !self.writer.is_done() || !self.input.is_empty() {
            return;
        }
        // Until the connection is there for whoever comes next.
        let _attempt = std::mem::take(&mut self.exchange.attempt);
        self.exchange = Exchange::none();
        self.writer.shrink();
        self.input = BytesMut::new();
        self.reused = true;
        pool.put(self);
    }
}

impl Connection {
    /// The endpoint may answer while it still reads. Ready when there is no client any more, or none that is understood. One
    /// that only stops to send may do so (RFC 9112 §9.5): the response is what it is all the same.
    fn poll_rest_of_upload(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.writer.is_done() {
            return Poll::Pending;
        }
        let broken = match self.exchange.holds {
            true => None,
            false => match ready!(self.poll_upload(cx)) {
                Err(WriteError::Body(error)) => Some(error),
                Ok(()) | Err(WriteError::Io(_)) => return Poll::Pending,
            },
        };
        // Nobody will ask for the rest.
        self.exchange.upload = Body::empty();
        match broken.flatten().map(|error| error.kind()) {
            Some(ErrorKind::ClientBody | ErrorKind::BadRequest) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

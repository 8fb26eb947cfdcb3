//! Bodies: read however they are cut, never beyond their end, and written so that they read back the same.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::header::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use tokio::io::AsyncWrite;

use super::input::{self, Dice};
use super::strict::{self, Fault, Framing};
use crate::body::Body;
use crate::error::BoxError;
use crate::h1::{BodyReader, Length, MAX_CHUNK_LINE, MAX_TRAILERS, Writer};

/// Up to so many bytes are cut at each place; beyond, at as many by chance.
const CUTS: usize = 64;
/// More trailers than dial lets pass.
const MANY: usize = 64;

/// Any bytes, as a chunked body with something behind it.
pub fn chunked(data: &[u8]) {
    let known = strict::content(data, Framing::Chunked, true);
    let whole = known.as_ref().ok().map(|content| content.used);
    let plain = read(Length::Chunked, data, whole, |left| left);
    let mut dice = Dice::of(data);
    for at in 1..data.len().min(CUTS) {
        let cut = if data.len() <= CUTS {
            at
        } else {
            1 + dice.below(data.len() - 1)
        };
        let mut first = true;
        let two = read(Length::Chunked, data, whole, |left| {
            match std::mem::take(&mut first) {
                true => cut,
                false => left,
            }
        });
        assert!(
            plain.is_like(&two),
            "cut at {cut}: {two:?}, whole: {plain:?}"
        );
    }
    let one = read(Length::Chunked, data, whole, |_| 1);
    assert!(
        plain.is_like(&one),
        "byte by byte: {one:?}, whole: {plain:?}"
    );
    let some = read(Length::Chunked, data, whole, |left| {
        1 + dice.below(left.min(40))
    });
    assert!(
        plain.is_like(&some),
        "in pieces: {some:?}, whole: {plain:?}"
    );

    match (&known, plain.end) {
        (Ok(content), End::Whole(used)) => {
            assert_eq!((content.used, &content.data), (used, &plain.data()));
            let trailers: usize = plain.trailers.iter().map(HeaderMap::len).sum();
            let known = content.trailers.iter().map(|(name, _)| name);
            let passing = known.filter(|name| input::may_trail(name)).count();
            assert_eq!(passing, trailers);
        }
        // Either may see what is wrong before the other.
        (Err(_), End::Bad | End::Cut) => {}
        // dial's bounds are its own.
        (Ok(_), End::Bad) if is_bounded(data) => {}
        _ => panic!("{plain:?}, but it is {known:?}"),
    }
    write(&plain, &mut dice);
}

/// Whether the bytes may be more than dial takes.
fn is_bounded(data: &[u8]) -> bool {
    let longest = data.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    let lines = data.split(|byte| *byte == b'\n').count();
    let large = data
        .windows(16)
        .any(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    longest >= Some(MAX_CHUNK_LINE - 2) || data.len() >= MAX_TRAILERS || lines > MANY || large
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// After so many bytes.
    Whole(usize),
    /// With the connection.
    Cut,
    Bad,
}

#[derive(Debug)]
struct Received {
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    end: End,
}

impl Received {
    fn data(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.data(), &self.trailers, self.end) == (other.data(), &other.trailers, other.end)
    }
}

/// Reads a body, given `step(left)` of the bytes left at a time. Once `whole` bytes are there it must not ask for more.
fn read(
    length: Length,
    bytes: &[u8],
    whole: Option<usize>,
    mut step: impl FnMut(usize) -> usize,
) -> Received {
    let mut cx = Context::from_waker(Waker::noop());
    let mut reader = BodyReader::new(length);
    let (mut input, mut at) = (BytesMut::new(), 0);
    let (mut pieces, mut trailers) = (Vec::new(), None);
    let end = loop {
        let frame = reader.poll_frame(&mut input, &mut cx, |_, input| {
            assert!(
                whole.is_none_or(|whole| at < whole),
                "it waits for bytes behind the end"
            );
            let count = step(bytes.len() - at).min(bytes.len() - at);
            input.extend_from_slice(&bytes[at..at + count]);
            at += count;
            Poll::Ready(Ok(count))
        });
        match frame {
            Poll::Pending => panic!("it waits though there is something to read"),
            Poll::Ready(None) => {
                assert_eq!(
                    input,
                    bytes[at - input.len()..at],
                    "what is left belongs to what follows"
                );
                break End::Whole(at - input.len());
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => pieces.push(data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
            Poll::Ready(Some(Err(crate::h1::BodyError::Malformed(_)))) => break End::Bad,
            Poll::Ready(Some(Err(_))) => break End::Cut,
        }
    };
    assert_eq!(reader.is_end(), matches!(end, End::Whole(_)));
    Received {
        pieces,
        trailers,
        end,
    }
}

/// Writes the same body in each framing and reads it back.
fn write(received: &Received, dice: &mut Dice) {
    let mut pieces: Vec<Bytes> = received.pieces.clone();
    // Also some too large to be copied.
    for piece in &mut pieces {
        if dice.below(4) == 0 {
            *piece = piece.repeat(4096 / piece.len().max(1) + 1).into();
        }
    }
    let data = pieces.concat();
    let broken = !matches!(received.end, End::Whole(_));
    let lengths = [
        Length::Chunked,
        Length::Exact(data.len() as u64),
        Length::UntilClose,
    ];
    for length in lengths {
        let body = Pieces {
            frames: pieces.iter().cloned().map(Frame::data).collect(),
            trailers: received.trailers.clone(),
            broken,
        };
        let (ended, bytes) = written(body, length, dice);
        let framing = match length {
            Length::Exact(length) => Framing::Exact(length),
            Length::Chunked => Framing::Chunked,
            Length::UntilClose => Framing::UntilClose,
        };
        // A body with a stated length is not asked for more than that.
        let complete = !broken || matches!(length, Length::Exact(_));
        assert_eq!(ended, complete, "{length:?}");
        match strict::content(&bytes, framing, false) {
            Ok(content) => {
                assert!(
                    complete || length == Length::UntilClose,
                    "a broken body looks whole"
                );
                assert_eq!(content.used, bytes.len());
                // What is there when a body breaks off may stay unwritten.
                assert!(data.starts_with(&content.data) && (!complete || data == content.data));
                check_trailers(received, &content.trailers, length);
            }
            Err(Fault::Partial) => assert!(!complete),
            Err(bad) => panic!("{bad:?}: {}", bytes.escape_ascii()),
        }
        let whole = complete
            .then_some(bytes.len())
            .filter(|_| length != Length::UntilClose);
        let back = read(length, &bytes, whole, |left| 1 + dice.below(left));
        assert!(back.end == End::Whole(bytes.len()) || !complete, "{back:?}");
        assert_eq!(back.data(), data[..back.data().len()]);
        assert!(!complete || back.data().len() == data.len());
    }
}

/// All that may stand behind a body is there, and nothing else.
fn check_trailers(received: &Received, known: &[strict::Field], length: Length) {
    let none = HeaderMap::new();
    let sent = received.trailers.as_ref().unwrap_or(&none);
    let passes = |name: &str| length == Length::Chunked && input::may_trail(name);
    for name in sent
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| passes(name))
    {
        assert_eq!(strict::all(known, name), input::values(sent, name));
    }
    let count = sent
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| passes(name));
    let count: usize = count.map(|name| input::values(sent, name).len()).sum();
    assert_eq!(known.len(), count, "{known:?}");
}

/// Whether the message came to its end, and what of its body was written.
fn written(body: Pieces, length: Length, dice: &mut Dice) -> (bool, Vec<u8>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = Body::new(body);
    let mut wire = Wire {
        taken: Vec::new(),
        step: 1 + dice.below(9000),
        turn: 0,
    };
    let mut writer = Writer::default();
    writer.begin(Some(length), true, |out| out.extend(b"HEAD"));
    loop {
        if let Poll::Ready(ended) = writer.poll_message(&mut wire, &mut body, &mut cx) {
            assert_eq!(writer.is_done(), ended.is_ok());
            let taken = wire.taken.strip_prefix(b"HEAD").unwrap_or_default();
            return (ended.is_ok(), taken.to_vec());
        }
    }
}

/// A body that ends with an error if it is broken.
struct Pieces {
    frames: VecDeque<Frame<Bytes>>,
    trailers: Option<HeaderMap>,
    broken: bool,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if self.broken {
            return Poll::Ready(Some(Err("broken off".into())));
        }
        Poll::Ready(
            self.trailers
                .take()
                .map(|trailers| Ok(Frame::trailers(trailers))),
        )
    }
}

/// Takes a few bytes at a time, and nothing every third.
struct Wire {
    taken: Vec<u8>,
    step: usize,
    turn: usize,
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.turn += 1;
        if self.turn.is_multiple_of(3) {
            return Poll::Pending;
        }
        let count = bytes.len().min(self.step);
        self.taken.extend(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

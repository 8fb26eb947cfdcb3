//! What one side writes, the other reads: whatever the pieces, the pauses and the framing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use proptest::prelude::*;
use tokio::io::AsyncWrite;

use super::{BodyReader, Length, WriteError, Writer};
use crate::body::Body;

/// A body of some pieces, between which it is not always ready.
struct Pieces(VecDeque<Option<Vec<u8>>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.pop_front() {
            Some(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(piece.into())))),
            Some(None) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

/// Takes so many bytes at a time; 0 is a pause.
struct Wire {
    taken: Vec<u8>,
    steps: Vec<usize>,
    at: usize,
}

impl Wire {
    fn take(&mut self, parts: &[&[u8]]) -> Poll<io::Result<usize>> {
        self.at += 1;
        let mut room = self.steps[self.at % self.steps.len()];
        if room == 0 {
            return Poll::Pending;
        }
        let before = self.taken.len();
        for part in parts {
            let count = part.len().min(room);
            self.taken.extend(&part[..count]);
            room -= count;
        }
        Poll::Ready(Ok(self.taken.len() - before))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(&[bytes])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let parts: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
        self.take(&parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.at += 1;
        match self.steps[self.at % self.steps.len()] {
            0 => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Writes a message, polled anew after each pause; what came of it, and the bytes.
fn written(
    length: Length,
    pieces: &[Option<Vec<u8>>],
    steps: &[usize],
) -> (Result<(), WriteError>, Vec<u8>) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = Body::new(Pieces(pieces.to_vec().into()));
    let mut wire = Wire {
        taken: Vec::new(),
        steps: steps.to_vec(),
        at: 0,
    };
    let mut writer = Writer::default();
    writer.begin(Some(length), false, |out| out.extend(b"HEAD\r\n\r\n"));
    loop {
        assert!(!writer.is_done());
        if let Poll::Ready(ended) = writer.poll_message(&mut wire, &mut body, &mut cx) {
            assert_eq!(writer.is_done(), ended.is_ok());
            assert!(wire.taken.is_empty() || writer.began());
            let taken = wire.taken.strip_prefix(b"HEAD\r\n\r\n").map(<[u8]>::to_vec);
            return (ended, taken.unwrap_or_default());
        }
    }
}

/// Reads a body from bytes that come in pieces; `None` when it breaks off.
fn read(length: Length, bytes: &[u8], steps: &[usize]) -> Option<(Vec<u8>, usize)> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut reader = BodyReader::new(length);
    let mut input = BytesMut::new();
    let (mut body, mut at, mut step) = (Vec::new(), 0, 0);
    loop {
        let frame = reader.poll_frame(&mut input, &mut cx, |_, input| {
            step += 1;
            let count = steps[step % steps.len()].min(bytes.len() - at);
            if count == 0 && at < bytes.len() {
                return Poll::Pending;
            }
            input.extend_from_slice(&bytes[at..at + count]);
            at += count;
            Poll::Ready(Ok(count))
        });
        match frame {
            Poll::Pending => {}
            Poll::Ready(None) => return Some((body, at - input.len())),
            Poll::Ready(Some(Ok(frame))) => body.extend(frame.data_ref().into_iter().flatten()),
            Poll::Ready(Some(Err(_))) => return None,
        }
    }
}

fn pieces() -> impl Strategy<Value = Vec<Option<Vec<u8>>>> {
    let piece = prop_oneof![
        1 => Just(None),
        4 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Some),
        1 => (4_000usize..10_000).prop_map(|length| Some(vec![b'x'; length])),
    ];
    prop::collection::vec(piece, 0..8)
}

/// How much goes through at a time: at least once more than nothing.
fn steps() -> impl Strategy<Value = Vec<usize>> {
    let step = prop_oneof![Just(0), 1usize..6, 1_000usize..20_000];
    (prop::collection::vec(step, 0..5), 1usize..9_000).prop_map(|(mut steps, last)| {
        steps.push(last);
        steps
    })
}

/// As many pieces as are left, each 8,000 bytes of `data`.
struct Chunks {
    data: Bytes,
    left: Arc<AtomicUsize>,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.left.load(Relaxed);
        self.left.store(left.saturating_sub(1), Relaxed);
        Poll::Ready((left > 0).then(|| Ok(Frame::data(self.data.clone()))))
    }
}

/// Pieces that are there already leave together, but one that stalls is not added to, and nothing written is held.
#[test]
fn pieces_are_gathered() {
    let mut cx = Context::from_waker(Waker::noop());
    let data = Bytes::from(vec![b'x'; 8_000]);
    let left = Arc::new(AtomicUsize::new(20));
    let mut body = Body::new(Chunks {
        data: data.clone(),
        left: Arc::clone(&left),
    });
    let mut wire = Wire {
        taken: Vec::new(),
        steps: vec![0],
        at: 0,
    };
    let mut writer = Writer::default();
    writer.begin(Some(Length::Chunked), false, |_| {});
    for steps in [vec![0], vec![0, 10_000]] {
        wire.steps = steps;
        for _ in 0..4 {
            assert!(
                writer
                    .poll_message(&mut wire, &mut body, &mut cx)
                    .is_pending()
            );
            assert_eq!(left.load(Relaxed), 15);
        }
    }
    (wire.steps, wire.at) = (vec![usize::MAX], 0);
    let ended = writer.poll_message(&mut wire, &mut body, &mut cx);
    assert!(matches!(ended, Poll::Ready(Ok(()))));
    // The last chunk is the fifth write, and each is flushed.
    assert_eq!(wire.at, 2 * 5);
    drop(body);
    assert!(data.is_unique());
    let (body, _) = read(Length::Chunked, &wire.taken, &[100_000]).expect("a whole body");
    assert_eq!(body.len(), 20 * 8_000);
}

/// A write may stop just between a large chunk's data and its line end; the next chunk must not get in between.
#[test]
fn a_line_end_is_not_overtaken() {
    let pieces = [Some(vec![b'x'; 5_000]), Some(b"abc".to_vec())];
    for room in 4_990..5_050 {
        let (ended, bytes) = written(Length::Chunked, &pieces, &[0, room]);
        assert!(ended.is_ok());
        let (body, _) = read(Length::Chunked, &bytes, &[1_000]).expect("a whole body");
        assert_eq!(body.len(), 5_003, "{room}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn what_is_written_is_read(pieces in pieces(), out in steps(), back in steps()) {
        let body: Vec<u8> = pieces.iter().flatten().flatten().copied().collect();
        let lengths = [Length::Exact(body.len() as u64), Length::Chunked, Length::UntilClose];
        for length in lengths {
            if length == Length::Exact(0) {
                continue;
            }
            let (ended, mut bytes) = written(length, &pieces, &out);
            prop_assert!(ended.is_ok());
            let whole = bytes.len();
            if length != Length::UntilClose {
                bytes.extend(b"GET /next");
            }
            prop_assert_eq!(read(length, &bytes, &back), Some((body.clone(), whole)));
            // Cut anywhere, it never looks whole where its length can be told.
            if length != Length::UntilClose {
                let cut = whole * out.len() / (out.len() + 1);
                prop_assert_eq!(read(length, &bytes[..cut.min(whole - 1)], &back), None);
            }
        }
    }

    #[test]
    fn a_body_that_is_not_as_long_as_it_said_never_ends(
        pieces in pieces(),
        out in steps(),
        said in 1u64..20_000,
    ) {
        let (ended, bytes) = written(Length::Exact(said), &pieces, &out);
        // What comes after the last byte that was announced is not even asked for.
        let mut sum = 0;
        let reaches = pieces.iter().flatten().any(|piece| {
            sum += piece.len() as u64;
            sum == said
        });
        prop_assert_eq!(ended.is_ok(), reaches);
        prop_assert!(bytes.len() as u64 <= said);
    }
}

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;

use proptest::prelude::*;

use super::*;

/// A body in pieces, between each two of which it is awaited once.
struct Pieces {
    frames: VecDeque<Frame<Bytes>>,
    pending: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.pending = !self.pending;
        if self.pending {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.frames.pop_front().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }
}

fn body(pieces: &[&[u8]], trailer: bool) -> Body {
    let mut frames: VecDeque<_> = pieces
        .iter()
        .map(|piece| Frame::data(Bytes::copy_from_slice(piece)))
        .collect();
    if trailer {
        let fields = [(http::header::ETAG, http::HeaderValue::from_static("x"))];
        frames.push_back(Frame::trailers(HeaderMap::from_iter(fields)));
    }
    Body::new(Pieces {
        frames,
        pending: false,
    })
}

/// Reads so many frames, or all that are left; the bytes, and whether there was a trailer.
async fn read(body: &mut Body, frames: usize) -> (Vec<u8>, bool) {
    let (mut bytes, mut trailer) = (Vec::new(), false);
    for _ in 0..frames {
        let Some(frame) = body.frame().await else {
            break;
        };
        match frame.expect("a frame").into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(_) => trailer = true,
        }
    }
    (bytes, trailer)
}

#[tokio::test]
async fn an_attempt_begins_anew_wherever_the_one_before_ended() {
    for trailer in [false, true] {
        for stop in 0..=5 {
            let (replay, mut first) = Replay::of(body(&[b"ab", b"", b"c", b"def"], trailer), 6);
            let replay = replay.expect("small enough");
            read(&mut first, stop).await;
            drop(first);
            for _ in 0..2 {
                let mut again = replay.body().expect("all of it is kept");
                assert_eq!(
                    read(&mut again, 99).await,
                    (b"abcdef".to_vec(), trailer),
                    "{stop}"
                );
                assert!(again.is_end_stream() && replay.is_read());
            }
        }
    }
}

#[tokio::test]
async fn more_than_the_bound_is_not_kept() {
    let (replay, mut first) = Replay::of(body(&[b"abc", b"def", b"g"], true), 6);
    let replay = replay.expect("its size is not known");
    read(&mut first, 2).await;
    assert!(replay.is_kept());
    assert_eq!(
        read(&mut first, 99).await,
        (b"g".to_vec(), true),
        "it streams on"
    );
    assert!(!replay.is_kept() && replay.body().is_none());

    let sized = http_body_util::Full::new(Bytes::from("1234567"));
    let (replay, body) = Replay::of(Body::new(sized), 6);
    assert!(replay.is_none() && body.size_hint().exact() == Some(7));
}

#[tokio::test]
async fn what_lies_in_memory_has_no_bound() {
    let (replay, first) = Replay::of(Body::from("1234567"), 0);
    let replay = replay.expect("nothing more is kept");
    drop(first);
    let again = replay.body().expect("it is there").bytes(7).await;
    assert_eq!(again.expect("seven bytes"), "1234567");
    let (replay, first) = Replay::of(Body::empty(), 0);
    assert!(replay.is_some_and(|replay| replay.is_read()) && first.is_end_stream());
}

#[tokio::test]
async fn the_size_stays_what_it_was() {
    let sized = http_body_util::Full::new(Bytes::from("12345"));
    let (replay, mut first) = Replay::of(Body::new(sized), 5);
    assert_eq!(first.size_hint().exact(), Some(5));
    read(&mut first, 1).await;
    assert_eq!(first.size_hint().exact(), Some(0));
    let replay = replay.expect("small enough");
    let again = replay.body().expect("kept");
    assert_eq!(again.size_hint().exact(), Some(5));
}

/// Nobody may send what has a hole in it.
#[tokio::test]
async fn two_attempts_at_once_do_not_share_what_was_not_kept() {
    let (replay, mut first) = Replay::of(body(&[b"abc", b"def"], false), 3);
    let replay = replay.expect("its size is not known");
    read(&mut first, 1).await;
    let mut second = replay.body().expect("kept so far");
    read(&mut first, 1).await;
    let lost = second.frame().await.expect("no end").expect_err("a hole");
    assert_eq!(lost.kind(), ErrorKind::ClientBody);
}

/// The response may come before all of a body was sent once more.
#[tokio::test]
async fn an_attempt_goes_on_when_nobody_will_ask_again() {
    let (replay, mut first) = Replay::of(body(&[b"abc", b"def"], true), 9);
    let replay = replay.expect("its size is not known");
    read(&mut first, 1).await;
    let mut second = replay.body().expect("kept so far");
    drop((first, replay));
    assert_eq!(read(&mut second, 99).await, (b"abcdef".to_vec(), true));
}

/// A response may take long, and what it answers is of no use meanwhile.
#[tokio::test]
async fn nothing_is_kept_once_nobody_will_ask() {
    for stop in 0..=2 {
        let (replay, mut first) = Replay::of(body(&[b"abc", b"def"], false), 9);
        read(&mut first, stop).await;
        let Some(Replay::Streamed(keeper)) = replay else {
            panic!("its size is not known");
        };
        let stream = Arc::clone(&keeper.0);
        assert!(with(&stream, |stream| stream.kept.is_some()));
        drop(keeper);
        assert!(with(&stream, |stream| stream.kept.is_none()), "{stop}");
        assert_eq!(read(&mut first, 99).await.0, b"abcdef"[3 * stop..]);
        assert!(with(&stream, |stream| stream.kept.is_none()), "{stop}");
    }
}

#[tokio::test]
async fn what_broke_off_is_not_sent_again() {
    let (replay, mut first) = Replay::of(Body::received(Broken), 9);
    assert!(first.frame().await.expect("a frame").is_err());
    assert!(replay.expect("its size is not known").body().is_none());
}

struct Broken;

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

proptest! {
    /// However it comes and wherever attempts end: the next one is byte for byte the same, or there is none.
    #[test]
    fn byte_for_byte(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..9),
        most in 0u64..60,
        stops in proptest::collection::vec(0usize..12, 1..5),
        trailer in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let whole = pieces.concat();
            let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
            let (replay, mut attempt) = Replay::of(body(&pieces, trailer), most);
            let Some(replay) = replay else { return Ok(()) };
            for stop in stops {
                let (begun, _) = read(&mut attempt, stop).await;
                prop_assert!(whole.starts_with(&begun));
                prop_assert!(begun.len() as u64 <= most || !replay.is_kept());
                drop(attempt);
                let Some(again) = replay.body() else {
                    prop_assert!(whole.len() as u64 > most);
                    return Ok(());
                };
                attempt = again;
            }
            let rest = read(&mut attempt, usize::MAX).await;
            prop_assert_eq!(rest, (whole, trailer));
            Ok(())
        })?;
    }
}

//! Where a thread reads what comes in, whichever connection it comes over.
//!
//! A connection has no buffer to read into, and none while it waits: all of a thread share one, which is still in the
//! cache from the last read. Of a body, what was read is passed on as a part of the room; once that was written the room is
//! whole again. While a peer does not take what it is sent the room is held, and the thread makes another. What may be kept
//! for longer than it takes to write it holds no room: it is copied.

use std::cell::Cell;
use std::io;
use std::task::Poll;

use bytes::buf::Limit;
use bytes::{BufMut, BytesMut};

/// The most that is read at once, and the most that one body holds.
const SIZE: usize = 128 * 1024;
/// While parts of a room are held, what is left of it is used down to so much.
const LEAST: usize = 32 * 1024;
/// So little is copied, so that it does not hold the room.
const COPY: usize = 4 * 1024;
/// The most that is read at once to add to what is there, as that is copied too.
const MORE: usize = 8 * 1024;

thread_local! {
    static ROOM: Cell<BytesMut> = Cell::default();
}

/// Adds to `input` what `read` puts into the room it is given; 0 is the end. With a limit of bytes, what is read is a head
/// or what follows it, which may be kept for as long as an exchange takes; without one it is a body.
pub(crate) fn poll_read(
    input: &mut BytesMut,
    most: Option<usize>,
    read: impl FnOnce(&mut Limit<&mut BytesMut>) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    let mut room = ROOM.take();
    if input.is_empty() {
        // Even nothing of a room would hold it.
        *input = BytesMut::new();
    }
    if !room.try_reclaim(SIZE) && room.capacity() < LEAST {
        room = BytesMut::with_capacity(SIZE);
    }
    let room_for = match input.is_empty() {
        true => SIZE,
        false => MORE,
    };
    let room_for = most.map_or(room_for, |most| most.min(room_for));
    let count = read(&mut (&mut room).limit(room_for));
    if most.is_none() && input.is_empty() && room.len() > COPY {
        *input = room.split();
    } else {
        input.extend_from_slice(&room);
        room.clear();
    }
    ROOM.set(room);
    count
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use bytes::Bytes;

    use super::*;
    use crate::h1::{BodyReader, Length};

    /// Reads up to `count` bytes of `byte`; how much it read, and the room it was offered.
    fn add(input: &mut BytesMut, most: Option<usize>, count: usize, byte: u8) -> (usize, usize) {
        let mut offered = 0;
        let read = poll_read(input, most, |room| {
            offered = room.chunk_mut().len();
            let count = count.min(offered);
            room.put_bytes(byte, count);
            Poll::Ready(Ok(count))
        });
        match read {
            Poll::Ready(Ok(count)) => (count, offered),
            other => panic!("{other:?}"),
        }
    }

    fn fill(count: usize, byte: u8) -> Bytes {
        let mut input = BytesMut::new();
        assert_eq!(add(&mut input, None, count, byte).0, count);
        input.freeze()
    }

    /// A body of known length takes as many reads as it has rooms, and all of them go to the same place.
    #[test]
    fn a_large_body_goes_through_one_room() {
        let (mut reads, mut places) = (Vec::new(), Vec::new());
        let mut body = BodyReader::new(Length::Exact(1 << 20));
        let mut input = BytesMut::new();
        let mut cx = Context::from_waker(Waker::noop());
        while !body.is_end() {
            let frame = body.poll_frame(&mut input, &mut cx, |_, input| {
                let (count, _) = add(input, None, 1 << 20, b'x');
                reads.push(count);
                Poll::Ready(Ok(count))
            });
            let Poll::Ready(Some(Ok(frame))) = frame else {
                panic!("no frame");
            };
            places.extend(frame.data_ref().map(|data| data.as_ptr()));
        }
        assert_eq!(reads, [SIZE; 8]);
        places.dedup();
        assert_eq!(places.len(), 1, "{places:?}");
    }

    #[test]
    fn what_is_held_is_not_written_over() {
        let held: Vec<_> = (0..40).map(|byte| fill(10_000, byte)).collect();
        for (byte, held) in (0..).zip(&held) {
            assert!(held.iter().all(|found| *found == byte), "{byte}");
        }
        // Those that are read while others are held share rooms.
        let mut at: Vec<_> = held.iter().map(|held| held.as_ptr() as usize).collect();
        at.sort_unstable();
        let apart = at.windows(2).filter(|pair| pair[1] - pair[0] != 10_000);
        assert!(apart.count() < 40 * 10_000 / (SIZE - LEAST));
    }

    #[test]
    fn little_holds_no_room() {
        let all = fill(COPY + 1, b'x').as_ptr();
        for count in [1, 100, COPY] {
            let little = fill(count, b'x');
            assert_ne!(little.as_ptr(), all);
            assert_eq!(fill(COPY + 1, b'y').as_ptr(), all, "{count} bytes hold it");
        }
    }

    /// A head that drips in, or what was read ahead, waits for as long as a peer likes.
    #[test]
    fn what_may_be_kept_holds_no_room() {
        let all = fill(COPY + 1, b'x').as_ptr();
        let mut kept = Vec::new();
        for count in [COPY + 1, 20_000] {
            let mut input = BytesMut::new();
            assert_eq!(add(&mut input, Some(20_000), count, b'k').0, count);
            assert!(input.capacity() < 2 * count, "{}", input.capacity());
            kept.push(input);
            assert_eq!(fill(SIZE, b'y').as_ptr(), all, "{count} bytes hold it");
        }
        assert!(kept.iter().flatten().all(|byte| *byte == b'k'));
    }

    #[test]
    fn nothing_is_held_while_nothing_comes() {
        let mut input = BytesMut::from(&fill(COPY + 1, b'x')[..]);
        let all = fill(COPY + 1, b'x').as_ptr();
        input.clear();
        assert!(poll_read(&mut input, None, |_| Poll::Pending).is_pending());
        assert_eq!(input.capacity(), 0);

        add(&mut input, None, SIZE, b'x');
        drop(input.split());
        assert!(poll_read(&mut input, None, |_| Poll::Pending).is_pending());
        assert_eq!(fill(COPY + 1, b'y').as_ptr(), all);
    }

    #[test]
    fn reads_are_bounded() {
        let mut input = BytesMut::new();
        assert_eq!(add(&mut input, Some(10), SIZE, b'a'), (10, 10));
        assert_eq!(add(&mut input, None, SIZE, b'b'), (MORE, MORE));
        assert_eq!(add(&mut input, Some(5), SIZE, b'c'), (5, 5));
        let expected = [vec![b'a'; 10], vec![b'b'; MORE], vec![b'c'; 5]].concat();
        assert_eq!(input, expected);
        assert_eq!(add(&mut BytesMut::new(), None, SIZE, b'd'), (SIZE, SIZE));
    }
}

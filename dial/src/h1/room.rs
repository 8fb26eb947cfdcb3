//! Where a thread reads what comes in, whichever connection it comes over.
//!
//! A connection has no buffer to read into, and none while it waits: all of a thread share one, which is still in the
//! cache from the last read. What was read is passed on as a part of it; once that was written the room is whole again.
//! Only while a peer does not take what it is sent is a room held up, and the thread makes another.

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

/// Adds at most `most` bytes to `input`, from what `read` puts into the room it is given; 0 is the end.
pub(crate) fn poll_read(
    input: &mut BytesMut,
    most: usize,
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
    let most = match input.is_empty() {
        true => most,
        false => most.min(MORE),
    };
    let count = read(&mut (&mut room).limit(most));
    if input.is_empty() && room.len() > COPY {
        *input = room.split();
    } else {
        input.extend_from_slice(&room);
        room.clear();
    }
    ROOM.set(room);
    count
}

//! HTTP/1.1 on the wire (RFC 9112): heads, framing, bodies. It opens no sockets.
//!
//! What can be read in two ways is refused here, once, for both sides: nothing dial forwards is framed by what a peer
//! wrote. A message's framing becomes a [`Length`]; what its fields said is not forwarded: dial writes its own.

mod chunked;
mod encode;
mod framing;
mod head;
mod reader;
mod room;
mod version;
mod writer;

#[cfg(test)]
mod tests;

use bytes::{Bytes, BytesMut};

pub(crate) use self::encode::{Asks, interim_head, request_head, response_head};
pub(crate) use self::framing::Length;
pub(crate) use self::head::{HeadLimits, Malformed, RequestHead, ResponseHead, check_host};
pub(crate) use self::reader::{BodyError, BodyReader};
pub(crate) use self::room::poll_read;
pub(crate) use self::writer::{WriteError, Writer};

/// Whether a line ends in a bare LF. One reader takes that for an end and another does not (RFC 9112 §2.2).
fn has_bare_lf(lines: &[u8]) -> bool {
    let pairs = lines.iter().zip(lines.iter().skip(1));
    // Counted to the end, not stopped at the first: so it is done many bytes at a time.
    let bare = pairs.filter(|(before, byte)| **byte == b'\n' && **before != b'\r');
    lines.first() == Some(&b'\n') || bare.count() > 0
}

/// The first `count` bytes of what was read. Mostly they are none or all of it, which takes no allocation.
pub(crate) fn split(input: &mut BytesMut, count: usize) -> Bytes {
    match count {
        0 => Bytes::new(),
        count if count == input.len() => std::mem::take(input).freeze(),
        count => input.split_to(count).freeze(),
    }
}

/// The longest line that starts a chunk, extensions included, and the longest trailer section, in bytes.
pub(crate) const MAX_CHUNK_LINE: usize = 4096;
/// All extensions of one body together (RFC 9112 §7.1.1).
pub(crate) const MAX_EXTENSIONS: usize = 16 * 1024;
pub(crate) const MAX_TRAILERS: usize = 16 * 1024;

//! HTTP/1.1 on the wire (RFC 9112): heads, framing, bodies. It opens no sockets.
//!
//! What can be read in two ways is refused here, once, for both sides: nothing dial forwards is framed by what a peer
//! wrote. A message's framing becomes a [`Length`], the fields that said so are dropped, and dial writes its own.

mod chunked;
mod encode;
mod framing;
mod head;
mod reader;
mod writer;

pub(crate) use self::encode::{request_head, response_head};
pub(crate) use self::framing::Length;
pub(crate) use self::head::{HeadLimits, Malformed, RequestHead, ResponseHead};
pub(crate) use self::reader::{BodyError, BodyReader};
pub(crate) use self::writer::{WriteError, Writer};

/// The longest line that starts a chunk, extensions included, and the longest trailer section, in bytes.
pub(crate) const MAX_CHUNK_LINE: usize = 4096;
pub(crate) const MAX_TRAILERS: usize = 16 * 1024;

//! As much of HTTP/1.1 as the origin and the load generator need, and strictly that: what is not expected is an error,
//! because a run in which anything was odd must not be reported.

mod body;
mod head;
mod incoming;
mod outgoing;

pub(crate) use head::{Head, Kind};
pub(crate) use incoming::{Incoming, Progress};
pub(crate) use outgoing::Outgoing;

/// No head of a benchmark is longer.
pub(crate) const MAX_HEAD: usize = 32 * 1024;
/// The longest body that can be sent; a body is a part of one filler.
pub(crate) const MAX_BODY: usize = 4 << 20;

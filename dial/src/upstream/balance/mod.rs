//! Which endpoint is next.

mod round_robin;

pub(super) use self::round_robin::RoundRobin;

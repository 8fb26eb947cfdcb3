//! What the fuzzer runs: each function takes any bytes, drives a part of dial with them and panics when a promise is
//! broken. `fuzz/README.md` says how; the tests here replay every seed and every input that once failed.
//!
//! Inputs are text where they can be, so that a seed can be read and written by hand. What dial makes of HTTP is judged by
//! [`strict`], a reader that shares no code with it.

// Only tests and the fuzzer see this module, and its functions are made to panic.
#![allow(clippy::missing_panics_doc)]

mod chunked;
mod forwarded;
mod head;
mod input;
mod pattern;
mod proxy;
mod proxy_protocol;
mod sanitise;
mod strict;
mod target;

#[cfg(test)]
mod tests;

pub use self::chunked::chunked;
pub use self::forwarded::forwarded;
pub use self::head::head;
pub use self::pattern::pattern;
pub use self::proxy::proxy;
pub use self::proxy_protocol::proxy_protocol;
pub use self::sanitise::sanitise;
pub use self::target::target;

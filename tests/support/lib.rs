//! Origins and clients for the integration tests.
//!
//! A test puts dial between an [`Origin`], whose every received byte it can ask for, and a
//! [`RawClient`], which sees exactly what came back. Both work on raw sockets with a strict parser
//! of their own ([`wire`]), so that what is tested is never also the judge. Everything binds port 0
//! on the loopback, waits on events, and gives up with a panic that tells how far things had come;
//! a panic inside an origin fails the test that owns it.
//!
//! ```no_run
//! # use dial_tests::{Origin, RawClient, client};
//! # async fn example(dial: std::net::SocketAddr) {
//! let origin = Origin::named("1");
//! let response = client::get(dial, "/api/data?x=1").await;
//! assert_eq!((response.status, response.origin()), (200, "1"));
//! assert_eq!(origin.requests()[0].target, "/api/v1/data?x=1");
//! # }
//! ```
#![allow(
    clippy::missing_panics_doc,
    reason = "an unmet expectation or deadline panics: that is how a test fails"
)]

pub mod bulk;
pub mod client;
pub mod log;
pub mod origin;
pub mod port;
pub mod random;
pub mod scratch;
pub mod steady;
pub mod wait;
pub mod wire;

pub use client::{RawClient, RawHead, RawResponse};
pub use log::Log;
pub use origin::{Answer, BulkOrigin, Identity, Origin, Recorded, Script, TlsOrigin};
pub use port::{ClosedPort, SilentPort};
pub use random::Random;
pub use scratch::Scratch;
pub use steady::{Exchange, SteadyClient};
pub use wait::{Gate, eventually, within};
pub use wire::{Ending, Fields};

/// README's own code, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

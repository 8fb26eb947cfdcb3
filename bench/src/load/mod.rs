//! The load generator: one thread, a closed loop or a fixed rate, every response checked.
//!
//! It is a process of its own: it reads a [`Spec`] from standard input and writes an [`Outcome`] or says what was wrong.

mod connection;
mod driver;
mod schedule;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::usage::{Cpu, Memory};

/// The process's whole life.
pub(crate) fn generate() -> Result<(), String> {
    let spec = serde_json::from_reader(std::io::stdin()).map_err(|error| error.to_string())?;
    let outcome = driver::run(spec)?;
    let outcome = serde_json::to_string(&outcome).map_err(|error| error.to_string())?;
    println!("{outcome}");
    Ok(())
}

/// What to send, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) target: SocketAddr,
    /// The process group whose use is measured.
    pub(crate) group: i32,
    pub(crate) connections: usize,
    /// Requests under way at most; at most one for each connection.
    pub(crate) in_flight: usize,
    /// Whole heads, sent in turn.
    pub(crate) heads: Vec<String>,
    /// Of each request's body.
    pub(crate) body: usize,
    /// Of each response's body.
    pub(crate) expect: u64,
    pub(crate) mode: Mode,
    pub(crate) warm_up_ms: u64,
    pub(crate) window_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// The next request as soon as one is answered.
    Closed,
    /// The same, each on a connection of its own; the heads ask for its close.
    NewConnections,
    /// So many each second, at regular times, whatever the answers take. Latencies count from these times.
    Rate(f64),
    /// One on each connection, which is then held so long before memory is looked at.
    Idle { settle_ms: u64 },
}

/// What came of the measured window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu: Cpu,
    /// Connections that the peer closed, as it said it would, from the beginning on.
    pub(crate) reconnects: u64,
    /// Before the first connection.
    pub(crate) before: Memory,
    /// At the window's end, or with all connections idle.
    pub(crate) after: Memory,
    pub(crate) latency: Option<Latency>,
}

/// At a fixed rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Latency {
    /// In nanoseconds.
    Held { p50: u64, p99: u64 },
    /// Requests were waiting to be sent for a second, or for a tenth of one at the end.
    NotHeld,
}

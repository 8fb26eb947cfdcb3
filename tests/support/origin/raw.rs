//! Origins that follow a script, for everything no well-behaved server would do.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::yield_now;

use super::Origin;
use super::host::Host;
use super::ledger::{Connection, Recording};
use super::named::{arrived, read_request_head, send};
use crate::wait::Gate;
use crate::wire::Wire;

/// What a raw origin does on a connection, step after step. At the end of the script it closes.
///
/// ```
/// # use dial_tests::{Origin, Script};
/// let broken = Script::new()
///     .read_head()
///     .write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
///     .reset();
/// let origin = Origin::raw(broken);
/// ```
///
/// A peer that leaves early ends the script. Closing with bytes unread makes the system send a
/// reset: a script that ignores part of a request and is to end in order needs
/// [`Script::half_close`] and [`Script::hang`].
#[derive(Clone, Debug, Default)]
pub struct Script(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    ReadHead,
    ReadRequest,
    ReadExact(usize),
    ReadUntil(Vec<u8>),
    Write(Vec<u8>),
    Drip(Vec<u8>),
    Wait(Gate),
    HalfClose,
    Reset,
    Hang,
    Repeat,
}

// === impl Origin ===

impl Origin {
    /// An origin that follows `script` on every connection.
    #[must_use]
    pub fn raw(script: Script) -> Self {
        Self::raw_each([script])
    }

    /// An origin that follows the first script on its first connection, and so on; the last one
    /// also on all that come later.
    pub fn raw_each(scripts: impl IntoIterator<Item = Script>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().map(Arc::new).collect();
        assert!(!scripts.is_empty(), "a raw origin needs a script");
        let serve = move |stream, connection: Connection| {
            let script = scripts.get(connection.number).or(scripts.last());
            follow(script.map(Arc::clone), stream, connection)
        };
        Self::new(Host::start(serve))
    }
}

// === impl Script ===

impl Script {
    /// Accepts, and closes at once unless steps are added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads up to the empty line that ends a head.
    #[must_use]
    pub fn read_head(self) -> Self {
        self.then(Step::ReadHead)
    }

    /// Reads a whole request; sends 100 Continue when it is expected.
    #[must_use]
    pub fn read_request(self) -> Self {
        self.then(Step::ReadRequest)
    }

    /// Reads `count` bytes.
    #[must_use]
    pub fn read_exact(self, count: usize) -> Self {
        self.then(Step::ReadExact(count))
    }

    /// Reads up to and including `end`.
    #[must_use]
    pub fn read_until(self, end: impl Into<Vec<u8>>) -> Self {
        self.then(Step::ReadUntil(end.into()))
    }

    /// Writes `bytes` at once.
    #[must_use]
    pub fn write(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Write(bytes.into()))
    }

    /// Writes `bytes` one at a time, each in a segment of its own.
    #[must_use]
    pub fn drip(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Drip(bytes.into()))
    }

    /// Waits, reading nothing, until the test opens `gate`.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.then(Step::Wait(gate.clone()))
    }

    /// Ends the sending side (FIN) and goes on.
    #[must_use]
    pub fn half_close(self) -> Self {
        self.then(Step::HalfClose)
    }

    /// Ends the connection with a reset (`SO_LINGER` of zero). As the first step it may fail the
    /// peer's connect already.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Goes on reading and says nothing more, until the peer leaves.
    #[must_use]
    pub fn hang(self) -> Self {
        self.then(Step::Hang)
    }

    /// Starts the script again on the same connection.
    #[must_use]
    pub fn repeat(self) -> Self {
        self.then(Step::Repeat)
    }

    fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

// === impl Step ===

impl Step {
    fn reads(&self) -> bool {
        matches!(
            self,
            Self::ReadHead | Self::ReadRequest | Self::ReadExact(_) | Self::ReadUntil(_)
        )
    }
}

async fn follow(script: Option<Arc<Script>>, stream: TcpStream, connection: Connection) {
    let steps = &script.as_ref().expect("checked not to be empty").0;
    let mut wire = Wire::new(connection.record(stream));
    let mut next = 0;
    loop {
        if !steps[next..].iter().any(Step::reads) {
            connection.answered();
        }
        match steps.get(next) {
            Some(Step::Repeat) => next = 0,
            Some(step) if take(step, &mut wire).await.is_some() => next += 1,
            _ => return,
        }
    }
}

/// Takes one step; `None` is the end of the connection.
async fn take(step: &Step, wire: &mut Wire<Recording<TcpStream>>) -> Option<()> {
    match step {
        Step::ReadHead => read_until(wire, b"\r\n\r\n").await,
        Step::ReadUntil(end) => read_until(wire, end).await,
        Step::ReadExact(count) => wire.exact(*count).await.ok().map(drop),
        Step::ReadRequest => {
            let read = read_request_head(wire).await;
            let (_, mut pieces) = arrived(read, wire)?;
            let read = pieces.rest(wire, &mut Vec::new()).await;
            arrived(read, wire)
        }
        Step::Write(bytes) => send(wire, bytes).await,
        Step::Drip(bytes) => {
            for byte in bytes {
                send(wire, &[*byte]).await?;
                yield_now().await;
            }
            Some(())
        }
        Step::Wait(gate) => {
            gate.passed().await;
            Some(())
        }
        Step::HalfClose => wire.io.shutdown().await.ok(),
        Step::Reset => {
            let stream = wire.io.get_ref();
            stream.set_zero_linger().expect("a connected socket");
            None
        }
        Step::Hang => {
            wire.end().await;
            None
        }
        Step::Repeat => unreachable!("followed by the loop"),
    }
}

async fn read_until(wire: &mut Wire<Recording<TcpStream>>, end: &[u8]) -> Option<()> {
    let read = wire.until(end).await;
    arrived(read, wire).map(drop)
}

//! Origins for bodies too large to hold, which tell how much has got through.

use std::ops::Deref;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::host::Host;
use super::ledger::Connection;
use super::named::{arrived, read_request_head, send};
use super::{Answer, Origin};
use crate::bulk;
use crate::wait::{DEADLINE, Gate, STALL};
use crate::wire::{Pieces, Wire};

/// An origin that sends or takes large bodies piece by piece, each byte
/// [`bulk::byte_at`](crate::bulk::byte_at) its offset.
///
/// Pieces of a body pass only while [`BulkOrigin::gate`] is open, which it is at first; heads pass
/// always.
#[derive(Debug)]
pub struct BulkOrigin {
    origin: Origin,
    flow: Flow,
}

/// The bytes of bodies moved over all connections, and what holds them back.
#[derive(Clone, Debug)]
struct Flow {
    gate: Gate,
    moved: watch::Sender<u64>,
}

// === impl BulkOrigin ===

impl BulkOrigin {
    /// Answers every request with a body of `length` bytes.
    #[must_use]
    pub fn flood(length: u64) -> Self {
        Self::start(move |stream, connection, flow| async move {
            flood(stream, connection, &flow, length).await;
        })
    }

    /// Takes uploads made by [`RawClient::send_bulk`](crate::RawClient::send_bulk), and answers
    /// each with its length in digits. Any other upload panics.
    #[must_use]
    pub fn sink() -> Self {
        Self::start(|stream, connection, flow| async move {
            sink(stream, connection, &flow).await;
        })
    }

    /// What holds bodies back when closed.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.flow.gate
    }

    /// How many bytes of bodies it has been able to write, or has read.
    #[must_use]
    pub fn moved(&self) -> u64 {
        *self.flow.moved.borrow()
    }

    /// Waits until at least `count` bytes have moved.
    pub async fn reached(&self, count: u64) {
        let mut moved = self.flow.moved.subscribe();
        let reached = moved.wait_for(|moved| *moved >= count);
        if timeout(DEADLINE, reached).await.is_err() {
            self.origin.host.book().check();
            panic!("{} of {count} bytes within {DEADLINE:?}", self.moved());
        }
    }

    /// Waits until something has moved and then nothing for [`STALL`]; says how many bytes have.
    pub async fn stalled(&self) -> u64 {
        self.reached(1).await;
        let mut moved = self.flow.moved.subscribe();
        while timeout(STALL, moved.changed()).await.is_ok() {}
        self.moved()
    }

    fn start<F>(serve: impl Fn(TcpStream, Connection, Flow) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let flow = Flow {
            gate: Gate::opened(),
            moved: watch::Sender::new(0),
        };
        let shared = flow.clone();
        let host = Host::start(move |stream, connection| serve(stream, connection, shared.clone()));
        Self {
            origin: Origin::new(host),
            flow,
        }
    }
}

impl Deref for BulkOrigin {
    type Target = Origin;

    fn deref(&self) -> &Origin {
        &self.origin
    }
}

// === impl Flow ===

impl Flow {
    fn add(&self, count: usize) {
        self.moved.send_modify(|moved| *moved += count as u64);
    }
}

/// Answers the requests on one connection with `length` bytes each; `None` when the peer has left.
async fn flood(stream: TcpStream, connection: Connection, flow: &Flow, length: u64) -> Option<()> {
    let mut wire = Wire::new(stream);
    wire.forget();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    loop {
        let mut pieces = accept(&mut wire, &connection).await?;
        let read = pieces.rest(&mut wire, &mut Vec::new()).await;
        arrived(read, &wire)?;
        send(&mut wire, head.as_bytes()).await?;
        let mut sent = 0;
        while sent < length {
            flow.gate.passed().await;
            let count = wire.io.write(bulk::piece(sent, length - sent)).await;
            let count = count.ok()?;
            flow.add(count);
            sent += count as u64;
        }
        connection.answered();
    }
}

/// Takes the uploads on one connection; `None` when the peer has left.
async fn sink(stream: TcpStream, connection: Connection, flow: &Flow) -> Option<()> {
    let mut wire = Wire::new(stream);
    wire.forget();
    loop {
        let mut pieces = accept(&mut wire, &connection).await?;
        let mut taken = 0;
        loop {
            flow.gate.passed().await;
            let read = pieces.next(&mut wire).await;
            let Some(piece) = arrived(read, &wire)? else {
                break;
            };
            bulk::check(taken, &piece);
            flow.add(piece.len());
            taken += piece.len() as u64;
        }
        let answer = Answer::ok(taken.to_string());
        send(&mut wire, &answer.to_bytes("POST")).await?;
        connection.answered();
    }
}

/// Reads and records the next head; `None` when the peer has left.
async fn accept(wire: &mut Wire<TcpStream>, connection: &Connection) -> Option<Pieces> {
    let read = read_request_head(wire).await;
    let (mut request, pieces) = arrived(read, wire)?;
    request.connection = connection.number;
    connection.request(request);
    Some(pieces)
}

//! A client that sends bytes and reads responses, each wait under a deadline.

mod response;
mod tls;

pub use response::{RawHead, RawResponse};

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{error::Elapsed, timeout};

use crate::bulk;
use crate::wait::{DEADLINE, STALL};
use crate::wire::{Ending, Fault, Framing, Pieces, Wire};

/// Asks `addr` for `target` on a connection of its own.
pub async fn get(addr: SocketAddr, target: &str) -> RawResponse {
    request(
        addr,
        format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\n\r\n"),
    )
    .await
}

/// Sends `raw`, one whole request, on a connection of its own and reads its response.
pub async fn request(addr: SocketAddr, raw: impl AsRef<[u8]>) -> RawResponse {
    let raw = raw.as_ref();
    let method = raw.split(|&byte| byte == b' ').next().unwrap_or_default();
    let mut client = RawClient::connect(addr).await;
    client.send(raw).await;
    client
        .read_response_to(&String::from_utf8_lossy(method))
        .await
}

/// One connection, on which a test writes what it likes and reads what comes.
///
/// Every wait ends after ten seconds ([`DEADLINE`]) unless [`RawClient::set_deadline`] says
/// otherwise, with a panic that shows all that has arrived on this connection.
#[derive(Debug)]
pub struct RawClient<S = TcpStream> {
    wire: Wire<S>,
    deadline: Duration,
}

// === impl RawClient ===

impl RawClient {
    /// Connects to `addr`. What is sent leaves at once (`TCP_NODELAY`).
    pub async fn connect(addr: SocketAddr) -> Self {
        let stream = match timeout(DEADLINE, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => panic!("connecting to {addr}: {error}"),
            Err(late) => panic!("connecting to {addr}: {late}"),
        };
        stream.set_nodelay(true).expect("a connected socket");
        Self::over(stream)
    }

    /// The client's own address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.wire.io.local_addr().expect("a connected socket")
    }

    /// Leaves abruptly: the peer sees a reset.
    pub fn reset(self) {
        self.wire.io.set_zero_linger().expect("a connected socket");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// A client over a stream that is already there, such as one inside TLS.
    pub fn over(stream: S) -> Self {
        Self {
            wire: Wire::new(stream),
            deadline: DEADLINE,
        }
    }

    /// Limits every single wait from now on.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Sends `bytes`, which the peer has to take.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if let Err(error) = self.try_send(bytes).await {
            panic!("sending: {error}; arrived: {}", self.wire.arrived());
        }
    }

    /// Sends `bytes` to a peer that may have left.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let write = async {
            self.wire.io.write_all(bytes.as_ref()).await?;
            self.wire.io.flush().await
        };
        let written = timeout(self.deadline, write).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends a body of `length` bytes, each [`bulk::byte_at`] its offset, to a peer that takes all
    /// of it.
    pub async fn send_bulk(&mut self, length: u64) {
        self.send_bulk_from(0, length).await;
    }

    /// Sends the rest of such a body, of which `sent` bytes were taken before.
    pub async fn send_bulk_from(&mut self, mut sent: u64, length: u64) {
        while sent < length {
            let piece = bulk::piece(sent, length - sent);
            self.send(piece).await;
            sent += piece.len() as u64;
        }
    }

    /// Sends such a body until the peer has taken nothing for [`STALL`]; says how much of it was
    /// taken.
    pub async fn send_bulk_until_stalled(&mut self, length: u64) -> u64 {
        let mut sent = 0;
        while sent < length {
            let piece = bulk::piece(sent, length - sent);
            match timeout(STALL, self.wire.io.write(piece)).await {
                Ok(Ok(count)) => sent += count as u64,
                Ok(Err(error)) => panic!("sending: {error}; arrived: {}", self.wire.arrived()),
                Err(_) => break,
            }
        }
        sent
    }

    /// Ends the sending side; the peer reads to the end and may still answer.
    pub async fn shutdown_write(&mut self) {
        let shut = timeout(self.deadline, self.wire.io.shutdown()).await;
        shut.expect("shutting down in time")
            .expect("an open socket");
    }

    /// Reads the next head, be it interim (1xx) or final.
    pub async fn read_head(&mut self) -> RawHead {
        let start = self.wire.position();
        let head = timeout(self.deadline, self.wire.head()).await;
        let (line, headers) = self.met("a response head", head);
        let raw = self.wire.since(start).to_vec();
        let head = RawHead::parse(&line, headers, raw);
        self.met("a response head", Ok(head))
    }

    /// Reads a whole response to any method but HEAD and CONNECT.
    pub async fn read_response(&mut self) -> RawResponse {
        self.read_response_to("GET").await
    }

    /// Reads a whole response to a request with `method`.
    ///
    /// A response to HEAD, a 204 and a 304 have no body, and neither has a 101 or a 2xx to CONNECT:
    /// what follows those is left for [`RawClient::read_exact`]. Interim responses come along in
    /// [`RawResponse::interim`].
    pub async fn read_response_to(&mut self, method: &str) -> RawResponse {
        let (response, end) = self.response(method).await;
        self.met("the rest of the body", Ok(end));
        response
    }

    /// Reads a response that must break off within its body; panics when it ends as it should.
    pub async fn read_cut_response(&mut self) -> RawResponse {
        match self.response("GET").await {
            (response, Err(Fault::Ended(_))) => response,
            (_, end) => panic!("not cut off but {end:?}: {}", self.wire.arrived()),
        }
    }

    /// Reads the body of `head`, which [`RawClient::send_bulk`] or a
    /// [`BulkOrigin`](crate::BulkOrigin) sent, without keeping it; says how long it was and panics
    /// when a byte is wrong.
    pub async fn read_bulk(&mut self, head: &RawHead) -> u64 {
        let framing = Framing::of_response("GET", head.status, &head.headers);
        let mut pieces = Pieces::new(self.met("a response head", Ok(framing)));
        let mut length = 0;
        self.wire.forget();
        loop {
            let piece = timeout(self.deadline, pieces.next(&mut self.wire)).await;
            let Some(piece) = self.met("the rest of the body", piece) else {
                return length;
            };
            bulk::check(length, &piece);
            length += piece.len() as u64;
        }
    }

    /// Reads `count` bytes, whatever they mean.
    pub async fn read_exact(&mut self, count: usize) -> Vec<u8> {
        let bytes = timeout(self.deadline, self.wire.exact(count)).await;
        self.met("more bytes", bytes)
    }

    /// Reads up to and including `end`, whatever it means.
    pub async fn read_until(&mut self, end: impl AsRef<[u8]>) -> Vec<u8> {
        let bytes = timeout(self.deadline, self.wire.until(end.as_ref())).await;
        self.met("what is read up to", bytes)
    }

    /// Reads everything until the peer ends the connection, in whichever way.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        self.read_to_ending().await.0
    }

    /// Reads everything until the peer ends the connection, and says how it ended.
    pub async fn read_to_ending(&mut self) -> (Vec<u8>, Ending) {
        let start = self.wire.position();
        let end = timeout(self.deadline, self.wire.end()).await;
        let end = self.met("the end of the connection", end.map(Ok));
        (self.wire.since(start).to_vec(), end)
    }

    /// Waits until the peer ends the connection, and panics when it says something before; tells
    /// how it ended.
    pub async fn closed(&mut self) -> Ending {
        let (said, end) = self.read_to_ending().await;
        assert!(
            said.is_empty(),
            "said before the end: \"{}\"",
            said.escape_ascii()
        );
        end
    }

    async fn response(&mut self, method: &str) -> (RawResponse, Result<(), Fault>) {
        let start = self.wire.position();
        let mut interim = Vec::new();
        let head = loop {
            let head = self.read_head().await;
            if head.is_final() {
                break head;
            }
            interim.push(head);
        };
        let framing = Framing::of_response(method, head.status, &head.headers);
        let mut pieces = Pieces::new(self.met("a response head", Ok(framing)));
        let mut body = Vec::new();
        let end = timeout(self.deadline, pieces.rest(&mut self.wire, &mut body)).await;
        let end = self.met("the rest of the body", end.map(Ok));
        let raw = self.wire.since(start).to_vec();
        (
            RawResponse::new(interim, head, body, pieces.trailers, raw),
            end,
        )
    }

    /// What was awaited, or the end of the test.
    fn met<T>(&self, what: &str, outcome: Result<Result<T, Fault>, Elapsed>) -> T {
        let why = match outcome {
            Ok(Ok(value)) => return value,
            Ok(Err(Fault::Ended(how))) => format!("the connection ended ({how:?})"),
            Ok(Err(Fault::Malformed(why))) => format!("malformed: {why}"),
            Err(_) => format!("waited {:?}", self.deadline),
        };
        panic!("awaiting {what}: {why}; arrived: {}", self.wire.arrived());
    }
}

#[cfg(test)]
mod tests;

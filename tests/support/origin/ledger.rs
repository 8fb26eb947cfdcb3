//! What an origin has seen: written on its thread, read and awaited by the test.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::timeout;

use crate::wait::DEADLINE;
use crate::wire::{Fields, printable};

/// A request as an origin received it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the connection it came on.
    pub connection: usize,
    /// The server name the client asked for in its TLS handshake.
    pub sni: Option<String>,
    /// The method.
    pub method: String,
    /// The request target, not normalised in any way.
    pub target: String,
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// The header fields.
    pub headers: Fields,
    /// The body without its framing; empty for [`Origin::http`](super::Origin::http), whose handler
    /// reads it.
    pub body: Vec<u8>,
    /// The trailer fields of a chunked body.
    pub trailers: Fields,
}

/// All that is known about an origin's past.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) requests: Vec<Recorded>,
    pub(super) connections: Vec<Entry>,
    failure: Option<String>,
}

/// One connection's past.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) received: Vec<u8>,
    pub(super) answered: bool,
    pub(super) over: bool,
}

/// The ledger, shared between the origin's thread and the test.
#[derive(Clone)]
pub(super) struct Book(watch::Sender<Ledger>);

/// The part of the ledger one connection writes.
#[derive(Clone)]
pub(super) struct Connection {
    book: Book,
    pub(super) number: usize,
}

/// Marks its connection as over when dropped.
pub(super) struct Over(Connection);

/// A stream whose bytes are entered as they are read.
pub(super) struct Recording<S> {
    io: S,
    connection: Connection,
}

// === impl Book ===

impl Book {
    pub(super) fn new() -> Self {
        Self(watch::Sender::default())
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.0.borrow())
    }

    /// Enters a connection that has just been accepted.
    pub(super) fn open(&self) -> (Connection, Over) {
        let mut number = 0;
        self.0.send_modify(|ledger| {
            number = ledger.connections.len();
            ledger.connections.push(Entry::default());
        });
        let book = self.clone();
        let connection = Connection { book, number };
        (connection.clone(), Over(connection))
    }

    /// Enters that something has panicked; the first failure is kept.
    pub(super) fn fail(&self, why: String) {
        self.0.send_modify(|ledger| {
            ledger.failure.get_or_insert(why);
        });
    }

    /// Enters how the task of a connection ended.
    pub(super) fn ended(&self, outcome: Result<(), JoinError>) {
        if let Err(Ok(panic)) = outcome.map_err(JoinError::try_into_panic) {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            self.fail(text.unwrap_or("no message").to_owned());
        }
    }

    /// Panics when something inside the origin has.
    pub(super) fn check(&self) {
        let failure = self.read(|ledger| ledger.failure.clone());
        if let Some(failure) = failure {
            panic!("the origin panicked: {failure}");
        }
    }

    /// Waits until `find` finds, the origin fails, or the deadline passes.
    pub(super) async fn wait<T>(&self, what: &str, find: impl Fn(&Ledger) -> Option<T>) -> T {
        let mut changes = self.0.subscribe();
        let settled = changes.wait_for(|ledger| ledger.failure.is_some() || find(ledger).is_some());
        let in_time = timeout(DEADLINE, settled).await.is_ok();
        self.check();
        match self.read(&find) {
            Some(found) if in_time => found,
            _ => panic!("no {what} within {DEADLINE:?}; {:?}", self.0.borrow()),
        }
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.borrow().fmt(f)
    }
}

// === impl Ledger ===

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests", self.requests.len())?;
        for (number, entry) in self.connections.iter().enumerate() {
            let state = if entry.over { "over" } else { "open" };
            let received = printable(&entry.received);
            write!(f, "\nconnection {number}, {state}: {received}")?;
        }
        Ok(())
    }
}

// === impl Connection ===

impl Connection {
    /// Enters a request.
    pub(super) fn request(&self, request: Recorded) {
        self.book
            .0
            .send_modify(|ledger| ledger.requests.push(request));
    }

    /// Enters that what is to be read has been read.
    pub(super) fn answered(&self) {
        self.modify(|entry| entry.answered = true);
    }

    /// Enters every byte read from `io`.
    pub(super) fn record<S>(&self, io: S) -> Recording<S> {
        let connection = self.clone();
        Recording { io, connection }
    }

    fn modify(&self, modify: impl FnOnce(&mut Entry)) {
        let number = self.number;
        self.book
            .0
            .send_modify(|ledger| modify(&mut ledger.connections[number]));
    }
}

// === impl Over ===

impl Drop for Over {
    fn drop(&mut self) {
        self.0.modify(|entry| entry.over = true);
    }
}

// === impl Recording ===

impl<S> Recording<S> {
    pub(super) fn get_ref(&self) -> &S {
        &self.io
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recording<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let new = &buf.filled()[before..];
        self.connection.modify(|entry| entry.received.extend(new));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recording<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

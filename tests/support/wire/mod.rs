//! A strict reader of HTTP/1.1 messages, RFC 9112.
//!
//! It keeps every byte it was given, so that a failure can show them, and forgives nothing: a bare
//! LF, a space before a colon, two framings at once are all malformed. What dial forwards or
//! answers has to pass here.

mod body;
mod fields;

pub(crate) use body::{Framing, Pieces};
pub use fields::Fields;

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::bulk::PIECE;

/// The longest head that is read: more is a runaway peer.
const HEAD_LIMIT: usize = 1 << 20;

/// How much of what had arrived a failing test shows.
const SHOWN: usize = 8 << 10;

/// How a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order: the peer has sent everything it had (FIN).
    Closed,
    /// Cut off (RST).
    Reset,
}

/// Why a message could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Ended(Ending),
    Malformed(String),
}

impl Fault {
    fn malformed<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::Malformed(why.into()))
    }
}

impl From<&io::Error> for Ending {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Reset,
        }
    }
}

/// A stream, what it has brought, and how much of that has been read.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) io: S,
    seen: Vec<u8>,
    at: usize,
    keep: bool,
}

impl<S> Wire<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            seen: Vec::new(),
            at: 0,
            keep: true,
        }
    }

    /// Keeps no more of what has been read, for bodies too large to hold.
    pub(crate) fn forget(&mut self) {
        self.keep = false;
    }

    /// How much has been read: a position for [`Wire::since`].
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// What has been read since `position`.
    pub(crate) fn since(&self, position: usize) -> &[u8] {
        &self.seen[position..self.at]
    }

    /// What has arrived and waits to be read.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.seen[self.at..]
    }

    /// Everything that has arrived, printable.
    pub(crate) fn arrived(&self) -> String {
        printable(&self.seen)
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Waits for more bytes.
    async fn fill(&mut self) -> Result<(), Fault> {
        if !self.keep {
            self.seen.drain(..self.at);
            self.at = 0;
        }
        self.seen.reserve(PIECE);
        match self.io.read_buf(&mut self.seen).await {
            Ok(0) => Err(Fault::Ended(Ending::Closed)),
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::Ended(Ending::from(&error))),
        }
    }

    /// Reads between one byte and `most`, whatever is there first.
    pub(crate) async fn some(&mut self, most: usize) -> Result<Vec<u8>, Fault> {
        if self.unread().is_empty() {
            self.fill().await?;
        }
        let count = self.unread().len().min(most);
        Ok(self.take(count))
    }

    /// Reads `count` bytes.
    pub(crate) async fn exact(&mut self, count: usize) -> Result<Vec<u8>, Fault> {
        while self.unread().len() < count {
            self.fill().await?;
        }
        Ok(self.take(count))
    }

    /// Reads up to and including `end`.
    pub(crate) async fn until(&mut self, end: &[u8]) -> Result<Vec<u8>, Fault> {
        loop {
            let found = self.unread().windows(end.len()).position(|at| at == end);
            if let Some(before) = found {
                return Ok(self.take(before + end.len()));
            }
            if self.unread().len() > HEAD_LIMIT {
                return Fault::malformed("endless head");
            }
            self.fill().await?;
        }
    }

    /// Reads the start line and the fields of a message.
    pub(crate) async fn head(&mut self) -> Result<(String, Fields), Fault> {
        let head = self.until(b"\r\n\r\n").await?;
        let end = position(&head, b"\r\n").expect("a head ends in CRLF");
        let line = &head[..end];
        if line.iter().any(u8::is_ascii_control) {
            return Fault::malformed("control character in the start line");
        }
        match std::str::from_utf8(line) {
            Ok(line) => Ok((line.to_owned(), Fields::parse(&head[end + 2..])?)),
            Err(_) => Fault::malformed("start line is not UTF-8"),
        }
    }

    /// Reads until the peer ends the connection.
    pub(crate) async fn end(&mut self) -> Ending {
        loop {
            self.at = self.seen.len();
            if let Err(Fault::Ended(how)) = self.fill().await {
                return how;
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let from = self.at;
        self.at += count;
        self.seen[from..self.at].to_vec()
    }
}

pub(crate) fn position(bytes: &[u8], end: &[u8]) -> Option<usize> {
    bytes.windows(end.len()).position(|at| at == end)
}

/// Bytes as a quoted literal a line, for the messages of failing tests.
pub(crate) fn printable(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let lines = shown.split_inclusive(|&byte| byte == b'\n');
    let lines: Vec<_> = lines
        .map(|line| format!("  \"{}\"", line.escape_ascii()))
        .collect();
    let more = if shown.len() < bytes.len() {
        "\n  ..."
    } else {
        ""
    };
    format!("{} bytes\n{}{more}", bytes.len(), lines.join("\n"))
}

#[cfg(test)]
mod tests;

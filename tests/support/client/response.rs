//! Responses as they were on the wire.

use crate::wire::{Fault, Fields};

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawHead {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase, possibly empty.
    pub reason: String,
    /// The header fields.
    pub headers: Fields,
    /// The head exactly as received.
    pub raw: Vec<u8>,
}

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: String,
    /// The status code.
    pub status: u16,
    /// The reason phrase, possibly empty.
    pub reason: String,
    /// The header fields.
    pub headers: Fields,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// The trailer fields of a chunked body.
    pub trailers: Fields,
    /// The 1xx responses that came first.
    pub interim: Vec<RawHead>,
    /// Everything above exactly as received.
    pub raw: Vec<u8>,
}

// === impl RawHead ===

impl RawHead {
    /// Reads a status line, RFC 9112 §4.
    pub(super) fn parse(line: &str, headers: Fields, raw: Vec<u8>) -> Result<Self, Fault> {
        let mut parts = line.splitn(3, ' ');
        let (version, status, reason) = (parts.next(), parts.next(), parts.next());
        let status = status.filter(|code| code.len() == 3);
        match (version, status.and_then(|code| code.parse().ok()), reason) {
            (Some(version @ ("HTTP/1.1" | "HTTP/1.0")), Some(status @ 100..), Some(reason)) => {
                Ok(Self {
                    version: version.to_owned(),
                    status,
                    reason: reason.to_owned(),
                    headers,
                    raw,
                })
            }
            _ => Err(Fault::Malformed(format!("status line \"{line}\""))),
        }
    }

    /// Whether no other response to the request follows: 101 is the one 1xx that is final.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == 101 || self.status >= 200
    }
}

// === impl RawResponse ===

impl RawResponse {
    pub(super) fn new(
        interim: Vec<RawHead>,
        head: RawHead,
        body: Vec<u8>,
        trailers: Fields,
        raw: Vec<u8>,
    ) -> Self {
        Self {
            version: head.version,
            status: head.status,
            reason: head.reason,
            headers: head.headers,
            body,
            trailers,
            interim,
            raw,
        }
    }

    /// The body, which has to be text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body)
            .unwrap_or_else(|_| panic!("not text: \"{}\"", self.body.escape_ascii()))
    }

    /// The name of the [`Origin::named`](crate::Origin::named) that answered: the first line of its
    /// body.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.text().lines().next().unwrap_or_default()
    }
}

//! Writes heads and chunks.

use std::io::Write;

use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use super::framing::Length;
use crate::fields::{Buffer, Fields, may_trail};

/// What a request asks of the connection it is sent over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asks<'a> {
    /// `TE: trailers` (RFC 9110 §10.1.4).
    pub(crate) trailers: bool,
    /// The protocols to switch to (RFC 9110 §7.8).
    pub(crate) upgrade: Option<&'a HeaderValue>,
}

/// Room for what dial writes into a head besides the fields it is given.
const ROOM: usize = 128;

/// Writes a request's head, Host first (RFC 9110 §7.2). `length` is told by dial alone, and so is what is asked of the
/// connection: neither is in `fields`.
pub(crate) fn request_head<B: Buffer>(
    out: &mut Vec<u8>,
    (method, target): (&Method, &str),
    host: &[u8],
    fields: &Fields<B>,
    length: Option<Length>,
    asks: Asks<'_>,
) {
    out.reserve(ROOM + target.len() + host.len() + fields.most());
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    push_field(out, "host", host);
    fields.write(out);
    push_length(out, length);
    if asks.trailers {
        out.extend_from_slice(b"te: trailers\r\n");
    }
    if let Some(protocols) = asks.upgrade {
        push_field(out, "upgrade", protocols.as_bytes());
    }
    // Whoever sends either names it, so that it goes no further than the next peer.
    match (asks.trailers, asks.upgrade.is_some()) {
        (true, true) => push_field(out, "connection", b"te, upgrade"),
        (true, false) => push_field(out, "connection", b"te"),
        (false, true) => push_field(out, "connection", b"upgrade"),
        (false, false) => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the head of an interim response.
pub(crate) fn interim_head(out: &mut Vec<u8>, status: StatusCode, fields: &Fields) {
    response_head(out, status, fields, None, None);
}

/// Writes a response's head. `connection` is dial's own word on the connection: `close`, `keep-alive`, or nothing.
pub(crate) fn response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    fields: &Fields,
    length: Option<Length>,
    connection: Option<&str>,
) {
    out.reserve(ROOM + fields.most());
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
    fields.write(out);
    push_length(out, length);
    if let Some(connection) = connection {
        push_field(out, "connection", connection.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

fn push_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn push_length(out: &mut Vec<u8>, length: Option<Length>) {
    match length {
        Some(Length::Exact(length)) => {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(Decimal::of(length).digits());
            out.extend_from_slice(b"\r\n");
        }
        Some(Length::Chunked) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Some(Length::UntilClose) | None => {}
    }
}

/// The line before a chunk of data, which must not be empty: that would be the end.
pub(crate) fn push_chunk_head(out: &mut Vec<u8>, size: usize) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{size:X}\r\n");
}

/// The last chunk and the trailers.
pub(crate) fn end_chunks(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    let trailers = trailers.into_iter().flatten();
    for (name, value) in trailers.filter(|(name, _)| may_trail(name)) {
        push_field(out, name.as_str(), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// A number as digits, without an allocation.
pub(super) struct Decimal {
    digits: [u8; 20],
    /// Where they begin.
    at: usize,
}

impl Decimal {
    pub(super) fn of(mut number: u64) -> Self {
        let (mut digits, mut at) = ([0; 20], 20);
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            if number == 0 {
                return Self { digits, at };
            }
        }
    }

    pub(super) fn digits(&self) -> &[u8] {
        &self.digits[self.at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let mut fields = Fields::default();
        fields.read(b"x-a", b"1");
        fields.read(b"x-a", b"2");
        let mut out = Vec::new();
        request_head(
            &mut out,
            (&Method::POST, "/a?b"),
            b"h",
            &fields,
            Some(Length::Exact(1_203_456_789)),
            Asks::default(),
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "POST /a?b HTTP/1.1\r\nhost: h\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 1203456789\r\n\r\n"
        );
        let mut out = Vec::new();
        let status = StatusCode::from_u16(299).unwrap();
        response_head(
            &mut out,
            status,
            &fields,
            Some(Length::Chunked),
            Some("close"),
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 299 \r\nx-a: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn decimals() {
        for number in [0, 7, 10, 255, 1_000_000, u64::MAX] {
            assert_eq!(Decimal::of(number).digits(), number.to_string().as_bytes());
        }
    }

    #[test]
    fn chunks() {
        let mut out = Vec::new();
        push_chunk_head(&mut out, 0xABC);
        end_chunks(&mut out, None);
        assert_eq!(out, b"ABC\r\n0\r\n\r\n");
    }
}

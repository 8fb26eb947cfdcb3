//! Writes heads and chunks.

use std::io::Write;

use http::header::HeaderMap;
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use super::framing::Length;

/// Writes a request's head. `length` is told by dial alone: the framing fields are not in `headers`.
pub(crate) fn request_head(
    out: &mut Vec<u8>,
    method: &Method,
    target: &PathAndQuery,
    headers: &HeaderMap,
    length: Option<Length>,
) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_str().as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    push_fields(out, headers);
    push_length(out, length);
    out.extend_from_slice(b"\r\n");
}

/// Writes a response's head. `connection` is dial's own word on the connection: `close`, `keep-alive`, or nothing.
pub(crate) fn response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    headers: &HeaderMap,
    length: Option<Length>,
    connection: Option<&str>,
) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
    push_fields(out, headers);
    push_length(out, length);
    if let Some(connection) = connection {
        out.extend_from_slice(b"connection: ");
        out.extend_from_slice(connection.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn push_fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn push_length(out: &mut Vec<u8>, length: Option<Length>) {
    match length {
        Some(Length::Exact(length)) => {
            out.extend_from_slice(b"content-length: ");
            push_decimal(out, length);
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
    if let Some(trailers) = trailers {
        push_fields(out, trailers);
    }
    out.extend_from_slice(b"\r\n");
}

fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn heads() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_static("1"));
        headers.append("x-a", HeaderValue::from_static("2"));
        let mut out = Vec::new();
        request_head(
            &mut out,
            &Method::POST,
            &PathAndQuery::from_static("/a?b"),
            &headers,
            Some(Length::Exact(1_203_456_789)),
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "POST /a?b HTTP/1.1\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 1203456789\r\n\r\n"
        );
        let mut out = Vec::new();
        let status = StatusCode::from_u16(299).unwrap();
        response_head(
            &mut out,
            status,
            &headers,
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
            let mut out = Vec::new();
            push_decimal(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
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

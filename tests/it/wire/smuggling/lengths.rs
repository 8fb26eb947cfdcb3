//! Content-Length in disguise: CL.CL, 0.CL and CL.0.

use super::SMUGGLED;
use crate::wire::row::{Row, check, row};

/// How a length of `N` can be disguised.
const VARIANTS: [&[u8]; 48] = [
    b"Content-Length : N",
    b"Content-Length\t: N",
    b"Content-Length\0: N",
    b"Content-Length\x0b: N",
    b"Content-Length\xa0: N",
    b"Content-Length\r: N",
    b"Content-Length\n: N",
    b"Content-Length\r\n: N",
    b"Content-Length\r\n : N",
    b"Content-Length N",
    b"Content-Length=N",
    b"Content Length: N",
    b" Content-Length: N",
    b"\tContent-Length: N",
    b"\0Content-Length: N",
    b"\xffContent-Length: N",
    b": Content-Length: N",
    b"X-A: 1\nContent-Length: N",
    b"X-A: 1\rContent-Length: N",
    b"X-A: 1\r\n\rContent-Length: N",
    b"X-A: 1\r\n Content-Length: N",
    b"X-A: 1\r\r\nContent-Length: N",
    b"Content-Length:\r\n N",
    b"Content-Length:\rN",
    b"Content-Length:\nN",
    b"Content-Length: N\r",
    b"Content-Length: N\n",
    b"Content-Length: N\nX-A: 1",
    b"Content-Length: N\r\n 0",
    b"Content-Length: +N",
    b"Content-Length: -N",
    b"Content-Length: 0xN",
    b"Content-Length: 0 N",
    b"Content-Length: N 0",
    b"Content-Length: 0,N",
    b"Content-Length: N,N",
    b"Content-Length: N;",
    b"Content-Length: N.0",
    b"Content-Length: \"N\"",
    b"Content-Length: \x0bN",
    b"Content-Length: \x0cN",
    b"Content-Length: \0N",
    b"Content-Length: N\0",
    b"Content-Length: \xa0N",
    b"Content-Length: N\x0b",
    b"Content-Length: N\xff",
    b"Content-Length: 0\r\nContent-Length: N",
    b"Content-Length: N\r\nContent-Length: 0",
];

fn disguised(method: &str, line: &[u8], fields: &str) -> Row {
    let length = SMUGGLED.len().to_string();
    let at = line.iter().rposition(|byte| *byte == b'N');
    let at = at.expect("a place for the number");
    let line = [&line[..at], length.as_bytes(), &line[at + 1..]].concat();
    // Where it is there twice, both are it.
    let line: Vec<u8> = match line.iter().position(|byte| *byte == b'N') {
        Some(at) => [&line[..at], length.as_bytes(), &line[at + 1..]].concat(),
        None => line,
    };
    let head = format!("{method} /x HTTP/1.1\r\nHost: a\r\n{fields}");
    let rest = format!("\r\n\r\n{SMUGGLED}");
    let request = [head.as_bytes(), &line, rest.as_bytes()].concat();
    let name = format!("{fields:?} {}", line.escape_ascii());
    row("9112 §6.3", name, request)
}

#[tokio::test]
async fn zero_cl() {
    let mut rows = Vec::new();
    for line in VARIANTS {
        rows.push(disguised("GET", line, "").refused(400));
        rows.push(disguised("POST", line, "Content-Length: 0\r\n").refused(400));
    }
    check(rows).await;
}

#[tokio::test]
async fn beside_chunks() {
    let rows =
        VARIANTS.map(|line| disguised("POST", line, "Transfer-Encoding: chunked\r\n").refused(400));
    check(rows.to_vec()).await;
}

#[tokio::test]
async fn cl_cl() {
    let rows = VARIANTS.map(|line| disguised("POST", line, "Content-Length: 5\r\n").refused(400));
    check(rows.to_vec()).await;
}

/// The endpoint overlooks the body: it belongs to its request all the same, whatever the method and the path.
#[tokio::test]
async fn cl_0() {
    let mut rows = Vec::new();
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "POST"] {
        for path in ["/", "/robots.txt", "/static/", "/x?redirect=/", "/..%2fx"] {
            let head = format!("{method} {path} HTTP/1.1\r\n");
            let length = SMUGGLED.len();
            let request = format!("{head}Host: a\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}");
            let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            rows.push(
                row("9112 §6.3", format!("CL.0 with {method} {path}"), request)
                    .forwards(format!("{head}content-length: {length}\r\n\r\n{SMUGGLED}"))
                    .answered(ok)
                    .gets(ok),
            );
        }
    }
    check(rows).await;
}

/// No length is no body (RFC 9112 §6.3, rule 7): what follows is the next request, seen as such by everybody.
#[tokio::test]
async fn no_length() {
    let mut rows = Vec::new();
    for fields in [
        "",
        "Content-Length: 0\r\n",
        "X-Content-Length: 36\r\n",
        "Content_Length: 36\r\n",
    ] {
        let request = format!("GET /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n{SMUGGLED}");
        let fields = fields.to_ascii_lowercase();
        let fields = fields
            .strip_prefix("content-length: 0\r\n")
            .unwrap_or(&fields);
        rows.push(
            row("9112 §6.3", format!("{fields:?}"), request)
                .forwards(format!("GET /x HTTP/1.1\r\n{fields}\r\n"))
                .forwards("GET /smuggled HTTP/1.1\r\n\r\n"),
        );
    }
    check(rows).await;
}

//! Fields of one connection stay on it, in both directions, and Connection deletes nothing that matters (RFC 9110
//! §7.6.1, §11.7).

use super::row::{GOT, Row, check, row};
use super::{get, got, post, posted};

const SECTION: &str = "9110 §7.6.1";

/// A request with `fields`, of which `passed` are left.
fn request(fields: &str, passed: &str) -> Row {
    row(SECTION, fields.escape_debug().to_string(), get(fields)).forwards(got(passed))
}

/// A response with `fields`, of which `passed` are left.
fn response(fields: &str, passed: &str) -> Row {
    row(SECTION, fields.escape_debug().to_string(), get(""))
        .forwards(got(""))
        .answered(format!(
            "HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok"
        ))
        .gets(format!(
            "HTTP/1.1 200 OK\r\n{passed}content-length: 2\r\n\r\nok"
        ))
}

fn both(fields: &str, passed: &str) -> [Row; 2] {
    [request(fields, passed), response(fields, passed)]
}

#[tokio::test]
async fn fields_of_one_connection() {
    let fields = [
        "Connection: keep-alive\r\n",
        "Connection:\r\n",
        "Connection: ,\r\n",
        "Keep-Alive: timeout=5, max=100\r\n",
        "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
        "Connection: Keep-Alive\r\nKEEP-ALIVE: timeout=5\r\nkeep-alive: max=1\r\n",
        "Proxy-Connection: keep-alive\r\n",
        "Proxy-Connection: close\r\n",
        "Proxy-Authenticate: Basic realm=\"x\"\r\n",
        "Proxy-Authorization: Basic eDp5\r\n",
        "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization: Basic eDp6\r\n",
        "TE: gzip\r\n",
        "TE: gzip;q=0.5, deflate\r\n",
        "Connection: TE\r\nTE: gzip\r\n",
        "TE:\r\n",
        "Upgrade: websocket\r\n",
        "Upgrade: h2c\r\n",
        "Upgrade: HTTP/2.0, TLS/1.0\r\n",
    ];
    check(fields.iter().flat_map(|fields| both(fields, "")).collect()).await;
}

#[tokio::test]
async fn what_connection_names() {
    let rows = [
        ("Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\n", "x-b: 2\r\n"),
        ("X-A: 1\r\nX-B: 2\r\nConnection: X-A\r\n", "x-b: 2\r\n"),
        ("Connection: x-a\r\nX-A: 1\r\nx-a: 2\r\n", ""),
        (
            "Connection: X-A, X-B\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n",
            "x-c: 3\r\n",
        ),
        ("Connection: X-A,X-B\r\nX-A: 1\r\nX-B: 2\r\n", ""),
        ("Connection: \t X-A \t,\t X-B \r\nX-A: 1\r\nX-B: 2\r\n", ""),
        ("Connection: , ,X-A,, ,X-B,\r\nX-A: 1\r\nX-B: 2\r\n", ""),
        ("Connection: keep-alive, X-A\r\nX-A: 1\r\n", ""),
        (
            "Connection: X-A\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 2\r\n",
            "",
        ),
        (
            "Connection: X-A\r\nX-B: 2\r\nconnection: X-B\r\nX-A: 1\r\nCONNECTION: X-C\r\nX-C: 3\r\n",
            "",
        ),
        (
            "Connection: keep-alive\r\nConnection: X-A\r\nX-A: 1\r\n",
            "",
        ),
        // No names, and names of nothing.
        ("Connection: X A\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: \"X-A\"\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: X-A;q=1\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: X-A: 1\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: X-*\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: X\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        ("Connection: X-AB\r\nX-A: 1\r\n", "x-a: 1\r\n"),
        (
            "Connection: (X-A), X-B\r\nX-A: 1\r\nX-B: 2\r\n",
            "x-a: 1\r\n",
        ),
        // Whatever the endpoint could do with it.
        (
            "Connection: Cache-Control, Accept\r\nCache-Control: no-cache\r\nAccept: */*\r\n",
            "",
        ),
    ];
    check(
        rows.iter()
            .flat_map(|(fields, passed)| both(fields, passed))
            .collect(),
    )
    .await;
}

/// One odd byte saves none of the other names.
#[tokio::test]
async fn connection_that_is_not_text() {
    let lines: [&[u8]; 8] = [
        b"Connection: \xff, X-A",
        b"Connection: X-A, \xff",
        b"Connection: \xc3\x28\r\nConnection: X-A",
        b"Connection: X-A\r\nConnection: \xff",
        b"Connection: \x80,X-A,\xfe\xff",
        b"Connection: caf\xe9, X-A",
        b"Connection: \xc3\xa4,X-A",
        b"Connection: close\xff, X-A",
    ];
    let mut rows = Vec::new();
    for line in lines {
        let name = line.escape_ascii().to_string();
        let request = [
            b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n",
            line,
            b"\r\n\r\n",
        ]
        .concat();
        rows.push(row(SECTION, name.clone(), request).forwards(got("")));
        let answer = [
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\n",
            line,
            b"\r\nContent-Length: 2\r\n\r\nok",
        ];
        rows.push(
            row(SECTION, name, get(""))
                .forwards(got(""))
                .answered(answer.concat())
                .gets(GOT),
        );
    }
    check(rows).await;
}

/// Names that frame, route, authenticate or are set by dial are not deleted that way.
#[tokio::test]
async fn protected() {
    let rows = [
        ("Connection: Host\r\n", ""),
        ("Connection: host, close-not\r\n", ""),
        (
            "Connection: Authorization\r\nAuthorization: Basic eDp5\r\n",
            "authorization: Basic eDp5\r\n",
        ),
        (
            "Connection: AUTHORIZATION\r\nAuthorization: Basic eDp5\r\n",
            "authorization: Basic eDp5\r\n",
        ),
        (
            "Connection: Cookie\r\nCookie: a=1\r\nCookie: b=2\r\n",
            "cookie: a=1\r\ncookie: b=2\r\n",
        ),
        (
            "Connection: X-A, Cookie\r\nX-A: 1\r\nCookie: a=1\r\n",
            "cookie: a=1\r\n",
        ),
        (
            "Connection: Cookie\r\nConnection: Authorization\r\nAuthorization: x\r\nCookie: a=1\r\n",
            "authorization: x\r\ncookie: a=1\r\n",
        ),
        ("Connection: X-Forwarded-For\r\n", ""),
        (
            "Connection: X-Forwarded-For\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "",
        ),
        ("Connection: X-Forwarded-Proto, X-Forwarded-Host\r\n", ""),
        (
            "Connection: X-Forwarded-Proto, X-Forwarded-Host\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n",
            "",
        ),
        (
            "Connection: Forwarded, X-Real-IP\r\nForwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n",
            "",
        ),
    ];
    let mut rows: Vec<_> = rows
        .iter()
        .map(|(fields, passed)| request(fields, passed))
        .collect();
    for name in [
        "Content-Length",
        "content-length, Host",
        "Content-Length, close-not",
    ] {
        let fields = format!("Connection: {name}\r\nContent-Length: 5\r\n");
        rows.push(
            row(SECTION, fields.clone(), post(&fields, "hello"))
                .forwards(posted("content-length: 5\r\n", "hello")),
        );
    }
    rows.push(response(
        "Connection: Set-Cookie\r\nSet-Cookie: a=1\r\n",
        "set-cookie: a=1\r\n",
    ));
    rows.push(response("Connection: Content-Length\r\n", ""));
    rows.push(response(
        "Connection: Set-Cookie, X-A\r\nSet-Cookie: a=1\r\nX-A: 1\r\n",
        "set-cookie: a=1\r\n",
    ));
    check(rows).await;
}

/// Each side's word about its own connection is for dial alone (RFC 9112 §9.6).
#[tokio::test]
async fn close() {
    let closed = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let mut rows = Vec::new();
    for fields in [
        "Connection: close\r\n",
        "Connection: Close\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: close, keep-alive\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n",
        "Connection: X-A\r\nConnection: CLOSE\r\nX-A: 1\r\n",
        "Connection: \u{e9}, close\r\n",
    ] {
        rows.push(request(fields, "").gets(closed).closes());
    }
    rows.push(response("Connection: close\r\n", ""));
    rows.push(response(
        "Connection: close\r\nKeep-Alive: timeout=1\r\n",
        "",
    ));
    rows.push(response("Proxy-Connection: close\r\n", ""));
    rows.push(request("Close: 1\r\n", "close: 1\r\n"));
    check(rows).await;
}

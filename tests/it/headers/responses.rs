//! The same on the way back: nothing of the origin's connection reaches the client.

use std::net::SocketAddr;

use dial_tests::{Answer, Origin, RawClient, RawResponse};

use super::{expected, unchanged, without};
use crate::harness::Both;

struct Row {
    name: &'static str,
    /// Field lines as the origin sends them.
    sent: &'static [(&'static str, &'static [u8])],
    /// All that arrives, beside the length and the date.
    arrives: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        name: "fields of the connection, RFC 9110 §7.6.1",
        sent: &[
            ("Connection", b"keep-alive"),
            ("Keep-Alive", b"timeout=5, max=100"),
            ("Proxy-Connection", b"keep-alive"),
            ("Proxy-Authenticate", b"Basic"),
            ("Upgrade", b"h2c"),
            ("X-A", b"1"),
        ],
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "what all Connection lines name",
        sent: &[
            ("Connection", b"X-Internal"),
            ("X-Internal", b"1"),
            ("connection", b" x-other ,, "),
            ("X-OTHER", b"2"),
            ("X-Other", b"3"),
            ("X-A", b"1"),
        ],
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "bytes that are no text do not save the other names",
        sent: &[
            ("Connection", b"\xff, X-Internal"),
            ("X-Internal", b"1"),
            ("X-A", b"1"),
        ],
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "cookies and the length are not the connection's",
        sent: &[
            ("Connection", b"Set-Cookie, Content-Length, Content-Type"),
            ("Set-Cookie", b"a=1"),
            ("Set-Cookie", b"b=2"),
            ("Content-Length", b"4"),
        ],
        arrives: &[("set-cookie", "a=1"), ("set-cookie", "b=2")],
    },
    Row {
        name: "repeated fields stay apart and in order, RFC 9110 §5.3, RFC 6265 §3",
        sent: &[
            ("Set-Cookie", b"b=2; Path=/"),
            ("Link", b"</1>"),
            ("set-cookie", b"a=1, x"),
            ("Link", b"</0>, </2>"),
            ("SET-COOKIE", b"b=2; Path=/"),
        ],
        arrives: &[
            ("link", "</1>"),
            ("link", "</0>, </2>"),
            ("set-cookie", "b=2; Path=/"),
            ("set-cookie", "a=1, x"),
            ("set-cookie", "b=2; Path=/"),
        ],
    },
    Row {
        name: "values are bytes, RFC 9110 §5.5",
        sent: &[
            ("X-Text", b"caf\xe9 \"\\\t;,"),
            ("X-Empty", b""),
            ("Server", b"old/1.0 (x)"),
        ],
        arrives: &[
            ("server", "old/1.0 (x)"),
            ("x-empty", ""),
            ("x-text", "caf\\xe9 \\\"\\\\\\t;,"),
        ],
    },
];

/// An origin that answers `/n` with row `n`.
fn origin() -> Origin {
    Origin::answering(|request| {
        let row: usize = request.target[1..].parse().expect("the number of a row");
        let answer = Answer::ok("body");
        let fields = ROWS[row].sent.iter();
        fields.fold(answer, |answer, (name, value)| answer.header(name, *value))
    })
}

#[tokio::test]
async fn nothing_of_the_connection_reaches_the_client() {
    let origin = origin();
    let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
    for (home, addr) in both.homes() {
        // One client connection for all: nothing the origin says ends it.
        let mut client = RawClient::connect(addr).await;
        for (number, row) in ROWS.iter().enumerate() {
            client
                .send(format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"))
                .await;
            let response = client.read_response().await;
            assert_eq!(
                (response.status, response.text()),
                (200, "body"),
                "{}, {home}",
                row.name
            );
            let arrived = without(&response.headers, &["content-length", "date", "via"]);
            assert_eq!(arrived, expected(row.arrives), "{}, {home}", row.name);
        }
    }
}

/// Asks twice on one connection, so that the first response must have left it usable.
async fn twice(addr: SocketAddr) -> [RawResponse; 2] {
    let mut client = RawClient::connect(addr).await;
    client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let first = client.read_response().await;
    client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    [first, client.read_response().await]
}

/// The version and the lifetime of the origin's connection are its own (RFC 9112 §2.3, §9.3).
#[tokio::test]
async fn an_old_origin_does_not_age_the_response() {
    let rows = [
        (
            "HTTP/1.1 and close",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        ),
        (
            "HTTP/1.0 and a length",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        ),
        ("HTTP/1.0 until close", "HTTP/1.0 200 OK\r\n\r\nhi"),
        (
            "HTTP/1.0 and keep-alive",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nKeep-Alive: max=1\r\n\r\nhi",
        ),
        ("HTTP/1.1 until close", "HTTP/1.1 200 OK\r\n\r\nhi"),
    ];
    for (row, raw) in rows {
        let origin = Origin::answering(move |_| Answer::raw(raw).close());
        let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
        for (home, addr) in both.homes() {
            for response in twice(addr).await {
                let row = format!("{row}, {home}");
                assert_eq!((response.status, response.text()), (200, "hi"), "{row}");
                assert_eq!(response.version, "HTTP/1.1", "{row}");
                let framing = ["content-length", "date", "transfer-encoding", "via"];
                assert_eq!(without(&response.headers, &framing), [], "{row}");
            }
        }
    }
}

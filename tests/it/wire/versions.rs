//! HTTP/1.0 on either side, and versions that are not spoken (RFC 9110 §2.5, RFC 9112 §2.3): each message dial sends is
//! in its own version.

use super::row::{GOT, Row, check, row};
use super::{get, got};

/// Requests in HTTP/1.0. The endpoint gets HTTP/1.1.
#[tokio::test]
async fn old_clients() {
    let closed = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let kept = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok";
    let old = |name: &str, fields: &str| {
        row(
            "9112 §2.3",
            name,
            format!("GET /x HTTP/1.0\r\n{fields}\r\n"),
        )
    };
    let rows = vec![
        old("without Host", "")
            .forwards(got("-x-forwarded-host\r\n"))
            .gets(closed)
            .closes(),
        old("with Host", "Host: a\r\n")
            .forwards(got(""))
            .gets(closed)
            .closes(),
        old("with two", "Host: a\r\nHost: a\r\n").refused(400),
        old("with a bad one", "Host: a b\r\n").refused(400),
        old("close", "Host: a\r\nConnection: close\r\n")
            .forwards(got(""))
            .gets(closed)
            .closes(),
        old("keep-alive", "Host: a\r\nConnection: keep-alive\r\n")
            .forwards(got(""))
            .gets(kept),
        old(
            "Keep-Alive",
            "Host: a\r\nConnection: Keep-Alive\r\nKeep-Alive: 300\r\n",
        )
        .forwards(got(""))
        .gets(kept),
        old(
            "keep-alive among others",
            "Host: a\r\nConnection: x, keep-alive\r\n",
        )
        .forwards(got(""))
        .gets(kept),
        old(
            "keep-alive and close",
            "Host: a\r\nConnection: keep-alive, close\r\n",
        )
        .forwards(got(""))
        .gets(closed)
        .closes(),
        old(
            "Keep-Alive without Connection",
            "Host: a\r\nKeep-Alive: 300\r\n",
        )
        .forwards(got(""))
        .gets(closed)
        .closes(),
        old(
            "a name in Connection",
            "Host: a\r\nConnection: X-A\r\nX-A: 1\r\n",
        )
        .forwards(got(""))
        .gets(closed)
        .closes(),
        row(
            "9112 §6.3",
            "with a body",
            "POST /x HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        )
        .forwards("POST /x HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello")
        .gets(closed)
        .closes(),
        row(
            "9112 §6.3",
            "with no length",
            "POST /x HTTP/1.0\r\nHost: a\r\n\r\n",
        )
        .forwards("POST /x HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        .gets(closed)
        .closes(),
        row(
            "9112 §3.2.2",
            "an absolute target",
            "GET http://b/x HTTP/1.0\r\n\r\n",
        )
        .forwards(got("x-forwarded-host: b\r\n"))
        .gets(closed)
        .closes(),
    ];
    check(rows).await;
}

fn old(name: &str, answer: &str) -> Row {
    row("9112 §6.3", name, "GET /x HTTP/1.0\r\nHost: a\r\n\r\n")
        .forwards(got(""))
        .answered(answer)
        .closes()
}

/// There are no chunks in HTTP/1.0: the end of the connection ends the body (RFC 9112 §6.1).
#[tokio::test]
async fn bodies_for_old_clients() {
    let until_close = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let rows = vec![
        old("chunks", &format!("{chunked}5\r\nhello\r\n0\r\n\r\n")).gets(until_close),
        old(
            "several chunks",
            &format!("{chunked}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        )
        .gets(until_close),
        old(
            "chunks and trailers",
            &format!("{chunked}5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n"),
        )
        .gets(until_close),
        old("no length", "")
            .answered_and_closed("HTTP/1.1 200 OK\r\n\r\nhello")
            .gets(until_close),
        old("broken chunks", &format!("{chunked}5\r\nhello\r\ng\r\n"))
            .cut("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"),
        old("chunks that end early", "")
            .answered_and_closed(format!("{chunked}5\r\nhello\r\n"))
            .cut("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"),
        row(
            "9112 §9.3",
            "no length and keep-alive",
            "GET /x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        )
        .forwards(got(""))
        .answered(format!("{chunked}5\r\nhello\r\n0\r\n\r\n"))
        .gets(until_close)
        .closes(),
        row("9110 §8.6", "HEAD", "HEAD /x HTTP/1.0\r\nHost: a\r\n\r\n")
            .forwards("HEAD /x HTTP/1.1\r\n\r\n")
            .answered(chunked)
            .gets("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            .closes(),
    ];
    check(rows).await;
}

/// An endpoint's version and its word on its connection are not copied through.
#[tokio::test]
async fn old_endpoints() {
    let answered = |name: &str, fields: &str| {
        row("9112 §2.3", name, get(""))
            .forwards(got(""))
            .answered_and_closed(format!("HTTP/1.0 200 OK\r\n{fields}\r\nok"))
    };
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let rows = vec![
        answered("a length", "Content-Length: 2\r\n").gets(GOT),
        answered("no length", "").gets(chunked),
        answered("close", "Connection: close\r\nContent-Length: 2\r\n").gets(GOT),
        answered(
            "keep-alive",
            "Connection: keep-alive\r\nContent-Length: 2\r\n",
        )
        .gets(GOT),
        answered("keep-alive without a length", "Connection: keep-alive\r\n").gets(chunked),
        answered(
            "a name in Connection",
            "Connection: X-A\r\nX-A: 1\r\nContent-Length: 2\r\n",
        )
        .gets(GOT),
        answered("cut short", "Content-Length: 9\r\n")
            .cut("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"),
        answered("chunks", "Transfer-Encoding: chunked\r\n").fails(502),
        row(
            "9112 §2.3",
            "to an old client",
            "GET /x HTTP/1.0\r\nHost: a\r\n\r\n",
        )
        .forwards(got(""))
        .answered_and_closed("HTTP/1.0 200 OK\r\n\r\nok")
        .gets("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok")
        .closes(),
    ];
    check(rows).await;
}

#[tokio::test]
async fn other_versions() {
    let mut rows = Vec::new();
    for version in ["2.0", "3.0", "0.9", "0.0", "9.9", "2.1"] {
        let request = format!("GET /x HTTP/{version}\r\nHost: a\r\n\r\n");
        rows.push(row("9110 §15.6.6", version, request).refused(505));
        let body = format!("POST /x HTTP/{version}\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        rows.push(row("9110 §15.6.6", format!("{version} with a body"), body).refused(505));
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    rows.push(row("9113 §3.4", "the preface of HTTP/2", preface).refused(505));
    rows.push(row("9112 §3", "HTTP/0.9", "GET /x\r\n\r\n").refused(400));
    rows.push(row("9112 §3", "HTTP/0.9 with a bare LF", "GET /x\n\n").refused(400));
    rows.push(
        row(
            "8446 §4.1.2",
            "a TLS handshake",
            b"\x16\x03\x01\x02\0\x01\0\r\n\r\n",
        )
        .refused(400),
    );
    rows.push(row("9112 §3", "SSH", "SSH-2.0-x\r\n\r\n").refused(400));
    rows.push(
        row(
            "9112 §3",
            "PROXY protocol",
            "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n\r\n",
        )
        .refused(400),
    );
    for line in [
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "HTTP/3 200 OK",
        "HTTP/11 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 abc OK",
        "HTTP/1.1 -20 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1",
        " HTTP/1.1 200 OK",
        "ICY 200 OK",
        "200 OK",
        "GET / HTTP/1.1",
        "HTTP/1.1 200\tOK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 200 OK\r",
        "HTTP/1.1 200 O\nK",
    ] {
        rows.push(
            row("9112 §4", line.escape_default().to_string(), get(""))
                .forwards(got(""))
                .answered(format!("{line}\r\nContent-Length: 2\r\n\r\nok"))
                .fails(502),
        );
    }
    check(rows).await;
}

/// A higher minor version is read as the highest there is (RFC 9110 §6.2), and answered as such.
#[tokio::test]
async fn minor_versions() {
    let mut rows = Vec::new();
    for minor in [2, 9] {
        rows.push(
            row(
                "9110 §6.2",
                format!("a request in 1.{minor}"),
                format!("GET /x HTTP/1.{minor}\r\nHost: a\r\n\r\n"),
            )
            .forwards(got("")),
        );
        rows.push(
            row("9110 §6.2", format!("a response in 1.{minor}"), get(""))
                .forwards(got(""))
                .answered(format!(
                    "HTTP/1.{minor} 200 OK\r\nContent-Length: 2\r\n\r\nok"
                ))
                .gets(GOT),
        );
    }
    check(rows).await;
}

//! Interim responses that must not pass (RFC 9110 §15.2); those that must are in [`relayed`](super::relayed).

use dial_tests::Script;

use super::row::{GOT, Row, check, row};
use super::{get, got};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn answered(name: &str, answer: impl AsRef<[u8]>) -> Row {
    row("9110 §15.2", name, get(""))
        .forwards(got(""))
        .answered(answer)
}

/// A 100 that the client does not wait for tells it nothing (RFC 9110 §10.1.1).
#[tokio::test]
async fn continue_unasked() {
    let rows = vec![
        answered("one", format!("HTTP/1.1 100 Continue\r\n\r\n{OK}")).gets(GOT),
        answered("two", format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n{OK}")).gets(GOT),
        answered("with fields", format!("HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n{OK}")).gets(GOT),
        answered("without a reason", format!("HTTP/1.1 100 \r\n\r\n{OK}")).gets(GOT),
        answered("and chunks", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .gets("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];
    check(rows).await;
}

/// Nobody asked (RFC 9110 §15.2.2): what follows is no HTTP.
#[tokio::test]
async fn switching_unasked() {
    let switch =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let script = || Script::new().read_head().write(switch).hang();
    let rows = vec![
        answered("101", "").script(script()).fails(502),
        answered("101 and a response", format!("{switch}{OK}")).fails(502),
        answered(
            "101 behind a 100",
            format!("HTTP/1.1 100 Continue\r\n\r\n{switch}"),
        )
        .fails(502),
        answered("101 without fields", "HTTP/1.1 101 \r\n\r\n").fails(502),
        row(
            "9110 §7.8",
            "Upgrade, but not in Connection",
            get("Upgrade: websocket\r\n"),
        )
        .forwards(got(""))
        .script(script())
        .fails(502),
        row(
            "9110 §7.8",
            "Connection, but no Upgrade",
            get("Connection: upgrade\r\n"),
        )
        .forwards(got(""))
        .script(script())
        .fails(502),
    ];
    check(rows).await;
}

#[tokio::test]
async fn not_for_old_clients() {
    let closed = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let mut rows = Vec::new();
    for status in ["100 Continue", "102 Processing", "103 Early Hints", "199 "] {
        rows.push(
            row("9110 §15.2", status, "GET /x HTTP/1.0\r\nHost: a\r\n\r\n")
                .forwards(got(""))
                .answered(format!("HTTP/1.1 {status}\r\nLink: </a>\r\n\r\n{OK}"))
                .gets(closed)
                .closes(),
        );
    }
    check(rows).await;
}

/// An endpoint may not keep a request alive with them for ever.
#[tokio::test]
async fn bounded() {
    let many = "HTTP/1.1 100 Continue\r\n\r\n";
    let rows = vec![
        answered("as many as may be", many.repeat(32) + OK).gets(GOT),
        answered("one too many", many.repeat(33) + OK).fails(502),
        answered("endless", many.repeat(500)).fails(502),
    ];
    check(rows).await;
}

#[tokio::test]
async fn malformed() {
    let rows = vec![
        answered(
            "a space before the colon",
            format!("HTTP/1.1 100 Continue\r\nX-A : 1\r\n\r\n{OK}"),
        )
        .fails(502),
        answered("a bare LF", format!("HTTP/1.1 100 Continue\n\n{OK}")).fails(502),
        answered("half a head", "")
            .answered_and_closed("HTTP/1.1 100 Continue\r\nX-A")
            .fails(502),
        answered("and no final one", "")
            .answered_and_closed("HTTP/1.1 100 Continue\r\n\r\n")
            .fails(502),
    ];
    check(rows).await;
}

//! Response queues: an endpoint that says more than it was asked must not answer somebody else's request with it.

use dial_tests::Script;

use crate::wire::row::{GOT, Row, check, row};
use crate::wire::{get, got};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

fn answered(name: &str, answer: impl AsRef<[u8]>) -> Row {
    row("9112 §9.2", name, get(""))
        .forwards(got(""))
        .answered(answer)
}

#[tokio::test]
async fn more_than_one_answer() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let got_chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let got_empty = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let not_modified = "HTTP/1.1 304 Not Modified\r\n\r\n";
    let no_content = "HTTP/1.1 204 No Content\r\n\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let mut rows = Vec::new();
    for (extra, name) in [
        (EVIL, "a second response"),
        (interim, "an interim one"),
        (
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
            "a late 408",
        ),
        ("evil", "a few bytes"),
        ("\r\n", "an empty line"),
        ("\0", "a NUL"),
    ] {
        for (answer, got) in [
            (OK, GOT),
            (chunked, got_chunked),
            (empty, got_empty),
            (not_modified, not_modified),
            (no_content, no_content),
        ] {
            let name = format!("{name} behind {answer:?}");
            rows.push(answered(&name, format!("{answer}{extra}")).gets(got));
        }
    }
    check(rows).await;
}

/// A body where there can be none is not the next response (RFC 9112 §6.3, rule 1).
#[tokio::test]
async fn bodies_where_there_are_none() {
    let mut rows = Vec::new();
    let head = row(
        "9110 §9.3.2",
        "HEAD answered with a body",
        "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    rows.push(
        head.forwards("HEAD /x HTTP/1.1\r\n\r\n")
            .answered(EVIL)
            .gets("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
    );
    let inner = format!(
        "HTTP/1.1 204 No Content\r\nContent-Length: {}\r\n\r\n{EVIL}",
        EVIL.len()
    );
    rows.push(answered("204 with a body", inner).gets("HTTP/1.1 204 No Content\r\n\r\n"));
    let inner =
        format!("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{EVIL}");
    rows.push(answered("204 with chunks", inner).gets("HTTP/1.1 204 No Content\r\n\r\n"));
    let inner = format!(
        "HTTP/1.1 304 Not Modified\r\nContent-Length: {}\r\n\r\n{EVIL}",
        EVIL.len()
    );
    let kept = format!(
        "HTTP/1.1 304 Not Modified\r\ncontent-length: {}\r\n\r\n",
        EVIL.len()
    );
    rows.push(answered("304 with a body", inner).gets(kept));
    check(rows).await;
}

/// A response that is not whole, one that announces the end of its connection, one only that end can end: none of them
/// leaves a connection to be used again (RFC 9112 §9.3, §9.6).
#[tokio::test]
async fn connections_not_used_again() {
    let served = |answer: &str| Script::new().read_request().write(answer).hang();
    let rows = vec![
        answered("Connection: close", "")
            .script(served(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            ))
            .gets(GOT),
        answered("Connection: Close, among others", "")
            .script(served(
                "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok",
            ))
            .gets(GOT),
        answered("HTTP/1.0", "")
            .in_version("1.0")
            .script(served("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"))
            .gets(GOT),
        answered("a malformed head", "")
            .script(served("HTTP/1.1 200 OK\r\nX\r\n\r\n"))
            .fails(502),
        answered("lengths that disagree", "")
            .script(served(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            ))
            .fails(502),
        answered("a switch nobody asked for", "")
            .script(served(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            ))
            .fails(502),
    ];
    check(rows).await;
}

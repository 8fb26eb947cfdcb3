//! Endpoints that fail (RFC 9110 §15.6) and clients that cannot be understood or waited for (§15.5): the status says
//! what happened, and nothing else does.

use std::time::Duration;

use dial::{ModifiableRequest, Router, Timeouts, Upstream};
use dial_tests::{RawClient, Script};

use super::row::{Row, check, row};
use super::{get, got, post, posted};
use crate::harness::Served;

/// Runs out soon, and is sure to.
const SOON: Duration = Duration::from_millis(100);

/// The same, but leaves time to connect and to send.
const LATER: Duration = Duration::from_millis(500);

fn impatient(router: Router) -> Router {
    router.timeouts(Timeouts::default().response(SOON))
}

fn failing(name: &str, script: Script) -> Row {
    row("9110 §15.6.3", name, get(""))
        .forwards(got(""))
        .script(script)
        .fails(502)
}

#[tokio::test]
async fn bad_gateway() {
    let read = || Script::new().read_head();
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    let rows = vec![
        row("9110 §15.6.3", "nobody listens", get(""))
            .nobody()
            .fails(502),
        failing("closed", read()),
        failing("reset", read().reset()),
        failing("closed within the status line", read().write("HTTP/1.1 2")),
        failing(
            "closed behind the status line",
            read().write("HTTP/1.1 200 OK\r\n"),
        ),
        failing("closed within the fields", read().write(length)),
        failing("reset within the fields", read().write(length).reset()),
        failing("an empty line", read().write("\r\n\r\n")),
        failing(
            "no protocol",
            read().write([0, 1, 2, b'\r', b'\n', b'\r', b'\n']).hang(),
        ),
        failing(
            "a request",
            read().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n").hang(),
        ),
        failing(
            "another protocol",
            read().write("220 a ESMTP\r\n\r\n").hang(),
        ),
        failing(
            "TLS",
            read()
                .write(b"\x15\x03\x01\0\x02\x02\x46\r\n\r\n".to_vec())
                .hang(),
        ),
        failing(
            "a head without an end",
            read()
                .write(format!("{length}X-A: {}", "a".repeat(1 << 17)))
                .hang(),
        ),
        failing(
            "fields without an end",
            read()
                .write(length.to_owned() + &"X-A: 1\r\n".repeat(5000))
                .hang(),
        ),
        failing(
            "a status line without an end",
            read()
                .write("HTTP/1.1 200 ".to_owned() + &"a".repeat(1 << 17))
                .hang(),
        ),
    ];
    check(rows).await;
}

/// The connection to the client is not to blame, and is not ended.
#[tokio::test]
async fn with_a_body() {
    let rows = vec![
        row(
            "9110 §15.6.3",
            "closed",
            post("Content-Length: 5\r\n", "hello"),
        )
        .forwards(posted("content-length: 5\r\n", "hello"))
        .script(Script::new().read_request())
        .fails(502),
        row(
            "9110 §15.6.3",
            "malformed",
            post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        )
        .forwards(posted(
            "transfer-encoding: chunked\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ))
        .script(
            Script::new()
                .read_request()
                .write("HTTP/1.1 200 OK\r\nX\r\n\r\n"),
        )
        .fails(502),
    ];
    check(rows).await;
}

/// Nobody to ask (RFC 9110 §15.6.4).
#[tokio::test]
async fn service_unavailable() {
    let upstream = Upstream::new(["127.0.0.1:9"]).expect("a host");
    upstream.set_hosts([""; 0]).expect("none is allowed");
    let served = Served::proxy(dial::proxy(upstream, |request: ModifiableRequest| request));
    let mut client = RawClient::connect(served.addr).await;
    for request in [get(""), post("Content-Length: 5\r\n", "hello"), get("")] {
        client.send(request).await;
        let response = client.read_response().await;
        assert_eq!(
            (response.status, response.text()),
            (503, "Service Unavailable")
        );
    }
}

#[tokio::test]
async fn gateway_timeout() {
    let slow = |name: &str, script: Script| {
        row("9110 §15.6.5", name, get(""))
            .forwards(got(""))
            .script(script)
            .router(impatient)
            .fails(504)
    };
    let read = || Script::new().read_head();
    let rows = vec![
        slow("silence", read().hang()),
        slow("half a status line", read().write("HTTP/1.1 2").hang()),
        slow(
            "half a head",
            read().write("HTTP/1.1 200 OK\r\nContent-Le").hang(),
        ),
        slow(
            "only an interim response",
            read().write("HTTP/1.1 100 Continue\r\n\r\n").hang(),
        ),
    ];
    check(rows).await;
}

/// A client that falls silent (RFC 9110 §15.5.9).
#[tokio::test]
async fn request_timeout() {
    let heads = [
        "G",
        "GET /x HTTP/1.1",
        "GET /x HTTP/1.1\r\nHost: a\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nX-A",
    ];
    let mut rows: Vec<_> = heads
        .iter()
        .map(|head| {
            row("9110 §15.5.9", *head, head)
                .server(|server| server.header_read_timeout(LATER))
                .refused(408)
        })
        .collect();
    for nothing in ["", "\r\n", "\r\n\r\n"] {
        rows.push(
            row("9112 §9.5", format!("{nothing:?}"), nothing)
                .server(|server| server.header_read_timeout(SOON))
                .closes(),
        );
    }
    for (fields, body) in [
        ("Content-Length: 5\r\n", ""),
        ("Content-Length: 5\r\n", "hel"),
        ("Transfer-Encoding: chunked\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhel"),
    ] {
        rows.push(
            row(
                "9110 §15.5.9",
                format!("{fields:?} {body:?}"),
                post(fields, body),
            )
            .server(|server| server.body_timeout(SOON))
            .forwards_a_part()
            .refused(408),
        );
    }
    check(rows).await;
}

/// A client that ends its side too early has no one to answer, or is answered what it asked before.
#[tokio::test]
async fn clients_that_end() {
    let rows = vec![
        row("9112 §8", "at once", "").half_closes().closes(),
        row("9112 §8", "within a head", "GET /x HTTP/1.1\r\nHo")
            .half_closes()
            .closes(),
        // dial may have answered before it sees the end, or not.
        row("9112 §9.6", "behind a request", get(""))
            .half_closes()
            .until("\r\n\r\nok")
            .forwards(got(""))
            .script(
                Script::new()
                    .read_request()
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    .hang(),
            )
            .closes(),
        row(
            "9112 §8",
            "within a body",
            post("Content-Length: 5\r\n", "hel"),
        )
        .half_closes()
        .forwards_a_part()
        .refused(400),
    ];
    check(rows).await;
}

/// The body of an answer to HEAD is not sent, even of one that was refused (RFC 9110 §9.3.2).
#[tokio::test]
async fn refused_heads() {
    let rows = [
        "",
        "Host: a b\r\n",
        "Host: a\r\nContent-Length: x\r\n",
        "Host: a\r\nTransfer-Encoding: x\r\n",
    ];
    let rows = rows.map(|fields| {
        row(
            "9110 §9.3.2",
            format!("{fields:?}"),
            format!("HEAD /x HTTP/1.1\r\n{fields}\r\n"),
        )
        .refused(400)
    });
    check(rows.to_vec()).await;
}

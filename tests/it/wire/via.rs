//! Via (RFC 9110 §7.6.3): each message that is forwarded names dial behind all others, and a request that has been here
//! is a loop.

use dial::{ModifiableRequest, Router, Via};
use dial_tests::{Origin, client};

use super::row::{Row, check, row};
use super::{get, got};
use crate::harness::Served;

const SECTION: &str = "9110 §7.6.3";

fn request(fields: &str, passed: &str) -> Row {
    row(SECTION, fields.escape_debug().to_string(), get(fields)).forwards(got(passed))
}

/// The line is `version name`; other proxies' lines stay in front of it.
#[tokio::test]
async fn of_requests() {
    let mut rows = vec![
        request("", "via: 1.1 dial\r\n"),
        request("Via: 1.0 fred\r\n", "via: 1.0 fred\r\nvia: 1.1 dial\r\n"),
        request(
            "Via: 1.0 fred, 1.1 p.example.net\r\n",
            "via: 1.0 fred, 1.1 p.example.net\r\nvia: 1.1 dial\r\n",
        ),
        request(
            "Via: 1.0 b\r\nVia: 1.1 a\r\n",
            "via: 1.0 b\r\nvia: 1.1 a\r\nvia: 1.1 dial\r\n",
        ),
        request(
            "Via: HTTP/1.1 a:80 (x (y))\r\n",
            "via: HTTP/1.1 a:80 (x (y))\r\nvia: 1.1 dial\r\n",
        ),
        request("Via: 2 \"\r\n", "via: 2 \"\r\nvia: 1.1 dial\r\n"),
        // It is dial's own, and so not to be deleted by name (RFC 9110 §7.6.1).
        request("Connection: Via\r\n", "via: 1.1 dial\r\n"),
        request(
            "Connection: Via\r\nVia: 1.0 fred\r\n",
            "via: 1.0 fred\r\nvia: 1.1 dial\r\n",
        ),
    ];
    rows.push(
        row(SECTION, "HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\n\r\n")
            .forwards(got("via: 1.0 dial\r\n"))
            .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\nvia: 1.1 dial\r\n\r\nok")
            .closes(),
    );
    check(rows.into_iter().map(named).collect()).await;
}

/// The same row, if it says nothing of its response.
fn named(row: Row) -> Row {
    match row.is_silent() {
        true => row.gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nvia: 1.1 dial\r\n\r\nok"),
        false => row,
    }
}

#[tokio::test]
async fn of_responses() {
    let answered = |head: &str, got_head: &str| {
        row(SECTION, head.escape_debug().to_string(), get(""))
            .forwards(got("via: 1.1 dial\r\n"))
            .answered_and_closed(format!("{head}\r\n"))
            .gets(format!("{got_head}\r\n"))
    };
    let rows = vec![
        answered(
            "HTTP/1.1 204 No Content\r\n",
            "HTTP/1.1 204 No Content\r\nvia: 1.1 dial\r\n",
        ),
        answered(
            "HTTP/1.1 304 Not Modified\r\n",
            "HTTP/1.1 304 Not Modified\r\nvia: 1.1 dial\r\n",
        ),
        answered(
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nvia: 1.0 dial\r\n",
        ),
        answered(
            "HTTP/1.1 200 OK\r\nVia: 1.1 b, 1.0 a\r\nContent-Length: 0\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nvia: 1.1 b, 1.0 a\r\nvia: 1.1 dial\r\n",
        ),
        answered(
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n",
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nvia: 1.1 dial\r\n",
        ),
        answered(
            "HTTP/1.1 200 OK\r\nConnection: Via\r\nVia: 1.0 a\r\nContent-Length: 0\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nvia: 1.0 a\r\nvia: 1.1 dial\r\n",
        ),
        // dial's own have come through nobody.
        row(SECTION, "a response of dial's", get(""))
            .nobody()
            .fails(502),
        row(SECTION, "one to what is no request", "GET /x\r\n\r\n").refused(400),
    ];
    check(rows).await;
}

/// 508, and nothing is forwarded, wherever the name is (RFC 5842 §7.2).
#[tokio::test]
async fn loops() {
    let seen = [
        "Via: 1.1 dial\r\n",
        "Via: 1.0 dial\r\n",
        "Via: 2 dial\r\n",
        "Via: HTTP/1.1 dial\r\n",
        "Via: 1.1 dial (comment)\r\n",
        "Via: 1.1 a, 1.1 dial\r\n",
        "Via: 1.1 a,1.1 dial,1.1 b\r\n",
        "Via: 1.1 dial, 1.1 dial\r\n",
        "Via: 1.1 a\r\nVia: 1.1 dial\r\n",
        "Via: 1.1 dial\r\nVia: 1.1 a\r\n",
        "Via:  1.1  \tdial \r\n",
        "Via: 1.1 a (x, y), 1.1 dial\r\n",
        "Connection: Via\r\nVia: 1.1 dial\r\n",
    ];
    let others = [
        "Via: 1.1 dialx\r\n",
        "Via: 1.1 xdial\r\n",
        "Via: 1.1 dial.test\r\n",
        "Via: 1.1 dial:80\r\n",
        "Via: 1.1 a (dial)\r\n",
        "Via: 1.1 a (1.1 dial)\r\n",
        "Via: 1.1 a (b, 1.1 dial)\r\n",
        "Via: 1.1 a (b (c, 1.1 dial), 1.1 dial)\r\n",
        "Via: dial a\r\n",
        "Via: dial/1.1 a\r\n",
    ];
    let mut rows: Vec<_> = seen
        .iter()
        .map(|fields| row("5842 §7.2", fields.escape_debug().to_string(), get(fields)).fails(508))
        .collect();
    rows.extend(others.map(|fields| {
        let passed = fields.to_ascii_lowercase() + "via: 1.1 dial\r\n";
        named(request(fields, &passed))
    }));
    rows.push(request("X-Via: 1.1 dial\r\n", "x-via: 1.1 dial\r\n"));
    check(rows).await;
}

/// Who runs dial decides on the name, and whether there is one.
#[tokio::test]
async fn names() {
    let mut rows = vec![
        request("", "-via\r\n").router(|router| router.via(Via::off())),
        request("Via: 1.1 dial\r\n", "via: 1.1 dial\r\n").router(|router| router.via(Via::off())),
    ];
    rows = rows
        .into_iter()
        .map(|row| row.gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n-via\r\n\r\nok"))
        .collect();
    let edge = |router: Router| router.via(Via::named("edge.test:8080").expect("a name"));
    rows.push(
        request(
            "Via: 1.1 dial\r\n",
            "via: 1.1 dial\r\nvia: 1.1 edge.test:8080\r\n",
        )
        .router(edge)
        .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nvia: 1.1 edge.test:8080\r\n\r\nok"),
    );
    rows.push(
        row(
            "5842 §7.2",
            "a name with a port",
            get("Via: 1.1 edge.test:8080\r\n"),
        )
        .router(edge)
        .fails(508),
    );
    check(rows).await;
}

/// Unless it is named, no other dial has the same name.
#[tokio::test]
async fn drawn_names() {
    let origin = Origin::named("1");
    let mut names = Vec::new();
    for _ in 0..2 {
        let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
        let served = Served::proxy(proxy);
        let response = client::request(served.addr, get("")).await;
        let sent = origin.requests().pop().expect("a request").headers;
        let via = sent.get("via").expect("a Via").to_owned();
        assert_eq!(response.headers.get("via"), Some(&via[..]));
        let digits = via.strip_prefix("1.1 dial-").expect("a version and a name");
        assert!(
            digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{via}"
        );
        names.push(via);
    }
    assert_ne!(names[0], names[1]);
}

//! Via (RFC 9110 §7.6.3): each message that is forwarded names dial behind all others, and a request that has been here
//! is a loop.

use dial::ModifiableRequest;
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
        request("Via: 1.1 dial\r\n", "via: 1.1 dial\r\nvia: 1.1 dial\r\n"),
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

/// 508, and nothing is forwarded, however the name is written; other names are not that one.
#[tokio::test]
async fn loops() {
    let origin = Origin::named("1");
    let served = Served::proxy(dial::proxy([origin.url()], |request: ModifiableRequest| {
        request
    }));
    assert_eq!(client::request(served.addr, get("")).await.status, 200);
    let requests = origin.requests();
    let via = requests[0].headers.get("via").expect("a Via");
    let name = via.strip_prefix("1.1 ").expect("a version and a name");
    let seen = [
        format!("Via: 1.1 {name}\r\n"),
        format!("Via: 1.0 {name}\r\n"),
        format!("Via: HTTP/1.1 {name}\r\n"),
        format!("Via: 1.1 {name} (comment)\r\n"),
        format!("Via: 1.1 a, 1.1 {name}\r\n"),
        format!("Via: 1.1 a,1.1 {name},1.1 b\r\n"),
        format!("Via: 1.1 {name}, 1.1 {name}\r\n"),
        format!("Via: 1.1 a\r\nVia: 1.1 {name}\r\n"),
        format!("Via: 1.1 {name}\r\nVia: 1.1 a\r\n"),
        format!("Via:  1.1  \t{name} \r\n"),
        format!("Connection: Via\r\nVia: 1.1 {name}\r\n"),
    ];
    for fields in seen {
        let response = client::request(served.addr, get(&fields)).await;
        assert_eq!(response.status, 508, "{fields:?}");
        assert!(!response.headers.contains("via"), "{fields:?}");
        assert_eq!(origin.count(), 1, "{fields:?}");
    }
    let others = [
        format!("Via: 1.1 {name}x\r\n"),
        format!("Via: 1.1 x{name}\r\n"),
        format!("Via: 1.1 {name}.test\r\n"),
        format!("Via: 1.1 a ({name})\r\n"),
        format!("X-Via: 1.1 {name}\r\n"),
        format!("User-Agent: 1.1 {name}\r\n"),
    ];
    for (number, fields) in others.iter().enumerate() {
        let response = client::request(served.addr, get(fields)).await;
        assert_eq!(response.status, 200, "{fields:?}");
        assert_eq!(origin.count(), number + 2, "{fields:?}");
    }
}

//! TE and trailers (RFC 9110 §6.5, §10.1.4, RFC 9112 §7.1.2): passed when somebody expects them, never made into headers.

use super::row::{Row, check, row};
use super::{get, got, post, posted};

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
const TE: &str = "connection: te\r\nte: trailers\r\n";

/// Fields that no recipient takes from a trailer section without harm (RFC 9110 §6.5.1).
const FORBIDDEN: [&str; 42] = [
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Upgrade",
    "TE",
    "Trailer",
    "Authorization",
    "Proxy-Authorization",
    "Proxy-Authenticate",
    "Cookie",
    "Set-Cookie",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Anything",
    "Forwarded",
    "Via",
    "Content-Type",
    "Content-Encoding",
    "Content-Range",
    "Cache-Control",
    "Expires",
    "Date",
    "Age",
    "Location",
    "Vary",
    "Expect",
    "Max-Forwards",
    "Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "If-Range",
    "content-length",
    "TRANSFER-ENCODING",
    "HOST",
    "x-forwarded-for",
    "set-cookie",
];

/// Only `trailers` is passed on, and only of a client that can take them.
#[tokio::test]
async fn te() {
    let mut rows = Vec::new();
    for value in [
        "trailers",
        "Trailers",
        "TRAILERS",
        "gzip, trailers",
        "trailers, deflate;q=0.5",
        "gzip;q=1,trailers",
        ", trailers",
    ] {
        rows.push(row("9110 §10.1.4", value, get(&format!("TE: {value}\r\n"))).forwards(got(TE)));
        rows.push(
            row(
                "9110 §10.1.4",
                format!("{value}, named"),
                get(&format!("Connection: TE\r\nTE: {value}\r\n")),
            )
            .forwards(got(TE)),
        );
    }
    rows.push(
        row(
            "9110 §10.1.4",
            "in a second line",
            get("TE: gzip\r\nTE: trailers\r\n"),
        )
        .forwards(got(TE)),
    );
    for value in [
        "",
        "gzip",
        "deflate, gzip;q=0.5",
        "trailersx",
        "x-trailers",
        "\"trailers\"",
        "chunked",
    ] {
        rows.push(row("9110 §10.1.4", value, get(&format!("TE: {value}\r\n"))).forwards(got("")));
    }
    rows.push(
        row(
            "9110 §10.1.4",
            "HTTP/1.0",
            "GET /x HTTP/1.0\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\n\r\n",
        )
        .forwards(got(""))
        .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        .closes(),
    );
    check(rows).await;
}

/// A response with trailers, to a request with `fields`, that is forwarded with `passed`.
fn answered(
    name: &str,
    fields: (&str, &str),
    headers: (&str, &str),
    trailers: (&str, &str),
) -> Row {
    row("9110 §6.5", name, get(fields.0))
        .forwards(got(fields.1))
        .answered(format!(
            "HTTP/1.1 200 OK\r\n{}{CHUNKED}\r\n2\r\nok\r\n0\r\n{}\r\n",
            headers.0, trailers.0
        ))
        .gets(format!(
            "HTTP/1.1 200 OK\r\n{}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n{}\r\n",
            headers.1, trailers.1
        ))
}

#[tokio::test]
async fn of_responses() {
    let asked = ("TE: trailers\r\n", TE);
    let none = ("", "");
    let told = ("Trailer: X-A\r\n", "trailer: X-A\r\n");
    let one = ("X-A: 1\r\n", "x-a: 1\r\n");
    let two = (
        "X-B: 2\r\nX-A: 1\r\nX-B: 1\r\n",
        "x-b: 2\r\nx-b: 1\r\nx-a: 1\r\n",
    );
    let mut rows = vec![
        answered("neither asked for nor announced", none, none, (one.0, "")),
        answered("asked for", asked, none, one),
        answered("announced", none, told, one),
        answered("both", asked, told, one),
        answered("several", asked, none, two),
        answered("announced, and none there", none, told, none),
        answered(
            "named like a header",
            asked,
            ("X-A: 0\r\n", "x-a: 0\r\n"),
            one,
        ),
        answered(
            "odd bytes",
            asked,
            none,
            ("X-A: caf\u{e9}\r\n", "x-a: caf\u{e9}\r\n"),
        ),
    ];
    rows.push(
        row(
            "9112 §7.1.2",
            "HTTP/1.0",
            "GET /x HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n",
        )
        .forwards(got(""))
        .answered(format!(
            "HTTP/1.1 200 OK\r\n{CHUNKED}\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n"
        ))
        .gets("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok")
        .closes(),
    );
    for name in FORBIDDEN {
        let trailers = format!("{name}: 1\r\nX-A: 1\r\n");
        rows.push(answered(name, asked, none, (&trailers, "x-a: 1\r\n")));
    }
    // No body, no trailers.
    let head = "HTTP/1.1 200 OK\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n";
    rows.push(
        row(
            "9110 §9.3.2",
            "HEAD",
            "HEAD /x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n",
        )
        .forwards(format!("HEAD /x HTTP/1.1\r\n{TE}\r\n"))
        .answered(head)
        .gets("HTTP/1.1 200 OK\r\ntrailer: X-A\r\n\r\n"),
    );
    check(rows).await;
}

/// Upgrade and TE are said in one Connection.
#[tokio::test]
async fn beside_an_upgrade() {
    let fields = "Connection: Upgrade, TE\r\nUpgrade: websocket\r\nTE: trailers\r\n";
    let one_way = "connection: te, upgrade\r\nupgrade: websocket\r\nte: trailers\r\n";
    check(vec![
        row("9110 §10.1.4", fields, get(fields)).forwards(got(one_way)),
    ])
    .await;
}

fn sent(name: &str, fields: (&str, &str), trailers: (&str, &str)) -> Row {
    let body = |trailers: &str| format!("5\r\nhello\r\n0\r\n{trailers}\r\n");
    let fields = (
        fields.0.to_owned() + CHUNKED,
        fields.1.to_owned() + "transfer-encoding: chunked\r\n",
    );
    row("9110 §6.5", name, post(&fields.0, &body(trailers.0)))
        .forwards(posted(&fields.1, &body(trailers.1)))
}

#[tokio::test]
async fn of_requests() {
    let asked = ("TE: trailers\r\n", TE);
    let told = ("Trailer: X-A\r\n", "trailer: X-A\r\n");
    let one = ("X-A: 1\r\n", "x-a: 1\r\n");
    let mut rows = vec![
        sent("not announced", ("", ""), (one.0, "")),
        sent("announced", told, one),
        sent("from one that takes them", asked, one),
        sent("announced, and none there", told, ("", "")),
        sent(
            "announced by a name in Connection",
            ("Connection: Trailer\r\n", ""),
            (one.0, ""),
        ),
    ];
    for name in FORBIDDEN {
        let trailers = format!("{name}: 1\r\nX-A: 1\r\n");
        rows.push(sent(name, told, (&trailers, "x-a: 1\r\n")));
        let told = format!("Trailer: {name}, X-A\r\n");
        let passed = format!("trailer: {name}, X-A\r\n");
        rows.push(sent(&told, (&told, &passed), (&trailers, "x-a: 1\r\n")));
    }
    check(rows).await;
}

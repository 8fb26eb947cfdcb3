//! How much a client's head may be (RFC 9112 §3, RFC 9110 §5.4, §15.5.15, RFC 6585 §5).

use super::row::{Row, check, row};
use super::{get, got};

/// So many fields.
fn many(count: usize) -> String {
    let lines = (0..count).map(|number| format!("x-{number}: 1\r\n"));
    lines.collect::<Vec<_>>().concat()
}

/// A field with so long a value.
fn wide(length: usize) -> String {
    format!("x-a: {}\r\n", "a".repeat(length))
}

fn target(length: usize) -> Row {
    let target = format!("/{}", "x".repeat(length - 1));
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    row("9112 §3", format!("a target of {length} bytes"), request)
}

#[tokio::test]
async fn targets() {
    let long = |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(length - 1));
    let rows = vec![
        target(8 << 10).forwards(long(8 << 10)),
        target(16_000).forwards(long(16_000)),
        target(17 << 10).refused(414),
        target(60 << 10).refused(414),
        target(1 << 20).refused(414),
        row(
            "9112 §3",
            "a line without an end",
            format!("GET /{}", "x".repeat(20 << 10)),
        )
        .refused(414),
    ];
    check(rows).await;
}

#[tokio::test]
async fn fields() {
    let rows = vec![
        row("6585 §5", "many fields", get(&many(120))).forwards(got(&many(120))),
        row("6585 §5", "as many as may be", get(&many(127))).forwards(got(&many(127))),
        row("6585 §5", "one too many", get(&many(128))).refused(431),
        row("6585 §5", "far too many", get(&many(2000))).refused(431),
        row("6585 §5", "the same one", get(&"x-a: 1\r\n".repeat(200))).refused(431),
        row(
            "6585 §5",
            "many cookies",
            get(&"cookie: a=1\r\n".repeat(200)),
        )
        .refused(431),
        row("6585 §5", "a long one", get(&wide(30 << 10))).forwards(got(&wide(30 << 10))),
        row("6585 §5", "too long a one", get(&wide(64 << 10))).refused(431),
        row("6585 §5", "far too long a one", get(&wide(1 << 20))).refused(431),
        row(
            "6585 §5",
            "a long name",
            get(&format!("{}: 1\r\n", "x".repeat(70 << 10))),
        )
        .refused(431),
        row(
            "6585 §5",
            "several long ones",
            get(&wide(20 << 10).repeat(4)),
        )
        .refused(431),
        row(
            "6585 §5",
            "a head without an end",
            format!(
                "GET /x HTTP/1.1\r\nHost: a\r\nX-A: {}",
                "a".repeat(70 << 10)
            ),
        )
        .refused(431),
    ];
    check(rows).await;
}

/// An endpoint's head has bounds too: more is a 502.
#[tokio::test]
async fn responses() {
    let answered = |name: &str, fields: String| {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
        let row = row("9110 §5.4", name, get(""))
            .forwards(got(""))
            .answered(answer);
        (
            row,
            format!("HTTP/1.1 200 OK\r\n{fields}content-length: 2\r\n\r\nok"),
        )
    };
    let mut rows = Vec::new();
    for (name, fields) in [
        ("many fields", many(250)),
        ("a long one", wide(60 << 10)),
        ("cookies", "set-cookie: a=1\r\n".repeat(200)),
    ] {
        let (row, passed) = answered(name, fields);
        rows.push(row.gets(passed));
    }
    for (name, fields) in [
        ("too many", many(300)),
        ("too long a one", wide(70 << 10)),
        ("too many cookies", "set-cookie: a=1\r\n".repeat(300)),
    ] {
        rows.push(answered(name, fields).0.fails(502));
    }
    check(rows).await;
}

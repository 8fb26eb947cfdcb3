//! The first line of a request (RFC 9112 §3), and what may stand before it (§2.2).

use super::row::{Row, check, row};
use super::{get, got};

const FIELDS: &str = "\r\nHost: a\r\n\r\n";

/// Methods are tokens, and are passed as they are (RFC 9110 §9.1).
#[tokio::test]
async fn methods() {
    let good = [
        "GET",
        "DELETE",
        "get",
        "Get",
        "PROPFIND",
        "M-SEARCH",
        "PURGE",
        "QUERY",
        "X",
        "9",
        "!#$%&'*+-.^_`|~",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ];
    let mut rows: Vec<_> = good
        .iter()
        .map(|method| {
            row(
                "9110 §9.1",
                *method,
                format!("{method} /x HTTP/1.1{FIELDS}"),
            )
            .forwards(format!("{method} /x HTTP/1.1\r\n\r\n"))
        })
        .collect();
    let bad: [&[u8]; 22] = [
        b"",
        b"G T",
        b"G\tT",
        b"G(T",
        b"G)T",
        b"G,T",
        b"G/T",
        b"G:T",
        b"G;T",
        b"G<T",
        b"G=T",
        b"G?T",
        b"G@T",
        b"G[T",
        b"G\\T",
        b"G{T",
        b"G\"T",
        b"G\0T",
        b"G\x01T",
        b"G\x7fT",
        b"G\x80T",
        b"\xef\xbb\xbfGET",
    ];
    rows.extend(bad.iter().map(|method| {
        let request = [method, &b" /x HTTP/1.1"[..], FIELDS.as_bytes()].concat();
        row("9110 §9.1", method.escape_ascii().to_string(), request).refused(400)
    }));
    check(rows).await;
}

fn bad(section: &'static str, line: &str) -> Row {
    let name = line.escape_default().to_string();
    row(section, name, format!("{line}{FIELDS}")).refused(400)
}

/// One space between the parts, CRLF behind them, and nothing else.
#[tokio::test]
async fn white_space() {
    let rows = [
        "GET  /x HTTP/1.1",
        "GET /x  HTTP/1.1",
        "GET\t/x HTTP/1.1",
        "GET /x\tHTTP/1.1",
        "GET\x0b/x HTTP/1.1",
        "GET /x\x0cHTTP/1.1",
        " GET /x HTTP/1.1",
        "\tGET /x HTTP/1.1",
        "GET /x HTTP/1.1 ",
        "GET /x HTTP/1.1\t",
        "GET /x HTTP/1.1 x",
        "GET /x HTTP/1.1, HTTP/1.1",
        "GET /x y HTTP/1.1",
        "GET /x\rHTTP/1.1",
        "GET\r/x HTTP/1.1",
        "GET /x HTTP/1.1\r",
        "GET /x\ry HTTP/1.1",
        "GET /x\ny HTTP/1.1",
        "GET /x HTTP/1.1\nX: y",
        "\nGET /x HTTP/1.1",
        "\rGET /x HTTP/1.1",
        "\r\rGET /x HTTP/1.1",
        "\r\n GET /x HTTP/1.1",
    ];
    let mut rows: Vec<_> = rows.iter().map(|line| bad("9112 §3", line)).collect();
    let lf = "GET /x HTTP/1.1\nHost: a\n\n";
    rows.push(row("9112 §2.2", "bare LF throughout", lf).refused(400));
    let lf = "GET /x HTTP/1.1\nHost: a\r\n\r\n";
    rows.push(row("9112 §2.2", "bare LF behind the line", lf).refused(400));
    let lf = "GET /x HTTP/1.1\r\nHost: a\r\n\n";
    rows.push(row("9112 §2.2", "bare LF behind the head", lf).refused(400));
    check(rows).await;
}

#[tokio::test]
async fn parts() {
    let rows = [
        "GET",
        "GET ",
        "GET /x",
        "GET HTTP/1.1",
        "/x HTTP/1.1",
        "HTTP/1.1 200 OK",
        "GET /x http/1.1",
        "GET /x Http/1.1",
        "GET /x HTTP",
        "GET /x HTTP/",
        "GET /x HTTP/1",
        "GET /x HTTP/1.",
        "GET /x HTTP/.1",
        "GET /x HTTP/11",
        "GET /x HTTP/1.1.1",
        "GET /x HTTP/1.01",
        "GET /x HTTP/01.1",
        "GET /x HTTP/1.10",
        "GET /x HTTP/1,1",
        "GET /x HTTP/+1.1",
        "GET /x HTTP/a.b",
        "GET /x HTTP /1.1",
        "GET /x HTP/1.1",
        "GET /x HTTPS/1.1",
        "GET /x ICY/1.1",
    ];
    check(rows.iter().map(|line| bad("9112 §3", line)).collect()).await;
}

/// Control characters in a target end badly wherever they are taken for something else.
#[tokio::test]
async fn bytes_that_no_target_has() {
    let bytes = (0..=0x20).chain([0x7f]).filter(|byte| *byte != b' ');
    let rows = bytes.map(|byte: u8| {
        let request = [b"GET /a", &[byte][..], b"b HTTP/1.1", FIELDS.as_bytes()].concat();
        row("9112 §3.2", format!("byte {byte:#04x}"), request).refused(400)
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn empty_lines_in_front() {
    let rows = ["\r\n", "\r\n\r\n", "\r\n\r\n\r\n\r\n"].map(|front| {
        row(
            "9112 §2.2",
            front.escape_default().to_string(),
            front.to_owned() + &get(""),
        )
        .forwards(got(""))
    });
    check(rows.to_vec()).await;
}

#[tokio::test]
async fn pipelined() {
    let two = get("X-A: 1\r\n") + &get("X-A: 2\r\n");
    let rows = vec![
        row("9112 §9.3.2", "two requests at once", two)
            .forwards(got("x-a: 1\r\n"))
            .forwards(got("x-a: 2\r\n")),
        row(
            "9112 §9.3.2",
            "empty lines between",
            get("X-A: 1\r\n") + "\r\n\r\n" + &get("X-A: 2\r\n"),
        )
        .forwards(got("x-a: 1\r\n"))
        .forwards(got("x-a: 2\r\n")),
        row(
            "9112 §9.3.2",
            "a bad one behind a good one",
            get("") + "GET /y\r\n\r\n",
        )
        .forwards(got(""))
        .gets(super::row::GOT)
        .refused(400),
        row(
            "9112 §9.6",
            "one behind the last",
            get("Connection: close\r\n") + &get(""),
        )
        .forwards(got(""))
        .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        .closes(),
    ];
    check(rows).await;
}

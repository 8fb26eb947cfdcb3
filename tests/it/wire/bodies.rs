//! Responses that have no body whatever they say, bodies of unknown length, and bodies that break off (RFC 9110 §6.4,
//! §8.6, RFC 9112 §6.3, §8).

use dial::ModifiableRequest;
use dial_tests::{Gate, Origin, RawClient, Script};

use super::row::{Row, check, row};
use super::{get, got, post};
use crate::harness::Served;

fn answered(section: &'static str, name: &str, answer: impl AsRef<[u8]>) -> Row {
    row(section, name, get(""))
        .forwards(got(""))
        .answered(answer)
}

fn head(name: &str, fields: &str, passed: &str) -> Row {
    row("9110 §9.3.2", name, "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
        .forwards("HEAD /x HTTP/1.1\r\n\r\n")
        .answered(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"))
        .gets(format!("HTTP/1.1 200 OK\r\n{passed}\r\n"))
}

/// The length a GET would have been answered with is told (RFC 9110 §8.6).
#[tokio::test]
async fn answers_to_head() {
    let rows = vec![
        head("a length", "Content-Length: 5\r\n", "content-length: 5\r\n"),
        head(
            "a large one",
            "Content-Length: 18446744073709551615\r\n",
            "content-length: 18446744073709551615\r\n",
        ),
        head("a zero", "Content-Length: 0\r\n", "content-length: 0\r\n"),
        head(
            "zeros in front",
            "Content-Length: 005\r\n",
            "content-length: 5\r\n",
        ),
        head("no length", "", ""),
        head("chunks", "Transfer-Encoding: chunked\r\n", ""),
        head(
            "fields",
            "X-A: 1\r\nETag: \"a\"\r\n",
            "x-a: 1\r\netag: \"a\"\r\n",
        ),
        row(
            "9110 §9.3.2",
            "an error",
            "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("HEAD /x HTTP/1.1\r\n\r\n")
        .answered("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n")
        .gets("HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n"),
        row(
            "9110 §9.3.2",
            "dial's own",
            "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("HEAD /x HTTP/1.1\r\n\r\n")
        .answered("HTTP/1.1 200 OK\r\nX\r\n\r\n")
        .fails(502),
        row(
            "9110 §9.3.2",
            "lengths that disagree",
            "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("HEAD /x HTTP/1.1\r\n\r\n")
        .answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")
        .fails(502),
    ];
    check(rows).await;
}

#[tokio::test]
async fn no_content_and_not_modified() {
    let answer = |status: &str, fields: &str, passed: &str| {
        answered(
            "9110 §6.4.1",
            &format!("{status} {fields:?}"),
            format!("HTTP/1.1 {status}\r\n{fields}\r\n"),
        )
        .gets(format!("HTTP/1.1 {status}\r\n{passed}\r\n"))
    };
    let rows = vec![
        answer("204 No Content", "", ""),
        answer("204 No Content", "Content-Length: 0\r\n", ""),
        answer("204 No Content", "Content-Length: 5\r\n", ""),
        answer("204 No Content", "Transfer-Encoding: chunked\r\n", ""),
        answer("204 No Content", "X-A: 1\r\n", "x-a: 1\r\n"),
        answer("304 Not Modified", "", ""),
        answer(
            "304 Not Modified",
            "Content-Length: 5\r\n",
            "content-length: 5\r\n",
        ),
        answer(
            "304 Not Modified",
            "Content-Length: 0\r\n",
            "content-length: 0\r\n",
        ),
        answer("304 Not Modified", "Transfer-Encoding: chunked\r\n", ""),
        answer(
            "304 Not Modified",
            "ETag: \"a\"\r\nVary: x\r\n",
            "etag: \"a\"\r\nvary: x\r\n",
        ),
        answer("200 OK", "Content-Length: 0\r\n", "content-length: 0\r\n"),
        answer(
            "205 Reset Content",
            "Content-Length: 0\r\n",
            "content-length: 0\r\n",
        ),
    ];
    check(rows).await;
}

/// Every status passes with its number, known or not (RFC 9110 §15).
#[tokio::test]
async fn statuses() {
    let mut rows = Vec::new();
    for status in [
        200, 201, 202, 203, 206, 207, 208, 226, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403,
        404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423,
        424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
    ] {
        let reason = http::StatusCode::from_u16(status).expect("a status");
        let reason = reason.canonical_reason().expect("a known one");
        let answer = format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 2\r\n\r\nok");
        let gets = format!("HTTP/1.1 {status} {reason}\r\ncontent-length: 2\r\n\r\nok");
        rows.push(answered("9110 §15", &status.to_string(), answer).gets(gets));
    }
    for status in [299, 399, 499, 520, 599, 600, 999] {
        let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 2\r\n\r\nok");
        let gets = format!("HTTP/1.1 {status} \r\ncontent-length: 2\r\n\r\nok");
        rows.push(answered("9110 §15", &status.to_string(), answer).gets(gets));
    }
    for reason in ["", " ", " Fine", " \u{e4}\u{f6}", " a  b"] {
        let answer = format!("HTTP/1.1 200{reason}\r\nContent-Length: 2\r\n\r\nok");
        rows.push(answered("9112 §4", &format!("reason {reason:?}"), answer).gets(super::row::GOT));
    }
    check(rows).await;
}

/// Added when it is missing, and left alone otherwise (RFC 9110 §6.6.1).
#[tokio::test]
async fn date() {
    let mut rows = Vec::new();
    for date in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thursday, 01-Jan-70 00:00:00 GMT",
        "yesterday",
        "",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 2\r\n\r\nok");
        let gets = format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 2\r\n\r\nok");
        rows.push(answered("9110 §6.6.1", date, answer).gets(gets));
    }
    check(rows).await;
}

#[tokio::test]
async fn unknown_lengths() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let until_close = |name: &str, body: &str| {
        answered("9112 §6.3", name, "")
            .answered_and_closed(format!("HTTP/1.1 200 OK\r\n\r\n{body}"))
    };
    let rows = vec![
        until_close("until the end", "hello").gets(format!("{chunked}5\r\nhello\r\n0\r\n\r\n")),
        until_close("nothing", "").gets(format!("{chunked}0\r\n\r\n")),
        until_close("what looks like chunks", "0\r\n\r\n")
            .gets(format!("{chunked}5\r\n0\r\n\r\n\r\n0\r\n\r\n")),
        until_close("a response", "HTTP/1.1 200 OK\r\n\r\n").gets(format!(
            "{chunked}13\r\nHTTP/1.1 200 OK\r\n\r\n\r\n0\r\n\r\n"
        )),
        answered("9112 §6.3", "a redirect without a length", "")
            .answered_and_closed("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
            .gets(
                "HTTP/1.1 302 Found\r\nlocation: /\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
    ];
    check(rows).await;
}

/// Each event is with the client before the endpoint has said the next (WHATWG HTML §9.2): nothing waits for more.
#[tokio::test]
async fn flushed_at_once() {
    let mut rows = Vec::new();
    for (name, head, wrap) in [
        ("chunks", "Transfer-Encoding: chunked\r\n", true),
        ("no length", "", false),
    ] {
        let piece = |data: &str| match wrap {
            true => format!("{:x}\r\n{data}\r\n", data.len()),
            false => data.to_owned(),
        };
        let (first, second) = (Gate::closed(), Gate::closed());
        let script = Script::new()
            .read_head()
            .write(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{head}\r\n"
            ))
            .wait(&first)
            .write(piece("data: 1\n\n"))
            .wait(&second)
            .write(piece("data: 2\n\n"))
            .write(if wrap { "0\r\n\r\n" } else { "" });
        rows.push(
            row("9112 §7.1", name, get(""))
                .forwards(got(""))
                .script(script)
                .head("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
                .opens(&first)
                .exact("9\r\ndata: 1\n\n\r\n")
                .opens(&second)
                .exact("9\r\ndata: 2\n\n\r\n0\r\n\r\n"),
        );
    }
    check(rows).await;
}

/// And so is each piece of an upload, before the client has sent the next.
#[tokio::test]
async fn uploads_flushed_at_once() {
    for (fields, piece) in [
        ("Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n"),
        ("Content-Length: 5\r\n", "he"),
    ] {
        let script = Script::new().read_head().read_until(piece).hang();
        let origin = Origin::raw(script);
        let forward = |request: ModifiableRequest| request;
        let served = Served::proxy(dial::proxy([origin.url()], forward));
        let mut client = RawClient::connect(served.addr).await;
        client.send(post(fields, piece)).await;
        let received = origin.received(0).await;
        assert!(received.ends_with(piece.as_bytes()), "{fields:?}");
    }
}

/// What breaks off never looks whole (RFC 9112 §8).
#[tokio::test]
async fn broken_off() {
    let sized = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let read = || Script::new().read_head();
    let broken = |name: &str, script: Script| {
        row("9112 §8", name, get(""))
            .forwards(got(""))
            .script(script)
    };
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let until_close = "HTTP/1.1 200 OK\r\n\r\nhalf";
    let rows = vec![
        broken("closed within a length", read().write(half)).cut(sized),
        broken(
            "closed before a byte of it",
            read().write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        )
        .cut(sized),
        broken("reset within a length", read().write(half).reset()).cut(sized),
        broken(
            "closed within chunks",
            read().write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        )
        .cut(chunked),
        broken(
            "reset within chunks",
            read()
                .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
                .reset(),
        )
        .cut(chunked),
        broken("reset without a length", read().write(until_close).reset()).cut(chunked),
        row(
            "9112 §8",
            "reset without a length, for an old client",
            "GET /x HTTP/1.0\r\nHost: a\r\n\r\n",
        )
        .forwards(got(""))
        .script(read().write(until_close).reset())
        .cut("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"),
    ];
    check(rows).await;
}

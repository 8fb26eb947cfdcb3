//! Chunked bodies (RFC 9112 §7.1): every line end counts, sizes do not overflow, nothing grows without a bound.

use super::row::{Row, check, row};
use super::{get, got, post, posted};

/// How bodies may be written, and what they are written anew as.
const GOOD: [(&str, &str); 20] = [
    ("0\r\n\r\n", "0\r\n\r\n"),
    ("5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    (
        "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "A\r\nhellohello\r\n0\r\n\r\n",
        "a\r\nhellohello\r\n0\r\n\r\n",
    ),
    (
        "a\r\nhellohello\r\n0\r\n\r\n",
        "a\r\nhellohello\r\n0\r\n\r\n",
    ),
    ("0005\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    (
        "00000000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ),
    ("5\r\nhello\r\n000\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("5;a\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("5;a=b\r\nhello\r\n0;c=d\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    (
        "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ),
    ("5 ; a = b\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("5;a\tb\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("5;0\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("5;\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    ("2\r\n\r\n\r\n0\r\n\r\n", "2\r\n\r\n\r\n0\r\n\r\n"),
    (
        "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n",
        "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n",
    ),
    // Trailers nobody announced and nobody asked for (RFC 9110 §6.5.1).
    (
        "5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ),
    ("0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", "0\r\n\r\n"),
    (
        "5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ),
];

/// How they may not.
const BAD: [&str; 66] = [
    // Sizes.
    "\r\nhello\r\n0\r\n\r\n",
    "g\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "0X5\r\nhello\r\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n",
    "-5\r\nhello\r\n0\r\n\r\n",
    "-0\r\n\r\n",
    "+0\r\n\r\n",
    " 5\r\nhello\r\n0\r\n\r\n",
    "\t5\r\nhello\r\n0\r\n\r\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    "5\t\r\nhello\r\n0\r\n\r\n",
    "5 5\r\nhello\r\n0\r\n\r\n",
    "5,\r\nhello\r\n0\r\n\r\n",
    "5_0\r\nhello\r\n0\r\n\r\n",
    "5h\r\nhello\r\n0\r\n\r\n",
    "\"5\"\r\nhello\r\n0\r\n\r\n",
    "5=a\r\nhello\r\n0\r\n\r\n",
    "5:a\r\nhello\r\n0\r\n\r\n",
    ";a=b\r\nhello\r\n0\r\n\r\n",
    "5\0\r\nhello\r\n0\r\n\r\n",
    "\u{665}\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "10000000000000000\r\nhello\r\n0\r\n\r\n",
    "10000000000000005\r\nhello\r\n0\r\n\r\n",
    "100000000000000000000000000000005\r\nhello\r\n0\r\n\r\n",
    // Line ends behind sizes and extensions.
    "5\nhello\r\n0\r\n\r\n",
    "5\rhello\r\n0\r\n\r\n",
    "5\r\r\nhello\r\n0\r\n\r\n",
    "5\n\r\nhello\r\n0\r\n\r\n",
    "5\n\nhello\r\n0\r\n\r\n",
    "5;\nhello\r\n0\r\n\r\n",
    "5;a\nhello\r\n0\r\n\r\n",
    "5;a\rb\r\nhello\r\n0\r\n\r\n",
    "5;a\r\r\nhello\r\n0\r\n\r\n",
    "5;a\0b\r\nhello\r\n0\r\n\r\n",
    "5;a\x01b\r\nhello\r\n0\r\n\r\n",
    "5;a\x7fb\r\nhello\r\n0\r\n\r\n",
    "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
    "5;a=\"\r\"\r\nhello\r\n0\r\n\r\n",
    "5\x0b;a\r\nhello\r\n0\r\n\r\n",
    // Line ends behind data.
    "5\r\nhello0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "5\r\nhello\r0\r\n\r\n",
    "5\r\nhello\n\r0\r\n\r\n",
    "5\r\nhelloXX0\r\n\r\n",
    "5\r\nhello \r\n0\r\n\r\n",
    "5\r\nhello!\r\n0\r\n\r\n",
    "5\r\nhello\r\n\r\n0\r\n\r\n",
    "6\r\nhello\r\n0\r\n\r\n",
    "4\r\nhello\r\n0\r\n\r\n",
    // The last chunk, and trailers.
    "5\r\nhello\r\n0\n\r\n",
    "5\r\nhello\r\n0\r\r\n",
    "5\r\nhello\r\n0\r\n\n",
    "5\r\nhello\r\n0\r\nX-A : 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nX A: 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-A\r\n\r\n",
    "5\r\nhello\r\n0\r\n: 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-A: 1\r\n 2\r\n\r\n",
    "5\r\nhello\r\n0\r\n X-A: 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-A: 1\nX-B: 2\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-A: 1\r\n\n",
    "5\r\nhello\r\n0\r\nX-A: \0\r\n\r\n",
    "5\r\nhello\r\n0\r\nX-A: 1\r2\r\n\r\n",
    "5\r\nhello\r\n0\r\nX\u{e9}: 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
];

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

fn request(body: &str) -> Row {
    row(
        "9112 §7.1",
        body.escape_default().to_string(),
        post(CHUNKED, body),
    )
}

fn response(body: &str) -> Row {
    let answer = format!("HTTP/1.1 200 OK\r\n{CHUNKED}\r\n{body}");
    row("9112 §7.1", body.escape_default().to_string(), get(""))
        .forwards(got(""))
        .answered(answer)
}

const GOT_HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn written_anew() {
    let requests = GOOD
        .iter()
        .map(|(body, anew)| request(body).forwards(posted("transfer-encoding: chunked\r\n", anew)));
    check(requests.collect()).await;
    let responses = GOOD
        .iter()
        .map(|(body, anew)| response(body).gets(GOT_HEAD.to_owned() + anew));
    check(responses.collect()).await;
}

#[tokio::test]
async fn refused() {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let rows = BAD.iter().map(|body| {
        let fault = request(&format!("{body}{smuggled}"));
        fault.forwards_a_part().refused(400)
    });
    check(rows.collect()).await;
}

/// A response that went wrong in the middle must not look whole (RFC 9112 §8).
#[tokio::test]
async fn broken_off() {
    check(
        BAD.iter()
            .map(|body| response(body).cut(GOT_HEAD))
            .collect(),
    )
    .await;
}

/// A body without its last chunk, and then nothing more (RFC 9112 §8).
#[tokio::test]
async fn cut_short() {
    let bodies = [
        "",
        "5",
        "5\r",
        "5\r\n",
        "5\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r",
        "5\r\nhello\r\n",
        "5\r\nhello\r\n0",
        "5\r\nhello\r\n0\r",
        "5\r\nhello\r\n0\r\n",
        "5\r\nhello\r\n0\r\n\r",
        "5\r\nhello\r\n0\r\nX-A: 1",
        "5\r\nhello\r\n0\r\nX-A: 1\r\n",
        "5;a",
        "ffffff\r\nhello",
    ];
    let requests = bodies.map(|body| request(body).half_closes().forwards_a_part().refused(400));
    check(requests.to_vec()).await;
    let responses = bodies.map(|body| {
        let answer = format!("HTTP/1.1 200 OK\r\n{CHUNKED}\r\n{body}");
        response(body).answered_and_closed(answer).cut(GOT_HEAD)
    });
    check(responses.to_vec()).await;
}

/// Whatever is read over has an end (RFC 9112 §7.1.1, §7.1.2).
#[tokio::test]
async fn bounded() {
    let bodies = [
        (
            "an endless extension",
            format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(8 << 10)),
        ),
        (
            "endless zeros",
            format!("{}5\r\nhello\r\n0\r\n\r\n", "0".repeat(8 << 10)),
        ),
        (
            "an endless trailer",
            format!("0\r\nX-A: {}\r\n\r\n", "a".repeat(32 << 10)),
        ),
        (
            "too many trailers",
            format!("0\r\n{}\r\n", "X-A: 1\r\n".repeat(100)),
        ),
    ];
    let mut rows = Vec::new();
    for (name, body) in bodies {
        let long = row("9112 §7.1.1", name, post(CHUNKED, &body));
        rows.push(long.forwards_a_part().refused(400));
        rows.push(response(&body).cut(GOT_HEAD));
    }
    check(rows).await;
}

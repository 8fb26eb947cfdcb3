//! Bodies that a handler reads, replaces or transforms, and how the origin sees them framed (RFC 9112 §6).

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use dial::{Body, ModifiableRequest, ProxyService};
use dial_tests::{Origin, RawClient, client};
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;

use super::unchanged;
use crate::harness::Both;

const SIZED: &str = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
const EMPTY: &str = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
const EMPTY_CHUNKED: &str =
    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
const NONE: &str = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

/// A body of pieces whose length nobody knows beforehand.
struct Pieces(Vec<&'static str>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(
            self.0
                .pop()
                .map(|piece| Ok(Frame::data(Bytes::from(piece)))),
        )
    }
}

/// A body that breaks before its first byte.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(Some(Err("no more pieces")))
    }
}

async fn read(request: &mut ModifiableRequest) -> Result<(), dial::Error> {
    let body = request.body_bytes(5).await?;
    // The body is still there to be read, and to be sent.
    assert_eq!(request.body_bytes(5).await?, body);
    request.set_header("X-Read", body.len());
    Ok(())
}

fn set(request: &mut ModifiableRequest) {
    request.set_body("other body");
}

fn cleared(request: &mut ModifiableRequest) {
    request.set_body("");
}

fn streamed(request: &mut ModifiableRequest) {
    request.set_body(Body::new(Pieces(vec!["ly", "ent", "differ"])));
}

fn same(request: &mut ModifiableRequest) {
    request.map_body(|body| body);
}

fn shouted(request: &mut ModifiableRequest) {
    request.map_body(|body| {
        body.map_frame(|frame| frame.map_data(|data| Bytes::from(data.to_ascii_uppercase())))
    });
}

fn unsized_pieces(request: &mut ModifiableRequest) {
    request.map_body(|body| {
        drop(body);
        Pieces(vec!["b", "a"])
    });
}

fn sized(request: &mut ModifiableRequest) {
    request.map_body(|_| Full::new(Bytes::from("sized")));
}

async fn read_and_set(request: &mut ModifiableRequest) -> Result<(), dial::Error> {
    let body = request.body_bytes(100).await?;
    request.set_body([&body[..], b"!"].concat());
    Ok(())
}

/// `Some(length)` for Content-Length, `None` for chunked.
type Framing = Option<&'static str>;

async fn check(
    origin: &Origin,
    handler: &str,
    proxy: ProxyService,
    rows: &[(&str, Framing, &str)],
) {
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        for (raw, framing, body) in rows {
            let row = format!("{handler}, {home}: {}", raw.escape_debug());
            assert_eq!(client::request(addr, raw).await.status, 200, "{row}");
            let sent = origin.requests().pop().expect("a request");
            let (length, coding) = match framing {
                Some("none") => (None, None),
                Some(length) => (Some(*length), None),
                None => (None, Some("chunked")),
            };
            assert_eq!(sent.headers.get("content-length"), length, "{row}");
            assert_eq!(sent.headers.get("transfer-encoding"), coding, "{row}");
            assert_eq!(sent.body.escape_ascii().to_string(), *body, "{row}");
        }
    }
}

const UNTOUCHED: [(&str, Framing, &str); 4] = [
    (SIZED, Some("5"), "hello"),
    (CHUNKED, None, "hello"),
    (EMPTY, Some("0"), ""),
    (NONE, Some("none"), ""),
];

#[tokio::test]
async fn a_body_that_passes_keeps_its_framing() {
    let origin = Origin::named("1");
    check(
        &origin,
        "unchanged",
        dial::proxy([origin.url()], unchanged),
        &UNTOUCHED,
    )
    .await;
    check(
        &origin,
        "same",
        dial::proxy([origin.url()], same),
        &UNTOUCHED,
    )
    .await;
}

#[tokio::test]
async fn a_body_that_was_read_is_still_sent() {
    let origin = Origin::named("1");
    // Its length is known then, so it is sent with it.
    let rows = [
        (SIZED, Some("5"), "hello"),
        (CHUNKED, Some("5"), "hello"),
        (EMPTY, Some("0"), ""),
        (EMPTY_CHUNKED, Some("0"), ""),
        (NONE, Some("none"), ""),
    ];
    check(&origin, "read", dial::proxy([origin.url()], read), &rows).await;
    let rows = [
        (SIZED, Some("6"), "hello!"),
        (CHUNKED, Some("6"), "hello!"),
        (NONE, Some("1"), "!"),
    ];
    check(
        &origin,
        "read_and_set",
        dial::proxy([origin.url()], read_and_set),
        &rows,
    )
    .await;
}

#[tokio::test]
async fn content_length_follows_the_body() {
    let origin = Origin::named("1");
    let rows = [SIZED, CHUNKED, EMPTY, NONE].map(|raw| (raw, Some("10"), "other body"));
    check(&origin, "set", dial::proxy([origin.url()], set), &rows).await;
    let rows = [SIZED, CHUNKED, EMPTY, NONE].map(|raw| (raw, Some("5"), "sized"));
    check(&origin, "sized", dial::proxy([origin.url()], sized), &rows).await;
}

/// RFC 9110 §8.6: a request whose method expects content says so when there is none.
#[tokio::test]
async fn a_body_that_was_cleared_has_length_zero() {
    let origin = Origin::named("1");
    let rows = [
        (SIZED, Some("0"), ""),
        (CHUNKED, Some("0"), ""),
        (EMPTY, Some("0"), ""),
        (NONE, Some("none"), ""),
    ];
    check(
        &origin,
        "cleared",
        dial::proxy([origin.url()], cleared),
        &rows,
    )
    .await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_chunked() {
    let origin = Origin::named("1");
    let rows = [SIZED, CHUNKED, EMPTY, NONE].map(|raw| (raw, None, "differently"));
    check(
        &origin,
        "streamed",
        dial::proxy([origin.url()], streamed),
        &rows,
    )
    .await;
    let rows = [SIZED, CHUNKED].map(|raw| (raw, None, "ab"));
    check(
        &origin,
        "unsized_pieces",
        dial::proxy([origin.url()], unsized_pieces),
        &rows,
    )
    .await;
}

#[tokio::test]
async fn a_transformed_body_is_whole() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], shouted)).await;
    for (home, addr) in both.homes() {
        for raw in [SIZED, CHUNKED] {
            assert_eq!(client::request(addr, raw).await.status, 200, "{home}");
            assert_eq!(
                origin.requests().pop().expect("a request").body,
                b"HELLO",
                "{home}"
            );
        }
    }
}

/// The client breaks off while the handler reads: nothing is forwarded.
#[tokio::test]
async fn half_a_body_forwards_nothing() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], read)).await;
    let halves = [
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
    ];
    for (home, addr) in both.homes() {
        for half in halves {
            let mut client = RawClient::connect(addr).await;
            client.send(half).await;
            client.shutdown_write().await;
            // There may be an answer; there must be an end.
            let said = client.read_to_end().await;
            assert!(
                said.is_empty() || said.starts_with(b"HTTP/1.1 400 "),
                "{home}: {}",
                said.escape_ascii()
            );
        }
    }
    assert_eq!(origin.connections(), 0);
}

/// A body that the handler made and that breaks is the handler's fault, not the client's.
#[tokio::test]
async fn a_broken_body_is_a_logged_500() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        request.map_body(|_| Broken);
    };
    let proxy = dial::proxy([origin.url()], handler).name("broken_body");
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let log = dial_tests::Log::of("dial");
        let response = client::request(addr, SIZED).await;
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error"),
            "{home}"
        );
        let line = super::logged(&log, "broken_body");
        assert!(line.contains("no more pieces"), "{home}: {line}");
    }
    assert_eq!(origin.count(), 0);
}

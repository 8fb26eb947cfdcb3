//! Bodies larger than is allowed: 413 (RFC 9110 §15.5.14), as soon as that is known.

use dial::{ErrorKind, ModifiableRequest, Response, StatusCode};
use dial_tests::{Origin, RawClient, client};

use super::unchanged;
use crate::harness::Both;

const LIMIT: u64 = 8;

/// A whole request with a body of `length` bytes.
fn sized(length: usize) -> String {
    format!(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{}",
        "x".repeat(length)
    )
}

fn chunked(pieces: &[usize]) -> String {
    let pieces = pieces
        .iter()
        .map(|length| format!("{length:x}\r\n{}\r\n", "x".repeat(*length)));
    let pieces: String = pieces.collect();
    format!("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{pieces}0\r\n\r\n")
}

#[tokio::test]
async fn a_route_has_a_limit() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged).body_limit(LIMIT)).await;
    let rows = [
        (
            "no body",
            "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            200,
        ),
        ("nothing", sized(0), 200),
        ("as much as is allowed", sized(8), 200),
        ("one byte more", sized(9), 413),
        ("much more", sized(100_000), 413),
        ("chunked, as much as is allowed", chunked(&[1, 7]), 200),
        ("chunked, one byte more", chunked(&[8, 1]), 413),
        ("chunked, one byte more at once", chunked(&[9]), 413),
    ];
    for (home, addr) in both.homes() {
        for (row, raw, status) in &rows {
            let before = origin.count();
            let response = client::request(addr, raw).await;
            assert_eq!(response.status, *status, "{row}, {home}");
            assert_eq!(
                origin.count() - before,
                usize::from(*status == 200),
                "{row}, {home}"
            );
        }
    }
}

/// Whoever announces too much is told before sending it, and is not asked to go on.
#[tokio::test]
async fn what_is_announced_is_refused_at_once() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged).body_limit(LIMIT)).await;
    for (home, addr) in both.homes() {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let mut client = RawClient::connect(addr).await;
            client
                .send(format!(
                    "POST /x HTTP/1.1\r\nHost: a\r\n{expect}Content-Length: 9\r\n\r\n"
                ))
                .await;
            let response = client.read_response().await;
            assert_eq!(
                (response.status, response.text()),
                (413, "Payload Too Large"),
                "{home}"
            );
            assert_eq!(response.interim, [], "{home}");
        }
    }
    assert_eq!(origin.connections(), 0);
}

/// What was not read of a refused body is never taken for a request (RFC 9112 §11.2).
#[tokio::test]
async fn the_rest_of_a_refused_body_is_no_request() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged).body_limit(LIMIT)).await;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    for (home, addr) in both.homes() {
        let length = hidden.len();
        let bodies = [
            format!("Content-Length: {length}\r\n\r\n{hidden}"),
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{hidden}\r\n0\r\n\r\n"),
        ];
        for body in bodies {
            let mut client = RawClient::connect(addr).await;
            client
                .send(format!("POST /x HTTP/1.1\r\nHost: a\r\n{body}"))
                .await;
            assert_eq!(client.read_response().await.status, 413, "{home}");
            client.shutdown_write().await;
            client.closed().await;
        }
    }
    assert_eq!(origin.count(), 0);
}

/// Reads at most eight bytes, in each of the ways a handler may deal with more.
async fn reading(mut request: ModifiableRequest) -> dial::Result {
    let swallow = request.header("x-swallow").is_some();
    match request.body_bytes(8).await {
        Ok(body) => assert!(body.len() <= 8),
        Err(error) => {
            assert_eq!(
                (error.kind(), error.status()),
                (ErrorKind::BodyTooLarge, StatusCode::PAYLOAD_TOO_LARGE)
            );
            if !swallow {
                return Err(error);
            }
        }
    }
    request.build()
}

#[tokio::test]
async fn a_handler_reads_no_more_than_it_asked_for() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], reading)).await;
    for (home, addr) in both.homes() {
        for raw in [sized(8), chunked(&[4, 4])] {
            assert_eq!(client::request(addr, raw).await.status, 200, "{home}");
        }
        let before = origin.count();
        for raw in [sized(9), chunked(&[4, 5]), chunked(&[9])] {
            let response = client::request(addr, &raw).await;
            assert_eq!(
                (response.status, response.text()),
                (413, "Payload Too Large"),
                "{home}"
            );
            // The body is gone: that a handler does not mind must not send the request without it.
            let swallowed = raw.replacen("Host: a\r\n", "Host: a\r\nX-Swallow: 1\r\n", 1);
            assert_eq!(client::request(addr, swallowed).await.status, 413, "{home}");
        }
        assert_eq!(origin.count(), before, "{home}");
    }
}

/// The smaller of the two limits holds, and a body that the handler made itself has none.
#[tokio::test]
async fn the_limit_is_for_what_clients_send() {
    let origin = Origin::named("1");
    let handler = async |request: &mut ModifiableRequest| -> Result<(), dial::Error> {
        let body = request.body_bytes(1000).await?;
        request.set_body(body.repeat(100));
        Ok(())
    };
    let both = Both::proxy(dial::proxy([origin.url()], handler).body_limit(LIMIT)).await;
    for (home, addr) in both.homes() {
        assert_eq!(client::request(addr, sized(8)).await.status, 200, "{home}");
        assert_eq!(
            origin.requests().pop().expect("a request").body.len(),
            800,
            "{home}"
        );
        assert_eq!(
            client::request(addr, chunked(&[9])).await.status,
            413,
            "{home}"
        );
    }
}

/// A handler that answers by itself is not even asked.
#[tokio::test]
async fn a_refused_body_does_not_reach_the_handler() {
    let handler = |_: ModifiableRequest| Response::new(dial::Body::from("answered"));
    let both = Both::proxy(dial::proxy(["unused.test"], handler).body_limit(LIMIT)).await;
    for (home, addr) in both.homes() {
        assert_eq!(
            client::request(addr, sized(8)).await.text(),
            "answered",
            "{home}"
        );
        assert_eq!(client::request(addr, sized(9)).await.status, 413, "{home}");
    }
}

//! `send().await`: the rare handler that must see the response before it decides.

use dial::{Body, Error, ErrorKind, ModifiableRequest, Outbound, Response, StatusCode};
use dial_tests::{Answer, ClosedPort, Origin, client};

use super::answers;
use crate::harness::Both;

const GET: &str = "GET /x?a=1 HTTP/1.1\r\nHost: shop.test\r\n\r\n";

#[tokio::test]
async fn the_response_can_be_read_and_changed() {
    let origin = Origin::answering(|request| {
        Answer::ok(format!("from {}", request.target)).header("X-A", "1")
    });
    let handler = async |mut request: ModifiableRequest| -> Result<Response, Error> {
        let response = request.rewrite_uri("/p").on_response(sign).send().await?;
        assert!(
            response.headers().contains_key("x-signed"),
            "hooks have run"
        );
        let (mut parts, body) = response.into_parts();
        let text = body.bytes(100).await?.to_ascii_uppercase();
        parts.headers.remove("content-length");
        parts.status = StatusCode::ACCEPTED;
        Ok(Response::from_parts(parts, Body::from(text)))
    };
    for response in answers(dial::proxy([origin.url()], handler), GET, "changed").await {
        assert_eq!((response.status, response.text()), (202, "FROM /P?A=1"));
        assert_eq!(
            (
                response.headers.get("x-a"),
                response.headers.get("x-signed")
            ),
            (Some("1"), Some("1"))
        );
    }
    assert_eq!(origin.count(), 2);
}

fn sign(response: &mut Response) {
    response
        .headers_mut()
        .insert("x-signed", "1".parse().expect("a value"));
}

/// It is streamed on without being read.
#[tokio::test]
async fn the_response_can_be_passed_on() {
    let origin = Origin::named("1");
    let handler = async |mut request: ModifiableRequest| request.send().await;
    for response in answers(dial::proxy([origin.url()], handler), GET, "passed on").await {
        assert_eq!((response.status, response.origin()), (200, "1"));
    }
}

/// An endpoint that refuses is skipped, as for a request that is returned; a failure is the handler's to answer.
#[tokio::test]
async fn retries_and_errors_are_the_same() {
    let (closed, origin) = (ClosedPort::new(), Origin::named("1"));
    let handler = async |mut request: ModifiableRequest| -> Result<Response, Error> {
        match request.send().await {
            Err(error) if error.kind() == ErrorKind::Connect => {
                Ok(Response::new(Body::from("nobody there")))
            }
            other => other,
        }
    };
    let both = Both::proxy(dial::proxy(
        [closed.addr().to_string(), origin.url()],
        handler,
    ))
    .await;
    for (home, addr) in both.homes() {
        for _ in 0..3 {
            assert_eq!(client::get(addr, "/x").await.origin(), "1", "{home}");
        }
    }
    let nobody = dial::proxy([closed.addr().to_string()], handler);
    for response in answers(nobody, GET, "nobody").await {
        assert_eq!((response.status, response.text()), (200, "nobody there"));
    }
}

/// A request is sent once.
#[tokio::test]
async fn a_request_that_was_sent_is_spent() {
    let origin = Origin::named("1");
    let handler = async |mut request: ModifiableRequest| -> Result<Outbound, Error> {
        drop(request.send().await?);
        request.build()
    };
    for response in answers(dial::proxy([origin.url()], handler), GET, "sent twice").await {
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error")
        );
    }
    assert_eq!(origin.count(), 2, "once for each home");
}

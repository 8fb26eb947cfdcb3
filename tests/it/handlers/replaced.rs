//! Responses whose body a hook or handler replaces: they stay whole messages, whatever the fields say (RFC 9112 §6.3).

use bytes::Bytes;
use dial::{Body, Error, ModifiableRequest, Response};
use dial_tests::{Answer, ClosedPort, Origin, RawClient};
use http_body_util::BodyExt;

use super::unchanged;
use crate::harness::Both;

type Hook = fn(&mut Response);

/// What a hook does to `200` with `Content-Length: 5` and `hello`, and the body that arrives.
const ROWS: &[(&str, Hook, &str)] = &[
    ("nothing", |_| {}, "hello"),
    (
        "a longer body",
        |r| *r.body_mut() = Body::from("a longer body"),
        "a longer body",
    ),
    (
        "a shorter body",
        |r| *r.body_mut() = Body::from("short"),
        "short",
    ),
    ("no body", |r| *r.body_mut() = Body::empty(), ""),
    (
        "a body of unknown length",
        |r| {
            let body = std::mem::take(r.body_mut());
            *r.body_mut() = Body::new(shouted(body));
        },
        "HELLO",
    ),
    (
        "another response",
        |r| *r = Response::new(Body::from("other")),
        "other",
    ),
    (
        "a length that is wrong",
        |r| {
            r.headers_mut().insert("content-length", 500.into());
            *r.body_mut() = Body::from("other");
        },
        "other",
    ),
    (
        "a length that is no number",
        |r| {
            r.headers_mut()
                .insert("content-length", "many".parse().expect("a value"));
            *r.body_mut() = Body::from("other");
        },
        "other",
    ),
    (
        "fields of the connection",
        |r| {
            r.headers_mut()
                .insert("transfer-encoding", "gzip".parse().expect("a value"));
            r.headers_mut()
                .insert("connection", "x-a".parse().expect("a value"));
            r.headers_mut()
                .insert("upgrade", "h2c".parse().expect("a value"));
        },
        "hello",
    ),
];

/// In upper case, as a body that nobody knows the length of.
fn shouted(body: Body) -> impl hyper::body::Body<Data = Bytes, Error = Error> + Send {
    body.map_frame(|frame| frame.map_data(|data| Bytes::from(data.to_ascii_uppercase())))
}

/// Asks on a connection that has to stay usable: a second response follows the first at once.
async fn check(row: &str, home: &str, addr: std::net::SocketAddr, status: u16, body: &str) {
    let mut client = RawClient::connect(addr).await;
    for _ in 0..2 {
        client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let response = client.read_response().await;
        assert_eq!(
            (response.status, response.text()),
            (status, body),
            "{row}, {home}"
        );
        assert!(!response.headers.contains("upgrade"), "{row}, {home}");
        assert!(!response.headers.contains("connection"), "{row}, {home}");
    }
}

#[tokio::test]
async fn by_a_hook() {
    let origin = Origin::answering(|_| Answer::ok("hello"));
    for (row, hook, body) in ROWS {
        let both = Both::proxy(dial::proxy([origin.url()], unchanged).on_response(hook)).await;
        for (home, addr) in both.homes() {
            check(row, home, addr, 200, body).await;
        }
    }
}

#[tokio::test]
async fn by_a_handler_that_saw_the_response() {
    let origin = Origin::answering(|_| Answer::ok("hello"));
    for (row, hook, body) in ROWS {
        let handler = async move |mut request: ModifiableRequest| {
            let mut response = request.send().await?;
            hook(&mut response);
            Ok::<_, Error>(response)
        };
        let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
        for (home, addr) in both.homes() {
            check(row, home, addr, 200, body).await;
        }
    }
}

#[tokio::test]
async fn by_a_hook_for_errors() {
    let closed = ClosedPort::new();
    for (row, hook, body) in ROWS {
        let proxy = dial::proxy([closed.addr().to_string()], unchanged);
        let both = Both::proxy(proxy.on_error(move |_, response| {
            *response = Response::new(Body::from("hello"));
            response.headers_mut().insert("content-length", 5.into());
            hook(response);
        }))
        .await;
        for (home, addr) in both.homes() {
            check(row, home, addr, 200, body).await;
        }
    }
}

/// The length of a response to HEAD is that of the body that was not sent (RFC 9110 §8.6, §9.3.2): it stays.
#[tokio::test]
async fn a_head_keeps_the_length() {
    let origin = Origin::answering(|_| Answer::ok("hello").header("Content-Length", "500"));
    let hook = |response: &mut Response| {
        response
            .headers_mut()
            .insert("x-hook", "1".parse().expect("a value"));
    };
    let both = Both::proxy(dial::proxy([origin.url()], unchanged).on_response(hook)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        for _ in 0..2 {
            client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let response = client.read_response_to("HEAD").await;
            assert_eq!(
                response.headers.get("content-length"),
                Some("500"),
                "{home}"
            );
            assert_eq!(response.headers.get("x-hook"), Some("1"), "{home}");
        }
    }
}

/// A status without a body ends the message there, and a 204 has no length (RFC 9110 §8.6, §15.3.5).
#[tokio::test]
async fn a_status_without_a_body_has_none() {
    let origin = Origin::answering(|_| Answer::ok("hello"));
    for status in [204, 304] {
        let hook = move |response: &mut Response| {
            *response.status_mut() = dial::StatusCode::from_u16(status).expect("a status");
        };
        let both = Both::proxy(dial::proxy([origin.url()], unchanged).on_response(hook)).await;
        for (home, addr) in both.homes() {
            let mut client = RawClient::connect(addr).await;
            for _ in 0..2 {
                client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
                let response = client.read_response().await;
                assert_eq!(
                    (response.status, &*response.body),
                    (status, &b""[..]),
                    "{home}"
                );
                assert!(
                    status != 204 || !response.headers.contains("content-length"),
                    "{home}"
                );
            }
        }
    }
}

/// A handler that changes the method gets the answer to another question: the client's is what counts for it.
#[tokio::test]
async fn the_clients_method_decides_on_the_body() {
    let origin = Origin::answering(|_| Answer::ok("hello"));
    for (asked, sent) in [("GET", "HEAD"), ("HEAD", "GET")] {
        let handler = move |request: &mut ModifiableRequest| {
            request.set_method(sent);
        };
        let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
        for (home, addr) in both.homes() {
            let mut client = RawClient::connect(addr).await;
            for _ in 0..2 {
                client
                    .send(format!("{asked} /x HTTP/1.1\r\nHost: a\r\n\r\n"))
                    .await;
                let response = client.read_response_to(asked).await;
                assert_eq!(
                    (response.status, &*response.body),
                    (200, &b""[..]),
                    "{asked}, {home}"
                );
                assert_eq!(origin.requests().pop().expect("a request").method, sent);
            }
        }
    }
}

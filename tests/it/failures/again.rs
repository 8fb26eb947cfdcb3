//! What is sent once more, and what never is (RFC 9110 §9.2.2, RFC 9112 §9.3.1).

use std::sync::Arc;

use dial::{Body, Response, Router, StatusCode};
use dial_tests::{Gate, Origin, RawClient, Script, client, eventually};
use tokio::sync::Barrier;

use super::{forward, one_worker};
use crate::harness::Served;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn served(origin: &Origin) -> Served {
    one_worker(Router::new().at("/{*path}", dial::proxy([origin.url()], forward)))
}

/// Several connections, each of which has answered once and lies idle.
async fn idle(served: &Served, count: usize) {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = RawClient::connect(served.addr).await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.read_response().await.status, 200);
    }
}

/// A request that kills whatever reads it is not carried from one connection to the next.
#[tokio::test]
async fn a_request_is_sent_twice_at_the_most() {
    let gate = Gate::closed();
    let answer = || Script::new().read_head().wait(&gate).write(OK);
    let scripts = std::iter::repeat_with(|| answer().read_head()).take(5);
    let origin = Origin::raw_each(scripts.chain([Script::new().read_head()]));
    let served = served(&origin);
    let opened = async {
        origin.connected(5).await;
        gate.open();
    };
    tokio::join!(idle(&served, 5), opened);
    assert_eq!(client::get(served.addr, "/poison").await.status, 502);
    assert_eq!(origin.connections(), 6);
    // One that had been idle and the new one; four were never asked.
    eventually(|| origin.open_connections() == 4).await;
}

/// An interim response is part of an answer: what brought it is not sent again.
#[tokio::test]
async fn not_after_an_interim_response() {
    let origin = Origin::raw_each([
        Script::new()
            .read_head()
            .write(OK)
            .read_head()
            .write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        Script::new().read_head().write(OK),
    ]);
    let served = served(&origin);
    idle(&served, 1).await;
    assert_eq!(client::get(served.addr, "/x").await.status, 502);
    assert_eq!(origin.connections(), 1);
}

/// However many idle connections the endpoint has closed, a request of any method goes out on a new one.
#[tokio::test]
async fn a_crowd_of_dead_connections_is_no_failure() {
    const MANY: usize = 200;
    let barrier = Arc::new(Barrier::new(MANY));
    let origin = Origin::http(move |request| {
        let barrier = Arc::clone(&barrier);
        async move {
            if request.method() == "GET" {
                barrier.wait().await;
            }
            Response::new(Body::from("ok"))
        }
    });
    let served = served(&origin);
    idle(&served, MANY).await;
    origin.stop();
    origin.restart();
    let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    assert_eq!(client::request(served.addr, request).await.status, 200);
}

/// An upload that breaks off behind an early answer never looks whole to the endpoint.
#[tokio::test]
async fn a_broken_upload_is_not_ended_in_order() {
    let origin = Origin::raw(
        Script::new()
            .read_until("abc\r\n")
            .write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .hang(),
    );
    let served = served(&origin);
    let mut client = RawClient::connect(served.addr).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    client.read_until("half").await;
    client.send("zz\r\n").await;
    origin.closed(0).await;
    let received = origin.received(0).await;
    assert!(
        received.ends_with(b"3\r\nabc\r\n"),
        "{}",
        received.escape_ascii()
    );
}

/// Nobody would know where an interim response that stands for a final one ends.
#[tokio::test]
async fn an_interim_status_is_no_answer() {
    let proxy = dial::proxy(["unused.test"], |request: dial::ModifiableRequest| {
        let mut response = Response::default();
        let status = request
            .header("x-status")
            .and_then(|status| status.parse().ok());
        *response.status_mut() = status.unwrap_or(StatusCode::OK);
        response
    });
    let served = Served::proxy(proxy);
    for (status, expected) in [("101", 500), ("103", 500), ("200", 200)] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Status: {status}\r\n\r\n");
        assert_eq!(
            client::request(served.addr, request).await.status,
            expected,
            "{status}"
        );
    }
}

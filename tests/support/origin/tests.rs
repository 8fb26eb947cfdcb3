use super::*;
use crate::client::{self, RawClient};
use crate::port::ClosedPort;
use crate::wait::{DEADLINE, Gate, within};
use crate::wire::Ending;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_named_origin_echoes_and_records() {
    let origin = Origin::named("1");
    let raw = "POST //a/%2e?x=1& HTTP/1.1\r\nhOST: a\r\nB: 2\r\nb: 1\r\n\
               Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: x\r\n\r\n";
    let response = client::request(origin.addr(), raw).await;
    assert_eq!((response.status, response.origin()), (200, "1"));
    assert_eq!(
        response.text(),
        "1\nPOST //a/%2e?x=1& HTTP/1.1\nhOST: a\nB: 2\nb: 1\nTransfer-Encoding: chunked\n\nhi"
    );
    let [request] = &origin.requests()[..] else {
        panic!("{origin:?}");
    };
    assert_eq!(
        (&request.method[..], &request.target[..]),
        ("POST", "//a/%2e?x=1&")
    );
    assert_eq!(request.headers.all("b"), ["2", "1"]);
    assert_eq!(request.body, b"hi");
    assert_eq!(request.trailers.get("t"), Some("x"));
    assert_eq!(origin.received(0).await, raw.as_bytes());
    assert_eq!(origin.url(), format!("http://127.0.0.1:{}", origin.port()));
}

#[tokio::test]
async fn a_connection_serves_until_it_is_told_to_close() {
    let origin = Origin::named("1");
    let mut client = RawClient::connect(origin.addr()).await;
    client
        .send("GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\n")
        .await;
    assert_eq!(client.read_response().await.status, 200);
    let head = client.read_response_to("HEAD").await;
    assert!(head.headers.contains("content-length"));
    let expecting =
        "PUT /c HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
    client.send(expecting).await;
    assert_eq!(client.read_head().await.status, 100);
    client.send("hi").await;
    assert!(client.read_response().await.text().ends_with("\n\nhi"));
    assert_eq!(client.closed().await, Ending::Closed);
    assert_eq!((origin.count(), origin.connections()), (3, 1));
    origin.closed(0).await;
    assert_eq!(origin.open_connections(), 0);
}

#[tokio::test]
async fn answers() {
    let rows = [
        (
            Answer::ok("x"),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ),
        (Answer::new(204), "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            Answer::new(302).header("Location", "/b").close(),
            "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        (
            Answer::raw("HTTP/1.0 200 \r\n\r\nx").close(),
            "HTTP/1.0 200 \r\n\r\nx",
        ),
    ];
    for (answer, expected) in rows {
        let origin = Origin::answering(move |_| answer.clone());
        let response = client::get(origin.addr(), "/").await;
        assert_eq!(
            response.raw.escape_ascii().to_string(),
            expected.escape_default().to_string()
        );
    }
}

#[tokio::test]
async fn hyper_streams() {
    let origin = Origin::http(|request| async move {
        let body = request.into_body().collect().await.expect("a whole body");
        http::Response::new(Full::new(body.to_bytes()))
    });
    let raw = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(client::request(origin.addr(), raw).await.text(), "hi");
    assert_eq!(origin.requests()[0].headers.get("host"), Some("a"));
    assert_eq!(origin.received(0).await, raw.as_bytes());
}

#[tokio::test]
async fn a_script_is_followed() {
    let gate = Gate::closed();
    let origin = Origin::raw_each([
        Script::new()
            .read_head()
            .drip("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
            .wait(&gate)
            .write("lf")
            .half_close()
            .read_until("end"),
        Script::new()
            .read_request()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
            .reset(),
        Script::new().read_exact(1).write("x").repeat(),
    ]);
    let mut client = RawClient::connect(origin.addr()).await;
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.read_until("\r\n\r\nha").await.len(), 40);
    gate.open();
    assert_eq!(client.read_to_end().await, b"lf");
    client.send("the end").await;
    assert_eq!(origin.received(0).await, b"GET / HTTP/1.1\r\n\r\nthe end");

    let mut client = RawClient::connect(origin.addr()).await;
    client
        .send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    assert_eq!(client.read_cut_response().await.text(), "ha");
    assert!(origin.received(1).await.ends_with(b"\r\n\r\nhi"));

    let mut client = RawClient::connect(origin.addr()).await;
    for _ in 0..3 {
        client.send("?").await;
        assert_eq!(client.read_exact(1).await, b"x");
    }
}

#[tokio::test]
async fn an_origin_stops_at_once_and_comes_back() {
    let origin = Origin::named("1");
    let mut idle = RawClient::connect(origin.addr()).await;
    idle.send("GET / HTTP/1.1\r\n\r\n").await;
    idle.read_response().await;
    for round in 1..4 {
        origin.stop();
        assert_eq!(origin.open_connections(), 0);
        let refused = TcpStream::connect(origin.addr()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_ne!(ClosedPort::new().addr(), origin.addr());
        origin.restart();
        assert_eq!(client::get(origin.addr(), "/").await.status, 200);
        assert_eq!(
            (origin.count(), origin.connections()),
            (round + 1, round + 1)
        );
    }
    idle.closed().await;
}

#[tokio::test]
async fn a_panic_inside_fails_the_test() {
    let whole = "GET / HTTP/1.1\r\n\r\n";
    let rows = [
        (Origin::answering(|_| panic!("in the handler")), whole),
        (Origin::http(|_| async { in_the_handler() }), whole),
        (Origin::named("1"), "GET  / HTTP/1.1\r\n\r\n"),
        (Origin::raw(Script::new().read_request()), "GET\r\n\r\n"),
    ];
    for (origin, raw) in rows {
        let mut client = RawClient::connect(origin.addr()).await;
        client.send(raw).await;
        client.read_to_end().await;
        let drop = catch_unwind(AssertUnwindSafe(|| drop(origin)));
        let panic = drop.expect_err("the panic inside");
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(message.starts_with("the origin panicked"), "{message}");
    }
}

fn in_the_handler() -> http::Response<Full<Bytes>> {
    panic!("in the handler")
}

#[tokio::test]
#[should_panic(expected = "the origin panicked: in the handler")]
async fn a_wait_reports_the_panic_at_once() {
    let origin = Origin::answering(|_| panic!("in the handler"));
    let mut client = RawClient::connect(origin.addr()).await;
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    within(DEADLINE / 2, origin.requested(2)).await;
}

#[tokio::test]
async fn a_flood_goes_no_further_than_it_is_read() {
    const LENGTH: u64 = 64 << 20;
    let origin = BulkOrigin::flood(LENGTH);
    origin.gate().close();
    let mut client = RawClient::connect(origin.addr()).await;
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    let head = client.read_head().await;
    assert_eq!(origin.moved(), 0);
    origin.gate().open();
    let stalled = origin.stalled().await;
    assert!(0 < stalled && stalled < LENGTH, "{stalled}");
    assert_eq!(client.read_bulk(&head).await, LENGTH);
    origin.reached(LENGTH).await;
}

#[tokio::test]
async fn a_sink_takes_no_more_than_its_gate_lets_through() {
    const LENGTH: u64 = 64 << 20;
    let origin = BulkOrigin::sink();
    origin.gate().close();
    let mut client = RawClient::connect(origin.addr()).await;
    let head = format!("POST / HTTP/1.1\r\nContent-Length: {LENGTH}\r\n\r\n");
    client.send(&head).await;
    let sent = client.send_bulk_until_stalled(LENGTH).await;
    assert!(sent < LENGTH, "{sent}");
    assert_eq!((origin.moved(), origin.count()), (0, 1));
    origin.gate().open();
    origin.reached(sent).await;

    let mut client = RawClient::connect(origin.addr()).await;
    client.send(&head).await;
    client.send_bulk(LENGTH).await;
    assert_eq!(client.read_response().await.text(), LENGTH.to_string());
}

#[tokio::test]
async fn tls_proves_its_names() {
    let origin = TlsOrigin::named("1", &["origin.test", "127.0.0.1"]);
    for (name, sni) in [("origin.test", Some("origin.test")), ("127.0.0.1", None)] {
        let mut client = RawClient::connect_tls(origin.addr(), name, origin.ca_pem()).await;
        client.send("GET / HTTP/1.1\r\n\r\n").await;
        assert_eq!(client.read_response().await.origin(), "1");
        let requests = origin.requests();
        assert_eq!(requests.last().unwrap().sni.as_deref(), sni);
    }
    assert!(origin.url().starts_with("https://"));

    let (addr, ca) = (origin.addr(), origin.ca_pem().to_owned());
    let wrong = tokio::spawn(async move { RawClient::connect_tls(addr, "other.test", &ca).await });
    assert!(wrong.await.unwrap_err().is_panic());
}

//! CONNECT, for routes that ask for it.

use dial::{ModifiableRequest, Router, Upstream, proxy, routes};
use dial_tests::{Origin, RawClient, Script};

use crate::harness::{Both, Served};

fn upstream() -> Upstream {
    UPSTREAM.get().expect("set by the test").clone()
}

static UPSTREAM: std::sync::OnceLock<Upstream> = std::sync::OnceLock::new();

#[proxy(methods = [CONNECT], upstream = upstream(), register = false)]
fn tunnel(request: ModifiableRequest) -> ModifiableRequest {
    request
}

const ASK: &str = "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\nX-A: 1\r\n\r\n";

#[tokio::test]
async fn a_route_that_lists_it_makes_a_tunnel() {
    let origin = Origin::raw_each([
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 Connected\r\nContent-Length: 5\r\nX-Own: 1\r\n\r\nhello")
            .read_until("ping")
            .write("pong")
            .hang(),
        Script::new()
            .read_head()
            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            .hang(),
    ]);
    let upstream = Upstream::new([origin.url()]).unwrap();
    UPSTREAM.set(upstream).expect("once");
    let served = Served::router(Router::new().mount(routes![tunnel]));

    let mut client = RawClient::connect(served.addr).await;
    client.send(ASK).await;
    let head = client.read_until("\r\n\r\n").await;
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    // RFC 9110 §9.3.6: neither means anything here.
    let framed = head.contains("content-length") || head.contains("transfer-encoding");
    assert!(!framed && head.contains("x-own: 1"), "{head}");
    assert_eq!(client.read_exact(5).await, b"hello");
    client.send("ping").await;
    assert_eq!(client.read_exact(4).await, b"pong");
    let received = String::from_utf8(origin.received(0).await).unwrap();
    assert!(
        received.starts_with("CONNECT db.test:5432 HTTP/1.1\r\n"),
        "{received}"
    );
    assert!(received.contains("\r\nx-a: 1\r\n"), "{received}");

    let mut refused = RawClient::connect(served.addr).await;
    refused.send(ASK).await;
    let response = refused.read_response().await;
    assert_eq!((response.status, response.text()), (403, "no"));

    let mut other = RawClient::connect(served.addr).await;
    other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let response = other.read_response().await;
    assert_eq!(response.status, 405);
    assert_eq!(response.headers.get("allow"), Some("CONNECT"));
}

#[tokio::test]
async fn no_other_route_does() {
    let origin = Origin::named("1");
    let forward = |request: ModifiableRequest| request;
    let both = Both::proxy(proxy([origin.url()], forward)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        client.send(ASK).await;
        let response = client.read_response().await;
        assert_eq!(response.status, 405, "{home}");
        let allow = response.headers.get("allow").unwrap_or_default();
        assert!(
            allow.contains("GET") && !allow.contains("CONNECT"),
            "{home}: {allow}"
        );
    }
    assert_eq!(origin.count(), 0);
}

/// Nobody can tell whether it is the tunnel's (RFC 9110 §9.3.6).
#[tokio::test]
async fn a_body_is_refused() {
    #[proxy(methods = [CONNECT], hosts = ["unused.test"], register = false)]
    fn tunnel(request: ModifiableRequest) -> ModifiableRequest {
        request
    }
    let served = Served::router(Router::new().mount(routes![tunnel]));
    let mut client = RawClient::connect(served.addr).await;
    let ask = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 2\r\n\r\nhi";
    client.send(ask).await;
    assert_eq!(client.read_response().await.status, 400);
}

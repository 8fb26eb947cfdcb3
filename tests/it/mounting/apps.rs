//! In axum and under bare hyper: which requests arrive, and as what.

use std::net::SocketAddr;

use dial::{ModifiableRequest, ProxyService};
use dial_tests::{Origin, client};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{target, unchanged};
use crate::harness::Axum;

#[tokio::test]
async fn as_a_route_of_axum() {
    let origin = Origin::named("1");
    let v1 = |request: &mut ModifiableRequest| {
        request.rewrite_uri("/api/v1/data");
    };
    let app = axum::Router::new()
        .route("/own", axum::routing::get(async || "axum's own"))
        .route_service("/api/data", dial::proxy([origin.url()], v1))
        .route_service("/users/{id}", dial::proxy([origin.url()], unchanged));
    let axum = Axum::app(app).await;
    let rows = [
        ("/api/data?a=1", "/api/v1/data?a=1"),
        ("/users/7%2F?b", "/users/7%2F?b"),
    ];
    for (asked, arrives) in rows {
        assert_eq!(client::get(axum.addr, asked).await.status, 200, "{asked}");
        assert_eq!(target(&origin), arrives);
    }
    assert_eq!(client::get(axum.addr, "/own").await.text(), "axum's own");
    assert_eq!(client::get(axum.addr, "/api/other").await.status, 404);
    assert_eq!(origin.count(), 2);
}

/// axum strips the prefix of what is nested; the rest arrives.
#[tokio::test]
async fn nested_in_axum() {
    let origin = Origin::named("1");
    let app = axum::Router::new().nest_service("/api", dial::proxy([origin.url()], unchanged));
    let axum = Axum::app(app).await;
    let rows = [
        ("/api/v1/x?a=1", "/v1/x?a=1"),
        ("/api/%2e%2e//a;b?", "/%2e%2e//a;b?"),
        ("/api/", "/"),
        ("/api", "/"),
        ("/api?a=1", "/?a=1"),
    ];
    for (asked, arrives) in rows {
        assert_eq!(client::get(axum.addr, asked).await.status, 200, "{asked}");
        assert_eq!(target(&origin), arrives, "{asked}");
    }
    assert_eq!(client::get(axum.addr, "/apix").await.status, 404);
}

#[tokio::test]
async fn as_the_fallback_of_axum() {
    let origin = Origin::named("1");
    let app = axum::Router::new()
        .route("/own", axum::routing::get(async || "axum's own"))
        .fallback_service(dial::proxy([origin.url()], unchanged));
    let axum = Axum::app(app).await;
    assert_eq!(client::get(axum.addr, "/own").await.text(), "axum's own");
    for asked in ["/", "/own/more", "//x", "/a/../b?c"] {
        assert_eq!(client::get(axum.addr, asked).await.origin(), "1", "{asked}");
        assert_eq!(target(&origin), asked);
    }
}

/// Behind axum's own layers, which see its bodies and responses.
#[tokio::test]
async fn behind_a_layer_of_axum() {
    let origin = Origin::named("1");
    let layer = async |mut request: axum::extract::Request, next: axum::middleware::Next| {
        let added = "1".parse().expect("a value");
        request.headers_mut().insert("x-layer", added);
        let mut response = next.run(request).await;
        let status = response.status().as_str().parse().expect("a value");
        response.headers_mut().insert("x-status", status);
        response
    };
    let app = axum::Router::new()
        .fallback_service(dial::proxy([origin.url()], unchanged))
        .layer(axum::middleware::from_fn(layer));
    let axum = Axum::app(app).await;
    let raw = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let response = client::request(axum.addr, raw).await;
    assert_eq!(response.headers.get("x-status"), Some("200"));
    let sent = origin.requests().pop().expect("a request");
    assert_eq!(
        (sent.headers.get("x-layer"), &*sent.body),
        (Some("1"), &b"hello"[..])
    );
}

/// Serves `proxy` with hyper alone.
async fn bare_hyper(proxy: ProxyService) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let addr = listener.local_addr().expect("bound");
    let accept = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), proxy.clone());
            tokio::spawn(connection);
        }
    };
    (addr, tokio::spawn(accept))
}

#[tokio::test]
async fn under_bare_hyper() {
    let origin = Origin::named("1");
    let (addr, serving) = bare_hyper(dial::proxy([origin.url()], unchanged)).await;
    let raw = "POST /a/../x?b HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let response = client::request(addr, raw).await;
    assert_eq!((response.status, response.origin()), (200, "1"));
    let sent = origin.requests().pop().expect("a request");
    assert_eq!((&*sent.target, &*sent.body), ("/a/../x?b", &b"hello"[..]));
    assert_eq!(sent.headers.get("x-forwarded-host"), Some("shop.test"));
    serving.abort();
}

/// Nobody told the client's address: then nothing is claimed about it, and a client cannot claim it either.
#[tokio::test]
async fn without_an_address_there_is_no_forwarded_for() {
    let origin = Origin::named("1");
    let (addr, serving) = bare_hyper(dial::proxy([origin.url()], unchanged)).await;
    let raw =
        "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n\r\n";
    assert_eq!(client::request(addr, raw).await.status, 200);
    let headers = origin.requests().pop().expect("a request").headers;
    assert_eq!(
        (headers.get("x-forwarded-for"), headers.get("x-real-ip")),
        (None, None)
    );
    assert_eq!(
        (
            headers.get("x-forwarded-proto"),
            headers.get("x-forwarded-host")
        ),
        (Some("http"), Some("a"))
    );
    serving.abort();
}

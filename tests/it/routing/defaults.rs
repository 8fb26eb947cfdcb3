//! What routes share unless they say otherwise.

use std::sync::LazyLock;

use dial::{Forwarding, HostHeader, ModifiableRequest, Router, Upstream, proxy, routes};
use dial_tests::{Origin, client};

use crate::harness::Served;

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[tokio::test]
async fn a_routers_options_hold_for_what_is_mounted_in_it() {
    let origin = Origin::named("1");
    let proxy = || proxy([origin.url()], forward);
    let router = Router::new()
        .host_header(HostHeader::Preserve)
        .forwarding(Forwarding::Off)
        .at("/open", proxy())
        .at(
            "/own",
            proxy()
                .host_header(HostHeader::Endpoint)
                .forwarding(Forwarding::Rfc7239),
        );
    let served = Served::router(router);
    for path in ["/open", "/own"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n");
        assert_eq!(client::request(served.addr, request).await.status, 200);
    }
    let [open, own] = &origin.requests()[..] else {
        panic!("two requests");
    };
    assert_eq!(open.headers.get("host"), Some("shop.test"));
    assert!(!open.headers.contains("x-forwarded-for") && !open.headers.contains("forwarded"));
    assert_eq!(
        own.headers.get("host"),
        Some(origin.addr().to_string().as_str())
    );
    assert!(own.headers.contains("forwarded"));
}

static LIMITED: LazyLock<Upstream> =
    LazyLock::new(|| Upstream::new(["unused.test"]).expect("a host"));

#[proxy("/declared", upstream = &LIMITED, register = false)]
fn declared(_request: &mut ModifiableRequest) {}

#[proxy("/declared/own", upstream = &LIMITED, body_limit = 6B, register = false)]
fn declared_own(_request: &mut ModifiableRequest) {}

/// Beside a route for every method of the same paths: that one takes no CONNECT.
#[proxy(upstream = &LIMITED, methods = [CONNECT], register = false)]
fn tunnel(_request: &mut ModifiableRequest) {}

#[proxy(upstream = &LIMITED, register = false)]
fn everything(_request: &mut ModifiableRequest) {}

/// A route's own body limit holds, whether it is smaller or larger.
#[tokio::test]
async fn a_routers_body_limit_holds_for_routes_without() {
    let origin = Origin::named("1");
    LIMITED.set_hosts([origin.url()]).expect("a host");
    let mounted = || proxy(&*LIMITED, forward);
    let router = Router::new()
        .mount(routes![declared, declared_own, tunnel, everything])
        .at("/mounted", mounted())
        .at("/mounted/own", mounted().body_limit(2))
        .body_limit(4);
    let served = Served::router(router);
    for (path, limit) in [
        ("/declared", 4),
        ("/declared/own", 6),
        ("/mounted", 4),
        ("/mounted/own", 2),
        ("/elsewhere", 4),
    ] {
        for (length, status) in [(limit, 200), (limit + 1, 413)] {
            let body = "x".repeat(length);
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let response = client::request(served.addr, request).await;
            assert_eq!(response.status, status, "{path}, {length} bytes");
        }
    }
    assert_eq!(origin.count(), 5);
}

//! What routes share unless they say otherwise.

use dial::{Forwarding, HostHeader, ModifiableRequest, Router};
use dial_tests::{Origin, client};

use crate::harness::Served;

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[tokio::test]
async fn a_routers_options_hold_for_what_is_mounted_in_it() {
    let origin = Origin::named("1");
    let proxy = || dial::proxy([origin.url()], forward);
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

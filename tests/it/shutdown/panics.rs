//! Handlers and hooks that panic: that request fails, and nothing else does.

use dial::{ModifiableRequest, ProxyService, Router, Server};
use dial_tests::{Log, Origin, RawClient};

use crate::harness::Served;

type Plant = fn(ProxyService) -> ProxyService;

fn sync_handler(request: ModifiableRequest) -> ModifiableRequest {
    assert!(request.path() != "/panic", "planted");
    request
}

async fn async_handler(request: ModifiableRequest) -> ModifiableRequest {
    tokio::task::yield_now().await;
    assert!(request.path() != "/panic", "planted");
    request
}

fn response_hook(mut request: ModifiableRequest) -> dial::Result {
    let planted = request.path() == "/panic";
    request.on_response(move |_: &mut dial::Response| assert!(!planted, "planted"));
    request.build()
}

#[tokio::test]
async fn a_panic_ends_one_request_and_no_worker() {
    let origin = Origin::named("1");
    let hosts = || [origin.url()];
    let same: Plant = |proxy| proxy;
    let on_response: Plant = |proxy| {
        proxy.on_response(|response: &mut dial::Response| {
            assert!(!response.headers().contains_key("x-panic"), "planted");
        })
    };
    let cases = [
        ("sync handler", dial::proxy(hosts(), sync_handler), same),
        ("async handler", dial::proxy(hosts(), async_handler), same),
        ("response hook", dial::proxy(hosts(), response_hook), same),
        (
            "route's response hook",
            dial::proxy(hosts(), mark),
            on_response,
        ),
    ];
    for (name, proxy, plant) in cases {
        let route = name.replace([' ', '\''], "-");
        let router = Router::new().at("/{*path}", plant(proxy).name(&route));
        let served = Served::server(Server::builder().workers(1), router);
        let log = Log::of("dial");
        // Its neighbour on the same worker, and its own connection, outlive it.
        let mut neighbour = RawClient::connect(served.addr).await;
        let mut client = RawClient::connect(served.addr).await;
        for _ in 0..3 {
            client.send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let response = client.read_response().await;
            assert_eq!(response.status, 500, "{name}");
            assert_eq!(response.text(), "Internal Server Error", "{name}");
            for client in [&mut client, &mut neighbour] {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                assert_eq!(client.read_response().await.status, 200, "{name}");
            }
        }
        let lines = log.lines(&format!("route=\"{route}\" kind=HandlerPanicked"));
        assert_eq!(lines.len(), 3, "{name}");
        assert!(
            lines[0].contains("ERROR ") && lines[0].contains("planted"),
            "{}",
            lines[0]
        );
    }
}

/// Marks the response of the request that is to panic; the origin echoes the path but no fields.
fn mark(mut request: ModifiableRequest) -> dial::Result {
    if request.path() == "/panic" {
        request.on_response(|response: &mut dial::Response| {
            response
                .headers_mut()
                .insert("x-panic", dial::HeaderValue::from_static("1"));
        });
    }
    request.build()
}

//! A handler that panics: a 500 for its request, a line in the log that names the route, and nothing else.

use dial::{Error, ModifiableRequest, ProxyService, Response, StatusCode};
use dial_tests::{Log, Origin, RawClient};

use crate::harness::Both;

const GET: &str = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
const PANIC: &str = "GET /x HTTP/1.1\r\nHost: a\r\nX-Panic: 1\r\n\r\n";

/// Panics if the client asks for it.
fn panic(request: &ModifiableRequest) {
    assert!(request.header("x-panic").is_none(), "secret {}", "hunter2");
}

fn sync(request: ModifiableRequest) -> ModifiableRequest {
    panic(&request);
    request
}

fn edit(request: &mut ModifiableRequest) {
    panic(request);
}

async fn at_once(request: ModifiableRequest) -> ModifiableRequest {
    panic(&request);
    request
}

async fn later(request: &mut ModifiableRequest) {
    tokio::task::yield_now().await;
    panic(request);
}

fn before_the_future(request: ModifiableRequest) -> impl Future<Output = dial::Result> + Send {
    panic(&request);
    let mut request = request;
    async move { request.build() }
}

fn without_a_message(request: &mut ModifiableRequest) {
    if request.header("x-panic").is_some() {
        std::panic::panic_any(42);
    }
}

fn boom(_: &mut Response) {
    panic!("secret {}", "hunter2");
}

/// A hook is user code as well.
fn in_a_request_hook(request: &mut ModifiableRequest) {
    if request.header("x-panic").is_some() {
        request.on_response(boom);
    }
}

fn route_hook(response: &mut Response) {
    let panics = response.headers().contains_key("x-panic");
    assert!(!panics, "secret {}", "hunter2");
}

fn proxies(origin: &Origin) -> [ProxyService; 8] {
    let url = origin.url();
    [
        dial::proxy([&url], sync).name("panic_sync"),
        dial::proxy([&url], edit).name("panic_edit"),
        dial::proxy([&url], at_once).name("panic_at_once"),
        dial::proxy([&url], later).name("panic_later"),
        dial::proxy([&url], before_the_future).name("panic_before_the_future"),
        dial::proxy([&url], without_a_message).name("panic_without_a_message"),
        dial::proxy([&url], in_a_request_hook).name("panic_in_a_request_hook"),
        dial::proxy([&url], super::unchanged)
            .on_response(route_hook)
            .name("panic_in_a_route_hook"),
    ]
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    // The route's hook sees the response only, so the origin says when to panic.
    let origin = Origin::answering(|request| {
        let answer = dial_tests::Answer::ok("1");
        match request.headers.contains("x-panic") {
            true => answer.header("X-Panic", "1"),
            false => answer,
        }
    });
    for proxy in proxies(&origin) {
        let name = format!("{proxy:?}");
        let both = Both::proxy(proxy).await;
        for (home, addr) in both.homes() {
            let log = Log::of("dial");
            // The same connection all the time: it outlives the panic, and so does its worker.
            let mut client = RawClient::connect(addr).await;
            for (raw, status) in [(GET, 200), (PANIC, 500), (PANIC, 500), (GET, 200)] {
                client.send(raw).await;
                let response = client.read_response().await;
                assert_eq!(response.status, status, "{name}, {home}");
                let text = String::from_utf8_lossy(&response.raw).into_owned();
                assert!(!text.contains("hunter2"), "{name}, {home}: {text}");
            }
            let route = name.split('"').nth(1).expect("a name");
            let line = super::logged(&log, route);
            assert!(
                line.contains("hunter2") || route.contains("message"),
                "{name}, {home}: {line}"
            );
        }
    }
}

/// Nothing of a request whose handler panicked is forwarded.
#[tokio::test]
async fn a_panic_forwards_nothing() {
    let origin = Origin::named("1");
    let url = origin.url();
    for proxy in [
        dial::proxy([&url], sync),
        dial::proxy([&url], later),
        dial::proxy([&url], edit),
    ] {
        let both = Both::proxy(proxy).await;
        for (home, addr) in both.homes() {
            assert_eq!(
                dial_tests::client::request(addr, PANIC).await.status,
                500,
                "{home}"
            );
        }
    }
    assert_eq!(origin.connections(), 0);
}

/// The hook for errors may panic too: then the plain answer is sent.
#[tokio::test]
async fn a_panicking_error_hook_leaves_the_plain_answer() {
    let origin = Origin::named("1");
    let hook = |_: &Error, response: &mut Response| {
        *response.status_mut() = StatusCode::OK;
        panic!("secret {}", "hunter2");
    };
    let proxy = dial::proxy([origin.url()], sync)
        .on_error(hook)
        .name("panicking_error_hook");
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let log = Log::of("dial");
        let mut client = RawClient::connect(addr).await;
        for (raw, status) in [(PANIC, 500), (GET, 200)] {
            client.send(raw).await;
            assert_eq!(client.read_response().await.status, status, "{home}");
        }
        log.line("on_error hook panicked").await;
    }
}

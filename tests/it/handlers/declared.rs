//! `#[proxy]` functions behind a server: typed path parameters, further arguments, and what the keys do.
#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "what a handler takes and returns is what is tested"
)]

use std::net::IpAddr;
use std::sync::LazyLock;

use dial::{
    Body, ClientAddr, Error, Method, ModifiableRequest, Query, Response, Route, Router, State,
    StatusCode, Upstream, proxy, routes,
};
use dial_tests::{Log, Origin, Script, client};
use serde::Deserialize;

use super::ask;
use crate::harness::{Axum, Served};

fn upstream() -> Upstream {
    Upstream::new(["unused.test"]).expect("a host")
}

static PARAMS: LazyLock<Upstream> = LazyLock::new(upstream);
static KEYS: LazyLock<Upstream> = LazyLock::new(upstream);
static SHAPES: LazyLock<Upstream> = LazyLock::new(upstream);
static HANGING: LazyLock<Upstream> = LazyLock::new(upstream);

#[proxy("/u/{id}/as/{name}/{*rest}", upstream = &PARAMS, register = false)]
fn users(request: &mut ModifiableRequest, rest: String, id: u64, name: String) {
    request
        .set_header("X-Id", id)
        .set_header("X-Rest", rest.escape_default().to_string());
    request
        .set_header("X-Name", name.escape_default().to_string())
        .rewrite_path("/v2/{id}/{name}");
}

#[proxy("/ip/{ip}/{flag}", upstream = &PARAMS, register = false)]
async fn addresses(mut request: ModifiableRequest, flag: bool, ip: IpAddr) -> dial::Result {
    tokio::task::yield_now().await;
    request.set_header("X-Ip", format!("{ip} {flag}")).build()
}

/// A parameter that nobody asks for may be anything.
#[proxy("/any/{_id}", upstream = &PARAMS, register = false)]
fn anything(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// A target, and fields that the handler made of its parameters; none where they do not parse.
const PARAM_ROWS: &[(&str, &[(&str, &str)])] = &[
    (
        "/u/7/as/bob/x/y",
        &[("x-id", "7"), ("x-name", "bob"), ("x-rest", "x/y")],
    ),
    (
        "/u/007/as/a%20b/",
        &[("x-id", "7"), ("x-name", "a b"), ("x-rest", "")],
    ),
    (
        "/u/%37/as/a%2Fb",
        &[("x-id", "7"), ("x-name", "a/b"), ("x-rest", "")],
    ),
    (
        "/u/7/as/%C3%BC+%25/%2e%2e/",
        &[("x-name", "\\u{fc}+%"), ("x-rest", "../")],
    ),
    // An escape that is none stays as it is.
    ("/u/7/as/%zz", &[("x-name", "%zz")]),
    ("/u/seven/as/bob", &[]),
    ("/u/-7/as/bob", &[]),
    ("/u/18446744073709551616/as/bob", &[]),
    ("/u/7%00/as/bob", &[]),
    // Not UTF-8.
    ("/u/7/as/%ff", &[]),
    ("/u/7/as/bob/%C3%28", &[]),
    ("/ip/::1/true", &[("x-ip", "::1 true")]),
    ("/ip/%3A%3A1/false", &[("x-ip", "::1 false")]),
    ("/ip/::1/yes", &[]),
    ("/ip/localhost/true", &[]),
    // Nobody parses it.
    ("/any/%ff", &[("x-forwarded-proto", "http")]),
];

#[tokio::test]
async fn parameters_are_typed_and_decoded() {
    let origin = Origin::named("1");
    PARAMS.set_hosts([origin.url()]).expect("a host");
    let served = Served::router(Router::new().mount(routes![users, addresses, anything]));
    for (target, given) in PARAM_ROWS {
        let before = origin.count();
        let response = client::get(served.addr, target).await;
        if given.is_empty() {
            assert_eq!(
                (response.status, response.text()),
                (404, "Not Found"),
                "{target}"
            );
            assert_eq!(origin.count(), before, "{target}: nothing is forwarded");
            continue;
        }
        assert_eq!(response.status, 200, "{target}");
        let sent = origin.requests().pop().expect("a request");
        for (name, value) in *given {
            assert_eq!(sent.headers.get(name), Some(*value), "{target}");
        }
    }
}

#[derive(Clone)]
struct Database(&'static str);

#[derive(Deserialize)]
struct Page {
    page: u32,
}

#[proxy("/owned/{id}", upstream = &SHAPES, register = false)]
fn owned(mut request: ModifiableRequest, id: u8, database: State<Database>) -> dial::Result {
    request
        .set_header("X-Given", format!("owned {id} {}", database.0.0))
        .build()
}

#[proxy("/owned_async/{id}", upstream = &SHAPES, register = false)]
async fn owned_async(
    mut request: ModifiableRequest,
    client: ClientAddr,
    id: u8,
) -> Result<ModifiableRequest, StatusCode> {
    tokio::task::yield_now().await;
    let local = if client.ip().is_loopback() {
        "local"
    } else {
        "remote"
    };
    request.set_header("X-Given", format!("owned_async {id} {local}"));
    Ok(request)
}

#[proxy("/edited/{id}", upstream = &SHAPES, register = false)]
fn edited(
    request: &mut ModifiableRequest,
    method: Method,
    id: u8,
) -> Result<(), (StatusCode, String)> {
    request.set_header("X-Given", format!("edited {id} {method}"));
    Ok(())
}

#[proxy("/edited_async/{id}", upstream = &SHAPES, register = false)]
async fn edited_async(
    request: &mut ModifiableRequest,
    page: Query<Page>,
    id: u8,
    none: Option<State<String>>,
) {
    tokio::task::yield_now().await;
    request.set_header(
        "X-Given",
        format!("edited_async {id} {} {}", page.0.page, none.is_none()),
    );
}

#[proxy("/answered/{id}", upstream = &SHAPES, register = false)]
async fn answered(_request: ModifiableRequest, id: u8) -> Result<Response, Error> {
    tokio::task::yield_now().await;
    Ok(Response::new(Body::from(format!("answered {id}"))))
}

#[tokio::test]
async fn every_shape_is_served() {
    let origin = Origin::named("1");
    SHAPES.set_hosts([origin.url()]).expect("a host");
    let routes = routes![owned, owned_async, edited, edited_async, answered];
    let served = Served::router(Router::new().mount(routes).state(Database("db")));
    let rows = [
        ("/owned/1", "owned 1 db"),
        ("/owned_async/2", "owned_async 2 local"),
        ("/edited/3", "edited 3 GET"),
        ("/edited_async/4?page=5", "edited_async 4 5 true"),
    ];
    for (target, given) in rows {
        assert_eq!(
            client::get(served.addr, target).await.status,
            200,
            "{target}"
        );
        let sent = origin.requests().pop().expect("a request");
        assert_eq!(
            (sent.headers.get("x-given"), &*sent.target),
            (Some(given), target)
        );
    }
    assert_eq!(
        client::get(served.addr, "/answered/6").await.text(),
        "answered 6"
    );
    // What one argument refuses, the function never sees.
    for (target, status) in [
        ("/edited_async/4", 400),
        ("/edited_async/four?page=5", 404),
        ("/owned/256", 404),
    ] {
        assert_eq!(
            client::get(served.addr, target).await.status,
            status,
            "{target}"
        );
    }
    assert_eq!(origin.count(), rows.len());
}

/// The function stays a function, and what stands beside it under its name is its route.
#[tokio::test]
async fn the_name_is_a_function_and_a_route() {
    let request = ModifiableRequest::builder()
        .uri("/u/7?x=1")
        .param("id", "7")
        .param("name", "a%2Fb");
    let mut request = request.build();
    users(&mut request, String::new(), 7, "a/b".to_owned());
    assert_eq!(
        request.build().expect("a valid request").uri(),
        "/v2/7/a%2Fb?x=1"
    );
    assert_eq!(
        (users::PATH, users::definition().name()),
        ("/u/{id}/as/{name}/{*rest}", "users")
    );
    assert_eq!(users::definition().pattern(), users::PATH);

    // The same function in somebody else's application, with hosts of its own.
    let origin = Origin::named("1");
    let axum = Axum::proxy(proxy([origin.url()], anything)).await;
    assert_eq!(client::get(axum.addr, "/x").await.origin(), "1");
    assert_eq!(origin.count(), 1);
}

fn sign(response: &mut Response) {
    response
        .headers_mut()
        .insert("x-signed", "1".parse().expect("a value"));
}

fn explain(error: &Error, response: &mut Response) {
    *response.body_mut() = Body::from(format!("{:?}", error.kind()));
}

#[proxy(
    path = "/keys/{*_rest}",
    upstream = &KEYS,
    host_header = preserve,
    forwarded = both,
    body_limit = 8B,
    on_response = sign,
    on_error = explain,
    name = "declared_keys",
    register = false,
)]
fn keys(request: &mut ModifiableRequest) {
    request.strip_prefix("/keys");
    assert!(request.header("x-panic").is_none(), "as the client asked");
}

/// The router's own settings are for routes that have none.
#[proxy("/plain", upstream = &KEYS, register = false)]
fn plain(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn keys_have_their_effect() {
    let origin = Origin::named("1");
    KEYS.set_hosts([origin.url()]).expect("a host");
    let router = Router::new()
        .mount(routes![keys, plain])
        .forwarding(dial::Forwarding::Off);
    let served =
        Served::router(router.on_error(|_, response| *response.body_mut() = Body::from("router")));
    let log = Log::of("dial");

    let response = ask(served.addr, "/keys/x?a", "").await;
    assert_eq!(
        (response.status, response.headers.get("x-signed")),
        (200, Some("1"))
    );
    let sent = origin.requests().pop().expect("a request");
    assert_eq!(
        (&*sent.target, sent.headers.get("host")),
        ("/x?a", Some("shop.test"))
    );
    let forwarded = "for=127.0.0.1;proto=http;host=shop.test";
    assert_eq!(sent.headers.get("forwarded"), Some(forwarded));
    assert_eq!(sent.headers.get("x-forwarded-for"), Some("127.0.0.1"));

    let raw = "POST /keys/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nnine byte";
    let refused = client::request(served.addr, raw).await;
    assert_eq!((refused.status, refused.text()), (413, "BodyTooLarge"));
    let failed = ask(served.addr, "/keys/x", "X-Panic: 1\r\n").await;
    assert_eq!((failed.status, failed.text()), (500, "HandlerPanicked"));
    let line = super::logged(&log, "declared_keys");
    assert!(line.contains("as the client asked"), "{line}");

    assert_eq!(client::get(served.addr, "/plain").await.status, 200);
    let sent = origin.requests().pop().expect("a request");
    assert_eq!(sent.headers.get("host"), Some(&*origin.addr().to_string()));
    assert_eq!(
        (
            sent.headers.get("forwarded"),
            sent.headers.get("x-forwarded-for")
        ),
        (None, None)
    );
    KEYS.set_hosts([""; 0]).expect("an empty list at runtime");
    let failed = client::get(served.addr, "/plain").await;
    assert_eq!((failed.status, failed.text()), (503, "router"));
}

#[proxy("/hanging", upstream = &HANGING, timeout(response = 50ms), register = false)]
fn hanging(_request: &mut ModifiableRequest) {}

/// An endpoint that says nothing is given up on: RFC 9110 §15.6.5.
#[tokio::test]
async fn a_timeout_is_the_routes_own() {
    let origin = Origin::raw(Script::new().read_head().hang());
    HANGING.set_hosts([origin.url()]).expect("a host");
    let served = Served::router(Router::new().route::<hanging>());
    let response = client::get(served.addr, "/hanging").await;
    assert_eq!((response.status, response.text()), (504, "Gateway Timeout"));
    origin.closed(0).await;
}

//! Edits of path and query as the origin sees them, on a route with parameters.

use dial::{ModifiableRequest, Router};
use dial_tests::{Origin, client};

use crate::harness::Served;

type Edit = fn(&mut ModifiableRequest) -> &mut ModifiableRequest;

/// On `/api/{id}/{*rest}`: the target, an edit, and what arrives.
const ROWS: &[(&str, Edit, &str)] = &[
    ("/api/7/a?x=1", |r| r.set_path("/p"), "/p?x=1"),
    ("/api/7/a?x=1", |r| r.set_path("p/q"), "/p/q?x=1"),
    // A prefix ends at a segment boundary.
    ("/api/7/a?x=1", |r| r.strip_prefix("/api"), "/7/a?x=1"),
    ("/api/7/a", |r| r.strip_prefix("/api/"), "/7/a"),
    ("/api/7/a", |r| r.strip_prefix("/ap"), "/api/7/a"),
    ("/api/7/a", |r| r.strip_prefix("/api/7/a"), "/"),
    ("/api/7", |r| r.strip_prefix("/other"), "/api/7"),
    (
        "/api/%2e%2e//a;b",
        |r| r.strip_prefix("/api"),
        "/%2e%2e//a;b",
    ),
    ("/api/7/a?x=1", |r| r.prefix_path("/v2"), "/v2/api/7/a?x=1"),
    ("/api/7/a", |r| r.prefix_path("v2/"), "/v2/api/7/a"),
    (
        "/api/7/a",
        |r| r.strip_prefix("/api").prefix_path("/v2"),
        "/v2/7/a",
    ),
    // Parameters are encoded for where they go.
    (
        "/api/7/a/b?x=1",
        |r| r.rewrite_path("/v2/{id}"),
        "/v2/7?x=1",
    ),
    (
        "/api/7/a/b",
        |r| r.rewrite_path("/v2/{*rest}/of/{id}"),
        "/v2/a/b/of/7",
    ),
    ("/api/7/a/b", |r| r.rewrite_path("/v2/{rest}"), "/v2/a%2Fb"),
    (
        "/api/a%2Fb%20c/d",
        |r| r.rewrite_path("/v2/{id}/x{id}"),
        "/v2/a%2Fb%20c/xa%2Fb%20c",
    ),
    ("/api/7", |r| r.rewrite_path("/v2/{*rest}"), "/v2/"),
    // Queries.
    ("/api/7?x=1", |r| r.set_query("y=2"), "/api/7?y=2"),
    ("/api/7?x=1", |r| r.set_query("?y=2"), "/api/7?y=2"),
    ("/api/7?x=1", |r| r.set_query(""), "/api/7"),
    (
        "/api/7?x=1",
        |r| r.append_query("y", "a b&c=d/ü"),
        "/api/7?x=1&y=a+b%26c%3Dd%2F%C3%BC",
    ),
    ("/api/7", |r| r.append_query("y", ""), "/api/7?y="),
    (
        "/api/7?x=1&y=%zz&x=2&z",
        |r| r.remove_query("x"),
        "/api/7?y=%zz&z",
    ),
    ("/api/7?x=1", |r| r.remove_query("x"), "/api/7"),
    ("/api/7?%78=1&y=2", |r| r.remove_query("x"), "/api/7?y=2"),
    (
        "/api/7?x=1",
        |r| r.rewrite_uri("/p?v=2").append_query("y", "3"),
        "/p?v=2&x=1&y=3",
    ),
    (
        "/api/7?x=1",
        |r| r.rewrite_uri("/p?v=2").remove_query("v"),
        "/p?x=1",
    ),
    // The last rewrite wins.
    (
        "/api/7?x=1",
        |r| r.rewrite_uri("http://other.test/p").rewrite_uri("/q?v=2"),
        "/q?v=2&x=1",
    ),
];

#[tokio::test]
async fn edits_arrive() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        let row: usize = request
            .header("x-row")
            .expect("a row")
            .parse()
            .expect("a number");
        ROWS[row].1(request);
    };
    let router = Router::new().at("/api/{id}/{*rest}", dial::proxy([origin.url()], handler));
    let served = Served::router(router);
    for (number, (target, _, arrives)) in ROWS.iter().enumerate() {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: a\r\nX-Row: {number}\r\n\r\n");
        assert_eq!(
            client::request(served.addr, raw).await.status,
            200,
            "row {number}, {target}"
        );
        let sent = origin.requests().pop().expect("a request");
        assert_eq!(sent.target, *arrives, "row {number}, {target}");
    }
}

/// The method that is sent is the handler's; RFC 9110 §9.1: methods are case-sensitive, and any token is one.
#[tokio::test]
async fn the_method_arrives() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        if let Some(method) = request.header("x-method").map(str::to_owned) {
            assert_eq!(request.method(), "GET");
            request.set_method(&*method);
            assert_eq!(
                (
                    request.method().as_str(),
                    request.inbound().method().as_str()
                ),
                (&*method, "GET")
            );
        }
    };
    let served = Served::proxy(dial::proxy([origin.url()], handler));
    for method in ["PUT", "purge", "M-SEARCH", "OPTIONS"] {
        let raw = format!("GET /x HTTP/1.1\r\nHost: a\r\nX-Method: {method}\r\n\r\n");
        assert_eq!(
            client::request(served.addr, raw).await.status,
            200,
            "{method}"
        );
        assert_eq!(origin.requests().pop().expect("a request").method, method);
        let raw = format!("{method} /x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(
            client::request(served.addr, raw).await.status,
            200,
            "{method}"
        );
        assert_eq!(
            origin.requests().pop().expect("a request").method,
            method,
            "untouched"
        );
    }
}

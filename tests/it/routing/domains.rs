//! Domains: the exact one, then wildcards from the longest to the shortest, then any.

use dial::{Router, routes};
use dial_tests::client;

use super::route;
use crate::harness::Served;

route!(any, "/x");
route!(any_other, "/only-any");
route!(exact, "/x", domain = "shop.test");
route!(listed, "/x", domain = ["one.test", "TWO.test"]);
route!(wild, "/x", domain = "*.shop.test");
route!(wilder, "/x", domain = "*.eu.shop.test");
route!(exact_below, "/x", domain = "api.shop.test");
route!(international, "/x", domain = "bücher.test");
route!(address, "/x", domain = "[::1]");
route!(only_domain, "/only-domain", domain = "shop.test");
route!(post_only, "/post", domain = "shop.test", methods = [POST]);
route!(post_any, "/post", methods = [GET]);

/// Host, target, and the route that takes it.
const ROWS: &[(&str, &str, Option<&str>)] = &[
    ("shop.test", "/x", Some("exact")),
    ("other.test", "/x", Some("any")),
    // Names have no case, RFC 9110 §4.2.3; a port does not matter, nor does the root's dot.
    ("Shop.TEST", "/x", Some("exact")),
    ("shop.test:8080", "/x", Some("exact")),
    ("SHOP.test.:80", "/x", Some("exact")),
    ("one.test", "/x", Some("listed")),
    ("two.test", "/x", Some("listed")),
    // A wildcard takes one label or more before it, not none.
    ("a.shop.test", "/x", Some("wild")),
    ("a.b.shop.test:1", "/x", Some("wild")),
    ("A.EU.Shop.Test", "/x", Some("wilder")),
    ("eu.shop.test", "/x", Some("wild")),
    ("api.shop.test", "/x", Some("exact_below")),
    ("v1.api.shop.test", "/x", Some("wild")),
    ("myshop.test", "/x", Some("any")),
    ("shop.test.evil.test", "/x", Some("any")),
    ("xn--bcher-kva.test", "/x", Some("international")),
    ("[::1]", "/x", Some("address")),
    ("[0:0::1]:8080", "/x", Some("address")),
    ("127.0.0.1", "/x", Some("any")),
    // What a domain does not have, any has, but not the other way round.
    ("shop.test", "/only-any", Some("any_other")),
    ("a.shop.test", "/only-any", Some("any_other")),
    ("shop.test", "/only-domain", Some("only_domain")),
    ("other.test", "/only-domain", None),
    ("a.shop.test", "/only-domain", None),
];

fn router() -> Router {
    Router::new().mount(routes![
        any,
        any_other,
        exact,
        listed,
        wild,
        wilder,
        exact_below,
        international,
        address,
        only_domain,
        post_only,
        post_any,
    ])
}

#[tokio::test]
async fn the_most_specific_domain_wins() {
    let served = Served::router(router());
    for (host, target, route) in ROWS {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = client::request(served.addr, raw).await;
        let expected = route.map_or((404, "Not Found".to_owned()), |route| {
            (200, format!("{route} took GET"))
        });
        assert_eq!(
            (response.status, response.text().to_owned()),
            expected,
            "{host} {target}"
        );
    }
}

/// RFC 9112 §3.2.2: the target of an absolute form says which host it is, and Host does not.
#[tokio::test]
async fn an_absolute_form_names_the_domain() {
    let served = Served::router(router());
    let rows = [
        ("http://shop.test/x", "other.test", "exact"),
        ("http://other.test:80/x", "shop.test", "any"),
        ("http://a.shop.test/x", "shop.test", "wild"),
    ];
    for (target, host, route) in rows {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = client::request(served.addr, raw).await;
        assert_eq!(
            response.text(),
            format!("{route} took GET"),
            "{target} {host}"
        );
    }
}

/// HTTP/1.0 may come without a host: then there is only any.
#[tokio::test]
async fn without_a_host_there_is_only_any() {
    let served = Served::router(router());
    let response = client::request(served.addr, "GET /x HTTP/1.0\r\n\r\n").await;
    assert_eq!(response.text(), "any took GET");
    assert_eq!(
        client::request(served.addr, "GET /only-domain HTTP/1.0\r\n\r\n")
            .await
            .status,
        404
    );
}

/// Methods are looked for in every domain that takes the host, and 405 names those of all of them.
#[tokio::test]
async fn methods_of_all_domains_count() {
    let served = Served::router(router());
    let rows = [
        ("POST", "shop.test", 200, "post_only took POST", None),
        ("GET", "shop.test", 200, "post_any took GET", None),
        ("GET", "other.test", 200, "post_any took GET", None),
        (
            "PUT",
            "shop.test",
            405,
            "Method Not Allowed",
            Some("GET, HEAD, POST"),
        ),
        (
            "POST",
            "other.test",
            405,
            "Method Not Allowed",
            Some("GET, HEAD"),
        ),
    ];
    for (method, host, status, body, allow) in rows {
        let raw = format!("{method} /post HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = client::request(served.addr, raw).await;
        assert_eq!(
            (response.status, response.text()),
            (status, body),
            "{method} {host}"
        );
        assert_eq!(response.headers.get("allow"), allow, "{method} {host}");
    }
}

//! Methods: the route of its own, GET's for HEAD, and 405 with `Allow` (RFC 9110 §9.3.2, §10.2.1, §15.5.6).

use std::sync::LazyLock;

use dial::{ModifiableRequest, Router, Upstream, proxy, routes};
use dial_tests::{Origin, RawClient, client};

use super::route;
use crate::harness::Served;

route!(read, "/r", methods = [GET]);
route!(write, "/r", methods = [POST, PUT]);
route!(any, "/any");
route!(odd, "/odd", methods = ["M-SEARCH", PURGE]);
route!(get_beside_head, "/both", methods = [GET]);
route!(head, "/both", methods = [HEAD]);
route!(fixed, "/m/x", methods = [POST]);
route!(variable, "/m/{_id}", methods = [GET]);
route!(rest, "/m/{*_rest}", methods = [DELETE]);

struct Row {
    method: &'static str,
    target: &'static str,
    /// The route, or the methods there are.
    taken: Result<&'static str, &'static str>,
}

const fn row(
    method: &'static str,
    target: &'static str,
    taken: Result<&'static str, &'static str>,
) -> Row {
    Row {
        method,
        target,
        taken,
    }
}

const ROWS: &[Row] = &[
    row("GET", "/r", Ok("read")),
    row("POST", "/r", Ok("write")),
    row("PUT", "/r", Ok("write")),
    row("DELETE", "/r", Err("GET, HEAD, POST, PUT")),
    row("OPTIONS", "/r", Err("GET, HEAD, POST, PUT")),
    // Methods are case-sensitive, §9.1.
    row("get", "/r", Err("GET, HEAD, POST, PUT")),
    row("GET", "/any", Ok("any")),
    row("DELETE", "/any", Ok("any")),
    row("BREW", "/any", Ok("any")),
    row("M-SEARCH", "/odd", Ok("odd")),
    row("PURGE", "/odd", Ok("odd")),
    row("purge", "/odd", Err("M-SEARCH, PURGE")),
    row("GET", "/odd", Err("M-SEARCH, PURGE")),
    row("GET", "/both", Ok("get_beside_head")),
    // The more specific path that does not take the method leaves it to the others.
    row("POST", "/m/x", Ok("fixed")),
    row("GET", "/m/x", Ok("variable")),
    row("DELETE", "/m/x", Ok("rest")),
    row("PUT", "/m/x", Err("DELETE, GET, HEAD, POST")),
    row("PUT", "/m/y", Err("DELETE, GET, HEAD")),
    row("PUT", "/m/x/y", Err("DELETE")),
];

fn router() -> Router {
    let routes = routes![
        read,
        write,
        any,
        odd,
        get_beside_head,
        head,
        fixed,
        variable,
        rest
    ];
    Router::new().mount(routes)
}

#[tokio::test]
async fn a_route_takes_its_methods() {
    let served = Served::router(router());
    for Row {
        method,
        target,
        taken,
    } in ROWS
    {
        let raw = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = client::request(served.addr, raw).await;
        let row = format!("{method} {target}");
        match taken {
            Ok(route) => {
                assert_eq!(
                    (response.status, response.text()),
                    (200, &*format!("{route} took {method}")),
                    "{row}"
                );
                assert_eq!(response.headers.get("allow"), None, "{row}");
            }
            Err(allow) => {
                assert_eq!(
                    (response.status, response.text()),
                    (405, "Method Not Allowed"),
                    "{row}"
                );
                assert_eq!(response.headers.get("allow"), Some(*allow), "{row}");
            }
        }
    }
    // No route takes the path: the method does not matter, and there is nothing to allow.
    let response = client::request(served.addr, "DELETE /none HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(
        (response.status, response.headers.get("allow")),
        (404, None)
    );
}

static BACKEND: LazyLock<Upstream> =
    LazyLock::new(|| Upstream::new(["unused.test"]).expect("a host"));

#[proxy("/get", methods = [GET], upstream = &BACKEND, register = false)]
fn getting(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[proxy("/both", methods = [HEAD], upstream = &BACKEND, register = false)]
fn heading(request: &mut ModifiableRequest) {
    request.set_header("X-Route", "heading");
}

/// A HEAD is answered where GET would be, unless a route takes it itself; it is forwarded as a HEAD, and its answer has
/// the length of a body that does not come (§9.3.2).
#[tokio::test]
async fn a_head_goes_where_the_get_goes() {
    let origin = Origin::named("1");
    BACKEND.set_hosts([origin.url()]).expect("a host");
    let router = Router::new()
        .route::<getting>()
        .route::<heading>()
        .route::<get_beside_head>();
    let served = Served::router(router);
    let mut client = RawClient::connect(served.addr).await;
    for (target, route) in [("/get", None), ("/both", Some("heading")), ("/get", None)] {
        client
            .send(format!("HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
        let response = client.read_response_to("HEAD").await;
        assert_eq!(
            (response.status, &*response.body),
            (200, &b""[..]),
            "{target}"
        );
        let length = response.headers.get("content-length").expect("a length");
        assert!(
            length.parse::<u64>().is_ok_and(|length| length > 0),
            "{target}: {length}"
        );
        let sent = origin.requests().pop().expect("a request");
        assert_eq!(
            (&*sent.method, sent.headers.get("x-route")),
            ("HEAD", route),
            "{target}"
        );
    }
}

/// The answer of a HEAD that no route takes has no body either.
#[tokio::test]
async fn a_refused_head_has_no_body() {
    let served = Served::router(router());
    let mut client = RawClient::connect(served.addr).await;
    for (target, status) in [("/none", 404), ("/odd", 405), ("/none", 404)] {
        client
            .send(format!("HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
        let response = client.read_response_to("HEAD").await;
        assert_eq!(
            (response.status, &*response.body),
            (status, &b""[..]),
            "{target}"
        );
    }
}

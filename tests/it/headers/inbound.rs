//! The client's original can be read whatever was removed or changed since.

use dial::{Body, ModifiableRequest, Response};
use dial_tests::client;

use crate::harness::Both;

/// Changes everything, then answers with the original.
fn report(mut request: ModifiableRequest) -> Response {
    request
        .set_method("PUT")
        .rewrite_uri("http://other.test/other?b=2")
        .set_header("Host", "other.test")
        .set_header("X-Forwarded-For", "192.0.2.9")
        .add_header("X-A", "3")
        .rename_header("X-B", "X-A")
        .remove_header("X-C")
        .set_header("X-New", "1");
    let inbound = request.inbound();
    let first = |name: &str| inbound.header(name).map(|value| format!("{value:?}"));
    let mut lines = vec![
        format!(
            "{} {} {:?}",
            inbound.method(),
            inbound.uri(),
            inbound.version()
        ),
        format!(
            "{:?} {:?} {:?}",
            first("x-a"),
            first("connection"),
            first("x-new")
        ),
    ];
    let headers = inbound.headers();
    let fields = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()));
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by(|one, other| one.split(':').next().cmp(&other.split(':').next()));
    lines.append(&mut fields);
    Response::new(Body::from(lines.join("\n")))
}

#[tokio::test]
async fn the_original_is_told_as_it_was() {
    let both = Both::proxy(dial::proxy(["unused.test"], report)).await;
    let raw = "GET /x?a=1 HTTP/1.1\r\nHost: Shop.test:8080\r\nConnection: X-C\r\nConnection: keep-alive\r\n\
               Keep-Alive: max=1\r\nForwarded: for=spoofed\r\nX-Forwarded-For: spoofed\r\nX-A: 2\r\nX-A: 1\r\n\
               X-B: 3\r\nX-C: 4\r\nTE: gzip\r\n\r\n";
    let expected = [
        "GET /x?a=1 HTTP/1.1",
        "Some(\"\\\"2\\\"\") Some(\"\\\"X-C\\\"\") None",
        "connection: X-C",
        "connection: keep-alive",
        "forwarded: for=spoofed",
        "host: Shop.test:8080",
        "keep-alive: max=1",
        "te: gzip",
        "x-a: 2",
        "x-a: 1",
        "x-b: 3",
        "x-c: 4",
        "x-forwarded-for: spoofed",
    ];
    for (home, addr) in both.homes() {
        let response = client::request(addr, raw).await;
        assert_eq!(
            response.text().lines().collect::<Vec<_>>(),
            expected,
            "{home}"
        );
    }
}

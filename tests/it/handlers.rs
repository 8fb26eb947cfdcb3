//! Handlers: every shape they may have, what they are given, what they may do, and what happens when they fail.

mod arguments;
mod bodies;
mod declared;
mod faults;
mod hooks;
mod limits;
mod panics;
mod paths;
mod rejects;
mod replaced;
mod sending;
mod shapes;
mod told;

use std::net::SocketAddr;

use dial::{ModifiableRequest, ProxyService, Via};
use dial_tests::{Log, Origin, RawResponse, client};

use crate::harness::Both;

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Asks for `target` with these field lines.
async fn ask(addr: SocketAddr, target: &str, fields: &str) -> RawResponse {
    client::request(
        addr,
        format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n{fields}\r\n"),
    )
    .await
}

/// The error in `log` about `route`, which is written before the answer is.
fn logged(log: &Log, route: &str) -> String {
    let lines = log.lines(route);
    let line = lines.iter().find(|line| line.contains("ERROR"));
    line.unwrap_or_else(|| panic!("no error about {route} in {lines:#?}"))
        .clone()
}

/// Asks `proxy` in both homes, and expects the same answer.
async fn answers(proxy: ProxyService, raw: &str, row: &str) -> [RawResponse; 2] {
    let both = Both::proxy(proxy.via(Via::off())).await;
    let [(_, served), (_, axum)] = both.homes();
    let responses = [
        client::request(served, raw).await,
        client::request(axum, raw).await,
    ];
    let [one, other] = &responses;
    assert_eq!(
        (one.status, one.text()),
        (other.status, other.text()),
        "{row}: the same in both homes"
    );
    responses
}

/// Asks `proxy` in both homes for what must not be forwarded to `origin`.
async fn refused(proxy: ProxyService, origin: &Origin, row: &str) -> RawResponse {
    let [response, _] = answers(proxy, "GET /x HTTP/1.1\r\nHost: shop.test\r\n\r\n", row).await;
    assert_eq!(origin.connections(), 0, "{row}");
    response
}

//! Requests that are sent more than once: on what, with what, how often, and what the client gets to see of it.

mod bodies;
mod budget;
mod clock;
mod conditions;
mod hedges;
mod stale;
mod tries;
mod unhedged;
mod waits;

use std::time::Duration;

use dial::{ModifiableRequest, ProxyService, Retry, RetryOn, Router, Server, Upstream};
use dial_tests::{Answer, Origin};

use crate::harness::Served;

/// The handler of most tests here.
fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// One worker, and so one set of connections to count.
fn one_worker(proxy: ProxyService) -> Served {
    let router = Router::new().at("/{*path}", proxy);
    Served::server(Server::builder().workers(1), router)
}

/// Over endpoints that stay in rotation whatever they do: who is sick here is to be met again and again.
fn proxy(origins: &[&Origin], retry: Retry) -> ProxyService {
    let hosts: Vec<_> = origins.iter().map(|origin| origin.url()).collect();
    let upstream = Upstream::builder().hosts(hosts).never_eject().build();
    dial::proxy(upstream.expect("an upstream"), forward).retry(retry)
}

/// On everything, without long pauses.
fn eager() -> Retry {
    use RetryOn::{Connect, Reset, Status5xx, Timeout};
    let millisecond = Duration::from_millis(1);
    let retry = Retry::default().on([Connect, Reset, Timeout, Status5xx]);
    retry.backoff(millisecond).max_backoff(millisecond)
}

/// Answers every request alike.
fn origin(status: u16, body: &'static str) -> Origin {
    Origin::answering(move |_| Answer::new(status).body(body))
}

//! However ill the endpoints are, they do not get much more than they would without retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use dial::{ProxyService, Retry, Router, Server};
use dial_tests::{Answer, Origin, RawClient, client};

use super::{eager, forward, origin};
use crate::crowd::crowd;
use crate::harness::Served;

const CLIENTS: usize = 16;
const REQUESTS: usize = 4_000;
const PERCENT: usize = 20;

/// Answers every other request with 500, whoever sends it.
fn browning_out(count: &Arc<AtomicUsize>) -> Origin {
    let count = Arc::clone(count);
    Origin::answering(move |_| match count.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => Answer::new(500),
        _ => Answer::ok("ok"),
    })
}

async fn ask(client: &mut RawClient, _: usize) {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_response().await;
}

fn proxy(origins: &[Origin], retry: Retry) -> ProxyService {
    let hosts: Vec<_> = origins.iter().map(Origin::url).collect();
    dial::proxy(hosts, forward).retry(retry)
}

/// A brown-out: all endpoints fail half of the time, under load from all sides, and on all workers.
#[tokio::test]
async fn a_brown_out_is_not_amplified() {
    for free in [0, 5] {
        let count = Arc::new(AtomicUsize::new(0));
        let origins = [(); 3].map(|()| browning_out(&count));
        let retry = eager().attempts(16).budget(20).min_per_second(free);
        let router = Router::new().at("/{*path}", proxy(&origins, retry));
        let served = Served::server(Server::builder().workers(4), router);
        let began = Instant::now();
        crowd(served.addr, CLIENTS, 0..REQUESTS, ask).await;
        let seconds = usize::try_from(began.elapsed().as_secs()).expect("not long") + 1;
        let sent = count.load(Ordering::Relaxed);
        let most = REQUESTS + REQUESTS * PERCENT / 100 + free as usize * (seconds + 10);
        assert!(sent <= most, "{sent} requests for {REQUESTS} of clients");
        // It was there to be used.
        let least = REQUESTS + REQUESTS * PERCENT / 100 * 9 / 10;
        assert!(sent >= least, "{sent} requests for {REQUESTS} of clients");
    }
}

/// Without a budget left, what there is goes to the client as it is.
#[tokio::test]
async fn when_it_is_used_up_the_response_is_the_clients() {
    let (sick, live) = (origin(503, "sick"), Origin::named("live"));
    let hosts = [sick.url(), live.url()];
    let retry = eager().budget(0).min_per_second(0);
    let served = super::one_worker(dial::proxy(hosts, forward).retry(retry));
    let texts = [
        client::get(served.addr, "/").await.text().to_owned(),
        client::get(served.addr, "/").await.origin().to_owned(),
    ];
    assert_eq!(texts, ["sick", "live"]);
}

/// What reaches no endpoint costs nothing.
#[tokio::test]
async fn endpoints_that_are_not_reached_are_free() {
    let closed = dial_tests::ClosedPort::new();
    let live = Origin::named("live");
    let hosts = [closed.addr().to_string(), live.url()];
    let retry = eager().budget(0).min_per_second(0);
    let served = super::one_worker(dial::proxy(hosts, forward).retry(retry));
    for _ in 0..20 {
        assert_eq!(client::get(served.addr, "/").await.origin(), "live");
    }
}

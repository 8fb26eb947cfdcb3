//! Requests that go on to another attempt, and what they have of their upstream meanwhile.

use std::time::Duration;

use dial::{Breaker, Hedge, Limits, Policy, Retry, RetryOn, Upstream};
use dial_tests::{Answer, ClosedPort, Gate, Origin, Script, client, eventually};

use super::{asking, forward};
use crate::harness::{Served, held};

/// It has no room but that of the attempt that failed.
#[tokio::test]
async fn who_goes_on_to_another_host_leaves_its_room() {
    let (closed, live) = (ClosedPort::new(), Origin::named("live"));
    let hosts = [closed.addr().to_string(), live.url()];
    for retry in [None, Some(Retry::default())] {
        let limits = Limits::new().requests(1).queue(0);
        let builder = Upstream::builder().hosts(&hosts).never_eject();
        let upstream = builder.limits(limits).build().expect("an upstream");
        let mut proxy = dial::proxy(&upstream, forward);
        if let Some(retry) = retry {
            proxy = proxy.retry(retry);
        }
        let served = Served::proxy(proxy);
        for _ in 0..2 {
            let response = client::get(served.addr, "/").await;
            assert_eq!(response.status, 200, "{retry:?}");
        }
        eventually(|| upstream.status().iter().all(|host| host.in_flight == 0)).await;
    }
}

/// One that has failed counts no more while another is waited for.
#[tokio::test]
async fn an_attempt_that_failed_leaves_its_room_to_others() {
    let fails = Gate::closed();
    let first = Origin::raw(Script::new().read_head().wait(&fails).reset());
    let (second, gate) = held();
    let hosts = [first.url(), second.url()];
    let builder = Upstream::builder().hosts(hosts).never_eject();
    let upstream = builder.balance(Policy::round_robin());
    let upstream = upstream.limits(Limits::new().requests(2)).build();
    let upstream = upstream.expect("an upstream");
    let hedge = Hedge::after(Duration::from_millis(1));
    let retry = Retry::default().on([RetryOn::Reset]).hedge(hedge);
    let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry));
    let mut asking = asking(served.addr).await;
    second.requested(1).await;
    fails.open();
    let in_flight = |at: usize| upstream.status()[at].in_flight;
    eventually(|| [in_flight(0), in_flight(1)] == [0, 1]).await;
    gate.open();
    assert_eq!(asking.read_response().await.text(), "late");
}

/// What was answered is told, rather than that nobody is to be asked any more.
#[tokio::test]
async fn a_response_is_better_than_an_open_circuit() {
    let origin = Origin::answering(|_| Answer::new(503).body("sick"));
    let breaker = Breaker::new().min_requests(1).open(Duration::from_mins(1));
    let builder = Upstream::builder().hosts([origin.url()]).never_eject();
    let upstream = builder.breaker(breaker).build().expect("an upstream");
    let retry = Retry::default().on([RetryOn::Status503]);
    let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry));
    assert_eq!(client::get(served.addr, "/").await.text(), "sick");
    assert!(upstream.is_circuit_open());
    assert_eq!(origin.count(), 1);
}

/// Retries are a share of what was sent: what was refused pays for none.
#[tokio::test]
async fn what_is_refused_pays_for_no_retry() {
    let gate = Gate::closed();
    let held = gate.clone();
    let origin = Origin::http(move |_| {
        let held = held.clone();
        async move {
            held.passed().await;
            let response = http::Response::builder().status(503);
            response
                .body(http_body_util::Empty::<dial::Bytes>::new())
                .expect("a response")
        }
    });
    let limits = Limits::new().requests(1).queue(0);
    let builder = Upstream::builder().hosts([origin.url()]).never_eject();
    let upstream = builder.limits(limits).build().expect("an upstream");
    let retry = Retry::default().on([RetryOn::Status503]);
    let retry = retry.budget(20).min_per_second(0);
    let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry));
    let mut first = asking(served.addr).await;
    origin.requested(1).await;
    for _ in 0..10 {
        let refused = client::get(served.addr, "/").await;
        assert_eq!(refused.headers.get("retry-after"), Some("5"));
    }
    gate.open();
    let response = first.read_response().await;
    assert_eq!((response.status, origin.count()), (503, 1));
}

//! Routes that take only so many requests.

mod shared;

use std::net::SocketAddr;

use dial::{HashOn, ModifiableRequest, RateLimit};
use dial_tests::client::request;
use dial_tests::{Origin, RawResponse};

use crate::harness::{Both, Served};

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

async fn ask(addr: SocketAddr, fields: &str) -> RawResponse {
    request(addr, format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await
}

/// So slow that none is let through again before the test is over.
fn three() -> RateLimit {
    RateLimit::per_hour(3).expect("a limit")
}

#[tokio::test]
async fn one_too_many_is_a_429_that_never_reaches_an_endpoint() {
    let origin = Origin::named("a");
    // The two homes are one service, and share its limit.
    let proxy = dial::proxy([origin.url()], forward).rate_limit(three());
    let both = Both::proxy(proxy).await;
    let [(_, first), (_, second)] = both.homes();
    for addr in [first, second, first] {
        assert_eq!(ask(addr, "").await.status, 200);
    }
    for addr in [first, second] {
        let refused = ask(addr, "").await;
        assert_eq!(refused.status, 429);
        let wait = refused.headers.get("retry-after").expect("a time");
        let wait: u64 = wait.parse().expect("seconds");
        assert!((1..=1200).contains(&wait), "{wait}");
        assert_eq!(refused.text(), "Too Many Requests");
    }
    assert_eq!(origin.count(), 3);
}

#[tokio::test]
async fn each_key_has_a_limit_of_its_own() {
    let origin = Origin::named("a");
    let by = HashOn::header("X-Tenant").expect("a name");
    let proxy = dial::proxy([origin.url()], forward).rate_limit(three().by(by));
    let served = Served::proxy(proxy);
    for fields in ["X-Tenant: a\r\n", "X-Tenant: b\r\n", ""] {
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(ask(served.addr, fields).await.status);
        }
        assert_eq!(statuses, [200, 200, 200, 429, 429], "{fields:?}");
    }
}

#[tokio::test]
async fn a_hook_may_answer_instead() {
    let origin = Origin::named("a");
    let limit = RateLimit::per_hour(1).and_then(|limit| limit.burst(2));
    let proxy = dial::proxy([origin.url()], forward)
        .rate_limit(limit.expect("a limit"))
        .on_error(|error, response| {
            assert_eq!(error.kind(), dial::ErrorKind::RateLimited);
            let wait = error.retry_after().expect("a time").as_secs();
            *response.body_mut() = format!("in {} minutes", wait / 60).into();
        });
    let served = Served::proxy(proxy);
    for status in [200, 200] {
        assert_eq!(ask(served.addr, "").await.status, status);
    }
    let refused = ask(served.addr, "").await;
    assert_eq!((refused.status, refused.text()), (429, "in 59 minutes"));
}

#[test]
fn nonsense_is_refused() {
    for requests in [0, 1_000_001] {
        let error = RateLimit::per_second(requests).expect_err("no limit");
        assert_eq!(error.kind(), dial::ErrorKind::Config);
        let what = format!("a rate limit of {requests} requests is not within 1 and 1000000");
        assert_eq!(error.to_string(), what);
        assert!(three().burst(requests).is_err());
    }
}

//! How many attempts, how long each may take, and what the client gets of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dial::{Retry, RetryOn, Timeouts};
use dial_tests::{Answer, Origin, RawClient, Script, client};
use http_body_util::{BodyExt, Full};

use super::clock::Clocked;
use super::{eager, one_worker, origin, proxy};
use crate::harness::held;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Answers with a status and the number of the request.
fn counting(status: u16) -> Origin {
    let count = AtomicUsize::new(0);
    let count = Arc::new(count);
    Origin::answering(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        Answer::new(status)
            .header("X-Number", number.to_string())
            .body(format!("response {number}"))
    })
}

/// The last response is the client's, as it came, and nothing of those before it.
#[tokio::test]
async fn the_last_response_is_given_as_it_came() {
    for attempts in [1, 2, 5] {
        let sick = counting(503);
        let served = one_worker(proxy(&[&sick], eager().attempts(attempts)));
        let response = client::request(served.addr, GET).await;
        let number = attempts.to_string();
        assert_eq!(response.status, 503);
        assert_eq!(response.text(), format!("response {number}"));
        assert_eq!(response.headers.all("x-number"), [&*number]);
        assert_eq!(sick.count(), attempts as usize);
    }
}

/// Each endpoint is asked once before one is asked again.
#[tokio::test]
async fn every_endpoint_before_one_again() {
    let origins = [500, 502, 503, 504].map(|status| origin(status, "no"));
    let served = one_worker(proxy(&origins.each_ref(), eager().attempts(4)));
    client::get(served.addr, "/").await;
    assert_eq!(origins.each_ref().map(Origin::count), [1; 4]);
    let served = one_worker(proxy(&origins.each_ref(), eager().attempts(8)));
    client::get(served.addr, "/").await;
    assert_eq!(origins.each_ref().map(Origin::count), [3; 4]);
}

/// Hooks see one response for a request: the one the client gets.
#[tokio::test]
async fn hooks_run_once() {
    let (sick, live) = (origin(503, "no"), Origin::named("live"));
    let count = Arc::new(AtomicUsize::new(0));
    let [shared, own] = [(); 2].map(|()| Arc::clone(&count));
    let proxy = dial::proxy(
        [sick.url(), live.url()],
        move |request: &mut dial::ModifiableRequest| {
            let own = Arc::clone(&own);
            request.on_response(move |_| {
                own.fetch_add(10, Ordering::Relaxed);
            });
        },
    );
    let proxy = proxy.retry(eager()).on_response(move |response| {
        assert_eq!(response.status(), 200);
        shared.fetch_add(1, Ordering::Relaxed);
    });
    let served = one_worker(proxy);
    assert_eq!(client::get(served.addr, "/").await.origin(), "live");
    assert_eq!(count.load(Ordering::Relaxed), 11);
}

/// An endpoint that accepts and says nothing is given up, in time for another.
#[tokio::test]
async fn an_attempt_that_takes_too_long_is_given_up() {
    let hung = Origin::raw(Script::new().read_request().hang());
    let live = Origin::named("live");
    let retry = Retry::default().per_try(Duration::from_millis(100));
    let served = one_worker(proxy(&[&hung, &live], retry));
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/").await.origin(), "live");
    }
    hung.closed(0).await;
    // Also when it has begun to answer.
    let half = Script::new().read_request().write("HTTP/1.1 200 OK\r\nX:");
    let half = Origin::raw(half.hang());
    let served = one_worker(proxy(&[&half, &live], retry));
    assert_eq!(client::get(served.addr, "/").await.origin(), "live");
    // When none is left, it is the timeout that it was.
    let served = one_worker(proxy(&[&hung], retry));
    assert_eq!(client::get(served.addr, "/").await.status, 504);
    assert_eq!(hung.connections(), 2 + 3);
}

/// Time in which the client is waited for is not the endpoint's.
#[tokio::test]
async fn a_slow_upload_is_no_slow_attempt() {
    let live = Origin::http(async |request: http::Request<hyper::body::Incoming>| {
        let body = request.into_body().collect().await.expect("a body");
        http::Response::new(Full::new(body.to_bytes()))
    });
    let limit = Duration::from_millis(50);
    let proxied = proxy(&[&live], Retry::default().per_try(limit));
    let clock = Clocked::new(proxied, limit);
    let mut client = RawClient::connect(clock.served.addr).await;
    client
        .send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
        .await;
    live.requested(1).await;
    for part in ["ab", "cd", "ef"] {
        clock.passed().await;
        client.send(part).await;
    }
    assert_eq!(client.read_response().await.text(), "abcdef");
    assert_eq!(live.connections(), 1);
}

/// What is not sent again is not given up for another attempt either.
#[tokio::test]
async fn only_what_can_be_sent_again_is_given_up() {
    let (late, gate) = held();
    let limit = Duration::from_millis(50);
    let proxied = proxy(&[&late], Retry::default().per_try(limit));
    let clock = Clocked::new(proxied, limit);
    let mut client = RawClient::connect(clock.served.addr).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
        .await;
    late.requested(1).await;
    clock.passed().await;
    gate.open();
    assert_eq!(client.read_response().await.text(), "late");
}

/// All attempts together end with the route's total timeout.
#[tokio::test]
async fn the_total_timeout_is_over_all_attempts() {
    let sick = origin(503, "no");
    let retry = eager().attempts(16).backoff(Duration::from_mins(10));
    let timeouts = Timeouts::default().total(Duration::from_millis(200));
    let served = one_worker(proxy(&[&sick], retry).timeouts(timeouts));
    assert_eq!(client::get(served.addr, "/").await.status, 504);
    assert_eq!(sick.count(), 1);
}

/// One that asks to be left alone for longer than a request may wait is not asked again.
#[tokio::test]
async fn retry_after_is_heeded() {
    let busy = |after: &'static str| {
        let count = Arc::new(AtomicUsize::new(0));
        Origin::answering(move |_| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::new(503).header("Retry-After", after).body("busy"),
            _ => Answer::ok("ok"),
        })
    };
    let (long, short) = (busy("60"), busy("0"));
    let served = one_worker(proxy(&[&long], eager()));
    let response = client::get(served.addr, "/").await;
    assert_eq!((response.status, response.text()), (503, "busy"));
    assert_eq!(response.headers.get("retry-after"), Some("60"));
    let served = one_worker(proxy(&[&short], eager()));
    assert_eq!(client::get(served.addr, "/").await.text(), "ok");
    // Another endpoint has not asked for it.
    let (long, live) = (busy("60"), Origin::named("live"));
    let served = one_worker(proxy(&[&long, &live], eager()));
    assert_eq!(client::get(served.addr, "/").await.origin(), "live");
}

/// A response that is too long to be read for nothing goes with its connection, and none of it to the client.
#[tokio::test]
async fn a_response_that_nobody_gets() {
    let endless = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 500 No\r\nContent-Length: 999999\r\n\r\nsecret")
            .hang(),
    );
    let live = Origin::named("live");
    let served = one_worker(proxy(&[&endless, &live], eager()));
    let response = client::get(served.addr, "/").await;
    assert_eq!(response.origin(), "live");
    assert!(!response.text().contains("secret"));
    endless.closed(0).await;
}

/// Interim responses of an attempt that failed have gone to the client already, and do no harm.
#[tokio::test]
async fn an_interim_response_does_not_end_the_attempts() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let sick = Origin::raw(Script::new().read_head().write(hints));
    let live = Origin::named("live");
    let served = one_worker(proxy(&[&sick, &live], eager().on([RetryOn::Reset])));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    assert_eq!(client.read_head().await.status, 103);
    assert_eq!(client.read_response().await.origin(), "live");
}

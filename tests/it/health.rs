//! Active health checks: who is asked, how often and by whom, and what becomes of it.

mod homes;
mod probes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dial::{HealthCheck, ModifiableRequest, ProxyService, Upstream};
use dial_tests::{Answer, Gate, Log, Origin, client, eventually};
use http_body_util::Full;

use crate::harness::Served;

const PATH: &str = "/healthz?deep=1";
/// Once a test has begun, no probe is due again.
const NEVER: Duration = Duration::from_hours(1);
const OFTEN: Duration = Duration::from_millis(20);
/// How many requests show who gets any.
const REQUESTS: usize = 8;

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Probes as often as may be; one that works has all the time to say so.
fn often() -> HealthCheck {
    let check = HealthCheck::http(PATH).contains("ready").rise(2).fall(2);
    let check = check.interval(OFTEN);
    check.timeout(Duration::from_secs(1))
}

/// Probes once.
fn once() -> HealthCheck {
    HealthCheck::http(PATH)
        .interval(NEVER)
        .timeout(Duration::from_secs(5))
}

fn upstream<'a>(origins: impl IntoIterator<Item = &'a Origin>, check: HealthCheck) -> Upstream {
    let urls: Vec<_> = origins.into_iter().map(Origin::url).collect();
    let upstream = Upstream::builder().hosts(urls).health(check).build();
    upstream.expect("an upstream")
}

fn service(upstream: &Upstream) -> ProxyService {
    dial::proxy(upstream, unchanged)
}

/// How many requests that were no probes an origin has had.
fn asked(origin: &Origin) -> usize {
    let requests = origin.requests();
    let others = requests.iter().filter(|request| request.target != PATH);
    others.count()
}

fn probed(origin: &Origin) -> usize {
    let requests = origin.requests();
    let probes = requests.iter().filter(|request| request.target == PATH);
    probes.count()
}

const FAILS: &str = "health check fails";
const PASSES: &str = "health check passes again";

/// How often it was said of a host that its health check fails, or passes again.
fn flips(log: &Log, host: SocketAddr, event: &str) -> usize {
    let lines = log.lines(&host.to_string());
    lines.iter().filter(|line| line.contains(event)).count()
}

/// Waits until that has been said `count` times: then it holds for the next request.
async fn flipped(log: &Log, host: SocketAddr, event: &str, count: usize) {
    eventually(|| flips(log, host, event) >= count).await;
}

fn failure(upstream: &Upstream, at: usize) -> String {
    let failure = upstream.status().swap_remove(at).probe_failure;
    failure.unwrap_or_default()
}

/// What an origin does, to probes and to all else, while it is ill.
#[derive(Clone, Copy)]
enum Ill {
    Status,
    Body,
    Garbage,
    Hangs,
    Resets,
    Refuses,
}

/// An origin that is well at first.
struct Patient {
    origin: Origin,
    ill: Arc<AtomicBool>,
    illness: Ill,
}

impl Patient {
    fn new(illness: Ill) -> Self {
        let ill = Arc::new(AtomicBool::new(false));
        let state = Arc::clone(&ill);
        let answer = move || match illness {
            _ if !state.load(Ordering::Relaxed) => Answer::ok("all is ready"),
            Ill::Status => Answer::new(500).body("ready"),
            Ill::Body => Answer::ok("not yet"),
            Ill::Garbage => Answer::raw("SSH-2.0-OpenSSH_9.9\r\n").close(),
            Ill::Resets => Answer::raw("").close(),
            Ill::Hangs | Ill::Refuses => Answer::ok("ready"),
        };
        let state = Arc::clone(&ill);
        let origin = match illness {
            Ill::Hangs => Origin::http(move |_| {
                let ill = state.load(Ordering::Relaxed);
                async move {
                    if ill {
                        Gate::closed().passed().await;
                    }
                    http::Response::new(Full::new(dial::Bytes::from("ready")))
                }
            }),
            _ => Origin::answering(move |_| answer()),
        };
        Self {
            origin,
            ill,
            illness,
        }
    }

    fn fall_ill(&self) {
        self.ill.store(true, Ordering::Relaxed);
        if matches!(self.illness, Ill::Refuses) {
            self.origin.stop();
        }
    }

    fn recover(&self) {
        self.ill.store(false, Ordering::Relaxed);
        if matches!(self.illness, Ill::Refuses) {
            self.origin.restart();
        }
    }
}

/// One of two falls ill and recovers. `says` is what its failure is said to be.
async fn falls_ill_and_recovers(illness: Ill, says: &str) {
    let log = Log::of("dial::upstream");
    let (patient, well) = (Patient::new(illness), Patient::new(illness));
    let upstream = upstream([&patient.origin, &well.origin], often());
    let served = Served::proxy(service(&upstream));
    let sick = patient.origin.addr();
    // It has been seen to work.
    patient.origin.requested(1).await;
    for round in 1..=2 {
        patient.fall_ill();
        flipped(&log, sick, FAILS, round).await;
        assert!(!upstream.status()[0].healthy);
        let failure = failure(&upstream, 0);
        assert!(failure.contains(says) && !failure.is_empty(), "{failure}");
        let before = (asked(&patient.origin), asked(&well.origin));
        for _ in 0..REQUESTS {
            assert_eq!(client::get(served.addr, "/x").await.status, 200);
        }
        let after = (before.0, before.1 + REQUESTS);
        assert_eq!((asked(&patient.origin), asked(&well.origin)), after);

        patient.recover();
        flipped(&log, sick, PASSES, round).await;
        assert!(upstream.status()[0].healthy);
        for _ in 0..REQUESTS {
            assert_eq!(client::get(served.addr, "/x").await.status, 200);
        }
        assert_eq!(asked(&patient.origin), before.0 + REQUESTS / 2);
    }
    let events = [FAILS, PASSES].map(|event| flips(&log, sick, event));
    assert_eq!(events, [2, 2], "one a flip");
    assert_eq!(flips(&log, well.origin.addr(), FAILS), 0);
}

#[tokio::test]
async fn one_with_another_status_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Status, "the status is 500").await;
}

#[tokio::test]
async fn one_with_another_body_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Body, "the body does not contain \"ready\"").await;
}

#[tokio::test]
async fn one_that_speaks_no_http_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Garbage, "").await;
}

#[tokio::test]
async fn one_that_hangs_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Hangs, "1s").await;
}

#[tokio::test]
async fn one_that_ends_connections_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Resets, "").await;
}

#[tokio::test]
async fn one_that_is_down_gets_nothing_until_it_recovers() {
    falls_ill_and_recovers(Ill::Refuses, "cannot connect").await;
}

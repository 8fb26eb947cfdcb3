//! Who gets how much. All draws are seeded: what holds once holds always.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::super::{
    Ask, Attempt, Balance, Candidates, Ejection, Endpoint, HashOn, HostEntry, Limits, Policy,
    Tried, Upstream, UpstreamBuilder,
};
use crate::error::{Error, ErrorKind};

const SEED: u64 = 7;

pub(super) fn builder(policy: impl Into<Policy>) -> UpstreamBuilder {
    Upstream::builder().balance(policy).seed(SEED)
}

pub(super) fn pick(upstream: &Upstream) -> Arc<Endpoint> {
    let tried = Tried::none();
    upstream.pick(&Ask::new(&tried)).expect("an endpoint")
}

pub(super) fn name(endpoint: &Endpoint) -> String {
    endpoint.host().to_string()
}

/// How many of `requests` go where.
pub(super) fn shares(upstream: &Upstream, requests: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        *shares.entry(name(&pick(upstream))).or_default() += 1;
    }
    shares
}

#[track_caller]
pub(super) fn assert_share(
    shares: &BTreeMap<String, usize>,
    host: &str,
    least: usize,
    most: usize,
) {
    let share = shares.get(host).copied().unwrap_or(0);
    assert!((least..=most).contains(&share), "{host}: {shares:?}");
}

#[test]
fn weights_are_exact_over_a_cycle() {
    let hosts =
        [("a", 5), ("b", 1), ("c", 3)].map(|(host, weight)| HostEntry::new(host).weight(weight));
    let upstream = Upstream::new(&hosts).unwrap();
    for cycle in 0..3 {
        let shares = shares(&upstream, 9);
        for (host, weight) in [("a", 5), ("b", 1), ("c", 3)] {
            assert_eq!(shares[host], weight, "cycle {cycle}");
        }
    }
}

#[test]
fn random_follows_weights() {
    let hosts = [HostEntry::new("a").weight(3), HostEntry::new("b")];
    let upstream = builder(Policy::random()).hosts(&hosts).build().unwrap();
    let shares = shares(&upstream, 10_000);
    assert_share(&shares, "a", 7_300, 7_700);
    assert_share(&shares, "b", 2_300, 2_700);
}

#[test]
fn a_seed_gives_the_same_sequence() {
    let draw = |seed| {
        let upstream = builder(Policy::random())
            .hosts(["a", "b", "c"])
            .seed(seed)
            .build();
        let upstream = upstream.unwrap();
        (0..50).map(|_| name(&pick(&upstream))).collect::<String>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

/// Requests that go on for as many steps as their endpoint takes, one new each step. How many go where.
async fn simulate(
    upstream: &Upstream,
    steps: usize,
    takes: fn(&str) -> usize,
) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    let mut under_way: VecDeque<(usize, Arc<Endpoint>, Attempt)> = VecDeque::new();
    for step in 0..steps {
        under_way.retain_mut(|(end, endpoint, attempt)| {
            let over = *end <= step;
            if over {
                attempt.answered(endpoint, http::StatusCode::OK);
            }
            !over
        });
        let endpoint = pick(upstream);
        let host = name(&endpoint);
        let attempt = begin(upstream, &endpoint);
        under_way.push_back((step + takes(&host), endpoint, attempt));
        *shares.entry(host).or_default() += 1;
        advance(Duration::from_millis(1)).await;
    }
    shares
}

fn one_is_slow(host: &str) -> usize {
    if host == "slow" { 40 } else { 4 }
}

#[tokio::test(start_paused = true)]
async fn a_slow_endpoint_gets_less() {
    let hosts = ["a", "slow", "b"];
    for (policy, most) in [(Policy::least_request(), 300), (Policy::peak_ewma(), 100)] {
        let upstream = builder(policy.clone()).hosts(hosts).build().unwrap();
        let shares = simulate(&upstream, 3_000, one_is_slow).await;
        assert_share(&shares, "slow", 1, most);
        assert_share(&shares, "a", 1_000, 1_900);
        let status = upstream.status();
        assert!(status.iter().all(|host| host.in_flight == 0), "{status:?}");
    }
    // What it would be otherwise.
    let upstream = builder(Policy::random()).hosts(hosts).build().unwrap();
    let shares = simulate(&upstream, 3_000, one_is_slow).await;
    assert_share(&shares, "slow", 900, 1_100);
}

/// One request after the other, which take `takes` at their endpoint or fail at once. How many go where.
async fn one_by_one(
    upstream: &Upstream,
    requests: usize,
    takes: fn(&str) -> Option<Duration>,
) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        let endpoint = pick(upstream);
        let host = name(&endpoint);
        let attempt = begin(upstream, &endpoint);
        let latency = takes(&host);
        advance(latency.unwrap_or_default()).await;
        end(attempt, &endpoint, latency.is_some());
        advance(Duration::from_millis(50)).await;
        *shares.entry(host).or_default() += 1;
    }
    shares
}

/// An attempt of which all time is the endpoint's.
fn begin(upstream: &Upstream, endpoint: &Arc<Endpoint>) -> Attempt {
    let mut attempt = upstream.attempt(endpoint);
    assert!(attempt.is_counted());
    attempt.alone(endpoint, None);
    attempt
}

fn end(mut attempt: Attempt, endpoint: &Arc<Endpoint>, succeeds: bool) {
    if succeeds {
        attempt.answered(endpoint, http::StatusCode::OK);
    } else {
        attempt.failed(endpoint, &Error::new(ErrorKind::Connect, "refused"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_forgiven_in_time() {
    let fast = |_: &str| Some(Duration::from_millis(5));
    for hosts in [&["a", "b"][..], &["a", "b", "c"]] {
        let builder = builder(Policy::peak_ewma()).hosts(hosts).never_eject();
        let upstream = builder.build().unwrap();
        let slow = |host: &str| Some(Duration::from_millis(if host == "a" { 2_000 } else { 5 }));
        let shares = one_by_one(&upstream, 10, slow).await;
        assert_share(&shares, "a", 1, 1);
        // Nothing for half a minute, its share after two.
        let shares = one_by_one(&upstream, 500, fast).await;
        assert_share(&shares, "a", 0, 0);
        one_by_one(&upstream, 2_000, fast).await;
        let shares = one_by_one(&upstream, 1_000, fast).await;
        assert_share(&shares, "a", 250, 600);
        // It is found out with few requests if it is slow still.
        let shares = one_by_one(&upstream, 1_000, slow).await;
        assert_share(&shares, "a", 1, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_only_fails_is_not_fast() {
    let failing = |host: &str| (host != "a").then(|| Duration::from_millis(500));
    let upstream = builder(Policy::peak_ewma())
        .hosts(["a", "b", "c"])
        .never_eject();
    let upstream = upstream.build().unwrap();
    let shares = one_by_one(&upstream, 3_000, failing).await;
    assert_share(&shares, "a", 2, 100);
    assert_share(&shares, "b", 1_000, 2_000);
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_is_not_fast() {
    let upstream = builder(Policy::peak_ewma()).hosts(["a", "b"]);
    let upstream = upstream.never_eject().build().unwrap();
    let a = pick(&upstream);
    let mut attempt = upstream.attempt(&a);
    attempt.alone(&a, Some((Instant::now(), Duration::ZERO)));
    drop(attempt);
    let fast = |_: &str| Some(Duration::from_millis(5));
    let shares = one_by_one(&upstream, 100, fast).await;
    assert_share(&shares, &name(&a), 0, 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_ejected_is_not_punished_twice() {
    let upstream = builder(Policy::peak_ewma()).hosts(["a", "b"]);
    let upstream = upstream.eject(Ejection::new().consecutive(1));
    let upstream = upstream.build().unwrap();
    let failing = |host: &str| (host != "a").then(|| Duration::from_millis(5));
    one_by_one(&upstream, 10, failing).await;
    assert!(upstream.status()[0].ejected_for.is_some());
    advance(Duration::from_secs(10)).await;
    let fast = |_: &str| Some(Duration::from_millis(5));
    let shares = one_by_one(&upstream, 100, fast).await;
    assert_share(&shares, "a", 40, 60);
}

/// What is known fades; but when the first of many is answered, the others do not all go where nothing is known.
#[tokio::test(start_paused = true)]
async fn a_burst_after_a_silence_is_shared() {
    let fast = |_: &str| Some(Duration::from_millis(5));
    let upstream = builder(Policy::peak_ewma()).hosts(["a", "b"]);
    let upstream = upstream.build().unwrap();
    one_by_one(&upstream, 100, fast).await;
    advance(Duration::from_mins(2)).await;
    one_by_one(&upstream, 1, fast).await;
    let mut shares = BTreeMap::new();
    let burst: Vec<_> = (0..100)
        .map(|_| {
            let endpoint = pick(&upstream);
            *shares.entry(name(&endpoint)).or_default() += 1;
            upstream.enter(&endpoint)
        })
        .collect();
    assert_share(&shares, "a", 40, 60);
    drop(burst);
}

#[tokio::test(start_paused = true)]
async fn least_request_follows_weights() {
    let hosts = [HostEntry::new("a").weight(3), HostEntry::new("b")];
    let upstream = builder(Policy::least_request())
        .hosts(&hosts)
        .build()
        .unwrap();
    let shares = simulate(&upstream, 2_000, |_| 20).await;
    assert_share(&shares, "a", 1_400, 1_600);
}

#[test]
fn a_policy_may_be_ones_own() {
    struct Last;
    impl Balance for Last {
        fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
            let mut places = (0..candidates.len()).rev();
            places.find(|at| !candidates.was_tried(*at))
        }
    }
    struct Wild;
    impl Balance for Wild {
        fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
            Some(candidates.len())
        }
    }
    let upstream = builder(Last).hosts(["a", "b"]).build().unwrap();
    let mut tried = Tried::none();
    let mut order = Vec::new();
    while let Some(endpoint) = upstream.pick(&Ask::new(&tried)) {
        order.push(name(&endpoint));
        tried.insert(&endpoint);
    }
    assert_eq!(order, ["b", "a"]);
    // Nobody else steps in for those that it does not want.
    let wild = builder(Wild).hosts([HostEntry::new("a"), HostEntry::new("x").backup()]);
    let wild = wild.build().unwrap();
    assert!(wild.pick(&Ask::new(&Tried::none())).is_none());
    let mut tried = Tried::none();
    tried.insert(&wild.inner.snapshot.load().members()[0].endpoint);
    assert_eq!(name(&wild.pick(&Ask::new(&tried)).unwrap()), "x");
}

#[test]
fn every_policy_tries_each_endpoint_once() {
    let policies = [
        Policy::round_robin(),
        Policy::least_request(),
        Policy::peak_ewma(),
        Policy::random(),
        Policy::consistent_hash(HashOn::ClientIp),
        Policy::bounded_hash(HashOn::ClientIp, 125),
    ];
    for policy in policies {
        for key in [None, Some(1)] {
            let hosts = [
                HostEntry::new("a").weight(9),
                HostEntry::new("b"),
                HostEntry::new("c"),
            ];
            let upstream = builder(policy.clone()).hosts(&hosts).build().unwrap();
            let mut tried = Tried::none();
            let mut seen = Vec::new();
            while let Some(endpoint) = upstream.pick(&Ask {
                key,
                ..Ask::new(&tried)
            }) {
                seen.push(name(&endpoint));
                tried.insert(&endpoint);
            }
            seen.sort();
            assert_eq!(seen, ["a", "b", "c"], "{policy:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_starts_slowly() {
    let time = Duration::from_secs(100);
    for policy in [Policy::round_robin(), Policy::random()] {
        let upstream = builder(policy)
            .hosts(["a", "b"])
            .slow_start(time)
            .build()
            .unwrap();
        let first = shares(&upstream, 1_000);
        assert_share(&first, "a", 450, 550);
        upstream.add_host("c").unwrap();
        for (later, least, most) in [(0, 20, 70), (50, 150, 250), (50, 300, 370)] {
            advance(Duration::from_secs(later)).await;
            let shares = shares(&upstream, 1_000);
            assert_share(&shares, "c", least, most);
        }
    }
}

/// Not taken by the next in the list.
#[tokio::test(start_paused = true)]
async fn turns_that_pass_are_shared_by_all_others() {
    let hosts = ["a", "b", "c", "d"].map(HostEntry::new);
    let time = Duration::from_secs(1_000);
    let upstream = builder(Policy::round_robin())
        .hosts(&hosts)
        .slow_start(time);
    let upstream = upstream.build().unwrap();
    upstream.add_host(HostEntry::new("cold").weight(2)).unwrap();
    let cold = shares(&upstream, 6_000);
    assert_share(&cold, "cold", 150, 250);
    for host in &hosts {
        assert_share(&cold, &host.host, 1_350, 1_550);
    }

    let limits = Limits::new().requests_per_host(1);
    let upstream = builder(Policy::round_robin()).hosts(&hosts).limits(limits);
    let upstream = upstream.build().unwrap();
    let full = upstream.enter(&pick(&upstream));
    let others = shares(&upstream, 4_000);
    assert_share(&others, "a", 0, 0);
    for host in ["b", "c", "d"] {
        assert_share(&others, host, 1_230, 1_430);
    }
    drop(full);
    assert_share(&shares(&upstream, 4_000), "a", 1_000, 1_000);
}

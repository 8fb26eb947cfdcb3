//! Who gets how much. All draws are seeded: what holds once holds always.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::super::{
    Ask, Balance, Candidates, Endpoint, Flight, HashOn, HostEntry, Policy, Tried, Upstream,
    UpstreamBuilder, hash,
};

const SEED: u64 = 7;

fn builder(policy: impl Into<Policy>) -> UpstreamBuilder {
    Upstream::builder().balance(policy).seed(SEED)
}

fn pick(upstream: &Upstream) -> Arc<Endpoint> {
    let tried = Tried::none();
    upstream.pick(&Ask::new(&tried)).expect("an endpoint")
}

fn pick_for(upstream: &Upstream, key: u64) -> Arc<Endpoint> {
    let tried = Tried::none();
    let ask = Ask {
        key: Some(key),
        ..Ask::new(&tried)
    };
    upstream.pick(&ask).expect("an endpoint")
}

fn name(endpoint: &Endpoint) -> String {
    endpoint.host().to_string()
}

/// How many of `requests` go where.
fn shares(upstream: &Upstream, requests: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        *shares.entry(name(&pick(upstream))).or_default() += 1;
    }
    shares
}

#[track_caller]
fn assert_share(shares: &BTreeMap<String, usize>, host: &str, least: usize, most: usize) {
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
    let mut under_way: VecDeque<(usize, Arc<Endpoint>, Flight)> = VecDeque::new();
    for step in 0..steps {
        under_way.retain(|(end, endpoint, flight)| {
            let over = *end <= step;
            if over {
                upstream
                    .attempt(endpoint)
                    .alone(Some(flight), None)
                    .ended(Ok(http::StatusCode::OK));
            }
            !over
        });
        let endpoint = pick(upstream);
        let host = name(&endpoint);
        let flight = upstream.enter(&endpoint).expect("it counts");
        under_way.push_back((step + takes(&host), endpoint, flight));
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

/// Where each of `keys` goes.
fn places(upstream: &Upstream, keys: u64) -> Vec<String> {
    let keys = (0..keys).map(|key| hash(&key.to_be_bytes()));
    keys.map(|key| name(&pick_for(upstream, key))).collect()
}

fn hashed(hosts: &[&str]) -> Upstream {
    let policy = Policy::consistent_hash(HashOn::ClientIp);
    builder(policy).hosts(hosts).build().unwrap()
}

#[test]
fn only_the_keys_of_one_that_goes_move() {
    const KEYS: u64 = 10_000;
    let hosts = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let upstream = hashed(&hosts);
    let before = places(&upstream, KEYS);
    for host in hosts {
        let share = before.iter().filter(|place| *place == host).count();
        assert!((700..1_300).contains(&share), "{host} has {share}");
    }
    assert_eq!(before, places(&hashed(&hosts), KEYS), "another instance");
    let mut turned = hosts;
    turned.reverse();
    assert_eq!(before, places(&hashed(&turned), KEYS), "another order");

    upstream.remove_host("d").unwrap();
    let after = places(&upstream, KEYS);
    for (before, after) in before.iter().zip(&after) {
        assert!(before == after || before == "d", "{before} to {after}");
    }
    upstream.add_host("d").unwrap();
    assert_eq!(before, places(&upstream, KEYS), "it is back");
    // Nor does one move that is only drained.
    upstream.drain_host("a").unwrap();
    for (before, after) in before.iter().zip(places(&upstream, KEYS)) {
        assert!(*before == after || before == "a", "{before} to {after}");
    }
}

#[test]
fn a_key_that_is_asked_for_by_many_is_shared() {
    let upstream = hashed(&["a", "b", "c", "d"]);
    let key = hash(b"hot");
    let mut flights = Vec::new();
    let mut shares: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..400 {
        let endpoint = pick_for(&upstream, key);
        flights.push(upstream.enter(&endpoint));
        *shares.entry(name(&endpoint)).or_default() += 1;
    }
    assert_eq!(shares.len(), 4, "{shares:?}");
    assert!(shares.values().all(|share| *share <= 126), "{shares:?}");
    drop(flights);
    assert_eq!(
        name(&pick_for(&upstream, key)),
        name(&pick_for(&upstream, key))
    );
}

#[test]
fn without_a_key_any_will_do() {
    let upstream = hashed(&["a", "b"]);
    let shares = shares(&upstream, 1_000);
    assert_share(&shares, "a", 400, 600);
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
    let wild = builder(Wild).hosts(["a"]).build().unwrap();
    assert!(wild.pick(&Ask::new(&Tried::none())).is_none());
}

#[test]
fn every_policy_tries_each_endpoint_once() {
    let policies = [
        Policy::round_robin(),
        Policy::least_request(),
        Policy::peak_ewma(),
        Policy::random(),
        Policy::consistent_hash(HashOn::ClientIp),
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
        let mut before = 0;
        for (passed, least, most) in [(0, 20, 70), (50, 150, 250), (100, 300, 370)] {
            let start = Instant::now();
            advance(Duration::from_secs(passed).saturating_sub(Duration::from_secs(before))).await;
            before = passed;
            assert!(start.elapsed() <= time);
            let shares = shares(&upstream, 1_000);
            assert_share(&shares, "c", least, most);
        }
    }
}

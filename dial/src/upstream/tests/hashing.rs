//! Where keys go: all of it is the same on every run.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Ask, Endpoint, HashOn, HostEntry, Limits, Policy, Tried, Upstream, hash};
use super::policies::{assert_share, builder, name, shares};
use crate::error::ErrorKind;

fn pick_for(upstream: &Upstream, key: u64) -> Arc<Endpoint> {
    let tried = Tried::none();
    let ask = Ask {
        key: Some(key),
        ..Ask::new(&tried)
    };
    upstream.pick(&ask).expect("an endpoint")
}

/// Where each of `keys` goes.
fn places(upstream: &Upstream, keys: u64) -> Vec<String> {
    let keys = (0..keys).map(|key| hash(&key.to_be_bytes()));
    keys.map(|key| name(&pick_for(upstream, key))).collect()
}

fn unbounded() -> Policy {
    Policy::consistent_hash(HashOn::ClientIp)
}

fn hashed(hosts: &[&str]) -> Upstream {
    builder(unbounded()).hosts(hosts).build().unwrap()
}

/// The hosts `h0`, `h1`, … with these weights.
fn weighted(policy: Policy, weights: &[u32]) -> Upstream {
    let hosts = weights.iter().enumerate();
    let hosts = hosts.map(|(at, weight)| HostEntry::new(format!("h{at}")).weight(*weight));
    let builder = builder(policy).hosts(hosts.collect::<Vec<_>>());
    builder.build().unwrap()
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

/// So that a new version of dial does not move keys unasked.
#[test]
fn keys_stay_where_they_are_for_good() {
    let upstream = weighted(unbounded(), &[1, 2, 3]);
    let places = places(&upstream, 24).concat().replace('h', "");
    assert_eq!(places, "220122202212221211222222");
}

#[test]
fn keys_are_shared_as_the_weights_are() {
    const KEYS: u32 = 50_000;
    for weights in [
        &[1, 1, 1, 1][..],
        &[10, 1, 1, 1, 1],
        &[1, 2, 3, 4, 5],
        &[1000, 10],
        &[1000, 500, 100, 100, 50],
    ] {
        let upstream = weighted(unbounded(), weights);
        let mut shares: HashMap<String, u32> = HashMap::new();
        for host in places(&upstream, u64::from(KEYS)) {
            *shares.entry(host).or_default() += 1;
        }
        let sum: u32 = weights.iter().sum();
        for (at, weight) in weights.iter().enumerate() {
            let share = f64::from(shares[&format!("h{at}")]) / f64::from(KEYS);
            let part = share * f64::from(sum) / f64::from(*weight);
            assert!((0.75..1.25).contains(&part), "{weights:?}: h{at}: {part}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the weights, what happens to one host is nothing to the keys of any two others.
    #[test]
    fn keys_move_to_or_from_the_one_that_changes(
        weights in vec(1..=1000_u32, 2..12),
        at in any::<prop::sample::Index>(),
        weight in 1..=1000_u32,
    ) {
        let at = at.index(weights.len());
        let host = format!("h{at}");
        let upstream = weighted(unbounded(), &weights);
        let before = places(&upstream, 500);

        upstream.set_weight(&host, weight).unwrap();
        for (before, after) in before.iter().zip(places(&upstream, 500)) {
            let (from, to) = (*before == host, after == host);
            let may = if weight < weights[at] { from } else { to };
            prop_assert!(*before == after || may, "{} to {}", before, after);
        }
        upstream.set_weight(&host, weights[at]).unwrap();
        prop_assert_eq!(&before, &places(&upstream, 500));

        let entry = HostEntry::new(&*host).weight(weights[at]);
        upstream.remove_host(&host).unwrap();
        for (before, after) in before.iter().zip(places(&upstream, 500)) {
            prop_assert_eq!(before == &after, *before != host, "{} to {}", before, after);
        }
        upstream.add_host(entry).unwrap();
        prop_assert_eq!(&before, &places(&upstream, 500), "it is last in the list now");
    }
}

#[test]
fn a_key_stays_however_many_ask_for_it() {
    let upstream = hashed(&["a", "b", "c"]);
    let key = hash(b"hot");
    let home = name(&pick_for(&upstream, key));
    for _ in 0..100 {
        let endpoint = pick_for(&upstream, key);
        assert!(upstream.enter(&endpoint).is_none(), "nobody has to count");
        assert_eq!(name(&endpoint), home);
    }
}

#[test]
fn a_full_host_passes_its_keys_on() {
    let limits = Limits::new().requests_per_host(2);
    let upstream = builder(unbounded()).hosts(["a", "b", "c"]).limits(limits);
    let upstream = upstream.build().unwrap();
    let key = hash(b"hot");
    let mut flights = Vec::new();
    let mut hosts = Vec::new();
    for _ in 0..6 {
        let endpoint = pick_for(&upstream, key);
        flights.push(upstream.enter(&endpoint));
        hosts.push(name(&endpoint));
    }
    let mut distinct = hosts.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), 3, "{hosts:?}");
    let tried = Tried::none();
    let ask = Ask {
        key: Some(key),
        ..Ask::new(&tried)
    };
    assert!(upstream.pick(&ask).is_none());
    drop(flights);
    assert_eq!(name(&pick_for(&upstream, key)), hosts[0]);
}

/// Where requests for one key go that are all under way at once.
fn at_once(upstream: &Upstream, key: u64, requests: usize) -> Vec<String> {
    let requests = (0..requests).map(|_| {
        let endpoint = pick_for(upstream, key);
        let flight = upstream.enter(&endpoint).expect("it counts");
        (name(&endpoint), flight)
    });
    let (places, _flights): (_, Vec<_>) = requests.unzip();
    places
}

#[test]
fn a_key_that_is_asked_for_by_many_is_shared_if_load_is_bounded() {
    let bounded = || Policy::bounded_hash(HashOn::ClientIp, 125);
    let count = |places: &[String], host: &str| places.iter().filter(|it| *it == host).count();
    let upstream = weighted(bounded(), &[1; 4]);
    let key = hash(b"hot");
    let home = name(&pick_for(&upstream, key));
    let places = at_once(&upstream, key, 400);
    assert_eq!(count(&places[..8], &home), 8, "few are not shared");
    for host in ["h0", "h1", "h2", "h3"] {
        let count = count(&places, host);
        assert!((1..=125).contains(&count), "{host}: {count}");
    }
    assert_eq!(name(&pick_for(&upstream, key)), home, "they ended");

    // Each up to 1.25 times its part by weight.
    let upstream = weighted(bounded(), &[9, 1]);
    let small = |key: &u64| name(&pick_for(&upstream, *key)) == "h1";
    let key = (0..1_000)
        .map(|key: u64| hash(&key.to_be_bytes()))
        .find(small);
    let places = at_once(&upstream, key.expect("one of them"), 1_000);
    assert_eq!(count(&places, "h1"), 125);
    assert_eq!(count(&places, "h0"), 875);
}

#[test]
fn a_bound_that_is_none_is_refused() {
    for (percent, works) in [
        (0, false),
        (100, false),
        (101, true),
        (1000, true),
        (1001, false),
    ] {
        let policy = Policy::bounded_hash(HashOn::ClientIp, percent);
        let built = builder(policy).hosts(["a"]).build();
        assert_eq!(built.is_ok(), works, "{percent}");
        if let Err(error) = built {
            assert_eq!(error.kind(), ErrorKind::Config);
            let message =
                format!("bounded_hash: percent is {percent}; it is 101 at least and 1000 at most");
            assert_eq!(error.to_string(), message);
        }
    }
}

#[test]
fn without_a_key_any_will_do() {
    let upstream = hashed(&["a", "b"]);
    let shares = shares(&upstream, 1_000);
    assert_share(&shares, "a", 400, 600);
}

#[test]
fn the_ring_is_made_anew_only_for_other_members() {
    let upstream = hashed(&["a", "b", "c"]);
    let shared_after = |change: &dyn Fn()| {
        let before = upstream.inner.snapshot.load_full();
        change();
        let after = upstream.inner.snapshot.load_full();
        assert!(!Arc::ptr_eq(&before, &after), "something changed");
        after.shares_ring(&before)
    };
    assert!(shared_after(&|| assert!(upstream.drain_host("a").unwrap())));
    assert!(shared_after(&|| assert!(
        upstream.set_weight("b", 3).unwrap()
    )));
    // As an endpoint does whose health changes.
    assert!(shared_after(&|| upstream.refresh()));
    assert!(!shared_after(&|| assert!(
        upstream.remove_host("b").unwrap()
    )));
    assert!(!shared_after(&|| upstream.set_hosts(["c", "a"]).unwrap()));
    assert!(shared_after(&|| upstream.set_hosts(["c", "a"]).unwrap()));
}

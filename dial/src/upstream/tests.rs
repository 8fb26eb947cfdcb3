use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use super::{AdHoc, Address, Ask, Endpoint, Tried, Upstream};
use crate::error::ErrorKind;

mod addresses;
#[cfg(feature = "sticky")]
mod comings;
mod control;
mod discovery;
mod ejections;
mod hashing;
mod limits;
mod line;
mod policies;
mod probes;
mod property;

#[test]
fn hosts_take_turns_in_the_order_of_the_list() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    assert_eq!(picks(&upstream, 7), "abcabca");
    assert_eq!(picks(&Upstream::new(["a"]).unwrap(), 3), "aaa");
}

#[test]
#[allow(clippy::non_std_lazy_statics, reason = "both kinds are to be accepted")]
fn clones_share_the_rotation_and_the_hosts() {
    static SHARED: LazyLock<Upstream> = LazyLock::new(|| Upstream::new(["a", "b", "c"]).unwrap());
    static OLDER: once_cell::sync::Lazy<Upstream> =
        once_cell::sync::Lazy::new(|| Upstream::from(&SHARED));
    let (one, two, three) = (
        Upstream::from(&SHARED),
        Upstream::from(&OLDER),
        Upstream::from(&*SHARED),
    );
    assert_eq!(
        picks(&one, 1) + &picks(&two, 1) + &picks(&three, 1) + &picks(&SHARED, 1),
        "abca"
    );
    one.add_host("d").unwrap();
    assert_eq!(two.len(), 4);
}

#[test]
#[expect(
    clippy::needless_borrows_for_generic_args,
    reason = "the kinds of argument are what is tested"
)]
fn lists_of_hosts_come_in_many_shapes() {
    let strings = vec!["a".to_owned(), "b".to_owned()];
    for upstream in [
        Upstream::new(["a", "b"]),
        Upstream::new(&["a", "b"]),
        Upstream::new(["a".to_owned(), "b".to_owned()]),
        Upstream::new(&["a", "b"][..]),
        Upstream::new(vec!["a", "b"]),
        Upstream::new(&vec![&strings[0], &strings[1]]),
        Upstream::new(strings.as_slice()),
        Upstream::new(&strings),
        Upstream::new(strings),
    ] {
        assert_eq!(upstream.unwrap().hosts(), ["http://a:80", "http://b:80"]);
    }
}

#[test]
fn bad_lists_are_refused_with_the_entry_named() {
    for (hosts, message) in [
        (&[][..], "the list of hosts is empty"),
        (&["a", ""], "hosts[1]: \"\": a host is empty"),
        (
            &["a", "b", "ftp://c"],
            "hosts[2]: \"ftp://c\": unknown scheme `ftp`; it is `http` or `https`",
        ),
        (
            &["a", "b", "HTTP://A:80/"],
            "hosts[2]: \"HTTP://A:80/\" is the same as hosts[0], \"a\"",
        ),
    ] {
        let error = Upstream::new(hosts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_failed_change_changes_nothing() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    assert!(upstream.set_hosts(["c", "d e"]).is_err());
    assert!(upstream.set_hosts(["c", "c:80"]).is_err());
    assert!(upstream.add_host("x y").is_err());
    assert!(upstream.remove_host("x/y").is_err());
    assert!(!upstream.add_host("A:80").unwrap());
    assert!(!upstream.remove_host("https://a").unwrap());
    assert_eq!(
        format!("{upstream:?}"),
        r#"Upstream(["http://a:80", "http://b:80"])"#
    );
}

#[test]
fn the_rotation_goes_on_where_it_was() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    assert_eq!(picks(&upstream, 4), "abca");
    assert!(upstream.add_host("d").unwrap());
    assert_eq!(picks(&upstream, 5), "bcdab");
    assert!(upstream.remove_host("c").unwrap());
    assert_eq!(picks(&upstream, 4), "dabd");
    upstream.set_hosts(["d", "c", "b", "a"]).unwrap();
    assert_eq!(picks(&upstream, 5), "adcba");
    upstream.set_hosts(["x", "y"]).unwrap();
    assert_eq!(picks(&upstream, 3), "xyx");
}

#[test]
fn the_last_host_may_go_and_others_come() {
    let upstream = Upstream::new(["a"]).unwrap();
    assert!(upstream.remove_host("a").unwrap());
    assert!(upstream.is_empty());
    assert!(upstream.pick(&Ask::new(&Tried::none())).is_none());
    assert!(upstream.add_host("b").unwrap());
    assert_eq!(picks(&upstream, 2), "bb");
    upstream.set_hosts([""; 0]).unwrap();
    assert!(upstream.pick(&Ask::new(&Tried::none())).is_none());
}

#[test]
fn what_stays_is_the_same_endpoint_and_what_leaves_is_retired() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    let (a, b) = (pick(&upstream), pick(&upstream));
    upstream.set_hosts(["c", "b"]).unwrap();
    assert!(a.is_retired() && !b.is_retired());
    assert!(Arc::ptr_eq(&b, &pick(&upstream)));
    upstream.set_hosts(["a", "b"]).unwrap();
    assert_eq!(picks(&upstream, 1), "b");
    let again = pick(&upstream);
    assert_eq!(again.address(), a.address());
    assert_ne!(again.id(), a.id());
    assert!(a.is_retired() && !again.is_retired());
    upstream.remove_host("b").unwrap();
    assert!(b.is_retired());
}

#[test]
fn a_retry_goes_to_any_that_was_not_tried() {
    let upstream = Upstream::builder().hosts(["a", "b", "c"]).seed(7);
    let upstream = upstream.build().unwrap();
    let mut tried = Tried::none();
    let mut order = Vec::new();
    while let Some(endpoint) = upstream.pick(&Ask::new(&tried)) {
        order.push(endpoint.host().to_string());
        tried.insert(&endpoint);
        tried.insert(&endpoint);
    }
    order.sort_unstable();
    assert_eq!(order, ["a", "b", "c"]);
    // It takes nobody's turn, and the others share what one does not bear.
    let b = pick(&upstream);
    let mut tried = Tried::none();
    tried.insert(&b);
    let elsewhere: String = (0..1000)
        .filter_map(|_| pick_after(&upstream, &tried))
        .collect();
    let count = |host| elsewhere.matches(host).count();
    assert_eq!((count("a") + count("c"), count("b")), (1000, 0));
    assert!((400..=600).contains(&count("a")), "{}", count("a"));
    assert_eq!(picks(&upstream, 3), "cab");
}

#[test]
fn a_request_goes_to_sixteen_endpoints_at_most() {
    let hosts: Vec<_> = (0..20).map(|n| format!("h{n}")).collect();
    let upstream = Upstream::new(hosts).unwrap();
    let mut tried = Tried::none();
    let mut count = 0;
    while let Some(endpoint) = upstream.pick(&Ask::new(&tried)) {
        tried.insert(&endpoint);
        count += 1;
    }
    assert_eq!(count, 16);
}

#[test]
fn turns_are_exact_from_many_threads() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    let mut counts: HashMap<u64, u32> = HashMap::new();
    std::thread::scope(|scope| {
        let count = || {
            let ids = (0..6_000).map(|_| pick(&upstream).id());
            ids.collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
        for id in threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
        {
            *counts.entry(id).or_default() += 1;
        }
    });
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [16_000; 3]);
}

#[test]
fn changes_from_many_threads_are_all_made() {
    let upstream = Upstream::new(["first"]).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let upstream = upstream.clone();
            scope.spawn(move || {
                for n in 0..50 {
                    assert!(upstream.add_host(format!("h{thread}-{n}")).unwrap());
                    if n % 2 == 1 {
                        assert!(
                            upstream
                                .remove_host(&format!("h{thread}-{}", n - 1))
                                .unwrap()
                        );
                    }
                }
            });
        }
    });
    assert_eq!(upstream.len(), 1 + 8 * 25);
}

#[test]
fn a_removed_host_is_not_picked_again() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    pick(&upstream);
                }
            });
        }
        for _ in 0..500 {
            assert!(upstream.remove_host("b").unwrap());
            assert!(!picks(&upstream, 6).contains('b'));
            assert!(upstream.add_host("b").unwrap());
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(upstream.len(), 3);
}

#[test]
fn ad_hoc_endpoints_are_kept_while_they_are_used() {
    let address = |host: &str| Address::parse(host).unwrap();
    let adhoc = AdHoc::new(2);
    let a = adhoc.get(&address("https://a")).unwrap();
    assert!(Arc::ptr_eq(
        &a,
        &adhoc.get(&address("https://a:443")).unwrap()
    ));
    let other_scheme = adhoc.get(&address("http://a:443")).unwrap();
    assert_ne!(a.id(), other_scheme.id());
    // Used again, so that the other one is now the oldest.
    adhoc.get(&address("https://a")).unwrap();
    let b = adhoc.get(&address("b")).unwrap();
    assert!(other_scheme.is_retired() && !a.is_retired() && !b.is_retired());
    assert!(Arc::ptr_eq(&a, &adhoc.get(&address("https://a")).unwrap()));
    let again = adhoc.get(&address("http://a:443")).unwrap();
    assert_ne!(again.id(), other_scheme.id());
    assert!(b.is_retired());

    let smallest = AdHoc::new(0);
    let a = smallest.get(&address("a")).unwrap();
    assert!(Arc::ptr_eq(&a, &smallest.get(&address("a")).unwrap()));
}

fn pick(upstream: &Upstream) -> Arc<Endpoint> {
    upstream.pick(&Ask::new(&Tried::none())).unwrap()
}

fn pick_after(upstream: &Upstream, tried: &Tried) -> Option<String> {
    upstream
        .pick(&Ask::new(tried))
        .map(|endpoint| endpoint.host().to_string())
}

/// The hosts of the next requests; their names are one letter.
fn picks(upstream: &Upstream, count: usize) -> String {
    (0..count)
        .map(|_| pick(upstream).host().to_string())
        .collect()
}

/// Only what is neither tried nor panics decides.
#[test]
fn a_bad_balance_is_not_followed() {
    struct Bad(bool);
    impl crate::Balance for Bad {
        fn choose(&self, _: &crate::Candidates<'_>) -> Option<usize> {
            assert!(self.0, "it panics");
            Some(0)
        }
    }
    for panics in [false, true] {
        let builder = Upstream::builder().hosts(["a", "b", "c"]);
        let upstream = builder.balance(Bad(!panics)).build().unwrap();
        let mut tried = Tried::none();
        let mut hosts = String::new();
        while let Some(endpoint) = upstream.pick(&Ask::new(&tried)) {
            tried.insert(&endpoint);
            hosts += &endpoint.host().to_string();
        }
        let mut sorted: Vec<_> = hosts.chars().collect();
        sorted.sort_unstable();
        assert_eq!(sorted, ['a', 'b', 'c']);
        assert!(panics || hosts.starts_with('a'));
    }
}

/// As long as they may be: that takes time if it grows faster than they do.
#[test]
fn long_lists_are_replaced() {
    let hosts = |from: usize| (from..from + 10_000).map(|number| format!("host-{number}:80"));
    let upstream = Upstream::new(hosts(0).collect::<Vec<_>>()).unwrap();
    for from in [5_000, 20_000] {
        upstream.set_hosts(hosts(from).collect::<Vec<_>>()).unwrap();
        assert_eq!(pick(&upstream).host().to_string(), format!("host-{from}"));
    }
    let weighted = |letter: char| {
        let entry = |weight| crate::HostEntry::new(format!("{letter}{weight}")).weight(weight);
        (934..=1000).map(entry).collect::<Vec<_>>()
    };
    for letter in ['a', 'b'] {
        upstream.set_hosts(weighted(letter)).unwrap();
        let host = pick(&upstream).host().to_string();
        assert!(host.starts_with(letter), "{host}");
    }
}

//! Hosts that are drained, weighed anew, or kept for bad times.

use super::super::{Ask, HostEntry, Tried, Upstream};
use super::{pick, picks};
use crate::error::ErrorKind;

#[test]
fn a_drained_host_gets_nothing_new() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    assert!(upstream.drain_host("b").unwrap());
    assert!(!upstream.drain_host("b").unwrap(), "it is drained already");
    assert!(!upstream.drain_host("x").unwrap());
    assert_eq!(picks(&upstream, 4), "acac");
    assert_eq!(upstream.len(), 3);
    let draining: Vec<_> = upstream.status().iter().map(|host| host.draining).collect();
    assert_eq!(draining, [false, true, false]);
    assert!(upstream.enable_host("b").unwrap());
    assert!(!upstream.enable_host("b").unwrap());
    assert_eq!(picks(&upstream, 3), "abc");

    for host in ["a", "b", "c"] {
        upstream.drain_host(host).unwrap();
    }
    assert!(upstream.pick(&Ask::new(&Tried::none())).is_none());
    // A new list says that they are all to be used.
    upstream.set_hosts(["a", "b"]).unwrap();
    assert_eq!(picks(&upstream, 2).len(), 2);
}

#[test]
fn weights_change_while_it_runs() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    assert!(upstream.set_weight("a", 3).unwrap());
    assert!(!upstream.set_weight("x", 3).unwrap());
    let mut turns: Vec<_> = picks(&upstream, 8).chars().collect();
    turns.sort_unstable();
    assert_eq!(turns.iter().collect::<String>(), "aaaaaabb");
    assert_eq!(upstream.status()[0].weight, 3);
    upstream.set_weight("a", 1).unwrap();
    let again = picks(&upstream, 4);
    assert!(again == "abab" || again == "baba", "{again}");
}

#[test]
fn what_a_host_is_called_is_part_of_it() {
    let entry = |name: &str| HostEntry::new("10.0.0.1").authority(name);
    let upstream = Upstream::new([entry("a")]).unwrap();
    let first = pick(&upstream);
    upstream.set_hosts([entry("a:80")]).unwrap();
    assert!(!first.is_retired(), "it is called the same");
    upstream.set_hosts([entry("b:8080")]).unwrap();
    assert!(first.is_retired(), "its connections are the other name's");
    let second = pick(&upstream);
    assert_eq!(second.authority(), "b:8080");
    // Whatever it is called, it is one host.
    assert!(!upstream.add_host(entry("c")).unwrap());
    assert!(upstream.drain_host("10.0.0.1").unwrap());
    let error = upstream.set_hosts([entry("b"), entry("c")]).unwrap_err();
    assert!(
        error.to_string().contains("is the same as hosts[0]"),
        "{error}"
    );
    let error = upstream.set_hosts([entry("b c")]).unwrap_err();
    assert!(error.to_string().starts_with("hosts[0]: "), "{error}");

    let probed = second.at_port(9000).unwrap();
    assert_eq!(probed.to_string(), "http://10.0.0.1:9000");
    assert_eq!(probed.authority(), "b:9000");
}

#[test]
fn weights_have_bounds() {
    let upstream = Upstream::new(["a"]).unwrap();
    for (weight, message) in [
        (
            0,
            "\"b\": a weight of 0 is no weight; drain the host instead",
        ),
        (1001, "\"b\": the weight 1001 is more than 1000"),
    ] {
        let entry = HostEntry::new("b").weight(weight);
        let error = upstream.add_host(&entry).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), message);
        let error = Upstream::new([HostEntry::new("a"), entry]).unwrap_err();
        assert_eq!(error.to_string(), format!("hosts[1]: {message}"));
        assert!(upstream.set_weight("a", weight).is_err());
    }
    assert_eq!(upstream.hosts(), ["http://a:80"]);
}

#[test]
fn backups_wait_until_nobody_else_is_left() {
    let hosts = [
        HostEntry::new("a"),
        HostEntry::new("x").backup(),
        HostEntry::new("b"),
    ];
    let upstream = Upstream::new(hosts).unwrap();
    assert_eq!(picks(&upstream, 4), "abab");
    upstream.drain_host("a").unwrap();
    assert_eq!(picks(&upstream, 2), "bb");
    upstream.remove_host("b").unwrap();
    assert_eq!(picks(&upstream, 2), "xx");
    upstream.enable_host("a").unwrap();
    assert_eq!(picks(&upstream, 2), "aa");
}

#[test]
fn an_upstream_may_begin_empty_if_it_says_so() {
    assert!(Upstream::builder().build().is_err());
    let upstream = Upstream::builder().may_be_empty().build().unwrap();
    assert!(upstream.is_empty() && upstream.pick(&Ask::new(&Tried::none())).is_none());
    upstream.add_host(HostEntry::new("a").weight(2)).unwrap();
    assert_eq!(picks(&upstream, 2), "aa");
}

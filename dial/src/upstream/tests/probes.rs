//! Who probes, and what the results change.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::{Upstream, Watch};
use super::picks;
use crate::HealthCheck;

fn upstream() -> Upstream {
    let check = HealthCheck::tcp().rise(1).fall(2);
    let builder = Upstream::builder().hosts(["a", "b"]).health(check);
    builder.build().unwrap()
}

fn tell(watch: &Watch, at: usize, passed: bool) {
    let endpoint = Arc::clone(&watch.endpoints().unwrap()[at]);
    let result = passed.then_some(()).ok_or_else(|| "ill".to_owned());
    watch.tell([(endpoint, result)]);
}

#[test]
fn one_watches_at_a_time() {
    let upstream = upstream();
    assert!(upstream.is_unwatched());
    let watch = upstream.watch().unwrap();
    assert!(!upstream.is_unwatched() && upstream.watch().is_none());
    drop(watch);
    assert!(upstream.is_unwatched());
    let watch = upstream.watch().unwrap();
    drop(upstream);
    assert!(watch.endpoints().is_none());

    let unprobed = Upstream::new(["a"]).unwrap();
    assert!(!unprobed.is_unwatched() && unprobed.watch().is_none());
}

#[test]
fn a_sick_one_gets_nothing() {
    let upstream = upstream();
    let watch = upstream.watch().unwrap();
    tell(&watch, 0, true);
    assert_eq!(picks(&upstream, 4), "abab");
    tell(&watch, 0, false);
    assert_eq!(picks(&upstream, 4), "abab", "one is not enough");
    let status = |at: usize| upstream.status().swap_remove(at);
    assert!(status(0).healthy);
    assert_eq!(status(0).probe_failure.as_deref(), Some("ill"));
    tell(&watch, 0, false);
    assert_eq!(picks(&upstream, 4), "bbbb");
    assert!(!status(0).healthy && status(1).healthy);
    tell(&watch, 0, true);
    assert_eq!(status(0).probe_failure, None);
    let mut turns: Vec<_> = picks(&upstream, 4).chars().collect();
    turns.sort_unstable();
    assert_eq!(turns, ['a', 'a', 'b', 'b']);
}

#[test]
fn what_was_found_out_survives_a_change_of_probers_and_of_the_list() {
    let upstream = upstream();
    tell(&upstream.watch().unwrap(), 1, false);
    assert_eq!(
        picks(&upstream, 3),
        "aaa",
        "its very first probe has failed"
    );
    upstream.set_hosts(["b", "c", "a"]).unwrap();
    let mut turns: Vec<_> = picks(&upstream, 4).chars().collect();
    turns.sort_unstable();
    assert_eq!(turns, ['a', 'a', 'c', 'c']);
    tell(&upstream.watch().unwrap(), 0, true);
    assert!(upstream.status().iter().all(|host| host.healthy));
}

#[test]
fn one_that_is_well_again_begins_slowly() {
    let upstream = upstream();
    let watch = upstream.watch().unwrap();
    let endpoint = watch.endpoints().unwrap().swap_remove(0);
    let warmth = || {
        let (now, slow_start) = (Instant::now(), Duration::from_hours(1));
        endpoint.health().warmth(now, slow_start)
    };
    tell(&watch, 0, true);
    assert_eq!(warmth().to_string(), "1", "it has been here from the start");
    tell(&watch, 0, false);
    tell(&watch, 0, false);
    tell(&watch, 0, true);
    assert_eq!(warmth().to_string(), "0.1");
}

#[test]
fn what_has_left_is_told_nothing() {
    let upstream = upstream();
    let watch = upstream.watch().unwrap();
    let gone = watch.endpoints().unwrap().swap_remove(0);
    upstream.remove_host("a").unwrap();
    watch.tell([(Arc::clone(&gone), Err("ill".to_owned()))]);
    assert_eq!(gone.probe_failure(), None);
    upstream.add_host("a").unwrap();
    assert!(upstream.status().iter().all(|host| host.healthy));
}

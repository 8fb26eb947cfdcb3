//! Who probes, and what the results change.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::{Probing, Upstream};
use super::picks;
use crate::HealthCheck;

fn upstream() -> Upstream {
    let check = HealthCheck::tcp().rise(1).fall(2);
    let builder = Upstream::builder().hosts(["a", "b"]).health(check);
    builder.build().unwrap()
}

fn tell(probing: &Probing, at: usize, passed: bool) {
    let endpoint = Arc::clone(&probing.endpoints().unwrap()[at]);
    let result = passed.then_some(()).ok_or_else(|| "ill".to_owned());
    probing.tell([(endpoint, result)]);
}

/// The prober's side, and whoever has that runs until it says so.
async fn begin(upstream: &Upstream) -> (Probing, oneshot::Sender<()>) {
    while !upstream.is_idle() {
        tokio::task::yield_now().await;
    }
    let ((sender, receiver), (end, ended)) = (oneshot::channel(), oneshot::channel());
    upstream.start_probes(|probing| async move {
        assert!(sender.send(probing).is_ok());
        let _ = ended.await;
    });
    (receiver.await.unwrap(), end)
}

#[tokio::test]
async fn one_probes_at_a_time() {
    let upstream = upstream();
    assert!(upstream.is_idle());
    let (_, end) = begin(&upstream).await;
    assert!(!upstream.is_idle());
    upstream.start_probes(|_| async { panic!("a second one") });
    drop(end);
    let (probing, mut end) = begin(&upstream).await;
    drop(upstream);
    assert!(probing.endpoints().is_none());
    end.closed().await;

    let unprobed = Upstream::new(["a"]).unwrap();
    assert!(!unprobed.is_idle());
    unprobed.start_probes(|_| async { panic!("not to be probed") });
}

#[tokio::test]
async fn a_sick_one_gets_nothing() {
    let upstream = upstream();
    let (probing, _end) = begin(&upstream).await;
    tell(&probing, 0, true);
    assert_eq!(picks(&upstream, 4), "abab");
    tell(&probing, 0, false);
    assert_eq!(picks(&upstream, 4), "abab", "one is not enough");
    let status = |at: usize| upstream.status().swap_remove(at);
    assert!(status(0).healthy);
    assert_eq!(status(0).probe_failure.as_deref(), Some("ill"));
    tell(&probing, 0, false);
    assert_eq!(picks(&upstream, 4), "bbbb");
    assert!(!status(0).healthy && status(1).healthy);
    tell(&probing, 0, true);
    assert_eq!(status(0).probe_failure, None);
    let mut turns: Vec<_> = picks(&upstream, 4).chars().collect();
    turns.sort_unstable();
    assert_eq!(turns, ['a', 'a', 'b', 'b']);
}

#[tokio::test]
async fn what_was_found_out_survives_a_change_of_probers_and_of_the_list() {
    let upstream = upstream();
    tell(&begin(&upstream).await.0, 1, false);
    assert_eq!(
        picks(&upstream, 3),
        "aaa",
        "its very first probe has failed"
    );
    upstream.set_hosts(["b", "c", "a"]).unwrap();
    let mut turns: Vec<_> = picks(&upstream, 4).chars().collect();
    turns.sort_unstable();
    assert_eq!(turns, ['a', 'a', 'c', 'c']);
    tell(&begin(&upstream).await.0, 0, true);
    assert!(upstream.status().iter().all(|host| host.healthy));
}

#[tokio::test]
async fn one_that_is_well_again_begins_slowly() {
    let upstream = upstream();
    let (probing, _end) = begin(&upstream).await;
    let endpoint = probing.endpoints().unwrap().swap_remove(0);
    let warmth = || {
        let (now, slow_start) = (Instant::now(), Duration::from_hours(1));
        endpoint.health().warmth(now, slow_start)
    };
    tell(&probing, 0, true);
    assert_eq!(warmth().to_string(), "1", "it has been here from the start");
    tell(&probing, 0, false);
    tell(&probing, 0, false);
    tell(&probing, 0, true);
    assert_eq!(warmth().to_string(), "0.1");
}

#[tokio::test]
async fn what_has_left_is_told_nothing() {
    let upstream = upstream();
    let (probing, _end) = begin(&upstream).await;
    let gone = probing.endpoints().unwrap().swap_remove(0);
    upstream.remove_host("a").unwrap();
    probing.tell([(Arc::clone(&gone), Err("ill".to_owned()))]);
    assert_eq!(gone.probe_failure(), None);
    upstream.add_host("a").unwrap();
    assert!(upstream.status().iter().all(|host| host.healthy));
}

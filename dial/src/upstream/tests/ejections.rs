//! Who is ejected, for how long, and who never is.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use super::super::{Ask, Ejection, Endpoint, HostEntry, Tried, Upstream, UpstreamBuilder};
use super::{pick, picks};
use crate::error::{Error, ErrorKind};

const SEC: Duration = Duration::from_secs(1);

fn builder(hosts: &[&str], ejection: Ejection) -> UpstreamBuilder {
    Upstream::builder().hosts(hosts).eject(ejection).seed(1)
}

fn upstream(hosts: &[&str], ejection: Ejection) -> Upstream {
    builder(hosts, ejection).build().unwrap()
}

/// The endpoint at that place in the list.
fn endpoint(upstream: &Upstream, at: usize) -> Arc<Endpoint> {
    Arc::clone(&upstream.inner.snapshot.load().members()[at].endpoint)
}

fn fail(upstream: &Upstream, at: usize, kind: ErrorKind) {
    let endpoint = endpoint(upstream, at);
    let error = Error::new(kind, "no response");
    upstream.attempt(&endpoint).failed(&endpoint, &error);
}

/// An attempt that was refused, as often as that.
fn refuse(upstream: &Upstream, at: usize, times: usize) {
    for _ in 0..times {
        fail(upstream, at, ErrorKind::Connect);
    }
}

/// A response that is complete.
fn answer(upstream: &Upstream, at: usize, status: u16) {
    let endpoint = endpoint(upstream, at);
    let status = StatusCode::from_u16(status).unwrap();
    let mut attempt = upstream.attempt(&endpoint);
    attempt.answered(&endpoint, status);
    attempt.completed(&endpoint);
}

/// A response that begins well and breaks off.
fn break_off(upstream: &Upstream, endpoint: &Arc<Endpoint>) {
    let mut attempt = upstream.attempt(endpoint);
    attempt.answered(endpoint, StatusCode::OK);
    attempt.broke_off(endpoint);
}

fn ejected(upstream: &Upstream) -> Vec<usize> {
    let status = upstream.status().into_iter().enumerate();
    let ejected = status.filter(|(_, host)| host.ejected_for.is_some());
    ejected
        .map(|(at, host)| (at, host.healthy))
        .map(|(at, healthy)| {
            assert!(!healthy);
            at
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_five_times_in_a_row_is_out_for_ten_seconds() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    refuse(&upstream, 0, 4);
    answer(&upstream, 0, 200);
    refuse(&upstream, 0, 4);
    assert_eq!(picks(&upstream, 3), "abc");
    refuse(&upstream, 0, 1);
    assert_eq!(picks(&upstream, 4), "bcbc");
    let status = &upstream.status()[0];
    assert_eq!(status.ejected_for, Some(10 * SEC));
    assert!(!status.healthy);
    advance(Duration::from_millis(9_999)).await;
    assert_eq!(picks(&upstream, 2), "bc");
    advance(Duration::from_millis(1)).await;
    assert_eq!(picks(&upstream, 3).matches('a').count(), 1);
    assert!(ejected(&upstream).is_empty());
}

#[tokio::test(start_paused = true)]
async fn on_trial_the_first_failure_is_one_too_many() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    refuse(&upstream, 0, 5);
    for time in [10, 20, 40, 80, 160, 300, 300] {
        assert_eq!(upstream.status()[0].ejected_for, Some(time * SEC));
        advance(time * SEC).await;
        assert_eq!(picks(&upstream, 2).len(), 2);
        assert!(ejected(&upstream).is_empty());
        refuse(&upstream, 0, 1);
    }
    advance(300 * SEC).await;
    pick(&upstream);
    answer(&upstream, 0, 200);
    refuse(&upstream, 0, 4);
    assert!(ejected(&upstream).is_empty(), "the trial is over");
}

#[tokio::test(start_paused = true)]
async fn what_counts_and_what_does_not() {
    let told = |outcome: &dyn Fn(&Upstream)| {
        let upstream = upstream(&["a", "b"], Ejection::new());
        for _ in 0..5 {
            outcome(&upstream);
        }
        !ejected(&upstream).is_empty()
    };
    for (kind, counts) in [
        (ErrorKind::Resolve, true),
        (ErrorKind::Connect, true),
        (ErrorKind::ConnectTimeout, true),
        (ErrorKind::Tls, true),
        (ErrorKind::Disconnected, true),
        (ErrorKind::BadResponse, true),
        (ErrorKind::ResponseTimeout, true),
        (ErrorKind::ClientBody, false),
        (ErrorKind::ClientTimeout, false),
        (ErrorKind::BadRequest, false),
        (ErrorKind::BodyTooLarge, false),
        (ErrorKind::Handler, false),
    ] {
        assert_eq!(
            told(&|upstream| fail(upstream, 0, kind)),
            counts,
            "{kind:?}"
        );
    }
    for (status, counts) in [
        (200, false),
        (404, false),
        (429, false),
        (500, false),
        (502, true),
        (503, true),
        (504, true),
    ] {
        assert_eq!(
            told(&|upstream| answer(upstream, 0, status)),
            counts,
            "{status}"
        );
    }
    assert!(told(&|upstream| break_off(
        upstream,
        &endpoint(upstream, 0)
    )));
    // One that nobody hears the end of is none of either.
    assert!(!told(&|upstream| drop(
        upstream.attempt(&endpoint(upstream, 0))
    )));

    let chosen = upstream(&["a", "b"], Ejection::new().consecutive(1).statuses([429]));
    answer(&chosen, 0, 503);
    assert!(ejected(&chosen).is_empty());
    answer(&chosen, 0, 429);
    assert_eq!(ejected(&chosen), [0]);

    // Nobody asked for ejection: a status may be meant.
    let unasked = Upstream::new(["a", "b"]).unwrap();
    (0..20).for_each(|_| answer(&unasked, 0, 503));
    assert!(ejected(&unasked).is_empty());
    let never = Upstream::builder()
        .hosts(["a", "b"])
        .never_eject()
        .build()
        .unwrap();
    refuse(&never, 0, 20);
    assert!(ejected(&never).is_empty());
}

/// A response that began well and breaks off is no success between two failures.
#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_counts_and_its_head_does_not() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    let a = endpoint(&upstream, 0);
    for round in 0..5 {
        assert!(ejected(&upstream).is_empty(), "{round}");
        break_off(&upstream, &a);
    }
    assert_eq!(ejected(&upstream), [0]);
}

/// Requests may hang for longer than their endpoint is out.
#[tokio::test(start_paused = true)]
async fn what_was_sent_before_an_ejection_does_not_count_after_it() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    let a = endpoint(&upstream, 0);
    let early: Vec<_> = (0..20).map(|_| upstream.attempt(&a)).collect();
    let mut begun = upstream.attempt(&a);
    begun.answered(&a, StatusCode::OK);
    refuse(&upstream, 0, 5);
    advance(10 * SEC).await;
    pick(&upstream);
    let error = Error::new(ErrorKind::ResponseTimeout, "late");
    for attempt in early {
        attempt.failed(&a, &error);
    }
    begun.broke_off(&a);
    assert!(ejected(&upstream).is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_share_is_ejected_and_never_the_last() {
    let cases: [(usize, u32, &[usize]); 8] = [
        (4, 50, &[0, 1]),
        (3, 50, &[0, 1]),
        (2, 50, &[0]),
        (1, 50, &[]),
        (4, 10, &[0]),
        (4, 99, &[0, 1, 2]),
        (4, 100, &[0, 1, 2, 3]),
        (1, 100, &[0]),
    ];
    for (count, percent, out) in cases {
        let hosts = &["a", "b", "c", "d"][..count];
        let upstream = upstream(hosts, Ejection::new().max_percent(percent));
        for at in 0..count {
            refuse(&upstream, at, 20);
        }
        assert_eq!(ejected(&upstream), out, "{count} hosts, {percent} %");
    }
    // Who is drained can neither be counted on nor counted.
    let upstream = upstream(&["a", "b", "c", "d"], Ejection::new());
    upstream.drain_host("c").unwrap();
    upstream.drain_host("d").unwrap();
    refuse(&upstream, 0, 5);
    refuse(&upstream, 1, 5);
    assert_eq!(ejected(&upstream), [0]);
}

/// When one comes back, another that is still bad makes way for it.
#[tokio::test(start_paused = true)]
async fn who_was_spared_is_ejected_later() {
    let upstream = upstream(&["a", "b"], Ejection::new());
    refuse(&upstream, 0, 5);
    refuse(&upstream, 1, 500);
    assert_eq!(ejected(&upstream), [0]);
    advance(10 * SEC).await;
    refuse(&upstream, 1, 5);
    assert_eq!(ejected(&upstream), [1]);
}

#[tokio::test(start_paused = true)]
async fn where_all_are_ejected_all_are_tried_or_none() {
    for panic in [true, false] {
        let builder = builder(&["a", "b"], Ejection::new().max_percent(100));
        let upstream = builder.panic(panic).build().unwrap();
        refuse(&upstream, 0, 5);
        assert_eq!(picks(&upstream, 2), "bb");
        advance(SEC).await;
        refuse(&upstream, 1, 5);
        let picked = upstream.pick(&Ask::new(&Tried::none()));
        assert_eq!(picked.is_some(), panic);
        if panic {
            let two = picks(&upstream, 2);
            assert!(two == "ab" || two == "ba", "{two}");
        }
        advance(9 * SEC).await;
        assert_eq!(picks(&upstream, 2), "aa", "the first is back");
        advance(SEC).await;
        assert_eq!(picks(&upstream, 4).matches('b').count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn backups_step_in_for_those_that_are_ejected() {
    let hosts = [HostEntry::new("a"), HostEntry::new("x").backup()];
    let upstream = Upstream::builder().hosts(hosts).build().unwrap();
    refuse(&upstream, 0, 5);
    assert_eq!(picks(&upstream, 2), "xx");
    advance(10 * SEC).await;
    assert_eq!(picks(&upstream, 2), "aa");
}

/// The order in which one request is tried everywhere.
fn tries(upstream: &Upstream) -> String {
    let mut tried = Tried::none();
    let mut order = String::new();
    while let Some(endpoint) = upstream.pick(&Ask::new(&tried)) {
        order.push_str(&endpoint.host().to_string());
        tried.insert(&endpoint);
    }
    order
}

/// Ejections may be out of date: an endpoint that is down now is worse than one that was an hour ago.
#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_else_takes_goes_to_an_ejected_host() {
    for panic in [true, false] {
        let hosts = [
            HostEntry::new("a"),
            HostEntry::new("b"),
            HostEntry::new("x").backup(),
            HostEntry::new("d"),
        ];
        let builder = Upstream::builder().hosts(hosts).panic(panic);
        let upstream = builder.build().unwrap();
        upstream.drain_host("d").unwrap();
        assert_eq!(tries(&upstream), "abx", "a backup comes last");
        refuse(&upstream, 0, 5);
        assert_eq!(tries(&upstream), if panic { "bxa" } else { "bx" });
    }
    let upstream = upstream(&["a", "b", "c"], Ejection::new());
    refuse(&upstream, 0, 5);
    refuse(&upstream, 1, 5);
    let first = (0..20).map(|_| tries(&upstream)).collect::<Vec<_>>();
    assert!(
        first.iter().all(|order| order.starts_with('c')),
        "{first:?}"
    );
    for second in ["ca", "cb"] {
        let some = first.iter().any(|order| order.starts_with(second));
        assert!(some, "both are drawn: {first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_back_starts_slowly() {
    let builder = builder(&["a", "b"], Ejection::new());
    let upstream = builder.slow_start(100 * SEC).build().unwrap();
    refuse(&upstream, 0, 5);
    advance(10 * SEC).await;
    let share = |upstream: &Upstream| picks(upstream, 1_000).matches('a').count();
    // A tenth of its turns at first, a half at half time.
    let first = share(&upstream);
    assert!((20..90).contains(&first), "{first}");
    advance(50 * SEC).await;
    let half = share(&upstream);
    assert!((200..300).contains(&half), "{half}");
    advance(50 * SEC).await;
    assert_eq!(share(&upstream), 500);
}

/// Who finds that an ejection is over and cannot see to it goes on with what there is.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_one_to_come_back() {
    let upstream = Upstream::new(["a", "b"]).unwrap();
    refuse(&upstream, 0, 5);
    advance(10 * SEC).await;
    let before = upstream.inner.snapshot.load_full();
    let writing = upstream.writing();
    assert_eq!(picks(&upstream, 2), "bb");
    assert!(Arc::ptr_eq(&before, &upstream.inner.snapshot.load()));
    drop(writing);
    pick(&upstream);
    let after = upstream.inner.snapshot.load_full();
    assert!(!Arc::ptr_eq(&before, &after));
    // Once is enough, also for whoever found it too.
    upstream.readmit();
    picks(&upstream, 4);
    assert!(Arc::ptr_eq(&after, &upstream.inner.snapshot.load()));
}

#[tokio::test(start_paused = true)]
async fn an_ejected_host_that_leaves_comes_back_as_a_new_one() {
    let upstream = Upstream::new(["a", "b", "c"]).unwrap();
    let a = endpoint(&upstream, 0);
    refuse(&upstream, 0, 5);
    // Those that stay keep what is known of them.
    upstream.set_hosts(["b", "a"]).unwrap();
    assert_eq!(ejected(&upstream), [1]);
    upstream.remove_host("a").unwrap();
    upstream.add_host("a").unwrap();
    assert!(ejected(&upstream).is_empty());
    // What is heard of the old one concerns nobody.
    (0..20).for_each(|_| break_off(&upstream, &a));
    assert!(ejected(&upstream).is_empty());
    refuse(&upstream, 1, 5);
    assert_eq!(ejected(&upstream), [1]);
}

#[tokio::test(start_paused = true)]
async fn half_of_the_requests_are_too_many_to_fail() {
    let rules = || {
        Ejection::new()
            .error_percent(50)
            .window(10 * SEC)
            .min_requests(20)
    };
    let upstream = upstream(&["a", "b"], rules());
    for _ in 0..9 {
        answer(&upstream, 0, 200);
        refuse(&upstream, 0, 1);
    }
    assert!(ejected(&upstream).is_empty(), "too few");
    advance(11 * SEC).await;
    for _ in 0..9 {
        answer(&upstream, 0, 200);
        refuse(&upstream, 0, 1);
    }
    assert!(ejected(&upstream).is_empty(), "the others are forgotten");
    answer(&upstream, 0, 200);
    assert!(ejected(&upstream).is_empty());
    refuse(&upstream, 0, 1);
    assert_eq!(ejected(&upstream), [0]);
}

/// Requests of which each took as long as its host takes.
async fn race(upstream: &Upstream, rounds: usize, millis: &[u64]) {
    for _ in 0..rounds {
        for (at, millis) in millis.iter().enumerate() {
            let endpoint = endpoint(upstream, at);
            let mut attempt = upstream.attempt(&endpoint);
            attempt.alone(&endpoint, None);
            advance(Duration::from_millis(*millis)).await;
            attempt.answered(&endpoint, StatusCode::OK);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_far_slower_than_the_others_is_out() {
    let cases: [(&str, &[u64], &[usize]); 6] = [
        ("ten times", &[10, 100, 10], &[1]),
        ("not so much", &[10, 40, 10], &[]),
        ("much, but of little", &[1, 10, 1], &[]),
        ("one of two", &[10, 100], &[1]),
        (
            "the slowest first",
            &[10, 100, 10, 200, 150, 10, 10],
            &[1, 3, 4],
        ),
        ("alone", &[100], &[]),
    ];
    for (name, millis, out) in cases {
        let rules = Ejection::new()
            .latency(5, Duration::from_millis(20))
            .window(60 * SEC)
            .min_requests(5);
        let upstream = upstream(&["a", "b", "c", "d", "e", "f", "g"][..millis.len()], rules);
        race(&upstream, 4, millis).await;
        assert!(ejected(&upstream).is_empty(), "{name}: too few");
        // Compared ten times a minute: the next time is within six seconds.
        race(&upstream, 2, millis).await;
        advance(6 * SEC).await;
        race(&upstream, 1, millis).await;
        assert_eq!(ejected(&upstream), out, "{name}");
    }
}

/// One host, as a list of rules says.
#[derive(Clone, Debug, Default)]
struct Host {
    streak: u32,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Fail(usize),
    Answer(usize),
    Pass(u64),
    Pick,
}

fn step(hosts: usize) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..hosts).prop_map(Step::Fail),
        2 => (0..hosts).prop_map(Step::Answer),
        2 => (0..30_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Pick),
    ]
}

fn setting() -> impl Strategy<Value = (usize, u32, u32, Vec<Step>)> {
    (1..7_usize)
        .prop_flat_map(|hosts| (Just(hosts), 1..=100_u32, 1..4_u32, vec(step(hosts), 0..120)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ejections_follow_the_rules((count, percent, consecutive, steps) in setting()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(follow(count, percent, consecutive, steps))?;
    }
}

async fn follow(
    count: usize,
    percent: u32,
    consecutive: u32,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let rules = Ejection::new()
        .max_percent(percent)
        .consecutive(consecutive);
    let longest = rules.time(u32::MAX);
    let upstream = upstream(&["a", "b", "c", "d", "e", "f"][..count], rules);
    let mut hosts = vec![Host::default(); count];
    let most = (count * percent as usize).div_ceil(100);
    for step in steps {
        let now = Instant::now();
        let is_out = |host: &Host| host.until.is_some_and(|until| until > now);
        match step {
            Step::Pass(millis) => advance(Duration::from_millis(millis)).await,
            Step::Pick => {
                let picked = pick(&upstream);
                let at = picked.host().to_string().as_bytes()[0] - b'a';
                let all = hosts.iter().all(is_out);
                prop_assert!(all || !is_out(&hosts[usize::from(at)]), "{} is out", picked);
            }
            Step::Answer(at) => {
                answer(&upstream, at, 200);
                hosts[at].streak = 0;
            }
            Step::Fail(at) => {
                refuse(&upstream, at, 1);
                hosts[at].streak += 1;
                if hosts[at].streak >= consecutive && !is_out(&hosts[at]) {
                    let out = hosts.iter().filter(|host| is_out(host)).count();
                    let free = out < most && (percent == 100 || out + 1 < count);
                    hosts[at].streak = if free { consecutive - 1 } else { 0 };
                    if free {
                        // How long is the record's business, and bounded.
                        let time = upstream.status()[at].ejected_for;
                        prop_assert!(
                            time.is_some_and(|time| time >= 10 * SEC && time <= longest),
                            "{:?}",
                            time
                        );
                        hosts[at].until = time.map(|time| now + time);
                    }
                }
            }
        }
        let now = Instant::now();
        let left = |host: &Host| {
            host.until
                .filter(|until| *until > now)
                .map(|until| until - now)
        };
        let expected: Vec<_> = hosts.iter().map(left).collect();
        let found: Vec<_> = upstream
            .status()
            .iter()
            .map(|host| host.ejected_for)
            .collect();
        prop_assert_eq!(&found, &expected);
        let out = found.iter().flatten().count();
        prop_assert!(
            out <= most && (percent == 100 || out < count),
            "{} of {}",
            out,
            count
        );
    }
    advance(longest).await;
    pick(&upstream);
    let mut all: Vec<_> = picks(&upstream, count).chars().collect();
    all.sort_unstable();
    prop_assert_eq!(all.len(), count);
    all.dedup();
    prop_assert_eq!(all.len(), count, "all of them are back");
    Ok(())
}

/// The total timeout is about all of a request: an endpoint that had little of that time is not to blame.
#[tokio::test(start_paused = true)]
async fn a_request_that_came_late_is_no_failure_of_its_last_endpoint() {
    let total = 10 * SEC;
    for (before, fails) in [(0, true), (5, true), (6, false), (9, false)] {
        let upstream = upstream(&["a", "b"], Ejection::new().consecutive(1));
        let until = Instant::now() + total;
        advance(before * SEC).await;
        let endpoint = endpoint(&upstream, 0);
        let mut attempt = upstream.attempt(&endpoint);
        attempt.alone(&endpoint, Some((until, total)));
        tokio::time::sleep_until(until).await;
        drop(attempt);
        assert_eq!(!ejected(&upstream).is_empty(), fails, "after {before} s");
    }
}

/// Only a request that is there as a whole says how long its endpoint takes.
#[tokio::test(start_paused = true)]
async fn an_upload_that_is_waited_for_is_not_timed() {
    let upstream = upstream(&["a", "b"], Ejection::new().latency(2, SEC));
    for (at, alone) in [(0, false), (1, true)] {
        let endpoint = endpoint(&upstream, at);
        let mut attempt = upstream.attempt(&endpoint);
        if alone {
            attempt.alone(&endpoint, None);
        }
        advance(SEC).await;
        attempt.answered(&endpoint, StatusCode::OK);
        assert_eq!(endpoint.load().latency(Instant::now()).is_some(), alone);
    }
}

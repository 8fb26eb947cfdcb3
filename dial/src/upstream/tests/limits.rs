//! Requests that find an upstream full.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{
    Ask, Attempt, Breaker, Ejection, Limits, Room, Tried, Turn, Upstream, UpstreamBuilder,
};
use super::picks;
use crate::error::{Error, ErrorKind};

fn limited(limits: Limits) -> UpstreamBuilder {
    Upstream::builder().hosts(["a", "b"]).limits(limits)
}

fn build(limits: Limits) -> Upstream {
    limited(limits).build().unwrap()
}

async fn turn_after(upstream: &Upstream, tried: &Tried) -> Result<Option<Turn>, Error> {
    let ask = Ask::new(tried);
    match upstream.turn(&ask)? {
        Room::At(turn) => Ok(Some(turn)),
        Room::Nowhere => Ok(None),
        Room::Full => upstream.awaited_turn(&ask).await,
    }
}

/// One that does not have to wait.
async fn turn(upstream: &Upstream) -> Turn {
    let queued = upstream.queued();
    let turn = turn_after(upstream, &Tried::none()).await;
    assert_eq!(upstream.queued(), queued);
    turn.unwrap().unwrap()
}

fn host(turn: &Turn) -> String {
    turn.endpoint.host().to_string()
}

/// One that waits: it is in the queue when this returns.
async fn waiting(upstream: &Upstream) -> JoinHandle<Result<Option<Turn>, Error>> {
    let (before, own) = (upstream.queued(), upstream.clone());
    let waiting = tokio::spawn(async move { turn_after(&own, &Tried::none()).await });
    while upstream.queued() == before {
        tokio::task::yield_now().await;
    }
    waiting
}

fn in_flight(upstream: &Upstream) -> Vec<usize> {
    upstream
        .status()
        .iter()
        .map(|host| host.in_flight)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_more_than_it_may() {
    let upstream = build(Limits::new().requests_per_host(2).queue(0));
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(turn(&upstream).await);
    }
    assert_eq!(in_flight(&upstream), [2, 2]);
    let error = turn_after(&upstream, &Tried::none()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    drop(turns.remove(1));
    assert_eq!(host(&turn(&upstream).await), "b", "where there is room");
    turns.clear();
    assert_eq!(in_flight(&upstream), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn all_together_have_a_limit_too() {
    let upstream = build(Limits::new().requests(3).requests_per_host(2).queue(0));
    let turns = [
        turn(&upstream).await,
        turn(&upstream).await,
        turn(&upstream).await,
    ];
    assert!(turn_after(&upstream, &Tried::none()).await.is_err());
    drop(turns);
    turn(&upstream).await;
    assert_eq!(in_flight(&upstream), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_first() {
    let upstream = build(Limits::new().requests_per_host(1));
    let (a, b) = (turn(&upstream).await, turn(&upstream).await);
    let first = waiting(&upstream).await;
    let second = waiting(&upstream).await;
    drop(b);
    let first = first.await.unwrap().unwrap().unwrap();
    assert_eq!((host(&first).as_str(), upstream.queued()), ("b", 1));
    // Nobody who comes now is quicker than who waits.
    let third = waiting(&upstream).await;
    drop(a);
    let second = second.await.unwrap().unwrap().unwrap();
    assert_eq!((host(&second).as_str(), upstream.queued()), ("a", 1));
    drop(first);
    assert_eq!(host(&third.await.unwrap().unwrap().unwrap()), "b");
    assert_eq!(upstream.queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_so() {
    let wait = Duration::from_secs(2);
    let upstream = build(
        Limits::new()
            .requests_per_host(1)
            .queue(1)
            .queue_timeout(wait),
    );
    let _turns = (turn(&upstream).await, turn(&upstream).await);
    let began = Instant::now();
    let late = waiting(&upstream).await;
    let error = turn_after(&upstream, &Tried::none()).await.err().unwrap();
    assert_eq!(
        began.elapsed(),
        Duration::ZERO,
        "the queue is full: {error}"
    );
    let error = late.await.unwrap().err().unwrap();
    assert_eq!(began.elapsed(), wait);
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!((upstream.queued(), in_flight(&upstream)), (0, vec![1, 1]));
}

/// While the queue has not been empty for its whole timeout, the wait is short; and long again after that.
#[tokio::test(start_paused = true)]
async fn a_queue_that_does_not_empty_sheds_load() {
    let (long, short) = (Duration::from_secs(2), Duration::from_millis(50));
    let limits = Limits::new().requests_per_host(1).queue_timeout(long);
    let upstream = build(limits.overload_timeout(short));
    let turns = (turn(&upstream).await, turn(&upstream).await);
    let first = waiting(&upstream).await;
    tokio::time::sleep(long / 2).await;
    let second = waiting(&upstream).await;
    assert!(first.await.unwrap().is_err());
    let began = Instant::now();
    assert!(waiting(&upstream).await.await.unwrap().is_err());
    assert_eq!(began.elapsed(), short);
    drop(turns);
    drop(second.await.unwrap().unwrap());
    let _turns = (turn(&upstream).await, turn(&upstream).await);
    let began = Instant::now();
    assert!(waiting(&upstream).await.await.unwrap().is_err());
    assert_eq!(began.elapsed(), long);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_queue_takes_nothing_with_it() {
    let upstream = build(Limits::new().requests_per_host(1));
    let (a, b) = (turn(&upstream).await, turn(&upstream).await);
    let leaves = waiting(&upstream).await;
    let stays = waiting(&upstream).await;
    leaves.abort();
    assert!(leaves.await.is_err());
    assert_eq!(upstream.queued(), 1);
    drop(a);
    let turn = stays.await.unwrap().unwrap().unwrap();
    assert_eq!(host(&turn), "a");
    // One that has got its turn, and leaves before it knows.
    let leaves = waiting(&upstream).await;
    drop(turn);
    leaves.abort();
    drop(leaves.await);
    drop(b);
    assert_eq!((upstream.queued(), in_flight(&upstream)), (0, vec![0, 0]));
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_use_the_room_lets_others_pass() {
    let upstream = build(Limits::new().requests_per_host(1));
    let (a, b) = (turn(&upstream).await, turn(&upstream).await);
    let mut tried = Tried::none();
    tried.insert(&b.endpoint);
    let own = upstream.clone();
    let picky = tokio::spawn(async move { turn_after(&own, &tried).await });
    while upstream.queued() == 0 {
        tokio::task::yield_now().await;
    }
    let any = waiting(&upstream).await;
    drop(b);
    assert_eq!(host(&any.await.unwrap().unwrap().unwrap()), "b");
    drop(a);
    assert_eq!(host(&picky.await.unwrap().unwrap().unwrap()), "a");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_hosts_makes_room() {
    let upstream = build(Limits::new().requests_per_host(1));
    let _turns = (turn(&upstream).await, turn(&upstream).await);
    let waits = waiting(&upstream).await;
    upstream.add_host("c").unwrap();
    let turn = waits.await.unwrap().unwrap().unwrap();
    assert_eq!(host(&turn), "c");
    // Nobody is left to wait for.
    let waits = waiting(&upstream).await;
    upstream.set_hosts([""; 0]).unwrap();
    assert!(waits.await.unwrap().unwrap().is_none());
}

/// Neither backups nor sick ones are there for those that are full.
#[tokio::test(start_paused = true)]
async fn full_is_not_sick() {
    let backup = crate::HostEntry::new("b").backup();
    let builder = Upstream::builder().hosts([crate::HostEntry::new("a"), backup]);
    let limits = Limits::new().requests_per_host(1).queue(0);
    let upstream = builder.limits(limits).build().unwrap();
    let a = turn(&upstream).await;
    assert!(turn_after(&upstream, &Tried::none()).await.is_err());
    let mut tried = Tried::none();
    tried.insert(&a.endpoint);
    let spare = turn_after(&upstream, &tried).await.unwrap().unwrap();
    assert_eq!(host(&spare), "b");
}

fn eject_first(upstream: &Upstream) {
    let endpoint = Arc::clone(&upstream.inner.snapshot.load().members()[0].endpoint);
    for _ in 0..5 {
        let refused = Error::new(ErrorKind::Connect, "refused");
        upstream.attempt(&endpoint).failed(&endpoint, &refused);
    }
    assert!(upstream.status()[0].ejected_for.is_some());
}

/// Whether or not a request ends or comes at that time.
#[tokio::test(start_paused = true)]
async fn an_ejection_that_ends_makes_room() {
    for request_ends in [true, false] {
        let limits = Limits::new().requests_per_host(1);
        let minute = Duration::from_mins(1);
        let ejection = Ejection::new().base_time(Duration::from_secs(10));
        let builder = limited(limits.queue_timeout(minute)).eject(ejection);
        let upstream = builder.build().unwrap();
        eject_first(&upstream);
        let b = turn(&upstream).await;
        let waits = waiting(&upstream).await;
        let began = Instant::now();
        if request_ends {
            tokio::time::advance(Duration::from_secs(11)).await;
            drop(b);
            assert!(waits.await.unwrap().unwrap().is_some());
        } else {
            let turn = waits.await.unwrap().unwrap().unwrap();
            assert_eq!(host(&turn), "a");
            assert!(began.elapsed() < Duration::from_secs(11));
            drop(b);
        }
    }
}

/// Changes its own upstream while it is asked.
struct Meddles(std::sync::OnceLock<Upstream>);

impl crate::Balance for Arc<Meddles> {
    fn choose(&self, candidates: &crate::Candidates<'_>) -> Option<usize> {
        if let Some(upstream) = self.0.get() {
            upstream
                .set_weight("a", 1 + u32::from(candidates.weight(0) < 1.5))
                .unwrap();
        }
        (0..candidates.len()).find(|at| !candidates.was_tried(*at))
    }
}

#[tokio::test(start_paused = true)]
async fn a_balance_may_change_what_it_chooses_from() {
    let own = Arc::new(Meddles(std::sync::OnceLock::new()));
    let builder = limited(Limits::new().requests_per_host(1));
    let upstream = builder.balance(Arc::clone(&own)).build().unwrap();
    own.0
        .set(upstream.clone())
        .unwrap_or_else(|_| unreachable!());
    let turns = (turn(&upstream).await, turn(&upstream).await);
    let waits = [waiting(&upstream).await, waiting(&upstream).await];
    drop(turns);
    for waits in waits {
        assert!(waits.await.unwrap().unwrap().is_some());
    }
}

struct Nobody;

impl crate::Balance for Nobody {
    fn choose(&self, _: &crate::Candidates<'_>) -> Option<usize> {
        None
    }
}

#[tokio::test(start_paused = true)]
async fn a_balance_that_wants_nobody_is_not_waited_for() {
    let upstream = limited(Limits::new().requests_per_host(1)).balance(Nobody);
    let upstream = upstream.build().unwrap();
    assert!(
        turn_after(&upstream, &Tried::none())
            .await
            .unwrap()
            .is_none()
    );
}

fn breaking(limits: Limits) -> Upstream {
    let breaker = Breaker::new()
        .min_requests(1)
        .trials(1)
        .open(Duration::from_secs(1));
    limited(limits)
        .never_eject()
        .breaker(breaker)
        .build()
        .unwrap()
}

/// Its response, which is read still.
fn fails(mut turn: Turn) -> Attempt {
    turn.attempt
        .answered(&turn.endpoint, StatusCode::BAD_GATEWAY);
    turn.attempt
}

/// Who waits when the circuit opens is refused when it would be its turn.
#[tokio::test(start_paused = true)]
async fn an_open_circuit_lets_nobody_out_of_the_queue() {
    let upstream = breaking(Limits::new().requests(1));
    let first = turn(&upstream).await;
    let waits = [waiting(&upstream).await, waiting(&upstream).await];
    drop(fails(first));
    for waits in waits {
        let error = waits.await.unwrap().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    }
    assert_eq!(in_flight(&upstream), [0, 0]);
}

/// A trial begins with its attempt, not with the wait for it.
#[tokio::test(start_paused = true)]
async fn who_waits_makes_no_trial() {
    let upstream = breaking(Limits::new().requests(1));
    let first = turn(&upstream).await;
    let held = fails(first);
    tokio::time::advance(Duration::from_secs(2)).await;
    let trial = waiting(&upstream).await;
    let next = waiting(&upstream).await;
    drop(held);
    let Turn {
        endpoint,
        mut attempt,
    } = trial.await.unwrap().unwrap().unwrap();
    attempt.answered(&endpoint, StatusCode::OK);
    drop(attempt);
    assert!(next.await.unwrap().unwrap().is_some());
    assert!(!upstream.is_circuit_open());
}

/// Requests with nowhere to go come and go: nobody waits for what they never had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_nothing_takes_nothing() {
    let upstream = Upstream::builder()
        .hosts(["a"])
        .limits(Limits::new().requests(1));
    let upstream = upstream.build().unwrap();
    let mut tried = Tried::none();
    tried.insert(&upstream.inner.snapshot.load().members()[0].endpoint);
    let over = Arc::new(AtomicBool::new(false));
    let (own, until) = (upstream.clone(), Arc::clone(&over));
    let vain = tokio::spawn(async move {
        while !until.load(Ordering::Relaxed) {
            assert!(matches!(
                own.turn(&Ask::new(&tried)),
                Ok(Room::Nowhere | Room::Full)
            ));
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..5_000 {
        assert!(
            turn_after(&upstream, &Tried::none())
                .await
                .unwrap()
                .is_some()
        );
    }
    over.store(true, Ordering::Relaxed);
    vain.await.unwrap();
}

/// However requests come, wait, leave and end, there are never too many, and nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_many_threads() {
    let limits = Limits::new().requests(5).requests_per_host(3);
    let upstream = build(limits.queue(1000).queue_timeout(Duration::from_mins(1)));
    let under_way = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..400_u32)
        .map(|number| {
            let (upstream, under_way) = (upstream.clone(), Arc::clone(&under_way));
            tokio::spawn(async move {
                let tried = Tried::none();
                let turn = turn_after(&upstream, &tried);
                let limit = Duration::from_micros(if number % 3 == 0 { 50 } else { 60_000_000 });
                let Ok(turn) = tokio::time::timeout(limit, turn).await else {
                    return false;
                };
                let turn = turn.unwrap().unwrap();
                assert!(under_way.fetch_add(1, Ordering::SeqCst) < 5);
                tokio::task::yield_now().await;
                let each = in_flight(&upstream);
                assert!(each.iter().all(|count| *count <= 3), "{each:?}");
                under_way.fetch_sub(1, Ordering::SeqCst);
                drop(turn);
                true
            })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        served += u32::from(task.await.unwrap());
    }
    assert!(served >= 266, "{served}");
    assert_eq!((upstream.queued(), in_flight(&upstream)), (0, vec![0, 0]));
    assert_eq!(picks(&upstream, 2).len(), 2);
}

#[test]
fn nonsense_is_refused() {
    let ms = Duration::from_millis(1);
    for (limits, message) in [
        (Limits::new(), "nothing is limited"),
        (
            Limits::new().requests(0),
            "requests is 0; it is 1 at least and 1000000 at most",
        ),
        (
            Limits::new().requests_per_host(1_000_001),
            "requests_per_host is 1000001; it is 1 at least and 1000000 at most",
        ),
        (
            Limits::new().requests(5).requests_per_host(6),
            "requests_per_host is 6; it is 1 at least and 5 at most",
        ),
        (
            Limits::new().requests_per_host(6).connections_per_host(5),
            "requests_per_host is 6; it is 1 at least and 5 at most",
        ),
        (
            Limits::new().connections_per_host(0),
            "connections_per_host is 0; it is 1 at least and 1000000 at most",
        ),
        (
            Limits::new().requests(1).queue(1_000_001),
            "queue is 1000001; it is 0 at least and 1000000 at most",
        ),
        (
            Limits::new().requests(1).queue_timeout(Duration::ZERO),
            "queue_timeout is 0ns; it is 1ms at least and 3600s at most",
        ),
        (
            Limits::new()
                .requests(1)
                .queue_timeout(ms)
                .overload_timeout(2 * ms),
            "overload_timeout is 2ms; it is 1ms at least and 1ms at most",
        ),
        (
            Limits::new().requests(1).queue_timeout(ms).queue(0),
            "queue_timeout is given, but with a queue of 0 no request waits",
        ),
        (
            Limits::new().requests(1).queue(0).overload_timeout(ms),
            "overload_timeout is given, but with a queue of 0 no request waits",
        ),
    ] {
        let error = limited(limits).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), format!("limits: {message}"));
    }
}

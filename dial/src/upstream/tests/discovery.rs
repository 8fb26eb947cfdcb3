//! Hosts that a source tells, and who asks it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::super::{Ask, Discover, HostEntry, Tried, Upstream};
use super::picks;
use crate::error::BoxError;

type Told = Result<Vec<HostEntry>, BoxError>;

/// Tells what a test sends it; counts how often it is asked, and while it lives.
#[derive(Debug)]
struct Sent {
    lists: mpsc::UnboundedReceiver<Told>,
    asked: Arc<Semaphore>,
    alive: Arc<AtomicUsize>,
}

impl Discover for Sent {
    async fn next(&mut self) -> Option<Told> {
        self.asked.add_permits(1);
        self.lists.recv().await
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Stage {
    upstream: Upstream,
    lists: mpsc::UnboundedSender<Told>,
    asked: Arc<Semaphore>,
    alive: Arc<AtomicUsize>,
}

impl Stage {
    fn new() -> Self {
        let (lists, receiver) = mpsc::unbounded_channel();
        let asked = Arc::new(Semaphore::new(0));
        let alive = Arc::new(AtomicUsize::new(1));
        let source = Sent {
            lists: receiver,
            asked: Arc::clone(&asked),
            alive: Arc::clone(&alive),
        };
        Self {
            upstream: Upstream::builder().discover(source).build().unwrap(),
            lists,
            asked,
            alive,
        }
    }

    /// Waits until the source is asked as many times more.
    async fn asked(&self, times: u32) {
        let asked = self.asked.acquire_many(times);
        let asked = tokio::time::timeout(Duration::from_mins(10), asked).await;
        asked.expect("in time").expect("open").forget();
    }

    /// Has it tell something, and waits until that is settled.
    async fn tells(&self, told: Told) {
        self.lists.send(told).unwrap();
        self.asked(1).await;
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as a source tells it")]
fn hosts<const N: usize>(hosts: [&str; N]) -> Told {
    Ok(hosts.map(HostEntry::new).to_vec())
}

#[tokio::test(start_paused = true)]
async fn a_list_replaces_the_one_before() {
    let stage = Stage::new();
    assert!(stage.upstream.pick(&Ask::new(&Tried::none())).is_none());
    stage.upstream.start_discovery();
    stage.asked(1).await;
    stage.tells(hosts(["a", "b"])).await;
    stage.upstream.discovered().await;
    assert_eq!(picks(&stage.upstream, 3), "aba");
    let b = stage.upstream.pick(&Ask::new(&Tried::none())).unwrap();
    stage.tells(hosts(["b", "c"])).await;
    assert_eq!(stage.upstream.hosts(), ["http://b:80", "http://c:80"]);
    assert!(!b.is_retired(), "it stayed");

    stage.tells(hosts([])).await;
    assert!(stage.upstream.is_empty());
    stage.upstream.discovered().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_list_again_undoes_nothing() {
    let stage = Stage::new();
    stage.upstream.start_discovery();
    stage.asked(1).await;
    stage.tells(hosts(["a", "b"])).await;
    stage.upstream.drain_host("a").unwrap();
    stage.tells(hosts(["a", "b"])).await;
    assert_eq!(picks(&stage.upstream, 2), "bb");
    stage.tells(hosts(["a", "b", "c"])).await;
    assert_eq!(stage.upstream.len(), 3);
}

/// Who drained a host meant it, whatever becomes of the others.
#[tokio::test(start_paused = true)]
async fn a_change_undoes_nothing_of_what_stays() {
    let stage = Stage::new();
    stage.upstream.start_discovery();
    stage.asked(1).await;
    stage.tells(hosts(["a", "b", "c"])).await;
    stage.upstream.drain_host("a").unwrap();
    stage.upstream.set_weight("b", 3).unwrap();
    let host = |number: usize| {
        let status = &stage.upstream.status()[number];
        (status.draining, status.weight)
    };
    stage.tells(hosts(["x", "a", "b"])).await;
    assert_eq!([0, 1, 2].map(host), [(false, 1), (true, 1), (false, 3)]);
    // A weight that the source changes is the newer one, but only then.
    let weighed = |weight| ["a", "b"].map(|host| HostEntry::new(host).weight(weight));
    stage.tells(Ok(weighed(2).to_vec())).await;
    assert_eq!([0, 1].map(host), [(true, 2), (false, 2)]);
    // One that left and comes back is a new one.
    stage.tells(hosts(["c"])).await;
    stage.tells(hosts(["a", "b"])).await;
    assert_eq!([0, 1].map(host), [(false, 1); 2]);
    // By hand it is the list that counts.
    stage.upstream.drain_host("a").unwrap();
    stage.upstream.set_hosts(["a", "b"]).unwrap();
    assert_eq!(host(0), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_changes_nothing() {
    let stage = Stage::new();
    stage.upstream.start_discovery();
    stage.asked(1).await;
    stage.tells(hosts(["a", "b"])).await;
    let bad: [Told; 3] = [Err("away".into()), hosts(["a", "a"]), hosts(["x y"])];
    for told in bad {
        stage.tells(told).await;
        assert_eq!(stage.upstream.hosts(), ["http://a:80", "http://b:80"]);
    }
    stage.tells(hosts(["c"])).await;
    assert_eq!(stage.upstream.hosts(), ["http://c:80"]);
}

/// The first pause is short, and after a success it is so again.
#[tokio::test(start_paused = true)]
async fn it_is_asked_again_after_pauses_that_grow() {
    let stage = Stage::new();
    stage.upstream.start_discovery();
    stage.asked(1).await;
    let mut last = Duration::ZERO;
    for _ in 0..6 {
        let before = Instant::now();
        stage.tells(Err("away".into())).await;
        let pause = before.elapsed();
        assert!(pause > last, "{pause:?} after {last:?}");
        last = pause;
    }
    stage.tells(hosts(["a"])).await;
    let before = Instant::now();
    stage.tells(Err("away".into())).await;
    assert!(before.elapsed() < Duration::from_millis(150));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_comes_to_its_end_is_not_asked_again() {
    let mut stage = Stage::new();
    let waiting = stage.upstream.clone();
    let waiting = tokio::spawn(async move { waiting.discovered().await });
    stage.asked(1).await;
    stage.lists = mpsc::unbounded_channel().0;
    waiting.await.unwrap();
    assert!(stage.upstream.pick(&Ask::new(&Tried::none())).is_none());
    tokio::task::yield_now().await;
    assert_eq!(stage.asked.available_permits(), 0);
}

/// Panics as often as that, and then tells one host.
#[derive(Debug)]
struct Panics {
    times: u32,
    /// Not while it is waited for, but before there is anything to wait for.
    at_once: bool,
    asked: u32,
}

impl Discover for Panics {
    fn next(&mut self) -> impl Future<Output = Option<Told>> + Send {
        self.asked += 1;
        let panics = self.asked <= self.times;
        assert!(!(panics && self.at_once), "no future");
        async move {
            assert!(!panics, "no answer");
            match self.asked - self.times {
                1 => Some(hosts(["a"])),
                _ => std::future::pending().await,
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_like_others() {
    for at_once in [false, true] {
        let source = Panics {
            times: 4,
            at_once,
            asked: 0,
        };
        let upstream = Upstream::builder().discover(source).build().unwrap();
        let began = Instant::now();
        let discovered = tokio::time::timeout(Duration::from_mins(1), upstream.discovered());
        discovered.await.expect("it is asked again");
        assert_eq!(upstream.hosts(), ["http://a:80"]);
        // After pauses of 100, 200, 400 and 800 ms, each less up to a half.
        assert!(began.elapsed() >= Duration::from_millis(750));
    }
}

#[tokio::test(start_paused = true)]
async fn one_task_asks_and_ends_with_its_upstream() {
    let stage = Stage::new();
    let clones = [stage.upstream.clone(), stage.upstream.clone()];
    for upstream in &clones {
        upstream.start_discovery();
    }
    stage.asked(1).await;
    stage.tells(hosts(["a"])).await;
    assert_eq!(stage.asked.available_permits(), 0, "nobody else asks");
    let alive = Arc::clone(&stage.alive);
    drop(clones);
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    // The sender stays, so that it is not the end of the lists.
    let _lists = stage.lists.clone();
    drop(stage);
    while alive.load(Ordering::SeqCst) > 0 {
        tokio::task::yield_now().await;
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn the_next_runtime_goes_on_where_one_has_gone() {
    let stage = Stage::new();
    stage.upstream.start_discovery();
    assert_eq!(stage.asked.available_permits(), 0, "without a runtime");
    for hosts_told in [["a", "b"], ["b", "c"]] {
        let runtime = runtime();
        runtime.block_on(async {
            stage.upstream.start_discovery();
            stage.asked(1).await;
            stage.tells(hosts(hosts_told)).await;
        });
        assert_eq!(picks(&stage.upstream, 2).len(), 2);
        // The second `next` is dropped where it waits.
        drop(runtime);
        assert_eq!(stage.alive.load(Ordering::SeqCst), 1, "the source stays");
    }
    // Shut down before it has even begun.
    let runtime = runtime();
    let entered = runtime.enter();
    stage.upstream.start_discovery();
    drop(entered);
    drop(runtime);
    self::runtime().block_on(async {
        stage.upstream.start_discovery();
        stage.asked(1).await;
        stage.tells(hosts(["d"])).await;
        assert_eq!(stage.upstream.hosts(), ["http://d:80"]);
    });
}

/// Hosts that come to nobody are as cold as each other: none has to start slowly.
#[tokio::test(start_paused = true)]
async fn the_first_hosts_are_no_newcomers() {
    let (lists, receiver) = mpsc::unbounded_channel();
    let source = Sent {
        lists: receiver,
        asked: Arc::new(Semaphore::new(0)),
        alive: Arc::new(AtomicUsize::new(1)),
    };
    let builder = Upstream::builder().slow_start(Duration::from_mins(1));
    let upstream = builder.discover(source).build().unwrap();
    lists.send(hosts(["a", "b"])).unwrap();
    upstream.discovered().await;
    assert_eq!(picks(&upstream, 6), "ababab");
}

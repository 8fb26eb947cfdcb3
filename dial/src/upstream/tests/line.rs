//! Who in the line gets what room there is.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{Ask, Endpoint, Limits, Room, Tried, Turn, Upstream};
use crate::HostEntry;
use crate::error::Error;

/// A request of its own.
#[derive(Clone, Default)]
pub(super) struct Own {
    pub(super) tried: Tried,
    cookie: Option<Vec<u8>>,
}

impl Own {
    pub(super) fn any() -> Self {
        Self::default()
    }

    fn not_at(endpoint: &Endpoint) -> Self {
        let mut own = Self::default();
        own.tried.insert(endpoint);
        own
    }

    #[cfg(feature = "sticky")]
    pub(super) fn only_at(upstream: &Upstream, endpoint: &Endpoint) -> Self {
        let cookie = upstream.sticky().unwrap().set_cookie(endpoint, false);
        let (pair, _) = cookie.split_once(';').unwrap();
        let (_, value) = pair.split_once('=').unwrap();
        Self {
            cookie: Some(value.into()),
            ..Self::default()
        }
    }

    pub(super) fn ask(&self) -> Ask<'_> {
        Ask {
            cookie: self.cookie.as_deref(),
            ..Ask::new(&self.tried)
        }
    }

    pub(super) async fn turn(&self, upstream: &Upstream) -> Result<Option<Turn>, Error> {
        match upstream.turn(&self.ask())? {
            Room::At(turn) => Ok(Some(turn)),
            Room::Nowhere => Ok(None),
            Room::Full => upstream.awaited_turn(&self.ask()).await,
        }
    }

    /// In the queue when this returns.
    async fn waiting(&self, upstream: &Upstream) -> JoinHandle<Result<Option<Turn>, Error>> {
        let (before, own, other) = (upstream.queued(), self.clone(), upstream.clone());
        let waiting = tokio::spawn(async move { own.turn(&other).await });
        while upstream.queued() == before {
            tokio::task::yield_now().await;
        }
        waiting
    }

    /// Where it is sent; it does not wait for that.
    async fn at_once(&self, upstream: &Upstream) -> Turn {
        let turn = tokio::time::timeout(Duration::ZERO, self.turn(upstream));
        turn.await.expect("no wait").unwrap().expect("a turn")
    }
}

pub(super) fn endpoint(upstream: &Upstream, at: usize) -> Arc<Endpoint> {
    Arc::clone(&upstream.inner.snapshot.load().members()[at].endpoint)
}

fn host(turn: &Turn) -> String {
    turn.endpoint.host().to_string()
}

/// One slow host is not to keep the clients of the others waiting, nor to have them refused.
#[cfg(feature = "sticky")]
#[tokio::test(start_paused = true)]
async fn clients_of_a_full_host_keep_nobody_from_the_others() {
    const MANY: usize = 40;
    for limits in [Limits::new(), Limits::new().queue(MANY)] {
        let sticky = crate::Sticky::cookie("host", "a secret of some length").unwrap();
        let upstream = Upstream::builder().hosts(["a", "b"]).sticky(sticky);
        let upstream = upstream
            .limits(limits.requests_per_host(2))
            .build()
            .unwrap();
        let at_a = Own::only_at(&upstream, &endpoint(&upstream, 0));
        let at_b = Own::only_at(&upstream, &endpoint(&upstream, 1));
        let _full = [at_a.at_once(&upstream).await, at_a.at_once(&upstream).await];
        let mut waiting = Vec::new();
        for _ in 0..MANY {
            waiting.push(at_a.waiting(&upstream).await);
        }
        let turns = [
            Own::any().at_once(&upstream).await,
            at_b.at_once(&upstream).await,
        ];
        assert_eq!(turns.each_ref().map(host), ["b", "b"]);
        assert_eq!(upstream.queued(), MANY);
        // No more of them wait than may.
        if upstream.inner.settings.limits.as_ref().unwrap().queue == MANY {
            let error = Own::any().turn(&upstream).await.err().unwrap();
            assert_eq!(error.kind(), crate::error::ErrorKind::Overloaded);
            assert_eq!(upstream.queued(), MANY);
        }
        waiting.iter().for_each(JoinHandle::abort);
    }
}

/// A host that is drained has room for its clients while all others are full.
#[cfg(feature = "sticky")]
#[tokio::test(start_paused = true)]
async fn a_client_of_a_drained_host_waits_for_no_other() {
    let sticky = crate::Sticky::cookie("host", "a secret of some length").unwrap();
    let upstream = Upstream::builder().hosts(["a", "b"]).sticky(sticky);
    let limits = Limits::new().requests_per_host(1);
    let upstream = upstream.limits(limits).build().unwrap();
    let at_b = Own::only_at(&upstream, &endpoint(&upstream, 1));
    assert!(upstream.drain_host("b").unwrap());
    let _full = Own::any().at_once(&upstream).await;
    let _waiting = Own::any().waiting(&upstream).await;
    assert_eq!(host(&at_b.at_once(&upstream).await), "b");
}

/// Backups are there for those that were at the others in vain, whoever waits for those.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_backup_that_has_room() {
    let hosts = [HostEntry::new("a"), HostEntry::new("b").backup()];
    let limits = Limits::new().requests_per_host(1);
    let upstream = Upstream::builder().hosts(hosts).limits(limits);
    let upstream = upstream.build().unwrap();
    let a = Own::any().at_once(&upstream).await;
    let _waiting = Own::any().waiting(&upstream).await;
    let spare = Own::not_at(&a.endpoint).at_once(&upstream).await;
    assert_eq!(host(&spare), "b");
}

/// What it has come to is known: there is nothing to wait for.
#[tokio::test(start_paused = true)]
async fn who_was_everywhere_does_not_wait() {
    for limits in [
        Limits::new().requests(1),
        Limits::new().requests_per_host(1),
    ] {
        let upstream = Upstream::builder().hosts(["a"]).limits(limits.clone());
        let upstream = upstream.build().unwrap();
        let turn = Own::any().at_once(&upstream).await;
        let was_there = Own::not_at(&turn.endpoint);
        let nowhere = || matches!(upstream.turn(&was_there.ask()), Ok(Room::Nowhere));
        assert!(nowhere(), "{limits:?}");
        let _waiting = Own::any().waiting(&upstream).await;
        assert!(nowhere(), "{limits:?} while others wait");
    }
}

/// Without hosts there is nothing to wait for, whatever is under way still.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_hosts_that_are_gone() {
    let upstream = Upstream::builder().hosts(["a"]);
    let upstream = upstream.limits(Limits::new().requests(1)).build().unwrap();
    let _under_way = Own::any().at_once(&upstream).await;
    let waiting = Own::any().waiting(&upstream).await;
    upstream.set_hosts([""; 0]).unwrap();
    let began = Instant::now();
    assert!(waiting.await.unwrap().unwrap().is_none());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// Behind those that wait for room, too.
#[tokio::test(start_paused = true)]
async fn who_has_nowhere_to_go_is_told_at_once() {
    let upstream = Upstream::builder().hosts(["a", "b"]);
    let upstream = upstream.limits(Limits::new().requests(1)).build().unwrap();
    let _under_way = Own::any().at_once(&upstream).await;
    let waits = Own::any().waiting(&upstream).await;
    let was_at_b = Own::not_at(&endpoint(&upstream, 1))
        .waiting(&upstream)
        .await;
    let began = Instant::now();
    upstream.remove_host("a").unwrap();
    assert!(was_at_b.await.unwrap().unwrap().is_none());
    assert_eq!((began.elapsed(), upstream.queued()), (Duration::ZERO, 1));
    waits.abort();
}

/// However quickly room comes and goes, there is a host that has it.
#[test]
fn room_that_comes_and_goes_is_not_nowhere() {
    let upstream = Upstream::builder().hosts(["a"]);
    let limits = Limits::new().requests_per_host(1);
    let upstream = upstream.limits(limits).build().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let any = Own::any();
                for _ in 0..30_000 {
                    assert!(!matches!(upstream.turn(&any.ask()), Ok(Room::Nowhere)));
                }
            });
        }
    });
}

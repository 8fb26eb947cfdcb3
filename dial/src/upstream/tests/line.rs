//! Who in the line gets what room there is.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{Ask, Endpoint, Limits, Room, Tried, Turn, Upstream};
use crate::error::Error;

/// A request of its own.
#[derive(Clone, Default)]
struct Own {
    tried: Tried,
    cookie: Option<Vec<u8>>,
}

impl Own {
    fn any() -> Self {
        Self::default()
    }

    fn not_at(endpoint: &Endpoint) -> Self {
        let mut own = Self::default();
        own.tried.insert(endpoint);
        own
    }

    fn ask(&self) -> Ask<'_> {
        Ask {
            cookie: self.cookie.as_deref(),
            ..Ask::new(&self.tried)
        }
    }

    async fn turn(&self, upstream: &Upstream) -> Result<Option<Turn>, Error> {
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

//! Requests and hosts that come and go in any order, at an upstream with limits: what is counted is what is there, and nobody
//! waits beside room, nor for nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::super::{Dice, Endpoint, Limits, Policy, Room, Turn, Upstream};
use super::line::{Own, endpoint};
use crate::error::{Error, ErrorKind};
use crate::{HashOn, HostEntry, Sticky};

const SEEDS: u64 = 60;
const STEPS: usize = 100;
const HOSTS: [&str; 4] = ["a", "b", "c", "d"];

type Waiting = JoinHandle<Result<Option<Turn>, Error>>;

struct World {
    dice: Dice,
    limits: Limits,
    upstream: Upstream,
    /// Those that were there at first.
    endpoints: Vec<Arc<Endpoint>>,
    held: Vec<Turn>,
    waiting: Vec<(Own, Waiting)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(Some(seed));
        let policy = match dice.below(4) {
            0 => Policy::round_robin(),
            1 => Policy::least_request(),
            2 => Policy::peak_ewma(),
            _ => Policy::bounded_hash(HashOn::header("x").unwrap(), 125),
        };
        let limits = match dice.below(4) {
            0 => Limits::new().requests(3),
            1 => Limits::new().requests_per_host(1),
            2 => Limits::new().requests(5).requests_per_host(2),
            _ => Limits::new().connections_per_host(2),
        };
        let limits = limits.queue([0, 1, 5, 1000][dice.below(4)]);
        let [a, b, c, d] = HOSTS.map(HostEntry::new);
        let upstream = Upstream::builder()
            .hosts([a, b.weight(2), c, d.backup()])
            .sticky(Sticky::cookie("host", "a secret of some length").unwrap())
            .balance(policy)
            .panic(dice.below(2) == 0)
            .slow_start(Duration::from_secs([0, 5][dice.below(2)]))
            .limits(limits.clone())
            .seed(seed)
            .build()
            .unwrap();
        Self {
            endpoints: (0..HOSTS.len()).map(|at| endpoint(&upstream, at)).collect(),
            dice,
            limits,
            upstream,
            held: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn any_endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoints[self.dice.below(HOSTS.len())]
    }

    async fn step(&mut self) {
        let host = HOSTS[self.dice.below(HOSTS.len())];
        match self.dice.below(14) {
            0..=4 => self.ask(),
            5..=7 if !self.held.is_empty() => {
                self.held.swap_remove(self.dice.below(self.held.len()));
            }
            8 if !self.waiting.is_empty() => {
                let at = self.dice.below(self.waiting.len());
                let (_, leaves) = self.waiting.swap_remove(at);
                leaves.abort();
                assert!(leaves.await.is_err());
            }
            9 => drop(self.upstream.drain_host(host)),
            10 => drop(self.upstream.enable_host(host)),
            11 => drop(self.upstream.remove_host(host)),
            12 => drop(self.upstream.add_host(host)),
            13 => {
                let refused = Error::new(ErrorKind::Connect, "refused");
                for _ in 0..5 {
                    let endpoint = self.any_endpoint();
                    self.upstream.attempt(endpoint).failed(endpoint, &refused);
                }
            }
            _ => tokio::time::advance(Duration::from_millis(500)).await,
        }
        self.settle().await;
    }

    fn ask(&mut self) {
        let mut own = match self.dice.below(3) {
            0 => Own::only_at(&self.upstream, self.any_endpoint()),
            _ => Own::any(),
        };
        for _ in 0..self.dice.below(4) {
            own.tried.insert(self.any_endpoint());
        }
        let (asks, upstream) = (own.clone(), self.upstream.clone());
        let waiting = tokio::spawn(async move { asks.turn(&upstream).await });
        self.waiting.push((own, waiting));
    }

    /// Who has got something by now.
    async fn settle(&mut self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        for (own, waiting) in std::mem::take(&mut self.waiting) {
            if !waiting.is_finished() {
                self.waiting.push((own, waiting));
                continue;
            }
            match waiting.await.unwrap() {
                Ok(turn) => self.held.extend(turn),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Overloaded),
            }
        }
    }

    fn check(&self, when: &str) {
        let inner = &self.upstream.inner;
        assert_eq!(self.upstream.queued(), self.waiting.len(), "{when}");
        assert!(self.waiting.len() <= self.limits.queue, "{when}");
        assert_eq!(inner.in_flight.get(), self.held.len(), "{when}");
        let snapshot = inner.snapshot.load();
        for member in snapshot.members() {
            let at = |turn: &&Turn| Arc::ptr_eq(&turn.endpoint, &member.endpoint);
            let held = self.held.iter().filter(at).count();
            assert_eq!(member.endpoint.load().in_flight(), held, "{when}");
            assert!(
                !member
                    .endpoint
                    .load()
                    .is_full(self.limits.per_host().map(|most| most + 1))
            );
        }
        // Whoever waits looks by itself when an ejection is over.
        if snapshot.is_over() {
            return;
        }
        for (own, _) in &self.waiting {
            let room = self.upstream.reserve(&own.ask(), &self.limits);
            assert!(matches!(room, Ok(Room::Full)), "{when}: {:?}", own.tried);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beside_room() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for step in 0..STEPS {
            world.step().await;
            world.check(&format!("seed {seed}, step {step}"));
        }
        world.held.clear();
        for (_, waiting) in world.waiting {
            drop(waiting.await.unwrap());
        }
        let inner = &world.upstream.inner;
        assert_eq!((world.upstream.queued(), inner.in_flight.get()), (0, 0));
    }
}

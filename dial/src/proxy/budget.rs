//! How many retries a route may make: a share of its requests of late, and a few more.
//!
//! Both are counted by the second, in a ring that covers the last ten. A retry is counted before it is asked whether it is
//! one too many, and taken back if it is; so two threads can both be refused the last one, but never both have it. In any
//! stretch of time there are then no more retries than the share of its requests, and those of the ten seconds before, plus
//! the minimum of each second: a retry leaves the ring no earlier than the requests it is paid with.
//!
//! There is one for each route, not for each upstream: routes may differ in what they retry and how much. If each keeps its
//! share, then so do all together.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// How many seconds are looked back.
const SECONDS: u32 = 10;

#[derive(Debug)]
pub(super) struct Budget {
    /// Retries in percent of requests.
    percent: u64,
    /// Retries a second that cost nothing.
    free: u64,
    began: Instant,
    requests: Ring,
    retries: Ring,
}

impl Budget {
    pub(super) fn new(percent: u32, min_per_second: u32) -> Self {
        Self {
            percent: percent.into(),
            free: min_per_second.into(),
            began: Instant::now(),
            requests: Ring::default(),
            retries: Ring::default(),
        }
    }

    /// Counts a request that is sent for the first time.
    pub(super) fn deposit(&self, now: Instant) {
        self.requests.add(self.second(now));
    }

    /// Whether there may be a retry; it is counted then.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        let second = self.second(now);
        self.retries.add(second);
        let paid = self.requests.sum(second) * self.percent / 100;
        let may = self.retries.sum(second) <= paid + self.free * u64::from(SECONDS);
        if !may {
            self.retries.take_back(second);
        }
        may
    }

    /// The number of this second, from 1.
    fn second(&self, now: Instant) -> u32 {
        let seconds = now.saturating_duration_since(self.began).as_secs();
        u32::try_from(seconds).map_or(u32::MAX, |second| second.saturating_add(1))
    }
}

/// Counts of the last seconds. Each is one atomic: the number of its second, and how many there were.
#[derive(Debug, Default)]
struct Ring([AtomicU64; SECONDS as usize]);

impl Ring {
    fn add(&self, second: u32) {
        self.change(second, |count| count.saturating_add(1));
    }

    fn take_back(&self, second: u32) {
        self.change(second, |count| count.saturating_sub(1));
    }

    fn change(&self, second: u32, change: impl Fn(u32) -> u32) {
        let slot = &self.0[(second % SECONDS) as usize];
        let next = |slot: u64| {
            let (of, count) = unpack(slot);
            match of.cmp(&second) {
                // A slow thread is late: its second is over for everybody else.
                std::cmp::Ordering::Greater => None,
                std::cmp::Ordering::Equal => Some(pack(second, change(count))),
                std::cmp::Ordering::Less => Some(pack(second, change(0))),
            }
        };
        let _ = slot.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    /// How many there were in the seconds up to and with this one.
    fn sum(&self, second: u32) -> u64 {
        let since = second.saturating_sub(SECONDS - 1);
        let slots = self
            .0
            .iter()
            .map(|slot| unpack(slot.load(Ordering::Acquire)));
        let counts = slots.filter_map(|(of, count)| (of >= since).then_some(u64::from(count)));
        counts.sum()
    }
}

fn pack(second: u32, count: u32) -> u64 {
    u64::from(second) << 32 | u64::from(count)
}

#[expect(clippy::cast_possible_truncation, reason = "two halves")]
fn unpack(slot: u64) -> (u32, u32) {
    ((slot >> 32) as u32, slot as u32)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(budget: &Budget, seconds: u64) -> Instant {
        budget.began + Duration::from_secs(seconds)
    }

    #[test]
    fn a_share_of_the_requests_and_the_minimum() {
        let budget = Budget::new(20, 1);
        let now = at(&budget, 0);
        let granted = |now| (0..1000).take_while(|_| budget.withdraw(now)).count();
        assert_eq!(granted(now), 10, "the minimum of ten seconds");
        for _ in 0..100 {
            budget.deposit(now);
        }
        assert_eq!(granted(now), 20);
        assert_eq!(granted(at(&budget, 9)), 0, "the same ten seconds");
        assert_eq!(granted(at(&budget, 10)), 10, "they are over");
        assert_eq!(granted(at(&budget, 1_000_000)), 10);
    }

    #[test]
    fn nothing_is_nothing() {
        let budget = Budget::new(0, 0);
        budget.deposit(at(&budget, 0));
        assert!(!budget.withdraw(at(&budget, 0)));
        let budget = Budget::new(100, 0);
        budget.deposit(at(&budget, 3));
        assert!(budget.withdraw(at(&budget, 3)) && !budget.withdraw(at(&budget, 3)));
    }

    #[test]
    fn threads_never_have_more_together() {
        let budget = Budget::new(50, 0);
        let now = at(&budget, 0);
        let granted: usize = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| {
                scope.spawn(|| {
                    let each = |_: &i32| {
                        budget.deposit(now);
                        budget.withdraw(now)
                    };
                    (0..500).filter(each).count()
                })
            });
            threads
                .map(|thread| thread.join().expect("it counts"))
                .iter()
                .sum()
        });
        assert!(granted <= 1000, "{granted}");
        while budget.withdraw(now) {}
        assert_eq!(
            budget.retries.sum(1),
            1000,
            "what was refused is not counted"
        );
    }

    proptest! {
        /// Whatever comes when: never more than the share of all requests so far, and the minimum.
        #[test]
        fn never_more_than_its_share(
            percent in 0u32..=100,
            free in 0u32..5,
            steps in proptest::collection::vec((0u64..4, 0usize..30, 0usize..30), 1..60),
        ) {
            let budget = Budget::new(percent, free);
            let (mut second, mut requests, mut retries) = (0, 0u64, 0u64);
            for (later, sent, failed) in steps {
                second += later;
                let now = at(&budget, second);
                for _ in 0..sent {
                    budget.deposit(now);
                    requests += 1;
                }
                for _ in 0..failed {
                    retries += u64::from(budget.withdraw(now));
                }
                let most = requests * u64::from(percent) / 100 + u64::from(free) * (second + 10);
                prop_assert!(retries <= most, "{} of {} after {} s", retries, requests, second);
            }
        }
    }
}

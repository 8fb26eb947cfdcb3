//! How many retries a route may make: a share of its requests of late, and a few more each second.
//!
//! A retry is first one of the few, which are counted anew each second: what one second leaves is not there in the next. The
//! others are counted by the second as well, in a ring that covers the last ten, and so are the requests. Such a retry is
//! counted before it is asked whether it is one too many, and taken back if it is; so two threads can both be refused the
//! last one, but never both have it. In any stretch of time there are then no more retries than the share of its requests,
//! and those of the ten seconds before, plus the minimum of each second: a retry leaves the ring no earlier than the requests
//! it is paid with.
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
    free: u32,
    began: Instant,
    /// Those of this second.
    gratis: Slot,
    requests: Ring,
    retries: Ring,
}

/// A retry that was granted, for whoever does not make it after all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    second: u32,
    free: bool,
}

impl Budget {
    pub(super) fn new(percent: u32, min_per_second: u32) -> Self {
        Self {
            percent: percent.into(),
            free: min_per_second,
            began: Instant::now(),
            gratis: Slot::default(),
            requests: Ring::default(),
            retries: Ring::default(),
        }
    }

    /// Counts a request that is sent for the first time.
    pub(super) fn deposit(&self, now: Instant) {
        self.requests.add(self.second(now));
    }

    /// A retry, which is counted; `None` if there may be none.
    pub(super) fn withdraw(&self, now: Instant) -> Option<Token> {
        let second = self.second(now);
        let one_more = |count: u32| (count < self.free).then_some(count + 1);
        let free = self.gratis.change(second, one_more);
        let token = Token { second, free };
        if free {
            return Some(token);
        }
        self.retries.add(second);
        if self.retries.sum(second) * 100 <= self.requests.sum(second) * self.percent {
            return Some(token);
        }
        self.give_back(token);
        None
    }

    /// It is as if it had not been granted.
    pub(super) fn give_back(&self, token: Token) {
        let one_less = |count: u32| count.checked_sub(1);
        let slot = match token.free {
            true => &self.gratis,
            false => self.retries.slot(token.second),
        };
        slot.change(token.second, one_less);
    }

    /// The number of this second, from 1.
    fn second(&self, now: Instant) -> u32 {
        let seconds = now.saturating_duration_since(self.began).as_secs();
        u32::try_from(seconds).map_or(u32::MAX, |second| second.saturating_add(1))
    }
}

/// The count of one second, the latest in which there was any: the number of that second, and how many there were.
#[derive(Debug, Default)]
struct Slot(AtomicU64);

/// Counts of the last seconds.
#[derive(Debug, Default)]
struct Ring([Slot; SECONDS as usize]);

impl Slot {
    /// Changes the count of `second`, if it is to be changed; whether it was.
    fn change(&self, second: u32, change: impl Fn(u32) -> Option<u32>) -> bool {
        let next = |slot: u64| {
            let (of, count) = unpack(slot);
            let count = match of.cmp(&second) {
                // A slow thread is late: its second is over for everybody else.
                std::cmp::Ordering::Greater => None,
                std::cmp::Ordering::Equal => change(count),
                std::cmp::Ordering::Less => change(0),
            };
            count.map(|count| pack(second, count))
        };
        let changed = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        changed.is_ok()
    }
}

impl Ring {
    fn add(&self, second: u32) {
        let one_more = |count: u32| Some(count.saturating_add(1));
        self.slot(second).change(second, one_more);
    }

    fn slot(&self, second: u32) -> &Slot {
        &self.0[(second % SECONDS) as usize]
    }

    /// How many there were in the seconds up to and with this one.
    fn sum(&self, second: u32) -> u64 {
        let since = second.saturating_sub(SECONDS - 1);
        let slots = self.0.iter().map(|slot| slot.0.load(Ordering::Acquire));
        let counts = slots.map(unpack).filter(|(of, _)| *of >= since);
        counts.map(|(_, count)| u64::from(count)).sum()
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

    /// How many are granted at that time.
    fn granted(budget: &Budget, seconds: u64) -> usize {
        let each = std::iter::from_fn(|| budget.withdraw(at(budget, seconds)));
        each.take(1000).count()
    }

    #[test]
    fn a_share_of_the_requests_and_the_minimum() {
        let budget = Budget::new(20, 3);
        for _ in 0..100 {
            budget.deposit(at(&budget, 0));
        }
        assert_eq!(granted(&budget, 0), 3 + 20);
        assert_eq!(granted(&budget, 9), 3, "the same ten seconds");
        for _ in 0..100 {
            budget.deposit(at(&budget, 9));
        }
        assert_eq!(granted(&budget, 9), 20, "the share of those that came");
        assert_eq!(granted(&budget, 10), 3, "the share is used up");
        assert_eq!(granted(&budget, 1_000_000), 3);
    }

    /// What was not used for long is no burst.
    #[test]
    fn the_minimum_is_that_of_each_second() {
        let budget = Budget::new(20, 10);
        for second in [0, 1, 2, 30, 31, 1_000_000] {
            assert_eq!(granted(&budget, second), 10, "{second}");
            assert_eq!(granted(&budget, second), 0, "{second}");
        }
    }

    #[test]
    fn nothing_is_nothing() {
        let budget = Budget::new(0, 0);
        budget.deposit(at(&budget, 0));
        assert_eq!(granted(&budget, 0), 0);
        let budget = Budget::new(100, 0);
        budget.deposit(at(&budget, 3));
        assert_eq!(granted(&budget, 3), 1);
    }

    #[test]
    fn what_is_given_back_is_there_again() {
        let budget = Budget::new(100, 1);
        budget.deposit(at(&budget, 0));
        let tokens = [0, 0].map(|second| budget.withdraw(at(&budget, second)).expect("one"));
        for token in tokens {
            assert_eq!(granted(&budget, 0), 0);
            budget.give_back(token);
            assert_eq!(granted(&budget, 0), 1);
        }
        // Its second is over: the minimum of another is not made larger by it.
        let late = budget.withdraw(at(&budget, 1)).expect("one");
        assert_eq!(granted(&budget, 2), 1);
        budget.give_back(late);
        assert_eq!(granted(&budget, 2), 0);
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
                        budget.withdraw(now).is_some()
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
        while budget.withdraw(now).is_some() {}
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
                    retries += u64::from(budget.withdraw(now).is_some());
                }
                let most = requests * u64::from(percent) / 100 + u64::from(free) * (second + 1);
                prop_assert!(retries <= most, "{} of {} after {} s", retries, requests, second);
            }
        }
    }
}

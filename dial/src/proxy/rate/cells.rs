//! What each key has used of its limit.

use std::collections::HashMap;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use crate::proxy::shards::Shards;

/// Keys of each part of the memory.
const KEYS: usize = 1024;

/// See the module.
pub(super) struct Cells {
    limiter: RateLimiter<u64, Store, Ticks, NoOpMiddleware<Nanos>>,
}

impl Cells {
    pub(super) fn new(quota: Quota) -> Self {
        let store = Store(Shards::default());
        Self {
            limiter: RateLimiter::new(quota, store, Ticks(Instant::now())),
        }
    }

    /// Takes one request's part, or tells when there is one again.
    pub(super) fn take(&self, key: u64) -> Result<(), Duration> {
        self.limiter.check_key(&key).map_err(|not_yet| {
            let now = self.limiter.clock().now();
            not_yet.wait_time_from(now)
        })
    }
}

/// The runtime's clock.
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// For each key, the time at which all that it used is there again. A client may have as many keys as it likes, so the
/// number of those that are remembered is bounded.
struct Store(Shards<Nanos>);

impl StateStore for Store {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.0.of(*key);
        let (outcome, until) = measure(shard.get(key).copied())?;
        if !shard.contains_key(key) && shard.len() >= KEYS {
            forget(&mut shard);
        }
        shard.insert(*key, until);
        Ok(outcome)
    }
}

/// Forgets the half of the keys that have used least.
fn forget(shard: &mut HashMap<u64, Nanos>) {
    let mut times: Vec<_> = shard.values().copied().collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    shard.retain(|_, until| *until > median);
    // They are all alike.
    if shard.len() >= KEYS {
        shard.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tokio::time::advance;

    use super::*;

    fn cells(burst: u32, period: Duration) -> Cells {
        let quota = Quota::with_period(period).expect("a period");
        Cells::new(quota.allow_burst(NonZeroU32::new(burst).expect("a number")))
    }

    #[tokio::test(start_paused = true)]
    async fn each_key_has_a_burst_and_then_one_at_a_time() {
        let second = Duration::from_secs(1);
        let cells = cells(3, second);
        for key in [1, 2] {
            for _ in 0..3 {
                assert_eq!(cells.take(key), Ok(()));
            }
            assert_eq!(cells.take(key), Err(second));
        }
        advance(second / 4).await;
        assert_eq!(cells.take(1), Err(second * 3 / 4));
        advance(second * 3 / 4).await;
        assert_eq!(cells.take(1), Ok(()));
        assert_eq!(cells.take(1), Err(second));
        // Refused ones use nothing.
        advance(second * 3).await;
        for _ in 0..3 {
            assert_eq!(cells.take(1), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_those_who_used_most_are_remembered() {
        let cells = cells(2, Duration::from_hours(1));
        let greedy = 7;
        assert_eq!((cells.take(greedy), cells.take(greedy)), (Ok(()), Ok(())));
        for key in 0..200_000 {
            let _ = cells.take(key << 8 | 7);
            assert!(cells.take(greedy).is_err(), "forgotten after {key}");
        }
        let shards = cells.limiter.into_state_store().0;
        assert!(shards.lens().into_iter().all(|keys| keys <= KEYS));
    }
}

//! Sums over a window of time that many threads add to without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::health::since_epoch;

/// A window moves in so many steps.
pub(super) const STEPS: u32 = 10;

/// Of each step the last 24 bits of its number, and 40 bits of what was added in it. The number comes round again after
/// more than nineteen days of the shortest steps: then a sum that nobody added to for exactly as long may count once more.
#[derive(Debug, Default)]
pub(super) struct Window([AtomicU64; STEPS as usize]);

const SUM_BITS: u32 = 40;
const MAX_SUM: u64 = (1 << SUM_BITS) - 1;
const MAX_NUMBER: u64 = u64::MAX >> SUM_BITS;

/// The number of the step at `now`, of a window that is as long as that.
pub(super) fn step(window: Duration, now: Instant) -> u64 {
    let step = u64::try_from((window / STEPS).as_nanos()).unwrap_or(u64::MAX);
    since_epoch(now) / step.max(1)
}

/// Whether so many of so many requests are as many percent.
pub(super) fn is_part(failures: u64, requests: u64, percent: u32) -> bool {
    failures * 100 >= requests * u64::from(percent)
}

impl Window {
    pub(super) fn add(&self, step: u64, amount: u64) {
        let number = step & MAX_NUMBER;
        let add = |old: u64| {
            let before = match old >> SUM_BITS == number {
                true => old & MAX_SUM,
                false => 0,
            };
            let sum = before.saturating_add(amount).min(MAX_SUM);
            Some(number << SUM_BITS | sum)
        };
        // Never an error: there is always something to put in.
        let _ = self
            .piece(step)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// What was added in this step and those before it that are in the window.
    pub(super) fn sum(&self, step: u64) -> u64 {
        let pieces = self.0.iter().map(|piece| piece.load(Ordering::Relaxed));
        let fresh = pieces.filter(|piece| {
            let age = step.wrapping_sub(piece >> SUM_BITS) & MAX_NUMBER;
            age < u64::from(STEPS)
        });
        fresh.map(|piece| piece & MAX_SUM).sum()
    }

    pub(super) fn clear(&self) {
        for piece in &self.0 {
            piece.store(0, Ordering::Relaxed);
        }
    }

    fn piece(&self, step: u64) -> &AtomicU64 {
        let place = usize::try_from(step % u64::from(STEPS)).unwrap_or(0);
        &self.0[place]
    }
}

//! A moving average of latencies that rises at once, falls slowly, and fades while nothing is heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// After so long without anything slower, what is left of a peak is 1/e.
const DECAY: Duration = Duration::from_secs(10);
/// What an attempt that failed counts as: longer than most answers take, however soon it failed.
const PENALTY: Duration = Duration::from_secs(10);

/// Numbers that change one after the other: who reads between sees an average with the wrong age, which does no harm.
#[derive(Debug)]
pub(in crate::upstream) struct Ewma {
    start: Instant,
    /// In nanoseconds; 0 before the first.
    average: AtomicU64,
    /// When the last sample came, in nanoseconds since `start`.
    at: AtomicU64,
    /// When the first request was sent that no sample has followed, or one before it.
    asked: AtomicU64,
}

impl Ewma {
    pub(in crate::upstream) fn new() -> Self {
        Self {
            start: Instant::now(),
            average: AtomicU64::new(0),
            at: AtomicU64::new(0),
            asked: AtomicU64::new(0),
        }
    }

    /// A request is sent. What was known before holds once more, so that after a long silence one request finds out how
    /// things are and the others do not follow it blindly.
    pub(in crate::upstream) fn asked(&self, now: Instant) {
        // But if nothing is ever heard of those that are sent, what is known fades all the same.
        if self.asked.load(Ordering::Relaxed) <= self.at.load(Ordering::Relaxed) {
            self.asked.store(self.since_start(now), Ordering::Relaxed);
        }
    }

    /// It was no answer that came.
    pub(in crate::upstream) fn failed(&self) {
        self.add(PENALTY);
    }

    /// What was known holds no longer.
    pub(in crate::upstream) fn forget(&self) {
        self.average.store(0, Ordering::Relaxed);
    }

    pub(in crate::upstream) fn add(&self, sample: Duration) {
        self.add_at(sample, Instant::now());
    }

    fn add_at(&self, sample: Duration, now: Instant) {
        let sample = nanos(sample).max(1);
        let now = self.since_start(now);
        let before = self.average.load(Ordering::Relaxed);
        let passed = now.saturating_sub(self.at.swap(now, Ordering::Relaxed));
        let average = if sample >= before {
            sample
        } else {
            let left = left_after(passed);
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it lies between two numbers that fit"
            )]
            let average = (before as f64 * left + sample as f64 * (1.0 - left)) as u64;
            average.max(1)
        };
        self.average.store(average, Ordering::Relaxed);
    }

    /// What is left of the average at `now`: one that gets nothing because it was slow is tried again in time.
    pub(in crate::upstream) fn get(&self, now: Instant) -> Option<Duration> {
        let average = Duration::from_nanos(self.average.load(Ordering::Relaxed));
        let at = self.at.load(Ordering::Relaxed);
        let last = at.max(self.asked.load(Ordering::Relaxed));
        let passed = self.since_start(now).saturating_sub(last);
        (!average.is_zero()).then(|| average.mul_f64(left_after(passed)))
    }

    fn since_start(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.start))
    }
}

/// The part of an average that is left after so many nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
fn left_after(passed: u64) -> f64 {
    (-(passed as f64) / (nanos(DECAY) as f64)).exp()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Duration = Duration::from_millis(100);
    const FAST: Duration = Duration::from_millis(1);

    fn is_about(ewma: &Ewma, now: Instant, expected: Duration) {
        let left = ewma.get(now).expect("an average");
        let near = expected * 9 / 10..expected * 11 / 10;
        assert!(near.contains(&left), "{left:?} is not about {expected:?}");
    }

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let ewma = Ewma::new();
        let now = |after| ewma.start + after;
        assert_eq!(ewma.get(ewma.start), None);
        ewma.add_at(FAST, ewma.start);
        assert_eq!(ewma.get(ewma.start), Some(FAST));
        ewma.add_at(SLOW, now(FAST));
        assert_eq!(ewma.get(now(FAST)), Some(SLOW));
        ewma.add_at(FAST, now(2 * FAST));
        is_about(&ewma, now(2 * FAST), SLOW);
        ewma.add_at(FAST, now(2 * FAST + DECAY));
        is_about(&ewma, now(2 * FAST + DECAY), SLOW * 37 / 100);
        ewma.add_at(FAST, now(DECAY * 20));
        is_about(&ewma, now(DECAY * 20), FAST);
    }

    #[test]
    fn it_fades_while_nothing_is_heard() {
        let ewma = Ewma::new();
        let now = |times| ewma.start + DECAY * times;
        ewma.add_at(SLOW, now(0));
        is_about(&ewma, now(1), SLOW * 37 / 100);
        is_about(&ewma, now(2), SLOW * 135 / 1000);
        // Whoever is asked is what it was, as long as there is no answer,
        ewma.asked(now(3));
        is_about(&ewma, now(3), SLOW);
        // unless there is never one.
        ewma.asked(now(4));
        is_about(&ewma, now(4), SLOW * 37 / 100);
        assert_eq!(ewma.get(now(1_000)), Some(Duration::ZERO));
        ewma.add_at(FAST, now(1_000));
        is_about(&ewma, now(1_000), FAST);
        ewma.asked(now(1_001));
        is_about(&ewma, now(1_001), FAST);
        ewma.forget();
        assert_eq!(ewma.get(now(1_001)), None);
    }

    #[test]
    fn a_failure_is_worse_than_an_answer() {
        let ewma = Ewma::new();
        ewma.add_at(SLOW, ewma.start);
        ewma.failed();
        is_about(&ewma, Instant::now(), PENALTY);
    }
}

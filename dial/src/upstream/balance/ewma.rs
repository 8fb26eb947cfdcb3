//! A moving average of latencies that rises at once and falls slowly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// After so long without anything slower, what is left of a peak is 1/e.
const DECAY: Duration = Duration::from_secs(10);

/// Two numbers that change one after the other: who reads between sees an average with the wrong age, which does no harm.
#[derive(Debug)]
pub(in crate::upstream) struct Ewma {
    start: Instant,
    /// In nanoseconds; 0 before the first.
    average: AtomicU64,
    /// In nanoseconds since `start`.
    at: AtomicU64,
}

impl Ewma {
    pub(in crate::upstream) fn new() -> Self {
        Self {
            start: Instant::now(),
            average: AtomicU64::new(0),
            at: AtomicU64::new(0),
        }
    }

    pub(in crate::upstream) fn add(&self, sample: Duration) {
        self.add_at(sample, self.start.elapsed());
    }

    fn add_at(&self, sample: Duration, now: Duration) {
        let sample = nanos(sample).max(1);
        let now = nanos(now);
        let before = self.average.load(Ordering::Relaxed);
        let passed = now.saturating_sub(self.at.swap(now, Ordering::Relaxed));
        let average = if sample >= before {
            sample
        } else {
            #[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
            let left = (-(passed as f64) / (nanos(DECAY) as f64)).exp();
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

    pub(in crate::upstream) fn get(&self) -> Option<Duration> {
        match self.average.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Duration = Duration::from_millis(100);
    const FAST: Duration = Duration::from_millis(1);

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let ewma = Ewma::new();
        assert_eq!(ewma.get(), None);
        ewma.add_at(FAST, Duration::ZERO);
        assert_eq!(ewma.get(), Some(FAST));
        ewma.add_at(SLOW, Duration::from_millis(1));
        assert_eq!(ewma.get(), Some(SLOW));
        ewma.add_at(FAST, Duration::from_millis(2));
        assert!(ewma.get() > Some(SLOW * 9 / 10), "{ewma:?}");
        ewma.add_at(FAST, Duration::from_millis(2) + DECAY);
        let left = ewma.get().expect("an average");
        assert!(left > SLOW / 3 && left < SLOW / 2, "{left:?} is about 1/e");
        ewma.add_at(FAST, DECAY * 20);
        assert!(ewma.get() < Some(FAST * 2), "{ewma:?}");
    }
}

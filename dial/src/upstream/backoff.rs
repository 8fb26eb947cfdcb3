//! How long to wait before something that failed is tried again.

use std::time::Duration;

use super::balance::Dice;

/// The longest wait after the first failure, and after many.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Waits that double with each failure, each shortened by up to a half at random, so that many who failed together do not
/// come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    dice: Dice,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self {
            dice: Dice::new(seed),
            next: WAITS.0,
        }
    }

    /// How long to wait now.
    pub(crate) fn wait(&mut self) -> Duration {
        let longest = self.next;
        self.next = (longest * 2).min(WAITS.1);
        longest.mul_f64(1.0 - self.dice.part() / 2.0)
    }

    /// It went well.
    pub(crate) fn reset(&mut self) {
        self.next = WAITS.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_differ() {
        let mut backoff = Backoff::new(Some(1));
        let mut longest = WAITS.0;
        let mut waits = Vec::new();
        for _ in 0..40 {
            let wait = backoff.wait();
            assert!(
                wait > longest / 2 && wait <= longest,
                "{wait:?} of {longest:?}"
            );
            longest = (longest * 2).min(WAITS.1);
            waits.push(wait);
        }
        assert_eq!(longest, WAITS.1);
        waits.sort_unstable();
        waits.dedup();
        assert_eq!(waits.len(), 40, "each is another one");

        backoff.reset();
        assert!(backoff.wait() <= WAITS.0);
    }
}

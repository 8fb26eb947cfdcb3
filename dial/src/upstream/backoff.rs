//! How long to wait before something that failed is tried again.

use std::time::Duration;

use super::balance::Dice;

/// Waits that double with each failure, each shortened by up to a half at random, so that many who failed together do not
/// come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// How long a wait is at the most after the first failure, and after many.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            next: first,
            longest,
        }
    }

    /// How long to wait now.
    pub(crate) fn wait(&mut self, dice: &Dice) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        whole.saturating_sub(whole.mul_f64(dice.part() / 2.0))
    }

    /// It went well.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Before a source outside of the process is asked again.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_differ() {
        let dice = Dice::new(Some(1));
        let (first, last) = (Duration::from_millis(100), Duration::from_secs(10));
        let mut backoff = Backoff::default();
        let mut longest = first;
        let mut waits = Vec::new();
        for _ in 0..40 {
            let wait = backoff.wait(&dice);
            assert!(
                wait > longest / 2 && wait <= longest,
                "{wait:?} of {longest:?}"
            );
            longest = (longest * 2).min(last);
            waits.push(wait);
        }
        assert_eq!(longest, last);
        waits.sort_unstable();
        waits.dedup();
        assert_eq!(waits.len(), 40, "each is another one");

        backoff.reset();
        assert!(backoff.wait(&dice) <= first);
    }

    #[test]
    fn no_wait_is_too_long_to_be_one() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            assert!(backoff.wait(&Dice::new(Some(1))) > Duration::MAX / 3);
        }
    }
}

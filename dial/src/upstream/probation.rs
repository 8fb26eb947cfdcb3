//! What the results of probes say of an endpoint, without I/O.

use std::sync::{MutexGuard, PoisonError};

use super::endpoint::Endpoint;
use crate::config::Check;

/// Of the events that tell how endpoints do.
const TARGET: &str = "dial::upstream";

/// What probes have found out about one endpoint. Only its prober changes it.
#[derive(Debug, Default)]
pub(super) struct Probation {
    /// Whether there was a result.
    begun: bool,
    failing: bool,
    /// How many results in a row have spoken against what is thought of it.
    against: u32,
    /// What was wrong at the last probe.
    failure: Option<String>,
}

/// What a result has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flip {
    Fails,
    PassesAgain,
}

impl Probation {
    /// Takes a result. It takes `rise` that pass, or `fall` that fail, in a row to change what is thought of the endpoint; but
    /// one whose very first probe fails has never been seen to work, and that is enough.
    fn tell(&mut self, passed: bool, rise: u32, fall: u32) -> Option<Flip> {
        let first = !std::mem::replace(&mut self.begun, true);
        if passed != self.failing {
            self.against = 0;
            return None;
        }
        self.against += 1;
        let enough = match passed {
            true => rise,
            false if first => 1,
            false => fall,
        };
        if self.against < enough {
            return None;
        }
        self.against = 0;
        self.failing = !passed;
        Some(match passed {
            true => Flip::PassesAgain,
            false => Flip::Fails,
        })
    }
}

impl Endpoint {
    /// What was wrong at its last probe, if that failed.
    pub(super) fn probe_failure(&self) -> Option<String> {
        self.probation().failure.clone()
    }

    /// Takes the result of a probe. What it changes holds for snapshots that are made after it.
    pub(super) fn probed(&self, result: Result<(), String>, check: &Check) -> Option<Flip> {
        // Nobody asks any more.
        if self.is_retired() {
            return None;
        }
        let mut probation = self.probation();
        let flip = probation.tell(result.is_ok(), check.rise, check.fall);
        probation.failure = result.err();
        if let Some(flip) = flip {
            self.health().set_failing(flip == Flip::Fails);
        }
        flip
    }

    /// Tells the log.
    pub(super) fn announce(&self, flip: Flip) {
        match flip {
            Flip::Fails => {
                let failure = self.probe_failure().unwrap_or_default();
                tracing::warn!(target: TARGET, endpoint = %self, failure, "health check fails");
            }
            Flip::PassesAgain => {
                tracing::info!(target: TARGET, endpoint = %self, "health check passes again");
            }
        }
    }

    fn probation(&self) -> MutexGuard<'_, Probation> {
        self.probation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn run(results: &[bool], rise: u32, fall: u32) -> Vec<Option<Flip>> {
        let mut probation = Probation::default();
        let told = results.iter();
        told.map(|passed| probation.tell(*passed, rise, fall))
            .collect()
    }

    #[test]
    fn it_takes_several_in_a_row() {
        let fails = Some(Flip::Fails);
        let again = Some(Flip::PassesAgain);
        for (results, flips) in [
            ("+++", &[None, None, None][..]),
            ("+---", &[None, None, None, fails]),
            ("+--+--", &[None, None, None, None, None, None]),
            ("+----", &[None, None, None, fails, None]),
            ("-", &[fails]),
            ("-++", &[fails, None, again]),
            (
                "-+-++---",
                &[fails, None, None, None, again, None, None, fails],
            ),
        ] {
            let passed: Vec<_> = results.chars().map(|result| result == '+').collect();
            assert_eq!(run(&passed, 2, 3), flips, "{results}");
        }
        assert_eq!(run(&[true, false, true], 1, 1), [None, fails, again]);
    }

    proptest! {
        /// Against what the thresholds mean: look back over all results there were, each time.
        #[test]
        fn as_the_last_results_say(results in vec(any::<bool>(), 0..60), rise in 1..5_u32, fall in 1..5_u32) {
            let mut failing = false;
            for (at, flip) in run(&results, rise, fall).into_iter().enumerate() {
                let seen = &results[..=at];
                let all = |count: u32, what: bool| {
                    let last: Vec<_> = seen.iter().rev().take(count as usize).collect();
                    last.len() == count as usize && last.iter().all(|passed| **passed == what)
                };
                let expected = match failing {
                    false if seen == [false] || all(fall, false) => Some(Flip::Fails),
                    true if all(rise, true) => Some(Flip::PassesAgain),
                    _ => None,
                };
                prop_assert_eq!(flip, expected, "after {:?}", seen);
                failing = match flip {
                    None => failing,
                    Some(flip) => flip == Flip::Fails,
                };
            }
        }
    }
}

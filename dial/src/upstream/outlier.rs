//! What an endpoint did to the requests it got, and whether that is too much. Without I/O: times are told.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ejection::Ejection;
use super::window::{Window, step};

/// One endpoint's record. A response that is complete costs it one look at a number that only failures change, unless
/// there is a window to keep.
#[derive(Debug, Default)]
pub(super) struct Outlier {
    /// Failures since the last response that was complete.
    streak: AtomicU32,
    requests: Window,
    failures: Window,
    responses: Window,
    /// What they took to begin, in microseconds.
    micros: Window,
    /// How many ejections there were: what was sent before the last one is not held against it.
    term: AtomicU32,
    past: Mutex<Past>,
}

/// Its ejections.
#[derive(Debug, Default)]
struct Past {
    /// How many are not forgiven.
    count: u32,
    /// When the last one ends, or ended.
    until: Option<Instant>,
}

/// Why an endpoint is ejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Consecutive,
    ErrorRate,
    Latency,
}

impl Outlier {
    /// Where an attempt begins: to be told with its failure.
    pub(super) fn term(&self) -> u32 {
        self.term.load(Ordering::Relaxed)
    }

    /// A response was complete.
    pub(super) fn succeeded(&self) {
        // Looked at before it is written, so that workers share it as long as all is well.
        if self.streak.load(Ordering::Relaxed) != 0 {
            self.streak.store(0, Ordering::Relaxed);
        }
    }

    /// An attempt came to something, `latency` after it was made if a response began. Only for rules with a window.
    pub(super) fn counted(&self, rules: &Ejection, now: Instant, latency: Option<Duration>) {
        let step = step(rules.window_length(), now);
        self.requests.add(step, 1);
        if let Some(latency) = latency {
            let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.responses.add(step, 1);
            self.micros.add(step, micros);
        }
    }

    /// An attempt of `term` failed. Says why that is one too many, if it is.
    pub(super) fn failed(&self, rules: &Ejection, term: u32, now: Instant) -> Option<Cause> {
        if term != self.term() {
            return None;
        }
        let streak = self.streak.fetch_add(1, Ordering::Relaxed);
        let mut cause = rules
            .is_streak(streak.saturating_add(1))
            .then_some(Cause::Consecutive);
        if rules.has_window() {
            let step = step(rules.window_length(), now);
            self.failures.add(step, 1);
            let is_rate = || rules.is_rate(self.failures.sum(step), self.requests.sum(step));
            cause = cause.or_else(|| is_rate().then_some(Cause::ErrorRate));
        }
        cause
    }

    /// What responses take to begin, on average, if there were enough of them.
    pub(super) fn latency(&self, rules: &Ejection, now: Instant) -> Option<Duration> {
        let step = step(rules.window_length(), now);
        let responses = self.responses.sum(step);
        if !rules.are_enough(responses) {
            return None;
        }
        Some(Duration::from_micros(self.micros.sum(step) / responses))
    }

    /// It is ejected from now on; says for how long. Then it is on trial.
    pub(super) fn eject(&self, rules: &Ejection, now: Instant) -> Duration {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = past.until {
            let mut good = now.saturating_duration_since(until);
            // Ends: each round forgives one.
            while past.count > 0 && good >= rules.time(past.count - 1) {
                good -= rules.time(past.count - 1);
                past.count -= 1;
            }
        }
        let time = rules.time(past.count);
        // Once the longest was reached there is nothing more to count, or to forgive.
        if past.count == 0 || rules.time(past.count - 1) < time {
            past.count += 1;
        }
        past.until = Some(now + time);
        drop(past);
        self.term.fetch_add(1, Ordering::Relaxed);
        self.begin_anew(rules.trial());
        time
    }

    /// It stays, because too many are ejected already: counted anew, so that it is not asked about at every failure.
    pub(super) fn spare(&self) {
        self.begin_anew(0);
    }

    fn begin_anew(&self, streak: u32) {
        self.streak.store(streak, Ordering::Relaxed);
        self.requests.clear();
        self.failures.clear();
        self.responses.clear();
        self.micros.clear();
    }
}

impl Cause {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Consecutive => "consecutive failures",
            Self::ErrorRate => "error rate",
            Self::Latency => "latency",
        }
    }
}

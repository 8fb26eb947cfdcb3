//! Whether an upstream gets requests at all: what its breaker has made of those it got.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Breaker;
use super::endpoint::Endpoint;
use super::window::{Window, step};
use super::{Inner, Upstream};
use crate::error::{Error, ErrorKind};
use crate::patience::after;

/// While trials are under way nobody knows when the circuit will be closed.
const SOON: Duration = Duration::from_secs(1);

/// Without I/O: times are told.
#[derive(Debug)]
pub(super) struct Circuit {
    rules: Breaker,
    requests: Window,
    failures: Window,
    /// How often it has changed; odd as long as it is not closed. What was sent before a change has no part in the next.
    term: AtomicU32,
    phase: Mutex<Phase>,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open { until: Instant },
    Trying { under_way: u32, passed: u32 },
}

/// What a change is to whoever reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

/// Leave to make an attempt.
pub(crate) struct Pass {
    term: u32,
    /// Whose trial it is, if it is one: given back if nothing comes of it.
    trial: Option<Arc<Inner>>,
}

impl Circuit {
    pub(super) fn new(rules: Breaker) -> Self {
        Self {
            rules,
            requests: Window::default(),
            failures: Window::default(),
            term: AtomicU32::new(0),
            phase: Mutex::new(Phase::Closed),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.term().is_multiple_of(2)
    }

    fn term(&self) -> u32 {
        self.term.load(Ordering::Acquire)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request is let through, in which term, and whether it is a trial; if not, how long that will be so.
    fn admit(&self, now: Instant) -> Result<(u32, bool), Duration> {
        let term = self.term();
        if term.is_multiple_of(2) {
            return Ok((term, false));
        }
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Closed => return Ok((self.term(), false)),
            Phase::Open { until } if *until > now => return Err(*until - now),
            Phase::Open { .. } => {
                *phase = Phase::Trying {
                    under_way: 1,
                    passed: 0,
                };
            }
            Phase::Trying { under_way, passed } => {
                if *under_way + *passed >= self.rules.most_trials() {
                    return Err(SOON);
                }
                *under_way += 1;
            }
        }
        Ok((self.term(), true))
    }

    /// How long nobody at all is let through, if that is so.
    fn open_for(&self, now: Instant) -> Option<Duration> {
        if self.is_closed() {
            return None;
        }
        match *self.phase() {
            Phase::Open { until } if until > now => Some(until - now),
            _ => None,
        }
    }

    /// An attempt of `term` came to something.
    fn ended(&self, term: u32, failed: bool, now: Instant) -> Option<Change> {
        if term != self.term() {
            return None;
        }
        if term.is_multiple_of(2) {
            return self.counted(failed, now);
        }
        let mut phase = self.phase();
        let Phase::Trying { under_way, passed } = &mut *phase else {
            return None;
        };
        // A trial of an earlier round, if others have ended that round just now.
        if term != self.term() {
            return None;
        }
        if failed {
            self.open(&mut phase, now);
            return Some(Change::Opened);
        }
        *under_way = under_way.saturating_sub(1);
        *passed += 1;
        if *passed < self.rules.most_trials() {
            return None;
        }
        *phase = Phase::Closed;
        self.requests.clear();
        self.failures.clear();
        self.term.fetch_add(1, Ordering::AcqRel);
        Some(Change::Closed)
    }

    fn counted(&self, failed: bool, now: Instant) -> Option<Change> {
        let step = step(self.rules.window_length(), now);
        self.requests.add(step, 1);
        if !failed {
            return None;
        }
        self.failures.add(step, 1);
        let (failures, requests) = (self.failures.sum(step), self.requests.sum(step));
        if !self.rules.is_too_many(failures, requests) {
            return None;
        }
        let mut phase = self.phase();
        if !matches!(*phase, Phase::Closed) {
            return None;
        }
        self.open(&mut phase, now);
        Some(Change::Opened)
    }

    /// From closed or from a trial: those under way have no part in the next one.
    fn open(&self, phase: &mut Phase, now: Instant) {
        let from = std::mem::replace(
            phase,
            Phase::Open {
                until: after(now, self.rules.time()),
            },
        );
        let changes = if matches!(from, Phase::Closed) { 1 } else { 2 };
        self.term.fetch_add(changes, Ordering::AcqRel);
    }

    /// Nothing came of a trial of `term`.
    fn given_up(&self, term: u32) {
        let mut phase = self.phase();
        if term == self.term()
            && let Phase::Trying { under_way, .. } = &mut *phase
        {
            *under_way = under_way.saturating_sub(1);
        }
    }
}

impl Upstream {
    /// Whether its [`Breaker`] answers requests with 503 for now, but for a few trials.
    #[must_use]
    pub fn is_circuit_open(&self) -> bool {
        let circuit = self.inner.circuit.as_ref();
        circuit.is_some_and(|circuit| !circuit.is_closed())
    }

    /// Refuses what would be refused by the time there is room.
    pub(crate) fn refuse(&self) -> Result<(), Error> {
        let circuit = self.inner.circuit.as_ref();
        match circuit.and_then(|circuit| circuit.open_for(Instant::now())) {
            Some(wait) => Err(open(wait)),
            None => Ok(()),
        }
    }

    /// Leave to make an attempt; none is needed where there is no breaker.
    pub(super) fn pass(&self) -> Result<Option<Pass>, Error> {
        let Some(circuit) = &self.inner.circuit else {
            return Ok(None);
        };
        match circuit.admit(Instant::now()) {
            Ok((term, trial)) => Ok(Some(Pass {
                term,
                trial: trial.then(|| Arc::clone(&self.inner)),
            })),
            Err(wait) => Err(open(wait)),
        }
    }

    /// What came of the attempt that `pass` was for.
    pub(super) fn used(&self, mut pass: Pass, endpoint: &Endpoint, failed: bool) {
        pass.trial = None;
        let circuit = self.inner.circuit.as_ref();
        let change = circuit.and_then(|it| it.ended(pass.term, failed, Instant::now()));
        match change {
            Some(Change::Opened) => {
                tracing::warn!(target: "dial::upstream", %endpoint, "circuit opened");
            }
            Some(Change::Closed) => {
                tracing::info!(target: "dial::upstream", %endpoint, "circuit closed");
            }
            None => {}
        }
    }

    /// Whether a response with this status is a failure to its breaker.
    pub(super) fn breaks(&self, status: http::StatusCode) -> bool {
        let circuit = self.inner.circuit.as_ref();
        circuit.is_some_and(|circuit| circuit.rules.is_failure(status))
    }
}

fn open(wait: Duration) -> Error {
    let error = Error::new(ErrorKind::CircuitOpen, "the upstream's circuit is open");
    error.with_retry_after(wait)
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(circuit) = self.trial.as_ref().and_then(|inner| inner.circuit.as_ref()) {
            circuit.given_up(self.term);
        }
    }
}

#[cfg(test)]
mod tests;

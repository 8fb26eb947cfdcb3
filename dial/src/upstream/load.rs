//! What goes on at an endpoint.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::balance::Ewma;

/// Counted from all workers, and only where somebody asks for it.
#[derive(Debug)]
pub(crate) struct Load {
    pub(super) in_flight: Count,
    pub(super) latency: Ewma,
}

/// How many there are.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Load {
    pub(super) fn new() -> Self {
        Self {
            in_flight: Count::default(),
            latency: Ewma::new(),
        }
    }

    /// Requests under way, until the end of their responses.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.get()
    }

    /// Whether it has as many requests as it may.
    pub(super) fn is_full(&self, limit: Option<usize>) -> bool {
        limit.is_some_and(|limit| self.in_flight() >= limit)
    }

    /// A response was waited for so long, and is not any more: it would have taken at least that.
    pub(crate) fn waited(&self, time: Duration) {
        let average = self.latency(Instant::now());
        if average.is_none_or(|average| average < time) {
            self.latency.add(time);
        }
    }

    /// How long responses take to begin, of late.
    pub(crate) fn latency(&self, now: Instant) -> Option<Duration> {
        self.latency.get(now)
    }
}

impl Count {
    /// Whoever has joined those who wait before sees who has left before they looked at them.
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(super) fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Enters if there are fewer than `limit`; says whether it did.
    pub(super) fn enter_below(&self, limit: usize) -> bool {
        let enter = |count| (count < limit).then(|| count + 1);
        let entered = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, enter);
        entered.is_ok()
    }

    /// Seen by whoever looks whether somebody waits for it before it is looked at again.
    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

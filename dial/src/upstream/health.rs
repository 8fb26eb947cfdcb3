//! Whether an endpoint can be sent to, without I/O: what others found out is told here.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::patience::after;

/// Times are kept as nanoseconds since then, so that they fit into an atomic.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The least part of its load that an endpoint in slow start gets.
const LEAST_WARMTH: f64 = 0.1;

/// What is known of one endpoint.
#[derive(Debug)]
pub(crate) struct Health {
    /// Whether its probes fail.
    failing: AtomicBool,
    /// Until when it is ejected for what it did to requests; 0 if it is not.
    ejected_until: AtomicU64,
    /// When it began to get requests, or got them again; 0 if it always did.
    since: AtomicU64,
}

impl Health {
    /// Healthy until something else is known. `newcomer` is one that comes to others that are warm already.
    pub(super) fn new(newcomer: bool) -> Self {
        // Also for one that is no newcomer: so no time that is told can be before the first.
        let now = since_epoch(Instant::now());
        Self {
            failing: AtomicBool::new(false),
            ejected_until: AtomicU64::new(0),
            since: AtomicU64::new(if newcomer { now } else { 0 }),
        }
    }

    /// Whether it should get requests.
    pub(crate) fn is_up(&self, now: Instant) -> bool {
        !self.failing.load(Ordering::Relaxed) && self.ejected_until(now).is_none()
    }

    /// Takes note of whether its probes fail. One whose probes pass again begins slowly.
    pub(super) fn set_failing(&self, failing: bool) {
        if self.failing.swap(failing, Ordering::Relaxed) && !failing {
            self.begin();
        }
    }

    /// Until when it is ejected, if it is.
    pub(crate) fn ejected_until(&self, now: Instant) -> Option<Instant> {
        let until = at(self.ejected_until.load(Ordering::Relaxed))?;
        (until > now).then_some(until)
    }

    /// Ejects it until then.
    pub(super) fn eject(&self, until: Instant) {
        self.ejected_until
            .store(since_epoch(until), Ordering::Relaxed);
    }

    /// Has it begin its slow start if its ejection is over; says whether it was. Called by one at a time.
    pub(super) fn readmit(&self, now: Instant) -> bool {
        let until = at(self.ejected_until.load(Ordering::Relaxed));
        let over = until.is_some_and(|until| until <= now);
        if over {
            self.ejected_until.store(0, Ordering::Relaxed);
            self.begin();
        }
        over
    }

    /// Begins its slow start.
    pub(crate) fn begin(&self) {
        self.since
            .store(since_epoch(Instant::now()), Ordering::Relaxed);
    }

    /// The part of its load that it gets at `now`, if it takes `slow_start` to get all of it: above 0, at most 1.
    pub(crate) fn warmth(&self, now: Instant, slow_start: Duration) -> f64 {
        let Some(since) = at(self.since.load(Ordering::Relaxed)) else {
            return 1.0;
        };
        let passed = now.saturating_duration_since(since);
        if passed >= slow_start {
            return 1.0;
        }
        (passed.as_secs_f64() / slow_start.as_secs_f64()).max(LEAST_WARMTH)
    }

    /// When its slow start is over, if it has one.
    pub(crate) fn warm_at(&self, slow_start: Duration) -> Option<Instant> {
        Some(after(at(self.since.load(Ordering::Relaxed))?, slow_start))
    }
}

pub(super) fn since_epoch(time: Instant) -> u64 {
    let passed = time.saturating_duration_since(*EPOCH).as_nanos();
    u64::try_from(passed).unwrap_or(u64::MAX).max(1)
}

fn at(nanos: u64) -> Option<Instant> {
    (nanos > 0).then(|| *EPOCH + Duration::from_nanos(nanos))
}

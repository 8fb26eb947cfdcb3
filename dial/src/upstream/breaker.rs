//! When an upstream as a whole is left alone.

use std::time::Duration;

use http::StatusCode;

use super::range::{HOUR, MS, SECOND, within};
use super::statuses::{GATEWAY_ERRORS, Statuses};
use super::window::is_part;
use crate::error::Error;

/// When an upstream fails so many requests that more would only burden it, and all of them are answered with 503 and a
/// `Retry-After` for a while: a circuit breaker.
///
/// Its circuit is closed at first: requests go through. When too many of those in a [window](Self::window) have failed, it is
/// open for a [time](Self::open). Then a few [trials](Self::trials) are let through: when as many in a row succeed the circuit
/// is closed, and the first that fails opens it again. Failures are those of an [`Ejection`](crate::Ejection) up to the
/// response's head, with this breaker's own [statuses](Self::statuses): a body that breaks off is held against its host, not
/// against all of them. Each change is a `tracing` event with the target `dial::upstream`.
///
/// This is about the upstream, and each attempt counts. For a single host an [`Ejection`](crate::Ejection) does the same, and
/// other hosts take its requests; it is there without being asked for.
///
/// ```
/// use std::time::Duration;
/// use dial::{Breaker, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts(["a:8080", "b:8080"])
///     .breaker(Breaker::new().error_percent(70).open(Duration::from_secs(2)))
///     .build()?;
/// assert!(!upstream.is_circuit_open());
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    error_percent: u32,
    statuses: Statuses,
    min_requests: u32,
    window: Duration,
    open: Duration,
    trials: u32,
}

impl Breaker {
    /// At 50 % of at least 20 requests in 10 s, for 5 s at a time.
    #[must_use]
    pub fn new() -> Self {
        Self {
            error_percent: 50,
            statuses: Statuses::new(GATEWAY_ERRORS),
            min_requests: 20,
            window: Duration::from_secs(10),
            open: Duration::from_secs(5),
            trials: 3,
        }
    }

    /// How many percent of the requests in a window have to fail, 1 to 100. Default is 50.
    #[must_use]
    pub fn error_percent(mut self, percent: u32) -> Self {
        self.error_percent = percent;
        self
    }

    /// The statuses that are failures, 400 to 599 each. Default is 502, 503 and 504; `500..=599` makes it all server
    /// errors, and `[]` none.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = Statuses::new(statuses);
        self
    }

    /// With fewer requests than these in a window the circuit stays closed, 1 to 1,000,000. Default is 20.
    #[must_use]
    pub fn min_requests(mut self, requests: u32) -> Self {
        self.min_requests = requests;
        self
    }

    /// How far back it looks, 1 s to 1 h. Default is 10 s.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How long the circuit is open before trials are made, 1 ms to 1 h. Default is 5 s.
    #[must_use]
    pub fn open(mut self, time: Duration) -> Self {
        self.open = time;
        self
    }

    /// How many requests are let through as trials, at a time and in all, 1 to 1,000. Default is 3.
    #[must_use]
    pub fn trials(mut self, requests: u32) -> Self {
        self.trials = requests;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        within("breaker", "error_percent", &self.error_percent, 1..=100)?;
        self.statuses.check("breaker")?;
        within("breaker", "min_requests", &self.min_requests, 1..=1_000_000)?;
        within("breaker", "window", &self.window, SECOND..=HOUR)?;
        within("breaker", "open", &self.open, MS..=HOUR)?;
        within("breaker", "trials", &self.trials, 1..=1_000)
    }

    pub(super) fn is_failure(&self, status: StatusCode) -> bool {
        self.statuses.contains(status)
    }

    pub(super) fn is_too_many(&self, failures: u64, requests: u64) -> bool {
        requests >= self.min_requests.into() && is_part(failures, requests, self.error_percent)
    }

    /// How far back it looks.
    pub(super) fn window_length(&self) -> Duration {
        self.window
    }

    pub(super) fn time(&self) -> Duration {
        self.open
    }

    pub(super) fn most_trials(&self) -> u32 {
        self.trials
    }
}

impl Default for Breaker {
    /// [`Breaker::new`].
    fn default() -> Self {
        Self::new()
    }
}

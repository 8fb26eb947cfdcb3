//! When a request is sent once more, and how often.

use std::time::Duration;

use super::hedge::Hedge;

/// What makes a request worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryOn {
    /// No endpoint could be reached, so that the request is unsent. With this it waits, bounded by [`Retry::wait`], until one
    /// can be, whatever its method. (To go on to the next endpoint an unsent request needs no condition.)
    Connect,
    /// The connection ended before the head of a response was there, or what came was no HTTP.
    Reset,
    /// The response's head was not there in time: [`Timeouts::response`](crate::Timeouts::response) or [`Retry::per_try`].
    Timeout,
    /// The endpoint answered with any status from 500 to 599.
    Status5xx,
    /// The endpoint answered with 503.
    Status503,
    /// The endpoint answered with 502, 503 or 504.
    GatewayError,
}

/// When a request is sent once more, and how often. Without one it is so only while it is known to be unsent: then it goes to
/// each endpoint once, whatever its method. One that is idempotent is also sent once more to the same endpoint if its
/// connection had lain idle and ended before an answer, as connections may do (RFC 9112 §9.3.1). With a `Retry` it is so too,
/// in each attempt, whatever [`on`](Self::on) says: that is none of the [attempts](Self::attempts) and is never refused, but
/// paid from the [budget](Self::budget) where that has something left.
///
/// A further attempt is made at another endpoint where there is one, and only
///
/// - on one of the conditions of [`on`](Self::on);
/// - of a method that is idempotent (RFC 9110 §9.2.2), unless [`any_method`](Self::any_method) says that it does no harm;
/// - with all of the body that was sent so far, which is kept up to [`buffer`](Self::buffer);
/// - while the [budget](Self::budget) of the route lasts, so that endpoints in trouble are not buried in retries;
/// - after a response, while nobody waits for room at the upstream ([`Limits`](crate::Limits));
/// - before anything of a response went to the client. The response of the last attempt is given to it as it came.
///
/// ```
/// use std::time::Duration;
/// use dial::{Retry, RetryOn};
///
/// let retry = Retry::default()
///     .attempts(4)
///     .on([RetryOn::Connect, RetryOn::Reset, RetryOn::Status5xx])
///     .per_try(Duration::from_secs(2));
/// # assert_ne!(retry, Retry::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub(crate) attempts: u32,
    pub(crate) on: Conditions,
    pub(crate) any_method: bool,
    pub(crate) buffer: u64,
    pub(crate) backoff: Duration,
    pub(crate) max_backoff: Option<Duration>,
    pub(crate) per_try: Option<Duration>,
    pub(crate) wait: Duration,
    pub(crate) budget: u32,
    pub(crate) min_per_second: u32,
    pub(crate) hedge: Option<Hedge>,
}

/// A set of [`RetryOn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conditions(u8);

/// No request is sent more often than this.
const MAX_ATTEMPTS: u32 = 16;
/// Without a pause between them, requests that wait for an endpoint would do nothing but ask for one.
const SHORTEST: Duration = Duration::from_millis(1);
/// How much longer than the first pause the others may become, unless it is said.
const GROWTH: u32 = 10;

impl Retry {
    /// How often a request may be sent in all, the first time included. Attempts that did not reach an endpoint do not count.
    /// Default is 3; at least 1, which is never again, and at most 16.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self {
            attempts: attempts.clamp(1, MAX_ATTEMPTS),
            ..self
        }
    }

    /// What makes a request worth another attempt. Default is [`Connect`](RetryOn::Connect), [`Reset`](RetryOn::Reset),
    /// [`Timeout`](RetryOn::Timeout) and [`GatewayError`](RetryOn::GatewayError).
    #[must_use]
    pub fn on(self, conditions: impl IntoIterator<Item = RetryOn>) -> Self {
        Self {
            on: Conditions::of(conditions),
            ..self
        }
    }

    /// Sends requests of every method again, such as POST: for endpoints to which a request that comes twice does no harm,
    /// because it carries a key they know it by, for example. Default is the methods that are idempotent in themselves: GET,
    /// HEAD, OPTIONS, TRACE, PUT and DELETE (RFC 9110 §9.2.2).
    #[must_use]
    pub fn any_method(self) -> Self {
        Self {
            any_method: true,
            ..self
        }
    }

    /// How many bytes of a request's body are kept while it streams, to be sent again. A request whose body is larger is not,
    /// once it was begun, unless it lay in memory anyway. Default is 64 KiB. What is kept is held until the response's head is
    /// there, so that a client can make dial hold so much for each request.
    #[must_use]
    pub fn buffer(self, bytes: u64) -> Self {
        Self {
            buffer: bytes,
            ..self
        }
    }

    /// How long the pause before the first further attempt is; each next one is twice as long. Half of each is up to chance.
    /// Default is 25 ms; at least 1 ms.
    #[must_use]
    pub fn backoff(self, first: Duration) -> Self {
        Self {
            backoff: first.max(SHORTEST),
            ..self
        }
    }

    /// How long a pause can become. Default is ten times the first one, and it is never less than that one.
    #[must_use]
    pub fn max_backoff(self, longest: Duration) -> Self {
        Self {
            max_backoff: Some(longest),
            ..self
        }
    }

    /// How long an attempt may take until the head of its response is there: connecting, sending and waiting in all, on
    /// whatever connections, but for time in which the client is awaited. What cannot be sent again has only its connecting
    /// bounded by it. Default is none: [`Timeouts`](crate::Timeouts) hold for each attempt as it is.
    #[must_use]
    pub fn per_try(self, limit: Duration) -> Self {
        Self {
            per_try: Some(limit),
            ..self
        }
    }

    /// How long a request waits when no endpoint can be reached, or there is none, with [`RetryOn::Connect`]. Default is 3 s,
    /// enough for endpoints that restart; zero does not wait. At most 8,192 requests of a route wait.
    #[must_use]
    pub fn wait(self, limit: Duration) -> Self {
        Self {
            wait: limit,
            ..self
        }
    }

    /// How many further attempts there may be, hedges among them, in percent of the route's requests, both over the last 10 s.
    /// Default is 20; at most 100. When it is used up, responses and failures go to the client as they are. Attempts that did
    /// not reach an endpoint are free.
    #[must_use]
    pub fn budget(self, percent: u32) -> Self {
        Self {
            budget: percent.min(100),
            ..self
        }
    }

    /// How many further attempts the route may make in each second beside its [budget](Self::budget), for when it has few
    /// requests. They are not saved up: what one second leaves is not there in the next. Default is 10; at most 10,000.
    #[must_use]
    pub fn min_per_second(self, attempts: u32) -> Self {
        Self {
            min_per_second: attempts.min(10_000),
            ..self
        }
    }

    /// Also asks another endpoint when the first one has not answered in time. See [`Hedge`]; default is not to. What is
    /// asked so counts as a further attempt, towards [`attempts`](Self::attempts) and the [budget](Self::budget).
    #[must_use]
    pub fn hedge(self, hedge: Hedge) -> Self {
        Self {
            hedge: Some(hedge),
            ..self
        }
    }

    /// The longest pause.
    pub(crate) fn longest(&self) -> Duration {
        let longest = (self.max_backoff).unwrap_or_else(|| self.backoff.saturating_mul(GROWTH));
        longest.max(self.backoff)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            on: Conditions::of([
                RetryOn::Connect,
                RetryOn::Reset,
                RetryOn::Timeout,
                RetryOn::GatewayError,
            ]),
            any_method: false,
            buffer: 64 * 1024,
            backoff: Duration::from_millis(25),
            max_backoff: None,
            per_try: None,
            wait: Duration::from_secs(3),
            budget: 20,
            min_per_second: 10,
            hedge: None,
        }
    }
}

impl Conditions {
    fn of(conditions: impl IntoIterator<Item = RetryOn>) -> Self {
        let bits = conditions.into_iter().map(|condition| 1 << condition as u8);
        Self(bits.fold(0, |all, bit: u8| all | bit))
    }

    pub(crate) fn has(self, condition: RetryOn) -> bool {
        self.0 & (1 << condition as u8) != 0
    }
}

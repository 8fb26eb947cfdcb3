//! Whether a request is sent once more, and when. No I/O, and no clock but the one it is given.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::RETRY_AFTER;
use tokio::time::Instant;

use super::budget::{Budget, Token};
use super::replay::Replay;
use crate::body::Body;
use crate::config::{Conditions, Retry, RetryOn, Timeouts};
use crate::error::{Error, ErrorKind};
use crate::handler::{Answer, Draft, Hop};
use crate::patience::after;
use crate::upstream::{Backoff, Dice};

/// So many requests of a route wait for an endpoint; more fail at once.
const MAX_WAITING: usize = 8 * 1024;

/// A route's retries: what all its requests share, on all workers.
#[derive(Debug)]
pub(crate) struct Retries {
    policy: Retry,
    budget: Budget,
    waiting: AtomicUsize,
    dice: Dice,
}

/// What came of an attempt that may have reached its endpoint.
pub(super) type Outcome = Result<Answer, Error>;

/// The way of one request through its attempts.
pub(super) struct Course<'a> {
    shared: &'a Retries,
    /// Further attempts there may be. Atomic because attempts that are under way at once take of them; all are in one task.
    left: AtomicU32,
    /// How many of them may be made while others are waited for.
    hedges: AtomicU32,
    /// With what the body can be sent again. `None` if the request is not sent again once it was begun.
    body: Option<Replay>,
    /// The pauses before them.
    backoff: Backoff,
    /// Until when an endpoint is waited for, once it is.
    wait: Option<(Instant, Seat<'a>)>,
}

/// A place among those who wait.
struct Seat<'a>(&'a AtomicUsize);

impl Retries {
    pub(crate) fn new(policy: Retry) -> Self {
        Self {
            policy,
            budget: Budget::new(policy.budget, policy.min_per_second),
            waiting: AtomicUsize::new(0),
            dice: Dice::new(None),
        }
    }
}

impl<'a> Course<'a> {
    /// Begins with a request's first attempt.
    pub(super) fn begin(shared: &'a Retries, draft: &mut Draft, now: Instant) -> Self {
        let policy = &shared.policy;
        shared.budget.deposit(now);
        let mut course = Self {
            shared,
            left: AtomicU32::new(policy.attempts - 1),
            hedges: AtomicU32::new(policy.hedge.map_or(0, |hedge| hedge.most)),
            body: None,
            backoff: Backoff::new(policy.backoff, policy.longest()),
            wait: None,
        };
        let repeats = policy.any_method || draft.method().is_idempotent();
        let asked = policy.on.repeats() || policy.hedge.is_some();
        if repeats && policy.attempts > 1 && asked {
            let body = std::mem::take(&mut draft.body);
            (course.body, draft.body) = Replay::of(body, policy.buffer);
        }
        course
    }

    /// The route's timeouts, for one of several attempts.
    pub(super) fn timeouts(&self, timeouts: &Timeouts) -> Timeouts {
        let limit = self.shared.policy.per_try.unwrap_or(Duration::MAX);
        timeouts.connect(timeouts.connect.min(limit))
    }

    /// What else bounds an attempt: only what can be tried again is given up early.
    pub(super) fn per_try(&self) -> Option<Duration> {
        let limit = self.shared.policy.per_try;
        limit.filter(|_| self.body.is_some())
    }

    /// Whether this outcome is one to try again after, but for the budget.
    pub(super) fn wants(&self, outcome: &Outcome) -> bool {
        let on = self.shared.policy.on;
        let worth = match outcome {
            Ok(answer) => on.takes_status(answer.status),
            Err(error) => on.takes_error(error.kind()),
        };
        worth && self.has_left() && self.is_kept()
    }

    /// The body for another attempt after `outcome`, which [`wants`](Self::wants) wanted, and how long to wait before it;
    /// `None` if there is none. `elsewhere` tells whether it goes to another endpoint.
    pub(super) fn again(
        &mut self,
        outcome: &Outcome,
        elsewhere: bool,
        now: Instant,
    ) -> Option<(Body, Duration)> {
        let asked = match outcome {
            // Each endpoint speaks for itself.
            Ok(answer) if !elsewhere => retry_after(answer, SystemTime::now()),
            _ => None,
        };
        let asked = asked.unwrap_or_default();
        if asked > self.shared.policy.wait || !self.is_kept() {
            return None;
        }
        self.take(now)?;
        let body = self.body.as_ref()?.body()?;
        Some((body, self.pause().max(asked)))
    }

    /// One of the further attempts, which is counted then, and paid; `None` if there may be none.
    pub(super) fn take(&self, now: Instant) -> Option<Token> {
        let left = self.left.load(Ordering::Relaxed).checked_sub(1)?;
        let token = self.shared.budget.withdraw(now)?;
        self.left.store(left, Ordering::Relaxed);
        Some(token)
    }

    /// A request was sent once more because its connection had ended: nobody refuses that, but there is one retry less.
    pub(super) fn pay(&self, now: Instant) {
        // It stays paid.
        let _ = self.shared.budget.withdraw(now);
    }

    /// One that was taken has reached no endpoint.
    pub(super) fn give_back(&self, token: Token) {
        self.left.fetch_add(1, Ordering::Relaxed);
        self.shared.budget.give_back(token);
    }

    /// How long the next attempt is waited for before there is one beside it; `None` if there will be none.
    pub(super) fn hedge(&self, hop: &Hop) -> Option<Duration> {
        let hedge = self.shared.policy.hedge?;
        let hedges = self.hedges.load(Ordering::Relaxed) > 0 && !hop.switches();
        (hedges && self.has_left() && self.is_kept()).then_some(hedge.after)
    }

    /// The body for an attempt beside those under way, and what it is paid with; `None` if there is to be none.
    pub(super) fn beside(&self, now: Instant) -> Option<(Body, Token)> {
        let body = self.body.as_ref()?.body()?;
        let hedges = self.hedges.load(Ordering::Relaxed).checked_sub(1)?;
        let token = self.take(now)?;
        self.hedges.store(hedges, Ordering::Relaxed);
        Some((body, token))
    }

    /// Whether this is a response nobody would try again after, if only another attempt could be made.
    pub(super) fn is_good(&self, status: StatusCode) -> bool {
        !self.shared.policy.on.takes_status(status)
    }

    /// Whether all of the body was read, so that the attempt before reads no more of it.
    pub(super) fn is_read(&self) -> bool {
        self.body.as_ref().is_some_and(Replay::is_read)
    }

    /// How long to wait before an endpoint is tried again when none could be reached; `None` if it was long enough.
    pub(super) fn unreached(&mut self, now: Instant) -> Option<Duration> {
        let policy = &self.shared.policy;
        if self.wait.is_none() && policy.on.has(RetryOn::Connect) {
            let seat = Seat::take(&self.shared.waiting)?;
            self.wait = Some((after(now, policy.wait), seat));
        }
        let (until, _) = self.wait.as_ref()?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then(|| self.pause().min(left))
    }

    /// Whether no endpoint could be reached before: then there is a pause after each that cannot be reached now.
    pub(super) fn waits(&self) -> bool {
        self.wait.is_some()
    }

    /// An endpoint was reached: should they all go away again, the wait begins anew.
    pub(super) fn reached(&mut self) {
        self.wait = None;
    }

    fn has_left(&self) -> bool {
        self.left.load(Ordering::Relaxed) > 0
    }

    fn is_kept(&self) -> bool {
        self.body.as_ref().is_some_and(Replay::is_kept)
    }

    fn pause(&mut self) -> Duration {
        self.backoff.wait(&self.shared.dice)
    }
}

impl Conditions {
    /// Whether any of them is about a request that may have been sent.
    fn repeats(self) -> bool {
        let all = [
            RetryOn::Reset,
            RetryOn::Timeout,
            RetryOn::Status5xx,
            RetryOn::Status503,
            RetryOn::GatewayError,
        ];
        all.into_iter().any(|condition| self.has(condition))
    }

    fn takes_status(self, status: StatusCode) -> bool {
        match status.as_u16() {
            503 if self.has(RetryOn::Status503) => true,
            502..=504 if self.has(RetryOn::GatewayError) => true,
            500..=599 => self.has(RetryOn::Status5xx),
            _ => false,
        }
    }

    /// Of what can go wrong once a request was begun.
    fn takes_error(self, kind: ErrorKind) -> bool {
        match kind {
            ErrorKind::Disconnected | ErrorKind::BadResponse => self.has(RetryOn::Reset),
            ErrorKind::ResponseTimeout => self.has(RetryOn::Timeout),
            _ => false,
        }
    }
}

impl<'a> Seat<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        // Given back at once if it is one too many.
        let seat = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long the endpoint asks to be left alone (RFC 9110 §10.2.3); 503 alone is about the endpoint.
fn retry_after(answer: &Answer, now: SystemTime) -> Option<Duration> {
    if answer.status != StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let value = answer.fields.values(&RETRY_AFTER).next()?;
    let value = std::str::from_utf8(value).ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests;

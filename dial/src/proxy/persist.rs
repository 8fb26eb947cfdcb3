//! Sends a request on a route with retries: until there is an answer to keep, or no attempt is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::attempt::{Answered, Failed, Forwarder, Target, no_endpoint};
use super::hedge::{Ended, Race};
use super::retry::{Course, Outcome, Retries};
use crate::client::{Retried, Way};
use crate::error::{Chain, Error};
use crate::handler::{Answer, Outbound};
use crate::patience::after;
use crate::upstream::{Endpoint, Tried, Turn};

/// The most that is read of a response nobody gets, to keep its connection.
const MAX_DISCARDED: usize = 64 * 1024;

impl Forwarder {
    /// Bounded by the policy's attempts; those that reach no endpoint by their number, and then by its wait.
    pub(super) async fn persist(
        &self,
        (route, retries): (&str, &Retries),
        target: &Target<'_>,
        mut outbound: Outbound,
        way: Way<'_>,
    ) -> Result<Answer, Error> {
        let mut tried = Tried::none();
        // What is refused here is never sent, and pays for no retry.
        let mut next = target.turn(&tried).await?;
        let mut course = Course::begin(retries, &mut outbound.draft, Instant::now());
        let timeouts = course.timeouts(way.timeouts);
        let way = Way {
            timeouts: &timeouts,
            ..way
        };
        let (mut reached, mut unreached) = (false, None);
        loop {
            let Some(turn) = next.take() else {
                // One that was reached before is better than a wait for another.
                if !std::mem::take(&mut reached) && !wait(&mut course, target).await {
                    return Err(unreached.unwrap_or_else(no_endpoint));
                }
                tried = Tried::none();
                next = target.turn(&tried).await?;
                continue;
            };
            let at = (target, &mut tried);
            let (endpoint, sent) = self.once(&course, at, turn, outbound, &way).await;
            let (outcome, request) = match sent {
                Err(Failed {
                    error,
                    request,
                    again: true,
                }) => {
                    tracing::debug!(route, "next endpoint after {}", Chain(&error));
                    outbound = request;
                    tried.insert(&endpoint);
                    unreached = Some(error);
                    next = match course.waits() {
                        false => target.turn(&tried).await?,
                        true if wait(&mut course, target).await => {
                            elsewhere(target, &mut tried).await?
                        }
                        true => return Err(unreached.unwrap_or_else(no_endpoint)),
                    };
                    continue;
                }
                Err(Failed { error, request, .. }) => (Err(error), request),
                Ok(Answered { answer, request }) => (Ok(answer), request),
            };
            course.reached();
            reached = true;
            if !course.wants(&outcome) {
                return outcome;
            }
            outbound = request;
            tried.insert(&endpoint);
            // A bad response in hand is better than a place in a queue, or than none.
            if outcome.is_ok() && target.is_crowded() {
                return outcome;
            }
            let other = target.has_other(&tried);
            let Some((body, pause)) = course.again(&outcome, other, Instant::now()) else {
                return outcome;
            };
            outbound.draft.body = body;
            settle(outcome, &endpoint, pause, course.is_read()).await;
            next = elsewhere(target, &mut tried).await?;
        }
    }

    /// Makes an attempt, and others beside it where the route hedges.
    async fn once(
        &self,
        course: &Course<'_>,
        (target, tried): (&Target<'_>, &mut Tried),
        turn: Turn,
        outbound: Outbound,
        way: &Way<'_>,
    ) -> Ended {
        let resends = || course.pay(Instant::now());
        let way = &Way {
            retried: Some(Retried {
                limit: course.per_try(),
                resends: &resends,
            }),
            ..way.clone()
        };
        let Some(after) = course.hedge(way.hop) else {
            let endpoint = Arc::clone(&turn.endpoint);
            return (endpoint, self.attempt(target, turn, outbound, way).await);
        };
        let race = Race::new(course, target, tried, after);
        // In a box: a request without hedges has no room for it.
        Box::pin(self.hedged(race, turn, outbound, way)).await
    }
}

/// An endpoint the request was not at; any, if there is no such, or none of them has room.
async fn elsewhere(target: &Target<'_>, tried: &mut Tried) -> Result<Option<Turn>, Error> {
    if let Some(turn) = target.turn_at_once(tried) {
        return Ok(Some(turn));
    }
    *tried = Tried::none();
    target.turn(tried).await
}

/// Waits for an endpoint that can be reached, or for news of one; `false` if that was long enough.
async fn wait(course: &mut Course<'_>, target: &Target<'_>) -> bool {
    let now = Instant::now();
    let pause = course.unreached(now);
    if let Some(pause) = pause {
        tokio::select! {
            () = sleep_until(after(now, pause)) => {}
            () = target.changed() => {}
        }
    }
    pause.is_some()
}

/// The pause before another attempt. A response that nobody gets is read meanwhile; what is left of it then goes with its
/// connection, and so does all of it while the request is not over, because both attempts would read the same body.
async fn settle(outcome: Outcome, endpoint: &Endpoint, pause: Duration, is_read: bool) {
    let until = after(Instant::now(), pause);
    match outcome {
        Err(error) => tracing::debug!("again after {}", Chain(&error)),
        Ok(answer) => {
            tracing::debug!("{endpoint}: again after {}", answer.status);
            if is_read {
                let _ = timeout_at(until, answer.body.bytes(MAX_DISCARDED)).await;
            }
        }
    }
    sleep_until(until).await;
}

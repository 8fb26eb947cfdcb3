//! Hedged requests: when an endpoint has not answered in time, another one is asked as well, and the first good answer is
//! taken.
//!
//! All attempts are driven by the task of their request. Those that are not needed any more are dropped: that closes their
//! connections and ends their flights, and nobody calls it a failure.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::attempt::{Forwarder, Target};
use super::budget::Token;
use super::retry::Course;
use crate::client::{Answered, Failed, Way};
use crate::error::Chain;
use crate::handler::Outbound;
use crate::patience::after;
use crate::upstream::{Endpoint, Tried, Turn};

/// What came of an attempt.
type Sent = Result<Answered, Failed>;
/// The same, and where it came from.
pub(super) type Ended = (Arc<Endpoint>, Sent);
/// An attempt that is made.
type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// An attempt under way.
struct Running<'a> {
    endpoint: Arc<Endpoint>,
    /// What it was paid with; the first one costs nothing.
    token: Option<Token>,
    began: Instant,
    sending: Sending<'a>,
}

/// One request at several endpoints.
pub(super) struct Race<'r, 'a> {
    course: &'r Course<'a>,
    target: &'r Target<'r>,
    /// Where it is, or was.
    tried: &'r mut Tried,
    after: Duration,
    /// Runs while there may be another attempt; begins once the body was read.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether there may be another.
    hedges: bool,
}

/// Which of the attempts one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Primary,
    Secondary,
}

enum Event {
    Ended(Ended, Option<Token>),
    /// It is time for another attempt.
    Due,
}

impl Forwarder {
    /// Sends a request where it is its turn, and to others if that takes too long. Gives the first good response, or else what came
    /// last.
    pub(super) async fn hedged(
        &self,
        race: Race<'_, '_>,
        turn: Turn,
        outbound: Outbound,
        way: &Way<'_>,
    ) -> Ended {
        let hop = way.hop.quiet();
        let beside = Way {
            hop: &hop,
            ..way.clone()
        };
        let (target, beside) = (race.target, &beside);
        let start = |role, turn, outbound| -> Sending<'_> {
            let way = match role {
                Role::Primary => way,
                Role::Secondary => beside,
            };
            Box::pin(self.attempt(target, turn, outbound, way))
        };
        race.run(turn, outbound, start).await
    }
}

impl<'r, 'a> Race<'r, 'a> {
    pub(super) fn new(
        course: &'r Course<'a>,
        target: &'r Target<'r>,
        tried: &'r mut Tried,
        after: Duration,
    ) -> Self {
        Self {
            course,
            target,
            tried,
            after,
            timer: None,
            hedges: true,
        }
    }

    /// Bounded by the policy: each attempt but the first is one of its hedges, or one that did not reach its endpoint goes
    /// on to one that was not tried.
    async fn run<'s>(
        mut self,
        turn: Turn,
        outbound: Outbound,
        start: impl Fn(Role, Turn, Outbound) -> Sending<'s>,
    ) -> Ended {
        let spare = outbound.copy();
        let start = |role, token, turn: Turn, outbound| Running {
            endpoint: Arc::clone(&turn.endpoint),
            token,
            began: Instant::now(),
            sending: start(role, turn, outbound),
        };
        self.tried.insert(&turn.endpoint);
        let mut running = vec![start(Role::Primary, None, turn, outbound)];
        let mut last = None;
        loop {
            let ((endpoint, sent), token) = match self.next(&mut running).await {
                Event::Due => {
                    let another = self.another(&spare);
                    let another = another
                        .map(|(at, what, token)| start(Role::Secondary, Some(token), at, what));
                    running.extend(another);
                    continue;
                }
                Event::Ended(ended, token) => (ended, token),
            };
            match sent {
                Ok(answered) if self.course.is_good(answered.answer.status) => {
                    running.iter().for_each(Running::give_up);
                    return (endpoint, Ok(answered));
                }
                Err(Failed {
                    error,
                    request: Some(request),
                    again: true,
                }) if !running.is_empty() => {
                    tracing::debug!("next endpoint after {}", Chain(&error));
                    if let Some(next) = self.target.turn_at_once(self.tried) {
                        self.tried.insert(&next.endpoint);
                        running.push(start(Role::Secondary, token, next, request));
                    } else {
                        self.give_back(token);
                    }
                }
                // What has reached an endpoint tells more.
                Err(failed) if failed.again && running.is_empty() => {
                    self.give_back(token);
                    return last.unwrap_or((endpoint, Err(failed)));
                }
                sent => {
                    let ended = (endpoint, sent);
                    if running.is_empty() {
                        return ended;
                    }
                    tracing::debug!("{}: no good, another is waited for", ended.0);
                    last = Some(ended);
                }
            }
        }
    }

    /// Waits until an attempt ends, or there is to be another.
    async fn next(&mut self, running: &mut Vec<Running<'_>>) -> Event {
        poll_fn(|cx| {
            for at in 0..running.len() {
                if let Poll::Ready(sent) = running[at].sending.as_mut().poll(cx) {
                    let Running {
                        endpoint, token, ..
                    } = running.remove(at);
                    return Poll::Ready(Event::Ended((endpoint, sent), token));
                }
            }
            self.poll_due(cx).map(|()| Event::Due)
        })
        .await
    }

    /// Ready when it has taken too long. While more of the body is awaited nobody can be sent it, and nobody is late.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.hedges || !self.course.is_read() {
            return Poll::Pending;
        }
        let limit = self.after;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx)
    }

    /// What is sent beside the attempts under way, and where to; `None` if that is all there will be.
    fn another(&mut self, spare: &Outbound) -> Option<(Turn, Outbound, Token)> {
        let now = Instant::now();
        let next = self.target.turn_at_once(self.tried);
        // One that is sick would be no faster.
        let next = next.filter(|next| next.endpoint.health().is_up(now));
        let another = next.and_then(|next| Some((next, self.course.beside(now)?)));
        let Some((turn, (body, token))) = another else {
            self.hedges = false;
            return None;
        };
        if let Some(timer) = &mut self.timer {
            timer.as_mut().reset(after(now, self.after));
        }
        tracing::debug!("{}: asked as well, after {:?}", turn.endpoint, self.after);
        self.tried.insert(&turn.endpoint);
        let mut outbound = spare.copy();
        outbound.draft.body = body;
        Some((turn, outbound, token))
    }

    /// What was paid for an attempt that has reached no endpoint, and will not.
    fn give_back(&self, token: Option<Token>) {
        if let Some(token) = token {
            self.course.give_back(token);
        }
    }
}

impl Running<'_> {
    /// Another one has won. That is nobody's failure; but who is slow should be known to be, or it would be asked first for
    /// ever.
    fn give_up(&self) {
        self.endpoint.load().waited(self.began.elapsed());
    }
}

#[cfg(test)]
mod tests;

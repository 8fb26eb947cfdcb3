//! How long nothing has moved: a timer that is set anew only once it has run out.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Watches a count of what has moved. One timer serves a connection for all its life, and is mostly left alone: to set
/// it costs more than to let it run out and look.
#[derive(Debug)]
pub(crate) struct Quiet {
    timer: Pin<Box<Sleep>>,
    limit: Duration,
    moved: u64,
    since: Instant,
    /// The end, whatever moves.
    deadline: Option<Instant>,
}

/// Which time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// Nothing moved within the limit.
    Quiet,
    /// The deadline has come.
    Out,
}

impl Quiet {
    pub(crate) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            timer: Box::pin(sleep_until(now + limit)),
            limit,
            moved: 0,
            since: now,
            deadline: None,
        }
    }

    /// Begins anew.
    pub(crate) fn start(&mut self, limit: Duration, moved: u64, deadline: Option<Instant>) {
        self.limit = limit;
        self.moved = moved;
        self.since = Instant::now();
        self.deadline = deadline;
        if self.timer.is_elapsed() || self.timer.deadline() > self.end() {
            let end = self.end();
            self.timer.as_mut().reset(end);
        }
    }

    /// Ready when nothing has moved for too long, or the deadline has come. Asked only when there is nothing to do.
    pub(crate) fn poll(&mut self, moved: u64, cx: &mut Context<'_>) -> Poll<Ran> {
        if moved != self.moved {
            self.moved = moved;
            self.since = Instant::now();
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                return Poll::Ready(Ran::Out);
            }
            if self.since + self.limit <= now {
                return Poll::Ready(Ran::Quiet);
            }
            let end = self.end();
            self.timer.as_mut().reset(end);
        }
    }

    fn end(&self) -> Instant {
        let end = self.since + self.limit;
        self.deadline.map_or(end, |deadline| deadline.min(end))
    }
}

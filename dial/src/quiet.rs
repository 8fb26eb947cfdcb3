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
    /// When something moved last, or the wait began.
    since: Option<Instant>,
}

/// A limit too long to be a time is this far away.
const FOREVER: Duration = Duration::from_hours(30 * 365 * 24);

/// `limit` from `start`.
pub(crate) fn after(start: Instant, limit: Duration) -> Instant {
    start.checked_add(limit).unwrap_or_else(|| start + FOREVER)
}

impl Quiet {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            timer: Box::pin(sleep_until(after(Instant::now(), limit))),
            limit,
            moved: 0,
            since: None,
        }
    }

    /// Begins anew, as soon as there is nothing to do.
    pub(crate) fn start(&mut self, limit: Duration, moved: u64) {
        self.limit = limit;
        self.moved = moved;
        self.since = None;
    }

    /// Ready when nothing has moved for too long. Asked only when there is nothing to do.
    pub(crate) fn poll(&mut self, moved: u64, cx: &mut Context<'_>) -> Poll<()> {
        let since = match self.since {
            Some(since) if moved == self.moved => since,
            _ => {
                self.moved = moved;
                *self.since.insert(Instant::now())
            }
        };
        let end = after(since, self.limit);
        if self.timer.deadline() > end {
            self.timer.as_mut().reset(end);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if end <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(end);
        }
    }
}

//! How long one attempt may take, on routes that try more than once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::patience::after;

pub(super) struct Attempt {
    pub(super) limit: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Attempt {
    /// It begins now.
    pub(super) fn begin(limit: Duration) -> Self {
        Self {
            limit,
            timer: Box::pin(sleep(limit)),
        }
    }

    /// Ready when it has taken too long. Another endpoint would have to wait for the client's body as well, so the time
    /// counts anew while that is awaited.
    pub(super) fn poll_over(&mut self, awaits_body: bool, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if !awaits_body {
                return Poll::Ready(());
            }
            let next = after(Instant::now(), self.limit);
            self.timer.as_mut().reset(next);
        }
    }
}

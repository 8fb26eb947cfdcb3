//! How long to wait for something that makes no progress.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// A timer that begins anew whenever something moved. It costs nothing until something is waited for.
#[derive(Debug, Default)]
pub(super) struct Patience(Option<(Pin<Box<Sleep>>, u64)>);

impl Patience {
    /// Ready when `progress` has been the same for `limit`, asked each time there is nothing to do.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        progress: u64,
        limit: Duration,
    ) -> Poll<()> {
        let (timer, _) = match &mut self.0 {
            Some(running) if running.1 == progress => running,
            over => over.insert((Box::pin(sleep(limit)), progress)),
        };
        timer.as_mut().poll(cx)
    }

    pub(super) fn end(&mut self) {
        self.0 = None;
    }
}

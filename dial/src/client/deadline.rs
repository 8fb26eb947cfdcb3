//! How long one attempt may take, on routes that try more than once.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::patience::{Timer, after};

/// By when an attempt is to have the head of its response, over however many connections it goes.
pub(super) struct Deadline {
    pub(super) limit: Duration,
    at: Instant,
    /// Since when it is put off.
    waiting: Option<Instant>,
    timer: Timer,
}

impl Deadline {
    /// The attempt begins now.
    pub(super) fn begin(limit: Duration) -> Self {
        Self {
            limit,
            at: after(Instant::now(), limit),
            waiting: None,
            timer: Timer::default(),
        }
    }

    /// How much of the limit is left.
    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Ready when the attempt has taken too long. Another endpoint would have to wait for the client's body as well, so it is
    /// put off for as long as that is awaited.
    pub(super) fn poll_over(&mut self, awaits_body: bool, cx: &mut Context<'_>) -> Poll<()> {
        if awaits_body {
            self.waiting.get_or_insert_with(Instant::now);
            return Poll::Pending;
        }
        if let Some(since) = self.waiting.take() {
            self.at = after(self.at, since.elapsed());
        }
        self.timer.poll_until(cx, self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Polls it for so long; whether it was over.
    async fn is_over(deadline: &mut Deadline, awaits_body: bool, time: Duration) -> bool {
        let over = poll_fn(|cx| deadline.poll_over(awaits_body, cx));
        timeout(time, over).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_time_of_the_client_is_not_counted() {
        let mut deadline = Deadline::begin(3 * SECOND);
        // Nobody polls it while another connection is made.
        advance(SECOND).await;
        assert_eq!(deadline.left(), 2 * SECOND);
        assert!(!is_over(&mut deadline, false, SECOND).await);
        assert_eq!(deadline.left(), SECOND);
        for _ in 0..9 {
            assert!(!is_over(&mut deadline, true, SECOND).await);
        }
        let began = Instant::now();
        assert!(is_over(&mut deadline, false, 9 * SECOND).await);
        assert_eq!(began.elapsed(), SECOND);
        assert_eq!(deadline.left(), Duration::ZERO);
    }
}

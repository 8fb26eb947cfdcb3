//! How long a peer is waited for: while nothing moves, and while too little does.
//!
//! No clock is read and no timer touched unless something is waited for, and a timer that was set once is used again.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A limit too long to be a time is this far away.
const FOREVER: Duration = Duration::from_hours(30 * 365 * 24);

/// `limit` from `start`.
pub(crate) fn after(start: Instant, limit: Duration) -> Instant {
    start.checked_add(limit).unwrap_or_else(|| start + FOREVER)
}

/// What is expected of a peer while it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long nothing may move.
    pub(crate) idle: Duration,
    /// Bytes for each second that a message was waited for in all, once that is longer than `idle`; 0 is any.
    pub(crate) rate: u32,
}

impl Pace {
    /// Only that something moves.
    pub(crate) fn idle(limit: Duration) -> Self {
        Self {
            idle: limit,
            rate: 0,
        }
    }

    /// How long a message of which `moved` bytes have moved may have been waited for in all.
    fn allows(self, moved: u64) -> Duration {
        let millis = moved.saturating_mul(1000).checked_div(self.rate.into());
        millis.map_or(Duration::MAX, |millis| {
            Duration::from_millis(millis).max(self.idle)
        })
    }
}

/// The waits for one message after another.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    timer: Timer,
    /// The wait that is going on.
    wait: Option<Wait>,
    /// The time of those before it, for the same message.
    waited: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    since: Instant,
    /// How much had moved by then.
    moved: u64,
    until: Instant,
}

impl Patience {
    /// With a timer that was used before.
    pub(crate) fn with(timer: Timer) -> Self {
        Self {
            timer,
            ..Self::default()
        }
    }

    /// Ready when the peer is too slow. Asked each time there is nothing to do but to wait for it; `moved` is how much
    /// of the message has moved so far.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, moved: u64, pace: Pace) -> Poll<()> {
        let wait = match self.wait {
            Some(wait) if wait.moved == moved => wait,
            over => {
                let since = Instant::now();
                self.waited += over.map_or(Duration::ZERO, |over| since - over.since);
                let left = pace.allows(moved).saturating_sub(self.waited);
                let until = after(since, pace.idle.min(left));
                *self.wait.insert(Wait {
                    since,
                    moved,
                    until,
                })
            }
        };
        self.timer.poll_until(cx, wait.until)
    }

    /// What was waited for has come, or the peer is no longer what is waited for.
    pub(crate) fn pause(&mut self) {
        if let Some(wait) = self.wait.take() {
            self.waited += wait.since.elapsed();
        }
    }

    /// The message is over: the next one has all the time again.
    pub(crate) fn end(&mut self) {
        self.wait = None;
        self.waited = Duration::ZERO;
    }

    /// The timer, between two messages.
    pub(crate) fn timer(&mut self) -> &mut Timer {
        &mut self.timer
    }
}

/// A timer that is allocated once, when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready at `until`.
    pub(crate) fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(until)))
            .as_mut();
        Self::poll_set(timer, cx, until)
    }

    fn poll_set(mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        // One that is due earlier stays as it is: to be woken once for nothing costs less than to set it each time.
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// How long a client is waited for that moves `step` bytes every `every`; `None` is longer than ten minutes.
    async fn lasts(pace: Pace, step: u64, every: Duration) -> Option<Duration> {
        let mut patience = Patience::default();
        let start = Instant::now();
        let mut moved = 0;
        while start.elapsed() < 10 * MINUTE {
            let wait = poll_fn(|cx| patience.poll(cx, moved, pace));
            if tokio::time::timeout(every, wait).await.is_ok() {
                return Some(start.elapsed());
            }
            moved += step;
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_slowness_both_end_it() {
        let pace = |idle, rate| Pace { idle, rate };
        let ms = Duration::from_millis;
        let cases = [
            ("silent", pace(MINUTE, 0), 0, MINUTE, Some(secs(60))),
            (
                "silent, at a rate",
                pace(MINUTE, 240),
                0,
                secs(1),
                Some(secs(60)),
            ),
            ("dripping, at any rate", pace(secs(2), 0), 1, secs(1), None),
            ("dripping", pace(secs(5), 240), 1, ms(100), Some(secs(5))),
            (
                "just below",
                pace(secs(5), 240),
                239,
                secs(1),
                Some(secs(5)),
            ),
            (
                "just enough",
                pace(secs(5), 240),
                240 * 6 / 5,
                ms(999),
                None,
            ),
            (
                "seldom, but much",
                pace(secs(5), 240),
                240 * 10,
                ms(4999),
                None,
            ),
        ];
        for (name, pace, step, every, lasted) in cases {
            let found = lasts(pace, step, every).await;
            // A timer is due at the next millisecond.
            let found = found.map(|found| Duration::from_secs(found.as_secs()));
            assert_eq!(found, lasted, "{name}");
        }
    }

    /// Much that moved at first is held in a client's favour.
    #[tokio::test(start_paused = true)]
    async fn the_rate_is_that_of_the_whole_message() {
        let mut patience = Patience::default();
        let pace = Pace {
            idle: secs(15),
            rate: 100,
        };
        let start = Instant::now();
        let wait = poll_fn(|cx| patience.poll(cx, 2000, pace));
        assert!(tokio::time::timeout(secs(12), wait).await.is_err());
        poll_fn(|cx| patience.poll(cx, 2001, pace)).await;
        assert_eq!(start.elapsed().as_secs(), 20);
    }

    /// Only the time in which the client was waited for counts.
    #[tokio::test(start_paused = true)]
    async fn a_pause_does_not_count() {
        let mut patience = Patience::default();
        let pace = Pace {
            idle: secs(5),
            rate: 240,
        };
        for moved in 0..4 {
            let wait = poll_fn(|cx| patience.poll(cx, moved, pace));
            assert!(tokio::time::timeout(secs(1), wait).await.is_err());
            patience.pause();
            advance(10 * MINUTE).await;
        }
        let start = Instant::now();
        poll_fn(|cx| patience.poll(cx, 4, pace)).await;
        assert_eq!(start.elapsed().as_secs(), 1, "of 5 s there was 1 s left");

        patience.end();
        let start = Instant::now();
        poll_fn(|cx| patience.poll(cx, 4, pace)).await;
        assert_eq!(
            start.elapsed().as_secs(),
            5,
            "the next message has all of it"
        );
    }

    /// A timer set for one wait neither ends a longer one nor holds a shorter one up.
    #[tokio::test(start_paused = true)]
    async fn one_timer_serves_waits_of_any_length() {
        let mut timer = Timer::default();
        for limit in [10, 2, 30, 1, 1, 60] {
            let start = Instant::now();
            let mut set = Box::pin(poll_fn(|cx| timer.poll_until(cx, start + secs(limit))));
            let soon = tokio::time::timeout(secs(limit) / 2, &mut set).await;
            assert!(soon.is_err(), "{limit} s");
            set.await;
            assert_eq!(start.elapsed().as_secs(), limit);
            let mut dropped = poll_fn(|cx| timer.poll_until(cx, start + secs(3 * limit)));
            let soon = tokio::time::timeout(secs(1), &mut dropped).await;
            assert!(soon.is_err(), "{limit} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_limit_is_none() {
        let endless = Pace::idle(Duration::MAX);
        assert_eq!(lasts(endless, 0, MINUTE).await, None);
    }
}

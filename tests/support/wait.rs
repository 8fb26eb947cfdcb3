//! Waiting for events under a deadline, and holding events back.

use std::panic::Location;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long anything in this crate waits, unless told otherwise: far longer than any wait that will
/// be met.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// How long a transfer must stand still before it counts as stalled.
///
/// Nothing announces that back-pressure has set in, so this one wait is for a silence. A slow
/// machine can only make it end early, with too small a count, which never fails an assertion of
/// the form "at most this much got through".
pub const STALL: Duration = Duration::from_millis(300);

/// Waits for `future`, and panics at the caller's line when it takes longer than `deadline`.
#[track_caller]
pub fn within<F: Future>(deadline: Duration, future: F) -> impl Future<Output = F::Output> {
    let caller = Location::caller();
    async move {
        let output = timeout(deadline, future).await;
        output.unwrap_or_else(|_| panic!("nothing within {deadline:?}, awaited at {caller}"))
    }
}

/// Waits until `condition` holds, and panics at the caller's line when it does not within
/// [`DEADLINE`].
///
/// The condition is polled every five milliseconds: for state that offers no event to wait on.
#[track_caller]
pub fn eventually(mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let mut tick = interval(Duration::from_millis(5));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let poll = async {
            while !condition() {
                tick.tick().await;
            }
        };
        let polled = timeout(DEADLINE, poll).await;
        polled.unwrap_or_else(|_| panic!("still not so after {DEADLINE:?}, awaited at {caller}"));
    }
}

/// Holds back whoever passes it until the test opens it. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that lets everything through until it is closed.
    #[must_use]
    pub fn opened() -> Self {
        Self(watch::Sender::new(true))
    }

    /// A gate that lets nothing through until it is opened.
    #[must_use]
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets through what waits and what comes.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Holds back what comes from now on.
    pub fn close(&self) {
        self.0.send_replace(false);
    }

    /// Whether it lets through what comes.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits, without a deadline, until the gate is open.
    pub async fn passed(&self) {
        let open = self.0.subscribe().wait_for(|open| *open).await.is_ok();
        assert!(open, "a gate outlives those who wait at it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn a_gate_holds_back_until_opened() {
        let gate = Gate::closed();
        let passed = AtomicBool::new(false);
        tokio::join!(
            async {
                gate.passed().await;
                passed.store(true, Ordering::SeqCst);
            },
            async {
                assert!(!passed.load(Ordering::SeqCst));
                gate.open();
                eventually(|| passed.load(Ordering::SeqCst)).await;
            }
        );
    }

    #[tokio::test]
    #[should_panic(expected = "wait.rs")]
    async fn a_missed_deadline_names_the_line_that_waited() {
        within(Duration::from_millis(1), std::future::pending::<()>()).await;
    }
}

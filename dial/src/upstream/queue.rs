//! Requests that wait for room at an upstream that is full.
//!
//! Who waits does nothing: whoever makes room, or changes the hosts, chooses for those who wait, from the front. So nobody
//! who comes later takes what one of them was about to get.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::Upstream;
use super::limits::Limits;
use super::tried::{Ask, Tried};
use super::turn::{Room, Turn, Undone};
use crate::error::{Error, ErrorKind};
use crate::patience::after;

/// So many of those in front may be unable to use the room there is without those behind them being kept from it.
const MAX_PASSED: usize = 16;
/// So often whoever makes room goes through the line because others have made some meanwhile. Who waits looks by itself, too.
const MAX_ROUNDS: usize = 64;
/// How often who waits looks by itself whether there is room: when the next ejection ends, within these bounds.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1));

/// Those who wait, in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    /// How many there are: all that a request looks at when it ends.
    waiting: AtomicUsize,
    /// Whether somebody gives out what room there is.
    busy: AtomicBool,
    /// Whether there may be more than was there when he began.
    again: AtomicBool,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiters: VecDeque<Waiter>,
    /// The number of the next to come.
    next: u64,
    /// Since when somebody has waited at any time.
    busy_since: Option<Instant>,
}

/// One of them, and what it would ask.
struct Waiter {
    number: u64,
    tried: Tried,
    key: Option<u64>,
    cookie: Option<Box<[u8]>>,
    sender: oneshot::Sender<Turn>,
}

/// Its place, left however the wait ends.
struct Place<'a> {
    queue: &'a Queue,
    number: u64,
    limit: Duration,
    receiver: oneshot::Receiver<Turn>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, ask: &Ask<'_>, limits: &Limits) -> Option<Place<'_>> {
        let now = Instant::now();
        let (sender, receiver) = oneshot::channel();
        let mut line = self.line();
        if line.waiters.len() >= limits.queue {
            return None;
        }
        let since = *line.busy_since.get_or_insert(now);
        let overloaded = now.saturating_duration_since(since) >= limits.queue_timeout;
        let shorter = limits.overload_timeout.filter(|_| overloaded);
        let number = line.next;
        line.next += 1;
        line.waiters.push_back(Waiter {
            number,
            tried: ask.tried.clone(),
            key: ask.key,
            cookie: ask.cookie.map(Box::from),
            sender,
        });
        self.changed(&mut line);
        Some(Place {
            queue: self,
            number,
            limit: shorter.unwrap_or(limits.queue_timeout),
            receiver,
        })
    }

    /// Before anybody is let in that would count on it: one that ends sees who waits, or those who wait see that it ended.
    fn changed(&self, line: &mut Line) {
        self.waiting.store(line.waiters.len(), Ordering::SeqCst);
        if line.waiters.is_empty() {
            line.busy_since = None;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        let waiters = &mut line.waiters;
        // In order of their numbers.
        let at = waiters.partition_point(|waiter| waiter.number < self.number);
        if waiters
            .get(at)
            .is_some_and(|waiter| waiter.number == self.number)
        {
            waiters.remove(at);
            self.queue.changed(&mut line);
        }
    }
}

impl Waiter {
    /// Whether any endpoint will do.
    fn is_easy(&self) -> bool {
        self.tried.is_none() && self.cookie.is_none()
    }

    fn ask(&self) -> Ask<'_> {
        Ask {
            tried: &self.tried,
            key: self.key,
            cookie: self.cookie.as_deref(),
        }
    }
}

impl Upstream {
    /// How many requests wait for room; see [`Limits::queue`].
    #[must_use]
    pub fn queued(&self) -> usize {
        self.inner.queue.len()
    }

    /// Waits for room. `None` if meanwhile there is nobody to wait for.
    pub(super) async fn queue(&self, ask: &Ask<'_>) -> Result<Option<Turn>, Error> {
        let Some(limits) = &self.inner.settings.limits else {
            return Ok(None);
        };
        let Some(mut place) = self.inner.queue.join(ask, limits) else {
            let what = format!("{} requests wait already", limits.queue);
            return Err(overloaded(&what, limits));
        };
        let until = after(Instant::now(), place.limit);
        loop {
            // There may be room since this one has asked for it, or since an ejection is over.
            self.dispatch();
            let now = Instant::now();
            let look = self.inner.snapshot.load().revisit();
            let look = look.unwrap_or(until).clamp(now + LOOK.0, now + LOOK.1);
            match timeout_at(until.min(look), &mut place.receiver).await {
                Ok(turn) => return Ok(turn.ok()),
                Err(_) if Instant::now() < until => {}
                Err(_) => {
                    let what = format!("no room within {:?}", place.limit);
                    return Err(overloaded(&what, limits));
                }
            }
        }
    }

    /// Gives what room there is to those who wait. One does that at a time, and whoever comes meanwhile leaves it to him: nobody
    /// waits, and what is called here may come back here.
    pub(super) fn dispatch(&self) {
        let queue = &self.inner.queue;
        let Some(limits) = &self.inner.settings.limits else {
            return;
        };
        if queue.len() == 0 {
            return;
        }
        self.readmit_in_time();
        queue.again.store(true, Ordering::SeqCst);
        for _ in 0..MAX_ROUNDS {
            if !queue.again.load(Ordering::SeqCst) || queue.busy.swap(true, Ordering::SeqCst) {
                return;
            }
            let busy = Busy(&queue.busy);
            let mut unwanted = Vec::new();
            if queue.again.swap(false, Ordering::SeqCst) {
                self.serve(limits, &mut unwanted);
            }
            drop(busy);
            // Each of them makes room anew.
            drop(unwanted);
        }
    }

    /// Goes through the line once.
    fn serve(&self, limits: &Limits, unwanted: &mut Vec<Turn>) {
        let queue = &self.inner.queue;
        let mut line = queue.line();
        let mut at = 0;
        while at < MAX_PASSED
            && let Some(waiter) = line.waiters.get(at)
        {
            let turn = match self.reserve(&waiter.ask(), limits) {
                Ok(Room::At(turn)) => Some(turn),
                Ok(Room::Nowhere) => None,
                // Those behind could use no other room than this one.
                Ok(Room::Full) if waiter.is_easy() => break,
                Ok(Room::Full) => {
                    at += 1;
                    continue;
                }
                Err(Undone) => break,
            };
            // Without a turn it learns that there is none to come.
            if let (Some(waiter), Some(turn)) = (line.waiters.remove(at), turn)
                && let Err(turn) = waiter.sender.send(turn)
            {
                unwanted.push(turn);
            }
        }
        queue.changed(&mut line);
    }
}

/// Given back however that ends.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

fn overloaded(what: &str, limits: &Limits) -> Error {
    let error = Error::new(
        ErrorKind::Overloaded,
        format!("the upstream is full: {what}"),
    );
    error.with_retry_after(limits.queue_timeout)
}

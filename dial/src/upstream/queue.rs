//! Requests that wait for room at an upstream that is full.
//!
//! Who waits does nothing: whoever makes room, or changes the hosts, chooses for those who wait, from the front. So nobody
//! who comes later takes what one of them was about to get, and none is woken in vain.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::Upstream;
use super::limits::Limits;
use super::tried::{Ask, Tried};
use super::turn::{Room, Turn};
use crate::error::{Error, ErrorKind};
use crate::patience::after;

/// So many of those in front may be unable to use the room there is without those behind them being kept from it.
const MAX_PASSED: usize = 16;

/// Those who wait, in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    /// How many there are: all that a request looks at when it ends.
    waiting: AtomicUsize,
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
        // There may be room since this one has asked for it.
        self.dispatch();
        let until = after(Instant::now(), place.limit);
        match timeout_at(until, &mut place.receiver).await {
            Ok(turn) => Ok(turn.ok()),
            Err(_) => Err(overloaded(
                &format!("no room within {:?}", place.limit),
                limits,
            )),
        }
    }

    /// Gives what room there is to those who wait.
    pub(super) fn dispatch(&self) {
        let queue = &self.inner.queue;
        if queue.len() == 0 {
            return;
        }
        let mut unwanted = Vec::new();
        let mut line = queue.line();
        let mut at = 0;
        while at < MAX_PASSED
            && let Some(waiter) = line.waiters.get(at)
        {
            let turn = match self.reserve(&waiter.ask()) {
                Room::Full(_) => {
                    at += 1;
                    continue;
                }
                Room::At(turn) => Some(turn),
                Room::Nowhere => None,
            };
            // Without a turn it learns that there is none to come.
            if let (Some(waiter), Some(turn)) = (line.waiters.remove(at), turn)
                && let Err(turn) = waiter.sender.send(turn)
            {
                unwanted.push(turn);
            }
        }
        queue.changed(&mut line);
        drop(line);
        // Each of them makes room anew.
        drop(unwanted);
    }
}

fn overloaded(what: &str, limits: &Limits) -> Error {
    let error = Error::new(
        ErrorKind::Overloaded,
        format!("the upstream is full: {what}"),
    );
    error.with_retry_after(limits.queue_timeout)
}

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

/// So far the line is gone through for those who can use room that those before them cannot.
const MAX_SEEN: usize = 2048;
/// So many kinds of those who find none are told apart.
const MAX_KINDS: usize = 16;
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
    /// How many of them may go to some endpoints only, or to more than the others.
    picky: usize,
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
        line.push(Waiter {
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

impl Line {
    fn push(&mut self, waiter: Waiter) {
        self.picky += usize::from(!waiter.is_easy());
        self.waiters.push_back(waiter);
    }

    fn remove(&mut self, at: usize) -> Option<Waiter> {
        let waiter = self.waiters.remove(at)?;
        self.picky -= usize::from(!waiter.is_easy());
        Some(waiter)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut line = self.queue.line();
        let waiters = &line.waiters;
        // In order of their numbers.
        let at = waiters.partition_point(|waiter| waiter.number < self.number);
        if waiters
            .get(at)
            .is_some_and(|waiter| waiter.number == self.number)
        {
            line.remove(at);
            self.queue.changed(&mut line);
        }
    }
}

impl Waiter {
    /// Whether any endpoint that gets requests will do.
    fn is_easy(&self) -> bool {
        self.tried.is_none() && self.cookie.is_none()
    }

    /// Whether it finds no room where that one found none.
    fn is_like(&self, other: &Self) -> bool {
        self.tried.is_like(&other.tried) && self.cookie == other.cookie
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
            return self.past_the_queue(ask, limits);
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

    /// Too many wait already; but there may be room that none of them can use.
    fn past_the_queue(&self, ask: &Ask<'_>, limits: &Limits) -> Result<Option<Turn>, Error> {
        self.dispatch();
        match self.reserve(ask, limits) {
            Ok(Room::At(turn)) => return Ok(Some(turn)),
            Ok(Room::Nowhere) => return Ok(None),
            Ok(Room::Full) => {}
            Err(Undone) => self.dispatch(),
        }
        let what = format!("{} requests wait already", limits.queue);
        Err(overloaded(&what, limits))
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
            let _busy = Busy(&queue.busy);
            if queue.again.swap(false, Ordering::SeqCst) {
                self.serve(limits);
            }
        }
    }

    /// Goes through the line once.
    fn serve(&self, limits: &Limits) {
        let queue = &self.inner.queue;
        let mut line = queue.line();
        let mut at = 0;
        // The first of each kind that found none.
        let mut passed = Vec::new();
        while at < MAX_SEEN
            && passed.len() < MAX_KINDS
            && let Some(waiter) = line.waiters.get(at)
        {
            let known = |first: &usize| waiter.is_like(&line.waiters[*first]);
            if passed.iter().any(known) {
                at += 1;
                continue;
            }
            let turn = match self.reserve(&waiter.ask(), limits) {
                Ok(Room::At(turn)) => Some(turn),
                Ok(Room::Nowhere) => None,
                // Nor do those behind.
                Ok(Room::Full) if line.picky == 0 => break,
                Ok(Room::Full) => {
                    passed.push(at);
                    at += 1;
                    continue;
                }
                Err(Undone) => break,
            };
            // Without a turn it learns that there is none to come. Nobody leaves but under the lock: it gets what is sent.
            if let (Some(waiter), Some(turn)) = (line.remove(at), turn) {
                let _ = waiter.sender.send(turn);
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

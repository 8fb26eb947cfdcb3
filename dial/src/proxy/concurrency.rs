//! How many requests a route takes at a time, from everybody or from each.

use std::collections::hash_map::Entry;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::handler::ModifiableRequest;
use crate::proxy::key;
use crate::proxy::shards::Shards;
use crate::upstream::HashOn;

/// When there is room again nobody knows; this is the least a `Retry-After` can say.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A bound on the requests of a route that are under way at the same time.
///
/// A request counts from its admission until its response was read to the end or given up; one that becomes a tunnel, until
/// that ends. What handlers answer themselves counts as well. They are counted in this process, over all workers.
///
/// Without [`by`](Self::by) more requests are answered with 503, because the route is busy; with it with 429, because their
/// client is (RFC 6585 §4). Either has a `Retry-After` of one second. A rate limit is asked first, so what ends here was
/// counted there.
///
/// ```
/// use dial::{ConcurrencyLimit, HashOn, ModifiableRequest};
///
/// let limit = ConcurrencyLimit::new(10)?.by(HashOn::ClientIp);
/// let api = dial::proxy(["backend:8080"], |request: ModifiableRequest| request).concurrency(limit);
/// # drop(api);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencyLimit {
    most: NonZeroUsize,
    by: Option<HashOn>,
}

impl ConcurrencyLimit {
    /// So many requests at a time: 1 to 1,000,000. Anything else is an [`ErrorKind::Config`].
    pub fn new(requests: usize) -> Result<Self, Error> {
        let within = (requests <= 1_000_000).then_some(requests);
        let most = within.and_then(NonZeroUsize::new).ok_or_else(|| {
            let what =
                format!("a concurrency limit of {requests} requests is not within 1 and 1000000");
            Error::config(what)
        })?;
        Ok(Self { most, by: None })
    }

    /// Counts requests apart for each client address, or whatever else they have in common; those that have none of it
    /// together. Only what is under way is remembered.
    #[must_use]
    pub fn by(mut self, by: HashOn) -> Self {
        self.by = Some(by);
        self
    }
}

/// A route's limit, and what is under way.
pub(crate) struct Concurrency {
    most: usize,
    count: Count,
}

enum Count {
    All(AtomicUsize),
    /// How many there are of each key; none is not listed.
    Each(HashOn, Box<Shards<usize>>),
}

/// The place of one request, until it is dropped.
pub(crate) struct Slot {
    of: Arc<Concurrency>,
    key: u64,
}

impl Concurrency {
    pub(crate) fn new(limit: ConcurrencyLimit) -> Self {
        Self {
            most: limit.most.get(),
            count: match limit.by {
                None => Count::All(AtomicUsize::new(0)),
                Some(by) => Count::Each(by, Box::default()),
            },
        }
    }

    /// Lets a request through, or says why not.
    pub(super) fn admit(self: &Arc<Self>, request: &ModifiableRequest) -> Result<Slot, Error> {
        let key = match &self.count {
            Count::All(_) => 0,
            // Those without a key are one.
            Count::Each(by, _) => key::of(request.draft(), by).unwrap_or(0),
        };
        self.enter(key).ok_or_else(|| {
            let most = self.most;
            let error = match &self.count {
                Count::All(_) => {
                    let what = format!("{most} requests are under way, which is the limit");
                    Error::new(ErrorKind::Overloaded, what)
                }
                Count::Each(by, _) => {
                    let what =
                        format!("{most} requests are under way, which is the limit, by {by:?}");
                    Error::new(ErrorKind::RateLimited, what)
                }
            };
            error.with_retry_after(RETRY_AFTER)
        })
    }

    fn enter(self: &Arc<Self>, key: u64) -> Option<Slot> {
        let entered = match &self.count {
            Count::All(count) => {
                let one_more = |count: usize| (count < self.most).then_some(count + 1);
                count
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
                    .is_ok()
            }
            Count::Each(_, shards) => {
                let mut shard = shards.of(key);
                let count = shard.entry(key).or_default();
                // A new one is below any limit, so none stays at nothing.
                let room = *count < self.most;
                *count += usize::from(room);
                room
            }
        };
        entered.then(|| Slot {
            of: Arc::clone(self),
            key,
        })
    }

    fn leave(&self, key: u64) {
        match &self.count {
            Count::All(count) => {
                count.fetch_sub(1, Ordering::Relaxed);
            }
            Count::Each(_, shards) => {
                let mut shard = shards.of(key);
                if let Entry::Occupied(mut count) = shard.entry(key) {
                    *count.get_mut() -= 1;
                    if *count.get() == 0 {
                        count.remove();
                    }
                }
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.of.leave(self.key);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concurrency(by: Option<HashOn>) -> Arc<Concurrency> {
        let limit = ConcurrencyLimit::new(2).expect("a limit");
        Arc::new(Concurrency::new(ConcurrencyLimit { by, ..limit }))
    }

    #[test]
    fn so_many_at_a_time_and_no_more() {
        for by in [None, Some(HashOn::ClientIp)] {
            let limit = concurrency(by.clone());
            let first = limit.enter(7);
            let second = limit.enter(7);
            assert!(first.is_some() && second.is_some());
            for _ in 0..3 {
                assert!(limit.enter(7).is_none(), "{by:?}");
            }
            drop(first);
            let third = limit.enter(7);
            assert!(third.is_some() && limit.enter(7).is_none(), "{by:?}");
            assert_eq!(limit.enter(8).is_some(), by.is_some());
        }
    }

    #[test]
    fn nothing_is_left_of_keys_that_are_not_under_way() {
        let limit = concurrency(Some(HashOn::ClientIp));
        let slots: Vec<_> = (0..10_000).filter_map(|key| limit.enter(key / 3)).collect();
        assert_eq!(slots.len(), 6667);
        drop(slots);
        let Count::Each(_, shards) = &limit.count else {
            panic!("by keys");
        };
        assert!(shards.lens().into_iter().all(|keys| keys == 0));
    }

    #[test]
    fn threads_that_meet_never_exceed_it() {
        for by in [None, Some(HashOn::ClientIp)] {
            let limit = concurrency(by);
            let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..10_000 {
                            let Some(_slot) = limit.enter(1) else {
                                continue;
                            };
                            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    });
                }
            });
            assert!((1..=2).contains(&most.into_inner()));
            assert!(limit.enter(1).is_some() && limit.enter(1).is_some());
        }
    }
}

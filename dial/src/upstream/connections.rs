//! How many connections are open to an endpoint, and how room is made for one more.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::endpoint::Endpoint;

/// The connections to one endpoint, of all workers; counted only where there is a limit.
#[derive(Default)]
pub(super) struct Connections {
    open: AtomicUsize,
    /// Who may keep idle ones.
    keepers: Mutex<Vec<Weak<dyn Keeper>>>,
}

/// Keeps idle connections for those who come next.
pub(crate) trait Keeper: Send + Sync {
    /// Closes an idle connection to the endpoint of that number; says whether there was one.
    fn close_one(&self, endpoint: u64) -> bool;
}

/// One connection: counted for as long as this lives.
pub(crate) struct Open(Arc<Endpoint>);

impl Connections {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn keepers(&self) -> MutexGuard<'_, Vec<Weak<dyn Keeper>>> {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, keeper: &Weak<dyn Keeper>) {
        let mut keepers = self.keepers();
        keepers.retain(|known| known.strong_count() > 0);
        if !keepers.iter().any(|known| known.ptr_eq(keeper)) {
            keepers.push(Weak::clone(keeper));
        }
    }

    /// Counts one more if that are no more than `limit`.
    fn enter(&self, limit: usize) -> bool {
        let enter = |open| (open < limit).then(|| open + 1);
        let order = Ordering::Relaxed;
        self.open.fetch_update(order, order, enter).is_ok()
    }

    /// Has somebody close an idle one.
    fn close_one(&self, endpoint: u64) -> bool {
        // Nobody is asked under the lock: a connection that is closed may come back here.
        let keepers: Vec<_> = self.keepers().iter().filter_map(Weak::upgrade).collect();
        keepers.iter().any(|keeper| keeper.close_one(endpoint))
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connections").field(&self.open()).finish()
    }
}

impl Open {
    /// Room for one more connection to `endpoint`; `None` if it has as many as it may, and none of them is idle.
    pub(crate) fn enter(
        endpoint: &Arc<Endpoint>,
        limit: usize,
        keeper: &Weak<dyn Keeper>,
    ) -> Option<Self> {
        let connections = endpoint.connections();
        connections.remember(keeper);
        while !connections.enter(limit) {
            if !connections.close_one(endpoint.id()) {
                // One that was idle may have been closed before it could be found.
                return connections.enter(limit).then(|| Self(Arc::clone(endpoint)));
            }
        }
        Some(Self(Arc::clone(endpoint)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections().open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Address;

    /// Has nothing idle when it is asked: what it had it has just closed.
    struct Swept(Mutex<Option<Open>>);

    impl Keeper for Swept {
        fn close_one(&self, _: u64) -> bool {
            self.0.lock().unwrap().take();
            false
        }
    }

    #[test]
    fn a_connection_that_goes_meanwhile_makes_room() {
        let address = Address::parse("a:8080").unwrap();
        let endpoint = Arc::new(Endpoint::new(address, false).unwrap());
        let swept = Arc::new(Swept(Mutex::default()));
        let keeper = Arc::downgrade(&(Arc::clone(&swept) as Arc<dyn Keeper>));
        let first = Open::enter(&endpoint, 1, &keeper).unwrap();
        assert!(Open::enter(&endpoint, 1, &keeper).is_none());
        *swept.0.lock().unwrap() = Some(first);
        let second = Open::enter(&endpoint, 1, &keeper);
        assert!(second.is_some());
        assert_eq!(endpoint.connections().open(), 1);
        drop(second);
        assert_eq!(endpoint.connections().open(), 0);
    }
}

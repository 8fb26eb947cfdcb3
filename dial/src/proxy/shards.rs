//! What is known of keys, in parts, so that workers seldom meet at one lock.

use std::array;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const COUNT: usize = 64;

/// A map of keys that are hashes. It is not bounded by itself.
pub(super) struct Shards<V>([Mutex<HashMap<u64, V>>; COUNT]);

impl<V> Shards<V> {
    /// The part that `key` is in, if it is in any.
    pub(super) fn of(&self, key: u64) -> MutexGuard<'_, HashMap<u64, V>> {
        // Any of a hash's bits will do.
        let index = usize::try_from(key % COUNT as u64).unwrap_or(0);
        self.0[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Default for Shards<V> {
    fn default() -> Self {
        Self(array::from_fn(|_| Mutex::default()))
    }
}

#[cfg(test)]
impl<V> Shards<V> {
    /// How many keys each has.
    pub(super) fn lens(&self) -> [usize; COUNT] {
        self.0.each_ref().map(|shard| shard.lock().unwrap().len())
    }
}

//! Idle connections, sharded by thread and keyed by endpoint.
//!
//! A worker's client has one shard that only the worker locks. A mounted proxy is shared by the threads of somebody
//! else's runtime: each prefers a shard of its own and looks into the others only when that is empty.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::conn::Connection;
use crate::config::PoolConfig;
use crate::upstream::Keeper;

/// How long it takes until idle connections are looked through again: an idle timeout, within these bounds.
const SWEEP: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

pub(crate) struct Pool {
    shards: Box<[Shard]>,
    config: PoolConfig,
    sweeping: AtomicBool,
}

/// Idle connections of each endpoint, the most recently used last.
type Shard = Mutex<Idle>;

type Idle = HashMap<u64, Vec<Box<Connection>>, BuildHasherDefault<Spread>>;

/// Endpoints are numbered by dial itself: nobody can choose numbers that collide.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: neighbours end up far apart, in the upper bits too.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Pool {
    pub(crate) fn new(config: PoolConfig, shards: usize) -> Self {
        Self {
            shards: (0..shards.max(1)).map(|_| Shard::default()).collect(),
            config,
            sweeping: AtomicBool::new(false),
        }
    }

    /// The most recently used connection that can take a request now.
    pub(crate) fn take(&self, endpoint: u64) -> Option<Box<Connection>> {
        let own = self.own_shard();
        if let Some(connection) = self.take_from(&mut lock(&self.shards[own]), endpoint) {
            return Some(connection);
        }
        // Others' shards: never wait for their owners.
        (1..self.shards.len()).find_map(|step| {
            let other = &self.shards[(own + step) % self.shards.len()];
            self.take_from(&mut *other.try_lock().ok()?, endpoint)
        })
    }

    fn take_from(&self, shard: &mut Idle, endpoint: u64) -> Option<Box<Connection>> {
        let idle = shard.get_mut(&endpoint)?;
        while let Some(mut connection) = idle.pop() {
            let fresh = connection.idle_since.elapsed() < self.config.idle_timeout;
            if fresh && connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose exchange is over.
    pub(crate) fn put(self: &Arc<Self>, mut connection: Box<Connection>) {
        if connection.endpoint().is_retired() || self.config.max_idle == 0 {
            return;
        }
        // Without a runtime nobody would close it in time.
        if !self.sweeping.load(Ordering::Relaxed) && !self.start_sweeping() {
            return;
        }
        connection.idle_since = Instant::now();
        let mut shard = lock(&self.shards[self.own_shard()]);
        let idle = shard.entry(connection.endpoint().id()).or_default();
        if idle.len() >= self.config.max_idle {
            idle.remove(0);
        }
        idle.push(connection);
    }

    fn own_shard(&self) -> usize {
        match self.shards.len() {
            1 => 0,
            shards => thread_number() % shards,
        }
    }

    fn start_sweeping(self: &Arc<Self>) -> bool {
        let Ok(runtime) = Handle::try_current() else {
            return false;
        };
        if !self.sweeping.swap(true, Ordering::Relaxed) {
            runtime.spawn(sweep(Arc::downgrade(self), self.config.idle_timeout));
        }
        true
    }

    /// Closes what is closed already, too old, or belongs to an endpoint that was removed.
    fn sweep(&self) {
        let keep = |connection: &mut Connection| {
            connection.is_usable()
                && !connection.endpoint().is_retired()
                && connection.idle_since.elapsed() < self.config.idle_timeout
        };
        for shard in &self.shards {
            lock(shard).retain(|_, idle| {
                idle.retain_mut(|connection| keep(connection));
                !idle.is_empty()
            });
        }
    }
}

impl Keeper for Pool {
    fn close_one(&self, endpoint: u64) -> bool {
        self.shards.iter().any(|shard| {
            let mut shard = lock(shard);
            // The one that was idle longest is first.
            let idle = shard.get_mut(&endpoint).filter(|idle| !idle.is_empty());
            let oldest = idle.map(|idle| idle.remove(0));
            drop(shard);
            oldest.is_some()
        })
    }
}

/// Runs as long as its pool lives.
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    // On a runtime that goes away the pool must be able to start another.
    struct Stopped(Weak<Pool>);
    impl Drop for Stopped {
        fn drop(&mut self) {
            if let Some(pool) = self.0.upgrade() {
                pool.sweeping.store(false, Ordering::Relaxed);
            }
        }
    }
    let stopped = Stopped(pool);
    loop {
        tokio::time::sleep(idle_timeout.clamp(SWEEP.0, SWEEP.1)).await;
        match stopped.0.upgrade() {
            Some(pool) => pool.sweep(),
            None => return,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A small number for this thread, handed out in order.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    MINE.with(|mine| {
        mine.get().unwrap_or_else(|| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            mine.set(Some(number));
            number
        })
    })
}

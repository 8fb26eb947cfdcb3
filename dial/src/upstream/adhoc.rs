//! Endpoints that only a handler's full-URL rewrite names, `rewrite_uri("https://other/p")`.

use std::sync::{Arc, Mutex, PoisonError};

use super::address::Address;
use super::endpoint::Endpoint;
use crate::error::Error;

/// The most recently used ad-hoc endpoints, so that repeated rewrites to one target share its connections.
///
/// Bounded, because a handler may take the target from the request. What falls out is retired.
#[derive(Debug)]
pub(crate) struct AdHoc {
    capacity: usize,
    /// Most recently used first. A scan of a few hundred short comparisons is less work than one system call, and
    /// few programs have more than a handful of targets.
    recent: Mutex<Vec<Arc<Endpoint>>>,
}

impl AdHoc {
    /// Keeps up to `capacity` endpoints, at least one; meant for at most a few hundred.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            recent: Mutex::default(),
        }
    }

    /// The endpoint at this address, a new one where there is none yet.
    pub(crate) fn get(&self, address: &Address) -> Result<Arc<Endpoint>, Error> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = recent.iter().position(|known| known.address() == address) {
            recent[..=at].rotate_right(1);
            return Ok(Arc::clone(&recent[0]));
        }
        let endpoint = Arc::new(Endpoint::new(address.clone(), false)?);
        if recent.len() == self.capacity
            && let Some(oldest) = recent.pop()
        {
            oldest.retire();
        }
        recent.insert(0, Arc::clone(&endpoint));
        Ok(endpoint)
    }
}

//! A request under way at an endpoint.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::{Inner, Upstream};

/// Counts one request, from the attempt to send it until its response was read to the end or given up.
pub(crate) struct Flight {
    upstream: Arc<Inner>,
    endpoint: Arc<Endpoint>,
}

impl Flight {
    /// Of a request that is counted already.
    pub(super) fn begun(upstream: &Upstream, endpoint: &Arc<Endpoint>) -> Self {
        endpoint.load().latency.asked(Instant::now());
        Self {
            upstream: Arc::clone(&upstream.inner),
            endpoint: Arc::clone(endpoint),
        }
    }
}

impl Upstream {
    /// Begins an attempt at `endpoint`; `None` when nobody counts. In a box: most requests have none, and all carry the room
    /// for one along.
    pub(crate) fn enter(&self, endpoint: &Arc<Endpoint>) -> Option<Box<Flight>> {
        if !self.inner.settings.counts() {
            return None;
        }
        self.inner.in_flight.enter();
        endpoint.load().in_flight.enter();
        Some(Box::new(Flight::begun(self, endpoint)))
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.endpoint.load().in_flight.leave();
        self.upstream.in_flight.leave();
        if self.upstream.settings.limits.is_some() {
            let inner = Arc::clone(&self.upstream);
            Upstream { inner }.dispatch();
        }
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flight").field(&self.endpoint).finish()
    }
}

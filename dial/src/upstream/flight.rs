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
    began: Instant,
}

impl Flight {
    /// When the attempt began.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }
}

impl Upstream {
    /// Begins an attempt at `endpoint`; `None` when nobody counts.
    pub(crate) fn enter(&self, endpoint: &Arc<Endpoint>) -> Option<Flight> {
        if !self.inner.settings.counts() {
            return None;
        }
        self.inner.in_flight.enter();
        endpoint.load().in_flight.enter();
        Some(Flight {
            upstream: Arc::clone(&self.inner),
            endpoint: Arc::clone(endpoint),
            began: Instant::now(),
        })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.endpoint.load().in_flight.leave();
        self.upstream.in_flight.leave();
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flight").field(&self.endpoint).finish()
    }
}

//! Which endpoints a request has been to.

use super::endpoint::Endpoint;

/// No request is tried at more endpoints than this.
const MAX_TRIED: usize = 16;

/// The endpoints that one request has been sent to, or could not be sent to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tried {
    ids: [u64; MAX_TRIED],
    len: usize,
}

impl Tried {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Remembers an endpoint. A full set stays as it is: [`Upstream::pick`](super::Upstream::pick) gives it nothing
    /// more.
    pub(crate) fn insert(&mut self, endpoint: &Endpoint) {
        if self.contains(endpoint) {
            return;
        }
        if let Some(slot) = self.ids.get_mut(self.len) {
            *slot = endpoint.id();
            self.len += 1;
        }
    }

    pub(crate) fn contains(&self, endpoint: &Endpoint) -> bool {
        self.ids[..self.len].contains(&endpoint.id())
    }

    /// Whether the request has been to as many endpoints as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.len == MAX_TRIED
    }
}

//! Which endpoints a request has been to.

use super::endpoint::Endpoint;

/// No request is tried at more endpoints than this.
const MAX_TRIED: usize = 16;

/// The endpoints that one request has been sent to, or could not be sent to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tried {
    /// Mostly none, which allocates nothing.
    ids: Vec<u64>,
}

impl Tried {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Remembers an endpoint. A full set stays as it is: [`Upstream::pick`](super::Upstream::pick) gives it nothing
    /// more.
    pub(crate) fn insert(&mut self, endpoint: &Endpoint) {
        if !self.contains(endpoint) && !self.is_full() {
            self.ids.push(endpoint.id());
        }
    }

    pub(crate) fn contains(&self, endpoint: &Endpoint) -> bool {
        self.ids.contains(&endpoint.id())
    }

    /// Whether the request has been to as many endpoints as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.ids.len() == MAX_TRIED
    }
}

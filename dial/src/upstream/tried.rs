//! What a request says about where it may go.

use super::endpoint::Endpoint;

/// No request is tried at more endpoints than this.
const MAX_TRIED: usize = 16;

/// What a choice depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) tried: &'a Tried,
    /// What the upstream hashes on, if the request has it.
    pub(crate) key: Option<u64>,
    /// The value of the cookie that names the client's endpoint, if it has one.
    pub(crate) cookie: Option<&'a [u8]>,
}

#[cfg(test)]
impl<'a> Ask<'a> {
    /// Without anything of the request's own.
    pub(crate) fn new(tried: &'a Tried) -> Self {
        Self {
            tried,
            key: None,
            cookie: None,
        }
    }
}

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

    /// Whether both were at the same ones, in the same order. One by one: there are few, and mostly none.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.ids.iter().eq(&other.ids)
    }

    /// Whether there was no attempt yet.
    pub(crate) fn is_none(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether the request has been to as many endpoints as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.ids.len() == MAX_TRIED
    }
}

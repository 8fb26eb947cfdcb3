//! An upstream's endpoints at one moment.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::tried::Tried;

/// The list of endpoints, and which turn belongs to which of them. Never changes; a change makes a new one.
#[derive(Debug)]
pub(super) struct Snapshot {
    endpoints: Vec<Arc<Endpoint>>,
    /// Turn `t` belongs to the endpoint at `(t + shift) % len`.
    shift: u64,
}

impl Snapshot {
    pub(super) fn new(endpoints: Vec<Arc<Endpoint>>) -> Self {
        Self {
            endpoints,
            shift: 0,
        }
    }

    /// The snapshot that follows this one when `turn` is the next to be taken. The rotation goes on where it was:
    /// that turn belongs to whom it would have belonged to, or, if that one is gone, to the one after it that
    /// stays.
    pub(super) fn successor(&self, endpoints: Vec<Arc<Endpoint>>, turn: u64) -> Self {
        let position = |next: &Arc<Endpoint>| endpoints.iter().position(|e| Arc::ptr_eq(e, next));
        let start = self.rotation(turn).find_map(position).unwrap_or(0);
        let shift = match endpoints.len() as u64 {
            0 => 0,
            len => (start as u64 + len - turn % len) % len,
        };
        Self { endpoints, shift }
    }

    pub(super) fn endpoints(&self) -> &[Arc<Endpoint>] {
        &self.endpoints
    }

    /// The endpoint whose turn it is, or the first after it that was not tried.
    pub(super) fn pick(&self, turn: u64, tried: &Tried) -> Option<Arc<Endpoint>> {
        let mut rotation = self.rotation(turn);
        rotation.find(|next| !tried.contains(next)).cloned()
    }

    /// Every endpoint once, beginning with the one whose turn it is.
    fn rotation(&self, turn: u64) -> impl Iterator<Item = &Arc<Endpoint>> {
        let start = match self.endpoints.len() as u64 {
            0 => 0,
            len => turn.wrapping_add(self.shift) % len,
        };
        // Less than `len`, which is a `usize`.
        let (before, after) = self.endpoints.split_at(usize::try_from(start).unwrap_or(0));
        after.iter().chain(before)
    }
}

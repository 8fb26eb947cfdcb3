//! An endpoint as its upstream has it.

use std::sync::Arc;

use super::endpoint::Endpoint;

/// What may differ from snapshot to snapshot of an endpoint that stays.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) endpoint: Arc<Endpoint>,
    /// At least 1.
    pub(crate) weight: u32,
    /// The one that the list has for it, which is another one where that was set by hand.
    pub(super) listed: u32,
    /// Gets requests only while no other can.
    pub(crate) backup: bool,
    /// Gets nothing new.
    pub(crate) draining: bool,
}

impl Member {
    /// Its endpoint's number.
    pub(super) fn id(&self) -> u64 {
        self.endpoint.id()
    }

    /// Leaves what was set by hand as it was: that it is drained, and its weight, unless the list has a new one.
    pub(super) fn keep_by_hand(&mut self, old: &Self) {
        self.draining = old.draining;
        if self.listed == old.listed {
            self.weight = old.weight;
        }
    }
}

//! An endpoint as its upstream has it.

use std::sync::Arc;

use super::endpoint::Endpoint;

/// What may differ from snapshot to snapshot of an endpoint that stays.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) endpoint: Arc<Endpoint>,
    /// At least 1.
    pub(crate) weight: u32,
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
}

//! Every endpoint in turn, in the order of the list.

use std::sync::atomic::{AtomicU64, Ordering};

/// Hands out turns: 0, 1, 2, … each exactly once, whoever asks from however many threads.
///
/// Every worker writes it for each request, so nothing that is only read lies beside it.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(in crate::upstream) struct RoundRobin {
    turns: AtomicU64,
}

impl RoundRobin {
    /// Takes a turn. Turns are only counted, nothing is published through them.
    pub(in crate::upstream) fn take(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// The turn that will be taken next, if nobody takes it first.
    pub(in crate::upstream) fn peek(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

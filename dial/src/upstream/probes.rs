//! What an upstream and whoever probes its endpoints know of each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::balance::Dice;
use super::endpoint::Endpoint;
use super::tasks::WeakUpstream;
use crate::config::Check;

/// An upstream's side.
pub(super) struct Probes {
    check: Arc<Check>,
    /// The list of endpoints may have changed.
    changed: Arc<Notify>,
}

/// The prober's side. It does not keep the upstream.
pub(crate) struct Probing {
    upstream: WeakUpstream,
    check: Arc<Check>,
    changed: Arc<Notify>,
    dice: Dice,
}

/// What became of a probe: a text says what was wrong.
pub(crate) type Probed = (Arc<Endpoint>, Result<(), String>);

impl Probes {
    pub(super) fn new(check: Check) -> Self {
        Self {
            check: Arc::new(check),
            changed: Arc::default(),
        }
    }

    /// Has the prober look at the list again.
    pub(super) fn changed(&self) {
        self.changed.notify_one();
    }

    pub(super) fn begin(&self, upstream: WeakUpstream) -> Probing {
        Probing {
            upstream,
            check: Arc::clone(&self.check),
            changed: Arc::clone(&self.changed),
            dice: Dice::new(None),
        }
    }
}

impl Probing {
    pub(crate) fn check(&self) -> &Arc<Check> {
        &self.check
    }

    /// Waits until the list of endpoints may have changed.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Those to probe; `None` when the upstream is gone.
    pub(crate) fn endpoints(&self) -> Option<Vec<Arc<Endpoint>>> {
        let snapshot = self.upstream.upgrade()?.inner.snapshot.load_full();
        let members = snapshot.members().iter();
        Some(members.map(|member| Arc::clone(&member.endpoint)).collect())
    }

    /// How long after the beginning of a probe the next one begins.
    pub(crate) fn wait(&self) -> Duration {
        self.check.wait(self.dice.part())
    }

    /// Takes results, which decide who gets requests from now on.
    pub(crate) fn tell(&self, results: impl IntoIterator<Item = Probed>) {
        let results = results.into_iter();
        let flips: Vec<_> = results
            .filter_map(|(endpoint, result)| {
                let flip = endpoint.probed(result, &self.check)?;
                Some((endpoint, flip))
            })
            .collect();
        if flips.is_empty() {
            return;
        }
        if let Some(upstream) = self.upstream.upgrade() {
            upstream.refresh();
        }
        for (endpoint, flip) in flips {
            endpoint.announce(flip);
        }
    }
}

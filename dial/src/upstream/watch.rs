//! What an upstream and whoever probes its endpoints know of each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::balance::Dice;
use super::endpoint::Endpoint;
use super::{Inner, Upstream};
use crate::config::Check;

/// An upstream's side. Its end tells the prober that there is nothing left to probe.
pub(super) struct Probes {
    check: Arc<Check>,
    bell: Arc<Bell>,
}

/// Both sides have it.
#[derive(Debug, Default)]
struct Bell {
    /// Whether somebody probes.
    watched: AtomicBool,
    /// The list of endpoints may have changed, or the upstream is gone.
    changed: Notify,
}

/// The prober's side: there is one at a time, until it is dropped. It does not keep the upstream.
pub(crate) struct Watch {
    upstream: Weak<Inner>,
    check: Arc<Check>,
    bell: Arc<Bell>,
    dice: Dice,
}

/// What became of a probe: a text says what was wrong.
pub(crate) type Probed = (Arc<Endpoint>, Result<(), String>);

impl Probes {
    pub(super) fn new(check: Check) -> Self {
        Self {
            check: Arc::new(check),
            bell: Arc::default(),
        }
    }

    /// Has the prober look at the list again.
    pub(super) fn changed(&self) {
        self.bell.changed.notify_one();
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        self.changed();
    }
}

impl Upstream {
    /// Whether its endpoints should be probed, and nobody does.
    pub(crate) fn is_unwatched(&self) -> bool {
        let probes = self.inner.probes.as_ref();
        probes.is_some_and(|probes| !probes.bell.watched.load(Ordering::Relaxed))
    }

    /// Makes the caller the one who probes; `None` when that is somebody else, or nobody should.
    pub(crate) fn watch(&self) -> Option<Watch> {
        let Probes { check, bell } = self.inner.probes.as_ref()?;
        if bell.watched.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Watch {
            upstream: Arc::downgrade(&self.inner),
            check: Arc::clone(check),
            bell: Arc::clone(bell),
            dice: Dice::new(None),
        })
    }
}

impl Watch {
    pub(crate) fn check(&self) -> &Arc<Check> {
        &self.check
    }

    /// Waits until the list of endpoints may have changed.
    pub(crate) async fn changed(&self) {
        self.bell.changed.notified().await;
    }

    /// Those to probe; `None` when the upstream is gone.
    pub(crate) fn endpoints(&self) -> Option<Vec<Arc<Endpoint>>> {
        let snapshot = self.upstream.upgrade()?.snapshot.load_full();
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
        if let Some(inner) = self.upstream.upgrade() {
            Upstream { inner }.refresh();
        }
        for (endpoint, flip) in flips {
            endpoint.announce(flip);
        }
    }
}

impl Drop for Watch {
    /// Whoever comes next may probe.
    fn drop(&mut self) {
        self.bell.watched.store(false, Ordering::Release);
    }
}

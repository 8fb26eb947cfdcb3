//! How an upstream works, but for its hosts.

use std::sync::Arc;
use std::time::Duration;

use super::balance::{HashOn, Policy};
use super::ejection::Ejection;
use super::limits::Limits;
use super::sticky::Sticky;

/// What is fixed when an upstream is built.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) policy: Policy,
    /// What of a request is told as its key.
    pub(super) hash_on: Option<HashOn>,
    /// How clients are kept with their endpoints.
    pub(super) sticky: Option<Sticky>,
    /// How long it takes until a newcomer gets all of its load; zero is at once.
    pub(super) slow_start: Duration,
    /// Whether all endpoints get requests where all are sick.
    pub(super) panic: bool,
    /// How much it takes on at once, if that is limited.
    pub(super) limits: Option<Limits>,
    /// When an endpoint is ejected, if that is ever so.
    pub(super) ejection: Option<Arc<Ejection>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            hash_on: None,
            sticky: None,
            slow_start: Duration::ZERO,
            panic: true,
            limits: None,
            ejection: Some(Arc::new(Ejection::unasked())),
        }
    }
}

impl Settings {
    /// Whether all that decides where a request goes is whose turn it is.
    pub(super) fn is_plain(&self) -> bool {
        self.policy.is_in_turn() && self.sticky.is_none() && !self.counts()
    }

    /// Whether somebody asks how many requests are under way, and how long they take.
    pub(super) fn counts(&self) -> bool {
        let times = |ejection: &Arc<Ejection>| ejection.times();
        self.policy.counts() || self.limits.is_some() || self.ejection.as_ref().is_some_and(times)
    }
}

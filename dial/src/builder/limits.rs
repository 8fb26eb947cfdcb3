//! How much a route takes.

use std::sync::Arc;

use super::{ProxyService, Router};
use crate::proxy::{Concurrency, ConcurrencyLimit};

impl ProxyService {
    /// The largest request body in bytes; more is a 413. Default is no limit.
    #[must_use]
    pub fn body_limit(self, bytes: u64) -> Self {
        self.with(|spec, _| spec.body_limit = Some(bytes))
    }

    /// How many requests it takes in a time; more are a 429. Default is no limit. Clones of this service share it.
    #[cfg(feature = "rate_limit")]
    #[must_use]
    pub fn rate_limit(self, limit: crate::RateLimit) -> Self {
        let rate = Arc::new(crate::proxy::Rate::new(limit));
        self.with(|spec, _| spec.rate = Some(rate))
    }

    /// How many requests it takes at a time; more are a 503, or a 429 where they are counted by their clients. Default is no
    /// limit. Clones of this service share it.
    #[must_use]
    pub fn concurrency(self, limit: ConcurrencyLimit) -> Self {
        let concurrency = Arc::new(Concurrency::new(limit));
        self.with(|spec, _| spec.concurrency = Some(concurrency))
    }
}

impl Router {
    /// The largest request body in bytes, on routes that have no limit of their own; more is a 413. Default is no limit.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.defaults.body_limit = Some(bytes);
        self
    }

    /// How many requests each route takes at a time, of those that have no limit of their own; more are a 503, or a 429 where
    /// they are counted by their clients. Each route counts its own. Default is no limit.
    #[must_use]
    pub fn concurrency(mut self, limit: ConcurrencyLimit) -> Self {
        self.defaults.concurrency = Some(limit);
        self
    }
}

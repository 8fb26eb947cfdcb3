//! How many requests a route takes in a time, from everybody or from each.

#[cfg(feature = "rate_limit")]
mod cells;

use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::handler::ModifiableRequest;
use crate::proxy::key;
use crate::upstream::HashOn;

/// A bound on the requests of a route; more are answered with 429 and a `Retry-After` (RFC 6585 §4).
///
/// Requests may come as a burst, of as many as the limit says unless [`burst`](Self::burst) says otherwise; then one more is
/// let through each time its part of the period has passed (GCRA, as a leaky bucket). Without [`by`](Self::by) all requests
/// of the route are counted together. They are counted in this process, over all workers.
///
/// ```
/// use dial::{HashOn, ModifiableRequest, RateLimit};
///
/// let limit = RateLimit::per_second(50)?.burst(100)?.by(HashOn::ClientIp);
/// let api = dial::proxy(["backend:8080"], |request: ModifiableRequest| request).rate_limit(limit);
/// # drop(api);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone)]
pub struct RateLimit {
    quota: Quota,
    by: Option<HashOn>,
}

#[cfg(feature = "rate_limit")]
type Quota = governor::Quota;

/// There is none without the feature, and so there is no limit.
#[cfg(not(feature = "rate_limit"))]
#[derive(Clone)]
enum Quota {}

#[cfg(feature = "rate_limit")]
impl RateLimit {
    /// So many requests a second: 1 to 1,000,000.
    pub fn per_second(requests: u32) -> Result<Self, Error> {
        Self::new(requests, Duration::from_secs(1))
    }

    /// So many requests a minute: 1 to 1,000,000.
    pub fn per_minute(requests: u32) -> Result<Self, Error> {
        Self::new(requests, Duration::from_mins(1))
    }

    /// So many requests an hour: 1 to 1,000,000.
    pub fn per_hour(requests: u32) -> Result<Self, Error> {
        Self::new(requests, Duration::from_hours(1))
    }

    fn new(requests: u32, period: Duration) -> Result<Self, Error> {
        let count = count(requests)?;
        let quota = Quota::with_period(period / requests);
        let quota = quota.ok_or_else(|| Error::config("the period of a rate limit is no time"))?;
        Ok(Self {
            quota: quota.allow_burst(count),
            by: None,
        })
    }

    /// How many may come at once: 1 to 1,000,000. Default is the limit itself.
    pub fn burst(mut self, requests: u32) -> Result<Self, Error> {
        self.quota = self.quota.allow_burst(count(requests)?);
        Ok(self)
    }

    /// Counts requests apart for each client address, or whatever else they have in common; those that have none of it
    /// together. Of the keys, 65,536 are remembered at most: beyond that, those that have used least are forgotten.
    #[must_use]
    pub fn by(mut self, by: HashOn) -> Self {
        self.by = Some(by);
        self
    }
}

/// A number of requests, within bounds.
#[cfg(feature = "rate_limit")]
fn count(requests: u32) -> Result<std::num::NonZeroU32, Error> {
    let within = (requests <= 1_000_000).then_some(requests);
    within.and_then(std::num::NonZeroU32::new).ok_or_else(|| {
        let what = format!("a rate limit of {requests} requests is not within 1 and 1000000");
        Error::config(what)
    })
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

/// A route's limit, and what was used of it.
pub(crate) struct Rate {
    by: Option<HashOn>,
    #[cfg(feature = "rate_limit")]
    cells: cells::Cells,
    #[cfg(not(feature = "rate_limit"))]
    cells: Quota,
}

impl Rate {
    #[cfg(feature = "rate_limit")]
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self {
            by: limit.by,
            cells: cells::Cells::new(limit.quota),
        }
    }

    /// Lets a request through, or says why not.
    pub(super) fn admit(&self, request: &ModifiableRequest) -> Result<(), Error> {
        let by = self.by.as_ref();
        // Those without a key are one.
        let key = by.and_then(|by| key::of(request.draft(), by)).unwrap_or(0);
        self.take(key).map_err(|wait| {
            let what = match by {
                Some(by) => format!("more requests than its limit allows, by {by:?}"),
                None => "more requests than its limit allows".to_owned(),
            };
            Error::new(ErrorKind::RateLimited, what).with_retry_after(wait)
        })
    }

    #[cfg(feature = "rate_limit")]
    fn take(&self, key: u64) -> Result<(), Duration> {
        self.cells.take(key)
    }

    #[cfg(not(feature = "rate_limit"))]
    fn take(&self, _: u64) -> Result<(), Duration> {
        match self.cells {}
    }
}

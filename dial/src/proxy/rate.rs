//! How many requests a route takes in a time, from everybody or from each.

#[cfg(feature = "rate_limit")]
mod cells;
#[cfg(feature = "redis")]
mod link;
#[cfg(feature = "redis")]
mod shared;
#[cfg(feature = "redis")]
mod store;

use std::fmt;
use std::time::Duration;

#[cfg(feature = "redis")]
use self::shared::Shared;
#[cfg(feature = "redis")]
use self::store::Bucket;
#[cfg(feature = "redis")]
pub use self::store::RedisStore;
use crate::error::{Error, ErrorKind};
use crate::handler::ModifiableRequest;
#[cfg(feature = "redis")]
use crate::handler::context::BoxFuture;
use crate::proxy::key;
use crate::upstream::HashOn;

/// A bound on the requests of a route; more are answered with 429 and a `Retry-After` (RFC 6585 §4).
///
/// Requests may come as a burst, of as many as the limit says unless [`burst`](Self::burst) says otherwise; then one more is
/// let through each time its part of the period has passed (GCRA, as a leaky bucket). Without [`by`](Self::by) all requests
/// of the route are counted together. They are counted in this process, over all workers, unless they are `shared`.
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
    #[cfg(feature = "redis")]
    shared: Option<Shared>,
    #[cfg(feature = "redis")]
    requests: u32,
    #[cfg(feature = "redis")]
    period: Duration,
}

#[cfg(feature = "rate_limit")]
type Quota = governor::Quota;

/// There is none without the feature, and so there is no limit.
#[cfg(not(feature = "rate_limit"))]
#[derive(Clone)]
enum Quota {}

#[cfg(feature = "rate_limit")]
impl RateLimit {
    /// So many requests a second: 1 to 1,000,000. Anything else is an [`ErrorKind::Config`].
    pub fn per_second(requests: u32) -> Result<Self, Error> {
        Self::new(requests, Duration::from_secs(1))
    }

    /// So many requests a minute: 1 to 1,000,000. Anything else is an [`ErrorKind::Config`].
    pub fn per_minute(requests: u32) -> Result<Self, Error> {
        Self::new(requests, Duration::from_mins(1))
    }

    /// So many requests an hour: 1 to 1,000,000. Anything else is an [`ErrorKind::Config`].
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
            #[cfg(feature = "redis")]
            shared: None,
            #[cfg(feature = "redis")]
            requests,
            #[cfg(feature = "redis")]
            period,
        })
    }

    /// How many may come at once: 1 to 1,000,000, or it is an [`ErrorKind::Config`]. Default is the limit itself.
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
    used: Used,
}

/// Who knows what was used.
enum Used {
    #[cfg(feature = "rate_limit")]
    Here(Box<cells::Cells>),
    #[cfg(feature = "redis")]
    There(Shared, Bucket),
    #[cfg(not(feature = "rate_limit"))]
    Nobody(Quota),
}

/// Whether a request is let through, or why not.
pub(super) enum Admission {
    Known(Result<(), Error>),
    #[cfg(feature = "redis")]
    Asked(BoxFuture<Result<(), Error>>),
}

impl Rate {
    #[cfg(feature = "rate_limit")]
    pub(crate) fn new(limit: RateLimit) -> Self {
        #[cfg(feature = "redis")]
        if let Some(shared) = limit.shared {
            let bucket = Bucket {
                requests: limit.requests,
                period: limit.period,
                burst: limit.quota.burst_size().get(),
            };
            return Self {
                by: limit.by,
                used: Used::There(shared, bucket),
            };
        }
        Self {
            by: limit.by,
            used: Used::Here(Box::new(cells::Cells::new(limit.quota))),
        }
    }

    pub(super) fn admit(&self, request: &ModifiableRequest) -> Admission {
        let by = self.by.as_ref();
        // Those without a key are one.
        let key = by.and_then(|by| key::of(request.draft(), by)).unwrap_or(0);
        match &self.used {
            #[cfg(feature = "rate_limit")]
            Used::Here(cells) => {
                Admission::Known(cells.take(key).map_err(|wait| exceeded(by, wait)))
            }
            #[cfg(feature = "redis")]
            Used::There(shared, bucket) => {
                let answer = shared.clone().ask(key, *bucket, self.by.clone());
                Admission::Asked(Box::pin(answer))
            }
            #[cfg(not(feature = "rate_limit"))]
            Used::Nobody(quota) => never(quota, key),
        }
    }
}

#[cfg(not(feature = "rate_limit"))]
fn never(quota: &Quota, _: u64) -> Admission {
    match *quota {}
}

fn exceeded(by: Option<&HashOn>, wait: Duration) -> Error {
    let what = match by {
        Some(by) => format!("more requests than its limit allows, by {by:?}"),
        None => "more requests than its limit allows".to_owned(),
    };
    Error::new(ErrorKind::RateLimited, what).with_retry_after(wait)
}

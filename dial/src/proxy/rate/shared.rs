//! A limit that instances keep together.

use std::sync::Arc;
use std::time::Duration;

use super::store::{Bucket, RedisStore, Verdict};
use super::{RateLimit, exceeded};
use crate::error::{Error, ErrorKind};
use crate::upstream::HashOn;

/// When the store is back nobody knows; this is the least a `Retry-After` can say.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Where a limit is kept, and under which name.
#[derive(Clone)]
pub(super) struct Shared {
    name: Arc<str>,
    store: RedisStore,
}

impl RateLimit {
    /// Counts requests in `store`, together with all that have a limit of this name there: other instances of dial, and other
    /// routes. All of them ought to have the same limit. Nothing is then counted in this process, and no key is forgotten.
    /// Needs the feature `redis`.
    ///
    /// The store is told a hash of what a request is counted by, and nothing else of it.
    #[must_use]
    pub fn shared(mut self, name: &str, store: &RedisStore) -> Self {
        self.shared = Some(Shared {
            name: name.into(),
            store: store.clone(),
        });
        self
    }
}

impl Shared {
    /// Lets a request through, or says why not.
    pub(super) async fn ask(
        self,
        key: u64,
        bucket: Bucket,
        by: Option<HashOn>,
    ) -> Result<(), Error> {
        match self.store.take(&self.name, key, bucket).await {
            Verdict::Admitted => Ok(()),
            Verdict::NotYet(wait) => Err(exceeded(by.as_ref(), wait)),
            Verdict::Unknown if self.store.fails_open() => Ok(()),
            Verdict::Unknown => {
                let what = "the store that knows the rate limit cannot be asked";
                let error = Error::new(ErrorKind::RateUnknown, what);
                Err(error.with_retry_after(RETRY_AFTER))
            }
        }
    }
}

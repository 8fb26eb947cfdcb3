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
    /// The store is told a hash of what a request is counted by, and nothing else of it. What it says nothing of, as it is lost
    /// or 1,024 requests wait for it already, is let through uncounted, or refused: see
    /// [`RedisStore::fail_open`].
    #[must_use]
    pub fn shared(mut self, name: &str, store: &RedisStore) -> Self {
        self.shared = Some(Shared {
            name: one_part(name).into(),
            store: store.clone(),
        });
        self
    }
}

/// A name as a part of a key. Without a colon it cannot be taken for a prefix that has one, with another name.
fn one_part(name: &str) -> String {
    name.replace('%', "%25").replace(':', "%3A")
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

#[cfg(test)]
mod tests {
    use super::one_part;

    #[test]
    fn no_two_prefixes_and_names_are_one_key() {
        let key = |prefix: &str, name| format!("{prefix}:{}", one_part(name));
        assert_eq!(key("shop", "api"), "shop:api");
        assert_eq!(key("a", "b:c"), "a:b%3Ac");
        let keys = [("a:b", "c"), ("a", "b:c"), ("a", "b%3Ac"), ("a", "b%253Ac")];
        let all: std::collections::HashSet<_> = keys.map(|(prefix, name)| key(prefix, name)).into();
        assert_eq!(all.len(), keys.len());
    }
}

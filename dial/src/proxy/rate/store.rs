//! Limits that several instances keep together, in Redis.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use once_cell::sync::Lazy;
use redis::{IntoConnectionInfo as _, RedisConnectionInfo, RedisError, Script};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use url::Url;

use super::link::{Connection, Link};
use crate::client::Connector;
use crate::error::{Chain, Error};
use crate::upstream::{Address, Endpoint};

/// Questions under way of one instance.
const QUESTIONS: usize = 1024;
/// The port of a URL that names none.
const PORT: u16 = 6379;

/// Redis 5 or later, or what speaks its protocol and runs its scripts, such as Valkey: where instances of dial count requests
/// together; needs the feature `redis`. See [`RateLimit::shared`](crate::RateLimit::shared).
///
/// Each request on a limited route is one question to it, over one connection, by Redis' own clock. A question may take
/// 50 ms ([`timeout`](Self::timeout)). When one fails or takes longer the store is lost: then requests are let through
/// uncounted, or refused ([`fail_open`](Self::fail_open)), without waiting, until it answers again. It is asked again, by one
/// request at a time, after a pause of 100 ms, doubled up to 10 s, less up to a half at random. That it is lost, and that it is
/// back, is logged once under `dial::rate`.
///
/// At most 1,024 questions are under way. A request that comes while they are is not counted: it too is let through or refused
/// at once. That is logged when it begins, and again only after half of them were free.
///
/// It keeps a short text for each key of a limit, until all that the key has used is there again. A cluster of Redis is not
/// spoken to.
///
/// ```
/// use dial::{HashOn, ModifiableRequest, RateLimit, RedisStore};
///
/// let store = RedisStore::new("redis://:secret@10.0.0.1:6379/1")?.prefix("shop");
/// let limit = RateLimit::per_second(50)?.by(HashOn::ClientIp);
/// let limit = limit.shared("api", &store);
/// let api = dial::proxy(["backend:8080"], |request: ModifiableRequest| request).rate_limit(limit);
/// # drop(api);
/// # Ok::<(), dial::Error>(())
/// ```
///
/// Clones share their connection.
#[derive(Clone)]
pub struct RedisStore {
    link: Arc<Link>,
    shared: Arc<Shared>,
    prefix: Arc<str>,
    timeout: Duration,
    fail_open: bool,
}

/// What clones share beside their connection.
struct Shared {
    lost: AtomicBool,
    /// Whoever asks while it is lost: one at a time.
    trial: Semaphore,
    questions: Semaphore,
    /// There were too many of them, and hardly fewer since.
    crowded: AtomicBool,
}

/// What a key may use, as the script takes it.
#[derive(Clone, Copy)]
pub(super) struct Bucket {
    pub(super) requests: u32,
    pub(super) period: Duration,
    pub(super) burst: u32,
}

/// What the store says of a request.
pub(super) enum Verdict {
    Admitted,
    /// Not before this time has passed.
    NotYet(Duration),
    /// It says nothing.
    Unknown,
}

impl RedisStore {
    /// A store at `redis://user:password@host:port/database`, all but the host optional; `rediss://` is over TLS, and needs the
    /// feature `tls`. Without a port it is 6379. Nothing is connected to before it is needed.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the URL is not understood.
    pub fn new(url: &str) -> Result<Self, Error> {
        let (address, login) = parse(url)?;
        let endpoint = Arc::new(Endpoint::new(address, false)?);
        Ok(Self {
            link: Arc::new(Link::new(endpoint, Connector::default(), login)),
            shared: Arc::new(Shared::new()),
            prefix: "dial".into(),
            timeout: Duration::from_millis(50),
            fail_open: true,
        })
    }

    /// What all its keys begin with, before a colon; it may have colons itself. Default is `dial`. Instances with another
    /// prefix count apart.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a question may take before its request is decided without an answer, and the store is lost: at least 1 ms.
    /// Default is 50 ms.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit.max(Duration::from_millis(1));
        self
    }

    /// Whether requests are let through, uncounted, while the store is lost or has too many questions to answer. Otherwise they
    /// are refused with 503 and [`ErrorKind::RateUnknown`](crate::ErrorKind::RateUnknown). Default is yes.
    #[must_use]
    pub fn fail_open(mut self, open: bool) -> Self {
        self.fail_open = open;
        self
    }

    /// How a `rediss://` store is verified. Default is the platform's roots. What was cloned before keeps its own connection.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: crate::UpstreamTls) -> Self {
        let connector = Connector {
            tls: Some(tls),
            ..Connector::default()
        };
        self.link = Arc::new(self.link.over(connector));
        self.shared = Arc::new(Shared::new());
        self
    }

    pub(super) fn fails_open(&self) -> bool {
        self.fail_open
    }

    /// Takes one request's part of what `key` may use under `name`.
    pub(super) async fn take(&self, name: &str, key: u64, bucket: Bucket) -> Verdict {
        let lost = self.shared.lost.load(Ordering::Relaxed);
        let trial = lost.then(|| self.shared.trial.try_acquire());
        let (None | Some(Ok(_))) = &trial else {
            return Verdict::Unknown;
        };
        let Some(_room) = self.room() else {
            return Verdict::Unknown;
        };
        let key = format!("{}:{name}:{key:016x}", self.prefix);
        let mut used = None;
        let asked = timeout(self.timeout, self.ask(&key, bucket, lost, &mut used)).await;
        let why = match asked {
            Ok(Ok(wait)) => {
                self.answered(used);
                return match wait {
                    0 => Verdict::Admitted,
                    wait => Verdict::NotYet(Duration::from_micros(wait)),
                };
            }
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {:?}", self.timeout).into(),
        };
        self.unanswered(used, &why);
        Verdict::Unknown
    }

    /// Room for one more question.
    fn room(&self) -> Option<SemaphorePermit<'_>> {
        let (questions, crowded) = (&self.shared.questions, &self.shared.crowded);
        let room = questions.try_acquire().ok();
        match room {
            // With each that ends one gets in, and the next does not: that is still the same crowd.
            Some(_) => {
                if questions.available_permits() >= QUESTIONS / 2 && crowded.load(Ordering::Relaxed)
                {
                    crowded.store(false, Ordering::Relaxed);
                }
            }
            None => {
                if !crowded.swap(true, Ordering::Relaxed) {
                    let (store, then) = (self.link.name(), self.otherwise());
                    tracing::warn!(
                        target: "dial::rate",
                        %store,
                        "{QUESTIONS} questions wait for the store of rate limits, and further requests are {then}"
                    );
                }
            }
        }
        room
    }

    /// What becomes of requests that the store says nothing of.
    fn otherwise(&self) -> &'static str {
        match self.fail_open {
            true => "let through",
            false => "refused",
        }
    }

    /// Asks over the connection there is, which is then the one `used`; if that has ended, as idle ones do, over a new one.
    async fn ask(
        &self,
        key: &str,
        bucket: Bucket,
        lost: bool,
        used: &mut Option<u64>,
    ) -> Result<u64, Arc<str>> {
        // While it is lost nobody waits for a connection to it.
        let waits = !lost;
        let connection = self.link.get(waits).await?;
        *used = Some(connection.number);
        let error = match run(&connection, key, bucket).await {
            Ok(wait) => return Ok(wait),
            Err(error) => error,
        };
        let why = Chain(&error).to_string().into();
        if !waits || !error.is_connection_dropped() {
            return Err(why);
        }
        *used = None;
        self.link.discard(connection.number, Duration::ZERO, &why);
        let connection = self.link.get(waits).await?;
        *used = Some(connection.number);
        let wait = run(&connection, key, bucket).await;
        wait.map_err(|error| Chain(&error).to_string().into())
    }

    /// A question was answered over this connection.
    fn answered(&self, used: Option<u64>) {
        let lost = &self.shared.lost;
        // What comes late, over a connection that was given up, says nothing of now.
        let now = || used.is_some_and(|number| self.link.is_current(number));
        if lost.load(Ordering::Relaxed) && now() && lost.swap(false, Ordering::Relaxed) {
            self.link.recovered();
            let store = self.link.name();
            tracing::info!(target: "dial::rate", %store, "the store of rate limits is back");
        }
    }

    /// A question was not answered, over this connection if there was one.
    fn unanswered(&self, used: Option<u64>, why: &Arc<str>) {
        if let Some(number) = used {
            let current = self.link.is_current(number);
            // Another question has seen to it.
            if !current || !self.link.discard(number, self.link.pause(), why) {
                return;
            }
        }
        if !self.shared.lost.swap(true, Ordering::Relaxed) {
            let (store, then) = (self.link.name(), self.otherwise());
            tracing::warn!(
                target: "dial::rate",
                %store,
                "the store of rate limits is lost, and requests are {then}: {why}"
            );
        }
    }
}

impl Shared {
    fn new() -> Self {
        Self {
            lost: AtomicBool::new(false),
            trial: Semaphore::new(1),
            questions: Semaphore::new(QUESTIONS),
            crowded: AtomicBool::new(false),
        }
    }
}

/// Where a store is, and what it is told first. No error repeats the URL, which may have a password.
fn parse(url: &str) -> Result<(Address, RedisConnectionInfo), Error> {
    let bad = |what| Error::config(format!("the URL of a Redis store {what}"));
    let mut url = Url::parse(url).map_err(|error| bad("is none").with_source(error))?;
    let scheme = match url.scheme() {
        "redis" => "http",
        "rediss" if cfg!(feature = "tls") => "https",
        "rediss" => return Err(bad("begins with `rediss`, which needs the feature `tls`")),
        _ => return Err(bad("does not begin with `redis://` or `rediss://`")),
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| bad("has no host"))?;
    let port = url.port().unwrap_or(PORT);
    let address = Address::parse(&format!("{scheme}://{host}:{port}"))?;
    // dial makes the connection, encrypted or not.
    let _ = url.set_scheme("redis");
    let info = url.into_connection_info();
    let info = info.map_err(|error| bad("is not understood").with_source(error))?;
    Ok((address, info.redis_settings().clone()))
}

/// Runs the script: 0, or after how many microseconds a request may come again.
async fn run(connection: &Connection, key: &str, bucket: Bucket) -> Result<u64, RedisError> {
    static SCRIPT: Lazy<Script> = Lazy::new(|| Script::new(include_str!("bucket.lua")));
    let period = u64::try_from(bucket.period.as_micros()).unwrap_or(u64::MAX);
    let mut script = SCRIPT.key(key);
    script.arg(bucket.requests).arg(period).arg(bucket.burst);
    script.invoke_async(&mut connection.pipe.clone()).await
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("url", &self.link.name())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

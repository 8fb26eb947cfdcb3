//! Where requests go: a named set of endpoints, and whose turn it is.
//!
//! An [`Upstream`] is read by every request and written rarely, so its endpoints are an immutable snapshot behind
//! one atomic pointer: a request never waits, and sees the set either before or after a change.

mod address;
mod adhoc;
mod attempt;
mod backoff;
mod balance;
mod breaker;
mod builder;
mod circuit;
mod config;
mod connections;
mod control;
mod discovery;
mod ejection;
mod endpoint;
mod entry;
mod flight;
mod health;
mod hosts;
mod limits;
mod load;
mod member;
mod outlier;
mod probation;
mod probes;
mod queue;
mod range;
mod snapshot;
mod statuses;
#[cfg_attr(
    not(feature = "sticky"),
    allow(dead_code, unreachable_pub, reason = "nobody can make one")
)]
mod sticky;
mod tasks;
mod tried;
mod turn;
mod window;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, LazyLock, Mutex};

use arc_swap::ArcSwap;
use once_cell::sync::Lazy;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use self::address::{Address, Host, Scheme};
pub(crate) use self::adhoc::AdHoc;
pub(crate) use self::attempt::Attempt;
pub(crate) use self::backoff::Backoff;
pub use self::balance::{Balance, Candidates, HashOn, LeastRequest, PeakEwma, Policy, Random};
pub(crate) use self::balance::{Dice, hash};
pub use self::breaker::Breaker;
pub use self::builder::UpstreamBuilder;
pub(crate) use self::connections::{Keeper, Open};
pub use self::control::HostStatus;
pub use self::discovery::Discover;
pub use self::ejection::Ejection;
pub(crate) use self::endpoint::Endpoint;
#[cfg(any(feature = "dns", feature = "etcd"))]
pub(crate) use self::entry::distinct;
pub use self::hosts::{HostEntry, IntoHostEntry, IntoHosts};
pub use self::limits::Limits;
pub(crate) use self::probes::{Probed, Probing};
#[cfg(not(feature = "sticky"))]
pub(crate) use self::sticky::Sticky;
#[cfg(feature = "sticky")]
pub use self::sticky::{SameSite, Sticky};
pub(crate) use self::tried::{Ask, Tried};
pub(crate) use self::turn::{Room, Turn};

use self::balance::RoundRobin;
use self::circuit::Circuit;
use self::config::Settings;
use self::discovery::Discovery;
use self::load::Count;
use self::member::Member;
use self::probes::Probes;
use self::queue::Queue;
use self::snapshot::{Means, Snapshot};
use self::tasks::Tasks;
use crate::config::Check;
use crate::error::Error;

/// The hosts that share the requests of one or more routes, round robin in the order of the list unless
/// [`builder`](Self::builder) says otherwise.
///
/// Clones are handles to the same upstream: they share its hosts and its rotation. Hosts may change at any time,
/// from any thread. A change holds for every request that is balanced after it returns; requests under way finish
/// where they are. What leaves keeps no connections; what stays keeps its connections, and the rotation goes on
/// where it was.
///
/// ```
/// use dial::Upstream;
///
/// let upstream = Upstream::new(["http://backend1:8080", "https://backend2"])?;
/// upstream.add_host("backend3")?;
/// assert!(upstream.remove_host("http://backend1:8080")?);
/// assert_eq!(upstream.hosts(), ["https://backend2:443", "http://backend3:80"]);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone)]
pub struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    /// Whether a request is only to take its turn: looked at before all that most upstreams do without.
    is_plain: bool,
    settings: Settings,
    snapshot: ArcSwap<Snapshot>,
    round_robin: RoundRobin,
    dice: Dice,
    /// Requests under way at all endpoints, where somebody asks for it.
    in_flight: Count,
    /// Those who wait for room.
    queue: Queue,
    /// What its breaker does, if it has one.
    circuit: Option<Circuit>,
    /// The step of the window in which latencies were last compared.
    compared: AtomicU64,
    /// Held from reading the snapshot until the new one is in place, so that no change undoes another.
    writing: Mutex<()>,
    /// Tells those who wait for it that there is another snapshot.
    changed: Notify,
    /// How endpoints are probed, if they are.
    probes: Option<Probes>,
    /// Where its hosts are learnt, if they are.
    discovery: Option<Discovery>,
    tasks: Tasks,
}

impl Inner {
    fn new(members: Vec<Member>, settings: Settings, dice: Dice, check: Option<Check>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(Snapshot::new(
                members,
                &settings,
                None,
                Instant::now(),
            )),
            is_plain: false,
            settings,
            round_robin: RoundRobin::default(),
            dice,
            in_flight: Count::default(),
            queue: Queue::default(),
            circuit: None,
            compared: AtomicU64::new(0),
            writing: Mutex::new(()),
            changed: Notify::new(),
            probes: check.map(Probes::new),
            discovery: None,
            tasks: Tasks::default(),
        }
    }
}

impl Upstream {
    /// An upstream with these hosts, round robin; see [`IntoHosts`] for how they are written.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when there is none, when one is not understood, or when two are the
    /// same.
    pub fn new(hosts: impl IntoHosts) -> Result<Self, Error> {
        Self::builder().hosts(hosts).build()
    }

    /// Builds an upstream with more to say than a list of hosts.
    #[must_use]
    pub fn builder() -> UpstreamBuilder {
        UpstreamBuilder::default()
    }

    /// Whether nothing of a request decides where it goes, and nothing is counted, limited or done in the background.
    pub(crate) fn is_plain(&self) -> bool {
        self.inner.is_plain
    }

    /// What of a request its key is made of, if anything.
    pub(crate) fn hash_on(&self) -> Option<&HashOn> {
        self.inner.settings.hash_on.as_ref()
    }

    /// How many connections each endpoint may have, if that is limited.
    pub(crate) fn max_connections(&self) -> Option<usize> {
        self.inner.settings.limits.as_ref()?.connections_per_host
    }

    /// How clients are kept with their endpoints, if they are.
    pub(crate) fn sticky(&self) -> Option<&Sticky> {
        self.inner.settings.sticky.as_ref()
    }

    /// The endpoint whose turn it is, where nothing else has to be looked at.
    fn plain_pick(&self, ask: &Ask<'_>) -> Option<Arc<Endpoint>> {
        if !self.is_plain() || !ask.tried.is_none() {
            return None;
        }
        let snapshot = self.inner.snapshot.load();
        if snapshot.is_over() || snapshot.has_newcomers() {
            return None;
        }
        let member = snapshot.rotation(self.inner.round_robin.take()).next()?;
        Some(Arc::clone(&member.endpoint))
    }

    /// The endpoint that is next, which is none that was tried, nor one that is full.
    fn pick(&self, ask: &Ask<'_>) -> Option<Arc<Endpoint>> {
        let mut snapshot = self.inner.snapshot.load();
        if snapshot.is_over() {
            self.readmit();
            snapshot = self.inner.snapshot.load();
        }
        self.choose_from(&snapshot, ask)
    }

    /// Gives requests again to those whose time is over.
    fn readmit_in_time(&self) {
        if self.inner.snapshot.load().is_over() {
            self.readmit();
        }
    }

    /// The same, whether or not somebody's time is over.
    fn choose(&self, ask: &Ask<'_>) -> Option<Arc<Endpoint>> {
        self.choose_from(&self.inner.snapshot.load(), ask)
    }

    fn choose_from(&self, snapshot: &Snapshot, ask: &Ask<'_>) -> Option<Arc<Endpoint>> {
        if ask.tried.is_full() {
            return None;
        }
        let inner = &*self.inner;
        let means = Means {
            settings: &inner.settings,
            dice: &inner.dice,
            turns: &inner.round_robin,
            in_flight: inner.in_flight.get(),
            per_host: inner.settings.limits.as_ref().and_then(Limits::per_host),
        };
        let member = snapshot.choose(ask, &means)?;
        Some(Arc::clone(&member.endpoint))
    }

    /// Waits until something about its endpoints changes.
    pub(crate) async fn changed(&self) {
        self.inner.changed.notified().await;
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upstream").field(&self.hosts()).finish()
    }
}

/// Another handle to the same upstream.
impl From<&Upstream> for Upstream {
    fn from(upstream: &Upstream) -> Self {
        upstream.clone()
    }
}

/// Another handle to an upstream in a static.
impl<F: FnOnce() -> Upstream> From<&LazyLock<Upstream, F>> for Upstream {
    fn from(upstream: &LazyLock<Upstream, F>) -> Self {
        (**upstream).clone()
    }
}

/// Another handle to an upstream in a static.
impl<F: FnOnce() -> Upstream> From<&Lazy<Upstream, F>> for Upstream {
    fn from(upstream: &Lazy<Upstream, F>) -> Self {
        (**upstream).clone()
    }
}

//! Which endpoint is next.

mod affinity;
mod dice;
mod ewma;
mod key;
mod policies;
mod ring;
mod round_robin;
mod schedule;

use std::cell::LazyCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use self::key::HashOn;
pub use self::policies::{LeastRequest, PeakEwma, Random};

pub(crate) use self::key::hash;

pub(super) use self::affinity::Affinity;
pub(crate) use self::dice::Dice;
pub(super) use self::ewma::Ewma;
pub(super) use self::policies::draw;
pub(super) use self::round_robin::RoundRobin;
pub(super) use self::schedule::schedule;
use super::member::Member;
use super::range::within;
use super::tried::Ask;
use crate::error::Error;

/// Chooses an endpoint for each request; for what [`Policy`] does not have.
///
/// ```
/// use dial::{Balance, Candidates, Upstream};
///
/// /// Fills the first host before the next gets anything.
/// struct Fill { requests: usize }
///
/// impl Balance for Fill {
///     fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
///         (0..candidates.len())
///             .find(|at| !candidates.was_tried(*at) && candidates.in_flight(*at) < self.requests)
///     }
/// }
///
/// let upstream = Upstream::builder().hosts(["a", "b"]).balance(Fill { requests: 8 }).build()?;
/// # Ok::<(), dial::Error>(())
/// ```
pub trait Balance: Send + Sync + 'static {
    /// The place among `candidates` of the one to send to. It is asked once for each attempt, and must not block.
    ///
    /// `None`, or a place that is none, means that no endpoint can take the request: it is answered with 503. One that
    /// [was tried](Candidates::was_tried) has any other drawn in its place, and so has a panic, which is logged.
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize>;
}

/// The endpoints that may get a request now: healthy, not drained, in the order of the list.
pub struct Candidates<'a> {
    pub(super) members: &'a [Member],
    pub(super) ask: &'a Ask<'a>,
    /// How many requests each may have, if that is limited.
    pub(super) per_host: Option<usize>,
    pub(super) dice: &'a Dice,
    /// Read once for each choice, and only if somebody asks.
    pub(super) now: &'a LazyCell<Instant>,
    /// The part of its load that a candidate in slow start gets already.
    pub(super) warmth: &'a dyn Fn(&Member) -> f64,
}

impl Candidates<'_> {
    /// How many there are; at least one when a [`Balance`] is asked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The host at that place, as [`Upstream::hosts`](super::Upstream::hosts) has it: `http://backend:80`.
    #[must_use]
    pub fn host(&self, at: usize) -> String {
        let member = self.members.get(at);
        member.map_or_else(String::new, |member| member.endpoint.to_string())
    }

    /// Its weight, less while it is in slow start.
    #[must_use]
    pub fn weight(&self, at: usize) -> f64 {
        let member = self.members.get(at);
        member.map_or(0.0, |member| {
            f64::from(member.weight) * (self.warmth)(member)
        })
    }

    /// Requests under way at it, until the end of their responses, from all workers.
    #[must_use]
    pub fn in_flight(&self, at: usize) -> usize {
        let member = self.members.get(at);
        member.map_or(0, |member| member.endpoint.load().in_flight())
    }

    /// How long its responses take to begin, of late; `None` before the first. One that failed took ten seconds; and what
    /// is known fades while it gets no requests, to 1/e in ten seconds, so that it is tried again in time.
    #[must_use]
    pub fn latency(&self, at: usize) -> Option<Duration> {
        self.members.get(at)?.endpoint.load().latency(**self.now)
    }

    /// Whether this request was sent to it before, or it is [full](super::Limits::requests_per_host): not one to choose.
    #[must_use]
    pub fn was_tried(&self, at: usize) -> bool {
        let member = self.members.get(at);
        member.is_none_or(|member| {
            self.ask.tried.contains(&member.endpoint)
                || member.endpoint.load().is_full(self.per_host)
        })
    }

    /// What the upstream [hashes on](super::UpstreamBuilder::hash_on), as a number; `None` when the request has none of it.
    #[must_use]
    pub fn key(&self) -> Option<u64> {
        self.ask.key
    }

    /// A number below `bound`, from the upstream's own sequence; 0 when `bound` is 0.
    #[must_use]
    pub fn random(&self, bound: usize) -> usize {
        self.dice.below(bound)
    }

    /// The place of the first at or behind `at`, in a circle, that was not tried.
    fn untried_from(&self, at: usize) -> Option<usize> {
        let behind = (at..self.len()).chain(0..at.min(self.len()));
        let mut fresh = behind.filter(|at| !self.was_tried(*at));
        fresh.next()
    }
}

impl fmt::Debug for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = (0..self.len()).map(|at| self.host(at));
        f.debug_list().entries(hosts).finish()
    }
}

/// How an upstream shares its requests among its hosts.
///
/// ```
/// use dial::{HashOn, Policy, Upstream};
///
/// let cache = Upstream::builder()
///     .hosts(["cache1:8080", "cache2:8080", "cache3:8080"])
///     .balance(Policy::consistent_hash(HashOn::header("X-Tenant")?))
///     .build()?;
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone)]
pub struct Policy(pub(in crate::upstream) Kind);

#[derive(Clone)]
pub(in crate::upstream) enum Kind {
    RoundRobin,
    Hash {
        on: HashOn,
        /// In percent of the share of each, if it is bounded.
        bound: Option<u32>,
    },
    Own {
        balance: Arc<dyn Balance>,
        name: &'static str,
    },
}

impl Policy {
    /// Each in turn, in the order of the list; with weights, interleaved, and exact over a cycle. The default.
    #[must_use]
    pub fn round_robin() -> Self {
        Self(Kind::RoundRobin)
    }

    /// The one with fewer requests under way, for its weight, of two that are drawn (the power of two choices). Good for
    /// requests that differ in cost.
    #[must_use]
    pub fn least_request() -> Self {
        Self::named(LeastRequest, "least_request")
    }

    /// The one that is likely to answer first, of two that are drawn: by a moving average of latencies over ten seconds,
    /// which rises at once and falls slowly, times the requests under way. One that fails a request counts as one that took
    /// ten seconds. What is known of one that gets no requests fades, so that it is tried again in time.
    #[must_use]
    pub fn peak_ewma() -> Self {
        Self::named(PeakEwma, "peak_ewma")
    }

    /// Any, by weight.
    #[must_use]
    pub fn random() -> Self {
        Self::named(Random, "random")
    }

    /// The same host for the same key, on every instance of dial and after a restart, however many requests there are. When
    /// a host goes, only its keys move, and when one comes, only those that become its own; a weight that changes moves keys
    /// to or from its host alone. Shares of keys are as the weights, give or take a tenth. While a host is sick, drained or
    /// [full](super::Limits), the others share its keys. A request without the key goes anywhere.
    #[must_use]
    pub fn consistent_hash(on: HashOn) -> Self {
        Self(Kind::Hash { on, bound: None })
    }

    /// [`consistent_hash`](Self::consistent_hash), but a host that has more than `percent` of its share of the requests under
    /// way passes keys on to the next (consistent hashing with bounded loads): 101 to 1,000. With 125, no host has more than
    /// 1.25 times what it would have if all requests were shared as the weights are.
    ///
    /// A host with less than 8 requests under way passes nothing on: the fewer there are, the less their shares mean. Tunnels
    /// count as requests for as long as they are open.
    #[must_use]
    pub fn bounded_hash(on: HashOn, percent: u32) -> Self {
        let bound = Some(percent);
        Self(Kind::Hash { on, bound })
    }

    fn named(balance: impl Balance, name: &'static str) -> Self {
        let balance = Arc::new(balance);
        Self(Kind::Own { balance, name })
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Hash {
                bound: Some(bound), ..
            } => within("bounded_hash", "percent", bound, 101..=1000),
            _ => Ok(()),
        }
    }

    pub(super) fn is_in_turn(&self) -> bool {
        matches!(self.0, Kind::RoundRobin)
    }

    /// Whether it asks how many requests are under way, or how long they take.
    pub(super) fn counts(&self) -> bool {
        !matches!(self.0, Kind::RoundRobin | Kind::Hash { bound: None, .. })
    }
}

impl Default for Policy {
    /// [`Policy::round_robin`].
    fn default() -> Self {
        Self::round_robin()
    }
}

impl<B: Balance> From<B> for Policy {
    fn from(balance: B) -> Self {
        Self::named(balance, std::any::type_name::<B>())
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::RoundRobin => f.write_str("round_robin"),
            Kind::Hash { on, bound: None } => f.debug_tuple("consistent_hash").field(on).finish(),
            Kind::Hash {
                on,
                bound: Some(percent),
            } => {
                let mut tuple = f.debug_tuple("bounded_hash");
                tuple.field(on).field(percent).finish()
            }
            Kind::Own { name, .. } => f.write_str(name),
        }
    }
}

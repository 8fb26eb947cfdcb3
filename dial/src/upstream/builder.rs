//! Upstreams with more to say than a list of hosts.

use std::sync::Arc;
use std::time::Duration;

use super::balance::{Dice, HashOn, Kind, Policy};
use super::breaker::Breaker;
use super::circuit::Circuit;
use super::config::Settings;
use super::discovery::{Discover, Discovery};
use super::ejection::Ejection;
use super::hosts::{HostEntry, IntoHosts};
use super::limits::Limits;
use super::tasks::{Task, Tasks};
use super::{Inner, Upstream};
use crate::config::HealthCheck;
use crate::error::Error;

/// Builds an [`Upstream`].
///
/// ```
/// use std::time::Duration;
/// use dial::{HostEntry, Policy, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts([HostEntry::new("large:8080").weight(3), HostEntry::new("small:8080")])
///     .balance(Policy::least_request())
///     .slow_start(Duration::from_secs(30))
///     .build()?;
/// # assert_eq!(upstream.len(), 2);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct UpstreamBuilder {
    hosts: Vec<HostEntry>,
    settings: Settings,
    health: Option<HealthCheck>,
    breaker: Option<Breaker>,
    seed: Option<u64>,
    may_be_empty: bool,
    discovery: Option<Discovery>,
}

impl UpstreamBuilder {
    /// The hosts; see [`IntoHosts`] for how they are written.
    #[must_use]
    pub fn hosts(mut self, hosts: impl IntoHosts) -> Self {
        self.hosts = hosts.into_hosts();
        self
    }

    /// Begins without hosts, which come later, through [`Upstream::set_hosts`] or a discovery. Until then requests are
    /// answered with 503.
    #[must_use]
    pub fn may_be_empty(mut self) -> Self {
        self.may_be_empty = true;
        self
    }

    /// Learns the hosts from `source`, whose lists replace each other: what stays keeps its connections, and what was set by
    /// hand. So one that was drained stays drained for as long as it is in the lists, and a weight stays until the lists have
    /// another one for it. What was added or removed by hand is so only until the next change. The last of several calls
    /// holds. [`hosts`](Self::hosts) may be there beside it, until the first list comes; without any the upstream
    /// [may be empty](Self::may_be_empty) until then.
    ///
    /// [`serve`](crate::serve) accepts no connection before the first list is there, or 5 s have passed; see also
    /// [`Upstream::discovered`].
    ///
    /// One task of the upstream asks the source, however many routes and workers share it: from when it is wired or used
    /// within a tokio runtime for the first time, and until it is dropped. When the source fails, or tells what is no list of
    /// hosts, the hosts it told last stay; that is logged once for each reason, and so is its end.
    #[must_use]
    pub fn discover(mut self, source: impl Discover) -> Self {
        self.discovery = Some(Discovery::new(source));
        self.may_be_empty = true;
        self
    }

    /// How requests are shared among the hosts: a [`Policy`], or a [`Balance`](super::Balance) of one's own. Default is
    /// [`Policy::round_robin`].
    #[must_use]
    pub fn balance(mut self, policy: impl Into<Policy>) -> Self {
        self.settings.policy = policy.into();
        self
    }

    /// What [`Candidates::key`](super::Candidates::key) tells a [`Balance`](super::Balance) of one's own. Default is nothing.
    /// A [`Policy::consistent_hash`] brings its own, in place of this.
    #[must_use]
    pub fn hash_on(mut self, on: HashOn) -> Self {
        self.settings.hash_on = Some(on);
        self
    }

    /// Keeps each client with the host that answered it first. Default is not to.
    #[cfg(feature = "sticky")]
    #[must_use]
    pub fn sticky(mut self, sticky: super::Sticky) -> Self {
        self.settings.sticky = Some(sticky);
        self
    }

    /// How long it takes until a host that was added, or is healthy again, gets all of its load. It begins with a tenth and
    /// grows evenly. Default is zero: all of it at once.
    ///
    /// It does not change where [`Policy::consistent_hash`] sends a key.
    #[must_use]
    pub fn slow_start(mut self, time: Duration) -> Self {
        self.settings.slow_start = time;
        self
    }

    /// Whether requests are sent to all hosts when all are sick (`true`, the default), or answered with 503. So is one that
    /// could be sent to none of those that are healthy: better to a sick host than to none.
    #[must_use]
    pub fn panic(mut self, panic: bool) -> Self {
        self.settings.panic = panic;
        self
    }

    /// Probes the hosts, so that sick ones get no requests. Default is not to.
    ///
    /// Probes run for as long as the upstream is used: from the start of a [`Server`](crate::Server), and in somebody else's
    /// application from the first request, or
    /// [`ProxyService::start_health_checks`](crate::ProxyService::start_health_checks). They end when the last handle to the
    /// upstream is dropped. However many routes, workers and services share it, each host is probed once an interval.
    #[must_use]
    pub fn health(mut self, check: HealthCheck) -> Self {
        self.health = Some(check);
        self
    }

    /// When a host that fails requests gets none for a while.
    ///
    /// Default is [`Ejection::new`] without its statuses: what a host answers may be meant, but one that cannot be reached,
    /// hangs or breaks off is left alone for a while after five times in a row.
    #[must_use]
    pub fn eject(mut self, ejection: Ejection) -> Self {
        self.settings.ejection = Some(Arc::new(ejection));
        self
    }

    /// Keeps all hosts in rotation, whatever they do.
    #[must_use]
    pub fn never_eject(mut self) -> Self {
        self.settings.ejection = None;
        self
    }

    /// How many requests and connections it takes on at a time, and how many more may wait. Default is any number.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = Some(limits);
        self
    }

    /// Answers requests without sending them for a while when too many have failed. Default is not to.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Where the sequence of random numbers begins that policies draw from, so that a test has the same one each time.
    /// Default is another one in each process.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The upstream.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when there is no host, when one is not understood, when two are the
    /// same, a weight or something of the policy, the cookie, the ejection, the limits or the breaker is out of range, or a
    /// health check makes no sense.
    pub fn build(mut self) -> Result<Upstream, Error> {
        if self.hosts.is_empty() && !self.may_be_empty {
            return Err(Error::config("the list of hosts is empty"));
        }
        self.settings.policy.check()?;
        if let Kind::Hash { on, .. } = &self.settings.policy.0 {
            self.settings.hash_on = Some(on.clone());
        }
        if let Some(sticky) = &self.settings.sticky {
            sticky.check()?;
        }
        if let Some(ejection) = &self.settings.ejection {
            ejection.check()?;
        }
        if let Some(limits) = &self.settings.limits {
            limits.check()?;
        }
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        let members = super::control::members(self.hosts)?;
        let dice = Dice::new(self.seed);
        let check = self.health.map(HealthCheck::checked).transpose()?;
        let mut inner = Inner::new(members, self.settings, dice, check);
        let in_background = self.discovery.is_some() || inner.probes.is_some();
        inner.is_plain = inner.settings.is_plain() && self.breaker.is_none() && !in_background;
        inner.circuit = self.breaker.map(Circuit::new);
        inner.tasks = Tasks {
            discovery: self.discovery.as_ref().map(|_| Task::default()),
            probes: inner.probes.as_ref().map(|_| Task::default()),
        };
        inner.discovery = self.discovery;
        let upstream = Upstream {
            inner: Arc::new(inner),
        };
        upstream.observe(upstream.inner.snapshot.load().members());
        Ok(upstream)
    }
}

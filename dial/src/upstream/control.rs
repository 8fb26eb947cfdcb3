//! Hosts that come, go and change while requests are under way.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tokio::time::Instant;

use super::Upstream;
use super::address::Address;
use super::endpoint::Endpoint;
use super::hosts::{HostEntry, IntoHostEntry, IntoHosts, MAX_WEIGHT};
use super::member::Member;
use crate::error::Error;

/// A host of an upstream, and how it does; see [`Upstream::status`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostStatus {
    /// With scheme and port: `http://backend:80`.
    pub host: String,
    /// Its part of the requests.
    pub weight: u32,
    /// Whether it gets requests only while no other can.
    pub backup: bool,
    /// Whether it gets nothing new because it is drained.
    pub draining: bool,
    /// Whether it is thought to be healthy.
    pub healthy: bool,
    /// What was wrong at its last probe, if that failed; see [`UpstreamBuilder::health`](super::UpstreamBuilder::health).
    pub probe_failure: Option<String>,
    /// How much longer it is ejected for what it did to requests, if it is.
    pub ejected_for: Option<Duration>,
    /// Requests under way, where the upstream counts them: with every policy but round robin and a consistent hash without
    /// a bound, where latency ejects, and where there are [`Limits`](super::Limits).
    pub in_flight: usize,
    /// Connections that are open, where their number is [limited](super::Limits::connections_per_host).
    pub connections: usize,
}

impl Upstream {
    /// Replaces the hosts; those in both lists keep their connections and what is known of them, and are drained no more.
    /// A list of a [`Discover`](super::Discover) leaves drains and weights of those that stay as they are.
    ///
    /// An empty list is allowed here: it says that nothing is up, and requests are answered with status 503.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when a host is not understood, a weight is out of range, or two hosts
    /// are the same. Then nothing changes.
    pub fn set_hosts(&self, hosts: impl IntoHosts) -> Result<(), Error> {
        self.list(hosts.into_hosts(), |_, _| {})
    }

    /// Replaces the hosts by what a source tells: what was set by hand of those that stay, stays.
    pub(super) fn tell_hosts(&self, hosts: Vec<HostEntry>) -> Result<(), Error> {
        self.list(hosts, Member::keep_by_hand)
    }

    /// Replaces the hosts. What stays is given to `keep` as it was.
    fn list(
        &self,
        hosts: Vec<HostEntry>,
        keep: impl Fn(&mut Member, &Member),
    ) -> Result<(), Error> {
        let entries = parse(hosts)?;
        self.change(|old| {
            // The first to come are as cold as each other.
            let newcomers = !old.is_empty();
            let known: HashMap<_, _> = old
                .iter()
                .map(|member| (member.endpoint.address(), member))
                .collect();
            let new = entries.into_iter().map(|(address, entry)| {
                let stays = known.get(&address).copied();
                let name = entry.name(&address)?;
                let endpoint = match stays {
                    Some(old) if *old.endpoint.name() == name => Arc::clone(&old.endpoint),
                    // Under another name it is another endpoint.
                    _ => Arc::new(Endpoint::called(name, address, newcomers)?),
                };
                let mut new = member(endpoint, &entry);
                if let Some(old) = stays {
                    keep(&mut new, old);
                }
                Ok(new)
            });
            Ok(Some(new.collect::<Result<_, _>>()?))
        })?;
        Ok(())
    }

    /// Adds a host at the end of the list. Says whether it was added: `false` when it was there already, which changes
    /// nothing.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when the host is not understood, or the weight is out of range.
    pub fn add_host(&self, host: impl IntoHostEntry) -> Result<bool, Error> {
        let entry = host.into_host_entry();
        let address = Address::parse(&entry.host)?;
        let name = check(&entry, &address)?;
        self.change(|old| {
            if old.iter().any(|known| *known.endpoint.address() == address) {
                return Ok(None);
            }
            let mut new = old.to_vec();
            let endpoint = Endpoint::called(name, address, true)?;
            new.push(member(Arc::new(endpoint), &entry));
            Ok(Some(new))
        })
    }

    /// Removes a host. Says whether it was removed: `false` when it was not there.
    ///
    /// The last one may be removed too; then requests are answered with status 503.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when the host is not understood.
    pub fn remove_host(&self, host: &str) -> Result<bool, Error> {
        let address = Address::parse(host)?;
        self.change(|old| {
            let stays = |known: &&Member| *known.endpoint.address() != address;
            let new: Vec<_> = old.iter().filter(stays).cloned().collect();
            Ok((new.len() < old.len()).then_some(new))
        })
    }

    /// Gives a host nothing new; what is under way ends in peace, and [`status`](Self::status) tells when. Says whether it
    /// was there and got requests until now.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when the host is not understood.
    pub fn drain_host(&self, host: &str) -> Result<bool, Error> {
        self.edit(host, |member| {
            !std::mem::replace(&mut member.draining, true)
        })
    }

    /// Has a host that was drained get requests again, after its slow start. Says whether it was there and drained.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when the host is not understood.
    pub fn enable_host(&self, host: &str) -> Result<bool, Error> {
        self.edit(host, |member| {
            let was = std::mem::replace(&mut member.draining, false);
            if was {
                member.endpoint.health().begin();
            }
            was
        })
    }

    /// Changes a host's part of the requests; see [`HostEntry::weight`]. Says whether it was there.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) when the host is not understood, or the weight is out of range.
    pub fn set_weight(&self, host: &str, weight: u32) -> Result<bool, Error> {
        check_weight(&HostEntry::new(host).weight(weight))?;
        self.edit(host, |member| {
            member.weight = weight;
            true
        })
    }

    /// The hosts in the order of the list, each with scheme and port: `http://backend:80`.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let snapshot = self.inner.snapshot.load();
        let hosts = snapshot.members().iter();
        hosts.map(|member| member.endpoint.to_string()).collect()
    }

    /// The hosts in the order of the list, and how each does.
    #[must_use]
    pub fn status(&self) -> Vec<HostStatus> {
        let now = Instant::now();
        let left = |until: Instant| until.saturating_duration_since(now);
        let snapshot = self.inner.snapshot.load();
        let status = snapshot.members().iter().map(|member| HostStatus {
            host: member.endpoint.to_string(),
            weight: member.weight,
            backup: member.backup,
            draining: member.draining,
            healthy: member.endpoint.health().is_up(now),
            probe_failure: member.endpoint.probe_failure(),
            ejected_for: member.endpoint.health().ejected_until(now).map(left),
            in_flight: member.endpoint.load().in_flight(),
            connections: member.endpoint.connections().open(),
        });
        status.collect()
    }

    /// How many hosts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.snapshot.load().members().len()
    }

    /// Whether there is no host.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Edits the member that `host` is, if there is one; `edit` says whether it changed anything.
    fn edit(&self, host: &str, edit: impl FnOnce(&mut Member) -> bool) -> Result<bool, Error> {
        let address = Address::parse(host)?;
        self.change(|old| {
            let mut new = old.to_vec();
            let member = new
                .iter_mut()
                .find(|member| *member.endpoint.address() == address);
            Ok(member.is_some_and(edit).then_some(new))
        })
    }

    /// Has the change of an endpoint's health decide who gets requests.
    pub(super) fn refresh(&self) {
        // The list stays: this cannot fail.
        let _ = self.change(|old| Ok(Some(old.to_vec())));
    }

    /// Gives requests again to those whose ejection is over. Of all that find it so one does it; the others go on with the
    /// snapshot there is, and wait for nobody.
    pub(super) fn readmit(&self) {
        let writing = match self.inner.writing.try_lock() {
            Ok(writing) => writing,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if self.inner.snapshot.load().is_over() {
            // The list stays: this cannot fail.
            let _ = self.replace(writing, |old| Ok(Some(old.to_vec())));
        }
    }

    /// Puts in place what `new` makes of the members, or nothing; says whether it did. One change at a time.
    fn change(
        &self,
        new: impl FnOnce(&[Member]) -> Result<Option<Vec<Member>>, Error>,
    ) -> Result<bool, Error> {
        self.replace(self.writing(), new)
    }

    /// Nothing changes but through whoever has this. It guards no data that a panic could have left half-way.
    pub(super) fn writing(&self) -> MutexGuard<'_, ()> {
        let writing = self.inner.writing.lock();
        writing.unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(
        &self,
        writing: MutexGuard<'_, ()>,
        new: impl FnOnce(&[Member]) -> Result<Option<Vec<Member>>, Error>,
    ) -> Result<bool, Error> {
        let inner = &*self.inner;
        let old = inner.snapshot.load_full();
        let Some(new) = new(old.members())? else {
            return Ok(false);
        };
        let now = Instant::now();
        self.observe(&new);
        let back = new.iter().filter(|new| new.endpoint.health().readmit(now));
        let back: Vec<_> = back.map(|back| Arc::clone(&back.endpoint)).collect();
        let turn = inner.round_robin.peek();
        let new = Arc::new(old.successor(new, &inner.settings, turn, now));
        inner.snapshot.store(Arc::clone(&new));
        let stay: HashSet<_> = new.members().iter().map(Member::id).collect();
        for left in old.members().iter().filter(|old| !stay.contains(&old.id())) {
            left.endpoint.retire();
        }
        if let Some(probes) = &inner.probes {
            probes.changed();
        }
        drop(writing);
        self.dispatch();
        self.inner.changed.notify_waiters();
        for endpoint in back {
            // It was punished for that.
            endpoint.load().latency.forget();
            tracing::info!(target: "dial::upstream", %endpoint, "back after its ejection");
        }
        Ok(true)
    }
}

fn member(endpoint: Arc<Endpoint>, entry: &HostEntry) -> Member {
    Member {
        endpoint,
        weight: entry.weight,
        listed: entry.weight,
        backup: entry.backup,
        draining: false,
    }
}

/// The first members of an upstream.
pub(super) fn members(entries: Vec<HostEntry>) -> Result<Vec<Member>, Error> {
    let entries = parse(entries)?.into_iter();
    let members = entries.map(|(address, entry)| {
        let endpoint = Endpoint::called(entry.name(&address)?, address, false)?;
        Ok(member(Arc::new(endpoint), &entry))
    });
    members.collect()
}

/// Understands all entries, or says which one is at fault.
fn parse(entries: Vec<HostEntry>) -> Result<Vec<(Address, HostEntry)>, Error> {
    let mut first = HashMap::with_capacity(entries.len());
    let mut parsed = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        let address = Address::parse(&entry.host)
            .and_then(|address| check(&entry, &address).map(|_| address))
            .map_err(|error| error.within(format_args!("hosts[{at}]")))?;
        if let Some((first, other)) = first.insert(address.clone(), (at, entry.host.clone())) {
            return Err(Error::config(format!(
                "hosts[{at}]: {:?} is the same as hosts[{first}], {other:?}",
                entry.host
            )));
        }
        parsed.push((address, entry));
    }
    Ok(parsed)
}

/// Looks for faults of an entry whose host is understood; tells what it is called.
pub(super) fn check(entry: &HostEntry, address: &Address) -> Result<Address, Error> {
    check_weight(entry)?;
    entry.name(address)
}

fn check_weight(entry: &HostEntry) -> Result<(), Error> {
    match entry.weight {
        1..=MAX_WEIGHT => Ok(()),
        0 => Err(Error::config(format!(
            "{:?}: a weight of 0 is no weight; drain the host instead",
            entry.host
        ))),
        weight => Err(Error::config(format!(
            "{:?}: the weight {weight} is more than {MAX_WEIGHT}",
            entry.host
        ))),
    }
}

//! Where requests go: a named set of endpoints, and whose turn it is.
//!
//! An [`Upstream`] is read by every request and written rarely, so its endpoints are an immutable snapshot behind
//! one atomic pointer: a request never waits, and sees the set either before or after a change.

mod address;
mod adhoc;
mod balance;
mod endpoint;
mod hosts;
mod snapshot;
mod tried;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arc_swap::ArcSwap;
use once_cell::sync::Lazy;

pub(crate) use self::address::{Address, Host, Scheme};
pub(crate) use self::adhoc::AdHoc;
pub(crate) use self::endpoint::Endpoint;
pub use self::hosts::IntoHosts;
pub(crate) use self::tried::Tried;

use self::balance::RoundRobin;
use self::snapshot::Snapshot;
use crate::error::Error;

/// The hosts that share the requests of one or more routes, round robin in the order of the list.
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
    snapshot: ArcSwap<Snapshot>,
    round_robin: RoundRobin,
    /// Held from reading the snapshot until the new one is in place, so that no change undoes another.
    writing: Mutex<()>,
}

impl Upstream {
    /// An upstream with these hosts; see [`IntoHosts`] for how they are written.
    ///
    /// It is an [`ErrorKind::Config`](crate::ErrorKind::Config) when there is none, when one is not understood, or
    /// when two are the same.
    pub fn new(hosts: impl IntoHosts) -> Result<Self, Error> {
        let addresses = parse(&hosts.into_hosts())?;
        if addresses.is_empty() {
            return Err(Error::config("the list of hosts is empty"));
        }
        let endpoints: Result<Vec<_>, _> = addresses.into_iter().map(endpoint).collect();
        Ok(Self {
            inner: Arc::new(Inner {
                snapshot: ArcSwap::from_pointee(Snapshot::new(endpoints?)),
                round_robin: RoundRobin::default(),
                writing: Mutex::new(()),
            }),
        })
    }

    /// Replaces the hosts; those in both lists keep their connections.
    ///
    /// An empty list is allowed here: it says that nothing is up, and requests are answered with status 503. On
    /// an error nothing changes.
    pub fn set_hosts(&self, hosts: impl IntoHosts) -> Result<(), Error> {
        let addresses = parse(&hosts.into_hosts())?;
        self.change(|old| {
            let kept = |address: &Address| old.iter().find(|known| known.address() == address);
            let new = addresses.into_iter().map(|address| match kept(&address) {
                Some(known) => Ok(Arc::clone(known)),
                None => endpoint(address),
            });
            Ok(Some(new.collect::<Result<_, _>>()?))
        })?;
        Ok(())
    }

    /// Adds a host at the end of the list. Says whether it was added: `false` when it was there already.
    pub fn add_host(&self, host: &str) -> Result<bool, Error> {
        let address = Address::parse(host)?;
        self.change(|old| {
            if old.iter().any(|known| *known.address() == address) {
                return Ok(None);
            }
            let mut new = old.to_vec();
            new.push(endpoint(address)?);
            Ok(Some(new))
        })
    }

    /// Removes a host. Says whether it was removed: `false` when it was not there.
    ///
    /// The last one may be removed too; then requests are answered with status 503.
    pub fn remove_host(&self, host: &str) -> Result<bool, Error> {
        let address = Address::parse(host)?;
        self.change(|old| {
            let stays = |known: &&Arc<Endpoint>| *known.address() != address;
            let new: Vec<_> = old.iter().filter(stays).cloned().collect();
            Ok((new.len() < old.len()).then_some(new))
        })
    }

    /// The hosts in the order of the list, each with scheme and port: `http://backend:80`.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let snapshot = self.inner.snapshot.load();
        let hosts = snapshot.endpoints().iter().map(ToString::to_string);
        hosts.collect()
    }

    /// How many hosts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.snapshot.load().endpoints().len()
    }

    /// Whether there is no host.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The endpoint whose turn it is; if this request tried it already, the next in the rotation that it did not.
    /// `None` when it tried all, or as many as a request may.
    pub(crate) fn pick(&self, tried: &Tried) -> Option<Arc<Endpoint>> {
        if tried.is_full() {
            return None;
        }
        let snapshot = self.inner.snapshot.load();
        snapshot.pick(self.inner.round_robin.take(), tried)
    }

    /// Puts in place what `new` makes of the endpoints, or nothing; says whether it did. One change at a time.
    fn change(
        &self,
        new: impl FnOnce(&[Arc<Endpoint>]) -> Result<Option<Vec<Arc<Endpoint>>>, Error>,
    ) -> Result<bool, Error> {
        let inner = &*self.inner;
        // The lock guards no data that a panic could have left half-way.
        let _writing = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = inner.snapshot.load_full();
        let Some(new) = new(old.endpoints())? else {
            return Ok(false);
        };
        let new = Arc::new(old.successor(new, inner.round_robin.peek()));
        inner.snapshot.store(Arc::clone(&new));
        let stays = |old| new.endpoints().iter().any(|new| Arc::ptr_eq(new, old));
        for left in old.endpoints().iter().filter(|old| !stays(old)) {
            left.retire();
        }
        Ok(true)
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

fn endpoint(address: Address) -> Result<Arc<Endpoint>, Error> {
    Endpoint::new(address).map(Arc::new)
}

/// Understands all entries, or says which one is at fault.
fn parse(hosts: &[String]) -> Result<Vec<Address>, Error> {
    let mut addresses: Vec<Address> = Vec::with_capacity(hosts.len());
    for (at, host) in hosts.iter().enumerate() {
        let address =
            Address::parse(host).map_err(|error| error.within(format_args!("hosts[{at}]")))?;
        if let Some(first) = addresses.iter().position(|known| *known == address) {
            return Err(Error::config(format!(
                "hosts[{at}]: {host:?} is the same as hosts[{first}], {:?}",
                hosts[first]
            )));
        }
        addresses.push(address);
    }
    Ok(addresses)
}

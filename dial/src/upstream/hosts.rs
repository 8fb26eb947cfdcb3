//! What may stand where a list of hosts is expected.

#[cfg(feature = "dns")]
use std::net::IpAddr;

use super::address::Address;
#[cfg(feature = "dns")]
use super::address::Host;
use crate::error::Error;

/// The greatest weight of a host.
pub(super) const MAX_WEIGHT: u32 = 1000;

/// One entry of a list of hosts: where it is, and its part of the requests.
///
/// `http://backend`, `https://backend:8443`, `backend:8080`, `127.0.0.1:8080`, `[::1]:8080`; without a scheme an entry
/// means `http://`, without a port 80 or 443. A bare string is an entry of weight 1.
///
/// ```
/// use dial::{HostEntry, Upstream};
///
/// let upstream = Upstream::new([
///     HostEntry::new("large:8080").weight(3),
///     HostEntry::new("small:8080"),
///     HostEntry::new("elsewhere:8080").backup(),
/// ])?;
/// # assert_eq!(upstream.len(), 3);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEntry {
    pub(super) host: String,
    pub(super) weight: u32,
    pub(super) backup: bool,
    pub(super) authority: Option<String>,
}

impl HostEntry {
    /// A host of weight 1.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            weight: 1,
            backup: false,
            authority: None,
        }
    }

    /// How many requests it gets for each one that a host of weight 1 gets: 1 to 1000. Default is 1.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Gets requests only while no other host can.
    #[must_use]
    pub fn backup(mut self) -> Self {
        self.backup = true;
        self
    }

    /// What the host is called, where that is not what it is reached at: `name`, or `name:port` where the port is not the
    /// scheme's. It is the Host that the host sees, and the name that its certificate has to be for; connections are made to
    /// the entry's own host and port. Default is what the entry says. Two entries at one address are one host, whatever
    /// they are called.
    ///
    /// ```
    /// use dial::{HostEntry, Upstream};
    ///
    /// let upstream = Upstream::new([
    ///     HostEntry::new("https://10.0.0.1:8443").authority("api.example"),
    ///     HostEntry::new("https://10.0.0.2:8443").authority("api.example"),
    /// ])?;
    /// # assert_eq!(upstream.len(), 2);
    /// # Ok::<(), dial::Error>(())
    /// ```
    #[must_use]
    pub fn authority(mut self, authority: impl Into<String>) -> Self {
        self.authority = Some(authority.into());
        self
    }

    /// What one at that address is called.
    pub(super) fn name(&self, address: &Address) -> Result<Address, Error> {
        let authority = self.authority.as_ref();
        authority.map_or_else(|| Ok(address.name()), |name| address.called(name))
    }

    /// Where it is, or what is wrong with any part of the entry.
    #[cfg(feature = "dns")]
    pub(crate) fn address(&self) -> Result<Address, Error> {
        let address = Address::parse(&self.host)?;
        super::control::check(self, &address).map(|_| address)
    }

    /// The one of its hosts that has this address, if the entry is at `named`. It is called what the entry is.
    #[cfg(feature = "dns")]
    pub(crate) fn at(&self, ip: IpAddr, named: &Address) -> Self {
        let address = Address {
            host: Host::Ip(ip),
            ..named.clone()
        };
        let authority = self.authority.clone();
        Self {
            host: address.to_string(),
            authority: Some(authority.unwrap_or_else(|| named.authority())),
            ..self.clone()
        }
    }
}

/// What may be one entry of a list of hosts: anything string-like, or a [`HostEntry`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a host",
    label = "expected a string or a `HostEntry`"
)]
pub trait IntoHostEntry {
    /// The entry.
    fn into_host_entry(self) -> HostEntry;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str>> IntoHostEntry for T {
    fn into_host_entry(self) -> HostEntry {
        HostEntry::new(self.as_ref())
    }
}

impl IntoHostEntry for HostEntry {
    fn into_host_entry(self) -> HostEntry {
        self
    }
}

impl IntoHostEntry for &HostEntry {
    fn into_host_entry(self) -> HostEntry {
        self.clone()
    }
}

/// A list of hosts: an array, slice or `Vec` of anything string-like, or of [`HostEntry`]s.
///
/// ```
/// use dial::Upstream;
///
/// let fixed = Upstream::new(["http://backend1:8080", "backend2"])?;
///
/// let listed = "backend1:8080, backend2:8080";
/// let hosts: Vec<&str> = listed.split(", ").collect();
/// let computed = Upstream::new(&hosts)?;
/// # Ok::<(), dial::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of hosts",
    label = "expected an array, slice or `Vec` of strings",
    note = "a single host is a list of one: `[\"http://backend:8080\"]`",
    note = "collect an iterator first: `.collect::<Vec<String>>()`"
)]
pub trait IntoHosts {
    /// The entries, in the order in which round robin goes through them.
    fn into_hosts(self) -> Vec<HostEntry>;
}

#[diagnostic::do_not_recommend]
impl<T: IntoHostEntry, const N: usize> IntoHosts for [T; N] {
    fn into_hosts(self) -> Vec<HostEntry> {
        self.into_iter().map(T::into_host_entry).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T, const N: usize> IntoHosts for &'a [T; N]
where
    &'a T: IntoHostEntry,
{
    fn into_hosts(self) -> Vec<HostEntry> {
        self.as_slice().into_hosts()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T> IntoHosts for &'a [T]
where
    &'a T: IntoHostEntry,
{
    fn into_hosts(self) -> Vec<HostEntry> {
        self.iter().map(IntoHostEntry::into_host_entry).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoHostEntry> IntoHosts for Vec<T> {
    fn into_hosts(self) -> Vec<HostEntry> {
        self.into_iter().map(T::into_host_entry).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T> IntoHosts for &'a Vec<T>
where
    &'a T: IntoHostEntry,
{
    fn into_hosts(self) -> Vec<HostEntry> {
        self.as_slice().into_hosts()
    }
}

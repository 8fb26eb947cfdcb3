//! Hosts from DNS: the addresses of names, or the SRV records of a service (RFC 2782).

mod ask;
mod name;
mod service;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use self::ask::{Asked, ask_all, resolver};
use self::name::Name;
use crate::error::{BoxError, Error};
use crate::upstream::{Address, Discover, Host, HostEntry, IntoHosts, distinct};

/// How soon, and how late, a name is asked for again, whatever its time to live is.
const FRESH: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// For how long the last addresses of a name stay that has none any more, unless told otherwise.
const HOLD: Duration = Duration::from_secs(30);
/// The most endpoints there can be; more are left out.
const MAX_HOSTS: usize = 4096;

/// Hosts from DNS; needs the feature `dns`. Asked for again when the first of the records has lived its time, but no sooner
/// than after a second and no later than after 5 min.
///
/// Each name and each of its kinds of record stands for itself. When one cannot be asked for (no server answers, or one
/// says that it failed), its last answer stays until it can. When it has no records any more, that may be a server's
/// mishap, so its last answer stays for [`hold`](Self::hold) too. After that it means what it says; and when no name has
/// any, requests are answered with 503. That is believed only if everything could be asked for: a name of which one kind of
/// record is not there, and the other cannot be asked for, changes nothing.
///
/// There are at most 4,096 hosts, from at most 1,024 records of a service; what is more is left out.
///
/// Connections go to the addresses, but a host is called what its name is, with the port: that is the Host which it sees, and
/// what its certificate has to be for, unless the entry says something else
/// ([`HostEntry::authority`](crate::HostEntry::authority)) or the route sends the client's
/// ([`host_header`](crate::ProxyService::host_header)).
///
/// ```no_run
/// use dial::{Dns, Upstream};
///
/// let upstream = Upstream::builder()
///     .discover(Dns::addresses(["http://api.internal:8080"])?)
///     .build()?;
/// # Ok::<(), dial::Error>(())
/// ```
pub struct Dns {
    what: What,
    servers: Option<Vec<SocketAddr>>,
    hold: Duration,
    /// When to ask again; at once if absent.
    next: Option<Instant>,
}

enum What {
    Names(Vec<Named>),
    Service(service::Service),
}

/// One entry of the list of names.
struct Named {
    address: Address,
    entry: HostEntry,
    name: Name,
}

impl Dns {
    /// All addresses of these names, as hosts of their own: A and AAAA records, and the system's list of hosts. Each has the
    /// scheme, port, weight and backup of its name's entry, and is called what that is.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) for an entry that is not understood, or that is an address already.
    pub fn addresses(names: impl IntoHosts) -> Result<Self, Error> {
        let names = names.into_hosts().into_iter().map(Named::new);
        let names: Vec<_> = names.collect::<Result<_, _>>()?;
        match names.is_empty() {
            true => Err(Error::config("the list of names is empty")),
            false => Ok(Self::of(What::Names(names))),
        }
    }

    /// The hosts of a service by its SRV records: `_http._tcp.api.internal`. Those of the lowest priority get requests, each
    /// by its weight (one of 0 as one of 1); all others are backups. A target is looked up, and each of its addresses a host
    /// of that weight, which is called what the target is; it is `https` where the service's name begins with `_https.`.
    ///
    /// A target that is in the records no more goes when each that is has an address, or after [`hold`](Self::hold): so a
    /// service whose targets are replaced never loses the old ones before the new ones are known.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) for what cannot be a name.
    pub fn service(name: &str) -> Result<Self, Error> {
        service::Service::new(name).map(|service| Self::of(What::Service(service)))
    }

    /// The servers that are asked, at their addresses and ports. Default is the system's (`/etc/resolv.conf`), as they are
    /// whenever it is asked.
    #[must_use]
    pub fn servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = Some(servers.into_iter().collect());
        self
    }

    /// For how long the last records stay of a name that has none any more; [`Duration::MAX`] is for ever. Default is 30 s.
    #[must_use]
    pub fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    fn of(what: What) -> Self {
        Self {
            what,
            servers: None,
            hold: HOLD,
            next: None,
        }
    }

    /// Asks for everything once. Fails only if nothing can be told at all.
    async fn ask(&mut self) -> Result<Vec<HostEntry>, BoxError> {
        let resolver = resolver(self.servers.as_deref())?;
        let mut asked = Asked::new(self.hold);
        let hosts = match &mut self.what {
            What::Names(names) => {
                let queries = names.iter_mut().flat_map(|named| named.name.queries_mut());
                ask_all(queries, &resolver, &mut asked).await?;
                names.iter().flat_map(Named::hosts).collect()
            }
            What::Service(service) => service.hosts(&resolver, &mut asked).await?,
        };
        let fresh = asked.finish(!hosts.is_empty())?;
        self.next = Some(Instant::now() + fresh.clamp(FRESH.0, FRESH.1));
        let mut hosts = distinct(hosts);
        hosts.truncate(MAX_HOSTS);
        Ok(hosts)
    }
}

impl Discover for Dns {
    async fn next(&mut self) -> Option<Result<Vec<HostEntry>, BoxError>> {
        if let Some(next) = self.next {
            sleep_until(next).await;
        }
        // After an error it is for others to say when to ask again.
        self.next = None;
        Some(self.ask().await)
    }
}

impl Named {
    fn new(entry: HostEntry) -> Result<Self, Error> {
        let address = entry.address()?;
        let Host::Name(name) = &address.host else {
            return Err(Error::config(format!("{address} is an address already")));
        };
        Ok(Self {
            name: Name::new(name),
            address,
            entry,
        })
    }

    fn hosts(&self) -> impl Iterator<Item = HostEntry> {
        let addresses = self.name.addresses();
        addresses.map(|ip| self.entry.at(ip, &self.address))
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("Dns");
        match &self.what {
            What::Names(names) => {
                for named in names {
                    out.field(&format_args!("{}", named.address));
                }
            }
            What::Service(service) => {
                out.field(&format_args!("{}", service.name()));
            }
        }
        out.finish()
    }
}

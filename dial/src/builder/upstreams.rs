//! How routes come by their upstreams: from a list, from a handle, or from a static that makes one.

use std::fmt;
use std::ops::Deref;
use std::sync::LazyLock;

use once_cell::sync::{Lazy, OnceCell};

use super::Location;
use crate::error::Error;
use crate::upstream::{HostEntry, IntoHosts, Upstream, UpstreamBuilder};

/// A list of hosts, or an [`Upstream`] that others share or change: itself, a reference to it, or to a static that holds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of hosts",
    label = "expected an array, slice or `Vec` of strings, or an `Upstream`"
)]
pub trait IntoUpstream {
    /// The upstream.
    ///
    /// # Errors
    /// What is wrong with the hosts.
    fn into_upstream(self) -> Result<Upstream, Error>;
}

#[diagnostic::do_not_recommend]
impl<H: IntoHosts> IntoUpstream for H {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Upstream::new(self)
    }
}

impl IntoUpstream for Upstream {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self)
    }
}

impl IntoUpstream for &Upstream {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self.clone())
    }
}

impl IntoUpstream for &LazyUpstream {
    fn into_upstream(self) -> Result<Upstream, Error> {
        self.get().cloned()
    }
}

impl<F: FnOnce() -> Upstream> IntoUpstream for &LazyLock<Upstream, F> {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self.into())
    }
}

impl<F: FnOnce() -> Upstream> IntoUpstream for &Lazy<Upstream, F> {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self.into())
    }
}

/// An upstream in a static, as [`upstream!`](macro@crate::upstream) declares it: made when it is first asked for, and then
/// the same for all.
///
/// ```
/// use dial::{ModifiableRequest, proxy};
///
/// dial::upstream! {
///     static API = ["http://large:8080", ("http://small:8080", weight = 2)], balance = least_request;
/// }
///
/// #[proxy("/users/{_id}", upstream = API)]
/// fn user(_request: &mut ModifiableRequest) {}
///
/// #[proxy("/orders/{_id}", upstream = API)]
/// fn order(_request: &mut ModifiableRequest) {}
///
/// # fn main() -> dial::Result<()> {
/// API.add_host("http://third:8080")?;
/// assert_eq!(user::upstream()?.len(), 3);
/// # Ok(()) }
/// ```
///
/// A reference to it is an [`IntoUpstream`]. As an [`Upstream`] it panics if it cannot be made, because a host is not
/// understood or an environment variable is missing; where a route uses it, serving fails before that, with the reason.
pub struct LazyUpstream {
    name: &'static str,
    location: Location,
    source: Source,
}

impl LazyUpstream {
    /// The upstream.
    ///
    /// # Errors
    /// What is wrong with its hosts.
    pub fn get(&self) -> Result<&Upstream, Error> {
        self.source.upstream().map_err(|error| {
            error.within(format_args!("upstream `{}` ({})", self.name, self.location))
        })
    }
}

/// What [`upstream!`](macro@crate::upstream) calls, in a `static`.
#[doc(hidden)]
impl LazyUpstream {
    #[must_use]
    pub const fn declared(name: &'static str, location: Location, hosts: Hosts) -> Self {
        Self {
            name,
            location,
            source: Source::new(hosts),
        }
    }

    #[must_use]
    pub const fn tuned(mut self, tune: Tune) -> Self {
        self.source.tune = tune;
        self
    }
}

/// Its upstream.
///
/// # Panics
/// When it cannot be made; [`LazyUpstream::get`] returns the error instead.
impl Deref for LazyUpstream {
    type Target = Upstream;

    #[track_caller]
    fn deref(&self) -> &Upstream {
        match self.get() {
            Ok(upstream) => upstream,
            Err(error) => panic!("dial: {error}"),
        }
    }
}

impl fmt::Debug for LazyUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyUpstream")
            .field("name", &self.name)
            .field("hosts", &self.source.hosts)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

/// Where the hosts of a declared upstream come from.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Hosts {
    Listed(&'static [&'static str]),
    Computed(fn() -> Result<Vec<HostEntry>, Error>),
    Env(&'static str),
    Shared(fn() -> Result<Upstream, Error>),
}

/// What the keys of a declared upstream ask of its builder.
pub(super) type Tune = fn(UpstreamBuilder) -> Result<UpstreamBuilder, Error>;

/// A declared upstream, made on first use.
pub(super) struct Source {
    pub(super) hosts: Hosts,
    pub(super) tune: Tune,
    made: OnceCell<Upstream>,
}

impl Source {
    pub(super) const fn new(hosts: Hosts) -> Self {
        Self {
            hosts,
            tune: Ok,
            made: OnceCell::new(),
        }
    }

    pub(super) fn upstream(&self) -> Result<&Upstream, Error> {
        self.made.get_or_try_init(|| match self.hosts {
            Hosts::Listed(hosts) => self.build(hosts),
            Hosts::Computed(hosts) => self.build(hosts()?),
            Hosts::Env(variable) => self
                .build(from_env(variable)?)
                .map_err(|error| error.within(format_args!("environment variable `{variable}`"))),
            // How it works was said where it was made.
            Hosts::Shared(upstream) => upstream(),
        })
    }

    fn build(&self, hosts: impl IntoHosts) -> Result<Upstream, Error> {
        (self.tune)(Upstream::builder().hosts(hosts))?.build()
    }
}

/// A comma list in an environment variable, read once.
fn from_env(variable: &str) -> Result<Vec<String>, Error> {
    let list = std::env::var(variable).map_err(|source| {
        Error::config(format!(
            "the environment variable `{variable}` lists no hosts"
        ))
        .with_source(source)
    })?;
    let hosts = list
        .split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty());
    Ok(hosts.map(str::to_owned).collect())
}

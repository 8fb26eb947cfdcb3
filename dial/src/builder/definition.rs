//! What `#[proxy]` makes of a function, as data in a static.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Defaults;
use super::upstreams::{Hosts, Source, Tune};
use crate::config::{Forwarding, HostHeader, ProxyProtocol, Retry, Timeouts};
use crate::error::Error;
use crate::handler::{ModifiableRequest, Outcome, Startup};
#[cfg(feature = "rate_limit")]
use crate::proxy::RateLimit;
use crate::proxy::{
    Concurrency, ConcurrencyLimit, ErrorHook, Rate, ResponseHook, Retries, RouteSpec, allow,
};
use crate::upstream::Upstream;

/// Implemented by `#[proxy]` for the type that carries the function's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    label = "not a function with `#[proxy]`",
    note = "put `#[dial::proxy(..)]` on the function of this name"
)]
pub trait Route {
    /// The route's definition.
    fn definition() -> &'static Definition;
}

/// A route as `#[proxy]` declares it. It is made by the attribute and taken by
/// [`Router::mount`](crate::Router::mount).
pub struct Definition {
    pub(super) name: &'static str,
    pub(super) location: Location,
    pub(super) path: &'static str,
    pub(super) domains: &'static [&'static str],
    pub(super) methods: &'static [&'static str],
    pub(super) check: fn(&Startup<'_>) -> Result<(), Error>,
    call: fn(ModifiableRequest) -> Outcome,
    source: Source,
    host_header: Option<HostHeader>,
    forwarding: Option<Forwarding>,
    upgrade: Option<bool>,
    proxy_protocol: Option<ProxyProtocol>,
    connect_timeout: Option<Duration>,
    response_timeout: Option<Duration>,
    body_timeout: Option<Duration>,
    expect_timeout: Option<Duration>,
    total_timeout: Option<Duration>,
    retry: Option<fn() -> Option<Retry>>,
    #[cfg(feature = "rate_limit")]
    rate_limit: Option<fn() -> Result<RateLimit, Error>>,
    concurrency: Option<fn() -> Result<ConcurrencyLimit, Error>>,
    body_limit: Option<u64>,
    on_response: Option<fn() -> ResponseHook>,
    on_error: Option<fn() -> ErrorHook>,
}

/// Where a route, or an upstream, is declared.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Location {
    pub module: &'static str,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

impl Definition {
    /// The route's name: the function's, unless `name` was given.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The pattern of the paths it takes.
    #[must_use]
    pub fn pattern(&self) -> &'static str {
        self.path
    }

    /// Its upstream, made on first use.
    ///
    /// # Errors
    /// What is wrong with its hosts.
    pub fn upstream(&self) -> Result<Upstream, Error> {
        self.source.upstream().cloned()
    }

    pub(super) fn spec(&'static self, defaults: &Defaults) -> Result<RouteSpec, Error> {
        Ok(RouteSpec {
            name: self.name.to_owned(),
            handler: Arc::new(self.call),
            upstream: self.upstream()?,
            host_header: self.host_header.unwrap_or(defaults.host_header),
            forwarding: self.forwarding.unwrap_or(defaults.forwarding),
            real_ip: defaults.real_ip,
            via: defaults.via.pseudonym(),
            upgrade: self.upgrade.unwrap_or(defaults.upgrade),
            connect: self.methods.contains(&"CONNECT"),
            allow: allow(self.methods),
            proxy_protocol: self.proxy_protocol.or(defaults.proxy_protocol),
            timeouts: self.timeouts(defaults.timeouts),
            retries: self
                .retry
                .map_or(defaults.retry, |retry| retry())
                .map(|retry| Arc::new(Retries::new(retry))),
            body_limit: self.body_limit.or(defaults.body_limit),
            rate: self.rate()?,
            concurrency: self.in_flight(defaults)?,
            on_response: self.on_response.map(|hook| hook()),
            on_error: self
                .on_error
                .map(|hook| hook())
                .or_else(|| defaults.on_error.clone()),
            proxy_status: defaults.proxy_status,
            states: defaults.states.clone(),
        })
    }

    /// The route's limit, with nothing used of it yet.
    #[cfg(feature = "rate_limit")]
    fn rate(&self) -> Result<Option<Arc<Rate>>, Error> {
        let limit = self.rate_limit.map(|limit| limit()).transpose()?;
        Ok(limit.map(|limit| Arc::new(Rate::new(limit))))
    }

    #[cfg(not(feature = "rate_limit"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "as with the feature"
    )]
    fn rate(&self) -> Result<Option<Arc<Rate>>, Error> {
        Ok(None)
    }

    /// The same of the requests under way, which may have the server's limit.
    fn in_flight(&self, defaults: &Defaults) -> Result<Option<Arc<Concurrency>>, Error> {
        let Some(limit) = self.concurrency else {
            return Ok(defaults.concurrency());
        };
        Ok(Some(Arc::new(Concurrency::new(limit()?))))
    }

    fn timeouts(&self, defaults: Timeouts) -> Timeouts {
        let mut timeouts = defaults;
        timeouts.connect = self.connect_timeout.unwrap_or(defaults.connect);
        timeouts.response = self.response_timeout.unwrap_or(defaults.response);
        timeouts.body = self.body_timeout.unwrap_or(defaults.body);
        timeouts.expect = self.expect_timeout.unwrap_or(defaults.expect);
        timeouts.total = self.total_timeout.or(defaults.total);
        timeouts
    }
}

/// What the attribute calls, in a `static`.
#[doc(hidden)]
impl Definition {
    #[must_use]
    pub const fn new(
        name: &'static str,
        location: Location,
        call: fn(ModifiableRequest) -> Outcome,
        check: fn(&Startup<'_>) -> Result<(), Error>,
        hosts: Hosts,
    ) -> Self {
        Self {
            name,
            location,
            path: "/{*path}",
            domains: &[],
            methods: &[],
            check,
            call,
            source: Source::new(hosts),
            host_header: None,
            forwarding: None,
            upgrade: None,
            proxy_protocol: None,
            connect_timeout: None,
            response_timeout: None,
            body_timeout: None,
            expect_timeout: None,
            total_timeout: None,
            retry: None,
            #[cfg(feature = "rate_limit")]
            rate_limit: None,
            concurrency: None,
            body_limit: None,
            on_response: None,
            on_error: None,
        }
    }

    #[must_use]
    pub const fn tuned(mut self, tune: Tune) -> Self {
        self.source.tune = tune;
        self
    }

    #[must_use]
    pub const fn path(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    #[must_use]
    pub const fn domains(mut self, domains: &'static [&'static str]) -> Self {
        self.domains = domains;
        self
    }

    #[must_use]
    pub const fn methods(mut self, methods: &'static [&'static str]) -> Self {
        self.methods = methods;
        self
    }

    #[must_use]
    pub const fn host_header(mut self, host_header: HostHeader) -> Self {
        self.host_header = Some(host_header);
        self
    }

    #[must_use]
    pub const fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.forwarding = Some(forwarding);
        self
    }

    #[must_use]
    pub const fn upgrade(mut self, upgrade: bool) -> Self {
        self.upgrade = Some(upgrade);
        self
    }

    #[must_use]
    pub const fn proxy_protocol(mut self, version: ProxyProtocol) -> Self {
        self.proxy_protocol = Some(version);
        self
    }

    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    #[must_use]
    pub const fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = Some(timeout);
        self
    }

    #[must_use]
    pub const fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = Some(timeout);
        self
    }

    #[must_use]
    pub const fn expect_timeout(mut self, timeout: Duration) -> Self {
        self.expect_timeout = Some(timeout);
        self
    }

    #[must_use]
    pub const fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = Some(timeout);
        self
    }

    #[must_use]
    pub const fn retry(mut self, retry: fn() -> Option<Retry>) -> Self {
        self.retry = Some(retry);
        self
    }

    #[cfg(feature = "rate_limit")]
    #[must_use]
    pub const fn rate_limit(mut self, limit: fn() -> Result<RateLimit, Error>) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    #[must_use]
    pub const fn concurrency(mut self, limit: fn() -> Result<ConcurrencyLimit, Error>) -> Self {
        self.concurrency = Some(limit);
        self
    }

    #[must_use]
    pub const fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    #[must_use]
    pub const fn on_response(mut self, hook: fn() -> ResponseHook) -> Self {
        self.on_response = Some(hook);
        self
    }

    #[must_use]
    pub const fn on_error(mut self, hook: fn() -> ErrorHook) -> Self {
        self.on_error = Some(hook);
        self
    }
}

impl Location {
    /// The crate: where its modules' paths begin.
    pub(super) fn krate(&self) -> &'static str {
        self.module.split("::").next().unwrap_or(self.module)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} in crate {}", self.file, self.line, self.krate())
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("domains", &self.domains)
            .field("methods", &self.methods)
            .field("hosts", &self.source.hosts)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

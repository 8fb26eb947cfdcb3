//! What the routes of a router share.

use std::sync::Arc;

use ipnet::IpNet;

use super::{Router, parse_network};
use crate::client::{Connector, Resolve, Resolver};
use crate::config::{Forwarding, HostHeader, PoolConfig, ProxyProtocol, Retry, Timeouts, Via};
use crate::error::Error;
use crate::handler::Response;
use crate::handler::context::States;
use crate::proxy::{Concurrency, ConcurrencyLimit, ErrorHook};

/// What holds for a route that does not say otherwise.
#[derive(Clone)]
pub(super) struct Defaults {
    pub(super) states: States,
    pub(super) host_header: HostHeader,
    pub(super) forwarding: Forwarding,
    pub(super) real_ip: bool,
    pub(super) via: Via,
    pub(super) upgrade: bool,
    pub(super) proxy_protocol: Option<ProxyProtocol>,
    pub(super) timeouts: Timeouts,
    pub(super) retry: Option<Retry>,
    pub(super) body_limit: Option<u64>,
    pub(super) concurrency: Option<ConcurrencyLimit>,
    pub(super) pool: PoolConfig,
    pub(super) connector: Connector,
    pub(super) on_error: Option<ErrorHook>,
    pub(super) proxy_status: bool,
    pub(super) trusted: Vec<IpNet>,
}

impl Defaults {
    /// The same for one wiring: whatever is drawn is drawn now, so that all routes have it in common.
    pub(super) fn wired(self) -> Self {
        Self {
            via: self.via.drawn(),
            ..self
        }
    }

    /// The limit of one route, which counts alone.
    pub(super) fn concurrency(&self) -> Option<Arc<Concurrency>> {
        let limit = self.concurrency.clone()?;
        Some(Arc::new(Concurrency::new(limit)))
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            states: States::default(),
            host_header: HostHeader::default(),
            forwarding: Forwarding::default(),
            real_ip: false,
            via: Via::default(),
            upgrade: true,
            proxy_protocol: None,
            timeouts: Timeouts::default(),
            retry: None,
            body_limit: None,
            concurrency: None,
            pool: PoolConfig::default(),
            connector: Connector::default(),
            on_error: None,
            proxy_status: false,
            trusted: Vec::new(),
        }
    }
}

/// What routes share unless they say otherwise.
impl Router {
    /// Gives handlers a value they ask for with [`State<T>`](crate::State); one for each type.
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, state: T) -> Self {
        self.defaults.states.insert(state);
        self
    }

    /// Edits or replaces the response to every request that fails, unless its route has a hook of its own.
    #[must_use]
    pub fn on_error(
        mut self,
        hook: impl Fn(&Error, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        self.defaults.on_error = Some(ErrorHook::new(hook));
        self
    }

    /// Peers whose forwarding fields are believed and added to, as networks (`10.0.0.0/8`) or addresses. Default is
    /// none: whatever a client says about itself is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for one that is neither.
    pub fn trust<T: AsRef<str>>(
        mut self,
        networks: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        for network in networks {
            self.defaults.trusted.push(parse_network(network.as_ref())?);
        }
        Ok(self)
    }

    /// Which forwarding fields are sent. Default is [`Forwarding::XForwarded`].
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.defaults.forwarding = forwarding;
        self
    }

    /// What Host is sent. Default is [`HostHeader::Endpoint`].
    #[must_use]
    pub fn host_header(mut self, host_header: HostHeader) -> Self {
        self.defaults.host_header = host_header;
        self
    }

    /// Timeouts of routes that have none of their own. Default is [`Timeouts::default`].
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.defaults.timeouts = timeouts;
        self
    }

    /// When requests are sent once more, on routes that do not say it. Each route has a budget of its own. Default is none:
    /// only what is known to be unsent goes to the next endpoint.
    #[must_use]
    pub fn retry(mut self, retry: impl Into<Option<Retry>>) -> Self {
        self.defaults.retry = retry.into();
        self
    }

    /// What Via calls this proxy in what it forwards (RFC 9110 §7.6.3). Default is [`Via::default`].
    #[must_use]
    pub fn via(mut self, via: Via) -> Self {
        self.defaults.via = via;
        self
    }

    /// Whether clients may turn their connection into another protocol, such as WebSocket (RFC 9110 §7.8). Without it their
    /// Upgrade is dropped, and the request goes on as an ordinary one. Default is yes.
    #[must_use]
    pub fn upgrade(mut self, upgrade: bool) -> Self {
        self.defaults.upgrade = upgrade;
        self
    }

    /// Whether `X-Real-IP` tells endpoints the client's address. Default is no.
    #[must_use]
    pub fn real_ip(mut self, real_ip: bool) -> Self {
        self.defaults.real_ip = real_ip;
        self
    }

    /// Whether the answers to requests that failed say why, in a `Proxy-Status` field (RFC 9209). Default is no.
    #[must_use]
    pub fn proxy_status(mut self, proxy_status: bool) -> Self {
        self.defaults.proxy_status = proxy_status;
        self
    }

    /// Which PROXY protocol endpoints are spoken to with, on routes that name none. Default is none.
    #[must_use]
    pub fn proxy_protocol(mut self, version: ProxyProtocol) -> Self {
        self.defaults.proxy_protocol = Some(version);
        self
    }

    /// How idle connections to endpoints are kept. Default is [`PoolConfig::default`].
    #[must_use]
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.defaults.pool = pool;
        self
    }

    /// Resolves the names of endpoints. Default is the system's resolver.
    #[must_use]
    pub fn resolver(mut self, resolve: impl Resolve) -> Self {
        self.defaults.connector.resolver = Resolver::new(resolve);
        self
    }

    /// How `https://` endpoints are verified. Default is the platform's roots, read when there is such an endpoint.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn upstream_tls(mut self, tls: crate::UpstreamTls) -> Self {
        self.defaults.connector.tls = Some(tls);
        self
    }
}

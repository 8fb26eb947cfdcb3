//! A proxy for somebody else's application: `dial::proxy(hosts, handler)` is a `tower` service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::thread::available_parallelism;

use http::{Extensions, Request, Version};
use http_body::Body as HttpBody;
use hyper::upgrade::OnUpgrade;
use ipnet::IpNet;

use super::defaults::Defaults;
use super::foreign::{improper, switched};
use super::parse_network;
use super::upstreams::IntoUpstream;
use crate::body::Body;
use crate::client::{Client, Connector, Resolve, Resolver};
use crate::config::{Forwarding, HostHeader, PoolConfig, ProxyProtocol, Retry, Timeouts, Via};
use crate::error::{BoxError, Error};
use crate::fields::{Name, takes_trailers};
use crate::handler::context::Peer;
use crate::handler::shapes::erase;
use crate::handler::{ClientAddr, Handler, Hop, Incoming, IntoEdit, Received, Response, Startup};
use crate::proxy::{ErrorHook, Forwarder, Lane, ResponseHook, Retries, RouteSpec, allow};
use crate::route::Params;
use crate::upstream::Upstream;

/// A load-balanced proxy as a service: for axum's `route_service`, `nest_service` and `fallback_service`, for bare
/// hyper, or for [`Router::at`](crate::Router::at). Made by [`proxy`] and [`try_proxy`].
///
/// Clones share connections. It has to be called on a tokio runtime with I/O and time.
#[derive(Clone)]
pub struct ProxyService {
    spec: RouteSpec,
    options: Options,
    lane: Arc<OnceLock<Arc<Lane>>>,
}

#[derive(Clone)]
pub(super) struct Options {
    host_header: Option<HostHeader>,
    forwarding: Option<Forwarding>,
    real_ip: Option<bool>,
    via: Option<Via>,
    upgrade: Option<bool>,
    proxy_status: Option<bool>,
    timeouts: Option<Timeouts>,
    #[expect(clippy::option_option, reason = "not said, never, or this")]
    retry: Option<Option<Retry>>,
    check: Arc<Check>,
    pool: PoolConfig,
    connector: Connector,
    trusted: Arc<[IpNet]>,
    https: bool,
    client_addr: Arc<FindClient>,
}

type Check = dyn Fn(&Startup<'_>) -> Result<(), Error> + Send + Sync;
type FindClient = dyn Fn(&Extensions) -> Option<SocketAddr> + Send + Sync;

/// A proxy to `hosts` that passes requests through `handler`.
///
/// ```
/// use dial::ModifiableRequest;
///
/// fn api(mut request: ModifiableRequest) -> dial::Result {
///     request.rewrite_uri("/api/v1/data").build()
/// }
///
/// let service = dial::proxy(["http://backend1:8080", "backend2"], api);
/// // axum::Router::new().route_service("/api/data", service)
/// ```
///
/// # Panics
/// When a host is not understood, or there is none; [`try_proxy`] returns the error instead.
#[track_caller]
pub fn proxy<S>(hosts: impl IntoUpstream, handler: impl Handler<S>) -> ProxyService {
    match try_proxy(hosts, handler) {
        Ok(service) => service,
        Err(error) => panic!("dial::proxy: {error}"),
    }
}

/// Like [`proxy`], for hosts that are not known to be right.
///
/// # Errors
/// What is wrong with the hosts.
pub fn try_proxy<S>(
    hosts: impl IntoUpstream,
    handler: impl Handler<S>,
) -> Result<ProxyService, Error> {
    let upstream = hosts.into_upstream()?;
    upstream.start_discovery_early();
    let handler = Arc::new(handler);
    let checked = Arc::clone(&handler);
    Ok(ProxyService {
        spec: RouteSpec {
            name: "mounted".to_owned(),
            handler: erase(handler),
            upstream,
            host_header: HostHeader::default(),
            forwarding: Forwarding::default(),
            real_ip: false,
            via: None,
            upgrade: true,
            connect: false,
            allow: allow(&[]),
            proxy_protocol: None,
            timeouts: Timeouts::default(),
            retries: None,
            body_limit: None,
            rate: None,
            concurrency: None,
            on_response: None,
            on_error: None,
            proxy_status: false,
            states: crate::handler::context::States::default(),
        },
        options: Options {
            host_header: None,
            forwarding: None,
            real_ip: None,
            via: None,
            upgrade: None,
            proxy_status: None,
            timeouts: None,
            retry: None,
            check: Arc::new(move |startup| checked.check(startup)),
            pool: PoolConfig::default(),
            connector: Connector::default(),
            trusted: Arc::default(),
            https: false,
            client_addr: Arc::new(|extensions| {
                extensions.get::<ClientAddr>().map(|client| client.0)
            }),
        },
        lane: Arc::default(),
    })
}

impl ProxyService {
    /// The name in logs. Default is `mounted`.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.with(|spec, _| spec.name = name)
    }

    /// The upstream, whose hosts may be changed at any time.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.spec.upstream
    }

    /// What Host is sent. Default is [`HostHeader::Endpoint`].
    #[must_use]
    pub fn host_header(self, host_header: HostHeader) -> Self {
        self.with(|_, options| options.host_header = Some(host_header))
    }

    /// Which forwarding fields are sent. Default is [`Forwarding::XForwarded`].
    #[must_use]
    pub fn forwarding(self, forwarding: Forwarding) -> Self {
        self.with(|_, options| options.forwarding = Some(forwarding))
    }

    /// What Via calls this proxy in what it forwards (RFC 9110 §7.6.3). Default is [`Via::default`].
    #[must_use]
    pub fn via(self, via: Via) -> Self {
        self.with(|_, options| options.via = Some(via))
    }

    /// Whether clients may turn their connection into another protocol, such as WebSocket; see
    /// [`Router::upgrade`](crate::Router::upgrade). Default is yes. In somebody else's server a tunnel is that server's no more:
    /// it is closed after 10 min in which nothing moved, and no shutdown waits for it.
    #[must_use]
    pub fn upgrade(self, upgrade: bool) -> Self {
        self.with(|_, options| options.upgrade = Some(upgrade))
    }

    /// Whether `X-Real-IP` tells endpoints the client's address. Default is no.
    #[must_use]
    pub fn real_ip(self, real_ip: bool) -> Self {
        self.with(|_, options| options.real_ip = Some(real_ip))
    }

    /// Whether the answers to requests that failed say why, in a `Proxy-Status` field (RFC 9209). Default is no.
    #[must_use]
    pub fn proxy_status(self, proxy_status: bool) -> Self {
        self.with(|_, options| options.proxy_status = Some(proxy_status))
    }

    /// Which PROXY protocol endpoints are spoken to with. Default is none.
    #[must_use]
    pub fn proxy_protocol(self, version: ProxyProtocol) -> Self {
        self.with(|spec, _| spec.proxy_protocol = Some(version))
    }

    /// Default is [`Timeouts::default`].
    #[must_use]
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|_, options| options.timeouts = Some(timeouts))
    }

    /// When requests are sent once more; `None` is never, but for what is known to be unsent. Default is `None`.
    #[must_use]
    pub fn retry(self, retry: impl Into<Option<Retry>>) -> Self {
        let retry = retry.into();
        self.with(|_, options| options.retry = Some(retry))
    }

    /// Gives the handler a value it asks for with [`State<T>`](crate::State); one for each type. Without it such a
    /// handler answers 500: a service that is mounted elsewhere has no startup of its own.
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(self, state: T) -> Self {
        self.with(|spec, _| spec.states.insert(state))
    }

    /// Edits every response an endpoint gives, but not the interim ones before it; see
    /// [`ModifiableRequest::on_response`](crate::ModifiableRequest::on_response).
    #[must_use]
    pub fn on_response<F, R>(self, hook: F) -> Self
    where
        F: Fn(&mut Response) -> R + Send + Sync + 'static,
        R: IntoEdit,
    {
        self.with(|spec, _| spec.on_response = Some(ResponseHook::new(hook)))
    }

    /// Edits or replaces the response to a request that failed.
    #[must_use]
    pub fn on_error(self, hook: impl Fn(&Error, &mut Response) + Send + Sync + 'static) -> Self {
        self.with(|spec, _| spec.on_error = Some(ErrorHook::new(hook)))
    }

    /// How idle connections to endpoints are kept. Default is [`PoolConfig::default`].
    #[must_use]
    pub fn pool(self, pool: PoolConfig) -> Self {
        self.with(|_, options| options.pool = pool)
    }

    /// Resolves the names of endpoints. Default is the system's resolver.
    #[must_use]
    pub fn resolver(self, resolve: impl Resolve) -> Self {
        self.with(|_, options| options.connector.resolver = Resolver::new(resolve))
    }

    /// How `https://` endpoints are verified. Default is the platform's roots.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn upstream_tls(self, tls: crate::UpstreamTls) -> Self {
        self.with(|_, options| options.connector.tls = Some(tls))
    }

    /// Tells how to find the client's address among a request's extensions. Default is [`ClientAddr`]. Without an
    /// address no `X-Forwarded-For` is sent. For axum served with connect info:
    ///
    /// `.client_addr(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0))`
    #[must_use]
    pub fn client_addr(
        self,
        find: impl Fn(&Extensions) -> Option<SocketAddr> + Send + Sync + 'static,
    ) -> Self {
        self.with(|_, options| options.client_addr = Arc::new(find))
    }

    /// Peers whose forwarding fields are believed; see [`Router::trust`](crate::Router::trust).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for what is neither a network nor an address.
    pub fn trust<T: AsRef<str>>(
        self,
        networks: impl IntoIterator<Item = T>,
    ) -> Result<Self, Error> {
        let networks = networks
            .into_iter()
            .map(|network| parse_network(network.as_ref()));
        let networks = networks.collect::<Result<Arc<[_]>, _>>()?;
        Ok(self.with(|_, options| options.trusted = networks))
    }

    /// Whether clients reach the application over TLS, for `X-Forwarded-Proto`. Default is no.
    #[must_use]
    pub fn https(self, https: bool) -> Self {
        self.with(|_, options| options.https = https)
    }

    /// The route this makes, with what it leaves open taken from a router.
    pub(super) fn spec(&self, defaults: &Defaults) -> RouteSpec {
        let mut spec = self.spec.clone();
        spec.host_header = self.options.host_header.unwrap_or(defaults.host_header);
        spec.forwarding = self.options.forwarding.unwrap_or(defaults.forwarding);
        spec.real_ip = self.options.real_ip.unwrap_or(defaults.real_ip);
        spec.via = self
            .options
            .via
            .as_ref()
            .unwrap_or(&defaults.via)
            .pseudonym();
        spec.upgrade = self.options.upgrade.unwrap_or(defaults.upgrade);
        spec.proxy_protocol = spec.proxy_protocol.or(defaults.proxy_protocol);
        spec.timeouts = self.options.timeouts.unwrap_or(defaults.timeouts);
        let retry = self.options.retry.unwrap_or(defaults.retry);
        spec.retries = retry.map(|retry| Arc::new(Retries::new(retry)));
        spec.body_limit = spec.body_limit.or(defaults.body_limit);
        spec.concurrency = spec.concurrency.or_else(|| defaults.concurrency());
        spec.proxy_status = self.options.proxy_status.unwrap_or(defaults.proxy_status);
        spec.on_error = spec.on_error.or_else(|| defaults.on_error.clone());
        spec.states.extend(&defaults.states);
        spec
    }

    /// The same at a path of a router, where what the handler asks for can be checked.
    pub(super) fn spec_at(&self, path: &str, defaults: &Defaults) -> Result<RouteSpec, Error> {
        let mut spec = self.spec(defaults);
        (self.options.check)(&Startup {
            states: &spec.states,
        })?;
        if spec.name == "mounted" {
            path.clone_into(&mut spec.name);
        }
        Ok(spec)
    }

    /// Changes an option. What was sent before keeps its connections; this service begins with none.
    pub(super) fn with(mut self, change: impl FnOnce(&mut RouteSpec, &mut Options)) -> Self {
        change(&mut self.spec, &mut self.options);
        self.lane = Arc::default();
        self
    }

    pub(super) fn lane(&self) -> Arc<Lane> {
        let lane = self.lane.get_or_init(|| {
            let threads = available_parallelism().map_or(1, usize::from);
            let connector = self.options.connector.clone();
            let client = Client::new(connector, self.options.pool, threads);
            Lane::new(
                Arc::new(self.spec(&Defaults::default())),
                Arc::new(Forwarder::new(client)),
            )
        });
        Arc::clone(lane)
    }

    fn peer(&self, extensions: &Extensions) -> Peer {
        let mut peer = match (self.options.client_addr)(extensions) {
            None => Peer::default(),
            Some(addr) => Peer::new(addr, Arc::clone(&self.options.trusted)),
        };
        peer.https = self.options.https;
        peer
    }
}

impl<B> tower_service::Service<Request<B>> for ProxyService
where
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        hyper::service::Service::call(self, request)
    }
}

impl<B> hyper::service::Service<Request<B>> for ProxyService
where
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<B>) -> Self::Future {
        let lane = self.lane();
        let peer = Arc::new(self.peer(request.extensions()));
        let switch = request.extensions_mut().remove::<OnUpgrade>();
        let (parts, body) = request.map(Body::received).into_parts();
        let mut received = Received::new(parts, peer);
        let improper = improper(&received);
        received.settle_host();
        let hop = Hop {
            can_tunnel: switch.is_some(),
            trailers: received.version > Version::HTTP_10 && takes_trailers(&received.fields),
            // What comes behind the head cannot be seen here, so a client that did not wait is made to.
            waits: received.version == Version::HTTP_11 && received.fields.has(Name::Expect),
            ..Hop::default()
        };
        let incoming = Incoming {
            received: Arc::new(received),
            body,
            hop,
        };
        Box::pin(async move {
            let answer = match improper {
                None => lane.handle(incoming, Params::none()).await,
                Some(error) => lane.refuse(&error, &incoming.received.method),
            };
            Ok(switched(answer.into(), switch))
        })
    }
}

impl fmt::Debug for ProxyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyService")
            .field("name", &self.spec.name)
            .field("upstream", &self.spec.upstream)
            .finish_non_exhaustive()
    }
}

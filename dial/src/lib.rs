//! Declarative reverse proxying: a function over a request, plus one attribute, is a route with its own
//! load-balanced upstream.
//!
//! ```no_run
//! use dial::{ModifiableRequest, proxy};
//!
//! #[proxy(path = "/api/data", hosts = ["http://backend1:8080", "https://backend2", "backend3"])]
//! fn api_data(mut request: ModifiableRequest) -> dial::Result {
//!     request.rewrite_uri("/api/v1/data");
//!     request.add_header("X-Debug", "true");
//!     request.build()
//! }
//!
//! #[tokio::main]
//! async fn main() -> dial::Result<()> {
//!     dial::serve("0.0.0.0:8080").await
//! }
//! ```
//!
//! Requests for `/api/data` go to the three backends in turn, as `/api/v1/data`, with the query the client sent and one
//! more field. Bodies stream in both directions. Hop-by-hop fields are removed (RFC 9110 §7.6.1), the forwarding fields
//! are set so that no client can spoof them, a backend that refuses a connection is skipped, and what cannot be
//! forwarded is answered with 502, 503 or 504. None of this has to be switched on.
//!
//! # Routes
//!
//! The attribute [`#[proxy]`](macro@proxy) lists every key. A path has parameters of whole segments, `/users/{id}`, and
//! at its end one that takes the rest, `/files/{*rest}`. Each parameter is an argument of the handler, of any type that
//! is [`FromStr`](std::str::FromStr); one whose name begins with `_` needs none. Routes may overlap: a static segment
//! goes before a parameter, a parameter before the rest, an exact domain before a wildcard. Two that cannot be told
//! apart are an error at startup that names both places.
//!
//! # Handlers
//!
//! | first argument | may return |
//! |---|---|
//! | `request: ModifiableRequest` | [`dial::Result`](Result), [`Outbound`], [`ModifiableRequest`], [`Response`], `Result<any of these, E: `[`IntoReject`]`>` |
//! | `request: &mut ModifiableRequest` | `()`, `&mut ModifiableRequest`, `Result<(), E: `[`IntoReject`]`>` |
//!
//! Sync or async; a sync handler costs no future. Further arguments are path parameters by name, or anything that is
//! [`FromInbound`]: [`State<T>`](State), [`ClientAddr`], [`Method`], [`HeaderMap`], a `Query<T>`, your own types.
//!
//! ```
//! use dial::{ModifiableRequest, State, StatusCode, proxy};
//!
//! #[derive(Clone)]
//! struct Tokens(Vec<String>);
//!
//! #[proxy("/users/{id}", hosts = ["backend1", "backend2"], methods = [GET, PUT])]
//! async fn user(request: &mut ModifiableRequest, id: u64, tokens: State<Tokens>) -> Result<(), StatusCode> {
//!     let token = request.header("x-token").ok_or(StatusCode::UNAUTHORIZED)?;
//!     if !tokens.0.0.iter().any(|known| known == token) {
//!         return Err(StatusCode::FORBIDDEN);
//!     }
//!     request.rewrite_path("/v2/users/{id}").set_header("X-User", id);
//!     Ok(())
//! }
//! ```
//!
//! # Tests
//!
//! The function stays a function, so a unit test calls it and asks the [`Outbound`] what it would send:
//!
//! ```
//! use dial::{ModifiableRequest, proxy};
//!
//! #[proxy("/api/{*_rest}", hosts = ["backend1"])]
//! fn api(request: &mut ModifiableRequest) {
//!     request.strip_prefix("/api");
//! }
//!
//! # fn main() -> dial::Result<()> {
//! let mut request = ModifiableRequest::get("/api/users?page=2");
//! api(&mut request);
//! assert_eq!(request.build()?.uri(), "/users?page=2");
//! # Ok(()) }
//! ```
//!
//! # Where a request goes
//!
//! [`ModifiableRequest::rewrite_uri`] with a path leaves the choice to the balancer: the hosts take turns in the order
//! of their list, exactly, whatever the number of threads. With a full URL the request goes there.
//!
//! A host may have a weight, or be a backup, and `balance` names another [policy](Policy): `least_request`, `peak_ewma`,
//! `random`, `consistent_hash(..)` on something of the request, or `custom(EXPR)`, a [`Balance`] of your own. Routes that
//! name one [`upstream!`] share its rotation, its connections and all that is known of its hosts, which may come, go, be
//! drained and change their weight at any time:
//!
//! ```
//! use dial::{ModifiableRequest, proxy};
//!
//! dial::upstream! {
//!     /// The API's backends.
//!     static API = ["http://small:8080", ("http://large:8080", weight = 3), ("http://elsewhere:8080", backup)],
//!         balance = least_request,
//!         slow_start = 30s;
//! }
//!
//! #[proxy("/users/{_id}", upstream = API)]
//! fn user(request: &mut ModifiableRequest) {
//!     request.prefix_path("/v2");
//! }
//!
//! // Each user's requests go to one cache, and stay there when another one leaves.
//! #[proxy("/feed/{_user}", hosts = ["cache1", "cache2", "cache3"], balance = consistent_hash(param = "_user"))]
//! fn feed(_request: &mut ModifiableRequest) {}
//!
//! # fn main() -> dial::Result<()> {
//! API.drain_host("http://small:8080")?;
//! API.set_weight("http://large:8080", 5)?;
//! # Ok(()) }
//! ```
//!
//! [`Upstream::builder`] makes the same while the program runs.
//!
//! Where the hosts are known elsewhere, a [`Discover`] tells them while the program runs:
//! [`UpstreamBuilder::discover`]. There are sources for DNS, for etcd and for files, each behind a feature, and any other is
//! a type with one function. A source that is lost leaves the hosts it told last.
//!
//! # Hosts in trouble
//!
//! A host that cannot be reached, hangs or breaks off several times in a row gets nothing for a while ([`Ejection`]), without
//! being asked for. The rest is declared, on a route or on an upstream that routes share: [`HealthCheck`] asks hosts whether
//! they can serve; what is more than they can do waits for a while, as [`Limits`] bound what is under way; and a [`Breaker`]
//! leaves alone what only fails.
//!
//! ```
//! use dial::{ModifiableRequest, proxy};
//!
//! dial::upstream! {
//!     static SHOP = ["http://shop1:8080", "http://shop2:8080"],
//!         health("/healthz", statuses = 2xx, interval = 2s, fall = 2),
//!         eject(consecutive = 3, error_percent = 50, max_time = 1m),
//!         limits(requests_per_host = 100, queue = 500, queue_timeout = 2s),
//!         breaker(error_percent = 80),
//!         slow_start = 10s;
//! }
//!
//! #[proxy("/shop/{*_rest}", upstream = SHOP)]
//! fn shop(_request: &mut ModifiableRequest) {}
//! # fn main() -> dial::Result<()> {
//! # assert_eq!(shop::upstream()?.len(), 2);
//! # Ok(()) }
//! ```
//!
//! # What a proxy owes
//!
//! All of this is on, for every route:
//!
//! - Framing is judged once and written anew, so nothing is forwarded that an endpoint could read in another way (RFC 9112
//!   §6, §11.2). A head, Host or target that is not one is a 400, and the connection is closed.
//! - Fields of one connection stay on it (RFC 9110 §7.6.1); `TE: trailers`, Upgrade and `Expect: 100-continue` are asked of
//!   the endpoint anew. An upload is not read before the endpoint wants it.
//! - `X-Forwarded-*`, `Forwarded` and `X-Real-IP` are set anew unless the peer is [trusted](Router::trust); [`Via`] is added
//!   in both directions, and a request that comes round in a circle is a 508.
//! - WebSocket and any other upgrade become a tunnel once the endpoint has switched, and not before. CONNECT is for routes
//!   that list it in `methods`.
//! - 103 and other interim responses are passed on at once, and so is each piece of a body, in both directions; trailers
//!   behind it, where they were announced or asked for, except those that would change how the message is read.
//! - A body that breaks off never looks whole. A client that leaves takes its request to the endpoint along.
//!
//! Field names are sent in lower case. In somebody else's server ([`ProxyService`]) its own rules come on top: hyper's passes
//! no interim responses on, and asks for an upload as soon as it is read.
//!
//! # Retries
//!
//! A request that is known to be unsent goes to the next endpoint, each once, whatever its method. More has to be asked for,
//! because only its owner knows what a request does: `retry(..)`, or [`Retry`].
//!
//! ```
//! use dial::{ModifiableRequest, proxy};
//!
//! #[proxy("/items/{*_rest}", hosts = ["backend1", "backend2"], retry(attempts = 3, on = [connect, reset, 5xx]))]
//! fn items(_request: &mut ModifiableRequest) {}
//! ```
//!
//! Then an idempotent request goes to another endpoint when its connection breaks off or it is answered with a 5xx, with the
//! part of its body that was sent already, up to 64 KiB. A budget keeps retries below a fifth of the route's requests, so that
//! endpoints in trouble are not buried; and while no endpoint can be reached, as when all of them restart, requests wait
//! instead of failing. The client gets the last response as it came.
//!
//! [`Hedge`] asks another endpoint as well when the first has not answered in time, which cuts off the slowest responses. It
//! is off unless `retry(hedge = 50ms)` or [`Retry::hedge`] says so.
//!
//! # Limits and options
//!
//! Each is a key of the attribute, an option of [`Router`] for routes that do not have the key, and an option of
//! [`ProxyService`]. What is nearer to the route holds.
//!
//! | key | default | |
//! |---|---|---|
//! | `timeout(connect = ..)` | 5 s | [`Timeouts::connect`]: finding and reaching an endpoint |
//! | `timeout(response = ..)` | 60 s | [`Timeouts::response`]: the response's head |
//! | `timeout(body = ..)` | 5 min | [`Timeouts::body`]: silence within the response's body |
//! | `timeout(total = ..)` | none | [`Timeouts::total`]: all of it |
//! | `timeout(expect = ..)` | 1 s | [`Timeouts::expect`]: the endpoint's 100, for `Expect: 100-continue` |
//! | `retry(..)` | none | [`Retry`]: when a request is sent once more |
//! | `concurrency` | none | [`ConcurrencyLimit`]: the requests under way |
//! | `body_limit` | none | the request's body |
//! | `upgrade` | `true` | [`Router::upgrade`]: WebSocket and other protocols |
//! | `proxy_protocol` | none | [`ProxyProtocol`] towards the endpoint |
//! | `host_header` | `endpoint` | [`HostHeader`] |
//! | `forwarded` | `x_forwarded` | [`Forwarding`] |
//!
//! `rate_limit(..)`, with the feature of that name, bounds the requests of a route in a time: `RateLimit`. It is a route's
//! own, and no option of [`Router`].
//!
//! [`Router`] and [`ProxyService`] alone set the name in [`Via`], `X-Real-IP` and `Proxy-Status`: these are the proxy's
//! own, not a route's.
//!
//! # Serving and mounting
//!
//! [`serve`] runs every `#[proxy]` of the program; [`Router`] chooses among them and sets what they share; [`Server`]
//! has workers, bounds, the bound address and a handle that drains it. [`proxy()`] makes the same proxy for somebody
//! else's application, as a `tower` service for axum's `route_service`, or for bare hyper.
//!
//! # Errors
//!
//! Every failure is an [`Error`] with a kind, a side and whether the request was sent. Its status is sent, its text is
//! logged, never the other way round. `on_error` may replace the response.
//!
//! # Features
//!
//! `tls` (default): `https://` endpoints through rustls. `query`: the `Query<T>` extractor. `dns`, `etcd`, `files`: the
//! sources of hosts `Dns`, `Etcd` and `HostFile`. `rate_limit`: `RateLimit`. `redis`: `RedisStore`, for rate limits that
//! several instances keep together. `sticky`: `Sticky` cookies. `full`: all of them.
//!
//! dial logs through [`tracing`] under its own target: the routes at startup, failures of the upstream as warnings, those
//! of handlers as errors. When a host falls ill or recovers, `dial::upstream` says so once, with the field `endpoint`;
//! `dial::rate` does when a store of rate limits is lost or back.

mod body;
mod builder;
mod client;
mod config;
#[cfg(any(feature = "dns", feature = "etcd", feature = "files"))]
mod discover;
mod error;
mod fields;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod h1;
mod handler;
mod patience;
mod probe;
mod proxy;
mod proxy_protocol;
mod relay;
mod route;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod tunnel;
mod upstream;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

pub use self::body::Body;
pub use self::builder::{
    Definition, IntoUpstream, LazyUpstream, ProxyService, Route, Router, proxy, try_proxy,
};
pub use self::client::Resolve;
pub use self::config::{
    Forwarding, HealthCheck, Hedge, HostHeader, PoolConfig, ProxyProtocol, Retry, RetryOn,
    Timeouts, Via,
};
#[cfg(feature = "dns")]
pub use self::discover::Dns;
#[cfg(feature = "etcd")]
pub use self::discover::Etcd;
#[cfg(feature = "files")]
pub use self::discover::HostFile;
pub use self::error::{BoxError, Error, ErrorKind, RequestSent, Side};
#[cfg(feature = "query")]
pub use self::handler::Query;
pub use self::handler::{
    ClientAddr, Decision, FromInbound, FromParam, Handler, Inbound, IntoDecision, IntoEdit,
    IntoReject, ModifiableRequest, Outbound, Reject, RequestBuilder, Response, Startup, State,
};
#[cfg(feature = "rate_limit")]
pub use self::proxy::RateLimit;
#[cfg(feature = "redis")]
pub use self::proxy::RedisStore;
pub use self::proxy::{ConcurrencyLimit, ErrorHook, ResponseHook};
pub use self::server::{App, IntoAddr, Server, ServerBuilder, ServerHandle};
#[cfg(feature = "tls")]
pub use self::tls::UpstreamTls;
pub use self::upstream::{
    Balance, Breaker, Candidates, Discover, Ejection, HashOn, HostEntry, HostStatus, IntoHostEntry,
    IntoHosts, LeastRequest, Limits, PeakEwma, Policy, Random, Upstream, UpstreamBuilder,
};
#[cfg(feature = "sticky")]
pub use self::upstream::{SameSite, Sticky};
pub use dial_macros::{proxy, upstream};

/// What handlers and dial's own fallible functions return; `T` is [`Outbound`] unless named.
pub type Result<T = Outbound> = std::result::Result<T, Error>;

/// Serves every `#[proxy]` of the program on `addr`: [`Router::registered`]`().serve(addr)`.
///
/// # Errors
/// What is wrong with a route, that there is none, or why `addr` cannot be listened on.
pub async fn serve(addr: impl IntoAddr) -> Result<()> {
    Router::registered().serve(addr).await
}

/// The routes of `#[proxy]` functions, for [`Router::mount`]: `routes![api, users::list]`.
#[macro_export]
macro_rules! routes {
    ($($route:path),* $(,)?) => {
        [$(<$route as $crate::Route>::definition()),*]
    };
}

/// What the code of `#[proxy]` calls. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use linkme;

    pub use crate::builder::ROUTES_0_1 as ROUTES;
    pub use crate::builder::{Definition, Hosts, Location};
    pub use crate::handler::shapes::{
        boxed, decide_edit, edited, owned, owned_async, owned_edit, rejected,
    };
    pub use crate::handler::{Outcome, Startup, param};

    use crate::{
        Error, ErrorHook, HostEntry, IntoEdit, IntoHostEntry, IntoHosts, IntoUpstream, Policy,
        Response, ResponseHook, Upstream,
    };

    /// `hosts = EXPR`.
    pub fn hosts(hosts: impl IntoHosts) -> Result<Vec<HostEntry>, Error> {
        Ok(hosts.into_hosts())
    }

    /// One of `hosts = [..]`.
    pub fn entry(host: impl IntoHostEntry) -> HostEntry {
        host.into_host_entry()
    }

    /// `upstream = EXPR`.
    pub fn upstream(upstream: impl IntoUpstream) -> Result<Upstream, Error> {
        upstream.into_upstream()
    }

    /// `balance = custom(EXPR)`.
    pub fn policy(policy: impl Into<Policy>) -> Policy {
        policy.into()
    }

    /// `health(method = NAME)`, of a name that the macro has checked.
    #[must_use]
    pub fn method(name: &str) -> http::Method {
        http::Method::from_bytes(name.as_bytes()).unwrap_or_default()
    }

    /// `sticky(key = EXPR)`.
    #[cfg(feature = "sticky")]
    pub fn key(key: impl AsRef<[u8]>) -> Vec<u8> {
        key.as_ref().to_vec()
    }

    /// `sticky(key_env = NAME)`.
    #[cfg(feature = "sticky")]
    pub fn key_env(variable: &str) -> Result<Vec<u8>, Error> {
        let key = std::env::var(variable).map_err(|source| {
            let what = format!("the environment variable `{variable}` holds no key");
            Error::config(what).with_source(source)
        })?;
        Ok(key.into_bytes())
    }

    /// `on_response = EXPR`.
    pub fn response_hook<F, R>(hook: F) -> ResponseHook
    where
        F: Fn(&mut Response) -> R + Send + Sync + 'static,
        R: IntoEdit,
    {
        ResponseHook::new(hook)
    }

    /// `on_error = EXPR`.
    pub fn error_hook(hook: impl Fn(&Error, &mut Response) + Send + Sync + 'static) -> ErrorHook {
        ErrorHook::new(hook)
    }
}

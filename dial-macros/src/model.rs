//! A route, or an upstream, whose every part was checked. Nothing here can be wrong, so expansion cannot fail.

use crate::function::Function;
use crate::path::Param;
use crate::statuses::Statuses;
use proc_macro2::TokenStream;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Type, Visibility};

pub(crate) struct Route<'a> {
    pub(crate) function: &'a Function,
    /// The path of the dial crate.
    pub(crate) krate: TokenStream,
    pub(crate) handler: Handler<'a>,
    pub(crate) name: String,
    /// Absent when the route takes every path.
    pub(crate) path: Option<RoutePath>,
    pub(crate) hosts: Hosts,
    pub(crate) tuning: Tuning,
    /// Empty when the route takes every host; in lower case.
    pub(crate) domains: Vec<String>,
    /// Empty when the route takes every method.
    pub(crate) methods: Vec<String>,
    pub(crate) host_header: Option<HostHeader>,
    pub(crate) forwarded: Option<Forwarded>,
    pub(crate) upgrade: Option<bool>,
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    pub(crate) timeouts: Timeouts,
    /// Absent when it is the server's; `Some(None)` is off.
    #[expect(clippy::option_option, reason = "not said, off, or this")]
    pub(crate) retry: Option<Option<Retry>>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) concurrency: Option<Concurrency>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) on_response: Option<Expr>,
    pub(crate) on_error: Option<Expr>,
    pub(crate) register: bool,
}

/// How to call the function.
pub(crate) struct Handler<'a> {
    pub(crate) is_async: bool,
    pub(crate) request: Request<'a>,
    /// The arguments behind the request.
    pub(crate) arguments: Vec<Argument<'a>>,
    /// Absent when the function returns nothing.
    pub(crate) output: Option<&'a Type>,
}

/// The first argument.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) form: Form,
    pub(crate) ty: &'a Type,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `ModifiableRequest`: the function returns what happens next.
    Owned,
    /// `&mut ModifiableRequest`: the function edits, and the edited request is forwarded.
    Edited,
}

pub(crate) struct Argument<'a> {
    pub(crate) ty: &'a Type,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    /// The path parameter of this name, through `FromParam`.
    Param(String),
    /// Anything else, through `FromInbound`.
    Inbound,
}

pub(crate) struct RoutePath {
    pub(crate) literal: LitStr,
    pub(crate) params: Vec<Param>,
}

/// Where requests go.
pub(crate) enum Hosts {
    /// Endpoints one by one.
    Listed(Vec<Entry>),
    /// A list that is known when the program runs.
    Computed(Expr),
    /// The environment variable that holds the list.
    Env(LitStr),
    /// An upstream made elsewhere.
    Shared(Expr),
}

/// One endpoint of a list.
pub(crate) struct Entry {
    /// If it is a literal, a checked one.
    pub(crate) host: Expr,
    pub(crate) weight: Option<Expr>,
    pub(crate) backup: bool,
}

/// How an upstream works, but for its hosts.
#[derive(Default)]
pub(crate) struct Tuning {
    pub(crate) balance: Option<Balance>,
    /// In milliseconds.
    pub(crate) slow_start: Option<u64>,
    pub(crate) sticky: Option<Sticky>,
    pub(crate) health: Option<Health>,
    pub(crate) eject: Option<Eject>,
    pub(crate) panic: Option<bool>,
    pub(crate) limits: Option<Limits>,
    pub(crate) breaker: Option<Breaker>,
}

pub(crate) enum Balance {
    /// A policy without arguments, by the name of its constructor.
    Plain(&'static str),
    /// With the percents of its share that a host may have, if that is bounded.
    ConsistentHash(HashKey, Option<u64>),
    /// One of the user's own, and what it is told of requests.
    Custom(Box<Expr>, Option<HashKey>),
}

/// What of a request decides where it goes.
pub(crate) enum HashKey {
    /// In lower case.
    Header(String),
    Cookie(String),
    ClientIp,
    Param(String),
}

pub(crate) struct Sticky {
    pub(crate) cookie: LitStr,
    pub(crate) key: StickyKey,
    /// In milliseconds.
    pub(crate) max_age: Option<u64>,
    pub(crate) same_site: Option<SameSite>,
}

pub(crate) enum StickyKey {
    /// If it is a literal, one that is long enough.
    Given(Box<Expr>),
    /// The environment variable that holds it.
    Env(LitStr),
}

#[derive(Clone, Copy)]
pub(crate) enum SameSite {
    Strict,
    Lax,
    None,
}

/// Times in milliseconds.
pub(crate) struct Health {
    /// Absent when a connection is all that is asked for.
    pub(crate) http: Option<HttpCheck>,
    pub(crate) port: Option<u64>,
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    pub(crate) interval: Option<u64>,
    pub(crate) jitter: Option<f64>,
    pub(crate) timeout: Option<u64>,
    pub(crate) rise: Option<u64>,
    pub(crate) fall: Option<u64>,
}

pub(crate) struct HttpCheck {
    pub(crate) path: LitStr,
    pub(crate) method: Option<String>,
    pub(crate) host_header: Option<LitStr>,
    pub(crate) statuses: Option<Vec<Statuses>>,
    /// A string or a byte string.
    pub(crate) contains: Option<Lit>,
}

pub(crate) enum Eject {
    Never,
    When(Box<Ejection>),
}

/// Times in milliseconds.
pub(crate) struct Ejection {
    pub(crate) consecutive: Option<u64>,
    pub(crate) statuses: Option<Vec<Statuses>>,
    pub(crate) error_percent: Option<u64>,
    pub(crate) latency: Option<Latency>,
    pub(crate) window: Option<u64>,
    pub(crate) min_requests: Option<u64>,
    pub(crate) base_time: Option<u64>,
    pub(crate) max_time: Option<u64>,
    pub(crate) max_percent: Option<u64>,
}

#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) times: u64,
    /// In milliseconds.
    pub(crate) least: u64,
}

/// Times in milliseconds.
pub(crate) struct Limits {
    pub(crate) requests: Option<u64>,
    pub(crate) requests_per_host: Option<u64>,
    pub(crate) connections_per_host: Option<u64>,
    pub(crate) queue: Option<u64>,
    pub(crate) queue_timeout: Option<u64>,
    pub(crate) overload_timeout: Option<u64>,
}

/// Times in milliseconds.
pub(crate) struct Breaker {
    pub(crate) error_percent: Option<u64>,
    pub(crate) statuses: Option<Vec<Statuses>>,
    pub(crate) min_requests: Option<u64>,
    pub(crate) window: Option<u64>,
    pub(crate) open: Option<u64>,
    pub(crate) trials: Option<u64>,
}

pub(crate) struct RateLimit {
    pub(crate) requests: u64,
    pub(crate) period: Period,
    pub(crate) burst: Option<u64>,
    pub(crate) by: Option<HashKey>,
}

#[derive(Clone, Copy)]
pub(crate) enum Period {
    Second,
    Minute,
    Hour,
}

pub(crate) struct Concurrency {
    pub(crate) requests: u64,
    pub(crate) by: Option<HashKey>,
}

/// An upstream in a static.
pub(crate) struct Shared {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) krate: TokenStream,
    pub(crate) hosts: Hosts,
    pub(crate) tuning: Tuning,
}

#[derive(Clone, Copy)]
pub(crate) enum HostHeader {
    Preserve,
    Endpoint,
}

#[derive(Clone, Copy)]
pub(crate) enum Forwarded {
    X,
    Rfc7239,
    Both,
    Off,
}

#[derive(Clone, Copy)]
pub(crate) enum ProxyProtocol {
    V1,
    V2,
}

/// In milliseconds.
#[derive(Default)]
pub(crate) struct Timeouts {
    pub(crate) connect: Option<u64>,
    pub(crate) response: Option<u64>,
    pub(crate) body: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) expect: Option<u64>,
}

/// Times in milliseconds, sizes in bytes.
pub(crate) struct Retry {
    pub(crate) attempts: Option<u64>,
    pub(crate) on: Option<Vec<Condition>>,
    pub(crate) idempotent: bool,
    pub(crate) buffer: Option<u64>,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) per_try: Option<u64>,
    pub(crate) wait: Option<u64>,
    /// In percent.
    pub(crate) budget: Option<u64>,
    pub(crate) min_per_second: Option<u64>,
    pub(crate) hedge: Option<Hedge>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Connect,
    Reset,
    Timeout,
    Status5xx,
    Status503,
    GatewayError,
}

#[derive(Clone, Copy)]
pub(crate) struct Hedge {
    /// In milliseconds.
    pub(crate) after: u64,
    pub(crate) most: Option<u64>,
}

#[derive(Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: u64,
    pub(crate) most: Option<u64>,
}

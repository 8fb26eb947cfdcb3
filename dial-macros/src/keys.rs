//! What the keys are called, here and by other tools, and how each is written.

use crate::faults::{listing, nearest};

/// A set of keys, with the table that describes them.
pub(crate) trait Keys: Copy + Eq + 'static {
    const TABLE: &'static [Row<Self>];
    /// What the keys belong to, as messages say it; nothing at the top.
    const OWNER: &'static str;
    /// The key that a bare first string stands for.
    const BARE: Option<Self>;
}

/// One key. A new key of a route is a variant, a row here, and its check in `validate.rs`; one of an upstream has its row
/// below, is listed by `RouteKey` and `StaticKey`, and checked in `tuning.rs`.
pub(crate) struct Row<K> {
    pub(crate) key: K,
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// Shown whenever the key was used in another way.
    pub(crate) example: &'static str,
    /// What other tools call it.
    also: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `key = VALUE`
    Value,
    /// `key(..)`
    List,
    /// One or the other
    Either,
    /// `key`
    Alone,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteKey {
    Path,
    Domain,
    Methods,
    Hosts,
    HostsEnv,
    Upstream,
    Balance,
    SlowStart,
    Sticky,
    Health,
    Eject,
    Panic,
    Limits,
    Breaker,
    HostHeader,
    Forwarded,
    Upgrade,
    ProxyProtocol,
    Timeout,
    Retry,
    RateLimit,
    Concurrency,
    BodyLimit,
    OnResponse,
    OnError,
    Name,
    Register,
    Crate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RetryKey {
    Attempts,
    On,
    Idempotent,
    Buffer,
    Backoff,
    PerTry,
    Wait,
    Budget,
    MinPerSecond,
    Hedge,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeoutKey {
    Connect,
    Response,
    Body,
    Total,
    Expect,
}

impl<K> Row<K> {
    const fn new(
        key: K,
        name: &'static str,
        shape: Shape,
        example: &'static str,
        also: &'static [&'static str],
    ) -> Self {
        Self {
            key,
            name,
            shape,
            example,
            also,
        }
    }
}

pub(crate) const fn value<K>(
    key: K,
    name: &'static str,
    example: &'static str,
    also: &'static [&'static str],
) -> Row<K> {
    Row::new(key, name, Shape::Value, example, also)
}

/// The same of a key with a list.
pub(crate) const fn list<K>(
    key: K,
    name: &'static str,
    example: &'static str,
    also: &'static [&'static str],
) -> Row<K> {
    Row::new(key, name, Shape::List, example, also)
}

/// The same of a key with either.
pub(crate) const fn either<K>(
    key: K,
    name: &'static str,
    example: &'static str,
    also: &'static [&'static str],
) -> Row<K> {
    Row::new(key, name, Shape::Either, example, also)
}

/// The same of a key that is a word alone.
pub(crate) const fn alone<K>(key: K, name: &'static str, also: &'static [&'static str]) -> Row<K> {
    Row::new(key, name, Shape::Alone, name, also)
}

impl Row<()> {
    /// A row that several sets have, as that of `key`.
    pub(crate) const fn of<K>(self, key: K) -> Row<K> {
        Row::new(key, self.name, self.shape, self.example, self.also)
    }
}

/// The keys of an upstream.
#[rustfmt::skip] // one key a line
pub(crate) mod upstream {
    use super::{Row, either, list, value};

    pub(crate) const BALANCE: Row<()> = value((), "balance", "balance = least_request",
        &["lb", "policy", "load_balancing", "algorithm", "lb_policy"]);
    pub(crate) const SLOW_START: Row<()> = value((), "slow_start", "slow_start = 30s", &["slowstart", "warmup", "warm_up"]);
    pub(crate) const STICKY: Row<()> = list((), "sticky", r#"sticky(cookie = "host", key_env = "STICKY_KEY")"#,
        &["stick", "sticky_session", "sticky_cookie", "affinity", "session"]);
    pub(crate) const HEALTH: Row<()> = list((), "health", r#"health("/healthz", interval = 5s)"#,
        &["check", "health_check", "healthcheck", "probe", "active_health"]);
    pub(crate) const EJECT: Row<()> = either((), "eject", "eject(consecutive = 5)",
        &["ejection", "outlier", "outlier_detection", "passive_health", "max_fails"]);
    pub(crate) const PANIC: Row<()> = value((), "panic", "panic = false", &["panic_mode", "panic_threshold", "fail_open"]);
    pub(crate) const LIMITS: Row<()> = list((), "limits", "limits(requests_per_host = 100, queue = 500)",
        &["max_requests", "maxconn", "queue", "max_connections", "in_flight", "bulkhead"]);
    pub(crate) const BREAKER: Row<()> = list((), "breaker", "breaker(error_percent = 50)", &["circuit_breaker", "circuit"]);
}

#[rustfmt::skip] // one key a line
impl Keys for RouteKey {
    const TABLE: &'static [Row<Self>] = &[
        value(RouteKey::Path, "path", r#"path = "/api/{id}""#, &["route", "uri", "url", "prefix"]),
        value(RouteKey::Domain, "domain", r#"domain = "example.com""#, &["server_name", "vhost", "virtual_host"]),
        value(RouteKey::Methods, "methods", "methods = [GET, POST]", &["verb", "verbs"]),
        value(RouteKey::Hosts, "hosts", r#"hosts = ["http://backend:8080"]"#,
            &["backend", "backends", "endpoint", "endpoints", "server", "servers", "target", "targets", "to"]),
        value(RouteKey::HostsEnv, "hosts_env", r#"hosts_env = "BACKENDS""#, &["env"]),
        value(RouteKey::Upstream, "upstream", "upstream = shared()", &["pool", "cluster"]),
        upstream::BALANCE.of(RouteKey::Balance),
        upstream::SLOW_START.of(RouteKey::SlowStart),
        upstream::STICKY.of(RouteKey::Sticky),
        upstream::HEALTH.of(RouteKey::Health),
        upstream::EJECT.of(RouteKey::Eject),
        upstream::PANIC.of(RouteKey::Panic),
        upstream::LIMITS.of(RouteKey::Limits),
        upstream::BREAKER.of(RouteKey::Breaker),
        value(RouteKey::HostHeader, "host_header", "host_header = preserve", &["preserve_host"]),
        value(RouteKey::Forwarded, "forwarded", "forwarded = both", &["x_forwarded", "forward", "forwarding"]),
        value(RouteKey::Upgrade, "upgrade", "upgrade = false", &["upgrades", "websocket", "websockets", "ws"]),
        value(RouteKey::ProxyProtocol, "proxy_protocol", "proxy_protocol = v2", &["send_proxy", "send_proxy_protocol"]),
        list(RouteKey::Timeout, "timeout", "timeout(connect = 5s, response = 30s)", &[]),
        list(RouteKey::Retry, "retry", "retry(attempts = 3, on = [connect, reset, 5xx])", &["retries", "next_upstream"]),
        list(RouteKey::RateLimit, "rate_limit", "rate_limit(per_second = 50, by = client_ip)",
            &["limit_req", "ratelimit", "rate", "throttle"]),
        either(RouteKey::Concurrency, "concurrency", "concurrency = 100",
            &["limit_conn", "concurrent", "max_concurrent", "max_concurrency", "concurrency_limit", "parallel"]),
        value(RouteKey::BodyLimit, "body_limit", "body_limit = 1MiB", &["limit", "max_body", "max_body_size"]),
        value(RouteKey::OnResponse, "on_response", "on_response = edit_response", &["modify_response", "response"]),
        value(RouteKey::OnError, "on_error", "on_error = edit_error", &["error", "error_handler"]),
        value(RouteKey::Name, "name", r#"name = "api""#, &["id"]),
        value(RouteKey::Register, "register", "register = false", &["registered"]),
        value(RouteKey::Crate, "crate", "crate = ::dial", &["krate"]),
    ];
    const OWNER: &'static str = "";
    const BARE: Option<Self> = Some(RouteKey::Path);
}

#[rustfmt::skip] // one key a line
impl Keys for RetryKey {
    const TABLE: &'static [Row<Self>] = &[
        value(RetryKey::Attempts, "attempts", "attempts = 3", &["tries", "num_retries", "max", "retries", "count"]),
        value(RetryKey::On, "on", "on = [connect, reset, 5xx]", &["conditions", "retry_on", "when"]),
        value(RetryKey::Idempotent, "idempotent", "idempotent = true", &["non_idempotent", "any_method", "methods"]),
        value(RetryKey::Buffer, "buffer", "buffer = 64KiB", &["body", "max_body", "replay"]),
        value(RetryKey::Backoff, "backoff", "backoff = 25ms", &["delay", "interval", "pause"]),
        value(RetryKey::PerTry, "per_try", "per_try = 2s", &["timeout", "try_timeout", "per_try_timeout"]),
        value(RetryKey::Wait, "wait", "wait = 3s", &["queue", "max_wait"]),
        value(RetryKey::Budget, "budget", "budget = 20%", &["percent", "share"]),
        value(RetryKey::MinPerSecond, "min_per_second", "min_per_second = 10", &["min", "minimum", "min_per_sec"]),
        either(RetryKey::Hedge, "hedge", "hedge = 50ms", &["hedging", "hedged", "hedge_after", "speculative"]),
    ];
    const OWNER: &'static str = " of `retry`";
    const BARE: Option<Self> = None;
}

#[rustfmt::skip] // one key a line
impl Keys for TimeoutKey {
    const TABLE: &'static [Row<Self>] = &[
        value(TimeoutKey::Connect, "connect", "connect = 5s", &["connection"]),
        value(TimeoutKey::Response, "response", "response = 30s", &["read", "header", "headers"]),
        value(TimeoutKey::Body, "body", "body = 1m", &["stream", "stall"]),
        value(TimeoutKey::Total, "total", "total = 2m", &["request", "overall", "deadline"]),
        value(TimeoutKey::Expect, "expect", "expect = 1s", &["continue", "expect_continue"]),
    ];
    const OWNER: &'static str = " of `timeout`";
    const BARE: Option<Self> = None;
}

/// The row of the key called `name`.
pub(crate) fn row<K: Keys>(name: &str) -> Option<&'static Row<K>> {
    K::TABLE.iter().find(|row| row.name == name)
}

/// The key that an unknown one was most likely meant to be.
pub(crate) fn meant<K: Keys>(name: &str) -> Option<&'static Row<K>> {
    let near = nearest(name, K::TABLE.iter().map(|row| row.name));
    let also = |row: &&Row<K>| row.also.contains(&name.to_lowercase().as_str());
    near.and_then(row).or_else(|| K::TABLE.iter().find(also))
}

pub(crate) fn unknown<K: Keys>(name: &str, meant: Option<&Row<K>>) -> String {
    let owner = K::OWNER;
    if let Some(row) = meant {
        return format!("unknown key `{name}`{owner}; did you mean `{}`?", row.name);
    }
    let keys = listing(K::TABLE.iter().map(|row| row.name), "and");
    format!("unknown key `{name}`{owner}; the keys are {keys}")
}

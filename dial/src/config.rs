//! Plain data: timeouts, limits and pool sizes, every default stated.

mod health;
mod hedge;
mod retry;
mod via;

use std::time::Duration;

pub use self::health::HealthCheck;
pub(crate) use self::health::{Check, HttpCheck, MAX_BODY};
pub use self::hedge::Hedge;
pub(crate) use self::retry::Conditions;
pub use self::retry::{Retry, RetryOn};
pub(crate) use self::via::Pseudonym;
pub use self::via::Via;

/// How long nothing may move through a tunnel before it is closed.
pub(crate) const TUNNEL_TIMEOUT: Duration = Duration::from_mins(10);

/// How long one request may take on its way to an endpoint and back. All but `total` count anew for each endpoint that is
/// tried.
///
/// ```
/// use std::time::Duration;
/// use dial::Timeouts;
///
/// let timeouts = Timeouts::default().connect(Duration::from_millis(500));
/// assert_eq!(timeouts.response, Duration::from_secs(60));
/// assert_eq!(timeouts.total, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Resolving a name, the TCP connection and the TLS handshake together. Default is 5 s.
    pub connect: Duration,
    /// From the last byte of the request that could be written until the response head is there. Default is 60 s.
    pub response: Duration,
    /// How long an endpoint may send nothing of a response body that has begun. The client's response is then broken off.
    /// Default is 5 min.
    pub body: Duration,
    /// How long a client that sent `Expect: 100-continue` waits for the endpoint's 100 before its body is asked for all the
    /// same (RFC 9110 §10.1.1). Default is 1 s.
    pub expect: Duration,
    /// From the request's head to the last byte of the response, whatever happens between. Before the response's head it is
    /// a 504, after that the response is broken off. Default is none.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// With another limit for connecting.
    #[must_use]
    pub fn connect(self, connect: Duration) -> Self {
        Self { connect, ..self }
    }

    /// With another limit for the response head.
    #[must_use]
    pub fn response(self, response: Duration) -> Self {
        Self { response, ..self }
    }

    /// With another limit for silence within a response body.
    #[must_use]
    pub fn body(self, body: Duration) -> Self {
        Self { body, ..self }
    }

    /// With another limit for the endpoint's 100.
    #[must_use]
    pub fn expect(self, expect: Duration) -> Self {
        Self { expect, ..self }
    }

    /// With another limit for all of it; `None` is none.
    #[must_use]
    pub fn total(self, total: impl Into<Option<Duration>>) -> Self {
        Self {
            total: total.into(),
            ..self
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response: Duration::from_mins(1),
            body: Duration::from_mins(5),
            expect: Duration::from_secs(1),
            total: None,
        }
    }
}

/// How many idle connections to an endpoint are kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Idle connections kept to one endpoint by one worker. Default is 256; 0 switches keep-alive off.
    pub max_idle: usize,
    /// How long a connection may lie idle before it is closed. Default is 60 s.
    pub idle_timeout: Duration,
}

impl PoolConfig {
    /// With another number of idle connections.
    #[must_use]
    pub fn max_idle(self, max_idle: usize) -> Self {
        Self { max_idle, ..self }
    }

    /// With another idle timeout.
    #[must_use]
    pub fn idle_timeout(self, idle_timeout: Duration) -> Self {
        Self {
            idle_timeout,
            ..self
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_idle: 256,
            idle_timeout: Duration::from_mins(1),
        }
    }
}

/// What the Host field of the forwarded request says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostHeader {
    /// The endpoint's own authority; the client's Host goes into `X-Forwarded-Host`. The default.
    #[default]
    Endpoint,
    /// The client's Host, unchanged.
    Preserve,
}

/// Which fields tell the endpoint who the client was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forwarding {
    /// `X-Forwarded-For`, `-Proto` and `-Host`. The default.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Rfc7239,
    /// Both.
    Both,
    /// Neither. What the client sent is still removed unless it is trusted.
    Off,
}

/// How an endpoint is told who the client is before the first byte of HTTP: the PROXY protocol of `HAProxy`. A connection
/// that carries it belongs to one client, so it is not shared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyProtocol {
    /// Version 1: one line of text.
    V1,
    /// Version 2: binary.
    V2,
}

//! Plain data: timeouts, limits and pool sizes, every default stated.

use std::time::Duration;

/// How long one request may take on its way to an endpoint and back: to each endpoint that is tried.
///
/// ```
/// use std::time::Duration;
/// use dial::Timeouts;
///
/// let timeouts = Timeouts::default().connect(Duration::from_millis(500));
/// assert_eq!(timeouts.response, Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Resolving a name, the TCP connection and the TLS handshake together. Default is 5 s.
    pub connect: Duration,
    /// From the last byte of the request that could be written until the response head is there. Default is 60 s.
    pub response: Duration,
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
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response: Duration::from_mins(1),
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

//! Plain data: timeouts, limits and pool sizes, every default stated.

use std::time::Duration;

/// How long one request may take on its way to an endpoint and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Resolving a name, the TCP connection and the TLS handshake together. Default is 5 s.
    pub connect: Duration,
    /// From handing the request to a connection until the response head is there. Default is 60 s.
    pub response: Duration,
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

//! The PROXY protocol: who the client of a connection is, told by a proxy before the first byte of the connection's own
//! (haproxy's `doc/proxy-protocol.txt`). It opens no sockets.
//!
//! Both versions are read, and either is written. What can be read in two ways, or is not what its version says, is
//! [`Malformed`]: a header decides whom a connection is believed to be from.

mod v1;
mod v2;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::ProxyProtocol;

/// What a header says of a connection's two ends, as the proxy that accepted it saw them. Neither is there when that
/// proxy made the connection for itself (LOCAL), or its ends have no address here (UNKNOWN, UNSPEC, `AF_UNIX`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) source: Option<SocketAddr>,
    pub(crate) destination: Option<SocketAddr>,
}

/// Not a header. Whatever follows belongs to nobody, so the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(&'static str);

/// The header at the beginning of `input`, with the number of bytes it has; `None` when it is not complete yet.
pub(crate) fn parse(input: &[u8]) -> Result<Option<(Header, usize)>, Malformed> {
    // They differ in the first byte.
    match input.first() {
        None => Ok(None),
        Some(&first) if first == v2::SIGNATURE[0] => v2::parse(input),
        Some(_) => v1::parse(input),
    }
}

/// Writes a header: UNKNOWN, or LOCAL, unless both addresses are known.
pub(crate) fn write(
    version: ProxyProtocol,
    out: &mut Vec<u8>,
    source: Option<SocketAddr>,
    destination: Option<SocketAddr>,
) {
    let ends = Ends::of(source, destination);
    match version {
        ProxyProtocol::V1 => v1::write(out, ends),
        ProxyProtocol::V2 => v2::write(out, ends),
    }
}

/// What stands for an address that is not known beside one that is.
pub(crate) fn unspecified(beside: SocketAddr) -> SocketAddr {
    match beside {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// Two addresses of one family: a header has no other.
#[derive(Clone, Copy, Debug)]
enum Ends {
    V4([Ipv4Addr; 2], [u16; 2]),
    V6([Ipv6Addr; 2], [u16; 2]),
    Unknown,
}

impl Ends {
    /// An IPv4 address beside an IPv6 one is mapped (RFC 4291 §2.5.5.2); two that are mapped are IPv4.
    fn of(source: Option<SocketAddr>, destination: Option<SocketAddr>) -> Self {
        let (Some(source), Some(destination)) = (source, destination) else {
            return Self::Unknown;
        };
        let ports = [source.port(), destination.port()];
        match [source, destination].map(|addr| addr.ip().to_canonical()) {
            [IpAddr::V4(source), IpAddr::V4(destination)] => Self::V4([source, destination], ports),
            ips => Self::V6(
                ips.map(|ip| match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    IpAddr::V6(ip) => ip,
                }),
                ports,
            ),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no PROXY protocol: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

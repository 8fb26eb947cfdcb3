//! What a request carries besides its message: who sent it, the route it is on, and the way out.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use ipnet::IpNet;

use crate::error::Error;
use crate::handler::{Outbound, Response};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is known of the connection a request came over; built once for each connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    pub(crate) addr: Option<SocketAddr>,
    /// The address it connected to.
    pub(crate) local: Option<SocketAddr>,
    /// The address as `X-Forwarded-For` wants it.
    pub(crate) ip_text: Option<Box<str>>,
    /// Whether its forwarding fields are believed.
    pub(crate) trusted: bool,
    pub(crate) https: bool,
    /// Whose fields are believed.
    pub(crate) networks: Arc<[IpNet]>,
}

impl Peer {
    pub(crate) fn new(addr: SocketAddr, networks: Arc<[IpNet]>) -> Self {
        // An IPv4 client of a dual-stack socket is an IPv4 client.
        let ip = addr.ip().to_canonical();
        Self {
            addr: Some(SocketAddr::new(ip, addr.port())),
            local: None,
            ip_text: Some(text(ip).into()),
            trusted: contains(&networks, ip),
            https: false,
            networks,
        }
    }

    pub(crate) fn trusts(&self, ip: IpAddr) -> bool {
        contains(&self.networks, ip)
    }
}

/// An address as text. For IPv4 without the machinery of `Display`, which takes as long as to parse a head.
fn text(ip: IpAddr) -> String {
    let IpAddr::V4(ip) = ip else {
        return ip.to_string();
    };
    let mut text = String::with_capacity("255.255.255.255".len());
    for (index, octet) in ip.octets().into_iter().enumerate() {
        if index > 0 {
            text.push('.');
        }
        for (unit, least) in [(100, 100), (10, 10), (1, 0)] {
            if octet >= least {
                text.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    text
}

fn contains(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

/// The values handlers ask for with [`State`](crate::State), one for each type.
#[derive(Clone, Default)]
pub(crate) struct States {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl States {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// Adds those of `others` whose type is not here yet.
    pub(crate) fn extend(&mut self, others: &Self) {
        for (id, value) in &others.values {
            self.values.entry(*id).or_insert_with(|| Arc::clone(value));
        }
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.values.len())
    }
}

/// The route and the proxy behind a request; a request made for a unit test has none of the latter.
pub(crate) trait Context: Send + Sync {
    fn states(&self) -> &States;

    /// Sends what a handler wants sent, for [`ModifiableRequest::send`](crate::ModifiableRequest::send).
    fn send(self: Arc<Self>, outbound: Outbound) -> BoxFuture<Result<Response, Error>>;
}

/// The context of a request that no proxy received.
#[derive(Debug, Default)]
pub(crate) struct Detached {
    pub(crate) states: States,
}

impl Context for Detached {
    fn states(&self) -> &States {
        &self.states
    }

    fn send(self: Arc<Self>, _: Outbound) -> BoxFuture<Result<Response, Error>> {
        Box::pin(std::future::ready(Err(Error::new(
            crate::error::ErrorKind::NoEndpoint,
            "the request was not received by a proxy: there is nothing to send it through",
        ))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_as_its_display_has_it() {
        for octet in 0..=255 {
            let ip = IpAddr::from([octet, 0, 255 - octet, 10]);
            assert_eq!(text(ip), ip.to_string());
        }
        let ip = IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]);
        assert_eq!(text(ip), "2001:db8::1");
    }
}

//! The way in: whose a new connection is, and whether there is a place for it.

use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::clients::{Clients, Place};
use super::options::Config;
use crate::handler::context::Peer;

/// What all connections are judged by.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) config: Arc<Config>,
    /// Peers whose forwarding fields are believed.
    trusted: Arc<[IpNet]>,
    clients: Arc<Clients>,
}

impl Entry {
    pub(super) fn new(config: Config, trusted: Arc<[IpNet]>) -> Self {
        Self {
            clients: Arc::new(Clients::new(config.connections_of_client())),
            config: Arc::new(config),
            trusted,
        }
    }

    /// The peer at `addr`, with its place, which it keeps until it leaves; `None` when it has too many. One that is
    /// trusted speaks for many clients and needs none.
    pub(super) fn admit(
        &self,
        addr: SocketAddr,
        local: Option<SocketAddr>,
    ) -> Option<(Peer, Option<Place>)> {
        let mut peer = Peer::new(addr, Arc::clone(&self.trusted));
        peer.local = local;
        if peer.trusted {
            return Some((peer, None));
        }
        match self.clients.enter(addr.ip()) {
            Some(place) => Some((peer, Some(place))),
            None => {
                tracing::debug!(client = ?peer.addr, "refused: too many connections of one client");
                None
            }
        }
    }
}

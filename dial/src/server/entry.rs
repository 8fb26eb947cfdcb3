//! The way in: whose a new connection is, and whether there is a place for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::{fmt, io};

use bytes::Buf;
use ipnet::IpNet;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::clients::{Clients, Place};
use super::options::Config;
use super::upload::Reader;
use crate::handler::context::Peer;
use crate::proxy_protocol::{self, Header, Malformed};

/// What all connections are judged by.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) config: Arc<Config>,
    /// Peers whose forwarding fields are believed.
    trusted: Arc<[IpNet]>,
    /// Whether any route tells endpoints which address a client connected to.
    tells_local: bool,
    clients: Arc<Clients>,
}

impl Entry {
    pub(super) fn new(config: Config, trusted: Arc<[IpNet]>, tells_local: bool) -> Self {
        Self {
            tells_local,
            clients: Arc::new(Clients::new(config.connections_of_client())),
            config: Arc::new(config),
            trusted,
        }
    }

    /// Whom the connection from `addr` is from, as far as that is known before it has said a word. `None` when it has to be
    /// closed without an answer.
    pub(super) fn arrived(&self, addr: SocketAddr, stream: &TcpStream) -> Option<Guest> {
        if self.config.proxy_protocol {
            return Some(Guest::Unannounced(addr));
        }
        // A system call, made only for who wants to know.
        let local = self.tells_local.then(|| stream.local_addr().ok());
        self.admit(addr, local.flatten())
            .map(|(peer, place)| Guest::Known(peer, place))
    }

    /// Whom an unannounced connection is from, which says so by `deadline`, with a place that is kept until it ends. `None`
    /// when it has to be closed without an answer.
    pub(super) async fn welcome(
        &self,
        addr: SocketAddr,
        reader: &mut Reader,
        deadline: Instant,
    ) -> Option<(Arc<Peer>, Option<Place>)> {
        match announced(reader, deadline).await {
            Ok(header) => self.admit(header.source.unwrap_or(addr), header.destination),
            Err(error) => {
                tracing::debug!(peer = %addr, "closed: {error}");
                None
            }
        }
    }

    /// The peer at `addr`; `None` when it has too many connections. One that is trusted speaks for many clients and needs
    /// no place.
    fn admit(
        &self,
        addr: SocketAddr,
        local: Option<SocketAddr>,
    ) -> Option<(Arc<Peer>, Option<Place>)> {
        let mut peer = Peer::new(addr, Arc::clone(&self.trusted));
        peer.local = local;
        if peer.trusted {
            return Some((Arc::new(peer), None));
        }
        let place = self.clients.enter(addr.ip());
        if place.is_none() {
            tracing::debug!(client = ?peer.addr, "refused: too many connections of one client");
        }
        Some((Arc::new(peer), Some(place?)))
    }
}

/// Whose a connection is.
#[derive(Debug)]
pub(super) enum Guest {
    /// With a place that is kept until it ends; one that is trusted needs none.
    Known(Arc<Peer>, Option<Place>),
    /// From that address, until a PROXY protocol header says more.
    Unannounced(SocketAddr),
}

/// Why a connection has no PROXY protocol header.
#[derive(Debug)]
enum Missing {
    Malformed(Malformed),
    Late,
    Io(io::Error),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(bad) => bad.fmt(f),
            Self::Late => f.write_str("no PROXY protocol in time"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// Reads the header that the connection has to begin with. What comes behind it stays in the reader.
async fn announced(reader: &mut Reader, deadline: Instant) -> Result<Header, Missing> {
    loop {
        if let Some((header, used)) =
            proxy_protocol::parse(&reader.input).map_err(Missing::Malformed)?
        {
            reader.input.advance(used);
            return Ok(header);
        }
        if reader.ended {
            return Err(Missing::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        let readable = reader.readable(deadline).await.ok_or(Missing::Late)?;
        readable.map_err(Missing::Io)?;
        reader.read_now().await.map_err(Missing::Io)?;
    }
}

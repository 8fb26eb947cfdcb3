//! Sends one request to one endpoint, over a pooled connection or a new one.

mod conn;
mod connect;
mod pool;
mod resolve;
mod stream;

use std::sync::{Arc, Weak};
use std::time::Duration;

use self::conn::Connection;
pub(crate) use self::connect::Connector;
use self::pool::Pool;
pub use self::resolve::Resolve;
pub(crate) use self::resolve::Resolver;
use crate::config::{PoolConfig, ProxyProtocol, Timeouts};
use crate::error::{Error, ErrorKind, RequestSent};
use crate::handler::context::Peer;
use crate::handler::{Answer, Hop, Outbound};
use crate::proxy_protocol;
use crate::upstream::{Endpoint, Keeper, Open};

/// One worker's way out: its connections and how to make more.
pub(crate) struct Client {
    pool: Arc<Pool>,
    connector: Connector,
}

/// What goes with a request besides its message.
#[derive(Clone)]
pub(crate) struct Way<'a> {
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) hop: &'a Hop,
    /// What Host says, if it is not the endpoint's own name.
    pub(crate) host: Option<&'a [u8]>,
    /// What the endpoint is told of the client before HTTP begins.
    pub(crate) proxy_protocol: Option<(ProxyProtocol, Arc<Peer>)>,
    /// How many connections the endpoint may have, if that is limited.
    pub(crate) max_connections: Option<usize>,
    /// How long the response's head may take on a connection, but for time in which the client is awaited.
    pub(crate) per_try: Option<Duration>,
}

/// A request that got an answer.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    /// The request without its body, for whoever wants to send it once more.
    pub(crate) request: Option<Outbound>,
}

/// A request that did not get an answer.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// The request, with as much of its body as was not read.
    pub(crate) request: Option<Outbound>,
    /// Whether it can be sent once more as it is: not a byte of it was written, or the connection had been idle and sending it
    /// twice does no harm.
    pub(crate) again: bool,
}

impl Client {
    /// `shards` is 1 for a worker's own client, and the number of threads for one that many threads share.
    pub(crate) fn new(connector: Connector, pool: PoolConfig, shards: usize) -> Self {
        Self {
            pool: Arc::new(Pool::new(pool, shards)),
            connector,
        }
    }

    /// Sends `request` and waits for the response head.
    ///
    /// A pooled connection that its peer has closed costs nothing: the next one, and in the end a new one, is taken.
    /// That is bounded by what lies in the pool.
    pub(crate) async fn send(
        &self,
        endpoint: &Arc<Endpoint>,
        mut request: Outbound,
        way: &Way<'_>,
    ) -> Result<Answered, Failed> {
        while let Some(connection) = self.pooled(endpoint, way) {
            match connection.send(request, way).await {
                Err(Failed {
                    request: Some(again),
                    again: true,
                    error,
                }) => {
                    request = again;
                    // Once more is enough for what may have arrived already, and on a connection that is surely open.
                    if error.request_sent() != RequestSent::No {
                        break;
                    }
                }
                answer => return answer,
            }
        }
        // In a box: no request that finds a connection has to have room for the making of one.
        match Box::pin(self.connect(endpoint, way)).await {
            Ok(connection) => connection.send(request, way).await,
            Err(error) => Err(Failed {
                error,
                request: Some(request),
                again: true,
            }),
        }
    }

    /// A connection that tells who the client is belongs to that client: it is neither taken from the pool nor put there.
    fn pooled(&self, endpoint: &Arc<Endpoint>, way: &Way<'_>) -> Option<Box<Connection>> {
        match &way.proxy_protocol {
            None => self.pool.take(endpoint.id()),
            Some(_) => None,
        }
    }

    /// How connections are made.
    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// A new connection.
    pub(crate) async fn connect(
        &self,
        endpoint: &Arc<Endpoint>,
        way: &Way<'_>,
    ) -> Result<Box<Connection>, Error> {
        let open = match way.max_connections {
            None => None,
            Some(limit) => Some(self.room(endpoint, limit)?),
        };
        let mut preamble = Vec::new();
        let mut pool = Arc::downgrade(&self.pool);
        if let Some((version, peer)) = &way.proxy_protocol {
            // Somebody else's server does not tell which address of its own the client connected to.
            let local = peer.local.or(peer.addr.map(proxy_protocol::unspecified));
            proxy_protocol::write(*version, &mut preamble, peer.addr, local);
            pool = Weak::new();
        }
        let limit = way.timeouts.connect;
        let stream = self.connector.connect(endpoint, &preamble, limit).await?;
        Ok(Box::new(Connection::new(stream, endpoint, pool, open)))
    }

    fn room(&self, endpoint: &Arc<Endpoint>, limit: usize) -> Result<Open, Error> {
        let keeper: Weak<Pool> = Arc::downgrade(&self.pool);
        Open::enter(endpoint, limit, &(keeper as Weak<dyn Keeper>)).ok_or_else(|| {
            let what = format!("{endpoint}: all of {limit} connections are in use");
            Error::new(ErrorKind::Overloaded, what)
        })
    }
}

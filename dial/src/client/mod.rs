//! Sends one request to one endpoint, over a pooled connection or a new one.

mod conn;
mod connect;
mod deadline;
mod pool;
mod resolve;
mod stream;

use std::sync::{Arc, Weak};
use std::time::Duration;

use self::conn::Connection;
pub(crate) use self::connect::Connector;
use self::deadline::Deadline;
use self::pool::Pool;
pub use self::resolve::Resolve;
pub(crate) use self::resolve::Resolver;
use crate::config::{PoolConfig, ProxyProtocol, Timeouts};
use crate::error::{Error, ErrorKind, RequestSent};
use crate::handler::context::Peer;
use crate::handler::{Answer, Hop, Outbound};
use crate::proxy_protocol;
use crate::upstream::{Endpoint, Keeper, Open};

/// When a connection ends nobody knows; this is the least a `Retry-After` can say.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
    /// What else a route says that tries more than once.
    pub(crate) retried: Option<Retried<'a>>,
}

/// What holds for each attempt of a request whose attempts are counted.
#[derive(Clone, Copy)]
pub(crate) struct Retried<'a> {
    /// How long it may take until the response's head is there, but for time in which the client is awaited.
    pub(crate) limit: Option<Duration>,
    /// Told before a request is sent once more that may have been sent.
    pub(crate) resends: &'a (dyn Fn() + Sync),
}

/// A request that did not get an answer.
pub(crate) struct Failed {
    pub(crate) error: Error,
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

    /// Sends `request` and waits for the response head. Its body goes with it; where there is no answer, what was not read of
    /// it is given back.
    ///
    /// A pooled connection that its peer has closed costs nothing: the next one, and in the end a new one, is taken.
    /// That is bounded by what lies in the pool. What may have arrived is sent once more, on a new connection, if it does no
    /// harm and the route's retries let it.
    pub(crate) async fn send(
        &self,
        endpoint: &Arc<Endpoint>,
        request: &mut Outbound,
        way: &Way<'_>,
    ) -> Result<Answer, Failed> {
        let limit = way.retried.and_then(|retried| retried.limit);
        let mut deadline = limit.map(Deadline::begin);
        while let Some(connection) = self.pooled(endpoint, way) {
            match connection.send(request, way, deadline.as_mut()).await {
                Err(Failed { error, again: true }) => {
                    if error.request_sent() == RequestSent::No {
                        continue;
                    }
                    if let Some(retried) = way.retried {
                        (retried.resends)();
                    }
                    // Once more is enough, and on a connection that is surely open.
                    break;
                }
                answer => return answer,
            }
        }
        let limit = way.timeouts.connect;
        let left = deadline.as_ref().map_or(limit, Deadline::left);
        // In a box: no request that finds a connection has to have room for the making of one.
        match Box::pin(self.connect(endpoint, way, limit.min(left))).await {
            Ok(connection) => connection.send(request, way, deadline.as_mut()).await,
            Err(error) => Err(Failed { error, again: true }),
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

    /// A new connection, within `limit`.
    pub(crate) async fn connect(
        &self,
        endpoint: &Arc<Endpoint>,
        way: &Way<'_>,
        limit: Duration,
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
        let stream = self.connector.connect(endpoint, &preamble, limit).await?;
        Ok(Box::new(Connection::new(stream, endpoint, pool, open)))
    }

    fn room(&self, endpoint: &Arc<Endpoint>, limit: usize) -> Result<Open, Error> {
        let keeper: Weak<Pool> = Arc::downgrade(&self.pool);
        Open::enter(endpoint, limit, &(keeper as Weak<dyn Keeper>)).ok_or_else(|| {
            let what = format!("{endpoint}: all of {limit} connections are in use");
            Error::new(ErrorKind::Overloaded, what).with_retry_after(RETRY_AFTER)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Address;

    #[test]
    fn who_finds_no_room_is_told_to_come_again() {
        let address = Address::parse("a:8080").unwrap();
        let endpoint = Arc::new(Endpoint::new(address, false).unwrap());
        let client = Client::new(Connector::default(), PoolConfig::default(), 1);
        let open = client.room(&endpoint, 1).ok().unwrap();
        let error = client.room(&endpoint, 1).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert_eq!(error.retry_after(), Some(RETRY_AFTER));
        drop(open);
        assert!(client.room(&endpoint, 1).is_ok());
    }
}

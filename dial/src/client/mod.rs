//! Sends one request to one endpoint, over a pooled connection or a new one.

mod conn;
mod connect;
mod pool;
mod resolve;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body::Body as _;
use tokio::time::timeout;

use self::conn::Connection;
pub(crate) use self::connect::Connector;
use self::pool::Pool;
pub use self::resolve::Resolve;
pub(crate) use self::resolve::Resolver;
use crate::body::Body;
use crate::config::{PoolConfig, Timeouts};
use crate::error::{Error, ErrorKind, RequestSent};
use crate::handler::Response;
use crate::upstream::Endpoint;

/// One worker's way out: its connections and how to make more.
pub(crate) struct Client {
    pool: Arc<Pool>,
    connector: Connector,
}

/// A request that did not get an answer. `unsent` gives it back when not a byte of it was written.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) unsent: Option<Request<Body>>,
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
    /// A pooled connection that turns out to be closed before a byte was written costs nothing: the next one, and
    /// in the end a new one, is taken. That is bounded by what lies in the pool.
    pub(crate) async fn send(
        &self,
        endpoint: &Arc<Endpoint>,
        mut request: Request<Body>,
        timeouts: &Timeouts,
    ) -> Result<Response, Failed> {
        while let Some(connection) = self.pool.take(endpoint.id()) {
            match exchange(connection, request, timeouts.response).await {
                Err(Failed {
                    unsent: Some(unsent),
                    ..
                }) => request = unsent,
                answer => return answer,
            }
        }
        match self.connect(endpoint, timeouts.connect).await {
            Ok(connection) => exchange(connection, request, timeouts.response).await,
            Err(error) => Err(Failed {
                error,
                unsent: Some(request),
            }),
        }
    }

    async fn connect(
        &self,
        endpoint: &Arc<Endpoint>,
        limit: Duration,
    ) -> Result<Box<Connection>, Error> {
        match timeout(limit, self.connector.connect(endpoint)).await {
            Ok(sender) => Ok(Box::new(Connection::new(sender?, endpoint, &self.pool))),
            Err(_) => Err(Error::new(
                ErrorKind::ConnectTimeout,
                format!("{endpoint}: not connected within {limit:?}"),
            )),
        }
    }
}

/// One request and its response head over one connection. The time runs from the last byte of the request, so that
/// a long upload is not cut short.
async fn exchange(
    mut connection: Box<Connection>,
    mut request: Request<Body>,
    limit: Duration,
) -> Result<Response, Failed> {
    let progress = (!request.body().is_end_stream()).then(|| request.body_mut().watch());
    let quiet = || {
        progress
            .as_ref()
            .map_or(Duration::MAX, |progress| progress.quiet_for())
    };
    let endpoint = Arc::clone(connection.endpoint());
    connection.upload.clone_from(&progress);
    let mut answer = std::pin::pin!(connection.send(request));
    let mut left = limit;
    // Each turn ends with the answer, the timeout, or because the upload moved on meanwhile.
    loop {
        match timeout(left, &mut answer).await {
            Ok(answer) => return answer,
            Err(_) if quiet() < limit => left = limit.saturating_sub(quiet()),
            Err(_) => break,
        }
    }
    let what = format!("{endpoint}: no response within {limit:?}");
    let error = Error::new(ErrorKind::ResponseTimeout, what).with_sent(RequestSent::Maybe);
    Err(Failed {
        error,
        unsent: None,
    })
}

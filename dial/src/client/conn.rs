//! One HTTP/1.1 connection to one endpoint.

use std::sync::{Arc, Weak};

use http::{Request, Version};
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use super::Failed;
use super::pool::Pool;
use crate::body::{Body, Lease, Progress};
use crate::error::{Chain, Error, ErrorKind, RequestSent};
use crate::handler::Response;
use crate::upstream::Endpoint;

/// Lives in one box from the handshake to the end, so that neither a request nor a return to the pool allocates.
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    endpoint: Arc<Endpoint>,
    pool: Weak<Pool>,
    pub(super) idle_since: Instant,
    /// The body of the request it carries, if that has one.
    pub(super) upload: Option<Arc<Progress>>,
}

impl Connection {
    pub(crate) fn new(
        sender: SendRequest<Body>,
        endpoint: &Arc<Endpoint>,
        pool: &Arc<Pool>,
    ) -> Self {
        Self {
            sender,
            endpoint: Arc::clone(endpoint),
            pool: Arc::downgrade(pool),
            idle_since: Instant::now(),
            upload: None,
        }
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Whether a request can be sent now: the last exchange is over in both directions.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends one request. The connection goes back to its pool once the response was read to its end, and is closed
    /// if this future or the response is dropped before.
    pub(crate) async fn send(
        mut self: Box<Self>,
        request: Request<Body>,
    ) -> Result<Response, Failed> {
        match self.sender.try_send_request(request).await {
            Ok(response) => {
                let (mut parts, incoming) = response.into_parts();
                // Ours, not the endpoint's (RFC 9112 §2.3).
                parts.version = Version::HTTP_11;
                Ok(Response::from_parts(parts, Body::upstream(incoming, self)))
            }
            Err(mut failed) => {
                let unsent = failed.take_message();
                let sent = match unsent {
                    Some(_) => RequestSent::No,
                    None => RequestSent::Maybe,
                };
                let error = classify(failed.into_error(), &self.endpoint).with_sent(sent);
                Err(Failed { error, unsent })
            }
        }
    }
}

impl Lease for Connection {
    fn release(self: Box<Self>) {
        if let Some(pool) = self.pool.upgrade() {
            pool.put(self);
        }
    }

    fn broken(self: Box<Self>, source: hyper::Error) -> Error {
        // A request that breaks off takes the connection with it: no fault of the endpoint's.
        let upload = self.upload.as_ref().and_then(|upload| upload.failed());
        let (kind, what) = match upload {
            Some(kind) => (kind, "given up, because the request body broke off"),
            None => (ErrorKind::ResponseBody, "the response body broke off"),
        };
        let sent = RequestSent::Yes;
        let error = Error::new(kind, format!("{}: {what}", self.endpoint))
            .with_source(source)
            .with_sent(sent);
        if upload.is_some() {
            tracing::debug!(?kind, ?sent, "{}", Chain(&error));
        } else {
            tracing::warn!(?kind, ?sent, "{}", Chain(&error));
        }
        error
    }
}

/// Tells the client's broken upload from the endpoint's broken answer.
fn classify(error: hyper::Error, endpoint: &Endpoint) -> Error {
    if let Some(ours) = own_cause(&error) {
        return Error::new(ours.kind(), format!("{endpoint}: {ours}")).with_source(error);
    }
    let (kind, what) = if error.is_parse() || error.is_parse_too_large() {
        (ErrorKind::BadResponse, "the answer is not HTTP/1")
    } else {
        (
            ErrorKind::Disconnected,
            "the connection ended before an answer",
        )
    };
    Error::new(kind, format!("{endpoint}: {what}")).with_source(error)
}

/// The error of our own body that made hyper give up, if it was that.
fn own_cause(error: &hyper::Error) -> Option<&Error> {
    let mut next = std::error::Error::source(error);
    // Bounded, should a foreign error ever name itself as its source.
    for _ in 0..8 {
        let source = next?;
        if let Some(ours) = source.downcast_ref::<Error>() {
            return Some(ours);
        }
        next = source.source();
    }
    None
}

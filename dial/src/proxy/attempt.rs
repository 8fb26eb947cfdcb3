//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::sync::Arc;

use http::{HeaderValue, Request, Uri};

use crate::client::{Client, Failed};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::handler::{Outbound, Response};
use crate::proxy::RouteSpec;
use crate::proxy::rewrite;
use crate::upstream::{AdHoc, Endpoint, Tried};

/// A worker's way to endpoints.
pub(crate) struct Forwarder {
    client: Client,
    /// Endpoints that only full-URL rewrites name.
    ad_hoc: AdHoc,
}

/// How many ad-hoc endpoints a worker remembers, with their connections.
const MAX_AD_HOC: usize = 256;

impl Forwarder {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            ad_hoc: AdHoc::new(MAX_AD_HOC),
        }
    }

    /// Sends a request. Bounded by the number of endpoints: each is tried once at the most.
    pub(crate) async fn forward(
        &self,
        route: &RouteSpec,
        mut outbound: Outbound,
    ) -> Result<Response, Error> {
        let host = host_override(&mut outbound, route.host_header);
        let origin = outbound.origin.take();
        let mut request = into_request(outbound);
        if let Some(origin) = origin {
            let endpoint = self.ad_hoc.get(&origin)?;
            rewrite::set_host(request.headers_mut(), host.as_ref(), &endpoint);
            return self
                .send(route, &endpoint, request)
                .await
                .map_err(|failed| failed.error);
        }
        let mut tried = Tried::none();
        let mut last = None;
        while let Some(endpoint) = route.upstream.pick(&tried) {
            rewrite::set_host(request.headers_mut(), host.as_ref(), &endpoint);
            match self.send(route, &endpoint, request).await {
                Ok(response) => return Ok(response),
                Err(Failed {
                    error,
                    again: Some(again),
                }) => {
                    tracing::debug!(route = route.name, "next endpoint after {}", Chain(&error));
                    tried.insert(&endpoint);
                    last = Some(error);
                    request = *again;
                }
                Err(Failed { error, .. }) => return Err(error),
            }
        }
        Err(last
            .unwrap_or_else(|| Error::new(ErrorKind::NoEndpoint, "the upstream has no endpoint")))
    }

    async fn send(
        &self,
        route: &RouteSpec,
        endpoint: &Arc<Endpoint>,
        request: Request<crate::Body>,
    ) -> Result<Response, Failed> {
        self.client.send(endpoint, request, &route.timeouts).await
    }
}

/// The Host to send if it is not the endpoint's own: the handler's, or the client's where that is preserved.
fn host_override(outbound: &mut Outbound, rule: HostHeader) -> Option<HeaderValue> {
    match (outbound.headers.remove(http::header::HOST), rule) {
        (Some(own), _) => Some(own),
        (None, HostHeader::Preserve) => outbound.host.take(),
        (None, HostHeader::Endpoint) => None,
    }
}

fn into_request(outbound: Outbound) -> Request<crate::Body> {
    let mut request = Request::new(outbound.body);
    *request.method_mut() = outbound.method;
    // Origin form (RFC 9112 §3.2.1): never formatted through a String.
    *request.uri_mut() = Uri::from(outbound.path_and_query);
    *request.headers_mut() = outbound.headers;
    // The framing is dial's own.
    request.headers_mut().remove(http::header::CONTENT_LENGTH);
    request
}

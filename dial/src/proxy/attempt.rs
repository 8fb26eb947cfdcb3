//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Uri};
use http_body::Body as _;

use crate::client::{Client, Failed, Way};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::handler::{Hop, Outbound, Response};
use crate::proxy::RouteSpec;
use crate::proxy::rewrite;
use crate::upstream::{AdHoc, Tried};

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
        let mut host = host_override(&mut outbound, route.host_header);
        let origin = outbound.origin.take();
        let hop = settled_hop(&mut outbound)?;
        if let Some(authority) = &hop.connect {
            // RFC 9110 §7.2: whoever is asked for the tunnel reads the same in both places.
            host = HeaderValue::from_str(authority.as_str()).ok();
        }
        let peer = Arc::clone(&outbound.peer);
        let way = Way {
            timeouts: &route.timeouts,
            hop: &hop,
            proxy_protocol: route.proxy_protocol.map(|version| (version, &*peer)),
        };
        let mut request = into_request(outbound);
        if let Some(origin) = origin {
            let endpoint = self.ad_hoc.get(&origin)?;
            rewrite::set_host(request.headers_mut(), host.as_ref(), &endpoint);
            let sent = self.client.send(&endpoint, request, &way).await;
            return sent.map_err(|failed| failed.error);
        }
        let mut tried = Tried::none();
        let mut last = None;
        while let Some(endpoint) = route.upstream.pick(&tried) {
            rewrite::set_host(request.headers_mut(), host.as_ref(), &endpoint);
            match self.client.send(&endpoint, request, &way).await {
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
}

/// What is still asked of the endpoint's connection once the handler has had its say.
fn settled_hop(outbound: &mut Outbound) -> Result<Hop, Error> {
    let mut hop = std::mem::take(&mut outbound.hop);
    let connect = outbound.method == Method::CONNECT;
    if connect != hop.connect.is_some() {
        let what = "a handler can neither make a CONNECT nor turn one into something else";
        return Err(Error::new(ErrorKind::Handler, what));
    }
    // It would come before the switch, and nobody could tell where it ends.
    if !outbound.body.is_end_stream() {
        hop.upgrade = None;
    }
    Ok(hop)
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
    // Origin form (RFC 9112 §3.2.1): never formatted through a String. The asterisk is for OPTIONS alone (§3.2.4).
    *request.uri_mut() = match outbound.path_and_query.as_str() {
        "*" if outbound.method != Method::OPTIONS => Uri::from_static("/"),
        _ => Uri::from(outbound.path_and_query),
    };
    *request.method_mut() = outbound.method;
    *request.headers_mut() = outbound.headers;
    // The framing is dial's own.
    request.headers_mut().remove(http::header::CONTENT_LENGTH);
    request
}

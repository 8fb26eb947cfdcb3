//! What dial itself changes in a message, before and after the handler.

mod forwarded;
mod hop;

use http::{HeaderMap, HeaderValue, Request};

use crate::body::Body;
use crate::config::Forwarding;
use crate::handler::context::Peer;
use crate::handler::{ModifiableRequest, Response};
use crate::upstream::Endpoint;

/// The host a request is for: its target's authority, which overrides the Host field (RFC 9112 §3.2.2).
pub(crate) fn host(request: &Request<Body>) -> Option<HeaderValue> {
    match request.uri().authority() {
        None => request.headers().get(http::header::HOST).cloned(),
        Some(authority) => {
            let host = authority.as_str();
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            HeaderValue::from_str(host).ok()
        }
    }
}

/// Makes a request safe to hand to user code and to an endpoint: no hop-by-hop field, no Host, and forwarding
/// fields that can be believed.
pub(crate) fn sanitise(request: &mut ModifiableRequest, peer: &Peer, forwarding: Forwarding) {
    let host = request.host_value().cloned();
    let headers = request.headers_mut();
    headers.drop_host();
    hop::strip_request(headers);
    forwarded::set(headers, peer, host, forwarding);
}

/// The same for a response, which has only hop-by-hop fields to lose.
pub(crate) fn sanitise_response(response: &mut Response) {
    hop::strip_response(response.headers_mut());
}

/// Sets Host for this endpoint.
pub(crate) fn set_host(headers: &mut HeaderMap, own: Option<&HeaderValue>, endpoint: &Endpoint) {
    let host = own.unwrap_or_else(|| endpoint.authority());
    headers.insert(http::header::HOST, host.clone());
}

//! What dial itself changes in a message, before and after the handler.

mod forwarded;
mod hop;

use http::header::{CONTENT_LENGTH, Entry};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body::Body as _;

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

/// Makes a response that user code wrote or edited one message again: it is as long as its body (RFC 9112 §6.3), whatever
/// the fields say, and nothing in it is about a connection. `asked` is the client's method.
pub(crate) fn settle_response(response: &mut Response, asked: &Method) {
    hop::strip_response(response.headers_mut());
    let status = response.status();
    // These state the length of a body that is not sent (RFC 9110 §8.6).
    if asked == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        return;
    }
    let length = response.body().size_hint().exact();
    if let Entry::Occupied(mut stated) = response.headers_mut().entry(CONTENT_LENGTH) {
        match length {
            Some(length) if status != StatusCode::NO_CONTENT => {
                drop(stated.insert(HeaderValue::from(length)));
            }
            _ => drop(stated.remove_entry_mult()),
        }
    }
}

/// Sets Host for this endpoint.
pub(crate) fn set_host(headers: &mut HeaderMap, own: Option<&HeaderValue>, endpoint: &Endpoint) {
    let host = own.unwrap_or_else(|| endpoint.authority());
    headers.insert(http::header::HOST, host.clone());
}

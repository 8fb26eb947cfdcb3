//! What dial itself changes in a message, before and after the handler.

mod forwarded;
mod hop;
mod via;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, COOKIE, Entry, VIA};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use http_body::Body as _;

use crate::body::Body;
use crate::config::Pseudonym;
use crate::fields;
use crate::handler::headers::Headers;
use crate::handler::{ModifiableRequest, Response};
use crate::proxy::RouteSpec;
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

/// Whether the request came through this proxy before.
pub(crate) fn was_here(request: &mut ModifiableRequest, own: &Pseudonym) -> bool {
    via::names(request.headers_mut().now(), own)
}

/// Makes a request safe to hand to user code and to an endpoint: no hop-by-hop field, no Host, and forwarding
/// fields that can be believed.
pub(crate) fn sanitise(request: &mut ModifiableRequest, route: &RouteSpec) {
    let host = request.host_value().cloned();
    let version = request.version();
    hop::take(request, route.upgrade);
    let peer = Arc::clone(request.peer());
    let headers = request.headers_mut();
    headers.drop_host();
    join_cookies(headers, version);
    forwarded::set(headers, &peer, host, route.forwarding, route.real_ip);
    if let Some(own) = &route.via {
        headers.append(VIA, own.element(version).clone());
    }
}

/// HTTP/2 may send a cookie in crumbs; HTTP/1.1 knows one line (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut Headers, version: Version) {
    if version < Version::HTTP_2 {
        return;
    }
    let crumbs: Vec<_> = headers.now().get_all(COOKIE).iter().collect();
    if crumbs.len() > 1 {
        let crumbs: Vec<_> = crumbs.into_iter().map(HeaderValue::as_bytes).collect();
        if let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
            headers.set(COOKIE, cookie);
        }
    }
}

/// The same for a response, which has only hop-by-hop fields to lose. It is in dial's own version from here on.
pub(crate) fn sanitise_response(response: &mut Response, route: &RouteSpec) {
    let version = std::mem::replace(response.version_mut(), Version::HTTP_11);
    let status = response.status();
    let headers = response.headers_mut();
    fields::strip(headers, status);
    if let Some(own) = &route.via {
        headers.append(VIA, own.element(version).clone());
    }
}

/// The same for a response behind which there is a tunnel, and so no body.
pub(crate) fn settle_switch(response: &mut Response) {
    let status = response.status();
    fields::strip(response.headers_mut(), status);
    response.headers_mut().remove(CONTENT_LENGTH);
}

/// Makes a response that user code wrote or edited one message again: it is as long as its body (RFC 9112 §6.3), whatever
/// the fields say, and nothing in it is about a connection. `asked` is the client's method.
pub(crate) fn settle_response(response: &mut Response, asked: &Method) {
    let status = response.status();
    fields::strip(response.headers_mut(), status);
    if response.body().is_tunnel() {
        *response.body_mut() = Body::empty();
    }
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

//! What dial itself changes in a message, before and after the handler.

mod forwarded;
mod hop;
mod via;

use http::{Method, StatusCode, Version};
use http_body::Body as _;

use crate::body::Body;
use crate::config::Pseudonym;
use crate::fields::{self, Buffer, Fields, Name};
use crate::handler::{Answer, ModifiableRequest};
use crate::proxy::RouteSpec;

/// Whether a message came through this proxy before.
pub(crate) fn was_here<B: Buffer>(fields: &Fields<B>, own: &Pseudonym) -> bool {
    via::names(fields, own)
}

/// Makes a request safe to hand to user code and to an endpoint: no hop-by-hop field, no Host, and forwarding
/// fields that can be believed.
pub(crate) fn sanitise(request: &mut ModifiableRequest, route: &RouteSpec) {
    hop::take(request, route.upgrade);
    let headers = request.headers_mut();
    headers.edit().remove(Name::Host);
    let version = headers.received().version;
    join_cookies(headers.edit(), version);
    forwarded::set(headers, route.forwarding, route.real_ip);
    if let Some(own) = &route.via {
        headers
            .edit()
            .append(Name::Via, own.element(version).as_bytes());
    }
}

/// HTTP/2 may send a cookie in crumbs; HTTP/1.1 knows one line (RFC 9113 §8.2.3).
fn join_cookies<B: Buffer>(fields: &mut Fields<B>, version: Version) {
    if version < Version::HTTP_2 {
        return;
    }
    let crumbs: Vec<_> = fields.values(Name::Cookie).collect();
    if crumbs.len() > 1 {
        let cookie = crumbs.join(&b"; "[..]);
        fields.set(Name::Cookie, &cookie);
    }
}

/// The same for a response, which has only hop-by-hop fields to lose. It is in dial's own version from here on.
pub(crate) fn sanitise_response(answer: &mut Answer, route: &RouteSpec) {
    let version = std::mem::replace(&mut answer.version, Version::HTTP_11);
    fields::strip_response(&mut answer.fields, answer.status);
    if let Some(own) = &route.via {
        let element = own.element(version);
        answer.fields.append(Name::Via, element.as_bytes());
    }
}

/// The same for a response behind which there is a tunnel, and so no body.
pub(crate) fn settle_switch(answer: &mut Answer) {
    fields::strip_response(&mut answer.fields, answer.status);
    answer.fields.remove(Name::ContentLength);
}

/// Makes a response that user code wrote or edited one message again: it is as long as its body (RFC 9112 §6.3), whatever
/// the fields say, and nothing in it is about a connection. `asked` is the client's method.
pub(crate) fn settle_response(answer: &mut Answer, asked: &Method) {
    fields::strip_response(&mut answer.fields, answer.status);
    if answer.body.is_tunnel() {
        answer.body = Body::empty();
    }
    // These state the length of a body that is not sent (RFC 9110 §8.6).
    let states_another = *asked == Method::HEAD || answer.status == StatusCode::NOT_MODIFIED;
    if states_another || !answer.fields.has(Name::ContentLength) {
        return;
    }
    match answer.body.size_hint().exact() {
        Some(length) if answer.status != StatusCode::NO_CONTENT => {
            let length = length.to_string();
            answer.fields.set(Name::ContentLength, length.as_bytes());
        }
        _ => answer.fields.remove(Name::ContentLength),
    }
}

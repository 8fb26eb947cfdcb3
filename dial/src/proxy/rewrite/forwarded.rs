//! Who the client was: `X-Forwarded-*` and `Forwarded` (RFC 7239).
//!
//! What an untrusted peer says about itself is dropped and told anew; a trusted one is believed and added to.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, BytesMut};
use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use crate::config::Forwarding;
use crate::fields::{self, is_forwarding};
use crate::handler::context::Peer;
use crate::handler::headers::Headers;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// Sets the forwarding fields that are asked for.
pub(super) fn set(
    headers: &mut Headers,
    peer: &Peer,
    host: Option<HeaderValue>,
    forwarding: Forwarding,
    real_ip: bool,
) {
    if !peer.trusted {
        let spoofed: Vec<_> = headers
            .now()
            .keys()
            .filter(|name| is_forwarding(name))
            .cloned()
            .collect();
        for name in spoofed {
            headers.remove(&name);
        }
    }
    if real_ip {
        let client = client_ip(headers.now(), peer);
        default(headers, X_REAL_IP, client);
    }
    if matches!(forwarding, Forwarding::Rfc7239 | Forwarding::Both) {
        let element = element(peer, host.as_ref());
        extend(headers, FORWARDED, element);
    }
    if matches!(forwarding, Forwarding::XForwarded | Forwarding::Both) {
        extend(headers, X_FORWARDED_FOR, peer.ip_value.clone());
        let proto = if peer.https { HTTPS } else { HTTP };
        default(headers, X_FORWARDED_PROTO, Some(proto));
        default(headers, X_FORWARDED_HOST, host);
    }
}

/// Adds a value to a list that a trusted peer began. Several lines become one, so that no reader sees only a part.
fn extend(headers: &mut Headers, name: HeaderName, value: Option<HeaderValue>) {
    let Some(value) = value else { return };
    if !headers.now().contains_key(&name) {
        headers.set(name, value);
        return;
    }
    let mut list = BytesMut::new();
    for line in headers.now().get_all(&name) {
        // What is within an open quote would swallow all that follows. X-Forwarded-* know no quotes.
        if name == FORWARDED && has_open_quote(line.as_bytes()) {
            continue;
        }
        list.put_slice(line.as_bytes());
        list.put_slice(b", ");
    }
    list.put_slice(value.as_bytes());
    if let Ok(value) = HeaderValue::from_maybe_shared(list.freeze()) {
        headers.set(name, value);
    }
}

/// Whether a quoted string has no end (RFC 9110 §5.6.4).
fn has_open_quote(line: &[u8]) -> bool {
    let mut open = false;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => open = !open,
            b'\\' if open => drop(bytes.next()),
            _ => {}
        }
    }
    open
}

/// A trusted peer's value stays: it is nearer to the client.
fn default(headers: &mut Headers, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value
        && !headers.now().contains_key(&name)
    {
        headers.set(name, value);
    }
}

/// The address of the client itself: the last one in `X-Forwarded-For` that is not a trusted proxy's; whoever stands
/// before that may have written anything. Without that field it is the peer's.
fn client_ip(headers: &HeaderMap, peer: &Peer) -> Option<HeaderValue> {
    if !peer.trusted {
        return peer.ip_value.clone();
    }
    let listed: Vec<_> = fields::members(headers, &X_FORWARDED_FOR).collect();
    let mut farthest = peer.ip_value.clone();
    for address in listed.into_iter().rev() {
        let Some(ip) = parse_ip(address) else { break };
        farthest = HeaderValue::try_from(ip.to_string()).ok();
        if !peer.trusts(ip) {
            break;
        }
    }
    farthest
}

/// An address as proxies write it: bare, or with a port.
fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let ip = text.parse().ok();
    let with_port = || text.parse().ok().map(|addr: SocketAddr| addr.ip());
    ip.or_else(with_port).map(|ip| ip.to_canonical())
}

/// One `forwarded-element` (RFC 7239 §4). A port makes a node a quoted string, and so do the brackets of IPv6 (§6).
fn element(peer: &Peer, host: Option<&HeaderValue>) -> Option<HeaderValue> {
    let node = match peer.addr {
        Some(SocketAddr::V4(addr)) => addr.ip().to_string(),
        Some(SocketAddr::V6(addr)) => format!("\"[{}]\"", addr.ip()),
        None => "unknown".to_owned(),
    };
    let proto = if peer.https { "https" } else { "http" };
    let mut element = format!("for={node};proto={proto}");
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        element.push_str(";host=");
        push_value(&mut element, host);
    }
    HeaderValue::try_from(element).ok()
}

/// A token as it is, anything else as a quoted string (RFC 9110 §5.6.4).
fn push_value(out: &mut String, value: &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !value.is_empty() && value.chars().all(is_token) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

#[cfg(test)]
#[path = "forwarded/tests.rs"]
mod tests;

//! Who the client was: `X-Forwarded-*` and `Forwarded` (RFC 7239).
//!
//! What an untrusted peer says about itself is dropped and told anew; a trusted one is believed and added to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::config::Forwarding;
use crate::fields::{Buffer, Fields, Name, Names, is_token};
use crate::handler::context::Peer;
use crate::handler::headers::Headers;

/// Sets the forwarding fields that are asked for.
pub(super) fn set(headers: &mut Headers, forwarding: Forwarding, real_ip: bool) {
    let received = Arc::clone(headers.received());
    let peer = &*received.peer;
    // As it came: one that is no text is told all the same.
    let host = received.fields.values(Name::Host).next();
    let fields = headers.edit();
    if !peer.trusted {
        fields.remove_all(Names::FORWARDING);
    }
    if real_ip {
        let client = client_ip(fields, peer);
        default(fields, Name::XRealIp, client.as_deref());
    }
    if matches!(forwarding, Forwarding::Rfc7239 | Forwarding::Both) {
        let element = element(peer, received.host());
        extend(fields, Name::Forwarded, Some(element.as_bytes()));
    }
    if matches!(forwarding, Forwarding::XForwarded | Forwarding::Both) {
        let address = peer.ip_text.as_deref().map(str::as_bytes);
        extend(fields, Name::XForwardedFor, address);
        let proto = if peer.https { "https" } else { "http" };
        default(fields, Name::XForwardedProto, Some(proto.as_bytes()));
        default(fields, Name::XForwardedHost, host);
    }
}

/// Adds a value to a list that a trusted peer began. Several lines become one, so that no reader sees only a part.
fn extend<B: Buffer>(fields: &mut Fields<B>, name: Name, value: Option<&[u8]>) {
    let Some(value) = value else { return };
    if !fields.has(name) {
        fields.append(name, value);
        return;
    }
    let mut list = Vec::new();
    for line in fields.values(name) {
        // What is within an open quote would swallow all that follows. X-Forwarded-* know no quotes.
        if name == Name::Forwarded && has_open_quote(line) {
            continue;
        }
        list.extend_from_slice(line);
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(value);
    fields.set(name, &list);
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
fn default<B: Buffer>(fields: &mut Fields<B>, name: Name, value: Option<&[u8]>) {
    if let Some(value) = value
        && !fields.has(name)
    {
        fields.append(name, value);
    }
}

/// The address of the client itself: the last one in `X-Forwarded-For` that is not a trusted proxy's; whoever stands
/// before that may have written anything. Without that field it is the peer's.
fn client_ip<B: Buffer>(fields: &Fields<B>, peer: &Peer) -> Option<Vec<u8>> {
    let mut farthest = peer.ip_text.as_deref().map(str::to_owned);
    if peer.trusted {
        let listed: Vec<_> = fields.members(Name::XForwardedFor).collect();
        for address in listed.into_iter().rev() {
            let Some(ip) = parse_ip(address) else { break };
            farthest = Some(ip.to_string());
            if !peer.trusts(ip) {
                break;
            }
        }
    }
    farthest.map(String::into_bytes)
}

/// An address as proxies write it: bare, or with a port.
fn parse_ip(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let ip = text.parse().ok();
    let with_port = || text.parse().ok().map(|addr: SocketAddr| addr.ip());
    ip.or_else(with_port).map(|ip| ip.to_canonical())
}

/// One `forwarded-element` (RFC 7239 §4). A port makes a node a quoted string, and so do the brackets of IPv6 (§6).
fn element(peer: &Peer, host: Option<&str>) -> String {
    let node = match peer.addr {
        Some(SocketAddr::V4(addr)) => addr.ip().to_string(),
        Some(SocketAddr::V6(addr)) => format!("\"[{}]\"", addr.ip()),
        None => "unknown".to_owned(),
    };
    let proto = if peer.https { "https" } else { "http" };
    let mut element = format!("for={node};proto={proto}");
    if let Some(host) = host {
        element.push_str(";host=");
        push_value(&mut element, host);
    }
    element
}

/// A token as it is, anything else as a quoted string (RFC 9110 §5.6.4).
fn push_value(out: &mut String, value: &str) {
    if is_token(value.as_bytes()) {
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

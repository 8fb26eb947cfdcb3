//! Hop-by-hop fields of a request: taken out before the handler runs, and what can be asked of the endpoint's connection
//! as well kept aside (RFC 9110 §7.6.1, §7.8, §10.1.4).

use http::header::HeaderValue;
use http::{Method, Version};

use crate::fields::{self, Buffer, Fields, Name};
use crate::handler::ModifiableRequest;

/// Removes them; what the client sent is still told by `inbound()`. `upgrades` is whether the route lets a client switch
/// to another protocol.
pub(super) fn take(request: &mut ModifiableRequest, upgrades: bool) {
    let fields = request.fields();
    if upgrades && fields.has(Name::Upgrade) {
        let asked = asked_protocols(fields);
        let version = request.original().version;
        let no_body = request.is_bodyless() && *request.method() != Method::CONNECT;
        let hop = request.hop_mut();
        // A body would have to be read to its end first, and an HTTP/1.0 client knows nothing of it (§7.8).
        if hop.can_tunnel && no_body && version == Version::HTTP_11 {
            hop.upgrade = asked.map(Box::new);
        }
    }
    fields::strip_request(request.headers_mut().edit());
}

/// The protocols that `Upgrade` lists, if `Connection` has the option as well.
fn asked_protocols<B: Buffer>(fields: &Fields<B>) -> Option<HeaderValue> {
    let mut options = fields.members(Name::Connection);
    if !options.any(|option| option.eq_ignore_ascii_case(b"upgrade")) {
        return None;
    }
    let protocols: Vec<_> = fields
        .members(Name::Upgrade)
        .filter(|protocol| is_protocol(protocol) && !is_http_or_tls(protocol))
        .collect();
    match protocols.is_empty() {
        true => None,
        false => HeaderValue::from_bytes(&protocols.join(&b", "[..])).ok(),
    }
}

/// `protocol-name [ "/" protocol-version ]`
fn is_protocol(protocol: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(byte);
    !protocol.is_empty() && protocol.iter().all(is_token)
}

/// Whoever speaks HTTP through a tunnel gets past every rule of this proxy, and TLS hides what is spoken.
fn is_http_or_tls(protocol: &[u8]) -> bool {
    let name = protocol
        .split(|byte| *byte == b'/')
        .next()
        .unwrap_or_default();
    let names: [&[u8]; 5] = [b"h2c", b"h2", b"h3", b"http", b"tls"];
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let rows: &[(&[&str], &[&str], Option<&str>)] = &[
            (&["Upgrade"], &["websocket"], Some("websocket")),
            (&["keep-alive, upgrade"], &["WebSocket"], Some("WebSocket")),
            (&["keep-alive", "UPGRADE"], &["a/1, b"], Some("a/1, b")),
            (&["upgrade"], &["a", "b"], Some("a, b")),
            (&["upgrade"], &["h2c, websocket"], Some("websocket")),
            (&["upgrade"], &["h2c"], None),
            (&["upgrade"], &["H2C, HTTP/2.0, TLS/1.0"], None),
            (&["upgrade"], &[""], None),
            (&["upgrade"], &["bad token"], None),
            (&["keep-alive"], &["websocket"], None),
            (&[], &["websocket"], None),
            (&["upgrade"], &[], None),
        ];
        for (connection, upgrade, expected) in rows {
            let mut fields = <Fields>::default();
            for line in *connection {
                fields.append(Name::Connection, line.as_bytes());
            }
            for line in *upgrade {
                fields.append(Name::Upgrade, line.as_bytes());
            }
            let asked = asked_protocols(&fields);
            let asked = asked.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(asked, *expected, "{connection:?} {upgrade:?}");
        }
    }
}

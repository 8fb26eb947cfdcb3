//! Hop-by-hop fields of a request: taken out before the handler runs, and what can be asked of the endpoint's connection
//! as well kept aside (RFC 9110 §7.6.1, §7.8, §10.1.4).

use http::header::{HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Version};

use crate::fields;
use crate::handler::ModifiableRequest;

/// Removes them; what the client sent is still told by `inbound()`. `upgrades` is whether the route lets a client switch
/// to another protocol.
pub(super) fn take(request: &mut ModifiableRequest, upgrades: bool) {
    let version = request.version();
    let no_body = request.is_bodyless() && *request.method() != Method::CONNECT;
    let (headers, hop) = request.headers_and_hop();
    // A body would have to be read to its end first, and an HTTP/1.0 client knows nothing of it (§7.8).
    if upgrades && hop.can_tunnel && no_body && version == Version::HTTP_11 {
        hop.upgrade = asked_protocols(headers.now()).map(Box::new);
    }
    for name in fields::unfit(headers.now()) {
        headers.remove(&name);
    }
}

/// The protocols that `Upgrade` lists, if `Connection` has the option as well.
fn asked_protocols(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(UPGRADE)?;
    let mut options = fields::options(headers);
    if !options.any(|option| option.eq_ignore_ascii_case(b"upgrade")) {
        return None;
    }
    let protocols: Vec<_> = fields::members(headers, &UPGRADE)
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
            let mut headers = HeaderMap::new();
            for line in *connection {
                headers.append("connection", HeaderValue::from_static(line));
            }
            for line in *upgrade {
                headers.append("upgrade", HeaderValue::from_static(line));
            }
            let asked = asked_protocols(&headers);
            let asked = asked.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(asked, *expected, "{connection:?} {upgrade:?}");
        }
    }
}

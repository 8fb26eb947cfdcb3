//! Hop-by-hop fields: those of one connection, and those that `Connection` names (RFC 9110 §7.6.1, §11.7).

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderMap, HeaderName,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, TE, TRANSFER_ENCODING, UPGRADE,
};

use crate::handler::headers::Headers;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Removes them from a request; what it held is still told by `inbound()`.
pub(super) fn strip_request(headers: &mut Headers) {
    for name in hop_by_hop(headers.now()) {
        headers.remove(&name);
    }
}

pub(super) fn strip_response(headers: &mut HeaderMap) {
    for name in hop_by_hop(headers) {
        headers.remove(name);
    }
}

/// The hop-by-hop names that are there. Mostly none, which allocates nothing.
fn hop_by_hop(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut found: Vec<_> = headers
        .keys()
        .filter(|name| is_hop(name))
        .cloned()
        .collect();
    if found.contains(&CONNECTION) {
        let named = headers.get_all(CONNECTION).iter().flat_map(|line| {
            // A value that is not text is split all the same: one odd byte must not save the other names.
            line.as_bytes().split(|byte| *byte == b',')
        });
        found.extend(
            named
                .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
                .filter(|name| headers.contains_key(name) && !is_protected(name)),
        );
    }
    found
}

fn is_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TE
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        || *name == KEEP_ALIVE
        || *name == PROXY_CONNECTION
}

/// End-to-end fields that a client must not be able to delete on their way by naming them in `Connection`.
fn is_protected(name: &HeaderName) -> bool {
    [HOST, CONTENT_LENGTH, AUTHORIZATION, COOKIE, SET_COOKIE].contains(name)
        || super::forwarded::is_forwarding(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(fields: &[(&str, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        strip_response(&mut headers);
        headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn removes_the_fields_of_one_connection() {
        let fields = [
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authorization", "Basic x"),
            ("te", "gzip"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ];
        assert_eq!(stripped(&fields), ["accept"]);
    }

    #[test]
    fn removes_what_every_connection_line_names() {
        let fields = [
            ("connection", "X-A, x-b ,, close"),
            ("connection", "\u{ff}, X-C"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("x-c", "3"),
            ("x-d", "4"),
        ];
        assert_eq!(stripped(&fields), ["x-d"]);
    }

    #[test]
    fn connection_cannot_delete_what_matters() {
        let kept = [
            "host",
            "content-length",
            "authorization",
            "cookie",
            "x-forwarded-for",
            "forwarded",
        ];
        for name in kept {
            assert_eq!(
                stripped(&[("connection", name), (name, "1")]),
                [name],
                "{name}"
            );
        }
    }
}

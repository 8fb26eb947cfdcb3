//! What is known of field names: which belong to one connection, which identify, which may trail a body.

use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, AGE, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, COOKIE, DATE, EXPECT, EXPIRES, FORWARDED, HOST, HeaderMap, HeaderName,
    HeaderValue, LOCATION, MAX_FORWARDS, PRAGMA, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE,
    REFRESH, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE, VARY, VIA, WWW_AUTHENTICATE, X_FRAME_OPTIONS,
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");
const X_HTTP_METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
const X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
pub(crate) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether a field is about one connection (RFC 9110 §7.6.1, §11.7; `HTTP2-Settings`: RFC 7540 §3.2.1).
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TE
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        || *name == KEEP_ALIVE
        || *name == PROXY_CONNECTION
        || *name == HTTP2_SETTINGS
}

/// Whether a field speaks of the client's identity or way.
pub(crate) fn is_forwarding(name: &HeaderName) -> bool {
    let rest = name.as_str().strip_prefix("x-forwarded");
    let is_family = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    is_family || *name == FORWARDED || *name == X_REAL_IP
}

/// Whether a name becomes another one, which is dial's to write, where `_` is read as `-`, as CGI and its heirs do.
fn is_disguised(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.as_bytes().contains(&b'_')
        && HeaderName::try_from(name.replace('_', "-"))
            .is_ok_and(|name| is_reserved(&name) || is_forwarding(&name) || name == HOST)
}

/// Whether dial alone may write this field: it frames the message or belongs to one connection.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    is_hop_by_hop(name) || *name == CONTENT_LENGTH || *name == TRAILER
}

/// End-to-end fields that a peer must not be able to delete on their way by naming them in `Connection`.
fn is_protected(name: &HeaderName) -> bool {
    is_forwarding(name)
        || [
            HOST,
            CONTENT_LENGTH,
            AUTHORIZATION,
            COOKIE,
            SET_COOKIE,
            EXPECT,
            MAX_FORWARDS,
            TRAILER,
            VIA,
        ]
        .contains(name)
}

/// Whether a field may stand behind a body: not one that frames, routes, authenticates, identifies, or says how the
/// content is to be read (RFC 9110 §6.5.1). Whoever merges trailers into headers must find nothing there.
pub(crate) fn may_trail(name: &HeaderName) -> bool {
    let forbidden = is_reserved(name)
        || is_protected(name)
        || name.as_str().starts_with("if-")
        || name.as_str().starts_with("access-control-")
        || [
            ACCEPT_RANGES,
            AGE,
            CACHE_CONTROL,
            CONTENT_DISPOSITION,
            CONTENT_ENCODING,
            CONTENT_LOCATION,
            CONTENT_RANGE,
            CONTENT_SECURITY_POLICY,
            CONTENT_TYPE,
            DATE,
            EXPIRES,
            LOCATION,
            PRAGMA,
            PROXY_STATUS,
            RANGE,
            REFRESH,
            RETRY_AFTER,
            STRICT_TRANSPORT_SECURITY,
            VARY,
            X_FRAME_OPTIONS,
            X_HTTP_METHOD_OVERRIDE,
            X_ORIGINAL_URL,
            WWW_AUTHENTICATE,
        ]
        .contains(name);
    !forbidden && !is_disguised(name)
}

/// What a request must not carry on: fields of one connection, and names that would pass for one of dial's own. Mostly
/// none, which allocates nothing.
pub(crate) fn unfit(headers: &HeaderMap) -> Vec<HeaderName> {
    of_one_connection(headers, |name| is_hop_by_hop(name) || is_disguised(name))
}

/// The names that are `own`, and those that `Connection` names.
fn of_one_connection(headers: &HeaderMap, own: impl Fn(&HeaderName) -> bool) -> Vec<HeaderName> {
    let mut found: Vec<_> = headers.keys().filter(|name| own(name)).cloned().collect();
    if found.contains(&CONNECTION) {
        found.extend(
            options(headers)
                .filter_map(|token| HeaderName::from_bytes(token).ok())
                .filter(|name| headers.contains_key(name) && !is_protected(name)),
        );
    }
    found
}

/// What the `Connection` lines name.
pub(crate) fn options(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    members(headers, &CONNECTION)
}

/// The members of a list, over all its lines. A value that is not text is split all the same: one odd byte must not save
/// the others.
pub(crate) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().flat_map(split)
}

/// The members of a list that is one line.
pub(crate) fn split(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let members = line.as_bytes().split(|byte| *byte == b',');
    members.map(<[u8]>::trim_ascii)
}

/// Whether whoever sent these understands trailers (RFC 9110 §10.1.4).
pub(crate) fn takes_trailers(headers: &HeaderMap) -> bool {
    members(headers, &TE).any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

/// Removes what belongs to one connection from a response. A 426 has to say what it wants, and says it to every peer on its
/// way (RFC 9110 §15.5.22).
pub(crate) fn strip(headers: &mut HeaderMap, status: StatusCode) {
    for name in of_one_connection(headers, is_hop_by_hop) {
        if name != UPGRADE || status != StatusCode::UPGRADE_REQUIRED {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        headers
    }

    fn stripped(fields: &[(&str, &str)]) -> Vec<String> {
        let mut headers = map(fields);
        strip(&mut headers, StatusCode::OK);
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
            ("http2-settings", "AAMAAABk"),
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
            "via",
            "expect",
            "max-forwards",
        ];
        for name in kept {
            assert_eq!(
                stripped(&[("connection", name), (name, "1")]),
                [name],
                "{name}"
            );
        }
    }

    #[test]
    fn no_name_passes_for_another() {
        let fields = [
            ("x_forwarded_for", "1"),
            ("x-forwarded_host", "1"),
            ("x_real_ip", "1"),
            ("content_length", "1"),
            ("transfer_encoding", "chunked"),
            ("host_", "1"),
            ("x_own_field", "1"),
        ];
        let unfit = unfit(&map(&fields));
        let kept = fields.map(|(name, _)| name);
        let kept = kept
            .into_iter()
            .filter(|name| !unfit.iter().any(|unfit| unfit == name));
        assert_eq!(kept.collect::<Vec<_>>(), ["host_", "x_own_field"]);
    }

    #[test]
    fn what_may_trail() {
        let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        for good in [
            "x-checksum",
            "grpc-status",
            "digest",
            "etag",
            "server-timing",
        ] {
            assert!(may_trail(&name(good)), "{good}");
        }
        let bad = [
            "content-length",
            "transfer-encoding",
            "host",
            "connection",
            "authorization",
            "cookie",
            "set-cookie",
            "x-forwarded-for",
            "forwarded",
            "via",
            "trailer",
            "te",
            "content-type",
            "if-match",
            "cache-control",
            "x_forwarded_for",
            "content_length",
            "strict-transport-security",
            "access-control-allow-origin",
        ];
        for bad in bad {
            assert!(!may_trail(&name(bad)), "{bad}");
        }
    }
}

//! What is known of header fields: which belong to one connection, which identify, which may trail a body; and the list
//! of them that a message has.

mod list;
mod name;

use http::StatusCode;
use http::header::{
    ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LOCATION,
    CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, DATE, EXPIRES, HeaderName, LOCATION,
    PRAGMA, RANGE, REFRESH, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE,
    X_FRAME_OPTIONS,
};

pub(crate) use self::list::{Buffer, Fields, MAX as MAX_BYTES, split};
pub(crate) use self::name::{Name, Names};

const X_HTTP_METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
const X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
pub(crate) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// Whether dial alone may write this field: it frames the message or belongs to one connection.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    Names::OWN.contains(name.into())
}

/// Whether a field may stand behind a body: not one that frames, routes, authenticates, identifies, or says how the
/// content is to be read (RFC 9110 §6.5.1). Whoever merges trailers into headers must find nothing there.
pub(crate) fn may_trail(name: &HeaderName) -> bool {
    let never = Names::OWN
        .union(Names::PROTECTED)
        .union(Names::of(&[Name::Disguised]));
    let forbidden = never.contains(name.into())
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
    !forbidden
}

/// What a request must not carry on: fields of one connection, and names that would pass for one of dial's own.
pub(crate) fn strip_request<B: Buffer>(fields: &mut Fields<B>) {
    fields.strip(Names::HOP_BY_HOP.union(Names::of(&[Name::Disguised])));
}

/// What a response must not carry on. A 426 has to say what it wants, and says it to every peer on its way
/// (RFC 9110 §15.5.22).
pub(crate) fn strip_response(fields: &mut Fields, status: StatusCode) {
    fields.strip(match status {
        StatusCode::UPGRADE_REQUIRED => Names::HOP_BY_HOP.without(Name::Upgrade),
        _ => Names::HOP_BY_HOP,
    });
}

/// Whether this is one token (RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    let is_char = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_char)
}

/// Whether whoever sent these understands trailers (RFC 9110 §10.1.4).
pub(crate) fn takes_trailers(fields: &Fields) -> bool {
    let mut codings = fields.members(Name::Te);
    codings.any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(lines: &[(&str, &str)]) -> Vec<String> {
        let mut fields = <Fields>::default();
        for (name, value) in lines {
            fields.read(name.as_bytes(), value.as_bytes());
        }
        strip_request(&mut fields);
        fields.iter().map(|(name, _)| name.to_owned()).collect()
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
        assert_eq!(stripped(&fields), ["host_", "x_own_field"]);
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

//! Why a request failed, for whoever operates what stands before this proxy: `Proxy-Status` (RFC 9209).

use http::HeaderValue;

use crate::config::Pseudonym;
use crate::error::{Error, ErrorKind};

/// The field's value: who says so, and what went wrong. Never an address, nor an error's own text.
pub(super) fn value(error: &Error, own: Option<&Pseudonym>) -> Option<HeaderValue> {
    // A name may begin with what an item of a structured field may not, so it is a string (RFC 8941 §3.3.3).
    let name = own.map_or("dial", Pseudonym::name);
    let value = format!("\"{name}\"; error={}", error_type(error.kind()));
    HeaderValue::try_from(value).ok()
}

/// The registered type (RFC 9209 §2.3).
fn error_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Resolve => "dns_error",
        ErrorKind::NoEndpoint | ErrorKind::CircuitOpen => "destination_unavailable",
        ErrorKind::Overloaded => "connection_limit_reached",
        ErrorKind::Connect => "connection_refused",
        ErrorKind::ConnectTimeout => "connection_timeout",
        ErrorKind::Tls => "tls_protocol_error",
        ErrorKind::Disconnected => "connection_terminated",
        ErrorKind::BadResponse => "http_protocol_error",
        ErrorKind::ResponseTimeout | ErrorKind::TotalTimeout => "http_response_timeout",
        ErrorKind::ResponseBody => "http_response_incomplete",
        ErrorKind::LoopDetected => "proxy_loop_detected",
        ErrorKind::RateLimited => "http_request_denied",
        ErrorKind::Config
        | ErrorKind::Server
        | ErrorKind::Handler
        | ErrorKind::HandlerPanicked
        | ErrorKind::RateUnknown => "proxy_internal_error",
        ErrorKind::BadRequest
        | ErrorKind::NotFound
        | ErrorKind::MethodNotAllowed
        | ErrorKind::BodyTooLarge
        | ErrorKind::ClientBody
        | ErrorKind::ClientTimeout
        | ErrorKind::HeadTooLarge
        | ErrorKind::TargetTooLong
        | ErrorKind::UnsupportedVersion
        | ErrorKind::UnknownCoding
        | ErrorKind::Misdirected
        | ErrorKind::ExpectationFailed => "http_request_error",
    }
}

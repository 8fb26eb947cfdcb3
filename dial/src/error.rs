//! The one error type, and the one table that turns it into a status.
//!
//! An [`Error`] says what went wrong ([`ErrorKind`]), on which side of the proxy ([`Side`]), and whether the
//! request can have reached an endpoint ([`RequestSent`]). `Display` shows this level only; `source()` has the rest.
//! None of its text is ever sent to a client: see [`Error::status`] for what is.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

/// A boxed error from any source.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Anything that can go wrong in dial, at startup or while a request is proxied.
///
/// ```
/// use dial::{ErrorKind, ModifiableRequest};
///
/// let mut request = ModifiableRequest::get("/");
/// request.set_header("bad name", "x");
/// let error = request.build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Handler);
/// assert_eq!(error.status(), 500);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    sent: RequestSent,
    retry_after: Option<Duration>,
    what: Cow<'static, str>,
    source: Option<BoxError>,
}

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A route, host list, address or option that cannot work. Raised at startup, never by traffic.
    Config,
    /// A socket of the server itself failed: binding, listening, starting a worker.
    Server,
    /// The client's request is malformed.
    BadRequest,
    /// The head of the client's request is larger than the server's limits, or has more fields.
    HeadTooLarge,
    /// The request line is longer than the server's limit.
    TargetTooLong,
    /// The request is of a version of HTTP that is not spoken here.
    UnsupportedVersion,
    /// The request has a transfer coding other than `chunked` (RFC 9112 §6.1).
    UnknownCoding,
    /// The request is for an `https` resource, and came over a connection that is not secured (RFC 9110 §7.4).
    Misdirected,
    /// The request expects something other than `100-continue` (RFC 9110 §10.1.1).
    ExpectationFailed,
    /// The request was here before: its Via has this proxy's own name (RFC 9110 §7.6.3).
    LoopDetected,
    /// More requests came than the route's rate limit allows, or than its concurrency limit allows each client.
    RateLimited,
    /// Whether the route's rate limit allows the request is not known, because the store that instances share cannot be asked.
    RateUnknown,
    /// No route takes the request's path and domain, or a path parameter does not parse.
    NotFound,
    /// A route takes the path, but not with this method.
    MethodNotAllowed,
    /// The request body is larger than the limit of its route.
    BodyTooLarge,
    /// The client stopped sending its request body before the end.
    ClientBody,
    /// The client took too long: for its request's head, or for the body.
    ClientTimeout,
    /// The handler asked for something impossible (a bad header name, an invalid URI), or returned an error.
    Handler,
    /// The handler panicked.
    HandlerPanicked,
    /// As many requests are under way as may be.
    Overloaded,
    /// The upstream has no endpoint to offer.
    NoEndpoint,
    /// The upstream has failed too many requests and is left alone for a while.
    CircuitOpen,
    /// The endpoint's name did not resolve.
    Resolve,
    /// The endpoint could not be reached.
    Connect,
    /// The endpoint could not be reached within the connect timeout.
    ConnectTimeout,
    /// The TLS handshake with the endpoint failed.
    Tls,
    /// The connection to the endpoint ended before a response arrived.
    Disconnected,
    /// The endpoint's answer is not HTTP, or not allowed in it.
    BadResponse,
    /// The endpoint did not answer within the response timeout.
    ResponseTimeout,
    /// The request as a whole took longer than its total timeout.
    TotalTimeout,
    /// The endpoint's response body broke off.
    ResponseBody,
}

/// The side of the proxy an [`Error`] is to be blamed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Side {
    /// The client.
    Downstream,
    /// The endpoint, or the way to it.
    Upstream,
    /// dial's configuration, the handler, or this machine.
    Internal,
}

/// Whether the request can have reached an endpoint. Decides what may be tried again (RFC 9110 §9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestSent {
    /// Not a byte was written: any method can be tried elsewhere.
    No,
    /// Some of it may have been written.
    Maybe,
    /// It was written, and an answer began.
    Yes,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            sent: RequestSent::No,
            retry_after: None,
            what: what.into(),
            source: None,
        }))
    }

    pub(crate) fn config(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, what)
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_sent(mut self, sent: RequestSent) -> Self {
        self.0.sent = sent;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Puts `what` in front of the message, as in `hosts[2]: unknown scheme`.
    pub(crate) fn within(mut self, what: impl fmt::Display) -> Self {
        self.0.what = format!("{what}: {}", self.0.what).into();
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the request can have reached an endpoint.
    #[must_use]
    pub fn request_sent(&self) -> RequestSent {
        self.0.sent
    }

    /// After which time the request may be sent again; the client is told in `Retry-After` (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The side of the proxy that is to blame.
    #[must_use]
    pub fn side(&self) -> Side {
        self.0.kind.class().0
    }

    /// The status a client gets for this error, unless an `on_error` hook replaces the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.kind.class().1
    }
}

impl ErrorKind {
    /// The table: every kind has one side and one status (RFC 9110 §15.5, §15.6; 429 and 431 are RFC 6585 §4 and §5, 508 RFC 5842 §7.2).
    fn class(self) -> (Side, StatusCode) {
        match self {
            Self::BadRequest | Self::ClientBody => (Side::Downstream, StatusCode::BAD_REQUEST),
            Self::HeadTooLarge => {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                (Side::Downstream, status)
            }
            Self::TargetTooLong => (Side::Downstream, StatusCode::URI_TOO_LONG),
            Self::UnsupportedVersion => (Side::Downstream, StatusCode::HTTP_VERSION_NOT_SUPPORTED),
            Self::UnknownCoding => (Side::Downstream, StatusCode::NOT_IMPLEMENTED),
            Self::Misdirected => (Side::Downstream, StatusCode::MISDIRECTED_REQUEST),
            Self::ExpectationFailed => (Side::Downstream, StatusCode::EXPECTATION_FAILED),
            // Any client can write a Via, so it is not the operator's log that has to bear it.
            Self::LoopDetected => (Side::Downstream, StatusCode::LOOP_DETECTED),
            Self::RateLimited => (Side::Downstream, StatusCode::TOO_MANY_REQUESTS),
            Self::ClientTimeout => (Side::Downstream, StatusCode::REQUEST_TIMEOUT),
            Self::NotFound => (Side::Downstream, StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => (Side::Downstream, StatusCode::METHOD_NOT_ALLOWED),
            Self::BodyTooLarge => (Side::Downstream, StatusCode::PAYLOAD_TOO_LARGE),
            Self::RateUnknown => (Side::Internal, StatusCode::SERVICE_UNAVAILABLE),
            Self::Config | Self::Server | Self::Handler | Self::HandlerPanicked => {
                (Side::Internal, StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::NoEndpoint | Self::Overloaded | Self::CircuitOpen => {
                (Side::Upstream, StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::ConnectTimeout | Self::ResponseTimeout | Self::TotalTimeout => {
                (Side::Upstream, StatusCode::GATEWAY_TIMEOUT)
            }
            Self::Resolve
            | Self::Connect
            | Self::Tls
            | Self::Disconnected
            | Self::BadResponse
            | Self::ResponseBody => (Side::Upstream, StatusCode::BAD_GATEWAY),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind)
            .field("what", &self.0.what)
            .field("request_sent", &self.0.sent);
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Shows an error with all its sources on one line, for a log: `connect failed: connection refused`.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        // Bounded, should a foreign error ever name itself as its source.
        for _ in 0..16 {
            let Some(source) = next else { break };
            write!(f, ": {source}")?;
            next = source.source();
        }
        Ok(())
    }
}

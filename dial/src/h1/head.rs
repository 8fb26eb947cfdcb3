//! Heads of messages: bytes in, `http` types out, or a reason why not.

use std::fmt;
use std::mem::MaybeUninit;
use std::net::Ipv6Addr;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{Method, StatusCode, Uri, Version};

use super::framing::Length;
use super::{has_bare_lf, version};
use crate::error::ErrorKind;
use crate::fields::{Fields, MAX_BYTES, Name};

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    /// Bytes of the first line, without its end.
    pub(crate) line: usize,
    /// Bytes of the whole head.
    pub(crate) bytes: usize,
    /// Number of fields; 256 at the most.
    pub(crate) fields: usize,
}

impl HeadLimits {
    /// The bytes of the whole head that are taken.
    fn most(&self) -> usize {
        self.bytes.min(MAX_BYTES)
    }
}

/// The most fields there can be, whatever the limits say: they lie on the stack while a head is parsed.
const MAX_FIELDS: usize = 256;

/// The longest name of a field: what `http` takes for one.
const MAX_NAME: usize = u16::MAX as usize;

/// Why a head is refused. Each has one status; after each the connection is closed, for its framing is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not HTTP/1.
    Syntax,
    /// Another major version.
    Version,
    /// The first line is too long.
    Line,
    /// The head is too long, or has too many fields.
    Head,
    /// The target is not one a request with this method can have (RFC 9112 §3.2).
    Target,
    /// Host is missing, repeated or invalid (RFC 9112 §3.2).
    Host,
    /// Content-Length and Transfer-Encoding do not make one length (RFC 9112 §6).
    Framing(&'static str),
    /// A transfer coding other than chunked.
    Coding,
    /// A switch of protocols that was not asked for (RFC 9110 §15.2.2); responses only.
    Switch,
    /// Too many interim responses.
    Interim,
}

/// What came of some bytes: a head, with the number of bytes it had; or it is not complete yet.
pub(crate) type Parsed<T> = Result<Option<(T, usize)>, Malformed>;

/// A request's head. `Host` is always right: it is the authority of an absolute target (RFC 9112 §3.2.2).
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    /// In origin, authority (CONNECT) or asterisk (OPTIONS) form.
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(crate) length: Length,
    pub(crate) keep_alive: bool,
    /// Whether the target is absolute, and `https`.
    pub(crate) https: bool,
}

/// A response's head, its framing not judged yet: that needs the request's method.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(crate) keep_alive: bool,
}

impl RequestHead {
    /// Reads the head at the beginning of `input`. Empty lines in front are skipped (RFC 9112 §2.2).
    pub(crate) fn parse(input: &[u8], limits: &HeadLimits) -> Parsed<Self> {
        let mut room = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let room = &mut room[..limits.fields.min(MAX_FIELDS)];
        let mut request = httparse::Request::new(&mut []);
        let used = match request.parse_with_uninit_headers(input, room) {
            Ok(httparse::Status::Complete(used)) => used,
            Ok(httparse::Status::Partial) => return partial(input, limits),
            Err(error) => {
                return match version::as_http_11(error, version::in_request(input), input) {
                    Some(input) => Self::parse(&input, limits),
                    None => Err(Malformed::of(error, input)),
                };
            }
        };
        let (Some(method), Some(target), Some(minor)) =
            (request.method, request.path, request.version)
        else {
            return Err(Malformed::Syntax);
        };
        if method.len() + target.len() + "  HTTP/1.1".len() > limits.line {
            return Err(Malformed::Line);
        }
        if used > limits.most() {
            return Err(Malformed::Head);
        }
        let https = target.len() > 6 && target.as_bytes()[..6].eq_ignore_ascii_case(b"https:");
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| Malformed::Syntax)?;
        let target = Bytes::copy_from_slice(target.as_bytes());
        let version = version::known(minor);
        let mut fields = read_fields(&input[..used], request.headers)?;
        let uri = target_of(&method, target, version, &mut fields)?;
        let keep_alive = keep_alive(version, &fields);
        let length = Length::of_request(version, &mut fields)?;
        Ok(Some((
            Self {
                method,
                uri,
                version,
                fields,
                length,
                keep_alive,
                https,
            },
            used,
        )))
    }
}

impl ResponseHead {
    /// Reads the head at the beginning of `input`.
    pub(crate) fn parse(input: &[u8], limits: &HeadLimits) -> Parsed<Self> {
        let mut room = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let room = &mut room[..limits.fields.min(MAX_FIELDS)];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            input,
            room,
        );
        let used = match parsed {
            Ok(httparse::Status::Complete(used)) if used <= limits.most() => used,
            Ok(httparse::Status::Complete(_)) => return Err(Malformed::Head),
            Ok(httparse::Status::Partial) => return partial(input, limits),
            Err(error) => {
                return match version::as_http_11(error, Some(0), input) {
                    Some(input) => Self::parse(&input, limits),
                    None => Err(Malformed::of(error, input)),
                };
            }
        };
        if is_long_line(&input[..used], limits) {
            return Err(Malformed::Line);
        }
        let (Some(code), Some(minor)) = (response.code, response.version) else {
            return Err(Malformed::Syntax);
        };
        let status = StatusCode::from_u16(code).map_err(|_| Malformed::Syntax)?;
        let version = version::known(minor);
        let fields = read_fields(&input[..used], response.headers)?;
        let keep_alive = keep_alive(version, &fields);
        Ok(Some((
            Self {
                status,
                version,
                fields,
                keep_alive,
            },
            used,
        )))
    }
}

fn is_long_line(input: &[u8], limits: &HeadLimits) -> bool {
    let line = input.get(..limits.line + "\r\n".len());
    line.is_some_and(|line| !line.contains(&b'\n'))
}

/// A head that is not complete: it may go on unless it is too long already.
fn partial<T>(input: &[u8], limits: &HeadLimits) -> Parsed<T> {
    if is_long_line(input, limits) {
        return Err(Malformed::Line);
    }
    match input.len() < limits.most() {
        true => Ok(None),
        false => Err(Malformed::Head),
    }
}

/// The fields of a head. `httparse` lets pass what HTTP does in names and values, but also lines that end in a bare LF:
/// one reader takes that for an end and another does not (RFC 9112 §2.2).
fn read_fields(head: &[u8], read: &[httparse::Header<'_>]) -> Result<Fields, Malformed> {
    let at = |name: &str| (name.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
    let begins_right = |start: usize| start >= 2 && head.get(start - 2..start) == Some(b"\r\n");
    let all_begin_right = read.iter().all(|field| begins_right(at(field.name)));
    let empty = head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let in_front = has_bare_lf(&head[..empty.count()]);
    if in_front || !all_begin_right || !head.ends_with(b"\r\n\r\n") {
        return Err(Malformed::Syntax);
    }
    if read.iter().any(|field| field.name.len() > MAX_NAME) {
        return Err(Malformed::Head);
    }
    let lines = read.first().map_or(head.len(), |first| at(first.name));
    let read = read
        .iter()
        .map(|field| (field.name.as_bytes(), field.value));
    Ok(Fields::of_head(&head[lines..], read))
}

/// The target in the form its method asks for, and Host put right by an absolute one (RFC 9112 §3.2).
fn target_of(
    method: &Method,
    target: Bytes,
    version: Version,
    fields: &mut Fields,
) -> Result<Uri, Malformed> {
    check_host(version, fields)?;
    match target.first() {
        _ if *method == Method::CONNECT => {
            let authority = Authority::from_maybe_shared(target).map_err(|_| Malformed::Target)?;
            let is_host = is_host(authority.as_str().as_bytes());
            match authority.port().is_some() && !authority.host().is_empty() && is_host {
                true => Ok(Uri::from(authority)),
                false => Err(Malformed::Target),
            }
        }
        Some(b'/') => origin_form(target),
        Some(b'*') if target.len() == 1 && *method == Method::OPTIONS => {
            Ok(Uri::from(PathAndQuery::from_static("*")))
        }
        _ => absolute_form(method, &target, fields),
    }
}

fn origin_form(target: Bytes) -> Result<Uri, Malformed> {
    // A fragment is never sent; `http` would drop it silently.
    if target.contains(&b'#') {
        return Err(Malformed::Target);
    }
    PathAndQuery::from_maybe_shared(target)
        .map(Uri::from)
        .map_err(|_| Malformed::Target)
}

/// An absolute target's authority takes the place of Host; the rest is an origin-form target.
fn absolute_form(method: &Method, target: &Bytes, fields: &mut Fields) -> Result<Uri, Malformed> {
    let uri = Uri::from_maybe_shared(target.clone()).map_err(|_| Malformed::Target)?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().ok_or(Malformed::Target)?;
    if !is_http || authority.as_str().contains('@') || target.contains(&b'#') {
        return Err(Malformed::Target);
    }
    let host = authority.as_str().as_bytes();
    if !is_host(host) || host.is_empty() {
        return Err(Malformed::Target);
    }
    fields.set(Name::Host, host);
    // `OPTIONS http://host` without a path is about the server as a whole (RFC 9112 §3.2.4).
    let no_path = !target[uri.scheme_str().map_or(0, str::len) + 3..]
        .iter()
        .any(|byte| matches!(byte, b'/' | b'?'));
    if no_path && *method == Method::OPTIONS {
        return Ok(Uri::from(PathAndQuery::from_static("*")));
    }
    // `http` shows an empty path as `/`.
    match uri.into_parts().path_and_query {
        Some(rest) if rest.as_str().starts_with('/') => Ok(Uri::from(rest)),
        Some(rest) => origin_form(Bytes::from(rest.to_string())),
        None => Ok(Uri::from_static("/")),
    }
}

/// Exactly one Host in HTTP/1.1, and one that can be a host (RFC 9112 §3.2).
pub(crate) fn check_host(version: Version, fields: &Fields) -> Result<(), Malformed> {
    let mut hosts = fields.values(Name::Host);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, None) if version < Version::HTTP_11 => Ok(()),
        _ => Err(Malformed::Host),
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2), or nothing.
fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value.iter().rposition(|byte| matches!(byte, b':' | b']')) {
        Some(at) if value[at] == b':' => (&value[..at], &value[at + 1..]),
        _ => (value, &value[value.len()..]),
    };
    let host_ok = match host {
        [b'[', inner @ .., b']'] => is_ip_literal(inner),
        _ => host.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => host
                .get(at + 1..at + 3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
            _ => is_plain(*byte),
        }),
    };
    let port_ok = port.len() <= 5
        && port.iter().all(u8::is_ascii_digit)
        && port
            .iter()
            .fold(0u32, |port, digit| port * 10 + u32::from(digit - b'0'))
            <= 65535;
    host_ok && port_ok && (!host.is_empty() || value.is_empty())
}

/// Unreserved and sub-delims (RFC 3986 §3.2.2), but for a comma, which would make it a list.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b';'
                | b'='
        )
}

/// What stands in brackets: an IPv6 address, perhaps with a zone (RFC 6874), or one of a version to come (RFC 3986 §3.2.2).
fn is_ip_literal(inner: &[u8]) -> bool {
    let is_plain = |byte: &u8| is_plain(*byte) || matches!(byte, b':' | b'%');
    let text = std::str::from_utf8(inner).unwrap_or_default();
    let address = text.split('%').next().unwrap_or_default();
    let future = matches!(inner, [b'v' | b'V', digit, ..] if digit.is_ascii_hexdigit());
    (future || address.parse::<Ipv6Addr>().is_ok()) && inner.iter().all(is_plain)
}

/// Whether the connection goes on after this message (RFC 9112 §9.3).
fn keep_alive(version: Version, fields: &Fields) -> bool {
    let says = |word| {
        let mut options = fields.members(Name::Connection);
        options.any(|option| option.eq_ignore_ascii_case(word))
    };
    match version {
        Version::HTTP_10 => says(b"keep-alive") && !says(b"close"),
        _ => !says(b"close"),
    }
}

impl Malformed {
    fn of(error: httparse::Error, input: &[u8]) -> Self {
        match error {
            httparse::Error::TooManyHeaders => Self::Head,
            httparse::Error::Version if version::is_another(input) => Self::Version,
            _ => Self::Syntax,
        }
    }

    /// What is wrong, for the log.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Syntax => "not HTTP/1",
            Self::Version => "another version of HTTP",
            Self::Line => "the first line is too long",
            Self::Head => "the head is too long",
            Self::Target => "a bad request target",
            Self::Host => "a bad Host",
            Self::Framing(why) => why,
            Self::Coding => "an unknown transfer coding",
            Self::Switch => "a switch to another protocol than was asked for",
            Self::Interim => "too many interim responses",
        }
    }

    /// What a client did wrong that sent it.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::Version => ErrorKind::UnsupportedVersion,
            Self::Line => ErrorKind::TargetTooLong,
            Self::Head => ErrorKind::HeadTooLarge,
            Self::Coding => ErrorKind::UnknownCoding,
            _ => ErrorKind::BadRequest,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

#[cfg(test)]
#[path = "head/tests.rs"]
mod tests;

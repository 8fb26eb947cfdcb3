//! Where an endpoint is: scheme, host and port, parsed once from a line of configuration.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;

/// Longest name, and longest part of one, that DNS can carry (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Scheme, host and port. Two entries with equal addresses are the same endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    pub(crate) port: u16,
    pub(crate) host: Host,
}

/// How an endpoint is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// What has to be resolved, or need not be. `Display` has no brackets around IPv6 addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    /// In lower case and in ASCII, international names as `xn--`.
    Name(String),
    Ip(IpAddr),
}

impl Address {
    /// Reads `backend`, `backend:8080`, `http://backend`, `https://[::1]:8443`: a scheme, without which it is
    /// `http`; a host; a port, without which it is the scheme's. A lone `/` at the end is let pass. Everything else
    /// that a URL can have is an error, and so is whatever would have to be reinterpreted to make sense
    /// (`0x7f.1`, `%61`, `a b`): configuration says what it means.
    pub(crate) fn parse(entry: &str) -> Result<Self, Error> {
        Self::check(entry)
            .map_err(|what| Error::config(what).within(format_args!("{:?}", loggable(entry))))
    }

    /// `host`, `host:port` or `[ipv6]:port`, as in a Host field: the scheme's own port is left out.
    pub(crate) fn authority(&self) -> String {
        let host = self.host.bracketed();
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// What is here is called that: without the final dot by which a name says that it is whole, for which only who resolves
    /// it has a use.
    pub(crate) fn name(&self) -> Self {
        let mut name = self.clone();
        if let Host::Name(host) = &mut name.host
            && host.ends_with('.')
        {
            host.pop();
        }
        name
    }

    /// What is here is called `authority`: a host, and a port unless it is the scheme's.
    pub(crate) fn called(&self, authority: &str) -> Result<Self, Error> {
        let name = Self::parse(&format!("{}://{authority}", self.scheme.as_str()))?;
        Ok(name.name())
    }

    fn check(entry: &str) -> Result<Self, String> {
        if entry.is_empty() {
            return Err("a host is empty".into());
        }
        // `url` would drop tabs and newlines in silence.
        if let Some(bad) = entry.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!("{bad:?} has no place in a host"));
        }
        // Not left to `url`: to it `backend:8080` is the scheme `backend`.
        let (scheme, rest) = match entry.split_once("://") {
            Some((scheme, rest)) => (Scheme::parse(scheme)?, rest),
            None => (Scheme::Http, entry),
        };
        if entry.contains('@') {
            return Err(
                "`@` has no place in a host; credentials go into an Authorization field".into(),
            );
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(at) = authority.find(['/', '?', '#', '\\']) {
            return Err(format!(
                "a host ends after its port, this has `{}`; paths and queries are set in the handler",
                &authority[at..]
            ));
        }
        let (host, port) = split_port(authority)?;
        Ok(Self {
            scheme,
            port: port.map_or(Ok(scheme.default_port()), parse_port)?,
            host: Host::parse(host)?,
        })
    }
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let known = [Self::Http, Self::Https];
        let named = |scheme: &Self| text.eq_ignore_ascii_case(scheme.as_str());
        let unknown = || format!("unknown scheme `{text}`; it is `http` or `https`");
        known.into_iter().find(named).ok_or_else(unknown)
    }
}

impl Host {
    /// As it stands in a URI: IPv6 addresses in brackets.
    pub(crate) fn bracketed(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Ip(IpAddr::V4(address)) => address.to_string(),
            Self::Ip(IpAddr::V6(address)) => format!("[{address}]"),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("the host name is missing".into());
        }
        let brackets = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        if let Some(inner) = brackets {
            let address: Ipv6Addr = inner
                .parse()
                .map_err(|_| format!("`{inner}` is not an IPv6 address"))?;
            return Ok(Self::Ip(address.into()));
        }
        // Before `url` can decode it, and of its result again: some characters are mapped to these.
        check_ascii(text)?;
        let parsed = url::Host::parse(text).map_err(|error| format!("`{text}`: {error}"))?;
        match parsed {
            url::Host::Ipv4(address) if text.parse::<Ipv4Addr>() == Ok(address) => {
                Ok(Self::Ip(address.into()))
            }
            url::Host::Ipv4(address) => Err(format!(
                "`{text}` is an odd way to write the address {address}"
            )),
            url::Host::Domain(name) => {
                if text.is_ascii() && !name.eq_ignore_ascii_case(text) {
                    return Err(format!("`{text}` is an odd way to write {name}"));
                }
                check_name(&name).map(|()| Self::Name(name))
            }
            url::Host::Ipv6(_) => Err("an IPv6 address needs brackets, as in `[::1]`".into()),
        }
    }
}

impl fmt::Display for Address {
    /// `http://host:port`, always with the port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.scheme.as_str(), self.host.bracketed());
        write!(f, "{scheme}://{host}:{}", self.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The entry without what may be a password.
fn loggable(entry: &str) -> Cow<'_, str> {
    match entry.rsplit_once('@') {
        Some((_, rest)) => Cow::Owned(format!("…@{rest}")),
        None => Cow::Borrowed(entry),
    }
}

/// `host` or `host:port`; the brackets of an IPv6 literal stay on.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    let end = if authority.starts_with('[') {
        authority.find(']').ok_or("`[` without `]`")? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, rest) = authority.split_at(end);
    if rest.is_empty() {
        return Ok((host, None));
    }
    match rest.strip_prefix(':') {
        Some(port) if port.contains(':') => {
            Err("more than one `:`; an IPv6 address needs brackets, as in `[::1]:8080`".into())
        }
        Some(port) => Ok((host, Some(port))),
        None => Err(format!("`{rest}` after `]`")),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(format!("`{text}` is not a port from 1 to 65535")),
    }
}

fn check_ascii(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match name.chars().find(|c| c.is_ascii() && !plain(*c)) {
        Some(bad) => Err(format!("`{bad}` has no place in a host name")),
        None => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    check_ascii(name)?;
    let labels = name.strip_suffix('.').unwrap_or(name);
    if labels.split('.').any(str::is_empty) {
        return Err(format!("`{name}` has an empty label"));
    }
    if labels.len() > MAX_NAME || labels.split('.').any(|label| label.len() > MAX_LABEL) {
        return Err(format!("`{name}` is longer than DNS allows"));
    }
    Ok(())
}

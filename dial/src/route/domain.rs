//! Which request hosts a route is for: `example.com`, `*.example.com`, or any.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::net::Ipv6Addr;
use std::ops::ControlFlow;

use crate::error::Error;

/// A name longer than this is no domain name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// A host that a route is for, in lower case and without a trailing dot. International names are in their ASCII
/// form, IPv6 literals in brackets and in the form of RFC 5952.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Domain {
    /// This host.
    Exactly(Box<str>),
    /// Every name with one or more labels before this one, but not this one itself.
    Under(Box<str>),
}

/// A value for each domain, and one for hosts of any kind.
#[derive(Debug, Default)]
pub(super) struct Domains<V> {
    exactly: HashMap<Box<str>, V>,
    under: HashMap<Box<str>, V>,
    any: V,
}

impl Domain {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::check(text)
            .map_err(|what| Error::config(what).within(format_args!("domain {text:?}")))
    }

    fn check(text: &str) -> Result<Self, &'static str> {
        let (name, wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.contains('*') {
            return Err("a wildcard is `*.` at the beginning, as in `*.example.com`");
        }
        if name.contains("://") || name.contains('/') {
            return Err("a domain is a host name, without scheme and path");
        }
        if name.starts_with('[') {
            let name = canonical_ipv6(name).ok_or("not an IPv6 literal such as `[::1]`")?;
            return if wildcard {
                Err("an address has no labels for a wildcard to cover")
            } else {
                Ok(Self::Exactly(name.into()))
            };
        }
        if name.contains(':') {
            return Err("a domain has no port; it matches every port");
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(|c| allowed(c) || !c.is_ascii()) {
            return Err("a host name consists of letters, digits, `-`, `_` and `.`");
        }
        let name = if name.is_ascii() {
            Cow::Borrowed(name)
        } else {
            match url::Host::parse(name) {
                // Some characters are mapped to others that are not allowed.
                Ok(url::Host::Domain(ascii)) if ascii.chars().all(allowed) => Cow::Owned(ascii),
                _ => return Err("not a valid international domain name"),
            }
        };
        let name = canonical_name(&name).ok_or("not a host name: too long, or an empty label")?;
        if wildcard {
            Ok(Self::Under(name.into()))
        } else {
            Ok(Self::Exactly(name.into()))
        }
    }
}

impl<V: Default> Domains<V> {
    pub(super) fn get(&self, domain: Option<&Domain>) -> Option<&V> {
        match domain {
            Some(Domain::Exactly(name)) => self.exactly.get(name),
            Some(Domain::Under(name)) => self.under.get(name),
            None => Some(&self.any),
        }
    }

    pub(super) fn get_or_default(&mut self, domain: Option<&Domain>) -> &mut V {
        match domain {
            Some(Domain::Exactly(name)) => self.exactly.entry(name.clone()).or_default(),
            Some(Domain::Under(name)) => self.under.entry(name.clone()).or_default(),
            None => &mut self.any,
        }
    }

    /// Whether there is more than the value for any host.
    pub(super) fn has_any_domain(&self) -> bool {
        !(self.exactly.is_empty() && self.under.is_empty())
    }

    /// Shows `visit` the values whose domain takes `host` (the Host field, with or without a port), until it
    /// breaks: the host itself first, then wildcards with the longest first, then the one for any host.
    ///
    /// A host that is missing or malformed has only the last.
    pub(super) fn walk<B>(
        &self,
        host: Option<&str>,
        mut visit: impl FnMut(&V) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if self.has_any_domain()
            && let Some(host) = host.and_then(canonical)
        {
            if let Some(value) = self.exactly.get(&*host) {
                visit(value)?;
            }
            // Names have at most 127 labels, and nobody's wildcard lies under an IPv6 literal.
            let mut left = &*host;
            while !self.under.is_empty()
                && let Some((_, suffix)) = left.split_once('.')
            {
                if let Some(value) = self.under.get(suffix) {
                    visit(value)?;
                }
                left = suffix;
            }
        }
        visit(&self.any)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(name) => f.write_str(name),
            Self::Under(name) => write!(f, "*.{name}"),
        }
    }
}

/// What a Host field (RFC 9110 §7.2) names, without its port and in the form domains are kept in.
fn canonical(host: &str) -> Option<Cow<'_, str>> {
    let end = if host.starts_with('[') {
        host.find(']')? + 1
    } else {
        host.find(':').unwrap_or(host.len())
    };
    let (name, rest) = host.split_at(end);
    let port = if rest.is_empty() {
        rest
    } else {
        rest.strip_prefix(':')?
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if name.starts_with('[') {
        canonical_ipv6(name).map(Cow::Owned)
    } else {
        canonical_name(name)
    }
}

/// In lower case and without a trailing dot. Allocates only for upper case.
fn canonical_name(name: &str) -> Option<Cow<'_, str>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > MAX_NAME || name.split('.').any(str::is_empty) {
        return None;
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some(Cow::Owned(name.to_ascii_lowercase()))
    } else {
        Some(Cow::Borrowed(name))
    }
}

fn canonical_ipv6(literal: &str) -> Option<String> {
    let address = literal.strip_prefix('[')?.strip_suffix(']')?;
    let address: Ipv6Addr = address.parse().ok()?;
    Some(format!("[{address}]"))
}

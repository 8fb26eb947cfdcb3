//! The grammar of a route's path: `/a/{id}/b`, `/files/{*rest}`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;

/// A route may have this many parameters; their positions are kept inline, without an allocation per request.
pub(super) const MAX_PARAMS: usize = 16;

/// A route may have this many segments. It bounds the recursion of a lookup.
const MAX_SEGMENTS: usize = 128;

/// A parsed path pattern. Cannot be wrong: whatever [`Pattern::parse`] lets through can be matched.
///
/// - `/` and `/a/b` match themselves, byte for byte. A trailing slash counts: `/a/` is not `/a`.
/// - `{id}` matches one whole segment, never an empty one.
/// - `{*rest}`, only at the end, matches whatever is left, which may be nothing: `/files/{*rest}` matches
///   `/files`, `/files/` and `/files/a/b`.
///
/// Static segments consist of the characters of RFC 3986 §3.3, percent-encoded where need be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: Box<str>,
    segments: Vec<Segment>,
    names: Vec<Box<str>>,
}

/// One segment of a pattern. A trailing slash is an empty static segment at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Static(Box<str>),
    Param,
    Rest,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::check(text).map_err(|what| Error::config(what).within(format_args!("path {text:?}")))
    }

    /// The pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the parameters, in the order of the path.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// The segments. Two patterns with equal segments match the same paths, whatever their parameters are called.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn check(text: &str) -> Result<Self, String> {
        if let Some(mark) = text.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(format!(
                "a path ends before `{mark}`; queries and fragments take no part in routing"
            ));
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a path begins with `/`".into());
        };
        let mut segments = Vec::new();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut left = rest.split('/').peekable();
        while let Some(raw) = left.next() {
            let (segment, name) = parse_segment(raw, left.peek().is_none())?;
            segments.push(segment);
            if let Some(name) = name {
                if names.iter().any(|known| **known == *name) {
                    return Err(format!("the parameter `{name}` appears twice"));
                }
                names.push(name.into());
            }
        }
        if names.len() > MAX_PARAMS {
            return Err(format!("more than {MAX_PARAMS} parameters"));
        }
        if segments.len() > MAX_SEGMENTS {
            return Err(format!("more than {MAX_SEGMENTS} segments"));
        }
        Ok(Self {
            text: text.into(),
            segments,
            names,
        })
    }
}

fn parse_segment(raw: &str, last: bool) -> Result<(Segment, Option<&str>), String> {
    if raw.contains(['{', '}']) {
        return parse_param(raw, last);
    }
    if raw.is_empty() && !last {
        return Err("an empty segment (`//`) matches no sensible request".into());
    }
    if let Some(hint) = foreign_syntax(raw) {
        return Err(hint);
    }
    if is_dot_segment(raw) {
        return Err(format!(
            "the dot segment `{raw}` is no name: clients resolve it before they send (RFC 3986 §5.2.4)"
        ));
    }
    check_encoding(raw)?;
    Ok((Segment::Static(raw.into()), None))
}

fn parse_param(raw: &str, last: bool) -> Result<(Segment, Option<&str>), String> {
    let inner = raw
        .strip_prefix('{')
        .and_then(|raw| raw.strip_suffix('}'))
        .filter(|inner| !inner.contains(['{', '}']));
    let Some(inner) = inner else {
        return Err(format!(
            "a parameter is a whole segment, as in `/{{id}}/`; `{raw}` is not"
        ));
    };
    let (segment, name) = match inner.strip_prefix('*') {
        Some(name) => (Segment::Rest, name),
        None => (Segment::Param, inner),
    };
    if let Some(name) = name.strip_suffix("...").filter(|name| is_identifier(name)) {
        return Err(format!("a catch-all is written `{{*{name}}}`, not `{raw}`"));
    }
    if !is_identifier(name) {
        return Err(format!("`{name}` in `{raw}` is not an identifier"));
    }
    if segment == Segment::Rest && !last {
        return Err(format!("the catch-all `{raw}` is not the last segment"));
    }
    Ok((segment, Some(name)))
}

/// Recognises the parameters of other routers.
fn foreign_syntax(raw: &str) -> Option<String> {
    let word = |name: &str| is_identifier(name).then(|| name.to_owned());
    if let Some(name) = raw.strip_prefix(':') {
        let name = word(name).unwrap_or_else(|| "id".into());
        return Some(format!("a parameter is written `{{{name}}}`, not `{raw}`"));
    }
    if let Some(name) = raw.strip_prefix('*') {
        let name = word(name).unwrap_or_else(|| "rest".into());
        return Some(format!("a catch-all is written `{{*{name}}}`, not `{raw}`"));
    }
    let inner = raw.strip_prefix('<')?.strip_suffix('>')?;
    if let Some(name) = inner.strip_suffix("..") {
        let name = word(name).unwrap_or_else(|| "rest".into());
        return Some(format!("a catch-all is written `{{*{name}}}`, not `{raw}`"));
    }
    let name = word(inner).unwrap_or_else(|| "id".into());
    Some(format!("a parameter is written `{{{name}}}`, not `{raw}`"))
}

/// Checks a static segment against `pchar` of RFC 3986 §3.3.
fn check_encoding(raw: &str) -> Result<(), String> {
    let mut left = raw.chars();
    while let Some(c) = left.next() {
        if c == '%' {
            let mut digit = || left.next().is_some_and(|c| c.is_ascii_hexdigit());
            if !(digit() && digit()) {
                return Err(format!(
                    "`%` in `{raw}` is not followed by two hexadecimal digits; a literal one is `%25`"
                ));
            }
        } else if !(c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c)) {
            let text = c.to_string();
            let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC);
            return Err(format!("{c:?} is written percent-encoded, `{encoded}`"));
        }
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    let mut left = name.chars();
    name != "_"
        && left.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && left.all(|c| c == '_' || c.is_alphanumeric())
}

fn is_dot_segment(raw: &str) -> bool {
    raw.len() <= "%2e%2e".len()
        && matches!(&*raw.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

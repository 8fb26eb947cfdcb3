//! Where a request goes: its path, its query, and an origin of its own when a full URL was given.
//!
//! The client's path and query are never parsed or re-encoded: what is not touched is sent byte for byte. Paths
//! never go through `url`, which would collapse `%2e%2e` and turn `\` into `/`.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;

use crate::error::{Error, ErrorKind};
use crate::upstream::Address;

/// The longest path and query that is ever built, in bytes; what `http::Uri` can hold.
const MAX_LEN: usize = u16::MAX as usize - 1;

/// Edits to a request's target. `None` everywhere means: as the client sent it.
#[derive(Debug, Default)]
pub(crate) struct Target {
    origin: Option<Arc<Address>>,
    path: Option<String>,
    /// The query that a rewrite brought; it goes before the client's.
    rewrite_query: Option<String>,
    query: Query,
}

/// The client's part of the query.
#[derive(Debug, Default)]
enum Query {
    #[default]
    Untouched,
    Edited(String),
    Removed,
}

impl Target {
    /// The path as it will be sent.
    pub(crate) fn path<'a>(&'a self, original: &'a Uri) -> &'a str {
        self.path
            .as_deref()
            .unwrap_or_else(|| original_path(original))
    }

    /// The query as it will be sent, without the `?`.
    pub(crate) fn query(&self, original: &Uri) -> Option<String> {
        match (&self.rewrite_query, self.client_query(original)) {
            (None, None) => None,
            (Some(only), None | Some("")) => Some(only.clone()),
            (None, Some(only)) => Some(only.to_owned()),
            (Some(first), Some(second)) if first.is_empty() => Some(second.to_owned()),
            (Some(first), Some(second)) => Some(format!("{first}&{second}")),
        }
    }

    pub(crate) fn origin(&self) -> Option<&Arc<Address>> {
        self.origin.as_ref()
    }

    /// A path (a leading `/` is added), a path and query, or a full URL.
    pub(crate) fn rewrite(&mut self, uri: &str) -> Result<(), Error> {
        let (origin, rest) = match split_url(uri) {
            Some((origin, rest)) => (Some(Arc::new(parse_origin(origin)?)), rest),
            None => (None, uri),
        };
        self.rewrite_rest(rest)?;
        self.origin = origin;
        Ok(())
    }

    fn rewrite_rest(&mut self, rest: &str) -> Result<(), Error> {
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let path = checked_path(path)?;
        let query = query.map(checked_query).transpose()?;
        self.path = Some(path);
        self.rewrite_query = query;
        Ok(())
    }

    pub(crate) fn set_path(&mut self, path: &str) -> Result<(), Error> {
        self.path = Some(checked_path(path)?);
        Ok(())
    }

    /// Removes `prefix` where it ends at a segment boundary; otherwise does nothing.
    pub(crate) fn strip_prefix(&mut self, original: &Uri, prefix: &str) {
        let prefix = prefix.trim_end_matches('/');
        let Some(rest) = self.path(original).strip_prefix(prefix) else {
            return;
        };
        if rest.is_empty() {
            self.path = Some("/".to_owned());
        } else if rest.starts_with('/') {
            self.path = Some(rest.to_owned());
        }
    }

    pub(crate) fn prefix_path(&mut self, original: &Uri, prefix: &str) -> Result<(), Error> {
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            let mut path = checked_path(prefix)?;
            path.push_str(match self.path(original) {
                // `OPTIONS *` is about no path; behind a prefix it is about the root.
                "*" => "/",
                whole => whole,
            });
            self.path = Some(path);
        }
        Ok(())
    }

    /// Fills the `{name}`s of `template` with path parameters as the client sent them.
    pub(crate) fn rewrite_path<'a>(
        &mut self,
        template: &str,
        param: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<(), Error> {
        let mut path = String::with_capacity(template.len() + 16);
        let mut rest = template;
        while let Some((before, after)) = cut(rest, b'{') {
            let (name, after) = cut(after, b'}')
                .ok_or_else(|| handler(format!("{}: `{{` without `}}`", quoted(template))))?;
            let (name, one_segment) = match name.strip_prefix('*') {
                Some(name) => (name, false),
                None => (name, true),
            };
            let value = param(name).ok_or_else(|| {
                handler(format!(
                    "{}: the route has no path parameter `{name}`",
                    quoted(template)
                ))
            })?;
            path.push_str(before);
            push_param(&mut path, name, value, one_segment)?;
            rest = after;
        }
        path.push_str(rest);
        // Nor together with the text around them, or with one another.
        let dots = dot_segments(&path);
        if dots > 0 && dots > dot_segments(template) {
            return Err(Error::new(
                ErrorKind::BadRequest,
                format!("path parameters make a dot segment of {}", quoted(template)),
            ));
        }
        self.path = Some(checked_path(path)?);
        Ok(())
    }

    /// Replaces the whole query; an empty one removes it.
    pub(crate) fn set_query(&mut self, query: &str) -> Result<(), Error> {
        let query = checked_query(query.strip_prefix('?').unwrap_or(query))?;
        self.rewrite_query = None;
        self.query = Query::edited(query);
        Ok(())
    }

    /// Appends `name=value`, encoded, after everything else.
    pub(crate) fn append_query(&mut self, original: &Uri, name: &str, value: &str) {
        let mut query = self.client_query(original).unwrap_or("").to_owned();
        if !query.is_empty() && !query.ends_with('&') {
            query.push('&');
        }
        query.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
        query.push('=');
        query.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        self.query = Query::Edited(query);
    }

    /// Removes every pair called `name`; the others stay byte for byte.
    pub(crate) fn remove_query(&mut self, original: &Uri, name: &str) {
        if let Some(left) = self
            .client_query(original)
            .and_then(|query| without(query, name))
        {
            self.query = Query::edited(left);
        }
        if let Some(left) = self
            .rewrite_query
            .as_deref()
            .and_then(|query| without(query, name))
        {
            self.rewrite_query = (!left.is_empty()).then_some(left);
        }
    }

    /// The path and query to send; none when nothing was edited.
    pub(crate) fn path_and_query(&self, original: &Uri) -> Result<Option<PathAndQuery>, Error> {
        // `*` is about the server as a whole (RFC 9112 §3.2.4): it has no query that could be edited.
        if self.is_untouched() || self.path.is_none() && original.path() == "*" {
            return Ok(None);
        }
        let mut out = self.path(original).to_owned();
        if let Some(query) = self.query(original) {
            out.push('?');
            out.push_str(&query);
        }
        if out.len() > MAX_LEN {
            return Err(handler(format!(
                "the rewritten URI is longer than {MAX_LEN} bytes"
            )));
        }
        PathAndQuery::from_maybe_shared(Bytes::from(out))
            .map(Some)
            .map_err(|source| handler("the rewritten URI is invalid").with_source(source))
    }

    fn client_query<'a>(&'a self, original: &'a Uri) -> Option<&'a str> {
        match &self.query {
            Query::Untouched => original.query(),
            Query::Edited(query) => Some(query),
            Query::Removed => None,
        }
    }

    fn is_untouched(&self) -> bool {
        self.path.is_none()
            && self.rewrite_query.is_none()
            && matches!(self.query, Query::Untouched)
    }
}

impl Query {
    fn edited(query: String) -> Self {
        match query.is_empty() {
            true => Self::Removed,
            false => Self::Edited(query),
        }
    }
}

fn original_path(uri: &Uri) -> &str {
    match uri.path() {
        "" => "/",
        path => path,
    }
}

/// Splits `https://host:1/path` before the path. Anything that does not begin with a scheme and `://` is a path:
/// so is `//host`, which must not leave the balancer.
fn split_url(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(uri.split_at(scheme.len() + "://".len() + end))
}

fn parse_origin(origin: &str) -> Result<Address, Error> {
    Address::parse(origin).map_err(|error| handler("the URL cannot be sent to").with_source(error))
}

/// A path that can stand in a request line: a leading `/`, visible ASCII, no `?` and no `#`.
fn checked_path(path: impl Into<String>) -> Result<String, Error> {
    let mut path = path.into();
    let stray = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#');
    if let Some(byte) = path.bytes().find(|byte| stray(*byte)) {
        return Err(handler(format!(
            "path {} has a byte that must be percent-encoded (%{byte:02X})",
            quoted(&path)
        )));
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    Ok(path)
}

fn checked_query(query: &str) -> Result<String, Error> {
    match query
        .bytes()
        .find(|byte| !byte.is_ascii_graphic() || *byte == b'#')
    {
        None => Ok(query.to_owned()),
        Some(byte) => Err(handler(format!(
            "query {} has a byte that must be percent-encoded (%{byte:02X})",
            quoted(query)
        ))),
    }
}

/// Splits at the first `byte`, which is ASCII. Templates are too short for what `str::split_once` prepares.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Puts a parameter into a path. It is already encoded; what could change the meaning of the path around it (a
/// dot segment) is the client's fault.
fn push_param(path: &mut String, name: &str, value: &str, one_segment: bool) -> Result<(), Error> {
    if dot_segments(value) > 0 {
        return Err(Error::new(
            ErrorKind::BadRequest,
            format!("path parameter `{name}` is a dot segment"),
        ));
    }
    for byte in value.bytes() {
        if byte == b'/' && one_segment {
            path.push_str("%2F");
        } else if byte.is_ascii_graphic() {
            path.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    Ok(())
}

/// How many segments of a path lead elsewhere, encoded or not (RFC 3986 §5.2.4).
fn dot_segments(path: &str) -> usize {
    // Mostly there is nothing to look at.
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%')) {
        return 0;
    }
    let dot = |segment: &[u8]| match segment {
        [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest.len()),
        _ => None,
    };
    let is_dots = |segment: &&[u8]| match dot(segment) {
        None => false,
        Some(0) => true,
        Some(left) => dot(&segment[segment.len() - left..]) == Some(0),
    };
    path.as_bytes()
        .split(|byte| *byte == b'/')
        .filter(is_dots)
        .count()
}

/// The query without the pairs called `name`, or `None` when there is none of them.
fn without(query: &str, name: &str) -> Option<String> {
    let is_named = |pair: &&str| {
        url::form_urlencoded::parse(pair.as_bytes())
            .next()
            .is_some_and(|(key, _)| key == name)
    };
    query.split('&').any(|pair| is_named(&pair)).then(|| {
        let left: Vec<_> = query.split('&').filter(|pair| !is_named(pair)).collect();
        left.join("&")
    })
}

fn handler(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Handler, what)
}

fn quoted(text: &str) -> String {
    format!("`{}`", text.escape_debug())
}

#[cfg(test)]
#[path = "target/tests.rs"]
mod tests;

//! Where a request goes: the rewriting methods of `ModifiableRequest` against a model of what they promise.
//!
//! ```text
//! /users/7?page=2
//! =id 7
//! t /v2/{id}
//! a sort up
//! ```
//! The client's target, path parameters (`=`), and edits: `u` rewrites the URI, `p` sets the path, `-` strips a prefix, `+`
//! adds one, `t` fills a template, `q` sets the query, `a` appends to it, `d` removes from it.

use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::strict;
use crate::error::{Error, ErrorKind};
use crate::h1::{HeadLimits, RequestHead};
use crate::handler::{ModifiableRequest, Outbound};
use crate::upstream::Address;

/// Edits.
const MOST: usize = 32;

/// Any bytes, as text of the form above.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let Some(incoming) = lines.next().and_then(received) else {
        return;
    };
    let lines: Vec<_> = lines.take(MOST).collect();
    let params: Vec<_> = lines
        .iter()
        .filter_map(|line| pair(line.strip_prefix('=')?))
        .filter(|(name, _)| name.chars().all(|c| c == '_' || c.is_alphanumeric()))
        .collect();
    let mut builder = ModifiableRequest::builder().uri(incoming.as_str());
    for (name, value) in &params {
        builder = builder.param(*name, *value);
    }
    let mut request = builder.build();
    let mut model = Model::new(&incoming);
    for line in &lines {
        if let Some(edit) = Edit::read(line) {
            edit.apply(&mut request);
            // After a fault the request is never sent.
            if !model.fault {
                edit.model(&mut model, &params);
            }
            let path = request.path();
            assert!(path.starts_with('/') || path == "*", "{path} after {line}");
        }
    }
    match request.build() {
        Ok(outbound) => check(&outbound, &model, &incoming),
        Err(error) => check_error(&error, &model),
    }
}

/// What a client may send, as `RequestHead` lets it pass.
fn received(line: &str) -> Option<PathAndQuery> {
    let head = format!("OPTIONS {line} HTTP/1.1\r\nHost: a\r\n\r\n");
    let (head, _) = RequestHead::parse(head.as_bytes(), &LIMITS).ok()??;
    head.uri.into_parts().path_and_query
}

const LIMITS: HeadLimits = HeadLimits {
    line: 1 << 20,
    bytes: 1 << 21,
    fields: 4,
};

fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ')
}

enum Edit<'a> {
    Rewrite(&'a str),
    Path(&'a str),
    Strip(&'a str),
    Prefix(&'a str),
    Template(&'a str),
    Query(&'a str),
    Append(&'a str, &'a str),
    Remove(&'a str),
}

impl<'a> Edit<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let kind = line.chars().next()?;
        let rest = &line[kind.len_utf8()..];
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        Some(match kind {
            'u' => Self::Rewrite(rest),
            'p' => Self::Path(rest),
            '-' => Self::Strip(rest),
            '+' => Self::Prefix(rest),
            't' => Self::Template(rest),
            'q' => Self::Query(rest),
            'a' => pair(rest).map(|(name, value)| Self::Append(name, value))?,
            'd' => Self::Remove(rest),
            _ => return None,
        })
    }

    fn apply(&self, request: &mut ModifiableRequest) {
        match *self {
            Self::Rewrite(uri) => request.rewrite_uri(uri),
            Self::Path(path) => request.set_path(path),
            Self::Strip(prefix) => request.strip_prefix(prefix),
            Self::Prefix(prefix) => request.prefix_path(prefix),
            Self::Template(template) => request.rewrite_path(template),
            Self::Query(query) => request.set_query(query),
            Self::Append(name, value) => request.append_query(name, value),
            Self::Remove(name) => request.remove_query(name),
        };
    }

    fn model(&self, model: &mut Model, params: &[(&str, &str)]) {
        model.touched = true;
        let done = match *self {
            Self::Rewrite(uri) => model.rewrite(uri),
            Self::Path(path) => model.set_path(path),
            Self::Strip(prefix) => {
                model.strip(prefix.trim_end_matches('/'));
                Some(())
            }
            Self::Prefix(prefix) => match prefix.trim_end_matches('/') {
                "" => Some(()),
                prefix => {
                    let path = std::mem::take(&mut model.path);
                    // The asterisk is no path, so behind a prefix it is the root.
                    let path = if path == "*" { "/".to_owned() } else { path };
                    let done = model.set_path(prefix);
                    model.path.push_str(&path);
                    done
                }
            },
            Self::Template(template) => {
                filled(template, params).and_then(|path| model.set_path(&path))
            }
            Self::Query(query) => model.set_query(query.strip_prefix('?').unwrap_or(query)),
            Self::Append(name, value) => {
                model.append(name, value);
                Some(())
            }
            Self::Remove(name) => {
                model.remove(name);
                Some(())
            }
        };
        model.fault |= done.is_none();
    }
}

/// What will be sent, by what the methods' documentation says. Each returns `None` for a fault.
struct Model {
    away: Option<String>,
    path: String,
    brought: Option<String>,
    client: Option<String>,
    /// Whether the client's own pairs may be gone.
    query_cut: bool,
    touched: bool,
    fault: bool,
}

impl Model {
    fn new(incoming: &PathAndQuery) -> Self {
        Self {
            away: None,
            path: incoming.path().to_owned(),
            brought: None,
            client: incoming.query().map(str::to_owned),
            query_cut: false,
            touched: false,
            fault: false,
        }
    }

    fn rewrite(&mut self, uri: &str) -> Option<()> {
        let (away, rest) = match uri.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let address = Address::parse(&format!("{scheme}://{}", &rest[..end])).ok()?;
                (Some(address.to_string()), &rest[end..])
            }
            _ => (None, uri),
        };
        let rest = rest.split('#').next()?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if query.is_some_and(|query| !is_query(query)) {
            return None;
        }
        self.set_path(path)?;
        self.brought = query.map(str::to_owned);
        self.away = away;
        Some(())
    }

    fn set_path(&mut self, path: &str) -> Option<()> {
        if !is_query(path) || path.contains('?') {
            return None;
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.path = format!("{slash}{path}");
        Some(())
    }

    fn strip(&mut self, prefix: &str) {
        match self.path.strip_prefix(prefix) {
            Some("") => "/".clone_into(&mut self.path),
            Some(rest) if rest.starts_with('/') => self.path = rest.to_owned(),
            _ => {}
        }
    }

    fn set_query(&mut self, query: &str) -> Option<()> {
        if !is_query(query) {
            return None;
        }
        self.query_cut = true;
        self.brought = None;
        self.client = Some(query.to_owned()).filter(|query| !query.is_empty());
        Some(())
    }

    fn append(&mut self, name: &str, value: &str) {
        let mut query = self.client.take().unwrap_or_default();
        if !query.is_empty() && !query.ends_with('&') {
            query.push('&');
        }
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        self.client = Some(format!("{query}{}={}", encode(name), encode(value)));
    }

    fn remove(&mut self, name: &str) {
        for query in [&mut self.client, &mut self.brought] {
            let Some(text) = query else { continue };
            let named = |pair: &&str| {
                let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
                pairs.next().is_some_and(|(known, _)| known == name)
            };
            let left: Vec<_> = text.split('&').filter(|pair| !named(pair)).collect();
            if left.len() < text.split('&').count() {
                self.query_cut = true;
                *query = Some(left.join("&")).filter(|left| !left.is_empty());
            }
        }
    }

    /// The query that was brought, then the client's.
    fn sent(&self) -> String {
        let parts = [&self.brought, &self.client];
        if self.path == "*" {
            return self.path.clone();
        }
        if parts.iter().all(|part| part.is_none()) {
            return self.path.clone();
        }
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        format!(
            "{}?{}",
            self.path,
            parts.cloned().collect::<Vec<_>>().join("&")
        )
    }
}

/// A template with its parameters; each stays what it was: part of one segment, or whole segments that lead down.
fn filled(template: &str, params: &[(&str, &str)]) -> Option<String> {
    let (mut path, mut plain, mut rest) = (String::new(), String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        rest = after;
        let (name, slash) = match name.strip_prefix('*') {
            Some(name) => (name, "/"),
            None => (name, "%2F"),
        };
        let (_, value) = params.iter().find(|(known, _)| *known == name)?;
        if value.split('/').any(is_dots) {
            return None;
        }
        path.push_str(before);
        plain.push_str(before);
        plain.push('x');
        for byte in value.bytes() {
            match byte {
                b'/' => path.push_str(slash),
                byte if byte.is_ascii_graphic() => path.push(char::from(byte)),
                byte => path.extend(["%".to_owned(), format!("{byte:02X}")]),
            }
        }
    }
    let dots = |path: &str| path.split('/').filter(|segment| is_dots(segment)).count();
    let (path, plain) = (path + rest, plain + rest);
    // Only the template itself may lead elsewhere.
    (dots(&path) == dots(&plain)).then_some(path)
}

fn is_dots(segment: &str) -> bool {
    matches!(
        &*segment.to_ascii_lowercase().replace("%2e", "."),
        "." | ".."
    )
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn is_query(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

fn check(outbound: &Outbound, model: &Model, incoming: &PathAndQuery) {
    assert!(!model.fault, "a fault is forgotten: {outbound:?}");
    let sent = outbound.draft.path_and_query().as_str();
    let expected = if model.touched {
        model.sent()
    } else {
        incoming.to_string()
    };
    assert_eq!(sent, expected);
    let origin = outbound.draft.target.origin().map(ToString::to_string);
    assert_eq!(origin, model.away, "only a full URL leaves the balancer");
    assert!(
        Uri::from(outbound.draft.path_and_query().clone())
            .authority()
            .is_none()
    );

    assert!(sent.starts_with('/') || sent == "*", "{sent} is no target");
    assert!(
        !sent
            .bytes()
            .any(|byte| byte <= b' ' || matches!(byte, 0x7f | b'#')),
        "{sent:?}"
    );
    let method = if sent == "*" {
        Method::OPTIONS
    } else {
        Method::GET
    };
    let line = format!("{method} {sent} HTTP/1.1\r\nHost: a\r\n\r\n");
    let known = strict::request(line.as_bytes()).expect("a request line");
    assert_eq!(known.target, sent.as_bytes());
    let (head, _) = RequestHead::parse(line.as_bytes(), &LIMITS)
        .expect("dial reads what it sends")
        .expect("a whole head");
    assert_eq!(
        head.uri.path_and_query(),
        Some(outbound.draft.path_and_query())
    );
    if let (Some(query), false) = (incoming.query(), model.query_cut) {
        let (_, after) = sent.split_once('?').expect("the client's query is kept");
        assert!(
            format!("&{after}&").contains(&format!("&{query}")),
            "{sent} lost {query}"
        );
    }
}

fn check_error(error: &Error, model: &Model) {
    assert!(
        matches!(error.kind(), ErrorKind::Handler | ErrorKind::BadRequest),
        "{error}"
    );
    // Beside faults: what no URI holds, though a request line could.
    let odd = |byte: u8| !byte.is_ascii() || b"<>`\"{}|\\^".contains(&byte);
    assert!(
        model.fault || model.sent().bytes().any(odd),
        "{error} for {}",
        model.sent()
    );
}

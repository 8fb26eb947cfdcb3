//! Routes: a table against a matcher that looks at every route and knows no tree.
//!
//! ```text
//! GET,PUT a.com,*.b.com /users/{id}
//! - - /files/{*rest}
//!
//! GET a.com:80 /users/7
//! ```
//! Routes are methods, domains and a pattern, `-` being none; requests are a method, a host and a path.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::Arc;

use http::Method;

use crate::handler::ModifiableRequest;
use crate::route::{Domain, EVERY_METHOD, Lookup, Pattern, Route, RouteTable};

/// Routes, and requests.
const MOST: usize = 16;

/// Any bytes, as text of the form above.
pub fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (routes, requests) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut table = RouteTable::new();
    let mut known: Vec<Known> = Vec::new();
    for line in routes.lines().take(MOST) {
        let Some(route) = Known::read(line) else {
            continue;
        };
        let fresh = !route.repeats_itself() && !known.iter().any(|other| other.is_like(&route));
        let inserted = table.insert(route.route(known.len()));
        assert_eq!(inserted.is_ok(), fresh, "{line}: {inserted:?}");
        check_own_path(&route);
        if fresh {
            known.push(route);
        }
    }
    for line in requests.lines().take(MOST) {
        let mut words = line.splitn(3, ' ');
        let (Some(method), Some(host), Some(path)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(method) = method.parse() else { continue };
        let host = Some(host).filter(|host| *host != "-");
        let found = found(&table, host, &method, path);
        assert_eq!(found, naive(&known, host, method.as_str(), path), "{line}");
        check_params(&found, path);
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Found(usize, Vec<(String, String)>),
    MethodNotAllowed(String),
    NotFound,
}

fn found(table: &RouteTable<usize>, host: Option<&str>, method: &Method, path: &str) -> Outcome {
    match table.find(host, method, path) {
        Lookup::Found(id, params) => {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            Outcome::Found(*id, params.iter(path).map(owned).collect())
        }
        Lookup::MethodNotAllowed(allow) => Outcome::MethodNotAllowed(allow),
        Lookup::NotFound => Outcome::NotFound,
    }
}

/// A route as it was written.
struct Known {
    pattern: Arc<Pattern>,
    domains: Vec<Domain>,
    methods: Vec<Method>,
}

impl Known {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let list = |words: &str| match words {
            "-" => Vec::new(),
            words => words.split(',').map(str::to_owned).collect(),
        };
        let (methods, domains) = (list(words.next()?), list(words.next()?));
        Some(Self {
            methods: methods
                .iter()
                .map(|method| method.parse().ok())
                .collect::<Option<_>>()?,
            domains: domains
                .iter()
                .map(|name| Domain::parse(name).ok())
                .collect::<Option<_>>()?,
            pattern: Arc::new(Pattern::parse(words.next()?).ok()?),
        })
    }

    fn route(&self, id: usize) -> Route<usize> {
        Route {
            pattern: Arc::clone(&self.pattern),
            domains: self.domains.clone(),
            methods: self.methods.clone(),
            declared: format!("line {id}"),
            value: id,
        }
    }

    fn repeats_itself(&self) -> bool {
        let domains: BTreeSet<_> = self.domains.iter().collect();
        let methods: BTreeSet<_> = self.methods.iter().map(Method::as_str).collect();
        domains.len() < self.domains.len() || methods.len() < self.methods.len()
    }

    fn is_like(&self, other: &Self) -> bool {
        let domains = self.domains.is_empty() && other.domains.is_empty()
            || self
                .domains
                .iter()
                .any(|domain| other.domains.contains(domain));
        let connect = |methods: &[Method]| *methods == [Method::CONNECT];
        let methods = match (self.methods.is_empty(), other.methods.is_empty()) {
            (true, true) => true,
            (true, false) => !connect(&other.methods),
            (false, true) => !connect(&self.methods),
            (false, false) => self
                .methods
                .iter()
                .any(|method| other.methods.contains(method)),
        };
        domains && methods && shape(self.pattern.as_str()) == shape(other.pattern.as_str())
    }
}

/// The pattern without the names of its parameters.
fn shape(pattern: &str) -> Vec<&str> {
    let segment = |part| match part {
        part if str::starts_with(part, "{*") => "{*",
        part if str::starts_with(part, '{') => "{",
        part => part,
    };
    pattern.split('/').map(segment).collect()
}

/// A pattern matches what it is filled to.
fn check_own_path(route: &Known) {
    let pattern = route.pattern.as_str();
    let mut params = Vec::new();
    let parts = pattern.split('/').map(|part| {
        let Some(name) = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        else {
            return part.to_owned();
        };
        let value = if name.starts_with('*') {
            "x/%2F//y"
        } else {
            "v%20%"
        };
        params.push((name.trim_start_matches('*').to_owned(), value.to_owned()));
        value.to_owned()
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let mut table = RouteTable::new();
    let alone = Route {
        domains: Vec::new(),
        methods: Vec::new(),
        ..route.route(0)
    };
    table.insert(alone).expect("one route alone");
    let found = found(&table, None, &Method::GET, &path);
    assert_eq!(found, Outcome::Found(0, params), "{pattern} for {path}");
}

/// The value a handler gets is the decoded one, if it is text.
fn check_params(found: &Outcome, path: &str) {
    let Outcome::Found(_, params) = found else {
        return;
    };
    for (name, value) in params {
        assert!(path.contains(value.as_str()));
        let request = ModifiableRequest::builder().param(name, value).build();
        let given = crate::handler::param::<String>(&request, name).ok();
        assert_eq!(given, String::from_utf8(decoded(value)).ok(), "{value}");
    }
}

fn decoded(value: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), value.as_bytes());
    while let [byte, after @ ..] = rest {
        rest = after;
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        let pair = match (byte, after) {
            (b'%', [a, b, ..]) => hex(a).zip(hex(b)),
            _ => None,
        };
        match pair.and_then(|(a, b)| u8::try_from(a * 16 + b).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => out.push(*byte),
        }
    }
    out
}

fn naive(routes: &[Known], host: Option<&str>, method: &str, path: &str) -> Outcome {
    let mut best = None;
    let mut allowed = BTreeSet::new();
    for (id, route) in routes.iter().enumerate() {
        let Some(rank) = naive_domain(&route.domains, host) else {
            continue;
        };
        let Some((order, params)) = naive_path(route.pattern.as_str(), path) else {
            continue;
        };
        // All but CONNECT, which has to be asked for.
        let takes = |method: &str| match &*route.methods {
            [] => method != "CONNECT",
            listed => listed.iter().any(|known| known.as_str() == method),
        };
        if route.methods.is_empty() {
            allowed.extend(EVERY_METHOD);
        }
        allowed.extend(route.methods.iter().map(Method::as_str));
        if route.methods.contains(&Method::GET) {
            allowed.insert("HEAD");
        }
        // GET, for HEAD.
        let stand_in = !takes(method);
        if stand_in && (method != "HEAD" || !takes("GET")) {
            continue;
        }
        let candidate = ((rank, order, stand_in), id, params);
        if best.as_ref().is_none_or(|known| candidate < *known) {
            best = Some(candidate);
        }
    }
    match best {
        Some((_, id, params)) => Outcome::Found(id, params),
        None if allowed.is_empty() => Outcome::NotFound,
        None => Outcome::MethodNotAllowed(Vec::from_iter(allowed).join(", ")),
    }
}

/// How well the best of the domains fits; less is better.
fn naive_domain(domains: &[Domain], host: Option<&str>) -> Option<(u8, Reverse<usize>)> {
    if domains.is_empty() {
        return Some((2, Reverse(0)));
    }
    let host = naive_host(host?)?;
    let fits = domains.iter().filter_map(|domain| {
        let domain = domain.to_string();
        match domain.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix).then_some((1, Reverse(suffix.len()))),
            None => (domain == host).then_some((0, Reverse(0))),
        }
    });
    fits.min()
}

/// A host without its port, in the form of a [`Domain`]; `None` if it is none.
fn naive_host(host: &str) -> Option<String> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => port
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(name)?,
        _ => host,
    };
    if let Some(inner) = name.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_name = name.len() <= 253 && !name.split('.').any(str::is_empty) && !name.contains(':');
    is_name.then_some(name)
}

type Naive = (Vec<u8>, Vec<(String, String)>);

/// The kinds of the segments, in which less is better, and the parameters.
fn naive_path(pattern: &str, path: &str) -> Option<Naive> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let (mut order, mut params) = (Vec::new(), Vec::new());
    let parts = pattern.split('/').skip(1).collect::<Vec<_>>();
    for (at, part) in parts.iter().enumerate() {
        let name = part.trim_matches(['{', '*', '}']).to_owned();
        if part.starts_with("{*") {
            order.push(2);
            params.push((name, segments.get(at..)?.join("/")));
            return Some((order, params));
        }
        let segment = *segments.get(at)?;
        if part.starts_with('{') && !segment.is_empty() {
            order.push(1);
            params.push((name, segment.to_owned()));
        } else if *part == segment {
            order.push(0);
        } else {
            return None;
        }
    }
    (segments.len() == parts.len()).then_some((order, params))
}

//! The table against a matcher that looks at every route and knows no tree.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::{Domain, Lookup, Pattern, Route, RouteTable};
use super::{Arc, Method};

#[derive(Clone, Debug)]
struct Declared {
    path: String,
    domains: Vec<&'static str>,
    methods: Vec<&'static str>,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Found(usize, Vec<(String, String)>),
    MethodNotAllowed(String),
    NotFound,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lookup_finds_what_a_naive_one_does(
        declared in vec(declared(), 0..12),
        requests in vec((host(), method(), path()), 1..8),
    ) {
        let mut table = RouteTable::new();
        let mut accepted: Vec<(usize, Declared)> = Vec::new();
        for (id, one) in declared.into_iter().enumerate() {
            let fresh = !accepted.iter().any(|(_, other)| naive_duplicate(other, &one));
            prop_assert_eq!(insert(&mut table, id, &one).is_ok(), fresh, "{:?}", one);
            if fresh {
                accepted.push((id, one));
            }
        }
        for (host, method, path) in requests {
            let found = match table.find(host, &method, &path) {
                Lookup::Found(id, params) => {
                    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                    Outcome::Found(*id, params.iter(&path).map(owned).collect())
                }
                Lookup::MethodNotAllowed(allow) => Outcome::MethodNotAllowed(allow),
                Lookup::NotFound => Outcome::NotFound,
            };
            prop_assert_eq!(found, naive(&accepted, host, method.as_str(), &path), "{:?} {} {}", host, method, path);
        }
    }

    #[test]
    fn nothing_makes_the_parsers_panic(text in ".{0,40}", host in ".{0,40}", path in "/.{0,40}") {
        let _ = Pattern::parse(&text);
        let _ = Pattern::parse(&path);
        let _ = Domain::parse(&host);
        let mut table = RouteTable::new();
        for path in ["/{*rest}", "/{a}/{b}", "/{a}"] {
            let declared = Declared { path: path.into(), domains: vec!["*.com"], methods: vec![] };
            insert(&mut table, 0, &declared).unwrap();
        }
        table.find(Some(&host), &Method::GET, &path);
    }
}

fn insert(
    table: &mut RouteTable<usize>,
    id: usize,
    one: &Declared,
) -> Result<(), crate::error::Error> {
    table.insert(Route {
        pattern: Arc::new(Pattern::parse(&one.path).unwrap()),
        domains: one
            .domains
            .iter()
            .map(|domain| Domain::parse(domain).unwrap())
            .collect(),
        methods: one
            .methods
            .iter()
            .map(|method| method.parse().unwrap())
            .collect(),
        declared: format!("route {id}"),
        value: id,
    })
}

// Few different parts, so that routes overlap and requests meet them.

fn declared() -> impl Strategy<Value = Declared> {
    let segments = vec(select(vec!["a", "b", "ab", "{}"]), 0..4);
    let end = select(vec!["", "", "/", "/{*}"]);
    let path = (segments, end).prop_map(|(segments, end)| {
        let text = [&[""], &*segments].concat().join("/");
        let text = if text.is_empty() && end.is_empty() {
            "/".into()
        } else {
            text + end
        };
        // Names, different in each position.
        let parts = text.split('/').enumerate();
        let named = parts.map(|(n, part)| part.replace('}', &format!("p{n}}}")));
        named.collect::<Vec<_>>().join("/")
    });
    let domains = subsequence(vec!["x.com", "*.x.com", "*.b.x.com", "y", "*.com"], 0..3);
    let methods = subsequence(vec!["GET", "HEAD", "POST", "CONNECT"], 0..3);
    (path, domains, methods).prop_map(|(path, domains, methods)| Declared {
        path,
        domains,
        methods,
    })
}

fn path() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "ab", "c", "A", "", "%61"]), 0..6)
        .prop_map(|segments| format!("/{}", segments.join("/")))
}

fn host() -> impl Strategy<Value = Option<&'static str>> {
    let hosts = [
        "x.com",
        "X.com:80",
        "b.x.com.",
        "a.b.x.com",
        "c.a.B.x.com:1",
        "y",
        "com",
        "z",
        "[::1]:8",
    ];
    proptest::option::of(select(hosts.to_vec()))
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::CONNECT,
    ])
}

fn naive(routes: &[(usize, Declared)], host: Option<&str>, method: &str, path: &str) -> Outcome {
    let mut best = None;
    let mut allowed = BTreeSet::new();
    for (id, route) in routes {
        let Some(rank) = naive_domain(&route.domains, host) else {
            continue;
        };
        let Some((order, params)) = naive_path(&route.path, path) else {
            continue;
        };
        allowed.extend(route.methods.iter().copied());
        if route.methods.contains(&"GET") {
            allowed.insert("HEAD");
        }
        if route.methods.is_empty() {
            let every = "GET HEAD POST PUT DELETE OPTIONS TRACE PATCH";
            allowed.extend(every.split(' '));
        }
        let takes = |method| match route.methods.is_empty() {
            true => method != "CONNECT",
            false => route.methods.contains(&method),
        };
        // GET, for HEAD.
        let stand_in = !takes(method);
        if stand_in && (method != "HEAD" || !takes("GET")) {
            continue;
        }
        let candidate = ((rank, order, stand_in), *id, params);
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
fn naive_domain(domains: &[&str], host: Option<&str>) -> Option<(u8, Reverse<usize>)> {
    if domains.is_empty() {
        return Some((2, Reverse(0)));
    }
    let host = host?.to_lowercase();
    let host = if host.starts_with('[') {
        &host
    } else {
        host.split(':').next()?
    };
    let host = host.trim_end_matches('.');
    let fits = domains
        .iter()
        .filter_map(|domain| match domain.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix).then_some((1, Reverse(suffix.len()))),
            None => (*domain == host).then_some((0, Reverse(0))),
        });
    fits.min()
}

type Naive = (Vec<u8>, Vec<(String, String)>);

/// The kinds of the segments, in which less is better, and the parameters.
fn naive_path(pattern: &str, path: &str) -> Option<Naive> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (mut order, mut params) = (Vec::new(), Vec::new());
    let mut expected = 0;
    for (at, part) in pattern.split('/').skip(1).enumerate() {
        let name = part.trim_matches(['{', '*', '}']).to_owned();
        if part.starts_with("{*") {
            order.push(2);
            params.push((name, segments.get(at..)?.join("/")));
            return Some((order, params));
        }
        let segment = *segments.get(at)?;
        if part.starts_with('{') {
            order.push(1);
            params.push((
                name,
                Some(segment.to_owned()).filter(|segment| !segment.is_empty())?,
            ));
        } else if part == segment {
            order.push(0);
        } else {
            return None;
        }
        expected += 1;
    }
    (segments.len() == expected).then_some((order, params))
}

fn naive_duplicate(one: &Declared, other: &Declared) -> bool {
    let shape = |path: &str| {
        let parts = path.split('/');
        let nameless = parts.map(|part| part.split('p').next().unwrap_or_default().to_owned());
        nameless.collect::<Vec<_>>()
    };
    let overlap = |a: &[&str], b: &[&str]| a.iter().any(|x| b.contains(x));
    shape(&one.path) == shape(&other.path)
        && (one.domains.is_empty() && other.domains.is_empty()
            || overlap(&one.domains, &other.domains))
        && match (one.methods.is_empty(), other.methods.is_empty()) {
            (true, true) => true,
            (true, false) => other.methods != ["CONNECT"],
            (false, true) => one.methods != ["CONNECT"],
            (false, false) => overlap(&one.methods, &other.methods),
        }
}

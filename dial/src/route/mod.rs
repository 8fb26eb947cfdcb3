//! Which route takes a request: by domain, then by path, then by method.
//!
//! A [`RouteTable`] is filled at startup, where everything wrong with a route is an error that names the place it
//! is declared at, and never changes afterwards.

mod domain;
mod params;
mod pattern;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::Method;

pub(crate) use self::domain::Domain;
pub(crate) use self::params::Params;
pub(crate) use self::pattern::Pattern;

use self::domain::Domains;
use self::tree::Tree;
use crate::error::Error;

/// What `Allow` says of a route that takes every method: those of RFC 9110 §9.3, and PATCH (RFC 5789).
pub(crate) const EVERY_METHOD: [&str; 8] = [
    "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// All routes of a server or service.
#[derive(Debug)]
pub(crate) struct RouteTable<T> {
    routes: Vec<Route<T>>,
    trees: Domains<Tree>,
}

/// What a route takes, and what it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Route<T> {
    pub(crate) pattern: Arc<Pattern>,
    /// Empty means any, also none.
    pub(crate) domains: Vec<Domain>,
    /// Empty means all but CONNECT, which has to be asked for. GET includes HEAD, as in RFC 9110 §9.3.2, unless another
    /// route of this path takes HEAD.
    pub(crate) methods: Vec<Method>,
    /// Where the route is declared, for messages: `src/main.rs:12`.
    pub(crate) declared: String,
    pub(crate) value: T,
}

/// What a request's domain, path and method led to.
#[derive(Debug)]
pub(crate) enum Lookup<'t, T> {
    /// A route.
    Found(&'t T, Params),
    /// Routes that take the path, none of them with this method. Holds the value for `Allow` (RFC 9110 §10.2.1).
    MethodNotAllowed(String),
    /// Nothing.
    NotFound,
}

impl<T> RouteTable<T> {
    pub(crate) fn new() -> Self {
        Self {
            routes: Vec::new(),
            trees: Domains::default(),
        }
    }

    /// Adds a route. Routes may overlap in every way (the more specific one wins), but two of the same shape need
    /// methods or domains that keep them apart.
    pub(crate) fn insert(&mut self, route: Route<T>) -> Result<(), Error> {
        route.check()?;
        for domain in route.slots() {
            let Some(tree) = self.trees.get(domain) else {
                continue;
            };
            for &id in tree.get(&route.pattern) {
                let other = &self.routes[id];
                if let Some(method) = other.common_method(&route) {
                    return Err(duplicate(other, &route, domain, &method));
                }
            }
        }
        for domain in route.slots() {
            let tree = self.trees.get_or_default(domain);
            tree.add(&route.pattern, self.routes.len());
        }
        self.routes.push(route);
        Ok(())
    }

    /// The route for a request. `host` is its authority, with or without a port; `path` is percent-encoded, as it
    /// arrived, and is compared byte for byte.
    ///
    /// Domains are tried from the host itself over wildcards to any; within each, paths from the most specific to
    /// the least; the first that takes the method is it.
    pub(crate) fn find(&self, host: Option<&str>, method: &Method, path: &str) -> Lookup<'_, T> {
        let mut matched = false;
        let found = self.walk(host, path, |ids, spans| {
            matched = true;
            match self.choose(ids, method) {
                Some(route) => {
                    let params = Params::matched(&route.pattern, spans);
                    ControlFlow::Break(Lookup::Found(&route.value, params))
                }
                None => ControlFlow::Continue(()),
            }
        });
        match found {
            ControlFlow::Break(found) => found,
            ControlFlow::Continue(()) if matched => {
                Lookup::MethodNotAllowed(self.allowed(host, path))
            }
            ControlFlow::Continue(()) => Lookup::NotFound,
        }
    }

    /// Whether any route asks for a domain. Where none does, `find` needs no host.
    pub(crate) fn has_domains(&self) -> bool {
        self.trees.has_any_domain()
    }

    /// All routes, by path, then domain, then method.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Route<T>> {
        let mut routes: Vec<_> = self.routes.iter().collect();
        routes.sort_by_cached_key(|route| {
            let methods: Vec<_> = route.methods.iter().map(ToString::to_string).collect();
            let path = route.pattern.as_str().to_owned();
            (path, route.domains.clone(), methods)
        });
        routes.into_iter()
    }

    /// The methods of all routes that take this path.
    fn allowed(&self, host: Option<&str>, path: &str) -> String {
        let mut methods = BTreeSet::new();
        let ControlFlow::Continue(()) =
            self.walk::<std::convert::Infallible>(host, path, |ids, _| {
                for route in ids.iter().map(|&id| &self.routes[id]) {
                    if route.methods.is_empty() {
                        methods.extend(EVERY_METHOD);
                    }
                    methods.extend(route.methods.iter().map(Method::as_str));
                }
                ControlFlow::Continue(())
            });
        if methods.contains(Method::GET.as_str()) {
            methods.insert(Method::HEAD.as_str());
        }
        Vec::from_iter(methods).join(", ")
    }

    /// Of routes of the same shape, the one that takes the method.
    fn choose(&self, ids: &[usize], method: &Method) -> Option<&Route<T>> {
        let taking = |method: &Method| {
            let mut routes = ids.iter().map(|&id| &self.routes[id]);
            routes.find(|route| route.takes(method))
        };
        match taking(method) {
            None if method == Method::HEAD => taking(&Method::GET),
            found => found,
        }
    }

    fn walk<B>(
        &self,
        host: Option<&str>,
        path: &str,
        mut visit: impl FnMut(&[usize], params::Spans) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.trees.walk(host, |tree| tree.walk(path, &mut visit))
    }
}

impl<T> Route<T> {
    fn check(&self) -> Result<(), Error> {
        let twice = if let Some(domain) = first_repeated(&self.domains) {
            format!("the domain `{domain}` is listed twice")
        } else if let Some(method) = first_repeated(&self.methods) {
            format!("the method {method} is listed twice")
        } else {
            return Ok(());
        };
        let (path, declared) = (self.pattern.as_str(), &self.declared);
        Err(Error::config(twice).within(format_args!("{declared}: route `{path}`")))
    }

    /// The domains to be stored at; `None` is the one for any host.
    fn slots(&self) -> impl Iterator<Item = Option<&Domain>> {
        let any = self.domains.is_empty().then_some(None);
        self.domains.iter().map(Some).chain(any)
    }

    fn takes(&self, method: &Method) -> bool {
        match self.methods.is_empty() {
            true => method != Method::CONNECT,
            false => self.methods.contains(method),
        }
    }

    /// A method both routes take, as it is to be called in a message.
    fn common_method(&self, other: &Self) -> Option<String> {
        let shared = match (self.methods.is_empty(), other.methods.is_empty()) {
            (true, true) => return Some("every method".into()),
            (false, true) => self.methods.iter().find(|method| other.takes(method)),
            (_, false) => other.methods.iter().find(|method| self.takes(method)),
        };
        shared.map(ToString::to_string)
    }
}

fn duplicate<T>(
    first: &Route<T>,
    second: &Route<T>,
    domain: Option<&Domain>,
    method: &str,
) -> Error {
    let host = domain.map_or_else(String::new, |domain| format!(" for {domain}"));
    Error::config(format!(
        "{}: route `{}` takes the same requests as `{}` at {}: {method}{host}",
        second.declared,
        second.pattern.as_str(),
        first.pattern.as_str(),
        first.declared,
    ))
}

fn first_repeated<V: PartialEq>(values: &[V]) -> Option<&V> {
    let repeated = |(at, value): &(usize, &V)| values[..*at].contains(value);
    values
        .iter()
        .enumerate()
        .find(repeated)
        .map(|(_, value)| value)
}

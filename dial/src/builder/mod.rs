//! Collects routes, validates them, wires them to a server.

mod checks;
mod defaults;
mod definition;
mod foreign;
mod limits;
mod mount;
mod upstreams;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use http::Method;
use ipnet::IpNet;

use self::defaults::Defaults;
pub use self::definition::{Definition, Location, Route};
pub use self::mount::{ProxyService, proxy, try_proxy};
pub use self::upstreams::{Hosts, IntoUpstream, LazyUpstream};
use crate::client::Client;
use crate::error::Error;
use crate::handler::Startup;
use crate::proxy::{Forwarder, Lane, Proxy, Refusal, RouteSpec};
use crate::route::{Domain, Pattern, RouteTable};
use crate::server::{App, IntoAddr, Server, Wired};

/// Every `#[proxy]` of the program that was not given `register = false`.
#[linkme::distributed_slice]
pub static ROUTES_0_1: [&'static Definition];

/// A set of routes, and what they share.
///
/// ```
/// use dial::{ModifiableRequest, Router, proxy, routes};
///
/// #[proxy("/api/{*_rest}", hosts = ["backend1", "backend2"], register = false)]
/// fn api(request: &mut ModifiableRequest) {
///     request.strip_prefix("/api");
/// }
///
/// #[proxy("/health", hosts = ["backend1"], register = false)]
/// fn health(request: ModifiableRequest) -> dial::Result {
///     { request }.build()
/// }
///
/// # fn main() {
/// let router = Router::new().mount(routes![api, health]);
/// # assert_eq!(router.len(), 2);
/// # }
/// ```
#[derive(Clone)]
pub struct Router {
    entries: Vec<Entry>,
    /// Whether the routes came from the registry, so that an empty set has causes to name.
    registered: bool,
    defaults: Defaults,
}

#[derive(Clone)]
enum Entry {
    Defined(&'static Definition),
    Mounted(String, Box<ProxyService>),
}

impl Router {
    /// No routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            registered: false,
            defaults: Defaults::default(),
        }
    }

    /// Every `#[proxy]` of the program, dependencies included; see [`only`](Self::only).
    #[must_use]
    pub fn registered() -> Self {
        Self {
            entries: ROUTES_0_1.iter().copied().map(Entry::Defined).collect(),
            registered: true,
            ..Self::new()
        }
    }

    /// Keeps the routes declared in the crate `name`, so that no dependency brings routes unasked.
    #[must_use]
    pub fn only(mut self, name: &str) -> Self {
        let name = name.replace('-', "_");
        self.entries.retain(|entry| match entry {
            Entry::Defined(definition) => definition.location.krate() == name,
            Entry::Mounted(..) => true,
        });
        self
    }

    /// Adds the route of a `#[proxy]` function: `.route::<api>()`.
    #[must_use]
    pub fn route<R: Route>(mut self) -> Self {
        self.entries.push(Entry::Defined(R::definition()));
        self
    }

    /// Adds several: `.mount(routes![api, users::list])`.
    #[must_use]
    pub fn mount(mut self, routes: impl IntoIterator<Item = &'static Definition>) -> Self {
        self.entries.extend(routes.into_iter().map(Entry::Defined));
        self
    }

    /// Adds a proxy made while the program runs, at `path`: `.at("/{*path}", dial::proxy(hosts, handler))`.
    ///
    /// What it was given itself holds; what it leaves open, and everything about connections, comes from the router.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, proxy: ProxyService) -> Self {
        self.entries
            .push(Entry::Mounted(path.into(), Box::new(proxy)));
        self
    }

    /// How many routes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Serves the routes on `addr` until the process is told to end; see [`Server`] for more control.
    ///
    /// # Errors
    /// What is wrong with a route, or why `addr` cannot be listened on.
    pub async fn serve(self, addr: impl IntoAddr) -> Result<(), Error> {
        Server::builder().bind(addr, self)?.run().await
    }
}

impl App for Router {
    fn wire(self) -> Result<Wired, Error> {
        if self.entries.is_empty() {
            return Err(self.no_routes());
        }
        let defaults = self.defaults.wired();
        let mut places = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            places.push(Place::new(entry, &defaults).map_err(|error| entry.blame(error))?);
        }
        let connector = defaults.connector;
        #[cfg(feature = "tls")]
        if needs_tls(&places) {
            connector.load_roots()?;
        }
        announce(&table(&places, |place| place.declared.clone())?, &places);
        let pool = defaults.pool;
        let refusal = Refusal {
            on_error: defaults.on_error,
            proxy_status: defaults.proxy_status,
            via: defaults.via.pseudonym(),
        };
        Ok(Wired {
            trusted: defaults.trusted.into(),
            tells_local: places
                .iter()
                .any(|place| place.spec.proxy_protocol.is_some()),
            proxy: Arc::new(move || {
                let forwarder = Arc::new(Forwarder::new(Client::new(connector.clone(), pool, 1)));
                let lane =
                    |place: &Place| Lane::new(Arc::clone(&place.spec), Arc::clone(&forwarder));
                Ok(Proxy::new(table(&places, lane)?, refusal.clone()))
            }),
        })
    }
}

impl Router {
    fn no_routes(&self) -> Error {
        Error::config(match self.registered {
            true => {
                "no route is registered. Either no function has `#[proxy]` (or all have `register = false`), or the \
                 crate that has them is not linked because nothing names it (`use that_crate as _;`), or it was \
                 linked as a static library by another linker: then use `Router::new().mount(routes![..])`"
            }
            false => "the router has no route",
        })
    }
}

impl Entry {
    /// Puts the route's name and place before a message.
    fn blame(&self, error: Error) -> Error {
        match self {
            Self::Defined(definition) => error.within(format_args!(
                "route `{}` ({})",
                definition.name, definition.location
            )),
            Self::Mounted(path, _) => error.within(format_args!("route at `{path}`")),
        }
    }
}

/// One route, validated, with its place in the table.
struct Place {
    pattern: Arc<Pattern>,
    domains: Vec<Domain>,
    methods: Vec<Method>,
    declared: String,
    spec: Arc<RouteSpec>,
}

impl Place {
    fn new(entry: &Entry, defaults: &Defaults) -> Result<Self, Error> {
        match entry {
            Entry::Defined(definition) => {
                let startup = Startup {
                    states: &defaults.states,
                };
                (definition.check)(&startup)?;
                let domains = definition
                    .domains
                    .iter()
                    .map(|domain| Domain::parse(domain));
                let methods = definition.methods.iter().map(|method| parse_method(method));
                Ok(Self {
                    pattern: Arc::new(Pattern::parse(definition.path)?),
                    domains: domains.collect::<Result<_, _>>()?,
                    methods: methods.collect::<Result<_, _>>()?,
                    declared: definition.location.to_string(),
                    spec: Arc::new(definition.spec(defaults)?),
                })
            }
            Entry::Mounted(path, service) => Ok(Self {
                pattern: Arc::new(Pattern::parse(path)?),
                domains: Vec::new(),
                methods: Vec::new(),
                declared: format!("Router::at(\"{path}\")"),
                spec: Arc::new(service.spec_at(path, defaults)?),
            }),
        }
    }
}

fn table<T>(places: &[Place], value: impl Fn(&Place) -> T) -> Result<RouteTable<T>, Error> {
    let mut table = RouteTable::new();
    for place in places {
        table.insert(crate::route::Route {
            pattern: Arc::clone(&place.pattern),
            domains: place.domains.clone(),
            methods: place.methods.clone(),
            declared: place.declared.clone(),
            value: value(place),
        })?;
    }
    Ok(table)
}

/// Prints the route table, in the order of paths.
fn announce(table: &RouteTable<String>, places: &[Place]) {
    for route in table.iter() {
        let place = places
            .iter()
            .find(|place| Arc::ptr_eq(&place.pattern, &route.pattern));
        let Some(place) = place else { continue };
        let methods: Vec<_> = place.methods.iter().map(Method::as_str).collect();
        let domains: Vec<_> = place.domains.iter().map(ToString::to_string).collect();
        tracing::info!(
            route = place.spec.name,
            path = place.pattern.as_str(),
            methods = if methods.is_empty() {
                "any".to_owned()
            } else {
                methods.join(",")
            },
            domains = if domains.is_empty() {
                "any".to_owned()
            } else {
                domains.join(",")
            },
            hosts = place.spec.upstream.hosts().join(","),
            declared = place.declared,
            "route"
        );
    }
}

/// Whether any endpoint is `https`: then a machine without roots is told at startup.
#[cfg(feature = "tls")]
fn needs_tls(places: &[Place]) -> bool {
    let https = |host: &String| host.starts_with("https://");
    places
        .iter()
        .any(|place| place.spec.upstream.hosts().iter().any(https))
}

fn parse_method(method: &str) -> Result<Method, Error> {
    Method::from_bytes(method.as_bytes())
        .map_err(|source| Error::config(format!("bad method `{method}`")).with_source(source))
}

pub(crate) fn parse_network(text: &str) -> Result<IpNet, Error> {
    let text = text.trim();
    let host = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| host()).map_err(|source| {
        Error::config(format!("`{text}` is neither a network nor an address")).with_source(source)
    })
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|entry| match entry {
            Entry::Defined(definition) => definition.path,
            Entry::Mounted(path, _) => path,
        });
        f.debug_list().entries(names).finish()
    }
}

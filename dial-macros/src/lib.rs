//! The `#[proxy]` attribute and the `upstream!` macro of dial. Reach them through the `dial` crate, as `dial::proxy` and
//! `dial::upstream`.
//!
//! The way of an attribute through this crate, one file a step:
//!
//! ```text
//! args.rs ─┐
//!          ├─> validate.rs ──> model.rs ──> expand.rs      the route
//! function.rs ─┘     │
//!                    └── faults.rs ──────> fallback.rs     the errors, the function and a stub
//! ```
//!
//! `upstreams.rs` reads statics that hold an upstream in the same way.
//!
//! Parsing keeps tokens, so that every fault can be shown where it was written. Validation reports all
//! faults at once. What it hands on cannot be wrong, so expansion cannot fail.

mod args;
mod balance;
mod breaker;
mod concurrency;
mod domain;
mod eject;
mod endpoints;
mod expand;
mod fallback;
mod faults;
mod features;
mod function;
mod health;
mod hedge;
mod hosts;
mod keys;
mod limits;
mod model;
mod path;
mod rate_limit;
mod request_key;
mod retry;
mod signature;
mod statuses;
mod sticky;
mod timeouts;
mod tuning;
mod upstreams;
mod validate;
mod values;

#[cfg(test)]
mod tests;

use args::Args;
use faults::Faults;
use function::Function;
use keys::RouteKey;
use proc_macro2::TokenStream;

/// Makes a function over a request a route with its own load-balanced upstream.
///
/// ```ignore
/// use dial::{ModifiableRequest, proxy};
///
/// #[proxy(path = "/api/data", hosts = ["http://backend1:8080", "https://backend2", "backend3"])]
/// fn api_data(mut request: ModifiableRequest) -> dial::Result {
///     request.rewrite_uri("/api/v1/data");
///     request.build()
/// }
/// ```
///
/// The function stays an ordinary function, so a unit test calls it. Beside it, under the same name,
/// stands a type that carries the route: `routes![api_data]`, `api_data::PATH`, `api_data::upstream()`.
///
/// # Keys
///
/// | key | default | meaning |
/// |---|---|---|
/// | `path = "/a/{id}/{*rest}"` | every path | what the request's path must match; a bare first string means the same |
/// | `domain = "a.com"` or `["a.com", "*.b.com"]` | any | what the request's host must match |
/// | `methods = [GET, POST]` | all but `CONNECT` | what the request's method must be |
/// | `hosts = ["http://a:8080", ..]` or an expression | | where requests go; see below for weights |
/// | `hosts_env = "BACKENDS"` | | the same, a comma list read from the environment at startup |
/// | `upstream = API` | | the same, an upstream that routes share: a `dial::upstream!`, or any expression that is one |
/// | `balance = least_request` | `round_robin` | which host gets a request; see below |
/// | `slow_start = 30s` | none | how long it takes until a host that is new, or healthy again, gets all of its load |
/// | `sticky(cookie = "host", ..)` | none | keeps each client with the host that answered it first; see below |
/// | `health("/healthz", ..)` or `health(tcp, ..)` | none | how hosts are asked whether they can serve; see below |
/// | `eject(consecutive = 5, ..)` or `eject(off)` | after 5 | when a host that fails requests gets none for a while; see below |
/// | `panic = false` | `true` | whether requests go to sick hosts while all are sick |
/// | `limits(requests_per_host = 100, ..)` | none | how much the upstream takes on at once, and how much may wait; see below |
/// | `breaker(error_percent = 50, ..)` | none | when the upstream as a whole is left alone for a while; see below |
/// | `host_header = endpoint` or `preserve` | `endpoint` | the `Host` that the endpoint sees |
/// | `forwarded = x_forwarded`, `rfc7239`, `both` or `off` | the server's | which forwarding headers are written |
/// | `upgrade = false` | the server's | whether a client may turn its connection into another protocol, such as WebSocket |
/// | `proxy_protocol = v1` or `v2` | the server's | which PROXY protocol tells the endpoint the client's address |
/// | `timeout(connect = 5s, ..)` | the server's | how long a request may take; see below |
/// | `retry(attempts = 3, ..)` or `retry(off)` | the server's | when a request is sent once more; see below |
/// | `rate_limit(per_second = 50, ..)` | none | how many requests the route takes in a time; see below |
/// | `concurrency = 100` or `concurrency(requests = 10, by = client_ip)` | the server's | how many requests the route takes at a time; see below |
/// | `body_limit = 1MiB` | the server's | the largest request body: `B`, `KiB`, `MiB`, `GiB` |
/// | `on_response = EXPR` | | edits each response: `Fn(&mut dial::Response)` |
/// | `on_error = EXPR` | | edits each error's response: `Fn(&dial::Error, &mut dial::Response)` |
/// | `name = "api"` | the function's name | how logs and metrics call the route |
/// | `register = false` | `true` | keeps the route out of the registry that `dial::serve` reads |
/// | `crate = other::dial` | `::dial` | where the dial crate is, for macros that wrap this one |
///
/// Exactly one of `hosts`, `hosts_env` and `upstream` is given. `balance`, `slow_start`, `sticky`, `health`, `eject`, `panic`,
/// `limits` and `breaker` are an upstream's own, so a route with `upstream` has none of them.
///
/// The server's is what its `dial::Router` was given, or the default of that.
///
/// # Hosts
///
/// A host is a string, or a string with options in parentheses: `("http://large:8080", weight = 3)` gets three requests for
/// each one of a host without a weight (1 to 1000), and `("http://elsewhere", backup)` gets some only while no other host
/// can. Both options may be given, and a string may be any expression that is one.
///
/// | `balance` | who gets a request |
/// |---|---|
/// | `round_robin` | each in turn, in the order of the list |
/// | `least_request` | the one with fewer requests under way, of two that are drawn |
/// | `peak_ewma` | the one that is likely to answer first, of two that are drawn |
/// | `random` | any |
/// | `consistent_hash(KEY)` | the same one for the same key; the others' keys stay when one host goes |
/// | `consistent_hash(KEY, bound = 125)` | the same, but one with more than 125 % of its share passes keys on to the next (101 to 1000) |
/// | `custom(EXPR)`, `custom(EXPR, KEY)` | whom a `dial::Policy` or a `dial::Balance` of your own chooses |
///
/// All of them heed weights. A `KEY` is `header = "X-Tenant"`, `cookie = "name"`, `client_ip` or `param = "id"`, which is
/// a parameter of the route's path.
///
/// # Sticky clients
///
/// With the feature `sticky`; see `dial::Sticky`. A cookie and a key are needed.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `cookie = "host"` | | the cookie's name |
/// | `key_env = "STICKY_KEY"` | | the environment variable that holds the key: 16 bytes at least, the same for all instances |
/// | `key = EXPR` | | the same from an expression, `impl AsRef<[u8]>` |
/// | `max_age = 1h` | a browser's session | how long a client keeps it |
/// | `same_site = strict`, `lax` or `none` | `lax` | with which requests from other sites it is sent |
///
/// # Health
///
/// `health("/healthz", interval = 2s)` asks each host over HTTP, `health(tcp)` is content with a connection; see
/// `dial::HealthCheck`. Those that are left out have their default.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `path = "/healthz"` | | what is asked for, maybe with a query; a bare first string means the same |
/// | `tcp` | | that a connection is enough, with its TLS handshake where the host is `https`; without the next four |
/// | `method = HEAD` | `GET` | the request's method |
/// | `host_header = "a.com"` | the host's own | what `Host` says |
/// | `statuses = 200..=299` | `200..=399` | which statuses are health; a status, a range, `2xx`, or a list of these |
/// | `contains = "ok"` | | what the body's first 64 KiB have to contain; also `b"ok"` |
/// | `port = 8081` | the host's own | where it is asked |
/// | `interval = 5s` | 5 s | from one probe of a host to the next; 10 ms to 1 h |
/// | `jitter = 0.1` or `10%` | 0.1 | the part of itself by which an interval varies; up to 0.5 |
/// | `timeout = 2s` | 2 s | for all of a probe; 1 ms to 1 h |
/// | `rise = 2`, `fall = 3` | 2, 3 | how many in a row have to pass, or to fail, until that is believed; 1 to 1000 |
/// | `proxy_protocol = v1` or `v2` | none | the PROXY protocol of a probe |
///
/// # Ejection
///
/// Hosts that cannot be reached, hang or break off five times in a row get nothing for a while. `eject(..)` says it in
/// another way, and then 502, 503 and 504 count as well; see `dial::Ejection`. `eject(off)`, or `eject = false`, keeps all
/// hosts in.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `consecutive = 5` | 5 | failures in a row; 1 to 1000 |
/// | `statuses = 5xx` | `502..=504` | which statuses are failures, written as above, from 400 on; `[]` is none |
/// | `error_percent = 50` | none | failures in percent of the requests in a window |
/// | `latency(times = 3, least = 100ms)` | none | an average latency of so many times the median host's, and so long |
/// | `window = 10s` | 10 s | how far back these two look; 1 s to 1 h |
/// | `min_requests = 20` | 20 | with fewer in a window they say nothing |
/// | `base_time = 10s` | 10 s | the first ejection; each that follows is twice as long; 1 ms to 1 h |
/// | `max_time = 5m` | 5 min | the longest; up to 24 h |
/// | `max_percent = 50` | 50 | how many of the hosts may be out at once; the last one only at 100 |
///
/// # Limits
///
/// What is more waits in a queue, and what waits too long is answered with 503; see `dial::Limits`. One of the first three is
/// given.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `requests = 1000` | any number | how many are under way at all hosts together |
/// | `requests_per_host = 100` | any number | the same at each host |
/// | `connections_per_host = 100` | any number | how many connections are open to each host |
/// | `queue = 500` | 1024 | how many requests may wait; 0 is none |
/// | `queue_timeout = 2s` | 5 s | how long one waits; 1 ms to 1 h |
/// | `overload_timeout = 100ms` | the same | how long while the queue does not empty any more |
///
/// # Circuit breakers
///
/// When too many requests to the upstream have failed, all are answered with 503 for a while, and then a few are let through
/// as trials; see `dial::Breaker`.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `error_percent = 50` | 50 | failures in percent of the requests in a window |
/// | `statuses = 5xx` | `502..=504` | which statuses are failures, written as above, from 400 on; `[]` is none |
/// | `min_requests = 20` | 20 | with fewer in a window nothing happens |
/// | `window = 10s` | 10 s | how far back it looks; 1 s to 1 h |
/// | `open = 5s` | 5 s | how long nothing is sent; 1 ms to 1 h |
/// | `trials = 3` | 3 | how many have to succeed in a row; 1 to 1000 |
///
/// # Rate limits
///
/// With the feature `rate_limit`; what is more is answered with 429. See `dial::RateLimit`.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `per_second = 50`, `per_minute` or `per_hour` | | how many requests; one of them, 1 to 1,000,000 |
/// | `burst = 100` | the limit | how many may come at once |
/// | `by = client_ip` | all together | what is counted apart: also `header("X-Api-Key")`, `cookie("name")`, `param("id")` |
///
/// # Concurrency limits
///
/// What is more at a time is answered with 503 at once, or with 429 where each client has its own limit; see
/// `dial::ConcurrencyLimit`. `concurrency = 100` is short for `concurrency(requests = 100)`.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `requests = 10` | | how many are under way at most; 1 to 1,000,000 |
/// | `by = client_ip` | all together | what is counted apart, as above |
///
/// # Timeouts
///
/// Whole numbers of `ms`, `s`, `m` or `h`. Those that are left out are the server's.
///
/// | key | default | bounds |
/// |---|---|---|
/// | `connect = 5s` | 5 s | finding and reaching an endpoint |
/// | `response = 30s` | 1 min | waiting for the response's head |
/// | `body = 1m` | 5 min | silence of the endpoint within the response's body |
/// | `total = 2m` | none | all of it; no shorter than `connect` and `response` |
/// | `expect = 1s` | 1 s | waiting for the endpoint's 100 on behalf of a client with `Expect: 100-continue` |
///
/// # Retries
///
/// Without `retry`, a request that is known to be unsent goes to the next endpoint, each once, whatever its method. With it a
/// request may be sent more than once; see `dial::Retry`. Those that are left out have their default.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `attempts = 3` | 3 | how often it is sent in all; up to 16 |
/// | `on = [connect, reset, 5xx]` | `[connect, reset, timeout, gateway_error]` | on what: also `503`; `gateway_error` is 502, 503 and 504 |
/// | `idempotent = true` | `false` | that requests of every method may be sent twice; without it GET, HEAD, OPTIONS, TRACE, PUT and DELETE |
/// | `buffer = 64KiB` | 64 KiB | how much of a body is kept to be sent again; what is larger is not |
/// | `backoff = 25ms` or `25ms..1s` | `25ms..250ms` | the first pause, which doubles, and the longest |
/// | `per_try = 2s` | none | how long an attempt may take until the response's head |
/// | `wait = 3s` | 3 s | how long a request waits while no endpoint can be reached, with `connect` |
/// | `budget = 20%` | 20% | further attempts, as a share of the route's requests over 10 s |
/// | `min_per_second = 10` | 10 | further attempts a second beside that |
/// | `hedge = 50ms` or `hedge(after = 50ms, most = 2)` | none | after how long another endpoint is asked as well, 1 ms to 1 h, and how often, 1 to 3 (1), each time one of the `attempts`; see `dial::Hedge` |
///
/// # Methods
///
/// `GET` includes `HEAD`, unless another route takes `HEAD`. `CONNECT` asks for a tunnel to an endpoint, and only goes to
/// a route that lists it. It has no path, so a route for it alone has none either.
///
/// # Paths
///
/// A path begins with `/`. A parameter is a whole segment, `{id}`; `{*rest}` comes last and takes every
/// segment that is left, also none. Everything else is taken literally, and is written as it appears in
/// a request line: ASCII and percent-encoded. A trailing slash counts: `/a/` and `/a` are two routes.
///
/// # The function
///
/// The first argument is `request: ModifiableRequest` or `request: &mut ModifiableRequest`. An argument
/// named as a path parameter is parsed from it (`id: u64`); any other is taken from the request or the
/// application (`db: State<Db>`). It may be `async`.
#[proc_macro_attribute]
pub fn proxy(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand(attribute.into(), item.into()).into()
}

/// Declares upstreams in statics, for routes to share: health, connections and the rotation are then one.
///
/// ```ignore
/// dial::upstream! {
///     /// The API's backends.
///     pub static API = ["http://large:8080", ("http://small:8080", weight = 2)],
///         balance = least_request,
///         slow_start = 30s,
///         health("/healthz", interval = 2s);
///
///     static FILES = env("FILE_SERVERS");
/// }
///
/// #[dial::proxy("/users/{id}", upstream = API)]
/// fn user(request: &mut dial::ModifiableRequest, id: u64) {}
/// ```
///
/// Each is a `dial::LazyUpstream`, which derefs to a `dial::Upstream`: `API.add_host("http://third:8080")`,
/// `dial::proxy(&API, handler)`. Attributes, documentation and visibility are the static's.
///
/// Behind `=` come the hosts: a list as in [`proxy`](macro@proxy), an expression, or `env("NAME")`, an environment variable
/// that holds a comma list. What is written out is checked when it is compiled; what is not is an error at startup, of every
/// route that uses the upstream.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `balance = least_request` | `round_robin` | which host gets a request, as in [`proxy`](macro@proxy) |
/// | `slow_start = 30s` | none | how long it takes until a host that is new, or healthy again, gets all of its load |
/// | `sticky(..)`, `health(..)`, `eject(..)`, `panic`, `limits(..)`, `breaker(..)` | | as in [`proxy`](macro@proxy) |
/// | `crate = other::dial` | `::dial` | where the dial crate is, for macros that wrap this one |
#[proc_macro]
pub fn upstream(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    upstreams::expand(input.into()).into()
}

fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let args = Args::<RouteKey>::parse(attribute, &mut faults);
    let function = Function::parse(item.clone(), &mut faults);

    let route = match &function {
        Ok(function) => validate::validate(&args, function, &mut faults),
        Err(reported) => Err(*reported),
    };
    // A route may be found beside faults of the attribute's syntax: it must not be expanded then.
    match (route, faults.into_error()) {
        (Ok(route), None) => expand::expand(&route),
        (_, error) => fallback::expand(&args, function.ok().as_ref(), item, error),
    }
}

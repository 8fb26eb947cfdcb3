//! Everything there is to know about one route once it is wired.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use crate::config::{Forwarding, HostHeader, ProxyProtocol, Pseudonym, Timeouts};
use crate::error::Error;
use crate::handler::context::States;
use crate::handler::{HandlerFn, IntoEdit, Reject, Response};
use crate::proxy::{Concurrency, Rate, Retries};
use crate::route::EVERY_METHOD;
use crate::upstream::Upstream;

/// A route, ready to run. Shared by all workers and never changed.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct RouteSpec {
    pub(crate) name: String,
    pub(crate) handler: HandlerFn,
    pub(crate) upstream: Upstream,
    pub(crate) host_header: HostHeader,
    pub(crate) forwarding: Forwarding,
    /// Whether `X-Real-IP` is sent.
    pub(crate) real_ip: bool,
    /// Absent when no Via is to be sent.
    pub(crate) via: Option<Pseudonym>,
    /// Whether a client's Upgrade is passed on.
    pub(crate) upgrade: bool,
    /// Whether CONNECT is among the methods that it lists. No other route takes one.
    pub(crate) connect: bool,
    /// Its methods, as a 405 and an answer to OPTIONS list them.
    pub(crate) allow: HeaderValue,
    /// What stands before HTTP on the way to its endpoints.
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    pub(crate) timeouts: Timeouts,
    /// Absent when only what is unsent is tried again.
    pub(crate) retries: Option<Arc<Retries>>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) rate: Option<Arc<Rate>>,
    pub(crate) concurrency: Option<Arc<Concurrency>>,
    pub(crate) on_response: Option<ResponseHook>,
    pub(crate) on_error: Option<ErrorHook>,
    /// Whether the response to a failed request has `Proxy-Status`.
    pub(crate) proxy_status: bool,
    pub(crate) states: States,
}

/// The Allow field of a route (RFC 9110 §10.2.1); no methods are all but CONNECT. A list no field can hold has none.
pub(crate) fn allow(methods: &[&str]) -> HeaderValue {
    let methods = match methods {
        [] => &EVERY_METHOD,
        listed => listed,
    };
    let mut methods: BTreeSet<&str> = methods.iter().copied().collect();
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    let list = Vec::from_iter(methods).join(", ");
    HeaderValue::try_from(list).unwrap_or(HeaderValue::from_static(""))
}

/// Edits every response a route's endpoints give; made from `Fn(&mut Response)`, which may also return
/// `Result<(), E: IntoReject>`.
#[derive(Clone)]
pub struct ResponseHook(Arc<EditResponse>);

type EditResponse = dyn Fn(&mut Response) -> Result<(), Reject> + Send + Sync;

impl ResponseHook {
    /// Wraps a function or closure.
    pub fn new<F, R>(hook: F) -> Self
    where
        F: Fn(&mut Response) -> R + Send + Sync + 'static,
        R: IntoEdit,
    {
        Self(Arc::new(move |response| hook(response).into_edit()))
    }

    pub(crate) fn run(&self, response: &mut Response) -> Result<(), Reject> {
        (self.0)(response)
    }
}

impl fmt::Debug for ResponseHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseHook")
    }
}

/// Edits or replaces the response to a request that failed; made from `Fn(&Error, &mut Response)`. The response it is
/// given has the error's status and a plain text.
#[derive(Clone)]
pub struct ErrorHook(Arc<EditFailure>);

type EditFailure = dyn Fn(&Error, &mut Response) + Send + Sync;

impl ErrorHook {
    /// Wraps a function or closure.
    pub fn new(hook: impl Fn(&Error, &mut Response) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn run(&self, error: &Error, response: &mut Response) {
        (self.0)(error, response);
    }
}

impl fmt::Debug for ErrorHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorHook")
    }
}

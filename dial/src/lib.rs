//! Declarative reverse proxying: a function over a request, plus one attribute, is a route with its own
//! load-balanced upstream.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod builder;
mod client;
mod config;
mod error;
mod handler;
mod proxy;
mod route;
mod server;
#[cfg(feature = "tls")]
mod tls;
mod upstream;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

pub use self::body::Body;
pub use self::builder::{Definition, IntoUpstream, ProxyService, Route, Router, proxy, try_proxy};
pub use dial_macros::proxy;
pub use self::client::Resolve;
pub use self::config::{Forwarding, HostHeader, PoolConfig, Timeouts};
pub use self::error::{BoxError, Error, ErrorKind, RequestSent, Result, Side};
#[cfg(feature = "query")]
pub use self::handler::Query;
pub use self::handler::{
    ClientAddr, Decision, FromInbound, FromParam, Handler, Inbound, IntoDecision, IntoEdit,
    IntoReject, ModifiableRequest, Outbound, Reject, RequestBuilder, Response, Startup, State,
};
pub use self::proxy::{ErrorHook, ResponseHook};
pub use self::server::{App, IntoAddr, Server, ServerBuilder, ServerHandle};
#[cfg(feature = "tls")]
pub use self::tls::UpstreamTls;
pub use self::upstream::{IntoHosts, Upstream};

/// Serves every `#[proxy]` of the program on `addr`: [`Router::registered`]`().serve(addr)`.
///
/// # Errors
/// What is wrong with a route, that there is none, or why `addr` cannot be listened on.
pub async fn serve(addr: impl IntoAddr) -> Result<()> {
    Router::registered().serve(addr).await
}

/// The routes of `#[proxy]` functions, for [`Router::mount`]: `routes![api, users::list]`.
#[macro_export]
macro_rules! routes {
    ($($route:path),* $(,)?) => {
        [$(<$route as $crate::Route>::definition()),*]
    };
}

/// What the code of `#[proxy]` calls. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use linkme;

    pub use crate::builder::ROUTES_0_1 as ROUTES;
    pub use crate::builder::{Definition, Hosts, Location};
    pub use crate::handler::shapes::{
        boxed, decide_edit, edited, owned, owned_async, owned_edit, rejected,
    };
    pub use crate::handler::{Outcome, Startup, extract, param};

    use crate::{Error, ErrorHook, IntoEdit, IntoHosts, Response, ResponseHook, Upstream};

    /// `hosts = EXPR`.
    pub fn hosts(hosts: impl IntoHosts) -> Result<Vec<String>, Error> {
        Ok(hosts.into_hosts())
    }

    /// `upstream = EXPR`.
    pub fn upstream(upstream: impl Into<Upstream>) -> Upstream {
        upstream.into()
    }

    /// `on_response = EXPR`.
    pub fn response_hook<F, R>(hook: F) -> ResponseHook
    where
        F: Fn(&mut Response) -> R + Send + Sync + 'static,
        R: IntoEdit,
    {
        ResponseHook::new(hook)
    }

    /// `on_error = EXPR`.
    pub fn error_hook(hook: impl Fn(&Error, &mut Response) + Send + Sync + 'static) -> ErrorHook {
        ErrorHook::new(hook)
    }
}

//! The one place where an error becomes a response and a log line.

use std::panic::AssertUnwindSafe;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Method};

use crate::body::Body;
use crate::error::{Chain, Error, ErrorKind, Side};
use crate::fields::PROXY_STATUS;
use crate::handler::{Answer, Response};
use crate::proxy::{ErrorHook, rewrite};

/// Logs `error` and answers with its status. The body is the status's own name: what went wrong is for the log. `asked` is
/// the client's method; `proxy_status` is there when the response is to tell more.
pub(crate) fn to(
    error: &Error,
    route: &str,
    asked: &Method,
    hook: Option<&ErrorHook>,
    proxy_status: Option<HeaderValue>,
) -> Answer {
    log(error, route);
    let mut response = plain(error);
    if let Some(why) = proxy_status {
        response.headers_mut().insert(PROXY_STATUS, why);
    }
    let Some(hook) = hook else {
        return response.into();
    };
    let run = AssertUnwindSafe(|| hook.run(error, &mut response));
    if std::panic::catch_unwind(run).is_err() {
        tracing::error!(route, "the on_error hook panicked");
        response = plain(error);
    }
    if response.status().is_informational() {
        tracing::error!(route, "the on_error hook chose an interim status");
        response = plain(error);
    }
    let mut answer = response.into();
    rewrite::settle_response(&mut answer, asked);
    answer
}

/// A status and its own name, and when to come again.
fn plain(error: &Error) -> Response {
    let status = error.status();
    let text = status.canonical_reason().unwrap_or("Error");
    let mut response = crate::handler::text(status, Body::from(text));
    if let Some(wait) = error.retry_after() {
        // Whole seconds, and never before the time.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn log(error: &Error, route: &str) {
    let (kind, sent) = (error.kind(), error.request_sent());
    match (error.side(), kind) {
        // That the store is lost was said once.
        (_, ErrorKind::RateUnknown) => tracing::debug!(route, ?kind, "{}", Chain(error)),
        (_, ErrorKind::HandlerPanicked) | (Side::Internal, _) => {
            tracing::error!(route, ?kind, "{}", Chain(error));
        }
        (Side::Upstream, _) => tracing::warn!(route, ?kind, ?sent, "{}", Chain(error)),
        (Side::Downstream, _) => tracing::debug!(route, ?kind, "{}", Chain(error)),
    }
}

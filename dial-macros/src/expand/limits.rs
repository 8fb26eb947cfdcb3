//! The code of `limits(..)` and `breaker(..)`: builder calls of an upstream.

use super::pieces::{called, count, size, statuses, time};
use crate::model::{Breaker, Limits};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

pub(super) fn limits(krate: &TokenStream, limits: &Limits) -> TokenStream {
    let site = Span::mixed_site();
    let mut made = quote_spanned!(site=> #krate::Limits::new());
    let mut call = |name: &str, value: Option<TokenStream>| made.extend(called(name, value));
    call("requests", limits.requests.map(size));
    call("requests_per_host", limits.requests_per_host.map(size));
    call(
        "connections_per_host",
        limits.connections_per_host.map(size),
    );
    call("queue", limits.queue.map(size));
    call("queue_timeout", limits.queue_timeout.map(time));
    call("overload_timeout", limits.overload_timeout.map(time));
    quote_spanned!(site=> .limits(#made))
}

pub(super) fn breaker(krate: &TokenStream, breaker: &Breaker) -> TokenStream {
    let site = Span::mixed_site();
    let mut made = quote_spanned!(site=> #krate::Breaker::new());
    let mut call = |name: &str, value: Option<TokenStream>| made.extend(called(name, value));
    call("error_percent", breaker.error_percent.map(count));
    call("statuses", breaker.statuses.as_deref().map(statuses));
    call("min_requests", breaker.min_requests.map(count));
    call("window", breaker.window.map(time));
    call("open", breaker.open.map(time));
    call("trials", breaker.trials.map(count));
    quote_spanned!(site=> .breaker(#made))
}

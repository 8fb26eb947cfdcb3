//! The code of `health(..)` and `eject(..)`: builder calls of an upstream.

use super::pieces::{called, count, port, statuses, time};
use super::version;
use crate::model::{Eject, Ejection, Health, HttpCheck};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The methods that the dial crate has a name for (RFC 9110 §9, RFC 5789).
const KNOWN: [&str; 8] = [
    "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

pub(super) fn health(krate: &TokenStream, health: &Health) -> TokenStream {
    let site = Span::mixed_site();
    let http = health.http.as_ref().map(|http| asked(krate, http));
    let mut check = http.unwrap_or_else(|| quote_spanned!(site=> #krate::HealthCheck::tcp()));
    let mut call = |name: &str, value: Option<TokenStream>| check.extend(called(name, value));
    call("port", health.port.map(port));
    call(
        "proxy_protocol",
        health.proxy_protocol.map(|protocol| {
            let version = version(protocol);
            quote_spanned!(site=> #krate::ProxyProtocol::#version)
        }),
    );
    call("interval", health.interval.map(time));
    call("jitter", health.jitter.map(|part| quote!(#part)));
    call("timeout", health.timeout.map(time));
    call("rise", health.rise.map(count));
    call("fall", health.fall.map(count));
    quote_spanned!(site=> .health(#check))
}

/// What is asked over HTTP.
fn asked(krate: &TokenStream, http: &HttpCheck) -> TokenStream {
    let site = Span::mixed_site();
    let path = &http.path;
    let mut check = quote_spanned!(site=> #krate::HealthCheck::http(#path));
    let mut call = |name: &str, value: Option<TokenStream>| check.extend(called(name, value));
    call(
        "method",
        http.method.as_deref().map(|name| {
            if KNOWN.contains(&name) {
                let name = Ident::new(name, site);
                return quote_spanned!(site=> #krate::Method::#name);
            }
            quote_spanned!(site=> #krate::__private::method(#name))
        }),
    );
    call(
        "host_header",
        http.host_header.as_ref().map(|host| quote!(#host)),
    );
    call("statuses", http.statuses.as_deref().map(statuses));
    call("contains", http.contains.as_ref().map(|text| quote!(#text)));
    check
}

pub(super) fn eject(krate: &TokenStream, eject: &Eject) -> TokenStream {
    let site = Span::mixed_site();
    match eject {
        Eject::Never => quote_spanned!(site=> .never_eject()),
        Eject::When(ejection) => {
            let ejection = ejected(krate, ejection);
            quote_spanned!(site=> .eject(#ejection))
        }
    }
}

fn ejected(krate: &TokenStream, ejection: &Ejection) -> TokenStream {
    let site = Span::mixed_site();
    let mut made = quote_spanned!(site=> #krate::Ejection::new());
    let mut call = |name: &str, value: Option<TokenStream>| made.extend(called(name, value));
    call("consecutive", ejection.consecutive.map(count));
    call("statuses", ejection.statuses.as_deref().map(statuses));
    call("error_percent", ejection.error_percent.map(count));
    call(
        "latency",
        ejection.latency.map(|latency| {
            let (times, least) = (count(latency.times), time(latency.least));
            quote_spanned!(site=> #times, #least)
        }),
    );
    call("window", ejection.window.map(time));
    call("min_requests", ejection.min_requests.map(count));
    call("base_time", ejection.base_time.map(time));
    call("max_time", ejection.max_time.map(time));
    call("max_percent", ejection.max_percent.map(count));
    made
}

//! Turns what was written into a route, or reports everything that is wrong with it.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::function::Function;
use crate::keys::{Keys, RouteKey};
use crate::model::{Forwarded, HostHeader, ProxyProtocol, Route, RoutePath};
use crate::values::{
    array, boolean, choice, is_token, plain_path, size, string, string_literal, word,
};
use crate::{
    concurrency, domain, endpoints, path, rate_limit, request_key, retry, signature, timeouts,
    tuning,
};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{Expr, LitStr, Token};

type RouteArgs = Args<RouteKey>;

pub(crate) fn validate<'a>(
    args: &RouteArgs,
    function: &'a Function,
    faults: &mut Faults,
) -> Checked<Route<'a>> {
    // Each part is checked before the first `?`, so that one compilation shows all faults.
    let path = optional(args, RouteKey::Path, |expr| route_path(expr, faults));
    let handler = signature::check(function, path.as_ref(), faults);
    let hosts = endpoints::where_to(args, function, faults);
    let params = request_key::params(path.as_ref());
    let tuning = tuning::of_route(args, params.as_deref(), faults);
    let domains = optional(args, RouteKey::Domain, |expr| domains(expr, faults));
    let methods = optional(args, RouteKey::Methods, |expr| {
        let methods = methods(expr, faults)?;
        let path = path.as_ref().ok().and_then(Option::as_ref);
        takes_something(&methods, path, faults).map(|()| methods)
    });
    let host_header = optional(args, RouteKey::HostHeader, |expr| host_header(expr, faults));
    let forwarded = optional(args, RouteKey::Forwarded, |expr| forwarded(expr, faults));
    let upgrade = optional(args, RouteKey::Upgrade, |expr| {
        boolean(expr, "upgrade", faults)
    });
    let proxy_protocol = optional(args, RouteKey::ProxyProtocol, |expr| {
        proxy_protocol(expr, faults)
    });
    let timeouts = timeouts::check(args, faults);
    let listed = methods.as_ref().ok().and_then(Option::as_deref);
    let retry = retry::check(args, listed, timeouts.as_ref().ok(), faults);
    let rate_limit = rate_limit::check(args, params.as_deref(), faults);
    let concurrency = concurrency::check(args, params.as_deref(), faults);
    let body_limit = optional(args, RouteKey::BodyLimit, |expr| {
        size(expr, "body_limit", faults)
    });
    let name = optional(args, RouteKey::Name, |expr| route_name(expr, faults));
    let register = optional(args, RouteKey::Register, |expr| {
        boolean(expr, "register", faults)
    });
    let krate = optional(args, RouteKey::Crate, |expr| krate(expr, faults));

    Ok(Route {
        function,
        krate: krate?.unwrap_or_else(default_krate),
        handler: handler?,
        name: name?.unwrap_or_else(|| function.signature.ident.unraw().to_string()),
        path: path?,
        hosts: hosts?,
        tuning: tuning?,
        domains: domains?.unwrap_or_default(),
        methods: methods?.unwrap_or_default(),
        host_header: host_header?,
        forwarded: forwarded?,
        upgrade: upgrade?,
        proxy_protocol: proxy_protocol?,
        timeouts: timeouts?,
        retry: retry?,
        rate_limit: rate_limit?,
        concurrency: concurrency?,
        body_limit: body_limit?,
        on_response: args.expr(RouteKey::OnResponse).cloned(),
        on_error: args.expr(RouteKey::OnError).cloned(),
        register: register?.unwrap_or(true),
    })
}

/// `::dial`, where the dial crate is unless `crate` says otherwise.
pub(crate) fn default_krate() -> TokenStream {
    quote_spanned!(Span::mixed_site()=> ::dial)
}

/// Checks the value of `key` if it was given.
pub(crate) fn optional<K: Keys, T>(
    args: &Args<K>,
    key: K,
    check: impl FnOnce(&Expr) -> Checked<T>,
) -> Checked<Option<T>> {
    match args.broken(key) {
        Some(reported) => Err(reported),
        None => args.expr(key).map(check).transpose(),
    }
}

fn route_path(expr: &Expr, faults: &mut Faults) -> Checked<RoutePath> {
    let literal = string(expr, "path", faults)?;
    match path::parse(&literal.value()) {
        Ok(params) => Ok(RoutePath { literal, params }),
        Err(found) => all(&found, &literal, faults),
    }
}

fn domains(expr: &Expr, faults: &mut Faults) -> Checked<Vec<String>> {
    let elements: Punctuated<Expr, Token![,]> = match array(expr) {
        Some(list) => list.elems.clone(),
        None => std::iter::once(expr.clone()).collect(),
    };
    if elements.is_empty() {
        return Err(faults.at(expr, "`domain` is empty; leave it out to match any host"));
    }
    let mut domains = Vec::new();
    let mut sound = Ok(());
    for element in &elements {
        let Ok(literal) =
            string(element, "domain", faults).inspect_err(|reported| sound = Err(*reported))
        else {
            continue;
        };
        match domain::pattern(&literal.value()) {
            Ok(domain) if domains.contains(&domain) => {
                let message = format!("the domain `{domain}` is listed twice");
                sound = Err(faults.at(literal, message));
            }
            Ok(domain) => domains.push(domain),
            Err(fault) => sound = Err(faults.at(literal, fault)),
        }
    }
    sound.map(|()| domains)
}

fn methods(expr: &Expr, faults: &mut Faults) -> Checked<Vec<String>> {
    let Some(list) = array(expr) else {
        return Err(faults.at(expr, "`methods` is a list, as in `methods = [GET, POST]`"));
    };
    if list.elems.is_empty() {
        return Err(faults.at(expr, "`methods` is empty; leave it out to match any method"));
    }
    let mut methods = Vec::new();
    let mut sound = Ok(());
    for element in &list.elems {
        match method(element) {
            Ok(method) if methods.contains(&method) => {
                sound = Err(faults.at(element, format!("the method `{method}` is listed twice")));
            }
            Ok(method) => methods.push(method),
            Err(fault) => sound = Err(faults.at(element, fault)),
        }
    }
    sound.map(|()| methods)
}

/// A method: a word, or a string for the few that are none (`"M-SEARCH"`).
pub(crate) fn method(expr: &Expr) -> Result<String, String> {
    let name = match (word(expr), string_literal(expr)) {
        (Some(word), _) => word.unraw().to_string(),
        (None, Some(string)) => string.value(),
        (None, None) => {
            return Err(
                match plain_path(expr).and_then(|path| path.segments.last()) {
                    Some(last) => format!("a method is a single word: write `{}`", last.ident),
                    None => "a method is a word such as `GET`".into(),
                },
            );
        }
    };
    if !is_token(&name) {
        return Err(format!("`{name}` is not a method"));
    }
    let upper = name.to_ascii_uppercase();
    if upper != name {
        return Err(format!("methods are upper case: write `{upper}`"));
    }
    Ok(name)
}

/// CONNECT names a host and a port, but no path (RFC 9110 §9.3.6).
fn takes_something(
    methods: &[String],
    path: Option<&RoutePath>,
    faults: &mut Faults,
) -> Checked<()> {
    match path {
        Some(path) if methods == ["CONNECT"] => Err(faults.at(
            &path.literal,
            "`CONNECT` has no path, so this route would take nothing; leave the path out, or list more methods",
        )),
        _ => Ok(()),
    }
}

fn host_header(expr: &Expr, faults: &mut Faults) -> Checked<HostHeader> {
    let choices = [
        ("preserve", HostHeader::Preserve),
        ("endpoint", HostHeader::Endpoint),
    ];
    choice(expr, "host_header", &choices, faults)
}

fn forwarded(expr: &Expr, faults: &mut Faults) -> Checked<Forwarded> {
    let choices = [
        ("x_forwarded", Forwarded::X),
        ("rfc7239", Forwarded::Rfc7239),
        ("both", Forwarded::Both),
        ("off", Forwarded::Off),
    ];
    choice(expr, "forwarded", &choices, faults)
}

pub(crate) fn proxy_protocol(expr: &Expr, faults: &mut Faults) -> Checked<ProxyProtocol> {
    let choices = [("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)];
    choice(expr, "proxy_protocol", &choices, faults)
}

fn route_name(expr: &Expr, faults: &mut Faults) -> Checked<String> {
    let literal = string(expr, "name", faults)?;
    let name = literal.value();
    if name.trim().is_empty() || name.contains(char::is_control) {
        return Err(faults.at(
            literal,
            "`name` is what logs and metrics show; it needs visible letters",
        ));
    }
    Ok(name)
}

pub(crate) fn krate(expr: &Expr, faults: &mut Faults) -> Checked<TokenStream> {
    match (plain_path(expr), string_literal(expr)) {
        (Some(path), _) => Ok(path.to_token_stream()),
        (None, Some(string)) => {
            let message = format!(
                "`crate` is a path without quotes: `crate = {}`",
                string.value()
            );
            Err(faults.at(expr, message))
        }
        (None, None) => Err(faults.at(
            expr,
            "`crate` is the path of the dial crate, such as `::dial`",
        )),
    }
}

/// Reports all of a literal's faults.
fn all<T>(found: &[String], literal: &LitStr, faults: &mut Faults) -> Checked<T> {
    let (last, others) = found.split_last().expect("a faulty literal has a fault");
    for fault in others {
        faults.at(literal, fault);
    }
    Err(faults.at(literal, last))
}

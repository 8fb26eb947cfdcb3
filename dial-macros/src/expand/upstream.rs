//! The code of an upstream: its hosts, and how it works.

use super::health::{eject, health};
use super::limits::{breaker, limits};
use super::made;
use super::pieces::{called, time};
use super::sticky::sticky;
use crate::model::{Balance, Entry, HashKey, Hosts, Shared, Tuning};
use crate::values::{bare, string_literal};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, LitStr};

/// A static of `upstream!`.
pub(crate) fn upstream(shared: &Shared) -> TokenStream {
    let Shared {
        attrs,
        visibility,
        name,
        krate,
        ..
    } = shared;
    let text = name.to_string();
    let hosts = hosts(krate, &shared.hosts);
    let tuning = tuning(krate, &shared.tuning);
    quote_spanned! {Span::mixed_site()=>
        #(#attrs)*
        #visibility static #name: #krate::LazyUpstream = #krate::LazyUpstream::declared(
            #text,
            #krate::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            #hosts,
        ) #tuning;
    }
}

pub(super) fn hosts(krate: &TokenStream, hosts: &Hosts) -> TokenStream {
    let site = Span::mixed_site();
    match hosts {
        Hosts::Listed(entries) => listed(krate, entries),
        Hosts::Env(variable) => quote_spanned!(site=> #krate::__private::Hosts::Env(#variable)),
        Hosts::Computed(expr) => {
            let made = made(krate, "hosts", expr);
            quote_spanned!(site=> #krate::__private::Hosts::Computed(|| #made))
        }
        Hosts::Shared(expr) => {
            // A static cannot be moved out of, so its name stands for a reference to it.
            let made = match bare(expr) {
                Expr::Path(_) => {
                    let and = quote_spanned!(expr.span().resolved_at(site)=> &);
                    made(krate, "upstream", &quote!(#and #expr))
                }
                _ => made(krate, "upstream", expr),
            };
            quote_spanned!(site=> #krate::__private::Hosts::Shared(|| #made))
        }
    }
}

/// Strings alone, where that is all there is.
fn listed(krate: &TokenStream, entries: &[Entry]) -> TokenStream {
    let site = Span::mixed_site();
    let literals: Option<Vec<_>> = entries.iter().map(literal).collect();
    if let Some(literals) = literals {
        return quote_spanned!(site=> #krate::__private::Hosts::Listed(&[#(#literals),*]));
    }
    let entries = entries.iter().map(|each| entry(krate, each));
    quote_spanned! {site=>
        #krate::__private::Hosts::Computed(|| #krate::__private::hosts([#(#entries),*]))
    }
}

/// The string that all of an entry is.
fn literal(entry: &Entry) -> Option<&LitStr> {
    let plain = entry.weight.is_none() && !entry.backup;
    string_literal(&entry.host).filter(|_| plain)
}

/// `dial::__private::entry("http://backend").weight(3)`
fn entry(krate: &TokenStream, entry: &Entry) -> TokenStream {
    let site = Span::mixed_site();
    let host = made(krate, "entry", &entry.host);
    let weight = entry
        .weight
        .as_ref()
        .map(|weight| quote_spanned!(site=> .weight(#weight)));
    let backup = entry.backup.then(|| quote_spanned!(site=> .backup()));
    quote_spanned!(site=> #host #weight #backup)
}

/// The call that has a builder work as the keys say; none where none was given.
pub(super) fn tuning(krate: &TokenStream, tuning: &Tuning) -> TokenStream {
    let site = Span::mixed_site();
    let mut calls = TokenStream::new();
    if let Some(balance) = &tuning.balance {
        calls.extend(policy(krate, balance));
    }
    calls.extend(called("slow_start", tuning.slow_start.map(time)));
    if let Some(cookie) = &tuning.sticky {
        calls.extend(sticky(krate, cookie));
    }
    if let Some(check) = &tuning.health {
        calls.extend(health(krate, check));
    }
    if let Some(ejection) = &tuning.eject {
        calls.extend(eject(krate, ejection));
    }
    if let Some(panic) = tuning.panic {
        calls.extend(quote_spanned!(site=> .panic(#panic)));
    }
    if let Some(most) = &tuning.limits {
        calls.extend(limits(krate, most));
    }
    if let Some(circuit) = &tuning.breaker {
        calls.extend(breaker(krate, circuit));
    }
    if calls.is_empty() {
        return calls;
    }
    quote_spanned! {site=>
        .tuned(|__upstream| ::core::result::Result::Ok(__upstream #calls))
    }
}

fn policy(krate: &TokenStream, balance: &Balance) -> TokenStream {
    let site = Span::mixed_site();
    match balance {
        Balance::Plain(name) => {
            let name = Ident::new(name, site);
            quote_spanned!(site=> .balance(#krate::Policy::#name()))
        }
        Balance::ConsistentHash(key, bound) => {
            let key = hash_on(krate, key);
            match bound.map(Literal::u64_unsuffixed) {
                None => quote_spanned!(site=> .balance(#krate::Policy::consistent_hash(#key))),
                Some(bound) => {
                    quote_spanned!(site=> .balance(#krate::Policy::bounded_hash(#key, #bound)))
                }
            }
        }
        Balance::Custom(expr, key) => {
            let policy = made(krate, "policy", &**expr);
            let key = key.as_ref().map(|key| {
                let key = hash_on(krate, key);
                quote_spanned!(site=> .hash_on(#key))
            });
            quote_spanned!(site=> .balance(#policy) #key)
        }
    }
}

pub(super) fn hash_on(krate: &TokenStream, key: &HashKey) -> TokenStream {
    let site = Span::mixed_site();
    match key {
        HashKey::Header(name) => quote_spanned! {site=>
            #krate::HashOn::Header(const { #krate::HeaderName::from_static(#name) })
        },
        HashKey::Cookie(name) => quote_spanned!(site=> #krate::HashOn::cookie(#name)),
        HashKey::ClientIp => quote_spanned!(site=> #krate::HashOn::ClientIp),
        HashKey::Param(name) => quote_spanned!(site=> #krate::HashOn::param(#name)),
    }
}

//! The code of `retry(..)`.

use super::pieces::{called, count, time};
use crate::model::{Condition, Retry, Route};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// `.retry(..)`, if the route has one.
pub(super) fn retries(route: &Route<'_>) -> Option<TokenStream> {
    let site = Span::mixed_site();
    let made = match route.retry.as_ref()? {
        None => quote_spanned!(site=> ::core::option::Option::None),
        Some(retry) => {
            let policy = policy(&route.krate, retry);
            quote_spanned!(site=> ::core::option::Option::Some(#policy))
        }
    };
    Some(quote_spanned!(site=> .retry(|| #made)))
}

fn policy(krate: &TokenStream, retry: &Retry) -> TokenStream {
    let site = Span::mixed_site();
    let mut policy = quote_spanned!(site=> <#krate::Retry as ::core::default::Default>::default());
    let mut call = |name: &str, value: Option<TokenStream>| policy.extend(called(name, value));
    call("attempts", retry.attempts.map(count));
    call(
        "on",
        retry.on.as_deref().map(|on| {
            let on = on.iter().map(|condition| {
                let variant = Ident::new(variant(*condition), site);
                quote_spanned!(site=> #krate::RetryOn::#variant)
            });
            quote_spanned!(site=> [#(#on),*])
        }),
    );
    call("any_method", retry.idempotent.then(TokenStream::new));
    call("buffer", retry.buffer.map(|bytes| quote!(#bytes)));
    call("backoff", retry.backoff.map(|backoff| time(backoff.first)));
    let longest = retry.backoff.and_then(|backoff| backoff.most);
    call("max_backoff", longest.map(time));
    call("per_try", retry.per_try.map(time));
    call("wait", retry.wait.map(time));
    call("budget", retry.budget.map(count));
    call("min_per_second", retry.min_per_second.map(count));
    call(
        "hedge",
        retry.hedge.map(|hedge| {
            let after = time(hedge.after);
            let most = called("most", hedge.most.map(count));
            quote_spanned!(site=> #krate::Hedge::after(#after) #most)
        }),
    );
    policy
}

fn variant(condition: Condition) -> &'static str {
    match condition {
        Condition::Connect => "Connect",
        Condition::Reset => "Reset",
        Condition::Timeout => "Timeout",
        Condition::Status5xx => "Status5xx",
        Condition::Status503 => "Status503",
        Condition::GatewayError => "GatewayError",
    }
}

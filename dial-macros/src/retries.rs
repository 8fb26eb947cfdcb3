//! Writes the code of `retry(..)`. Like `expand`, it cannot fail.

use crate::model::{Condition, Retry, Route};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// `.retry(..)`, if the route has one.
pub(crate) fn retries(route: &Route<'_>) -> Option<TokenStream> {
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
    let mut call = |name: &str, value: TokenStream| {
        let name = Ident::new(name, site);
        policy.extend(quote_spanned!(site=> .#name(#value)));
    };
    let count = |count: u64| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        quote_spanned!(site=> #count)
    };
    let time = |millis: u64| quote_spanned!(site=> ::core::time::Duration::from_millis(#millis));
    if let Some(attempts) = retry.attempts {
        call("attempts", count(attempts));
    }
    if let Some(on) = &retry.on {
        let on = on.iter().map(|condition| {
            let variant = Ident::new(variant(*condition), site);
            quote_spanned!(site=> #krate::RetryOn::#variant)
        });
        call("on", quote_spanned!(site=> [#(#on),*]));
    }
    if retry.idempotent {
        call("any_method", TokenStream::new());
    }
    if let Some(bytes) = retry.buffer {
        call("buffer", quote_spanned!(site=> #bytes));
    }
    if let Some(backoff) = retry.backoff {
        call("backoff", time(backoff.first));
        if let Some(most) = backoff.most {
            call("max_backoff", time(most));
        }
    }
    if let Some(limit) = retry.per_try {
        call("per_try", time(limit));
    }
    if let Some(limit) = retry.wait {
        call("wait", time(limit));
    }
    if let Some(percent) = retry.budget {
        call("budget", count(percent));
    }
    if let Some(attempts) = retry.min_per_second {
        call("min_per_second", count(attempts));
    }
    if let Some(hedge) = retry.hedge {
        let after = time(hedge.after);
        let most = hedge.most.map(count);
        let most = most.map(|most| quote_spanned!(site=> .most(#most)));
        call(
            "hedge",
            quote_spanned!(site=> #krate::Hedge::after(#after) #most),
        );
    }
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

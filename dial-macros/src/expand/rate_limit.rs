//! The code of `rate_limit(..)`.

use super::pieces::count;
use super::upstream::hash_on;
use crate::model::{Period, Route};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// `.rate_limit(..)`, if the route has one.
pub(super) fn limit(route: &Route<'_>) -> Option<TokenStream> {
    let site = Span::mixed_site();
    let krate = &route.krate;
    let limit = route.rate_limit.as_ref()?;
    let period = match limit.period {
        Period::Second => "per_second",
        Period::Minute => "per_minute",
        Period::Hour => "per_hour",
    };
    let period = Ident::new(period, site);
    let requests = count(limit.requests);
    let mut made = quote_spanned!(site=> #krate::RateLimit::#period(#requests));
    if let Some(burst) = limit.burst {
        let burst = count(burst);
        made.extend(quote_spanned!(site=> .and_then(|__limit| __limit.burst(#burst))));
    }
    if let Some(by) = &limit.by {
        let by = hash_on(krate, by);
        made.extend(quote_spanned!(site=> .map(|__limit| __limit.by(#by))));
    }
    Some(quote_spanned!(site=> .rate_limit(|| #made)))
}

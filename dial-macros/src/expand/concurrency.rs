//! The code of `concurrency`.

use super::pieces::size;
use super::upstream::hash_on;
use crate::model::Route;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// `.concurrency(..)`, if the route has one.
pub(super) fn limit(route: &Route<'_>) -> Option<TokenStream> {
    let site = Span::mixed_site();
    let krate = &route.krate;
    let limit = route.concurrency.as_ref()?;
    let requests = size(limit.requests);
    let mut made = quote_spanned!(site=> #krate::ConcurrencyLimit::new(#requests));
    if let Some(by) = &limit.by {
        let by = hash_on(krate, by);
        made.extend(quote_spanned!(site=> .map(|__limit| __limit.by(#by))));
    }
    Some(quote_spanned!(site=> .concurrency(|| #made)))
}

//! The code of `sticky(..)`: a builder call of an upstream.

use super::made;
use super::pieces::{called, time};
use crate::model::{SameSite, Sticky, StickyKey};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

pub(super) fn sticky(krate: &TokenStream, sticky: &Sticky) -> TokenStream {
    let site = Span::mixed_site();
    let cookie = &sticky.cookie;
    let key = match &sticky.key {
        StickyKey::Given(expr) => made(krate, "key", &**expr),
        StickyKey::Env(variable) => quote_spanned!(site=> #krate::__private::key_env(#variable)?),
    };
    let same_site = sticky.same_site.map(|same_site| {
        let variant = match same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        };
        let variant = Ident::new(variant, site);
        quote_spanned!(site=> #krate::SameSite::#variant)
    });
    let max_age = called("max_age", sticky.max_age.map(time));
    let same_site = called("same_site", same_site);
    quote_spanned!(site=> .sticky(#krate::Sticky::cookie(#cookie, #key)? #max_age #same_site))
}

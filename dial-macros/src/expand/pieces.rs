//! What calls of builders are made of.

use crate::statuses::Statuses;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// `.NAME(VALUE)`, if there is one.
pub(super) fn called(name: &str, value: Option<TokenStream>) -> Option<TokenStream> {
    let site = Span::mixed_site();
    let name = Ident::new(name, site);
    value.map(|value| quote_spanned!(site=> .#name(#value)))
}

/// Something over which `u16` can be iterated.
pub(super) fn statuses(statuses: &[Statuses]) -> TokenStream {
    let site = Span::mixed_site();
    let range = |statuses: &Statuses| {
        let (first, last) = (statuses.start(), statuses.end());
        quote_spanned!(site=> #first..=#last)
    };
    match statuses {
        [] => quote_spanned!(site=> []),
        [only] => range(only),
        several if several.iter().all(|each| each.start() == each.end()) => {
            let each = several.iter().map(Statuses::start);
            quote_spanned!(site=> [#(#each),*])
        }
        several => {
            let ranges = several.iter().map(range);
            quote_spanned! {site=>
                ::core::iter::Iterator::flatten(::core::iter::IntoIterator::into_iter([#(#ranges),*]))
            }
        }
    }
}

pub(super) fn time(millis: u64) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::from_millis(#millis))
}

/// A number that was found to be small enough.
pub(super) fn count(number: u64) -> TokenStream {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    quote!(#number)
}

/// The same of a port.
pub(super) fn port(number: u64) -> TokenStream {
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    quote!(#number)
}

/// The same of a number that has as many bits as the machine.
pub(super) fn size(number: u64) -> TokenStream {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    quote!(#number)
}

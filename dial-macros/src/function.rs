//! Reads the item under the attribute: its signature. The body is never read, only kept.

use crate::faults::{Checked, Faults};
use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Abi, Attribute, Ident, Meta, Signature, Token, Visibility, parse_quote, token};

/// The function, as written.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The whole item, to be emitted as it came.
    pub(crate) item: TokenStream,
}

impl Function {
    pub(crate) fn parse(item: TokenStream, faults: &mut Faults) -> Checked<Self> {
        let whole = item.clone();
        let reader = |input: ParseStream<'_>| {
            let attrs = input.call(Attribute::parse_outer)?;
            let visibility: Visibility = input.parse()?;
            expect_function(input)?;
            let signature: Signature = input.parse()?;
            if !input.peek(token::Brace) {
                let message = "`#[proxy]` needs a function with a body";
                return Err(syn::Error::new_spanned(&signature, message));
            }
            let _body: TokenStream = input.parse()?;
            Ok(Function {
                attrs,
                visibility,
                signature,
                item: whole,
            })
        };
        reader
            .parse2(item)
            .map_err(|error| faults.at_span(error.span(), error))
    }

    /// Whether the function carries the attribute `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attrs.iter().any(|attr| attr.path().is_ident(name))
    }

    /// The conditions under which the function exists: all that is generated beside it shares them.
    pub(crate) fn conditions(&self) -> Vec<Meta> {
        self.attrs
            .iter()
            .filter_map(|attr| condition(&attr.meta))
            .collect()
    }
}

/// `cfg(..)` as it is; of `cfg_attr(.., ..)` what makes a `cfg`.
fn condition(meta: &Meta) -> Option<Meta> {
    let list = meta.require_list().ok()?;
    if list.path.is_ident("cfg") {
        return Some(meta.clone());
    }
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let parts = list
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .ok()?;
    let mut parts = parts.into_iter();
    let when = parts.next()?;
    let conditions: Vec<Meta> = parts.filter_map(|part| condition(&part)).collect();
    (!conditions.is_empty()).then(|| parse_quote!(cfg_attr(#when, #(#conditions),*)))
}

/// An error in our words unless the next item is a function.
fn expect_function(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    let _: Option<Token![const]> = ahead.parse()?;
    let _: Option<Token![async]> = ahead.parse()?;
    let _: Option<Token![unsafe]> = ahead.parse()?;
    let _: Option<Abi> = ahead.parse()?;
    if ahead.peek(Token![fn]) {
        return Ok(());
    }
    let message = match input.fork().call(Ident::parse_any) {
        Ok(keyword) => format!("`#[proxy]` goes on a function, not on `{keyword}`"),
        Err(_) => "`#[proxy]` goes on a function".to_owned(),
    };
    Err(syn::Error::new(input.span(), message))
}

//! What stands in for a faulty route: the function as it came, a stub of the route, and the errors.
//!
//! The stub keeps `routes![api]` and `api::PATH` compiling, so that nothing but the faults is shown, and
//! editors still know the function.

use crate::args::Args;
use crate::function::Function;
use crate::keys::RouteKey;
use crate::validate::default_krate;
use crate::values::plain_path;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

pub(crate) fn expand(
    args: &Args<RouteKey>,
    function: Option<&Function>,
    item: TokenStream,
    error: Option<syn::Error>,
) -> TokenStream {
    let mut output = item;
    output.extend(error.map(syn::Error::into_compile_error));
    output.extend(function.and_then(|function| stub(args, function)));
    output
}

fn stub(args: &Args<RouteKey>, function: &Function) -> Option<TokenStream> {
    // A method stands in an `impl`, where no type can; a second `#[proxy]` brings the type itself.
    let second = |attr: &syn::Attribute| {
        attr.path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "proxy")
    };
    if function.signature.receiver().is_some() || function.attrs.iter().any(second) {
        return None;
    }
    let krate = args
        .expr(RouteKey::Crate)
        .and_then(plain_path)
        .map_or_else(default_krate, ToTokens::to_token_stream);
    let visibility = &function.visibility;
    let name = &function.signature.ident;
    let conditions = function.conditions();
    Some(quote_spanned! {Span::mixed_site()=>
        #(#[#conditions])*
        #[doc(hidden)]
        #[allow(dead_code, non_camel_case_types)]
        #[non_exhaustive]
        #visibility struct #name {}
        #(#[#conditions])*
        #[doc(hidden)]
        #[allow(dead_code)]
        const _: () = {
            impl #krate::Route for #name {
                fn definition() -> &'static #krate::__private::Definition {
                    ::core::unreachable!()
                }
            }
            impl #name {
                #visibility const PATH: &'static str = "";
                #visibility fn upstream() -> ::core::result::Result<#krate::Upstream, #krate::Error> {
                    ::core::unreachable!()
                }
            }
        };
    })
}

//! Writes the code of a route. It cannot fail: `model` holds nothing that could be wrong.
//!
//! Items are not hygienic, so every generated name begins with `__`: a handler called `call` must not find
//! itself shadowed. Locals are (`mixed_site`), and still carry such names, for a pattern could otherwise
//! be taken for a constant of the user's.
//!
//! Where a user's type decides whether the code compiles, the code lies on that type: an error then shows
//! the type and not the attribute.

mod concurrency;
mod health;
mod limits;
mod pieces;
mod rate_limit;
mod retry;
mod sticky;
mod upstream;

pub(crate) use upstream::upstream;

use self::pieces::{called, time};

use crate::model::{Argument, Form, Forwarded, HostHeader, ProxyProtocol, Route, Source};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, format_ident, quote_spanned};
use syn::spanned::Spanned;

/// What a route without a path matches.
const EVERY_PATH: &str = "/{*path}";

pub(crate) fn expand(route: &Route<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let function = route.function;
    let item = &function.item;
    let visibility = &function.visibility;
    let name = &function.signature.ident;
    let conditions = function.conditions();
    let deprecated = function
        .has("deprecated")
        .then(|| quote_spanned!(site=> deprecated,));
    let call = call(route);
    let check = check(route);
    let definition = definition(route);
    let faces = faces(route);
    let entry = entry(route);

    quote_spanned! {site=>
        #item

        #(#[#conditions])*
        #[doc(hidden)]
        #[allow(
            dead_code,
            missing_copy_implementations,
            missing_debug_implementations,
            non_camel_case_types,
            unreachable_pub
        )]
        #[non_exhaustive]
        #visibility struct #name {}

        #(#[#conditions])*
        #[doc(hidden)]
        #[allow(#deprecated dead_code, unreachable_pub)]
        const _: () = {
            #call
            #check
            #definition
            #faces
            #entry
        };
    }
}

/// The function that feeds the user's: arguments first, each of which may reject the request.
fn call(route: &Route<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let krate = &route.krate;
    let arguments = route
        .handler
        .arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| {
            let local = local(index);
            let value = feed(route, argument);
            quote_spanned! {site=>
                let #local = match #value {
                    ::core::result::Result::Ok(__value) => __value,
                    ::core::result::Result::Err(__reject) => {
                        return #krate::__private::rejected(__reject);
                    }
                };
            }
        });
    let ending = ending(route);
    quote_spanned! {site=>
        fn __dial_call(__request: #krate::ModifiableRequest) -> #krate::__private::Outcome {
            #(#arguments)*
            #ending
        }
    }
}

/// The call that makes one argument.
fn feed(route: &Route<'_>, argument: &Argument<'_>) -> TokenStream {
    let ty = argument.ty;
    let here = ty.span().resolved_at(Span::mixed_site());
    let krate = placed(&route.krate, here);
    match &argument.source {
        Source::Param(name) => {
            quote_spanned!(here=> #krate::__private::param::<#ty>(&__request, #name))
        }
        // Written as `check` writes it: one type that is no extractor is then one error.
        Source::Inbound => {
            quote_spanned!(here=> <#ty as #krate::FromInbound>::from_inbound(__request.inbound()))
        }
    }
}

/// The call of the user's function, and what becomes of its result.
fn ending(route: &Route<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let handler = &route.handler;
    let (first, last) = result_spans(route);
    let here = first.resolved_at(site);
    let private = {
        let krate = placed(&route.krate, here);
        quote_spanned!(here=> #krate::__private)
    };
    let invoke = invoke(route, first, last);
    let wait = last.resolved_at(site);
    let krate = &route.krate;
    match (handler.request.form, handler.is_async) {
        (Form::Owned, false) => quote_spanned!(here=> #private::owned(#invoke)),
        (Form::Owned, true) => quote_spanned!(here=> #private::owned_async(#invoke)),
        (Form::Edited, false) => {
            let edited = quote_spanned!(here=> #private::edited(#invoke));
            quote_spanned! {site=>
                let mut __request = __request;
                let __edited = #edited;
                #krate::__private::owned_edit(__request, __edited)
            }
        }
        (Form::Edited, true) => {
            let wait = quote_spanned!(wait=> .await);
            let edited = quote_spanned!(here=> #private::edited(#invoke #wait));
            quote_spanned! {site=>
                #krate::__private::boxed(async move {
                    let mut __request = __request;
                    let __edited = #edited;
                    #krate::__private::decide_edit(__request, __edited)
                })
            }
        }
    }
}

/// `api(request, id, db)`, lying on the return type.
fn invoke(route: &Route<'_>, first: Span, last: Span) -> TokenStream {
    let site = Span::mixed_site();
    // Both ends of the call resolve alike, or the compiler would not see them as one place.
    let mut name = route.function.signature.ident.clone();
    name.set_span(first.resolved_at(site));
    // A first argument that is no request after all shows at its type.
    let at_request = route.handler.request.ty.span().resolved_at(site);
    let request = Ident::new("__request", at_request);
    let request = match route.handler.request.form {
        Form::Owned => request.into_token_stream(),
        Form::Edited => quote_spanned!(at_request=> &mut #request),
    };
    let locals = (0..route.handler.arguments.len()).map(local);
    let inside = quote_spanned!(site=> #request #(, #locals)*);
    let mut arguments = Group::new(Delimiter::Parenthesis, inside);
    arguments.set_span(last.resolved_at(site));

    let mut call = name.into_token_stream();
    call.append(arguments);
    call
}

/// The first and the last token of the return type, or else of the function's name.
fn result_spans(route: &Route<'_>) -> (Span, Span) {
    let name = route.function.signature.ident.span();
    let Some(output) = route.handler.output else {
        return (name, name);
    };
    let mut tokens = output.to_token_stream().into_iter();
    let first = tokens.next().map_or(name, |token| token.span());
    (first, tokens.last().map_or(first, |token| token.span()))
}

/// What every extractor asks of the application, asked before the first request.
fn check(route: &Route<'_>) -> TokenStream {
    let krate = &route.krate;
    let inbound = route
        .handler
        .arguments
        .iter()
        .filter(|argument| matches!(argument.source, Source::Inbound));
    let checks = inbound.map(|argument| {
        let ty = argument.ty;
        let here = ty.span().resolved_at(Span::mixed_site());
        let krate = placed(krate, here);
        quote_spanned!(here=> <#ty as #krate::FromInbound>::check(__startup)?;)
    });
    quote_spanned! {Span::mixed_site()=>
        fn __dial_check(
            __startup: &#krate::__private::Startup<'_>,
        ) -> ::core::result::Result<(), #krate::Error> {
            #(#checks)*
            ::core::result::Result::Ok(())
        }
    }
}

fn definition(route: &Route<'_>) -> TokenStream {
    let krate = &route.krate;
    let name = &route.name;
    let hosts = upstream::hosts(krate, &route.hosts);
    let tuning = upstream::tuning(krate, &route.tuning);
    let settings = settings(route);
    quote_spanned! {Span::mixed_site()=>
        static __DIAL_DEFINITION: #krate::__private::Definition = #krate::__private::Definition::new(
            #name,
            #krate::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            __dial_call,
            __dial_check,
            #hosts,
        ) #tuning #settings;
    }
}

/// The builder calls of the keys that were given.
fn settings(route: &Route<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let krate = &route.krate;
    let mut calls = TokenStream::new();
    if let Some(path) = &route.path {
        let literal = &path.literal;
        calls.extend(quote_spanned!(site=> .path(#literal)));
    }
    if !route.domains.is_empty() {
        let domains = &route.domains;
        calls.extend(quote_spanned!(site=> .domains(&[#(#domains),*])));
    }
    if !route.methods.is_empty() {
        let methods = &route.methods;
        calls.extend(quote_spanned!(site=> .methods(&[#(#methods),*])));
    }
    if let Some(header) = route.host_header {
        let variant = match header {
            HostHeader::Preserve => "Preserve",
            HostHeader::Endpoint => "Endpoint",
        };
        let variant = Ident::new(variant, site);
        calls.extend(quote_spanned!(site=> .host_header(#krate::HostHeader::#variant)));
    }
    if let Some(forwarded) = route.forwarded {
        let variant = match forwarded {
            Forwarded::X => "XForwarded",
            Forwarded::Rfc7239 => "Rfc7239",
            Forwarded::Both => "Both",
            Forwarded::Off => "Off",
        };
        let variant = Ident::new(variant, site);
        calls.extend(quote_spanned!(site=> .forwarding(#krate::Forwarding::#variant)));
    }
    if let Some(upgrade) = route.upgrade {
        calls.extend(quote_spanned!(site=> .upgrade(#upgrade)));
    }
    if let Some(protocol) = route.proxy_protocol {
        let variant = version(protocol);
        calls.extend(quote_spanned!(site=> .proxy_protocol(#krate::ProxyProtocol::#variant)));
    }
    calls.extend(limits(route));
    if let Some(hook) = &route.on_response {
        let made = made(krate, "response_hook", hook);
        calls.extend(quote_spanned!(site=> .on_response(|| #made)));
    }
    if let Some(hook) = &route.on_error {
        let made = made(krate, "error_hook", hook);
        calls.extend(quote_spanned!(site=> .on_error(|| #made)));
    }
    calls
}

/// The variant that a version of the PROXY protocol is.
fn version(version: ProxyProtocol) -> Ident {
    let variant = match version {
        ProxyProtocol::V1 => "V1",
        ProxyProtocol::V2 => "V2",
    };
    Ident::new(variant, Span::mixed_site())
}

/// The same of what bounds a request.
fn limits(route: &Route<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let timeouts = &route.timeouts;
    let mut calls = TokenStream::new();
    for (call, millis) in [
        ("connect_timeout", timeouts.connect),
        ("response_timeout", timeouts.response),
        ("body_timeout", timeouts.body),
        ("total_timeout", timeouts.total),
        ("expect_timeout", timeouts.expect),
    ] {
        calls.extend(called(call, millis.map(time)));
    }
    calls.extend(retry::retries(route));
    calls.extend(rate_limit::limit(route));
    calls.extend(concurrency::limit(route));
    if let Some(bytes) = route.body_limit {
        calls.extend(quote_spanned!(site=> .body_limit(#bytes)));
    }
    calls
}

/// `dial::__private::MAKER(EXPR)`, lying on the user's expression.
fn made(krate: &TokenStream, maker: &str, expr: &impl ToTokens) -> TokenStream {
    let here = expr.span().resolved_at(Span::mixed_site());
    let krate = placed(krate, here);
    let maker = Ident::new(maker, here);
    quote_spanned!(here=> #krate::__private::#maker(#expr))
}

/// What a program sees of the route.
fn faces(route: &Route<'_>) -> TokenStream {
    let krate = &route.krate;
    let visibility = &route.function.visibility;
    let name = &route.function.signature.ident;
    let path = match &route.path {
        Some(path) => path.literal.to_token_stream(),
        None => EVERY_PATH.to_token_stream(),
    };
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #krate::Route for #name {
            fn definition() -> &'static #krate::__private::Definition {
                &__DIAL_DEFINITION
            }
        }
        #[automatically_derived]
        impl #name {
            /// The path that the route takes.
            #visibility const PATH: &'static str = #path;
            /// The route's upstream.
            ///
            /// # Errors
            ///
            /// When its endpoints are known only at run time and are not valid.
            #visibility fn upstream() -> ::core::result::Result<#krate::Upstream, #krate::Error> {
                __DIAL_DEFINITION.upstream()
            }
        }
    }
}

/// The route's place in the registry.
fn entry(route: &Route<'_>) -> Option<TokenStream> {
    let krate = &route.krate;
    route.register.then(|| {
        quote_spanned! {Span::mixed_site()=>
            #[#krate::__private::linkme::distributed_slice(#krate::__private::ROUTES)]
            #[linkme(crate = #krate::__private::linkme)]
            static __DIAL_ENTRY: &#krate::__private::Definition = &__DIAL_DEFINITION;
        }
    })
}

/// The local that holds the argument at `index` behind the request.
fn local(index: usize) -> Ident {
    format_ident!("__arg_{index}", span = Span::mixed_site())
}

/// `tokens` with each resolved as before but lying at `at`, so that a path and what follows it are one
/// place in an error.
fn placed(tokens: &TokenStream, at: Span) -> TokenStream {
    let moved = |mut token: TokenTree| {
        token.set_span(token.span().located_at(at));
        token
    };
    tokens.clone().into_iter().map(moved).collect()
}

//! Checks the function's signature against the path, and decides how each argument is fed.

use crate::faults::{Checked, Faults, Reported, listing, nearest};
use crate::function::Function;
use crate::model::{Argument, Form, Handler, Request, RoutePath, Source};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    FnArg, GenericParam, Ident, Pat, PatType, ReturnType, Signature, Type, TypePath, TypeReference,
};

/// Types that are evidently values and not extractors, so only a path parameter can feed them.
const PLAIN: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char", "Uuid",
];

/// `path` is `Err` when the path itself is faulty: then arguments cannot be judged by it.
pub(crate) fn check<'a>(
    function: &'a Function,
    path: Result<&Option<RoutePath>, &Reported>,
    faults: &mut Faults,
) -> Checked<Handler<'a>> {
    let signature = &function.signature;
    let path = path.map(Option::as_ref).map_err(|reported| *reported);
    let alone = alone(function, faults);
    let qualifiers = qualifiers(signature, faults);
    let generics = generics(signature, faults);
    let mut inputs = signature.inputs.iter();
    let first = inputs.next();
    let rest: Vec<&PatType> = inputs.filter_map(typed).collect();
    let request = request(signature, first, &rest, faults);
    // An argument in the request's place may have been meant for a path parameter.
    let displaced = match (first, request) {
        (Some(FnArg::Typed(argument)), Err(_)) => name(&argument.pat),
        _ => None,
    };
    let arguments = arguments(&rest, displaced, request, path, faults);
    let output = output(signature, request, faults);

    alone?;
    qualifiers?;
    generics?;
    Ok(Handler {
        is_async: signature.asyncness.is_some(),
        request: request?,
        arguments: arguments?,
        output: output?,
    })
}

/// One function is one route: both attributes would define the type of its name.
fn alone(function: &Function, faults: &mut Faults) -> Checked<()> {
    let second = function.attrs.iter().find(|attr| {
        let last = attr.path().segments.last();
        last.is_some_and(|segment| segment.ident == "proxy")
    });
    match second {
        Some(attr) => Err(faults.at(
            attr,
            "a function is one route; call it from a second function",
        )),
        None => Ok(()),
    }
}

/// What a handler cannot be.
fn qualifiers(signature: &Signature, faults: &mut Faults) -> Checked<()> {
    let mut sound = Ok(());
    if let Some(token) = &signature.constness {
        sound = Err(faults.at(token, "a handler runs once a request; it cannot be `const`"));
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        sound = Err(faults.at(
            token,
            "a handler cannot be `unsafe`: dial calls it and could not promise anything",
        ));
    }
    if let Some(abi) = &signature.abi {
        sound = Err(faults.at(abi, "a handler is a Rust function; it cannot be `extern`"));
    }
    if let Some(variadic) = &signature.variadic {
        sound = Err(faults.at(variadic, "a handler has a fixed number of arguments"));
    }
    sound
}

fn generics(signature: &Signature, faults: &mut Faults) -> Checked<()> {
    let mut sound = Ok(());
    for param in &signature.generics.params {
        let message = match param {
            GenericParam::Lifetime(lifetime) => {
                format!(
                    "a handler has no lifetime parameters; remove `{}`",
                    lifetime.lifetime
                )
            }
            GenericParam::Type(ty) => {
                format!(
                    "a handler has no type parameters; write the type instead of `{}`",
                    ty.ident
                )
            }
            GenericParam::Const(value) => {
                format!(
                    "a handler has no const parameters; write the value instead of `{}`",
                    value.ident
                )
            }
        };
        sound = Err(faults.at(param, message));
    }
    if let Some(clause) = &signature.generics.where_clause {
        sound = Err(faults.at(
            clause,
            "a handler is not generic, so it has no `where` clause",
        ));
    }
    sound
}

/// The first argument.
fn request<'a>(
    signature: &Signature,
    first: Option<&'a FnArg>,
    rest: &[&PatType],
    faults: &mut Faults,
) -> Checked<Request<'a>> {
    let argument = match first {
        Some(FnArg::Typed(argument)) => argument,
        Some(FnArg::Receiver(receiver)) => {
            let message = "`#[proxy]` goes on a free function: there is no `self` to call it on";
            return Err(faults.at(receiver, message));
        }
        None => {
            let message = "a handler takes the request: `mut request: ModifiableRequest`";
            return Err(faults.at_span(signature.paren_token.span.join(), message));
        }
    };
    unconditional(argument, faults)?;
    let ty = ungrouped(&argument.ty);
    let request = match ty {
        Type::Reference(reference) => ungrouped(&reference.elem),
        owned => owned,
    };
    if evidently_not_a_request(request) {
        let behind = rest.iter().find(|argument| is_request(&argument.ty));
        return Err(match behind {
            Some(behind) => faults.at(behind, "the request is the first argument; move it there"),
            None => faults.at(
                &argument.ty,
                "the first argument is the request: `ModifiableRequest` or `&mut ModifiableRequest`",
            ),
        });
    }
    let form = match ty {
        Type::Reference(reference) => {
            lent(reference).map_err(|fault| faults.at(&argument.ty, fault))?
        }
        _ => Form::Owned,
    };
    Ok(Request {
        form,
        ty: &argument.ty,
    })
}

/// `&mut ModifiableRequest`, and no other reference.
fn lent(reference: &TypeReference) -> Result<Form, &'static str> {
    if reference.mutability.is_none() {
        return Err(
            "a request behind `&` cannot be edited; take `&mut ModifiableRequest` or `ModifiableRequest`",
        );
    }
    if reference.lifetime.is_some() {
        return Err("the request is lent for the call only; write `&mut ModifiableRequest`");
    }
    Ok(Form::Edited)
}

/// The arguments behind the request.
fn arguments<'a>(
    rest: &[&'a PatType],
    displaced: Option<String>,
    request: Checked<Request<'_>>,
    path: Checked<Option<&RoutePath>>,
    faults: &mut Faults,
) -> Checked<Vec<Argument<'a>>> {
    let mut arguments = Vec::new();
    let mut sound = Ok(());
    // Parameters that an argument takes, or was evidently meant to take.
    let mut taken: Vec<String> = displaced.into_iter().collect();
    for argument in rest {
        let name = name(&argument.pat);
        taken.extend(name.clone());
        if is_request(&argument.ty) {
            // If the first argument is none, this one was dealt with there.
            sound = Err(match request {
                Ok(_) => faults.at(argument, "the request is taken once, as the first argument"),
                Err(reported) => reported,
            });
            continue;
        }
        match source(argument, name.as_deref(), path, &mut taken, faults) {
            Ok(source) => arguments.push(Argument {
                ty: &argument.ty,
                source,
            }),
            Err(reported) => sound = Err(reported),
        }
    }
    if let Some(path) = path? {
        for param in &path.params {
            let name = &param.name;
            if !taken.contains(name) && !name.starts_with('_') {
                let star = if param.catch_all { "*" } else { "" };
                sound = Err(faults.at(
                    &path.literal,
                    format!(
                        "path parameter `{name}` is not taken by any argument; add `{}: String`, \
                     or name it `{{{star}_{name}}}` if only `rewrite_path` uses it",
                        as_argument(name)
                    ),
                ));
            }
        }
    }
    sound.map(|()| arguments)
}

/// What feeds one argument.
fn source(
    argument: &PatType,
    name: Option<&str>,
    path: Checked<Option<&RoutePath>>,
    meant: &mut Vec<String>,
    faults: &mut Faults,
) -> Checked<Source> {
    unconditional(argument, faults)?;
    if contains_impl(argument.ty.to_token_stream()) {
        return Err(faults.at(
            &argument.ty,
            "`impl Trait` makes a handler generic; name the type",
        ));
    }
    let ty = ungrouped(&argument.ty);
    let path = path?;
    let params = path.map_or(&[][..], |path| &path.params);
    if let Some(name) = name
        && params.iter().any(|param| param.name == name)
    {
        return match ty {
            Type::Reference(_) => {
                let message =
                    format!("path parameter `{name}` is decoded, so it is owned: write `String`");
                Err(faults.at(&argument.ty, message))
            }
            _ => Ok(Source::Param(name.to_owned())),
        };
    }
    if evidently_plain(ty) {
        let message = unfed(argument, name, path, meant);
        return Err(faults.at(argument, message));
    }
    match ty {
        Type::Reference(reference) if reference.lifetime.is_none() => Err(faults.at(
            &argument.ty,
            "an argument behind the request is taken by value, not by reference",
        )),
        _ => Ok(Source::Inbound),
    }
}

/// The fault of a plain value that no path parameter feeds.
fn unfed(
    argument: &PatType,
    name: Option<&str>,
    path: Option<&RoutePath>,
    meant: &mut Vec<String>,
) -> String {
    let Some(name) = name else {
        let ty = argument.ty.to_token_stream();
        return format!(
            "a `{ty}` comes from the path, so this argument needs a path parameter's name"
        );
    };
    let fault = format!("no path parameter is named `{name}`");
    let Some(path) = path else {
        return format!(
            "{fault}: the route has no path; give it one, as in `path = \"/{{{name}}}\"`"
        );
    };
    let names = || path.params.iter().map(|param| param.name.as_str());
    if let Some(near) = nearest(name, names()) {
        meant.push(near.to_owned());
        return format!("{fault}; did you mean `{near}`?");
    }
    match path.params.len() {
        0 => format!("{fault}: the path has no parameters; add `{{{name}}}` to it"),
        _ => format!("{fault}; the path has {}", listing(names(), "and")),
    }
}

/// The return type; a handler that was given the request must give something back.
fn output<'a>(
    signature: &'a Signature,
    request: Checked<Request<'_>>,
    faults: &mut Faults,
) -> Checked<Option<&'a Type>> {
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty.as_ref()),
    };
    let nothing =
        output.is_none_or(|ty| matches!(ungrouped(ty), Type::Tuple(unit) if unit.elems.is_empty()));
    if nothing && request?.form == Form::Owned {
        let message = "this handler drops the request: return `dial::Result` and end in `request.build()`, \
                       or take `&mut ModifiableRequest`";
        return Err(match output {
            Some(ty) => faults.at(ty, message),
            None => faults.at(&signature.ident, message),
        });
    }
    Ok(output)
}

/// An argument under `#[cfg]` would also have to be absent from the call, where attributes cannot stand.
fn unconditional(argument: &PatType, faults: &mut Faults) -> Checked<()> {
    let condition = |path: &syn::Path| path.is_ident("cfg") || path.is_ident("cfg_attr");
    match argument.attrs.iter().find(|attr| condition(attr.path())) {
        Some(attr) => Err(faults.at(
            attr,
            "an argument cannot be conditional; put the `cfg` on the function",
        )),
        None => Ok(()),
    }
}

fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(argument) => Some(argument),
        // Only the first argument can be `self`: the parser saw to it.
        FnArg::Receiver(_) => None,
    }
}

/// The name that an argument binds, if it binds just one.
fn name(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(ident) if ident.subpat.is_none() => Some(ident.ident.unraw().to_string()),
        _ => None,
    }
}

/// How `name` is written as an argument: keywords are raw.
fn as_argument(name: &str) -> String {
    match syn::parse_str::<Ident>(name) {
        Ok(_) => name.to_owned(),
        Err(_) => format!("r#{name}"),
    }
}

/// Sees through parentheses and the invisible groups in which `$t:ty` arrives.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

fn last_segment(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => Some(path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// An alias may stand for the request, so most names may.
fn evidently_not_a_request(ty: &Type) -> bool {
    match ty {
        Type::Macro(_) | Type::Verbatim(_) => false,
        Type::Path(_) => last_segment(ty).is_some_and(|name| {
            PLAIN.contains(&name.as_str())
                || ["str", "String", "Vec", "Option", "Result", "State"].contains(&name.as_str())
        }),
        _ => true,
    }
}

fn is_request(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Reference(reference) => is_request(&reference.elem),
        ty => last_segment(ty).is_some_and(|name| name == "ModifiableRequest"),
    }
}

fn evidently_plain(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            last_segment(ungrouped(&reference.elem)).is_some_and(|name| name == "str")
        }
        _ => {
            last_segment(ty).is_some_and(|name| name == "String" || PLAIN.contains(&name.as_str()))
        }
    }
}

/// Whether `impl` stands anywhere in a type.
fn contains_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => contains_impl(group.stream()),
        _ => false,
    })
}

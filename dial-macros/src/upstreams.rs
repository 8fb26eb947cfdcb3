//! `upstream!`: reads statics that hold an upstream, and what is wrong with them.

use crate::args::Args;
use crate::endpoints;
use crate::expand::upstream;
use crate::faults::{Checked, Faults};
use crate::keys::{self, Keys, Row, value};
use crate::model::{Hosts, Shared, Tuning};
use crate::tuning::{self, UpstreamKeys};
use crate::validate::{default_krate, krate, optional};
use crate::values::{bare, word};
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Token, Type, Visibility};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StaticKey {
    Balance,
    SlowStart,
    Sticky,
    Health,
    Eject,
    Panic,
    Limits,
    Breaker,
    Crate,
}

#[rustfmt::skip] // one key a line
impl Keys for StaticKey {
    const TABLE: &'static [Row<Self>] = &[
        keys::upstream::BALANCE.of(StaticKey::Balance),
        keys::upstream::SLOW_START.of(StaticKey::SlowStart),
        keys::upstream::STICKY.of(StaticKey::Sticky),
        keys::upstream::HEALTH.of(StaticKey::Health),
        keys::upstream::EJECT.of(StaticKey::Eject),
        keys::upstream::PANIC.of(StaticKey::Panic),
        keys::upstream::LIMITS.of(StaticKey::Limits),
        keys::upstream::BREAKER.of(StaticKey::Breaker),
        value(StaticKey::Crate, "crate", "crate = ::dial", &["krate"]),
    ];
    const OWNER: &'static str = " of `upstream!`";
    const BARE: Option<Self> = None;
}

impl UpstreamKeys for StaticKey {
    const BALANCE: Self = StaticKey::Balance;
    const SLOW_START: Self = StaticKey::SlowStart;
    const STICKY: Self = StaticKey::Sticky;
    const HEALTH: Self = StaticKey::Health;
    const EJECT: Self = StaticKey::Eject;
    const PANIC: Self = StaticKey::Panic;
    const LIMITS: Self = StaticKey::Limits;
    const BREAKER: Self = StaticKey::Breaker;
}

/// All statics of one `upstream!`. A faulty one becomes a stub of the same name, so that nothing but its faults is shown.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let mut statics = Vec::new();
    let reader = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Ok(declared) = declaration(input, &mut faults) {
                statics.push(declared.validate(&mut faults));
            }
            skip_to_end(input);
        }
        Ok(())
    };
    if let Err(error) = reader.parse2(input) {
        faults.at_span(error.span(), error);
    }
    let mut output: TokenStream = statics.iter().map(upstream).collect();
    output.extend(faults.into_error().map(syn::Error::into_compile_error));
    output
}

/// One static, as written.
struct Declaration {
    attrs: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    /// Absent when they could not be read.
    hosts: Checked<Expr>,
    args: Args<StaticKey>,
}

impl Declaration {
    fn validate(self, faults: &mut Faults) -> Shared {
        let hosts = self.hosts.and_then(|expr| hosts(&expr, &self.name, faults));
        let tuning = tuning::check(&self.args, None, faults);
        let krate = optional(&self.args, StaticKey::Crate, |expr| krate(expr, faults));
        Shared {
            attrs: self.attrs,
            visibility: self.visibility,
            name: self.name,
            krate: krate.ok().flatten().unwrap_or_else(default_krate),
            hosts: hosts.unwrap_or_else(|_| Hosts::Listed(Vec::new())),
            tuning: tuning.unwrap_or_else(|_| Tuning::default()),
        }
    }
}

/// A list, an expression, or `env("NAME")`.
fn hosts(expr: &Expr, name: &Ident, faults: &mut Faults) -> Checked<Hosts> {
    if let Expr::Call(call) = bare(expr)
        && word(&call.func).is_some_and(|function| function == "env")
    {
        return match call.args.iter().collect::<Vec<_>>()[..] {
            [variable] => endpoints::variable(variable, "env", faults).map(Hosts::Env),
            _ => Err(faults.at(
                expr,
                "`env` names an environment variable, as in `env(\"BACKENDS\")`",
            )),
        };
    }
    endpoints::list(expr, &name.to_string(), faults)
}

/// Reads a static up to its `;`. Whatever is wrong behind its name leaves it a name.
fn declaration(input: ParseStream<'_>, faults: &mut Faults) -> Checked<Declaration> {
    let (attrs, visibility, name) =
        head(input).map_err(|error| faults.at_span(error.span(), error))?;
    let mut hosts = typeless(input, faults).and_then(|()| {
        let value = input.parse::<Token![=]>().and_then(|_| input.parse());
        value.map_err(|error| {
            let message = format!("cannot read the endpoints of `{name}`: {error}");
            // The end of the input has no place but the whole macro.
            if input.is_empty() {
                faults.at(&name, message)
            } else {
                faults.at_span(error.span(), message)
            }
        })
    });
    let ended = input.is_empty() || input.peek(Token![;]);
    if hosts.is_ok() && !ended && input.parse::<Token![,]>().is_err() {
        let message = format!("expected `,` or `;` behind the endpoints of `{name}`");
        hosts = Err(faults.at_span(input.span(), message));
    }
    let arguments = match hosts {
        Ok(_) => to_end(input),
        Err(_) => TokenStream::new(),
    };
    Ok(Declaration {
        attrs,
        visibility,
        name,
        hosts,
        args: Args::parse(arguments, faults),
    })
}

/// `#[..] pub static NAME`
fn head(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, Visibility, Ident)> {
    let attrs = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    if !input.peek(Token![static]) {
        let message = "an upstream is a static, as in `static API = [\"http://backend:8080\"];`";
        return Err(input.error(message));
    }
    let _: Token![static] = input.parse()?;
    if input.peek(Token![mut]) {
        return Err(input.error("an upstream changes by its methods; leave `mut` out"));
    }
    Ok((attrs, visibility, input.parse()?))
}

/// A type where none is needed.
fn typeless(input: ParseStream<'_>, faults: &mut Faults) -> Checked<()> {
    let colon: Option<Token![:]> = input.parse().unwrap_or_default();
    if colon.is_none() {
        return Ok(());
    }
    let message = "the type goes without saying; leave it out";
    Err(match input.parse::<Type>() {
        Ok(ty) => faults.at(ty, message),
        Err(_) => faults.at(colon, message),
    })
}

/// The tokens up to the next `;`.
fn to_end(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = Vec::new();
    while !input.is_empty() && !input.peek(Token![;]) {
        tokens.extend(input.parse::<TokenTree>());
    }
    tokens.into_iter().collect()
}

/// Skips what is left of a static, and its `;`.
fn skip_to_end(input: ParseStream<'_>) {
    to_end(input);
    let _: Result<Token![;], _> = input.parse();
}

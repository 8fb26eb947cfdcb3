//! Where requests go: lists of endpoints, each a string, or a string with options in parentheses.

use crate::args::Args;
use crate::faults::{Checked, Faults, listing, nearest};
use crate::function::Function;
use crate::hosts;
use crate::keys::RouteKey;
use crate::model::{Entry, Hosts};
use crate::values::{array, bare, literal, named, string, string_literal};
use quote::ToTokens;
use syn::{Expr, Ident, Lit, LitStr};

/// The same at run time, where weights may be computed.
const MAX_WEIGHT: u32 = 1000;

const OPTIONS: [&str; 2] = ["weight", "backup"];

/// The one of `hosts`, `hosts_env` and `upstream` that was given.
pub(crate) fn where_to(
    args: &Args<RouteKey>,
    function: &Function,
    faults: &mut Faults,
) -> Checked<Hosts> {
    const KEYS: [RouteKey; 3] = [RouteKey::Hosts, RouteKey::HostsEnv, RouteKey::Upstream];
    let given = args.any_of(&KEYS);
    if let [first, others @ ..] = given.as_slice()
        && !others.is_empty()
    {
        let mut reported = Ok(());
        for other in others {
            let message = format!(
                "`{}` and `{}` both say where requests go; keep one",
                first.name, other.name
            );
            reported = Err(faults.at(&other.name, message));
        }
        reported?;
    }
    let broken = KEYS.iter().find_map(|key| args.broken(*key));
    if let (Some(reported), true) = (broken, given.is_empty()) {
        return Err(reported);
    }

    if let Some(expr) = args.expr(RouteKey::Hosts) {
        return list(expr, "hosts", faults);
    }
    if let Some(expr) = args.expr(RouteKey::HostsEnv) {
        return variable(expr, "hosts_env", faults).map(Hosts::Env);
    }
    if let Some(expr) = args.expr(RouteKey::Upstream) {
        return shared(expr, faults);
    }
    let message = "missing `hosts`: where do requests go? Add `hosts = [\"http://backend:8080\"]`";
    Err(match args.expr(RouteKey::Path) {
        Some(path) => faults.at(path, message),
        None => faults.at(&function.signature.ident, message),
    })
}

/// `upstream = ..`: whatever it is, it is no list, which would go unchecked here.
fn shared(expr: &Expr, faults: &mut Faults) -> Checked<Hosts> {
    let written = expr.to_token_stream();
    let list = match (array(expr), string_literal(expr)) {
        (Some(_), _) => format!("hosts = {written}"),
        (None, Some(_)) => format!("hosts = [{written}]"),
        (None, None) => return Ok(Hosts::Shared(expr.clone())),
    };
    let message = format!("`upstream` is one that is declared elsewhere; write `{list}`");
    Err(faults.at(expr, message))
}

/// The list that is called `name`: literals are checked wherever they stand in it.
pub(crate) fn list(expr: &Expr, name: &str, faults: &mut Faults) -> Checked<Hosts> {
    if literal(expr).is_some() {
        let message = format!("`{name}` is a list: write `[{}]`", expr.to_token_stream());
        return Err(faults.at(expr, message));
    }
    let Some(list) = array(expr) else {
        return Ok(Hosts::Computed(expr.clone()));
    };
    if list.elems.is_empty() {
        let message = format!("`{name}` is empty; an upstream needs at least one endpoint");
        return Err(faults.at(expr, message));
    }
    let mut sound = Ok(());
    let mut entries = Vec::new();
    let mut seen = Vec::new();
    for element in &list.elems {
        match entry(element, &mut seen, faults) {
            Ok(entry) => entries.push(entry),
            Err(reported) => sound = Err(reported),
        }
    }
    sound?;
    if let Some(first) = list.elems.first()
        && entries.iter().all(|entry| entry.backup)
    {
        let message = "every endpoint is a backup, and backups get requests only while no other endpoint can; \
                       leave `backup` out of those that come first";
        let backup = options(first)
            .into_iter()
            .find(|option| matches!(named(option), Some((name, None)) if name == "backup"));
        return Err(faults.at(backup.unwrap_or(first), message));
    }
    Ok(Hosts::Listed(entries))
}

/// One element of a list. Endpoints that were `seen` are not listed again.
fn entry(element: &Expr, seen: &mut Vec<String>, faults: &mut Faults) -> Checked<Entry> {
    let host = host(element, seen, faults);
    let mut weight = None;
    let mut backup = None;
    let mut sound = Ok(());
    for option in options(element) {
        if let Err(reported) = read(option, &mut weight, &mut backup, faults) {
            sound = Err(reported);
        }
    }
    sound?;
    Ok(Entry {
        host: host?,
        weight,
        backup: backup.is_some(),
    })
}

/// What stands behind the endpoint in its parentheses.
fn options(element: &Expr) -> Vec<&Expr> {
    match bare(element) {
        Expr::Tuple(tuple) => tuple.elems.iter().skip(1).collect(),
        _ => Vec::new(),
    }
}

fn host(element: &Expr, seen: &mut Vec<String>, faults: &mut Faults) -> Checked<Expr> {
    let first = match bare(element) {
        Expr::Tuple(tuple) => tuple.elems.first(),
        Expr::Paren(paren) => Some(&*paren.expr),
        Expr::Assign(_) => {
            let message = "an option stands in parentheses with its endpoint, as in \
                           `(\"http://backend:8080\", weight = 2)`";
            return Err(faults.at(element, message));
        }
        other => Some(other),
    };
    let Some(first) = first.filter(|first| !matches!(bare(first), Expr::Assign(_))) else {
        let message = "the parentheses of an endpoint begin with it, as in \
                       `(\"http://backend:8080\", weight = 2)`";
        return Err(faults.at(element, message));
    };
    let Some(string) = string_literal(first) else {
        return match literal(first) {
            None => Ok(first.clone()),
            Some(_) => Err(faults.at(
                first,
                "an endpoint is a string, such as `\"http://backend:8080\"`",
            )),
        };
    };
    match hosts::parse(&string.value()) {
        Ok(endpoint) if seen.contains(&endpoint) => {
            let message = format!("this endpoint is listed twice (`{endpoint}`)");
            Err(faults.at(string, message))
        }
        Ok(endpoint) => {
            seen.push(endpoint);
            Ok(first.clone())
        }
        Err(fault) => Err(faults.at(string, fault)),
    }
}

/// Reads one option.
fn read<'a>(
    option: &'a Expr,
    weight: &mut Option<Expr>,
    backup: &mut Option<&'a Ident>,
    faults: &mut Faults,
) -> Checked<()> {
    let Some((name, value)) = named(option) else {
        let message = match literal(option) {
            Some(Lit::Int(number)) => {
                format!("an option of an endpoint has a name: write `weight = {number}`")
            }
            _ => "an option of an endpoint is `weight = 2` or `backup`".to_owned(),
        };
        return Err(faults.at(option, message));
    };
    let twice = || format!("`{name}` is given twice");
    match (name.to_string().as_str(), value) {
        ("weight", Some(_)) if weight.is_some() => Err(faults.at(name, twice())),
        ("weight", Some(value)) => {
            weight_in_range(value, faults)?;
            *weight = Some(value.clone());
            Ok(())
        }
        ("weight", None) => Err(faults.at(name, "`weight` takes a value, as in `weight = 2`")),
        ("backup", None) if backup.is_some() => Err(faults.at(name, twice())),
        ("backup", None) => {
            *backup = Some(name);
            Ok(())
        }
        ("backup", Some(_)) => {
            let message = "`backup` takes no value; write it alone, or leave it out";
            Err(faults.at(option, message))
        }
        (unknown, _) => {
            let also = match unknown {
                "w" | "share" => Some("weight"),
                "standby" | "spare" | "fallback" | "secondary" => Some("backup"),
                _ => None,
            };
            let hint = match nearest(unknown, OPTIONS).or(also) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the options are {}", listing(OPTIONS, "and")),
            };
            let message = format!("unknown option `{unknown}` of an endpoint; {hint}");
            Err(faults.at(name, message))
        }
    }
}

/// What is computed is judged when the program starts.
fn weight_in_range(value: &Expr, faults: &mut Faults) -> Checked<()> {
    let number = match bare(value) {
        Expr::Unary(unary) if literal(&unary.expr).is_some() => None,
        other => match literal(other) {
            None => return Ok(()),
            Some(Lit::Int(int)) if ["", "u32"].contains(&int.suffix()) => {
                Some(int.base10_parse().unwrap_or(u32::MAX))
            }
            Some(_) => None,
        },
    };
    let message = match number {
        Some(1..=MAX_WEIGHT) => return Ok(()),
        Some(0) => {
            "a weight of 0 is no weight; leave the endpoint out, or drain the host while the program runs"
                .to_owned()
        }
        Some(_) => format!("a weight is at most {MAX_WEIGHT}"),
        None => format!("a weight is a whole number from 1 to {MAX_WEIGHT}"),
    };
    Err(faults.at(value, message))
}

/// An environment variable: a name that every shell can set.
pub(crate) fn variable(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<LitStr> {
    let name = string(expr, key, faults)?;
    let text = name.value();
    let letters = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if text.is_empty() || !letters || text.as_bytes()[0].is_ascii_digit() {
        let message = format!("`{key}` names an environment variable, such as `BACKENDS`");
        return Err(faults.at(name, message));
    }
    Ok(name)
}

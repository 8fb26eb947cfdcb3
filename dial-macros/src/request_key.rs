//! What of a request decides: where it goes, or what it is counted with.

use crate::faults::{Checked, Faults, listing, nearest};
use crate::model::{HashKey, RoutePath};
use crate::path;
use crate::values::{bare, is_token, meant, named, string, word};
use syn::{Expr, Ident, LitStr};

/// The parameters that a request will have; `None` where nobody knows.
pub(crate) type Params<'a> = Option<&'a [&'a str]>;

pub(crate) const KEYS: [&str; 4] = ["header", "cookie", "client_ip", "param"];

/// What other tools call a key.
const KEYS_ALSO: [(&str, &[&str]); 3] = [
    ("header", &["field", "hdr"]),
    (
        "client_ip",
        &[
            "ip",
            "source",
            "source_ip",
            "client_addr",
            "remote_addr",
            "client",
        ],
    ),
    ("param", &["parameter", "path", "path_param"]),
];

/// The parameters of a route's path; `None` if it could not be read.
pub(crate) fn params<E>(path: Result<&Option<RoutePath>, E>) -> Option<Vec<&str>> {
    let path = path.ok()?;
    let params = path.iter().flat_map(|path| &path.params);
    Some(params.map(|param| param.name.as_str()).collect())
}

/// `client_ip`, or one of `header`, `cookie` and `param` with its name: `header = "X-Tenant"`, or `header("X-Tenant")`.
pub(crate) fn hash_key(expr: &Expr, params: Params<'_>, faults: &mut Faults) -> Checked<HashKey> {
    let Some((name, value)) = called(expr).or_else(|| named(expr)) else {
        let message = format!(
            "a request's key is {}, as in `header = \"X-Tenant\"`",
            listing(KEYS, "or")
        );
        return Err(faults.at(expr, message));
    };
    let mut text = |key| match value {
        Some(value) => string(value, key, faults),
        None => Err(faults.at(
            name,
            format!("`{key}` takes a value, as in `{key} = \"name\"`"),
        )),
    };
    match name.to_string().as_str() {
        "header" => header(&text("header")?, faults).map(HashKey::Header),
        "cookie" => cookie(&text("cookie")?, faults).map(HashKey::Cookie),
        "param" => param(&text("param")?, params, faults).map(HashKey::Param),
        "client_ip" if value.is_some() => {
            Err(faults.at(expr, "`client_ip` takes no value; write it alone"))
        }
        "client_ip" => Ok(HashKey::ClientIp),
        unknown => {
            let hint = match meant(unknown, &KEYS, &KEYS_ALSO) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys are {}", listing(KEYS, "and")),
            };
            Err(faults.at(
                name,
                format!("unknown key `{unknown}` of a request; {hint}"),
            ))
        }
    }
}

/// `NAME(VALUE)`
fn called(expr: &Expr) -> Option<(&Ident, Option<&Expr>)> {
    let Expr::Call(call) = bare(expr) else {
        return None;
    };
    match call.args.len() {
        1 => Some((word(&call.func)?, call.args.first())),
        _ => None,
    }
}

fn header(literal: &LitStr, faults: &mut Faults) -> Checked<String> {
    /// What is said about one connection or frames a message (RFC 9110 §7.6.1), and is never sent on.
    const OWN: [&str; 11] = [
        "connection",
        "content-length",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let written = literal.value();
    if !is_token(&written) {
        return Err(faults.at(literal, format!("`{written}` is not the name of a field")));
    }
    let name = written.to_ascii_lowercase();
    if OWN.contains(&name.as_str()) {
        let message = format!(
            "`{written}` belongs to one connection and is not sent on, so no request has it"
        );
        return Err(faults.at(literal, message));
    }
    if name == "host" {
        let message = "`Host` is set for the endpoint, after it was chosen; use `X-Forwarded-Host`";
        return Err(faults.at(literal, message));
    }
    Ok(name)
}

fn cookie(literal: &LitStr, faults: &mut Faults) -> Checked<String> {
    let name = literal.value();
    match is_token(&name) {
        true => Ok(name),
        false => Err(faults.at(literal, format!("`{name}` is not the name of a cookie"))),
    }
}

fn param(literal: &LitStr, params: Params<'_>, faults: &mut Faults) -> Checked<String> {
    let name = literal.value();
    let Some(params) = params else {
        if path::is_name(&name) {
            return Ok(name);
        }
        return Err(faults.at(
            literal,
            format!("`{name}` is not the name of a path parameter"),
        ));
    };
    if params.contains(&name.as_str()) {
        return Ok(name);
    }
    // One that no argument takes is called `_id`.
    let untaken = |param: &&&str| param.strip_prefix('_') == Some(&name);
    let untaken = params.iter().find(untaken).copied();
    let hint = match untaken.or_else(|| nearest(&name, params.iter().copied())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if params.is_empty() => "the route's path has none".to_owned(),
        None => format!("the path has {}", listing(params.iter().copied(), "and")),
    };
    Err(faults.at(
        literal,
        format!("no path parameter is named `{name}`; {hint}"),
    ))
}

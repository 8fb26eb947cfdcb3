//! How an upstream works, but for its hosts: `balance` and `slow_start`.

use crate::args::{Args, Keys, RouteKey};
use crate::faults::{Checked, Faults, Reported, listing, nearest};
use crate::model::{Balance, HashKey, RoutePath, Tuning};
use crate::path;
use crate::validate::optional;
use crate::values::{bare, duration, is_token, named, string, string_literal, word};
use syn::punctuated::Punctuated;
use syn::{Expr, LitStr, Token};

/// A set of keys that has those of an upstream in it.
pub(crate) trait UpstreamKeys: Keys {
    const BALANCE: Self;
    const SLOW_START: Self;
}

impl UpstreamKeys for RouteKey {
    const BALANCE: Self = RouteKey::Balance;
    const SLOW_START: Self = RouteKey::SlowStart;
}

/// The parameters that a request will have; `None` where nobody knows.
type Params<'a> = Option<Vec<&'a str>>;

const PLAIN: [&str; 4] = ["round_robin", "least_request", "peak_ewma", "random"];
const POLICIES: [&str; 6] = [
    "round_robin",
    "least_request",
    "peak_ewma",
    "random",
    "consistent_hash",
    "custom",
];
const KEYS: [&str; 4] = ["header", "cookie", "client_ip", "param"];

/// What other tools call a policy.
const ALSO: [(&str, &[&str]); 5] = [
    ("round_robin", &["rr", "wrr", "weighted"]),
    (
        "least_request",
        &[
            "least_conn",
            "leastconn",
            "least_connections",
            "p2c",
            "power_of_two",
        ],
    ),
    ("peak_ewma", &["ewma", "least_time", "latency"]),
    (
        "consistent_hash",
        &[
            "hash",
            "ip_hash",
            "ring_hash",
            "maglev",
            "sticky",
            "header",
            "cookie",
            "source",
        ],
    ),
    ("custom", &["own"]),
];

/// The same of a key.
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

/// Those of a route: one that shares an upstream has none, since they are the upstream's.
pub(crate) fn of_route(
    args: &Args<RouteKey>,
    path: Result<&Option<RoutePath>, &Reported>,
    faults: &mut Faults,
) -> Checked<Tuning> {
    let shared = args.get(RouteKey::Upstream).is_some();
    let alone = args
        .any_of(&[RouteKey::Hosts, RouteKey::HostsEnv])
        .is_empty();
    if shared && alone {
        let mut sound = Ok(());
        for item in args.any_of(&[RouteKey::Balance, RouteKey::SlowStart]) {
            let message = format!(
                "`{}` belongs to the upstream that is shared; write it where that is declared",
                item.name
            );
            sound = Err(faults.at(&item.name, message));
        }
        sound?;
    }
    let params = path.ok().map(|path| {
        let params = path.iter().flat_map(|path| &path.params);
        params.map(|param| param.name.as_str()).collect()
    });
    check(args, params, faults)
}

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Tuning> {
    let balance = optional(args, K::BALANCE, |expr| balance(expr, params, faults));
    let slow_start = optional(args, K::SLOW_START, |expr| {
        duration(expr, "slow_start", faults)
    });
    let (balance, slow_start) = (balance?, slow_start?);
    if let (Some(Balance::ConsistentHash(_)), Some(item)) = (&balance, args.get(K::SLOW_START)) {
        let message = "`slow_start` changes nothing beside `consistent_hash`: a key goes to its endpoint from the start";
        return Err(faults.at(&item.name, message));
    }
    Ok(Tuning {
        balance,
        slow_start,
    })
}

/// `NAME`, `consistent_hash(KEY)` or `custom(EXPR)`.
fn balance(expr: &Expr, params: Params<'_>, faults: &mut Faults) -> Checked<Balance> {
    let (name, arguments) = match bare(expr) {
        Expr::Call(call) => (word(&call.func), Some(&call.args)),
        other => (word(other), None),
    };
    let Some(name) = name else {
        let quoted = string_literal(expr).map(LitStr::value);
        let hint = match quoted.filter(|text| PLAIN.contains(&text.as_str())) {
            Some(plain) => format!("write `{plain}` without quotes"),
            None => "one of your own is `custom(EXPR)`".to_owned(),
        };
        let message = format!("`balance` is {}; {hint}", listing(POLICIES, "or"));
        return Err(faults.at(expr, message));
    };
    let text = name.to_string();
    let plain = PLAIN.into_iter().find(|plain| *plain == text);
    match (plain, text.as_str(), arguments) {
        (Some(plain), _, None) => Ok(Balance::Plain(plain)),
        (Some(plain), ..) => Err(faults.at(
            expr,
            format!("`{plain}` takes no arguments; write it alone"),
        )),
        (None, "consistent_hash", Some(keys)) => match keys.iter().collect::<Vec<_>>()[..] {
            [only] => hash_key(only, params, faults).map(Balance::ConsistentHash),
            [_, second, ..] => Err(faults.at(second, "a request has one key; keep one")),
            [] => Err(faults.at(expr, needs_key())),
        },
        (None, "consistent_hash", None) => Err(faults.at(expr, needs_key())),
        (None, "custom", arguments) => custom(expr, arguments, params, faults),
        (None, unknown, _) => {
            let hint = match meant(unknown, &POLICIES, &ALSO) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "the policies are {}, and `custom(EXPR)` is one of your own",
                    listing(POLICIES.into_iter().take(5), "and")
                ),
            };
            Err(faults.at(name, format!("unknown policy `{unknown}`; {hint}")))
        }
    }
}

/// `custom(EXPR)`, or `custom(EXPR, KEY)`.
fn custom(
    expr: &Expr,
    arguments: Option<&Punctuated<Expr, Token![,]>>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Balance> {
    let arguments: Vec<_> = arguments.into_iter().flatten().collect();
    match arguments[..] {
        [policy] | [policy, _] if matches!(policy, Expr::Assign(_)) => Err(faults.at(
            policy,
            "`custom` begins with a policy, as in `custom(Fill::new(), header = \"X-Tenant\")`",
        )),
        [policy] => Ok(Balance::Custom(Box::new(policy.clone()), None)),
        [policy, key] => {
            let key = hash_key(key, params, faults)?;
            Ok(Balance::Custom(Box::new(policy.clone()), Some(key)))
        }
        [_, _, third, ..] => Err(faults.at(third, "a request has one key; keep one")),
        [] => Err(faults.at(
            expr,
            "`custom` takes a policy of your own, as in `custom(Fill::new())`",
        )),
    }
}

fn needs_key() -> String {
    format!(
        "`consistent_hash` needs a key, as in `consistent_hash(header = \"X-Tenant\")`; the keys are {}",
        listing(KEYS, "and")
    )
}

/// `header = "X-Tenant"`, `cookie = "name"`, `client_ip` or `param = "id"`.
fn hash_key(expr: &Expr, params: Params<'_>, faults: &mut Faults) -> Checked<HashKey> {
    let Some((name, value)) = named(expr) else {
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
        None => format!("the path has {}", listing(params, "and")),
    };
    Err(faults.at(
        literal,
        format!("no path parameter is named `{name}`; {hint}"),
    ))
}

/// What an unknown word most likely stands for.
fn meant(
    word: &str,
    known: &[&'static str],
    also: &[(&'static str, &[&str])],
) -> Option<&'static str> {
    let other = || {
        let named = also.iter().find(|(_, names)| names.contains(&word));
        named.map(|(name, _)| *name)
    };
    nearest(word, known.iter().copied()).or_else(other)
}

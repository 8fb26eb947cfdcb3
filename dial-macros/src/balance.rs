//! `balance`: which endpoint gets a request.

use crate::faults::{Checked, Faults, listing};
use crate::model::Balance;
use crate::request_key::{self, Params, hash_key};
use crate::values::{bare, meant, named, string_literal, whole, word};
use syn::punctuated::Punctuated;
use syn::{Expr, LitStr, Token};

const PLAIN: [&str; 4] = ["round_robin", "least_request", "peak_ewma", "random"];
const POLICIES: [&str; 6] = [
    "round_robin",
    "least_request",
    "peak_ewma",
    "random",
    "consistent_hash",
    "custom",
];
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

/// `NAME`, `consistent_hash(KEY)` or `custom(EXPR)`.
pub(crate) fn check(expr: &Expr, params: Params<'_>, faults: &mut Faults) -> Checked<Balance> {
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
            [only] => hash_key(only, params, faults).map(|key| Balance::ConsistentHash(key, None)),
            [key, second] if named(second).is_some_and(|(name, _)| name == "bound") => {
                let key = hash_key(key, params, faults);
                let bound = bound(second, faults);
                Ok(Balance::ConsistentHash(key?, Some(bound?)))
            }
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

/// How many percent of its share a host may have under way.
fn bound(expr: &Expr, faults: &mut Faults) -> Checked<u64> {
    match named(expr) {
        Some((_, Some(value))) => whole(value, "bound", 101..=1000, faults),
        _ => Err(faults.at(
            expr,
            "`bound` takes percents of a host's share, as in `bound = 125`",
        )),
    }
}

fn needs_key() -> String {
    format!(
        "`consistent_hash` needs a key, as in `consistent_hash(header = \"X-Tenant\")`; the keys are {}",
        listing(request_key::KEYS, "and")
    )
}

//! `sticky(..)`: the cookie that keeps a client with its endpoint.

use crate::args::Args;
use crate::endpoints::variable;
use crate::faults::{Checked, Faults};
use crate::features;
use crate::keys::{Keys, Row, value};
use crate::model::{SameSite, Sticky, StickyKey as Secret};
use crate::tuning::UpstreamKeys;
use crate::validate::optional;
use crate::values::{choice, duration, is_token, literal, string};
use syn::{Expr, Ident, Lit, LitStr};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StickyKey {
    Cookie,
    Key,
    KeyEnv,
    MaxAge,
    SameSite,
}

#[rustfmt::skip] // one key a line
impl Keys for StickyKey {
    const TABLE: &'static [Row<Self>] = &[
        value(StickyKey::Cookie, "cookie", r#"cookie = "host""#, &["name"]),
        value(StickyKey::Key, "key", "key = secret()", &["secret"]),
        value(StickyKey::KeyEnv, "key_env", r#"key_env = "STICKY_KEY""#, &["secret_env", "env"]),
        value(StickyKey::MaxAge, "max_age", "max_age = 1h", &["ttl", "expires", "age", "lifetime"]),
        value(StickyKey::SameSite, "same_site", "same_site = strict", &["samesite"]),
    ];
    const OWNER: &'static str = " of `sticky`";
    const BARE: Option<Self> = None;
}

/// The same at run time.
const MIN_KEY: usize = 16;

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    faults: &mut Faults,
) -> Checked<Option<Sticky>> {
    let Some((name, tokens)) = args.list(K::STICKY)? else {
        return Ok(None);
    };
    features::STICKY.needed(name, faults)?;
    let args = Args::<StickyKey>::parse(tokens.clone(), faults);
    let cookie = optional(&args, StickyKey::Cookie, |expr| cookie(expr, faults));
    let secret = secret(name, &args, faults);
    let max_age = optional(&args, StickyKey::MaxAge, |expr| max_age(expr, faults));
    let same_site = optional(&args, StickyKey::SameSite, |expr| {
        let choices = [
            ("strict", SameSite::Strict),
            ("lax", SameSite::Lax),
            ("none", SameSite::None),
        ];
        choice(expr, "same_site", &choices, faults)
    });
    let Some(cookie) = cookie? else {
        let message = "`sticky` names no cookie; add one, as in `cookie = \"host\"`";
        return Err(args.faulty().unwrap_or_else(|| faults.at(name, message)));
    };
    Ok(Some(Sticky {
        cookie,
        key: secret?,
        max_age: max_age?,
        same_site: same_site?,
    }))
}

fn cookie(expr: &Expr, faults: &mut Faults) -> Checked<LitStr> {
    let literal = string(expr, "cookie", faults)?;
    let name = literal.value();
    match is_token(&name) {
        true => Ok(literal),
        false => Err(faults.at(literal, format!("`{name}` is not the name of a cookie"))),
    }
}

/// What the cookie is signed with, or where that is.
fn secret(name: &Ident, args: &Args<StickyKey>, faults: &mut Faults) -> Checked<Secret> {
    let key = optional(args, StickyKey::Key, |expr| {
        let length = match literal(expr) {
            None => MIN_KEY,
            Some(Lit::Str(text)) => text.value().len(),
            Some(Lit::ByteStr(bytes)) => bytes.value().len(),
            Some(_) => return Err(faults.at(expr, "`key` is a string or bytes")),
        };
        match length < MIN_KEY {
            false => Ok(Secret::Given(Box::new(expr.clone()))),
            true => Err(faults.at(
                expr,
                format!("a key has {MIN_KEY} bytes at least, not {length}"),
            )),
        }
    });
    let env = optional(args, StickyKey::KeyEnv, |expr| {
        variable(expr, "key_env", faults).map(Secret::Env)
    });
    match (key?, env?) {
        (Some(key), None) | (None, Some(key)) => Ok(key),
        (Some(_), Some(_)) => {
            let both = args.any_of(&[StickyKey::Key, StickyKey::KeyEnv]);
            let message = "`key` and `key_env` both say what is signed with; keep one";
            Err(faults.at(both.last().map_or(name, |item| &item.name), message))
        }
        (None, None) => {
            let message = "`sticky` needs a key that all instances share: `key_env = \"STICKY_KEY\"`, or `key = EXPR`";
            Err(args.faulty().unwrap_or_else(|| faults.at(name, message)))
        }
    }
}

/// A cookie lives for whole seconds (RFC 6265 §4.1.1).
fn max_age(expr: &Expr, faults: &mut Faults) -> Checked<u64> {
    match duration(expr, "max_age", faults)? {
        millis if millis.is_multiple_of(1000) => Ok(millis),
        _ => Err(faults.at(expr, "`max_age` is in whole seconds")),
    }
}

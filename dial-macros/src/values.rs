//! Reads single values: strings, booleans, words, durations and sizes.

use crate::faults::{Checked, Faults, listing, nearest};
use proc_macro2::{TokenStream, TokenTree};
use std::ops::RangeInclusive;
use syn::{Expr, ExprArray, ExprLit, Ident, Lit, LitStr, Path};

/// Sees through the invisible groups in which `macro_rules!` fragments arrive.
pub(crate) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => bare(&group.expr),
        other => other,
    }
}

/// The literal that `expr` is, if it is one.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

/// The string literal that `expr` is, if it is one.
pub(crate) fn string_literal(expr: &Expr) -> Option<&LitStr> {
    match literal(expr)? {
        Lit::Str(string) if string.suffix().is_empty() => Some(string),
        _ => None,
    }
}

/// The path that `expr` is, without generic arguments.
pub(crate) fn plain_path(expr: &Expr) -> Option<&Path> {
    match bare(expr) {
        Expr::Path(path) if path.qself.is_none() && path.attrs.is_empty() => {
            let plain = path.path.segments.iter().all(|s| s.arguments.is_none());
            plain.then_some(&path.path)
        }
        _ => None,
    }
}

/// The array that `expr` is, also behind a `&`.
pub(crate) fn array(expr: &Expr) -> Option<&ExprArray> {
    match bare(expr) {
        Expr::Array(array) => Some(array),
        Expr::Reference(reference) => array(&reference.expr),
        _ => None,
    }
}

/// What stands in parentheses beside a value: `NAME`, or `NAME = VALUE`.
pub(crate) fn named(expr: &Expr) -> Option<(&Ident, Option<&Expr>)> {
    match bare(expr) {
        Expr::Assign(assign) => Some((word(&assign.left)?, Some(&assign.right))),
        other => Some((word(other)?, None)),
    }
}

/// The single word that `expr` is.
pub(crate) fn word(expr: &Expr) -> Option<&Ident> {
    plain_path(expr)?.get_ident()
}

/// Whether the list of `key` says `off`, and nothing beside it.
pub(crate) fn off(key: &Ident, tokens: &TokenStream, faults: &mut Faults) -> Checked<bool> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let word = tokens.split(comma).find_map(|argument| {
        let word: Ident = syn::parse2(argument.iter().cloned().collect()).ok()?;
        (word == "off").then_some(word)
    });
    match word {
        None => Ok(false),
        Some(_) if tokens.iter().filter(|token| !comma(token)).count() == 1 => Ok(true),
        Some(word) => {
            let message =
                format!("nothing goes with `off`; write `{key}(off)`, or leave `off` out");
            Err(faults.at(word, message))
        }
    }
}

pub(crate) fn string(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<LitStr> {
    match string_literal(expr) {
        Some(string) => Ok(string.clone()),
        None => Err(faults.at(expr, format!("`{key}` must be a string literal"))),
    }
}

/// Whether `text` is a token, as methods and the names of fields and cookies are (RFC 9110 §5.6.2, RFC 6265 §4.1.1).
pub(crate) fn is_token(text: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(token)
}

pub(crate) fn boolean(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<bool> {
    match literal(expr) {
        Some(Lit::Bool(literal)) => Ok(literal.value),
        _ => Err(faults.at(expr, format!("`{key}` must be `true` or `false`"))),
    }
}

/// One of a few known words, each with its meaning.
pub(crate) fn choice<T: Copy>(
    expr: &Expr,
    key: &str,
    choices: &[(&str, T)],
    faults: &mut Faults,
) -> Checked<T> {
    let words = || choices.iter().map(|(word, _)| *word);
    let written = word(expr).map(ToString::to_string);
    let written = written.as_deref().unwrap_or_default();
    if let Some((_, meaning)) = choices.iter().find(|(word, _)| *word == written) {
        return Ok(*meaning);
    }
    let hint = match nearest(written, words()) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => String::new(),
    };
    let message = format!("`{key}` is {}{hint}", listing(words(), "or"));
    Err(faults.at(expr, message))
}

/// What an unknown word most likely stands for.
pub(crate) fn meant(
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

/// Bounds of a length of time: in milliseconds, and as it is written.
pub(crate) const MS: (u64, &str) = (1, "1ms");
pub(crate) const SECOND: (u64, &str) = (1_000, "1s");
pub(crate) const HOUR: (u64, &str) = (3_600_000, "1h");

/// A length of time in milliseconds: `5s`, `500ms`, `2m`, `1h`, or the same as a string.
pub(crate) fn duration(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<u64> {
    match millis(expr, key, faults)? {
        0 => Err(faults.at(
            expr,
            format!("`{key}` cannot be zero; leave it out for the default"),
        )),
        millis => Ok(millis),
    }
}

/// The same, which may be zero.
fn millis(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<u64> {
    const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let quantity = Quantity::read(expr, key, "duration", "5s", faults)?;
    let Some(factor) = quantity.factor(UNITS) else {
        let unit = &quantity.unit;
        let message = if unit.is_empty() {
            format!("a duration needs a unit, as in `{}s`", quantity.digits)
        } else {
            format!("`{unit}` is not a unit of time; the units are `ms`, `s`, `m` and `h`")
        };
        return Err(faults.at(expr, message));
    };
    let millis = quantity.times(factor);
    millis.ok_or_else(|| faults.at(expr, "this duration is too long to count in milliseconds"))
}

/// The same within bounds, each with how it is written.
pub(crate) fn duration_within(
    expr: &Expr,
    key: &str,
    least: (u64, &str),
    most: (u64, &str),
    faults: &mut Faults,
) -> Checked<u64> {
    let millis = millis(expr, key, faults)?;
    if (least.0..=most.0).contains(&millis) {
        return Ok(millis);
    }
    let message = format!("`{key}` is from `{}` to `{}`", least.1, most.1);
    Err(faults.at(expr, message))
}

/// A number of bytes: `4096`, `512B`, `64KiB`, `1MiB`, `2GiB`, or the same as a string.
pub(crate) fn size(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<u64> {
    const UNITS: &[(&str, u64)] = &[
        ("", 1),
        ("B", 1),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    let quantity = Quantity::read(expr, key, "size", "64KiB", faults)?;
    let Some(factor) = quantity.factor(UNITS) else {
        let unit = &quantity.unit;
        let meant = match unit.to_lowercase().as_bytes() {
            [letter @ (b'k' | b'm' | b'g'), ..] if unit.len() <= 3 => {
                format!(
                    "; did you mean `{}iB`?",
                    char::from(letter.to_ascii_uppercase())
                )
            }
            _ => String::new(),
        };
        let message = format!(
            "`{unit}` is not a unit of size; the units are `B`, `KiB`, `MiB` and `GiB`{meant}"
        );
        return Err(faults.at(expr, message));
    };
    match quantity.times(factor) {
        // Elsewhere 0 switches the limit off; a reader could not tell which is meant.
        Some(0) => Err(faults.at(
            expr,
            format!("`{key}` cannot be zero; leave it out for the default"),
        )),
        Some(bytes) => Ok(bytes),
        None => Err(faults.at(expr, "this size is too large for 64 bits")),
    }
}

/// A part of a hundred: `20%`, or the same as a string.
pub(crate) fn percentage(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<u64> {
    let text = string_literal(expr).map(LitStr::value);
    let number = text
        .as_deref()
        .and_then(|text| text.strip_suffix('%')?.parse().ok());
    match number {
        Some(percent @ 1..=100) => Ok(percent),
        Some(_) => Err(faults.at(expr, format!("`{key}` is between `1%` and `100%`"))),
        None => Err(faults.at(expr, format!("`{key}` is a percentage, such as `20%`"))),
    }
}

/// A whole number without a unit.
pub(crate) fn whole(
    expr: &Expr,
    key: &str,
    range: RangeInclusive<u64>,
    faults: &mut Faults,
) -> Checked<u64> {
    let number = match literal(expr) {
        Some(Lit::Int(int)) if int.suffix().is_empty() => int.base10_parse().ok(),
        _ => None,
    };
    if let Some(number) = number.filter(|number| range.contains(number)) {
        return Ok(number);
    }
    let bounds = match range.start() {
        0 => format!(", at most {}", range.end()),
        least => format!(" from {least} to {}", range.end()),
    };
    Err(faults.at(expr, format!("`{key}` is a whole number{bounds}")))
}

/// A part of a hundred in a key that says so: `50`, or `50%`.
pub(crate) fn percent(expr: &Expr, key: &str, faults: &mut Faults) -> Checked<u64> {
    match string_literal(expr) {
        Some(_) => percentage(expr, key, faults),
        None => whole(expr, key, 1..=100, faults),
    }
}

/// A whole number and its unit.
struct Quantity {
    digits: String,
    unit: String,
}

impl Quantity {
    fn read(
        expr: &Expr,
        key: &str,
        noun: &str,
        example: &str,
        faults: &mut Faults,
    ) -> Checked<Self> {
        let found = match literal(expr) {
            Some(Lit::Int(int)) => Some((int.base10_digits().to_owned(), int.suffix().to_owned())),
            Some(Lit::Str(string)) => {
                let text = string.value();
                let end = text
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(text.len());
                (end > 0).then(|| (text[..end].to_owned(), text[end..].to_owned()))
            }
            _ => None,
        };
        let Some((digits, unit)) = found else {
            let message = format!("`{key}` is a {noun} in whole numbers, such as `{example}`");
            return Err(faults.at(expr, message));
        };
        Ok(Quantity { digits, unit })
    }

    fn factor(&self, units: &[(&str, u64)]) -> Option<u64> {
        let (_, factor) = units.iter().find(|(unit, _)| *unit == self.unit)?;
        Some(*factor)
    }

    /// `None` when 64 bits are too few.
    fn times(&self, factor: u64) -> Option<u64> {
        self.digits.parse::<u64>().ok()?.checked_mul(factor)
    }
}

//! Sets of statuses: `503`, `5xx`, `200..=299`, or a list of these.

use crate::faults::{Checked, Faults};
use crate::values::{array, bare, literal};
use std::ops::RangeInclusive;
use syn::{Expr, Lit, RangeLimits};

/// Statuses that follow one another.
pub(crate) type Statuses = RangeInclusive<u16>;

/// What `key` lists, in the order of the list; no status is in it twice, and all are within bounds.
pub(crate) fn statuses(
    expr: &Expr,
    key: &str,
    bounds: &Statuses,
    faults: &mut Faults,
) -> Checked<Vec<Statuses>> {
    let elements: Vec<&Expr> = match array(expr) {
        Some(list) => list.elems.iter().collect(),
        None => vec![expr],
    };
    let mut listed: Vec<Statuses> = Vec::new();
    let mut sound = Ok(());
    for element in elements {
        match read(element, key, bounds).and_then(|read| fresh(read, &listed)) {
            Ok(read) => listed.push(read),
            Err(fault) => sound = Err(faults.at(element, fault)),
        }
    }
    sound.map(|()| listed)
}

/// One element of a list.
fn read(expr: &Expr, key: &str, bounds: &Statuses) -> Result<Statuses, String> {
    let example = bounds.end() / 100 * 100;
    let other = || {
        format!(
            "`{key}` is a status, a range or a list of them: `{example}`, `{example}..={}`",
            bounds.end()
        )
    };
    let read = match bare(expr) {
        Expr::Range(range) => {
            let first = range.start.as_deref().and_then(number).ok_or_else(other)?;
            let last = range.end.as_deref().and_then(number).ok_or_else(other)?;
            match range.limits {
                RangeLimits::Closed(_) => first..=last,
                RangeLimits::HalfOpen(_) => first..=last.checked_sub(1).ok_or_else(other)?,
            }
        }
        _ => match (class(expr), number(expr)) {
            (Some(class), _) => class,
            (None, Some(number)) => number..=number,
            (None, None) => return Err(other()),
        },
    };
    if read.is_empty() {
        return Err("no status is in this range".to_owned());
    }
    match bounds.contains(read.start()) && bounds.contains(read.end()) {
        true => Ok(read),
        false => Err(format!(
            "`{key}` are from {} to {}",
            bounds.start(),
            bounds.end()
        )),
    }
}

/// What was not listed before.
fn fresh(read: Statuses, listed: &[Statuses]) -> Result<Statuses, String> {
    let twice = |before: &Statuses| {
        let (first, last) = (
            read.start().max(before.start()),
            read.end().min(before.end()),
        );
        (first <= last).then_some(*first)
    };
    match listed.iter().find_map(twice) {
        None => Ok(read),
        Some(status) => Err(format!("the status {status} is listed twice")),
    }
}

/// `5xx`
fn class(expr: &Expr) -> Option<Statuses> {
    let Some(Lit::Int(int)) = literal(expr) else {
        return None;
    };
    match (int.base10_digits().parse(), int.suffix()) {
        (Ok(digit @ 1..=9_u16), "xx") => Some(digit * 100..=digit * 100 + 99),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<u16> {
    match literal(expr) {
        Some(Lit::Int(int)) if int.suffix().is_empty() => int.base10_parse().ok(),
        _ => None,
    }
}

//! `concurrency`: how many requests a route takes at a time, and from whom.

use crate::args::{Args, Value};
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, RouteKey, Row, value};
use crate::model::Concurrency;
use crate::request_key::{Params, hash_key};
use crate::validate::optional;
use crate::values::whole;
use proc_macro2::TokenStream;
use std::ops::RangeInclusive;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ConcurrencyKey {
    Requests,
    By,
}

#[rustfmt::skip] // one key a line
impl Keys for ConcurrencyKey {
    const TABLE: &'static [Row<Self>] = &[
        value(ConcurrencyKey::Requests, "requests", "requests = 10", &["limit", "max", "max_requests", "amount", "in_flight"]),
        value(ConcurrencyKey::By, "by", "by = client_ip", &["key", "per", "on", "source"]),
    ];
    const OWNER: &'static str = " of `concurrency`";
    const BARE: Option<Self> = None;
}

/// The same at run time.
const REQUESTS: RangeInclusive<u64> = 1..=1_000_000;

pub(crate) fn check(
    args: &Args<RouteKey>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Option<Concurrency>> {
    let Some(item) = args.given(RouteKey::Concurrency)? else {
        return Ok(None);
    };
    let tokens = match &item.value {
        Value::List(tokens) => tokens.clone(),
        Value::Expr(expr) => {
            let requests = whole(expr, "concurrency", REQUESTS, faults)?;
            return Ok(Some(Concurrency { requests, by: None }));
        }
        Value::Alone => TokenStream::new(),
    };
    let args = Args::<ConcurrencyKey>::parse(tokens, faults);
    let requests = optional(&args, ConcurrencyKey::Requests, |expr| {
        whole(expr, "requests", REQUESTS, faults)
    });
    let by = optional(&args, ConcurrencyKey::By, |expr| {
        hash_key(expr, params, faults)
    });
    let Some(requests) = requests? else {
        let message = "`concurrency` has no limit; add it, as in `concurrency(requests = 10, by = client_ip)`";
        return Err(args
            .faulty()
            .unwrap_or_else(|| faults.at(&item.name, message)));
    };
    Ok(Some(Concurrency { requests, by: by? }))
}

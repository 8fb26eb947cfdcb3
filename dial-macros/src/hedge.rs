//! `hedge` of `retry(..)`: when another endpoint is asked as well, and which of that could never be.

use crate::args::{Args, Value};
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, RetryKey, Row, value};
use crate::model::{Hedge, Retry, Timeouts};
use crate::validate::optional;
use crate::values::{HOUR, MS, duration_within, whole};
use proc_macro2::TokenStream;
use std::ops::RangeInclusive;
use syn::Expr;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HedgeKey {
    After,
    Most,
}

#[rustfmt::skip] // one key a line
impl Keys for HedgeKey {
    const TABLE: &'static [Row<Self>] = &[
        value(HedgeKey::After, "after", "after = 50ms", &["delay", "time", "timeout", "wait"]),
        value(HedgeKey::Most, "most", "most = 2", &["max", "count", "attempts", "hedges", "maximum"]),
    ];
    const OWNER: &'static str = " of `hedge`";
    const BARE: Option<Self> = None;
}

/// What `attempts` is if it is not said.
const ATTEMPTS: u64 = 3;
/// The same at run time.
const MOST: RangeInclusive<u64> = 1..=3;

/// `attempts` is what stands beside it.
pub(crate) fn check(
    args: &Args<RetryKey>,
    attempts: Checked<Option<u64>>,
    faults: &mut Faults,
) -> Checked<Option<Hedge>> {
    let Some(item) = args.given(RetryKey::Hedge)? else {
        return Ok(None);
    };
    let tokens = match &item.value {
        Value::List(tokens) => tokens.clone(),
        Value::Expr(expr) => {
            let after = duration_within(expr, "hedge", MS, HOUR, faults)?;
            return Ok(Some(Hedge { after, most: None }));
        }
        Value::Alone => TokenStream::new(),
    };
    let args = Args::<HedgeKey>::parse(tokens, faults);
    let after = optional(&args, HedgeKey::After, |expr| {
        duration_within(expr, "after", MS, HOUR, faults)
    });
    let most = optional(&args, HedgeKey::Most, |expr| most(expr, attempts, faults));
    let Some(after) = after? else {
        let message = "`hedge` does not say when; add it, as in `hedge(after = 50ms)`";
        let missing = || faults.at(&item.name, message);
        return Err(args.faulty().unwrap_or_else(missing));
    };
    let most = most?;
    Ok(Some(Hedge { after, most }))
}

/// `most = 2`: hedges are attempts, and the first one is none.
fn most(expr: &Expr, attempts: Checked<Option<u64>>, faults: &mut Faults) -> Checked<u64> {
    let most = whole(expr, "most", MOST, faults)?;
    let (attempts, unless) = match attempts? {
        Some(attempts) => (attempts, ""),
        None => (ATTEMPTS, " unless more are given"),
    };
    if most < attempts {
        return Ok(most);
    }
    let message = format!(
        "`most` could never be reached: hedges are attempts, and `attempts` is {attempts}{unless}, with the first one"
    );
    Err(faults.at(expr, message))
}

/// What takes less time is over before it is hedged.
pub(crate) fn comes_in_time(
    args: &Args<RetryKey>,
    retry: &Retry,
    timeouts: Option<&Timeouts>,
    faults: &mut Faults,
) -> Checked<()> {
    let (Some(hedge), Some(item)) = (retry.hedge, args.get(RetryKey::Hedge)) else {
        return Ok(());
    };
    let limits = [
        ("per_try", retry.per_try),
        (
            "timeout(total)",
            timeouts.and_then(|timeouts| timeouts.total),
        ),
    ];
    for (name, limit) in limits {
        if limit.is_some_and(|limit| hedge.after >= limit) {
            let message = format!("nothing would ever be hedged: `{name}` is over before");
            return Err(faults.at(&item.name, message));
        }
    }
    Ok(())
}

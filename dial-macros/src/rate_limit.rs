//! `rate_limit(..)`: how many requests a route takes, and from whom.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::features;
use crate::keys::{Keys, RouteKey, Row, value};
use crate::model::{Period, RateLimit};
use crate::request_key::{Params, hash_key};
use crate::validate::optional;
use crate::values::whole;
use std::ops::RangeInclusive;
use syn::Ident;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RateKey {
    PerSecond,
    PerMinute,
    PerHour,
    Burst,
    By,
}

#[rustfmt::skip] // one key a line
impl Keys for RateKey {
    const TABLE: &'static [Row<Self>] = &[
        value(RateKey::PerSecond, "per_second", "per_second = 50", &["per_sec", "rate", "rps", "requests", "limit", "second", "average"]),
        value(RateKey::PerMinute, "per_minute", "per_minute = 600", &["per_min", "rpm", "minute"]),
        value(RateKey::PerHour, "per_hour", "per_hour = 1000", &["rph", "hour"]),
        value(RateKey::Burst, "burst", "burst = 100", &["capacity", "bucket", "size"]),
        value(RateKey::By, "by", "by = client_ip", &["key", "per", "on", "source"]),
    ];
    const OWNER: &'static str = " of `rate_limit`";
    const BARE: Option<Self> = None;
}

const PERIODS: [(RateKey, &str, Period); 3] = [
    (RateKey::PerSecond, "per_second", Period::Second),
    (RateKey::PerMinute, "per_minute", Period::Minute),
    (RateKey::PerHour, "per_hour", Period::Hour),
];

/// The same at run time.
const REQUESTS: RangeInclusive<u64> = 1..=1_000_000;

pub(crate) fn check(
    args: &Args<RouteKey>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Option<RateLimit>> {
    let Some((name, tokens)) = args.list(RouteKey::RateLimit)? else {
        return Ok(None);
    };
    features::RATE_LIMIT.needed(name, faults)?;
    let args = Args::<RateKey>::parse(tokens.clone(), faults);
    let limit = limit(name, &args, faults);
    let burst = optional(&args, RateKey::Burst, |expr| {
        whole(expr, "burst", REQUESTS, faults)
    });
    let by = optional(&args, RateKey::By, |expr| hash_key(expr, params, faults));
    let (requests, period) = limit?;
    Ok(Some(RateLimit {
        requests,
        period,
        burst: burst?,
        by: by?,
    }))
}

/// The one limit.
fn limit(name: &Ident, args: &Args<RateKey>, faults: &mut Faults) -> Checked<(u64, Period)> {
    let mut found = Vec::new();
    let mut sound = Ok(());
    for (key, name, period) in PERIODS {
        match optional(args, key, |expr| whole(expr, name, REQUESTS, faults)) {
            Ok(Some(requests)) => found.push((requests, period)),
            Ok(None) => {}
            Err(reported) => sound = Err(reported),
        }
    }
    let given = args.any_of(&PERIODS.map(|(key, ..)| key));
    if let [first, second, ..] = given[..] {
        let message = format!(
            "`{}` and `{}` both say how many requests there may be; keep one",
            first.name, second.name
        );
        return Err(faults.at(&second.name, message));
    }
    sound?;
    if let (true, Some(reported)) = (found.is_empty(), args.faulty()) {
        return Err(reported);
    }
    let none = "`rate_limit` has no limit; name one, as in `rate_limit(per_second = 50)`";
    found.pop().ok_or_else(|| faults.at(name, none))
}

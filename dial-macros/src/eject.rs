//! `eject(..)`: when an endpoint is taken out for what it did to requests, and which of that makes no sense together.

use crate::args::{Args, Value};
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, Row, list, value};
use crate::model::{Eject, Ejection, Latency};
use crate::statuses::statuses;
use crate::tuning::UpstreamKeys;
use crate::validate::optional;
use crate::values::{HOUR, MS, SECOND, duration, duration_within, literal, off, percent, whole};
use proc_macro2::TokenStream;
use syn::{Expr, Ident, Lit};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EjectKey {
    Consecutive,
    Statuses,
    ErrorPercent,
    Latency,
    Window,
    MinRequests,
    BaseTime,
    MaxTime,
    MaxPercent,
}

#[rustfmt::skip] // one key a line
impl Keys for EjectKey {
    const TABLE: &'static [Row<Self>] = &[
        value(EjectKey::Consecutive, "consecutive", "consecutive = 5", &["max_fails", "failures", "consecutive_errors", "after"]),
        value(EjectKey::Statuses, "statuses", "statuses = 500..=504", &["status", "on", "codes"]),
        value(EjectKey::ErrorPercent, "error_percent", "error_percent = 50", &["error_rate", "errors", "failure_percentage"]),
        list(EjectKey::Latency, "latency", "latency(times = 3, least = 100ms)", &["slow", "slowness"]),
        value(EjectKey::Window, "window", "window = 10s", &["interval", "period"]),
        value(EjectKey::MinRequests, "min_requests", "min_requests = 20", &["request_volume", "minimum", "volume"]),
        value(EjectKey::BaseTime, "base_time", "base_time = 10s", &["base_ejection_time", "fail_timeout", "time", "ejection_time"]),
        value(EjectKey::MaxTime, "max_time", "max_time = 5m", &["max_ejection_time"]),
        value(EjectKey::MaxPercent, "max_percent", "max_percent = 50", &["max_ejection_percent", "max_ejected"]),
    ];
    const OWNER: &'static str = " of `eject`";
    const BARE: Option<Self> = None;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LatencyKey {
    Times,
    Least,
}

impl Keys for LatencyKey {
    const TABLE: &'static [Row<Self>] = &[
        value(
            LatencyKey::Times,
            "times",
            "times = 3",
            &["factor", "ratio"],
        ),
        value(
            LatencyKey::Least,
            "least",
            "least = 100ms",
            &["min", "minimum", "at_least"],
        ),
    ];
    const OWNER: &'static str = " of `latency`";
    const BARE: Option<Self> = None;
}

type EjectArgs = Args<EjectKey>;

const DAY: u64 = 24 * HOUR.0;
/// What `base_time` is if it is not said.
const BASE_TIME: u64 = 10_000;

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    faults: &mut Faults,
) -> Checked<Option<Eject>> {
    let Some(item) = args.given(K::EJECT)? else {
        return Ok(None);
    };
    match &item.value {
        Value::Expr(expr) => switched(expr, faults).map(Some),
        Value::List(tokens) if off(&item.name, tokens, faults)? => Ok(Some(Eject::Never)),
        Value::List(tokens) if !tokens.is_empty() => {
            let ejection = listed(tokens, faults)?;
            Ok(Some(Eject::When(Box::new(ejection))))
        }
        Value::List(_) | Value::Alone => {
            let message =
                "`eject` is empty; name one, as in `eject(consecutive = 5)`, or write `eject(off)`";
            Err(faults.at(&item.name, message))
        }
    }
}

/// `eject = false`
fn switched(expr: &Expr, faults: &mut Faults) -> Checked<Eject> {
    let message = match literal(expr) {
        Some(Lit::Bool(literal)) if !literal.value => return Ok(Eject::Never),
        Some(Lit::Bool(_)) => {
            "hosts are ejected without this key; leave it out, or say when, as in `eject(consecutive = 5)`"
        }
        _ => "`eject` is `false`, or takes a list, as in `eject(consecutive = 5)`",
    };
    Err(faults.at(expr, message))
}

fn listed(tokens: &TokenStream, faults: &mut Faults) -> Checked<Ejection> {
    let args = EjectArgs::parse(tokens.clone(), faults);
    let consecutive = optional(&args, EjectKey::Consecutive, |expr| {
        whole(expr, "consecutive", 1..=1000, faults)
    });
    let failures = optional(&args, EjectKey::Statuses, |expr| {
        statuses(expr, "statuses", &(400..=599), faults)
    });
    let error_percent = optional(&args, EjectKey::ErrorPercent, |expr| {
        percent(expr, "error_percent", faults)
    });
    let latency = latency(&args, faults);
    let window = optional(&args, EjectKey::Window, |expr| {
        duration_within(expr, "window", SECOND, HOUR, faults)
    });
    let min_requests = optional(&args, EjectKey::MinRequests, |expr| {
        whole(expr, "min_requests", 1..=1_000_000, faults)
    });
    let base_time = optional(&args, EjectKey::BaseTime, |expr| {
        duration_within(expr, "base_time", MS, HOUR, faults)
    });
    let max_time = optional(&args, EjectKey::MaxTime, |expr| {
        duration(expr, "max_time", faults)
    });
    let max_percent = optional(&args, EjectKey::MaxPercent, |expr| {
        percent(expr, "max_percent", faults)
    });
    let ejection = Ejection {
        consecutive: consecutive?,
        statuses: failures?,
        error_percent: error_percent?,
        latency: latency?,
        window: window?,
        min_requests: min_requests?,
        base_time: base_time?,
        max_time: max_time?,
        max_percent: max_percent?,
    };
    let windowed = needs_a_window(&args, &ejection, faults);
    times_grow(&args, &ejection, faults)?;
    windowed.map(|()| ejection)
}

/// `latency(times = 3, least = 100ms)`: both of it.
fn latency(args: &EjectArgs, faults: &mut Faults) -> Checked<Option<Latency>> {
    let Some((name, tokens)) = args.list(EjectKey::Latency)? else {
        return Ok(None);
    };
    let args = Args::<LatencyKey>::parse(tokens.clone(), faults);
    let times = optional(&args, LatencyKey::Times, |expr| {
        whole(expr, "times", 2..=100, faults)
    });
    let least = optional(&args, LatencyKey::Least, |expr| {
        duration_within(expr, "least", MS, HOUR, faults)
    });
    match (times?, least?) {
        (Some(times), Some(least)) => Ok(Some(Latency { times, least })),
        _ => Err(both(name, faults)),
    }
}

fn both(name: &Ident, faults: &mut Faults) -> crate::faults::Reported {
    let message = "`latency` says how many times the median is too slow, and from where on, as in `latency(times = 3, least = \
                   100ms)`";
    faults.at(name, message)
}

/// Failures in a row are counted without a window.
fn needs_a_window(args: &EjectArgs, ejection: &Ejection, faults: &mut Faults) -> Checked<()> {
    let mut sound = Ok(());
    if ejection.error_percent.is_none() && ejection.latency.is_none() {
        for item in args.any_of(&[EjectKey::Window, EjectKey::MinRequests]) {
            let name = &item.name;
            let message = format!("`{name}` does nothing without `error_percent` or `latency(..)`");
            sound = Err(faults.at(name, message));
        }
    }
    sound
}

/// The first ejection is the shortest.
fn times_grow(args: &EjectArgs, ejection: &Ejection, faults: &mut Faults) -> Checked<()> {
    let (Some(longest), Some(expr)) = (ejection.max_time, args.expr(EjectKey::MaxTime)) else {
        return Ok(());
    };
    let message = match ejection.base_time {
        _ if longest > DAY => "`max_time` is at most `24h`",
        Some(base) if longest < base => {
            "`max_time` is shorter than `base_time`, the first ejection"
        }
        None if longest < BASE_TIME => {
            "`max_time` is shorter than the first ejection, which is `10s` unless `base_time` is given"
        }
        _ => return Ok(()),
    };
    Err(faults.at(expr, message))
}

//! `breaker(..)`: when an upstream as a whole is left alone for a while.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, Row, value};
use crate::model::Breaker;
use crate::statuses::statuses;
use crate::tuning::UpstreamKeys;
use crate::validate::optional;
use crate::values::{HOUR, MS, SECOND, duration_within, percent, whole};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BreakerKey {
    ErrorPercent,
    Statuses,
    MinRequests,
    Window,
    Open,
    Trials,
}

#[rustfmt::skip] // one key a line
impl Keys for BreakerKey {
    const TABLE: &'static [Row<Self>] = &[
        value(BreakerKey::ErrorPercent, "error_percent", "error_percent = 50", &["error_rate", "errors", "failure_rate_threshold"]),
        value(BreakerKey::Statuses, "statuses", "statuses = 500..=599", &["status", "on", "codes"]),
        value(BreakerKey::MinRequests, "min_requests", "min_requests = 20", &["request_volume", "minimum", "volume"]),
        value(BreakerKey::Window, "window", "window = 10s", &["interval", "period"]),
        value(BreakerKey::Open, "open", "open = 5s", &["timeout", "sleep_window", "reset_timeout", "fallback_duration", "time"]),
        value(BreakerKey::Trials, "trials", "trials = 3", &["half_open", "probes", "permitted"]),
    ];
    const OWNER: &'static str = " of `breaker`";
    const BARE: Option<Self> = None;
}

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    faults: &mut Faults,
) -> Checked<Option<Breaker>> {
    let Some((name, tokens)) = args.list(K::BREAKER)? else {
        return Ok(None);
    };
    if tokens.is_empty() {
        let message = "`breaker` is empty; name one, as in `breaker(error_percent = 50)`";
        return Err(faults.at(name, message));
    }
    let args = Args::<BreakerKey>::parse(tokens.clone(), faults);
    let error_percent = optional(&args, BreakerKey::ErrorPercent, |expr| {
        percent(expr, "error_percent", faults)
    });
    let failures = optional(&args, BreakerKey::Statuses, |expr| {
        statuses(expr, "statuses", &(400..=599), faults)
    });
    let min_requests = optional(&args, BreakerKey::MinRequests, |expr| {
        whole(expr, "min_requests", 1..=1_000_000, faults)
    });
    let window = optional(&args, BreakerKey::Window, |expr| {
        duration_within(expr, "window", SECOND, HOUR, faults)
    });
    let open = optional(&args, BreakerKey::Open, |expr| {
        duration_within(expr, "open", MS, HOUR, faults)
    });
    let trials = optional(&args, BreakerKey::Trials, |expr| {
        whole(expr, "trials", 1..=1000, faults)
    });
    Ok(Some(Breaker {
        error_percent: error_percent?,
        statuses: failures?,
        min_requests: min_requests?,
        window: window?,
        open: open?,
        trials: trials?,
    }))
}

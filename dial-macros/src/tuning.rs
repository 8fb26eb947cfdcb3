//! How an upstream works, but for its hosts.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, RouteKey};
use crate::model::{Balance, Eject, Tuning};
use crate::request_key::Params;
use crate::validate::optional;
use crate::values::{boolean, duration};
use crate::{balance, breaker, eject, health, limits, sticky};

/// A set of keys that has those of an upstream in it.
pub(crate) trait UpstreamKeys: Keys {
    const BALANCE: Self;
    const SLOW_START: Self;
    const STICKY: Self;
    const HEALTH: Self;
    const EJECT: Self;
    const PANIC: Self;
    const LIMITS: Self;
    const BREAKER: Self;
    /// All of them.
    const ALL: [Self; 8] = [
        Self::BALANCE,
        Self::SLOW_START,
        Self::STICKY,
        Self::HEALTH,
        Self::EJECT,
        Self::PANIC,
        Self::LIMITS,
        Self::BREAKER,
    ];
}

impl UpstreamKeys for RouteKey {
    const BALANCE: Self = RouteKey::Balance;
    const SLOW_START: Self = RouteKey::SlowStart;
    const STICKY: Self = RouteKey::Sticky;
    const HEALTH: Self = RouteKey::Health;
    const EJECT: Self = RouteKey::Eject;
    const PANIC: Self = RouteKey::Panic;
    const LIMITS: Self = RouteKey::Limits;
    const BREAKER: Self = RouteKey::Breaker;
}

/// Those of a route: one that shares an upstream has none, since they are the upstream's.
pub(crate) fn of_route(
    args: &Args<RouteKey>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Tuning> {
    let shared = args.get(RouteKey::Upstream).is_some();
    let alone = args
        .any_of(&[RouteKey::Hosts, RouteKey::HostsEnv])
        .is_empty();
    if shared && alone {
        let mut sound = Ok(());
        for item in args.any_of(&RouteKey::ALL) {
            let message = format!(
                "`{}` belongs to the upstream that is shared; write it where that is declared",
                item.name
            );
            sound = Err(faults.at(&item.name, message));
        }
        sound?;
    }
    check(args, params, faults)
}

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    params: Params<'_>,
    faults: &mut Faults,
) -> Checked<Tuning> {
    let balance = optional(args, K::BALANCE, |expr| {
        balance::check(expr, params, faults)
    });
    let slow_start = optional(args, K::SLOW_START, |expr| {
        duration(expr, "slow_start", faults)
    });
    let sticky = sticky::check(args, faults);
    let health = health::check(args, faults);
    let eject = eject::check(args, faults);
    let panic = optional(args, K::PANIC, |expr| boolean(expr, "panic", faults));
    let limits = limits::check(args, faults);
    let breaker = breaker::check(args, faults);
    let tuning = Tuning {
        balance: balance?,
        slow_start: slow_start?,
        sticky: sticky?,
        health: health?,
        eject: eject?,
        panic: panic?,
        limits: limits?,
        breaker: breaker?,
    };
    fits_itself(args, &tuning, faults).map(|()| tuning)
}

/// What changes nothing beside another key.
fn fits_itself<K: UpstreamKeys>(
    args: &Args<K>,
    tuning: &Tuning,
    faults: &mut Faults,
) -> Checked<()> {
    let hashed = matches!(tuning.balance, Some(Balance::ConsistentHash(..)));
    if let (true, Some(item)) = (hashed, args.get(K::SLOW_START)) {
        let message = "`slow_start` changes nothing beside `consistent_hash`: a key goes to its endpoint from the start";
        return Err(faults.at(&item.name, message));
    }
    let always_well = tuning.health.is_none() && matches!(tuning.eject, Some(Eject::Never));
    if let (true, Some(item)) = (always_well, args.get(K::PANIC)) {
        let message =
            "`panic` changes nothing: without ejection and without `health` no host is ever sick";
        return Err(faults.at(&item.name, message));
    }
    Ok(())
}

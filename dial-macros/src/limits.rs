//! `limits(..)`: how much an upstream takes on at once, and which of that makes no sense together.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::keys::{Keys, Row, value};
use crate::model::Limits;
use crate::tuning::UpstreamKeys;
use crate::validate::optional;
use crate::values::{HOUR, MS, duration_within, whole};
use std::ops::RangeInclusive;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LimitKey {
    Requests,
    RequestsPerHost,
    ConnectionsPerHost,
    Queue,
    QueueTimeout,
    OverloadTimeout,
}

#[rustfmt::skip] // one key a line
impl Keys for LimitKey {
    const TABLE: &'static [Row<Self>] = &[
        value(LimitKey::Requests, "requests", "requests = 1000", &["max_requests", "in_flight", "concurrency"]),
        value(LimitKey::RequestsPerHost, "requests_per_host", "requests_per_host = 100", &["per_host", "max_requests_per_host"]),
        value(LimitKey::ConnectionsPerHost, "connections_per_host", "connections_per_host = 100",
            &["connections", "max_connections", "max_conns", "maxconn", "pool"]),
        value(LimitKey::Queue, "queue", "queue = 500", &["max_pending_requests", "pending", "maxqueue", "queue_size"]),
        value(LimitKey::QueueTimeout, "queue_timeout", "queue_timeout = 2s", &["timeout", "wait", "max_wait"]),
        value(LimitKey::OverloadTimeout, "overload_timeout", "overload_timeout = 100ms", &["overload", "shed", "codel"]),
    ];
    const OWNER: &'static str = " of `limits`";
    const BARE: Option<Self> = None;
}

/// The same at run time.
const MOST: u64 = 1_000_000;
const COUNT: RangeInclusive<u64> = 1..=MOST;
/// What `queue_timeout` is if it is not said.
const QUEUE_TIMEOUT: u64 = 5_000;

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    faults: &mut Faults,
) -> Checked<Option<Limits>> {
    let Some((name, tokens)) = args.list(K::LIMITS)? else {
        return Ok(None);
    };
    let args = Args::<LimitKey>::parse(tokens.clone(), faults);
    let limits = read(&args, faults)?;
    let limited = [
        limits.requests,
        limits.requests_per_host,
        limits.connections_per_host,
    ];
    if limited.iter().all(Option::is_none) {
        let message = "`limits` limits nothing; name one, as in `limits(requests_per_host = 100)`";
        return Err(args.faulty().unwrap_or_else(|| faults.at(name, message)));
    }
    let reached = can_be_reached(&args, &limits, faults);
    waits(&args, &limits, faults)?;
    reached.map(|()| Some(limits))
}

fn read(args: &Args<LimitKey>, faults: &mut Faults) -> Checked<Limits> {
    let mut count = |key, name, range| optional(args, key, |expr| whole(expr, name, range, faults));
    let requests = count(LimitKey::Requests, "requests", COUNT);
    let per_host = count(LimitKey::RequestsPerHost, "requests_per_host", COUNT);
    let connections = count(LimitKey::ConnectionsPerHost, "connections_per_host", COUNT);
    let queue = count(LimitKey::Queue, "queue", 0..=MOST);
    let mut time = |key, name| {
        optional(args, key, |expr| {
            duration_within(expr, name, MS, HOUR, faults)
        })
    };
    let queue_timeout = time(LimitKey::QueueTimeout, "queue_timeout");
    let overload_timeout = time(LimitKey::OverloadTimeout, "overload_timeout");
    Ok(Limits {
        requests: requests?,
        requests_per_host: per_host?,
        connections_per_host: connections?,
        queue: queue?,
        queue_timeout: queue_timeout?,
        overload_timeout: overload_timeout?,
    })
}

/// A limit above another one that holds first is none.
fn can_be_reached(args: &Args<LimitKey>, limits: &Limits, faults: &mut Faults) -> Checked<()> {
    let (Some(per_host), Some(expr)) = (
        limits.requests_per_host,
        args.expr(LimitKey::RequestsPerHost),
    ) else {
        return Ok(());
    };
    let message = match (limits.requests, limits.connections_per_host) {
        (Some(all), _) if per_host > all => {
            "`requests_per_host` could never be reached: `requests`, at all hosts together, is less"
        }
        (_, Some(connections)) if per_host > connections => {
            "`requests_per_host` could never be reached: a request takes a connection, and `connections_per_host` is less"
        }
        _ => return Ok(()),
    };
    Err(faults.at(expr, message))
}

/// What is said of a queue that is not there, or cannot be.
fn waits(args: &Args<LimitKey>, limits: &Limits, faults: &mut Faults) -> Checked<()> {
    let mut sound = Ok(());
    if limits.queue == Some(0) {
        for item in args.any_of(&[LimitKey::QueueTimeout, LimitKey::OverloadTimeout]) {
            let name = &item.name;
            let message = format!("`{name}` does nothing: with `queue = 0` no request waits");
            sound = Err(faults.at(name, message));
        }
    }
    sound?;
    let (Some(overload), Some(expr)) = (
        limits.overload_timeout,
        args.expr(LimitKey::OverloadTimeout),
    ) else {
        return Ok(());
    };
    let message = match limits.queue_timeout {
        Some(calm) if overload > calm => {
            "`overload_timeout` is longer than `queue_timeout`; it is for when requests have to wait less"
        }
        None if overload > QUEUE_TIMEOUT => {
            "`overload_timeout` is longer than a request waits at other times, `5s` unless `queue_timeout` is given"
        }
        _ => return Ok(()),
    };
    Err(faults.at(expr, message))
}

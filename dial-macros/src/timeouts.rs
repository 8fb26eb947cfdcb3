//! `timeout(..)`: how long a request may take, and which of that makes no sense together.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::keys::{RouteKey, TimeoutKey};
use crate::model::Timeouts;
use crate::validate::optional;
use crate::values::duration;

pub(crate) fn check(args: &Args<RouteKey>, faults: &mut Faults) -> Checked<Timeouts> {
    let Some((name, tokens)) = args.list(RouteKey::Timeout)? else {
        return Ok(Timeouts::default());
    };
    if tokens.is_empty() {
        let message = "`timeout` is empty; name one, as in `timeout(connect = 5s)`";
        return Err(faults.at(name, message));
    }
    let args = Args::<TimeoutKey>::parse(tokens.clone(), faults);
    let mut read = |key, name| optional(&args, key, |expr| duration(expr, name, faults));
    let connect = read(TimeoutKey::Connect, "connect");
    let response = read(TimeoutKey::Response, "response");
    let body = read(TimeoutKey::Body, "body");
    let total = read(TimeoutKey::Total, "total");
    let expect = read(TimeoutKey::Expect, "expect");
    let timeouts = Timeouts {
        connect: connect?,
        response: response?,
        body: body?,
        total: total?,
        expect: expect?,
    };
    total_is_longest(&args, &timeouts, faults).map(|()| timeouts)
}

/// `total` covers connecting and waiting for the response: a longer one of these could never run out.
fn total_is_longest(
    args: &Args<TimeoutKey>,
    timeouts: &Timeouts,
    faults: &mut Faults,
) -> Checked<()> {
    let (Some(total), Some(expr)) = (timeouts.total, args.expr(TimeoutKey::Total)) else {
        return Ok(());
    };
    let parts = [
        ("connect", timeouts.connect),
        ("response", timeouts.response),
    ];
    let longer = |(_, part): &&(&str, Option<u64>)| part.is_some_and(|part| part > total);
    match parts.iter().find(longer) {
        None => Ok(()),
        Some((part, _)) => {
            let message =
                format!("`total` is shorter than `{part}`, which could then never run out");
            Err(faults.at(expr, message))
        }
    }
}

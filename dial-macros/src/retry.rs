//! `retry(..)`: when a request is sent once more, and which of that makes no sense on its route.

use crate::args::Args;
use crate::faults::{Checked, Faults, listing, nearest};
use crate::hedge;
use crate::keys::{RetryKey, RouteKey};
use crate::model::{Backoff, Condition, Retry, Timeouts};
use crate::validate::optional;
use crate::values::{array, bare, boolean, duration, literal, off, percentage, size, whole, word};
use proc_macro2::Ident;
use syn::{Expr, Lit, RangeLimits};

type RetryArgs = Args<RetryKey>;

const CONDITIONS: [(&str, Condition); 6] = [
    ("connect", Condition::Connect),
    ("reset", Condition::Reset),
    ("timeout", Condition::Timeout),
    ("5xx", Condition::Status5xx),
    ("503", Condition::Status503),
    ("gateway_error", Condition::GatewayError),
];

/// RFC 9110 §9.2.2.
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// No more attempts make sense; the library's own bound.
const MAX_ATTEMPTS: u64 = 16;

/// `None` if the route leaves it to the server; `Some(None)` for `retry(off)`.
#[expect(clippy::option_option, reason = "not said, off, or this")]
pub(crate) fn check(
    args: &Args<RouteKey>,
    methods: Option<&[String]>,
    timeouts: Option<&Timeouts>,
    faults: &mut Faults,
) -> Checked<Option<Option<Retry>>> {
    let Some((name, tokens)) = args.list(RouteKey::Retry)? else {
        return Ok(None);
    };
    if off(name, tokens, faults)? {
        return Ok(Some(None));
    }
    if tokens.is_empty() {
        let message =
            "`retry` is empty; name one, as in `retry(attempts = 3)`, or write `retry(off)`";
        return Err(faults.at(name, message));
    }
    let args = RetryArgs::parse(tokens.clone(), faults);
    let retry = read(&args, faults);
    let retry = retry.and_then(|retry| {
        let fits = fits_itself(&args, &retry, faults);
        fits_the_methods(name, &args, &retry, methods, faults)?;
        hedge::comes_in_time(&args, &retry, timeouts, faults)?;
        if let Some(timeouts) = timeouts {
            fits_the_timeouts(&args, &retry, timeouts, faults)?;
        }
        fits.map(|()| retry)
    });
    retry.map(|retry| Some(Some(retry)))
}

fn read(args: &RetryArgs, faults: &mut Faults) -> Checked<Retry> {
    let attempts = optional(args, RetryKey::Attempts, |expr| attempts(expr, faults));
    let on = optional(args, RetryKey::On, |expr| conditions(expr, faults));
    let idempotent = optional(args, RetryKey::Idempotent, |expr| {
        boolean(expr, "idempotent", faults)
    });
    let buffer = optional(args, RetryKey::Buffer, |expr| size(expr, "buffer", faults));
    let backoff = optional(args, RetryKey::Backoff, |expr| backoff(expr, faults));
    let per_try = optional(args, RetryKey::PerTry, |expr| {
        duration(expr, "per_try", faults)
    });
    let wait = optional(args, RetryKey::Wait, |expr| duration(expr, "wait", faults));
    let budget = optional(args, RetryKey::Budget, |expr| {
        percentage(expr, "budget", faults)
    });
    let min_per_second = optional(args, RetryKey::MinPerSecond, |expr| {
        whole(expr, "min_per_second", 0..=10_000, faults)
    });
    let hedge = hedge::check(args, attempts, faults);
    Ok(Retry {
        attempts: attempts?,
        on: on?,
        idempotent: idempotent?.unwrap_or(false),
        buffer: buffer?,
        backoff: backoff?,
        per_try: per_try?,
        wait: wait?,
        budget: budget?,
        min_per_second: min_per_second?,
        hedge: hedge?,
    })
}

fn attempts(expr: &Expr, faults: &mut Faults) -> Checked<u64> {
    match whole(expr, "attempts", 0..=MAX_ATTEMPTS, faults)? {
        0 | 1 => {
            let message =
                "`attempts` counts the first one too, so this is no retry; write `retry(off)`";
            Err(faults.at(expr, message))
        }
        attempts => Ok(attempts),
    }
}

/// `on = [connect, 5xx]`.
fn conditions(expr: &Expr, faults: &mut Faults) -> Checked<Vec<Condition>> {
    let Some(list) = array(expr) else {
        return Err(faults.at(expr, "`on` is a list, as in `on = [connect, reset, 5xx]`"));
    };
    if list.elems.is_empty() {
        let message = "`on` is empty; leave it out for the default, or write `retry(off)`";
        return Err(faults.at(expr, message));
    }
    let mut conditions = Vec::new();
    let mut sound = Ok(());
    for element in &list.elems {
        match condition(element, &conditions) {
            Ok(condition) => conditions.push(condition),
            Err(fault) => sound = Err(faults.at(element, fault)),
        }
    }
    sound.map(|()| conditions)
}

/// One condition, which says something that those before it do not.
fn condition(expr: &Expr, others: &[Condition]) -> Result<Condition, String> {
    let text = match (word(expr), literal(expr)) {
        (Some(word), _) => word.to_string(),
        (None, Some(Lit::Int(int))) => int.to_string(),
        _ => String::new(),
    };
    let words = || CONDITIONS.iter().map(|(word, _)| *word);
    let Some((_, condition)) = CONDITIONS.iter().find(|(word, _)| *word == text) else {
        let hint = match nearest(&text, words()) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => String::new(),
        };
        return Err(format!("a condition is {}{hint}", listing(words(), "or")));
    };
    let name = |of: Condition| CONDITIONS.iter().find(|(_, other)| *other == of);
    let covers = |wide: Condition, narrow: Condition| {
        use Condition::{GatewayError, Status5xx, Status503};
        matches!(
            (wide, narrow),
            (Status5xx, Status503 | GatewayError) | (GatewayError, Status503)
        )
    };
    for other in others {
        let (wide, narrow) = match () {
            () if other == condition => return Err(format!("`{text}` is listed twice")),
            () if covers(*other, *condition) => (*other, *condition),
            () if covers(*condition, *other) => (*condition, *other),
            () => continue,
        };
        if let (Some((wide, _)), Some((narrow, _))) = (name(wide), name(narrow)) {
            return Err(format!("`{wide}` covers `{narrow}`; keep one"));
        }
    }
    Ok(*condition)
}

/// `backoff = 25ms` or `backoff = 25ms..1s`.
fn backoff(expr: &Expr, faults: &mut Faults) -> Checked<Backoff> {
    let Expr::Range(range) = bare(expr) else {
        let first = duration(expr, "backoff", faults)?;
        return Ok(Backoff { first, most: None });
    };
    let (Some(first), Some(most), RangeLimits::HalfOpen(_)) =
        (&range.start, &range.end, &range.limits)
    else {
        let message = "`backoff` is the first pause, or the first and the longest: `25ms..1s`";
        return Err(faults.at(expr, message));
    };
    let first = duration(first, "backoff", faults);
    let most = duration(most, "backoff", faults);
    let (first, most) = (first?, most?);
    if most < first {
        return Err(faults.at(expr, "the longest pause is shorter than the first one"));
    }
    Ok(Backoff {
        first,
        most: Some(most),
    })
}

/// What is said about a condition that is not listed.
fn fits_itself(args: &RetryArgs, retry: &Retry, faults: &mut Faults) -> Checked<()> {
    let Some(on) = &retry.on else { return Ok(()) };
    let needs = [
        (RetryKey::PerTry, "per_try", Condition::Timeout, "timeout"),
        (RetryKey::Wait, "wait", Condition::Connect, "connect"),
    ];
    let mut sound = Ok(());
    for (key, name, condition, word) in needs {
        if let (Some(item), false) = (args.get(key), on.contains(&condition)) {
            let message = format!("`{name}` does nothing without `{word}` in `on`");
            sound = Err(faults.at(&item.name, message));
        }
    }
    let unsent_only = on.iter().all(|condition| *condition == Condition::Connect);
    let repeats = !unsent_only || retry.hedge.is_some();
    for key in [RetryKey::Attempts, RetryKey::Buffer, RetryKey::Idempotent] {
        if let (Some(item), false) = (args.get(key), repeats) {
            let name = &item.name;
            let message = format!(
                "`{name}` does nothing when `on` is `connect` alone: what reached no endpoint is sent for the first time"
            );
            sound = Err(faults.at(name, message));
        }
    }
    sound
}

/// A route whose methods may not be repeated is told so here, not by a request that is never retried.
fn fits_the_methods(
    name: &Ident,
    args: &RetryArgs,
    retry: &Retry,
    methods: Option<&[String]>,
    faults: &mut Faults,
) -> Checked<()> {
    // No list is every method.
    let Some(methods @ [_, ..]) = methods else {
        return Ok(());
    };
    let safe = |method: &String| IDEMPOTENT.contains(&method.as_str());
    if let (Some(item), true) = (args.get(RetryKey::Idempotent), methods.iter().all(safe)) {
        let message = "every method of this route is idempotent in itself; leave `idempotent` out";
        return Err(faults.at(&item.name, message));
    }
    if methods.iter().any(safe) || retry.idempotent {
        return Ok(());
    }
    let listed = listing(methods.iter().map(String::as_str), "and");
    if let Some(hedge) = args.get(RetryKey::Hedge) {
        let message = format!(
            "{listed} may not be sent twice (RFC 9110, section 9.2.2), so nothing would ever be hedged; if the endpoints take a \
             request that comes twice for one, say `idempotent = true`"
        );
        return Err(faults.at(&hedge.name, message));
    }
    if retry.on.as_deref() == Some(&[Condition::Connect]) {
        return Ok(());
    }
    let message = format!(
        "{listed} may not be sent twice (RFC 9110, section 9.2.2), so nothing here would ever be retried; if the endpoints \
         take a request that comes twice for one, say `idempotent = true`; to retry only what reached no endpoint, \
         `on = [connect]`"
    );
    Err(match args.get(RetryKey::Buffer) {
        None => faults.at(name, message),
        Some(buffer) => faults.at(
            &buffer.name,
            format!("a body that is kept does not help: {message}"),
        ),
    })
}

/// `total` covers all attempts.
fn fits_the_timeouts(
    args: &RetryArgs,
    retry: &Retry,
    timeouts: &Timeouts,
    faults: &mut Faults,
) -> Checked<()> {
    let Some(total) = timeouts.total else {
        return Ok(());
    };
    let parts = [
        (RetryKey::PerTry, "per_try", retry.per_try),
        (RetryKey::Wait, "wait", retry.wait),
    ];
    for (key, name, part) in parts {
        if let (Some(expr), true) = (args.expr(key), part.is_some_and(|part| part >= total)) {
            let message = format!("`{name}` could never run out: `timeout(total)` is no longer");
            return Err(faults.at(expr, message));
        }
    }
    Ok(())
}

//! `retry(..)`: its keys, its values, and what makes no sense together.

use super::{attribute, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], retry({keys})"), expected);
}

#[test]
fn sound() {
    for keys in [
        "off",
        "off,",
        "attempts = 2",
        "attempts = 16, on = [connect, reset, timeout, 5xx]",
        "on = [gateway_error]",
        "on = [503, reset]",
        "on = [connect], wait = 1m",
        "on = [timeout], per_try = 1s",
        "per_try = 1s, wait = 1s",
        "idempotent = true, buffer = \"1MiB\"",
        "backoff = 1ms",
        "backoff = 1ms..1ms",
        "budget = 1%",
        "budget = 100%, min_per_second = 0",
        "budget = \"20%\"",
        "hedge = 1ms",
        "hedge = \"1h\", attempts = 2",
        "hedge(after = 50ms)",
        "hedge(after = 50ms, most = 2,)",
        "hedge(most = 3, after = 50ms), attempts = 4",
        "hedge = 50ms, per_try = 51ms",
        // It takes no condition: what is sent twice is not what failed.
        "hedge = 50ms, on = [connect], attempts = 2, buffer = 1KiB, idempotent = true",
    ] {
        inside(keys, &[]);
    }
}

#[test]
fn keys() {
    let empty = "`retry` is empty; name one, as in `retry(attempts = 3)`, or write `retry(off)`";
    inside("", &[(empty, "retry")]);
    let list = "`retry` takes a list, as in `retry(attempts = 3, on = [connect, reset, 5xx])`";
    attribute("hosts = [\"b\"], retry = 3", &[(list, "retry")]);
    let unknown = "unknown key `zzz` of `retry`; the keys are `attempts`, `on`, `idempotent`, `buffer`, `backoff`, \
                   `per_try`, `wait`, `budget`, `min_per_second` and `hedge`";
    inside("zzz = 3", &[(unknown, "zzz")]);
    let off = "nothing goes with `off`; write `retry(off)`, or leave `off` out";
    for among in ["off, attempts = 3", "attempts = 3, off", "off, zzz"] {
        inside(among, &[(off, "off")]);
    }
    for (written, meant) in [
        ("atempts", "attempts"),
        ("num_retries", "attempts"),
        ("retry_on", "on"),
        ("any_method", "idempotent"),
        ("timeout", "per_try"),
        ("queue", "wait"),
        ("min", "min_per_second"),
        ("hedging", "hedge"),
    ] {
        let message = format!("unknown key `{written}` of `retry`; did you mean `{meant}`?");
        inside(&format!("{written} = 3"), &[(&message, written)]);
    }
    attribute(
        "hosts = [\"b\"], retries(attempts = 3)",
        &[("unknown key `retries`; did you mean `retry`?", "retries")],
    );
}

#[test]
fn values() {
    let of = |key: &str, text: &str, message: &str| {
        value(
            &format!("hosts = [\"b\"], retry({key} = $)"),
            text,
            &[message],
        );
    };
    let none = "`attempts` counts the first one too, so this is no retry; write `retry(off)`";
    of("attempts", "1", none);
    of("attempts", "0", none);
    for bad in ["17", "-1", "\"3\"", "3s", "1.5", "99999999999999999999"] {
        of("attempts", bad, "`attempts` is a whole number, at most 16");
    }
    of(
        "min_per_second",
        "10_001",
        "`min_per_second` is a whole number, at most 10000",
    );
    let percentage = "`budget` is a percentage, such as `20%`";
    for bad in ["20", "0.2", "\"20\"", "\"x%\"", "\"-1%\""] {
        of("budget", bad, percentage);
    }
    of("budget", "\"0%\"", "`budget` is between `1%` and `100%`");
    of("budget", "\"101%\"", "`budget` is between `1%` and `100%`");
    inside(
        "budget = 0%",
        &[("`budget` is between `1%` and `100%`", "0")],
    );
    of(
        "idempotent",
        "yes",
        "`idempotent` must be `true` or `false`",
    );
    of(
        "buffer",
        "0",
        "`buffer` cannot be zero; leave it out for the default",
    );
    of(
        "per_try",
        "0s",
        "`per_try` cannot be zero; leave it out for the default",
    );
    of("wait", "2", "a duration needs a unit, as in `2s`");
    of(
        "backoff",
        "2s..1s",
        "the longest pause is shorter than the first one",
    );
    let range = "`backoff` is the first pause, or the first and the longest: `25ms..1s`";
    for bad in ["..1s", "1s..", "1s..=2s"] {
        of("backoff", bad, range);
    }
    inside(
        "backoff = 1x..2s",
        &[(
            "`x` is not a unit of time; the units are `ms`, `s`, `m` and `h`",
            "1x",
        )],
    );
}

#[test]
fn conditions() {
    let of = |text: &str, message: &str| {
        value("hosts = [\"b\"], retry(on = $)", text, &[message]);
    };
    of("5xx", "`on` is a list, as in `on = [connect, reset, 5xx]`");
    of(
        "[]",
        "`on` is empty; leave it out for the default, or write `retry(off)`",
    );
    let words = "a condition is `connect`, `reset`, `timeout`, `5xx`, `503` or `gateway_error`";
    for (bad, hint) in [
        ("conect", "; did you mean `connect`?"),
        ("500", "; did you mean `503`?"),
        ("zzzzzzzz", ""),
        ("\"zzzzzzzzzz\"", ""),
    ] {
        inside(
            &format!("on = [reset, {bad}]"),
            &[(&format!("{words}{hint}"), bad)],
        );
    }
    inside("on = [5xx, 5xx]", &[("`5xx` is listed twice", "5xx")]);
    inside(
        "on = [5xx, 503]",
        &[("`5xx` covers `503`; keep one", "503")],
    );
    inside(
        "on = [503, 5xx]",
        &[("`5xx` covers `503`; keep one", "5xx")],
    );
    let covers = "`5xx` covers `gateway_error`; keep one";
    inside("on = [gateway_error, 5xx]", &[(covers, "5xx")]);
    let covers = "`gateway_error` covers `503`; keep one";
    inside("on = [503, gateway_error]", &[(covers, "gateway_error")]);
}

#[test]
fn what_does_nothing() {
    let needs = |name, word| format!("`{name}` does nothing without `{word}` in `on`");
    inside(
        "on = [reset], per_try = 1s",
        &[(&needs("per_try", "timeout"), "per_try")],
    );
    inside(
        "wait = 1s, on = [reset]",
        &[(&needs("wait", "connect"), "wait")],
    );
    for name in ["attempts", "buffer"] {
        let message = format!(
            "`{name}` does nothing when `on` is `connect` alone: what reached no endpoint is sent for the first time"
        );
        inside(&format!("on = [connect], {name} = 3"), &[(&message, name)]);
    }
    let total = |name| format!("`{name}` could never run out: `timeout(total)` is no longer");
    for (name, limit) in [("per_try", "5s"), ("wait", "6s")] {
        let arguments = format!("hosts = [\"b\"], timeout(total = 5s), retry({name} = {limit})");
        attribute(&arguments, &[(&total(name), limit)]);
    }
    attribute(
        "hosts = [\"b\"], timeout(total = 5s), retry(per_try = 4s, wait = 4s)",
        &[],
    );
}

#[test]
fn methods() {
    let message = |methods| {
        format!(
            "{methods} may not be sent twice (RFC 9110, section 9.2.2), so nothing here would ever be retried; if the \
             endpoints take a request that comes twice for one, say `idempotent = true`; to retry only what reached no \
             endpoint, `on = [connect]`"
        )
    };
    let of = |methods: &str, keys: &str, expected: &[(&str, &str)]| {
        let arguments = format!("hosts = [\"b\"], methods = [{methods}], retry({keys})");
        attribute(&arguments, expected);
    };
    of("POST", "attempts = 3", &[(&message("`POST`"), "retry")]);
    of(
        "POST, PATCH",
        "on = [connect, 5xx]",
        &[(&message("`POST` and `PATCH`"), "retry")],
    );
    let kept = format!("a body that is kept does not help: {}", message("`POST`"));
    of("POST", "buffer = 64KiB", &[(&kept, "buffer")]);
    let hedged = "`POST` may not be sent twice (RFC 9110, section 9.2.2), so nothing would ever be hedged; if the endpoints \
                  take a request that comes twice for one, say `idempotent = true`";
    for keys in ["", ", on = [connect]", ", attempts = 3"] {
        of("POST", &format!("hedge = 50ms{keys}"), &[(hedged, "hedge")]);
    }
    for (methods, keys) in [
        ("POST", "attempts = 3, idempotent = true"),
        ("POST", "buffer = 64KiB, idempotent = true"),
        ("POST", "on = [connect], wait = 1s"),
        ("POST", "off"),
        ("POST, PUT", "attempts = 3"),
        ("GET, POST", "buffer = 64KiB"),
        ("GET, POST", "hedge = 50ms"),
        ("POST", "hedge = 50ms, idempotent = true"),
    ] {
        of(methods, keys, &[]);
    }
    let needless = "every method of this route is idempotent in itself; leave `idempotent` out";
    of("GET, PUT", "idempotent = true", &[(needless, "idempotent")]);
    // A list that could not be read is not judged.
    of(
        "post",
        "attempts = 3",
        &[("methods are upper case: write `POST`", "post")],
    );
}

#[test]
fn hedges() {
    let time = |key| format!("`{key}` is from `1ms` to `1h`");
    inside("hedge = 0ms", &[(&time("hedge"), "0ms")]);
    inside("hedge = 61m", &[(&time("hedge"), "61m")]);
    inside("hedge(after = 0s)", &[(&time("after"), "0s")]);
    let unit = "a duration needs a unit, as in `50s`";
    inside("hedge = 50", &[(unit, "50")]);
    inside("hedge(after = 50)", &[(unit, "50")]);
    for bad in ["0", "4", "-1", "2s"] {
        let message = "`most` is a whole number from 1 to 3";
        inside(
            &format!("hedge(after = 50ms, most = {bad})"),
            &[(message, bad)],
        );
    }
    let when = "`hedge` does not say when; add it, as in `hedge(after = 50ms)`";
    for keys in ["", "most = 2"] {
        inside(&format!("hedge({keys})"), &[(when, "hedge")]);
    }
    let value = "`hedge` takes a value, as in `hedge = 50ms`";
    inside("hedge", &[(value, "hedge")]);
    let unknown = "unknown key `zzz` of `hedge`; the keys are `after` and `most`";
    inside("hedge(zzz = 3)", &[(unknown, "zzz")]);
    let max = "unknown key `max` of `hedge`; did you mean `most`?";
    inside("hedge(after = 50ms, max = 2)", &[(max, "max")]);
}

#[test]
fn hedges_that_never_come() {
    let never = |attempts| {
        format!(
            "`most` could never be reached: hedges are attempts, and `attempts` is {attempts}, with the first one"
        )
    };
    inside(
        "hedge(after = 50ms, most = 3)",
        &[(&never("3 unless more are given"), "3")],
    );
    inside(
        "hedge(after = 50ms, most = 2), attempts = 2",
        &[(&never("2"), "2")],
    );
    // One that could not be read is not judged.
    let one = "`attempts` counts the first one too, so this is no retry; write `retry(off)`";
    inside("hedge(after = 50ms, most = 3), attempts = 1", &[(one, "1")]);
    let over = |limit| format!("nothing would ever be hedged: `{limit}` is over before");
    inside(
        "hedge = 50ms, per_try = 50ms",
        &[(&over("per_try"), "hedge")],
    );
    attribute(
        "hosts = [\"b\"], timeout(total = 2s), retry(hedge(after = 2s))",
        &[(&over("timeout(total)"), "hedge")],
    );
}

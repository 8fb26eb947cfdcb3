//! `rate_limit(..)`: its keys, its values, and what makes no sense together.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    let arguments = format!("\"/{{_id}}\", hosts = [\"b\"], rate_limit({keys})");
    attribute(&arguments, expected);
}

fn of(key: &str, text: &str, message: &str) {
    let arguments = format!("hosts = [\"b\"], rate_limit(per_second = 5, {key} = $)");
    value(&arguments, text, &[message]);
}

#[test]
fn sound() {
    for keys in [
        "per_second = 1",
        "per_minute = 1_000_000",
        "burst = 1_000_000, per_hour = 5",
        "per_second = 5, by = client_ip",
        "per_second = 5, by = header(\"X-Api-Key\")",
        "per_second = 5, by = header = \"X-Api-Key\", burst = 1",
        "per_second = 5, by = cookie(\"user\")",
        "per_second = 5, by = param(\"_id\"),",
    ] {
        inside(keys, &[]);
    }
    // It is the route's, whoever has the upstream.
    attribute("upstream = API, rate_limit(per_second = 5)", &[]);
}

#[test]
fn keys() {
    let none = "`rate_limit` has no limit; name one, as in `rate_limit(per_second = 50)`";
    for keys in ["", "burst = 5", "by = client_ip"] {
        inside(keys, &[(none, "rate_limit")]);
    }
    let list = "`rate_limit` takes a list, as in `rate_limit(per_second = 50, by = client_ip)`";
    attribute("hosts = [\"b\"], rate_limit = 5", &[(list, "rate_limit")]);
    let unknown = "unknown key `per_week` of `rate_limit`; the keys are `per_second`, `per_minute`, `per_hour`, `burst` and `by`";
    inside("per_week = 5", &[(unknown, "per_week")]);
    for (written, meant) in [
        ("per_sec", "per_second"),
        ("rps", "per_second"),
        ("minute", "per_minute"),
        ("capacity", "burst"),
        ("key", "by"),
    ] {
        let message = format!("unknown key `{written}` of `rate_limit`; did you mean `{meant}`?");
        let whole = match meant.starts_with("per") {
            true => format!("{written} = 3"),
            false => format!("per_second = 5, {written} = 3"),
        };
        inside(&whole, &[(&message, written)]);
    }
    let two = "`per_second` and `per_hour` both say how many requests there may be; keep one";
    inside("per_second = 5, per_hour = 100", &[(two, "per_hour")]);
    for other in ["ratelimit", "throttle", "limit_req"] {
        let message = format!("unknown key `{other}`; did you mean `rate_limit`?");
        attribute(
            &format!("hosts = [\"b\"], {other}(per_second = 5)"),
            &[(&message, other)],
        );
    }
    let upstream = "unknown key `rate_limit` of `upstream!`; the keys are `balance`, `slow_start`, `sticky`, `health`, `eject`, `panic`, \
                    `limits`, `breaker` and `crate`";
    statics(
        "static A = [\"a\"], rate_limit(per_second = 5);",
        &[(upstream, "rate_limit")],
    );
}

#[test]
fn values() {
    for bad in ["0", "1_000_001", "-5", "5.5", "\"5\"", "5s", "RATE"] {
        of("burst", bad, "`burst` is a whole number from 1 to 1000000");
        inside(
            &format!("per_minute = {bad}"),
            &[("`per_minute` is a whole number from 1 to 1000000", bad)],
        );
    }
    let key = "a request's key is `header`, `cookie`, `client_ip` or `param`, as in `header = \"X-Tenant\"`";
    for bad in ["\"X-Api-Key\"", "header(\"a\", \"b\")", "5"] {
        of("by", bad, key);
    }
    of("by", "client_ip()", key);
    of(
        "by",
        "client_ip(4)",
        "`client_ip` takes no value; write it alone",
    );
    of(
        "by",
        "header",
        "`header` takes a value, as in `header = \"name\"`",
    );
    for (by, place, message) in [
        (
            "ip",
            "ip",
            "unknown key `ip` of a request; did you mean `client_ip`?",
        ),
        (
            "header(\"a b\")",
            "\"a b\"",
            "`a b` is not the name of a field",
        ),
        ("header(5)", "5", "`header` must be a string literal"),
        (
            "param(\"id\")",
            "\"id\"",
            "no path parameter is named `id`; did you mean `_id`?",
        ),
    ] {
        inside(&format!("per_second = 5, by = {by}"), &[(message, place)]);
    }
}

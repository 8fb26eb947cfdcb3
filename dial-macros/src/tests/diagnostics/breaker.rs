//! `breaker(..)`: its keys and its values.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], breaker({keys})"), expected);
}

#[test]
fn sound() {
    for keys in [
        "error_percent = 1",
        "error_percent = 100%, min_requests = 1_000_000, trials = 1000",
        "statuses = []",
        "statuses = 5xx, window = 1h, open = 1ms",
    ] {
        inside(keys, &[]);
        statics(&format!("static A = [\"a\"], breaker({keys});"), &[]);
    }
}

#[test]
fn keys() {
    let empty = "`breaker` is empty; name one, as in `breaker(error_percent = 50)`";
    inside("", &[(empty, "breaker")]);
    let list = "`breaker` takes a list, as in `breaker(error_percent = 50)`";
    attribute("hosts = [\"b\"], breaker = true", &[(list, "breaker")]);
    let unknown = "unknown key `zzz` of `breaker`; the keys are `error_percent`, `statuses`, `min_requests`, `window`, `open` and \
                   `trials`";
    inside("zzz = 3", &[(unknown, "zzz")]);
    for (written, meant) in [
        ("error_rate", "error_percent"),
        ("volume", "min_requests"),
        ("sleep_window", "open"),
        ("half_open", "trials"),
    ] {
        let message = format!("unknown key `{written}` of `breaker`; did you mean `{meant}`?");
        inside(&format!("{written} = 3"), &[(&message, written)]);
    }
    attribute(
        "hosts = [\"b\"], circuit_breaker(error_percent = 50)",
        &[(
            "unknown key `circuit_breaker`; did you mean `breaker`?",
            "circuit_breaker",
        )],
    );
    let shared =
        "`breaker` belongs to the upstream that is shared; write it where that is declared";
    attribute(
        "upstream = API, breaker(trials = 5)",
        &[(shared, "breaker")],
    );
}

#[test]
fn values() {
    for (key, bad, message) in [
        (
            "error_percent",
            "0",
            "`error_percent` is a whole number from 1 to 100",
        ),
        (
            "error_percent",
            "101",
            "`error_percent` is a whole number from 1 to 100",
        ),
        ("statuses", "200..=599", "`statuses` are from 400 to 599"),
        (
            "min_requests",
            "0",
            "`min_requests` is a whole number from 1 to 1000000",
        ),
        ("window", "500ms", "`window` is from `1s` to `1h`"),
        ("open", "0s", "`open` is from `1ms` to `1h`"),
        ("open", "2h", "`open` is from `1ms` to `1h`"),
        ("trials", "0", "`trials` is a whole number from 1 to 1000"),
        (
            "trials",
            "1001",
            "`trials` is a whole number from 1 to 1000",
        ),
    ] {
        value(
            &format!("hosts = [\"b\"], breaker({key} = $)"),
            bad,
            &[message],
        );
    }
}

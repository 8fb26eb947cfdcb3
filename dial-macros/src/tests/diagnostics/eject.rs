//! `eject(..)` and `panic`: keys, values, and what makes no sense together.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], eject({keys})"), expected);
}

fn of(key: &str, text: &str, message: &str) {
    let arguments = format!("hosts = [\"b\"], eject(error_percent = 1, {key} = $)");
    value(&arguments, text, &[message]);
}

#[test]
fn sound() {
    for keys in [
        "eject(off)",
        "eject(off,)",
        "eject = false",
        "eject(off), health(tcp), panic = false",
        "eject(consecutive = 1)",
        "eject(statuses = [])",
        "eject(statuses = [4xx, 500..=599], max_percent = 100)",
        "eject(error_percent = 100, window = 1s, min_requests = 1_000_000)",
        "eject(error_percent = 5%)",
        "eject(latency(times = 2, least = 1h), window = 1h)",
        "eject(base_time = 1ms, max_time = 1ms)",
        "eject(base_time = 1h, max_time = 24h)",
        "eject(base_time = 1h)",
        "eject(max_time = 10s)",
        "panic = false",
        "panic = true",
    ] {
        attribute(&format!("hosts = [\"b\"], {keys}"), &[]);
        statics(&format!("static A = [\"a\"], {keys};"), &[]);
    }
}

#[test]
fn keys() {
    let empty = "`eject` is empty; name one, as in `eject(consecutive = 5)`, or write `eject(off)`";
    inside("", &[(empty, "eject")]);
    let with = "hosts = [\"b\"], eject = $";
    for bad in ["5", "\"never\"", "off"] {
        let message = "`eject` is `false`, or takes a list, as in `eject(consecutive = 5)`";
        value(with, bad, &[message]);
    }
    value(
        with,
        "true",
        &[
            "hosts are ejected without this key; leave it out, or say when, as in `eject(consecutive = 5)`",
        ],
    );
    for again in [
        "eject = false, eject(consecutive = 5)",
        "eject(off), eject = false",
    ] {
        attribute(
            &format!("hosts = [\"b\"], {again}"),
            &[("`eject` is given twice", "eject")],
        );
    }
    attribute(
        "hosts = [\"b\"], eject, panic = false",
        &[(
            "`eject` takes a value, as in `eject(consecutive = 5)`",
            "eject",
        )],
    );
    let off = "nothing goes with `off`; write `eject(off)`, or leave `off` out";
    for among in ["off, consecutive = 5", "consecutive = 5, off", "off, off"] {
        inside(among, &[(off, "off")]);
        let source = format!("static A = [\"a\"], eject({among});");
        statics(&source, &[(off, "off")]);
    }
    for (written, meant) in [
        ("max_fails", "consecutive"),
        ("codes", "statuses"),
        ("error_rate", "error_percent"),
        ("interval", "window"),
        ("volume", "min_requests"),
        ("base_ejection_time", "base_time"),
        ("max_ejection_percent", "max_percent"),
    ] {
        let message = format!("unknown key `{written}` of `eject`; did you mean `{meant}`?");
        inside(&format!("{written} = 3"), &[(&message, written)]);
    }
    for other in ["outlier_detection", "ejct"] {
        let message = format!("unknown key `{other}`; did you mean `eject`?");
        attribute(
            &format!("hosts = [\"b\"], {other}(consecutive = 5)"),
            &[(&message, other)],
        );
    }
    for (key, name) in [
        ("eject(consecutive = 5)", "eject"),
        ("eject = false", "eject"),
        ("panic = false", "panic"),
    ] {
        let message = format!(
            "`{name}` belongs to the upstream that is shared; write it where that is declared"
        );
        attribute(&format!("upstream = API, {key}"), &[(&message, name)]);
    }
}

#[test]
fn values() {
    for bad in ["0", "1001", "\"5\"", "5s"] {
        of(
            "consecutive",
            bad,
            "`consecutive` is a whole number from 1 to 1000",
        );
    }
    for bad in ["0", "1_000_001"] {
        of(
            "min_requests",
            bad,
            "`min_requests` is a whole number from 1 to 1000000",
        );
    }
    for bad in ["0", "101", "0.5"] {
        of(
            "max_percent",
            bad,
            "`max_percent` is a whole number from 1 to 100",
        );
        inside(
            &format!("error_percent = {bad}"),
            &[("`error_percent` is a whole number from 1 to 100", bad)],
        );
    }
    inside(
        "max_percent = 101%",
        &[("`max_percent` is between `1%` and `100%`", "101")],
    );
    for bad in ["399", "600", "200..=599", "2xx"] {
        of("statuses", bad, "`statuses` are from 400 to 599");
    }
    of("statuses", "504..=500", "no status is in this range");
    for bad in ["999ms", "2h"] {
        of("window", bad, "`window` is from `1s` to `1h`");
    }
    of("base_time", "61m", "`base_time` is from `1ms` to `1h`");
    of("base_time", "10", "a duration needs a unit, as in `10s`");
    of("max_time", "25h", "`max_time` is at most `24h`");
    value(
        "hosts = [\"b\"], panic = $",
        "off",
        &["`panic` must be `true` or `false`"],
    );
}

#[test]
fn latencies() {
    let both = "`latency` says how many times the median is too slow, and from where on, as in `latency(times = 3, least = \
                100ms)`";
    for half in ["", "times = 3", "least = 1s"] {
        inside(&format!("latency({half})"), &[(both, "latency")]);
    }
    for bad in ["0", "1", "101", "1.5"] {
        inside(
            &format!("latency(least = 100ms, times = {bad})"),
            &[("`times` is a whole number from 2 to 100", bad)],
        );
    }
    for bad in ["0ms", "2h"] {
        inside(
            &format!("latency(times = 3, least = {bad})"),
            &[("`least` is from `1ms` to `1h`", bad)],
        );
    }
    inside(
        "latency = 3",
        &[(
            "`latency` takes a list, as in `latency(times = 3, least = 100ms)`",
            "latency",
        )],
    );
    inside(
        "latency(factor = 3)",
        &[(
            "unknown key `factor` of `latency`; did you mean `times`?",
            "factor",
        )],
    );
}

#[test]
fn what_makes_no_sense_together() {
    for name in ["window = 10s", "min_requests = 20"] {
        let (name, keys) = (name.split_once(' ').expect("a name").0, name);
        let message = format!("`{name}` does nothing without `error_percent` or `latency(..)`");
        inside(&format!("consecutive = 3, {keys}"), &[(&message, name)]);
    }
    inside(
        "base_time = 2m, max_time = 1m",
        &[(
            "`max_time` is shorter than `base_time`, the first ejection",
            "1m",
        )],
    );
    let default =
        "`max_time` is shorter than the first ejection, which is `10s` unless `base_time` is given";
    inside("max_time = 9s", &[(default, "9s")]);
    let well =
        "`panic` changes nothing: without ejection and without `health` no host is ever sick";
    for off in ["eject = false", "eject(off)"] {
        attribute(
            &format!("hosts = [\"b\"], {off}, panic = false"),
            &[(well, "panic")],
        );
    }
}

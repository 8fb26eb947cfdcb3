//! `limits(..)`: its keys, its values, and what makes no sense together.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], limits({keys})"), expected);
}

fn of(key: &str, text: &str, message: &str) {
    let arguments = format!("hosts = [\"b\"], limits(requests = 9, {key} = $)");
    value(&arguments, text, &[message]);
}

#[test]
fn sound() {
    for keys in [
        "requests = 1",
        "requests_per_host = 1_000_000",
        "connections_per_host = 5, queue = 0",
        "requests = 5, requests_per_host = 5, connections_per_host = 5",
        "requests = 5, connections_per_host = 50",
        "requests = 5, queue = 1_000_000, queue_timeout = 1h, overload_timeout = 1h",
        "requests = 5, overload_timeout = 5s",
    ] {
        inside(keys, &[]);
        statics(&format!("static A = [\"a\"], limits({keys});"), &[]);
    }
}

#[test]
fn keys() {
    let nothing = "`limits` limits nothing; name one, as in `limits(requests_per_host = 100)`";
    for keys in ["", "queue = 5", "queue_timeout = 1s"] {
        inside(keys, &[(nothing, "limits")]);
    }
    let list = "`limits` takes a list, as in `limits(requests_per_host = 100, queue = 500)`";
    attribute("hosts = [\"b\"], limits = 5", &[(list, "limits")]);
    let unknown = "unknown key `zzz` of `limits`; the keys are `requests`, `requests_per_host`, `connections_per_host`, `queue`, \
                   `queue_timeout` and `overload_timeout`";
    inside("zzz = 3", &[(unknown, "zzz")]);
    for (written, meant) in [
        ("max_requests", "requests"),
        ("per_host", "requests_per_host"),
        ("maxconn", "connections_per_host"),
        ("pending", "queue"),
        ("timeout", "queue_timeout"),
        ("shed", "overload_timeout"),
    ] {
        let message = format!("unknown key `{written}` of `limits`; did you mean `{meant}`?");
        inside(&format!("{written} = 3"), &[(&message, written)]);
    }
    let shared = "`limits` belongs to the upstream that is shared; write it where that is declared";
    attribute(
        "upstream = API, limits(requests = 5)",
        &[(shared, "limits")],
    );
}

#[test]
fn values() {
    for key in ["requests_per_host", "connections_per_host"] {
        for bad in ["0", "1_000_001", "\"5\"", "5s"] {
            of(
                key,
                bad,
                &format!("`{key}` is a whole number from 1 to 1000000"),
            );
        }
    }
    inside(
        "requests = 0",
        &[("`requests` is a whole number from 1 to 1000000", "0")],
    );
    of(
        "queue",
        "1_000_001",
        "`queue` is a whole number, at most 1000000",
    );
    for key in ["queue_timeout", "overload_timeout"] {
        for bad in ["0s", "2h"] {
            of(key, bad, &format!("`{key}` is from `1ms` to `1h`"));
        }
    }
}

#[test]
fn what_makes_no_sense_together() {
    inside(
        "requests = 5, requests_per_host = 6",
        &[(
            "`requests_per_host` could never be reached: `requests`, at all hosts together, is less",
            "6",
        )],
    );
    inside(
        "requests_per_host = 6, connections_per_host = 5",
        &[(
            "`requests_per_host` could never be reached: a request takes a connection, and `connections_per_host` is less",
            "6",
        )],
    );
    let none = |name| format!("`{name}` does nothing: with `queue = 0` no request waits");
    inside(
        "requests = 5, queue = 0, queue_timeout = 1s, overload_timeout = 1s",
        &[
            (&none("queue_timeout"), "queue_timeout"),
            (&none("overload_timeout"), "overload_timeout"),
        ],
    );
    let longer = "`overload_timeout` is longer than `queue_timeout`; it is for when requests have to wait less";
    inside(
        "requests = 5, queue_timeout = 1s, overload_timeout = 2s",
        &[(longer, "2s")],
    );
    let default = "`overload_timeout` is longer than a request waits at other times, `5s` unless `queue_timeout` is given";
    inside("requests = 5, overload_timeout = 6s", &[(default, "6s")]);
}

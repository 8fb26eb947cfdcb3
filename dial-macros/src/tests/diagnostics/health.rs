//! `health(..)`: its keys, its values, and what makes no sense together.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], health({keys})"), expected);
}

/// Checks that `key` with this value, beside a path, has this fault.
fn of(key: &str, text: &str, message: &str) {
    let arguments = format!("hosts = [\"b\"], health(\"/\", {key} = $)");
    value(&arguments, text, &[message]);
}

#[test]
fn sound() {
    for keys in [
        "\"/\"",
        "path = \"/healthz?deep=1&a=%20/?\"",
        "interval = 10ms, path = \"/\", timeout = 1h,",
        "tcp",
        "tcp, port = 65535, rise = 1, fall = 1000",
        "\"/\", method = HEAD, statuses = 2xx",
        "\"/\", method = \"VERSION-CONTROL\"",
        "\"/\", statuses = 200",
        "\"/\", statuses = [200..=299, 300..302, 4xx, 503]",
        "\"/\", host_header = \"[::1]:8080\"",
        "\"/\", contains = b\"\\xff\"",
        "\"/\", jitter = 0, interval = \"5s\"",
        "\"/\", jitter = 0.5",
        "\"/\", jitter = 50%",
        "\"/\", timeout = 6s, interval = 5s",
    ] {
        inside(keys, &[]);
        statics(&format!("static A = [\"a\"], health({keys});"), &[]);
    }
}

#[test]
fn keys() {
    let list = "`health` takes a list, as in `health(\"/healthz\", interval = 5s)`";
    attribute("hosts = [\"b\"], health = \"/\"", &[(list, "health")]);
    let nothing = "`health` asks for nothing: name a path, as in `health(\"/healthz\")`, or write `health(tcp)` if a \
                   connection is enough";
    inside("", &[(nothing, "health")]);
    inside("interval = 5s", &[(nothing, "health")]);
    let unknown = "unknown key `zzz` of `health`; the keys are `path`, `tcp`, `method`, `host_header`, `statuses`, `contains`, \
                   `port`, `interval`, `jitter`, `timeout`, `rise`, `fall` and `proxy_protocol`";
    inside("zzz = 3", &[(unknown, "zzz")]);
    for (written, meant) in [
        ("uri", "path"),
        ("host", "host_header"),
        ("status", "statuses"),
        ("expect", "statuses"),
        ("body", "contains"),
        ("every", "interval"),
        ("healthy_threshold", "rise"),
        ("fails", "fall"),
    ] {
        let message = format!("unknown key `{written}` of `health`; did you mean `{meant}`?");
        let target = if meant == "path" { "" } else { "\"/\", " };
        inside(&format!("{target}{written} = 3"), &[(&message, written)]);
    }
    inside("\"/\", path = \"/a\"", &[("`path` is given twice", "path")]);
    inside("tcp, tcp", &[("`tcp` is given twice", "tcp")]);
    let alone = "`tcp` takes no value; write it alone";
    for other in ["tcp = true", "tcp(80)"] {
        inside(other, &[(alone, "tcp")]);
    }
    for other in ["health_check", "probe", "healt"] {
        let message = format!("unknown key `{other}`; did you mean `health`?");
        attribute(
            &format!("hosts = [\"b\"], {other}(\"/\")"),
            &[(&message, other)],
        );
    }
    let shared = "`health` belongs to the upstream that is shared; write it where that is declared";
    attribute("upstream = API, health(\"/\")", &[(shared, "health")]);
}

#[test]
fn paths() {
    for (path, message) in [
        ("healthz", "a path begins with `/`, as in `/healthz`"),
        ("", "a path begins with `/`, as in `/`"),
        ("*", "a path begins with `/`, as in `/*`"),
        (
            "http://a/",
            "this is the path alone; every host is asked for it",
        ),
        (
            "/a#b",
            "a fragment is never sent; the path ends before the `#`",
        ),
        (
            "/a b",
            "a space must be percent-encoded in a path: write `a%20b`",
        ),
        (
            "/a?b c",
            "a space must be percent-encoded in a path: write `b%20c`",
        ),
        (
            "/{id}",
            "`{` must be percent-encoded in a path: write `%7Bid%7D`",
        ),
        (
            "/a?%zz",
            "a `%` in a path begins an encoded byte such as `%20`; a literal one is `%25` (in `%zz`)",
        ),
        (
            "/a/../b",
            "a path has no dot segment (`..`): clients and servers resolve it away",
        ),
    ] {
        let text = format!("{path:?}");
        inside(&text, &[(message, &text)]);
        inside(&format!("fall = 1, path = {text}"), &[(message, &text)]);
    }
    value(
        "hosts = [\"b\"], health(path = $)",
        "PATH",
        &["`path` must be a string literal"],
    );
}

#[test]
fn what_is_asked_and_answered() {
    of("method", "get", "methods are upper case: write `GET`");
    of(
        "method",
        "CONNECT",
        "`CONNECT` asks for a tunnel, not for health",
    );
    of("method", "5", "a method is a word such as `GET`");
    let host = "a host, and maybe a port, is all that `Host` says";
    for bad in ["\"http://a\"", "\"a/\""] {
        of("host_header", bad, host);
    }
    of(
        "host_header",
        "\"bücher.example\"",
        "`Host` is ASCII; write an international name as it is resolved, `xn--..`",
    );
    for (bad, fault) in [
        ("\"\"", "an endpoint cannot be empty"),
        ("\"a:x\"", "the port `x` is not a number"),
        (
            "\"u@a\"",
            "an endpoint has no user or password; set an `Authorization` header",
        ),
    ] {
        of(
            "host_header",
            bad,
            &format!("`Host` cannot say this: {fault}"),
        );
    }
    of(
        "contains",
        "\"\"",
        "every body contains nothing; leave `contains` out",
    );
    of(
        "contains",
        "5",
        "`contains` must be a string, or a byte string",
    );
    let long = format!("{:?}", "a".repeat(4097));
    of("contains", &long, "`contains` is at most 4 KiB");
    inside(
        "\"/\", method = HEAD, contains = \"ok\"",
        &[(
            "a response to `HEAD` has no body that could contain anything",
            "contains",
        )],
    );
}

#[test]
fn statuses() {
    let other = "`statuses` is a status, a range or a list of them: `500`, `500..=599`";
    for bad in [
        "\"200\"", "200..", "..300", "OK", "2xy", "-1", "70000", "200s", "..", "0..0",
    ] {
        of("statuses", bad, other);
    }
    let bounds = "`statuses` are from 200 to 599";
    for bad in [
        "199",
        "600",
        "0",
        "1xx",
        "100..=200",
        "500..=600",
        "599..601",
        "9xx",
    ] {
        of("statuses", bad, bounds);
    }
    for empty in ["300..300", "299..=200"] {
        of("statuses", empty, "no status is in this range");
    }
    of(
        "statuses",
        "[]",
        "`statuses` is empty, so no answer would be health",
    );
    for (list, status, place) in [
        ("[200, 200]", 200, "200"),
        ("[200..=299, 204]", 204, "204"),
        ("[204, 2xx]", 204, "2xx"),
        ("[200..=250, 240..260]", 240, "240..260"),
    ] {
        let message = format!("the status {status} is listed twice");
        inside(&format!("\"/\", statuses = {list}"), &[(&message, place)]);
    }
    inside(
        "\"/\", statuses = [100, 200, 600]",
        &[(bounds, "100"), (bounds, "600")],
    );
}

#[test]
fn times_and_counts() {
    of("interval", "9ms", "`interval` is from `10ms` to `1h`");
    of("interval", "2h", "`interval` is from `10ms` to `1h`");
    of("interval", "5", "a duration needs a unit, as in `5s`");
    of("timeout", "61m", "`timeout` is from `1ms` to `1h`");
    of("timeout", "0s", "`timeout` is from `1ms` to `1h`");
    for key in ["rise", "fall"] {
        for bad in ["0", "1001", "1.0", "\"2\""] {
            of(
                key,
                bad,
                &format!("`{key}` is a whole number from 1 to 1000"),
            );
        }
    }
    for bad in ["0", "65536", "\"80\""] {
        of("port", bad, "`port` is a whole number from 1 to 65535");
    }
    let jitter = "`jitter` is the part of an interval by which it varies, from 0 to 0.5";
    for bad in ["0.51", "1", "-0.1", "\"51%\"", "0.1f32", "HALF"] {
        of("jitter", bad, jitter);
    }
    of("proxy_protocol", "v3", "`proxy_protocol` is `v1` or `v2`");
}

#[test]
fn a_connection_alone() {
    let message = |name| format!("`tcp` sends nothing, so there is no `{name}`; keep one of them");
    inside(
        "tcp, method = GET, host_header = \"a\", statuses = 200, contains = \"a\"",
        &[
            (&message("method"), "method"),
            (&message("host_header"), "host_header"),
            (&message("statuses"), "statuses"),
            (&message("contains"), "contains"),
        ],
    );
    inside("path = \"/\", tcp", &[(&message("path"), "path")]);
    inside("\"/\", tcp", &[(&message("path"), "\"/\"")]);
}

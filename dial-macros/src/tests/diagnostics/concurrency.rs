//! `concurrency`: its keys and its values.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    let arguments = format!("\"/{{_id}}\", hosts = [\"b\"], concurrency({keys})");
    attribute(&arguments, expected);
}

#[test]
fn sound() {
    for keys in [
        "requests = 1",
        "requests = 1_000_000,",
        "requests = 10, by = client_ip",
        "by = header(\"X-Api-Key\"), requests = 10",
        "requests = 10, by = cookie = \"user\"",
        "requests = 10, by = param(\"_id\")",
    ] {
        inside(keys, &[]);
    }
    for requests in ["1", "1_000_000"] {
        // It is the route's, whoever has the upstream.
        attribute(&format!("upstream = API, concurrency = {requests}"), &[]);
    }
}

#[test]
fn keys() {
    let none =
        "`concurrency` has no limit; add it, as in `concurrency(requests = 10, by = client_ip)`";
    for keys in ["", "by = client_ip"] {
        inside(keys, &[(none, "concurrency")]);
    }
    let alone = "`concurrency` takes a value, as in `concurrency = 100`";
    attribute("concurrency, hosts = [\"b\"]", &[(alone, "concurrency")]);
    let twice = "`concurrency` is given twice";
    attribute(
        "hosts = [\"b\"], concurrency = 5, concurrency(requests = 5)",
        &[(twice, "concurrency")],
    );
    let unknown = "unknown key `zzz` of `concurrency`; the keys are `requests` and `by`";
    inside("zzz = 5", &[(unknown, "zzz")]);
    let max = "unknown key `max` of `concurrency`; did you mean `requests`?";
    inside("max = 5", &[(max, "max")]);
    for other in ["limit_conn", "concurency", "parallel"] {
        let message = format!("unknown key `{other}`; did you mean `concurrency`?");
        attribute(
            &format!("hosts = [\"b\"], {other} = 5"),
            &[(&message, other)],
        );
    }
    let upstream = "unknown key `concurrency` of `upstream!`; the keys are `balance`, `slow_start`, `sticky`, `health`, `eject`, \
                    `panic`, `limits`, `breaker` and `crate`";
    statics(
        "static A = [\"a\"], concurrency = 5;",
        &[(upstream, "concurrency")],
    );
}

#[test]
fn values() {
    let whole = |key| format!("`{key}` is a whole number from 1 to 1000000");
    for bad in ["0", "1_000_001", "-5", "5.5", "\"5\"", "5s", "MOST"] {
        value(
            "hosts = [\"b\"], concurrency = $",
            bad,
            &[&whole("concurrency")],
        );
        inside(&format!("requests = {bad}"), &[(&whole("requests"), bad)]);
    }
    let ip = "unknown key `ip` of a request; did you mean `client_ip`?";
    inside("requests = 5, by = ip", &[(ip, "ip")]);
    let param = "no path parameter is named `id`; did you mean `_id`?";
    inside("requests = 5, by = param(\"id\")", &[(param, "\"id\"")]);
}

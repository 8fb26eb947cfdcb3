//! Keys and their values.

use super::{attribute, check, string, value};
use proc_macro2::TokenStream;

#[test]
fn keys() {
    attribute(
        r#"host = ["b"]"#,
        &[("unknown key `host`; did you mean `hosts`?", "host")],
    );
    attribute(
        r#"backends = ["b"]"#,
        &[("unknown key `backends`; did you mean `hosts`?", "backends")],
    );
    attribute(
        r#"hosts = ["b"], method = [GET]"#,
        &[("unknown key `method`; did you mean `methods`?", "method")],
    );
    attribute(
        r#"hosts = ["b"], zzz = 5, name = "x""#,
        &[(
            "unknown key `zzz`; the keys are `path`, `domain`, `methods`, `hosts`, `hosts_env`, `upstream`, \
             `balance`, `slow_start`, `sticky`, `health`, `eject`, `panic`, `limits`, `breaker`, `host_header`, `forwarded`, `upgrade`, `proxy_protocol`, `timeout`, `retry`, `rate_limit`, `concurrency`, `body_limit`, `on_response`, \
             `on_error`, `name`, `register` and `crate`",
            "zzz",
        )],
    );
    attribute(
        r#"hosts = ["b"], hosts = ["c"]"#,
        &[("`hosts` is given twice", "hosts")],
    );
    attribute(
        r#""/a", hosts = ["b"], path = "/b""#,
        &[("`path` is given twice", "path")],
    );
    attribute(
        r#"hosts = ["b"], "/a""#,
        &[(
            "only a first string is the path; name this one's key",
            r#""/a""#,
        )],
    );
    attribute(
        r#""/a" hosts = ["b"]"#,
        &[("expected `,` between two arguments", "hosts")],
    );
    attribute(
        "hosts",
        &[(
            r#"`hosts` takes a value, as in `hosts = ["http://backend:8080"]`"#,
            "hosts",
        )],
    );
    attribute(
        "hosts =, name = \"x\"",
        &[(
            r#"`hosts` takes a value, as in `hosts = ["http://backend:8080"]`"#,
            "hosts",
        )],
    );
    attribute(
        r#"hosts("b")"#,
        &[(
            r#"`hosts` takes a value, as in `hosts = ["http://backend:8080"]`"#,
            "hosts",
        )],
    );
    attribute(
        r#"hosts = ["b"], timeout = 5s"#,
        &[(
            "`timeout` takes a list, as in `timeout(connect = 5s, response = 30s)`",
            "timeout",
        )],
    );
    attribute(
        r#"5, hosts = ["b"]"#,
        &[("expected a key, as in `path = \"/api/{id}\"`", "5")],
    );
    attribute(
        r#"hosts = ["b"], name ="#,
        &[("`name` takes a value, as in `name = \"api\"`", "name")],
    );
    attribute(
        r#"name = *, hosts = ["b"]"#,
        &[(
            "cannot read the value of `name`: expected an expression",
            ",",
        )],
    );
}

#[test]
fn unreadable_at_the_end() {
    attribute(
        r#"hosts = ["b"], name = *"#,
        &[(
            "cannot read the value of `name`: unexpected end of input, expected an expression",
            "name",
        )],
    );
}

#[test]
fn where_requests_go() {
    let missing = r#"missing `hosts`: where do requests go? Add `hosts = ["http://backend:8080"]`"#;
    attribute(r#""/a""#, &[(missing, r#""/a""#)]);
    attribute("", &[(missing, "api")]);
    attribute(
        r#"hosts = ["b"], upstream = u()"#,
        &[(
            "`hosts` and `upstream` both say where requests go; keep one",
            "upstream",
        )],
    );
    attribute(
        r#"hosts_env = "B", upstream = u(), hosts = ["b"]"#,
        &[
            (
                "`hosts_env` and `upstream` both say where requests go; keep one",
                "upstream",
            ),
            (
                "`hosts_env` and `hosts` both say where requests go; keep one",
                "hosts",
            ),
        ],
    );
    value(
        "hosts = $",
        "[]",
        &["`hosts` is empty; an upstream needs at least one endpoint"],
    );
    value(
        "hosts = $",
        "&[]",
        &["`hosts` is empty; an upstream needs at least one endpoint"],
    );
    value(
        "hosts = $",
        r#""b""#,
        &[r#"`hosts` is a list: write `["b"]`"#],
    );
    value(
        "hosts = [\"b\", $]",
        "80",
        &["an endpoint is a string, such as `\"http://backend:8080\"`"],
    );
    value(
        "hosts_env = $",
        "B",
        &["`hosts_env` must be a string literal"],
    );
    for name in ["", "A=B", "1A", "A B"] {
        let message = "`hosts_env` names an environment variable, such as `BACKENDS`";
        string("hosts_env = $", name, &[message]);
    }
    attribute(r#"hosts_env = "BACKENDS""#, &[]);
    attribute("hosts = backends::<A, B>(|x, y| x + y)", &[]);
    // Literals are checked beside expressions too.
    value(
        "hosts = [other(), $]",
        r#""ftp://b""#,
        &["the scheme is `http` or `https`, not `ftp`"],
    );
}

#[test]
fn timeouts() {
    attribute(
        r#"hosts = ["b"], timeout(conect = 5s)"#,
        &[(
            "unknown key `conect` of `timeout`; did you mean `connect`?",
            "conect",
        )],
    );
    attribute(
        r#"hosts = ["b"], timeout(idle = 5s)"#,
        &[(
            "unknown key `idle` of `timeout`; the keys are `connect`, `response`, `body`, `total` and `expect`",
            "idle",
        )],
    );
    attribute(
        r#"hosts = ["b"], timeout(connect = 5s, connect = 6s)"#,
        &[("`connect` is given twice", "connect")],
    );
    attribute(
        r#"hosts = ["b"], timeout()"#,
        &[(
            "`timeout` is empty; name one, as in `timeout(connect = 5s)`",
            "timeout",
        )],
    );
    attribute(
        r#"hosts = ["b"], timeout("5s")"#,
        &[("expected a key of `timeout` before this", r#""5s""#)],
    );
    attribute(
        r#"hosts = ["b"], timeout(5s)"#,
        &[("expected a key of `timeout`, as in `connect = 5s`", "5s")],
    );
    for (written, meant) in [
        ("totl", "total"),
        ("deadline", "total"),
        ("bdy", "body"),
        ("continue", "expect"),
    ] {
        let message = format!("unknown key `{written}` of `timeout`; did you mean `{meant}`?");
        let arguments = format!("hosts = [\"b\"], timeout({written} = 5s)");
        attribute(&arguments, &[(&message, written)]);
    }
}

#[test]
fn keys_of_connections() {
    for (written, meant) in [
        ("websocket", "upgrade"),
        ("upgrad", "upgrade"),
        ("proxy_protocl", "proxy_protocol"),
        ("send_proxy", "proxy_protocol"),
    ] {
        let message = format!("unknown key `{written}`; did you mean `{meant}`?");
        attribute(
            &format!("hosts = [\"b\"], {written} = x"),
            &[(&message, written)],
        );
    }
    attribute(
        r#"hosts = ["b"], upgrade = true, upgrade = true"#,
        &[("`upgrade` is given twice", "upgrade")],
    );
    attribute(
        r#"hosts = ["b"], proxy_protocol = v1, proxy_protocol = v2"#,
        &[("`proxy_protocol` is given twice", "proxy_protocol")],
    );
    attribute(
        r#"hosts = ["b"], upgrade(true), proxy_protocol(v1)"#,
        &[
            (
                "`upgrade` takes a value, as in `upgrade = false`",
                "upgrade",
            ),
            (
                "`proxy_protocol` takes a value, as in `proxy_protocol = v2`",
                "proxy_protocol",
            ),
        ],
    );
}

/// What covers another can only be longer.
#[test]
fn timeouts_together() {
    let message =
        |part| format!("`total` is shorter than `{part}`, which could then never run out");
    for (inside, part) in [
        ("connect = 5s, total = $", "connect"),
        ("total = $, response = 4001ms", "response"),
        ("connect = 1s, response = 1h, total = $", "response"),
        ("connect = 5s, response = 1h, total = $", "connect"),
    ] {
        let arguments = format!("hosts = [\"b\"], timeout({inside})");
        value(&arguments, "4s", &[&message(part)]);
        value(&arguments, "\"4000ms\"", &[&message(part)]);
    }
    for good in [
        "connect = 5s, response = 5s, total = 5s",
        "total = 1ms",
        "total = 1s, body = 1h, expect = 1m",
    ] {
        attribute(&format!("hosts = [\"b\"], timeout({good})"), &[]);
    }
    // One that could not be read is not compared.
    value(
        "hosts = [\"b\"], timeout(total = 1s, connect = $)",
        "5",
        &["a duration needs a unit, as in `5s`"],
    );
}

#[test]
fn words() {
    let with = |key: &str, value: &str, message: &str| {
        attribute(
            &format!("hosts = [\"b\"], {key} = {value}"),
            &[(message, value)],
        );
    };
    with(
        "host_header",
        "preserved",
        "`host_header` is `preserve` or `endpoint`; did you mean `preserve`?",
    );
    with(
        "host_header",
        "\"preserve\"",
        "`host_header` is `preserve` or `endpoint`",
    );
    with(
        "host_header",
        "true",
        "`host_header` is `preserve` or `endpoint`",
    );
    with(
        "forwarded",
        "on",
        "`forwarded` is `x_forwarded`, `rfc7239`, `both` or `off`",
    );
    with(
        "forwarded",
        "xforwarded",
        "`forwarded` is `x_forwarded`, `rfc7239`, `both` or `off`; did you mean `x_forwarded`?",
    );
    for key in ["register", "upgrade"] {
        for value in ["\"no\"", "no", "0"] {
            with(key, value, &format!("`{key}` must be `true` or `false`"));
        }
    }
    // Where either could be meant, neither is suggested.
    for value in ["v3", "\"v1\"", "1", "true", "on"] {
        with("proxy_protocol", value, "`proxy_protocol` is `v1` or `v2`");
    }
    with(
        "proxy_protocol",
        "V2",
        "`proxy_protocol` is `v1` or `v2`; did you mean `v2`?",
    );
    with(
        "name",
        "\" \"",
        "`name` is what logs and metrics show; it needs visible letters",
    );
    with("name", "api", "`name` must be a string literal");
    with(
        "crate",
        "\"dial\"",
        "`crate` is a path without quotes: `crate = dial`",
    );
    with(
        "crate",
        "5",
        "`crate` is the path of the dial crate, such as `::dial`",
    );
    with(
        "crate",
        "a::<B>",
        "`crate` is the path of the dial crate, such as `::dial`",
    );
}

/// Whatever is wrong, one compilation says it all, and nothing that only follows from it.
#[test]
fn together() {
    check(
        "#[proxy(\"/a//{id\", hots = [\"x\"], methods = [get, GET, GET], timeout(connect = 5, idle = 1s), \
         body_limit = 1KB, name = )] const fn api<T>(request: &ModifiableRequest, id: u64) -> R {}",
        &[
            ("unknown key `hots`; did you mean `hosts`?", "hots"),
            ("`name` takes a value, as in `name = \"api\"`", "name"),
            ("a path has no empty segment (`//`)", "\"/a//{id\""),
            (
                "`{id` has unbalanced braces (literal ones are `%7B` and `%7D`)",
                "\"/a//{id\"",
            ),
            (
                "a handler runs once a request; it cannot be `const`",
                "const",
            ),
            (
                "a handler has no type parameters; write the type instead of `T`",
                "T",
            ),
            (
                "a request behind `&` cannot be edited; take `&mut ModifiableRequest` or `ModifiableRequest`",
                "&ModifiableRequest",
            ),
            ("methods are upper case: write `GET`", "get"),
            ("the method `GET` is listed twice", "GET"),
            (
                "unknown key `idle` of `timeout`; the keys are `connect`, `response`, `body`, `total` and `expect`",
                "idle",
            ),
            ("a duration needs a unit, as in `5s`", "5"),
            (
                "`KB` is not a unit of size; the units are `B`, `KiB`, `MiB` and `GiB`; did you mean `KiB`?",
                "1KB",
            ),
        ],
    );
}

/// A fault leaves the function as it was, and its name usable as a route.
#[test]
fn fallbacks() {
    let output = |attribute: &str, item: &str| {
        crate::expand(attribute.parse().unwrap(), item.parse().unwrap()).to_string()
    };
    let item = "pub fn api (request : ModifiableRequest) -> R { anything @ all }";
    let stubbed = output("nonsense", item);
    assert!(
        stubbed.starts_with(&item.parse::<TokenStream>().unwrap().to_string()),
        "{stubbed}"
    );
    assert!(stubbed.contains("pub struct api { }"), "{stubbed}");
    assert!(stubbed.contains(":: dial :: Route for api"), "{stubbed}");
    assert!(
        output("nonsense, crate = other::dial", item).contains("other :: dial :: Route for api")
    );
    // No type can stand where a method stands.
    assert!(!output("", "fn api(self) {}").contains("struct"));
    assert!(!output("", "enum E {}").contains("struct"));
}

//! The little languages: endpoints, paths, domains, methods, durations and sizes.

use super::{attribute, string, value};

#[rustfmt::skip] // one case a line
const ENDPOINTS: &[(&str, &str)] = &[
    ("", "an endpoint cannot be empty"),
    (" b", "an endpoint has no whitespace"),
    ("http://b\n", "an endpoint has no whitespace"),
    ("a,b", "one endpoint a string; put each of these into its own"),
    ("ftp://b", "the scheme is `http` or `https`, not `ftp`"),
    ("ws://b", "the scheme is `http` or `https`; WebSockets pass through `http`"),
    ("://b", "a scheme is missing before `://`; write `http://` or `https://`"),
    ("http:b", "a scheme ends in `://`: write `http://b`"),
    ("HTTPS:/b", "a scheme ends in `://`: write `https://b`"),
    ("http://", "an endpoint needs a host behind its scheme"),
    ("b/v1", "an endpoint has no path (`/v1`); use `rewrite_uri` or `prefix_path`"),
    ("//b", "an endpoint has no path (`//b`); use `rewrite_uri` or `prefix_path`"),
    ("http://b?x=1", "an endpoint has no query (`?x=1`); use `append_query`"),
    ("http://b#x", "an endpoint has no fragment (`#x`)"),
    ("http://u:p@b", "an endpoint has no user or password; set an `Authorization` header"),
    ("b:", "a port is missing behind the `:`"),
    ("b:http", "the port `http` is not a number"),
    ("b:+80", "the port `+80` is not a number"),
    ("b:0", "a request cannot be sent to port 0"),
    ("b:99999", "the port `99999` is above 65535"),
    (":80", "an endpoint needs a host before its port"),
    ("a:1:2", "a host and a port are parted by one `:`; an IPv6 address stands in brackets"),
    ("::1", "an IPv6 address stands in brackets: `[::1]`"),
    ("[::1", "the `[` of an IPv6 address is not closed"),
    ("[::1]80", "`80` behind an IPv6 address is not a port"),
    ("[::g]", "`::g` is not an IPv6 address"),
    ("[fe80::1%eth0]", "an IPv6 zone (`fe80::1%eth0`) cannot stand in a URL"),
    ("a_b!", "a host name cannot hold `!`"),
    ("a%20b", "a host name cannot hold `%`"),
    ("a\\b", "a host name cannot hold `\\`"),
    ("a..b", "`a..b` has an empty label (two dots, or one at its begin)"),
    (".b", "`.b` has an empty label (two dots, or one at its begin)"),
    (".", "a host name cannot be empty"),
    ("256.1.1.1", "`256.1.1.1` is not an IPv4 address"),
    ("10.1", "`10.1` is not an IPv4 address"),
    ("127.0.0.0x1", "`127.0.0.0x1` is not an IPv4 address"),
];

#[test]
fn endpoints() {
    for (text, message) in ENDPOINTS {
        string("hosts = [$]", text, &[message]);
    }
    let long = format!("{}.b", "a".repeat(64));
    string(
        "hosts = [$]",
        &long,
        &["a host name has at most 253 letters, and 63 between two dots"],
    );
    let all = r#"hosts = ["http://a", "https://b:8443", "c", "d:8080", "127.0.0.1:1", "[::1]:8080", "http://[::2]",
                 "HTTP://E", "slash/", "bücher.example", "f_g-h.svc.cluster.local.", "a:65535"]"#;
    attribute(all, &[]);
}

#[test]
fn endpoints_twice() {
    for (first, second, endpoint) in [
        ("b", "http://b:80", "http://b:80"),
        ("https://b", "https://B:443", "https://b:443"),
        ("[::1]", "[0:0::1]:80", "http://[::1]:80"),
        ("b:080", "b", "http://b:80"),
    ] {
        let message = format!("this endpoint is listed twice (`{endpoint}`)");
        string(&format!("hosts = [{first:?}, $]"), second, &[&message]);
    }
    attribute(r#"hosts = ["http://b", "https://b", "b:8080", "c"]"#, &[]);
}

#[rustfmt::skip] // one case a line
const PATHS: &[(&str, &str)] = &[
    ("", "a path begins with `/`, as in `/`"),
    ("a", "a path begins with `/`, as in `/a`"),
    ("http://a/b", "a path begins with `/`; the host of a request is matched by `domain`"),
    ("/a?b=c", "a path has no query; it ends before the `?`"),
    ("/a#b", "a path has no fragment; it ends before the `#`"),
    ("//", "a path has no empty segment (`//`)"),
    ("/a//b", "a path has no empty segment (`//`)"),
    ("/a/..", "a path has no dot segment (`..`): clients and servers resolve it away"),
    ("/./a", "a path has no dot segment (`.`): clients and servers resolve it away"),
    ("/a/%2E%2e/b", "a path has no dot segment (`%2E%2e`): clients and servers resolve it away"),
    ("/a b", "a space must be percent-encoded in a path: write `a%20b`"),
    ("/caf\u{e9}", "`\u{e9}` must be percent-encoded in a path: write `caf%C3%A9`"),
    ("/a\\b", "`\\` must be percent-encoded in a path: write `a%5Cb`"),
    ("/a\n", "a control character must be percent-encoded in a path: write `a%0A`"),
    ("/100%", "a `%` in a path begins an encoded byte such as `%20`; a literal one is `%25` (in `100%`)"),
    ("/%zz", "a `%` in a path begins an encoded byte such as `%20`; a literal one is `%25` (in `%zz`)"),
    ("/a{_id}", "a path parameter is a whole segment, as in `/{id}/`; `a{_id}` is not"),
    ("/{_id}.json", "a path parameter is a whole segment, as in `/{id}/`; `{_id}.json` is not"),
    ("/{_a}{_b}", "a path parameter is a whole segment, as in `/{id}/`; `{_a}{_b}` is not"),
    ("/{_id", "`{_id` has unbalanced braces (literal ones are `%7B` and `%7D`)"),
    ("/_id}", "`_id}` has unbalanced braces (literal ones are `%7B` and `%7D`)"),
    ("/{}", "`{}` has no name; write `{id}` or `{*rest}`"),
    ("/{*}", "`{*}` has no name; write `{id}` or `{*rest}`"),
    ("/{_}", "`{_}` has no name; write `{_id}` for one that no argument takes"),
    ("/{self}", "`self` cannot name an argument, so it cannot name a path parameter"),
    ("/{1a}", "`1a` is not a name for a path parameter: letters, digits and `_`, no digit first"),
    ("/{a-b}", "`a-b` is not a name for a path parameter: letters, digits and `_`, no digit first"),
    ("/{r#type}", "a path has no fragment; it ends before the `#`"),
    ("/{id:int}", "`{id:int}` constrains its parameter; write `{id}` and let the argument's type check it"),
    ("/{rest...}", "a catch-all is written `{*rest}`, not `{rest...}`"),
    ("/{*_rest}/a", "the catch-all `{*_rest}` must be the last segment"),
    ("/{*_rest}/", "the catch-all `{*_rest}` must be the last segment"),
    ("/{_a}/{_a}", "path parameter `_a` is named twice"),
    ("/:id", "a path parameter is written `{id}`, not `:id` (a literal colon is `%3A`)"),
    ("/:", "`:` begins with a colon; a parameter is written `{id}`, a literal colon `%3A`"),
    ("/*rest", "a catch-all is written `{*rest}`, not `*rest` (a literal asterisk is `%2A`)"),
    ("/*", "a catch-all is written `{*rest}`, not `*` (a literal asterisk is `%2A`)"),
    ("/<id>", "a path parameter is written `{id}`, not `<id>`"),
    ("/<rest..>", "a catch-all is written `{*rest}`, not `<rest..>`"),
];

#[test]
fn paths() {
    for (text, message) in PATHS {
        string(
            r#"_, hosts = ["b"]"#.replace('_', "path = $").as_str(),
            text,
            &[message],
        );
    }
    string(
        "hosts = [\"b\"], path = $",
        "//a/./{_b",
        &[
            "a path has no empty segment (`//`)",
            "a path has no dot segment (`.`): clients and servers resolve it away",
            "`{_b` has unbalanced braces (literal ones are `%7B` and `%7D`)",
        ],
    );
    let seventeen =
        "/{_a}/{_b}/{_c}/{_d}/{_e}/{_f}/{_g}/{_h}/{_i}/{_j}/{_k}/{_l}/{_m}/{_n}/{_o}/{_p}/{_q}";
    string(
        "hosts = [\"b\"], path = $",
        seventeen,
        &["a path has at most 16 parameters, and this has 17"],
    );
    value(
        "hosts = [\"b\"], path = $",
        "PATH",
        &["`path` must be a string literal"],
    );
    value(
        "hosts = [\"b\"], path = $",
        "b\"/a\"",
        &["`path` must be a string literal"],
    );
    for path in [
        "/",
        "/a",
        "/a/",
        "/a/{_b}/",
        "/{*_rest}",
        "/a/{_b}/{*_rest}",
        "/a%20b/%2f",
        "/v1:go/@a;b=c/...",
        "/~a",
    ] {
        attribute(&format!("{path:?}, hosts = [\"b\"]"), &[]);
    }
}

#[rustfmt::skip] // one case a line
const DOMAINS: &[(&str, &str)] = &[
    ("", "a domain cannot be empty; leave `domain` out to match any host"),
    ("*", "to match any host, leave `domain` out"),
    ("a b", "a domain has no whitespace"),
    ("http://a.com", "a domain has no scheme; it is matched against the request's host"),
    ("a.com/x", "a domain is a host name only; the path is matched by `path`"),
    ("a.com:80", "a domain has no port; a request to any port matches"),
    ("a.*.com", "a wildcard is the whole first label, as in `*.example.com`"),
    ("*a.com", "a wildcard is the whole first label, as in `*.example.com`"),
    ("*.", "a host name cannot be empty"),
    ("a@b", "a host name cannot hold `@`"),
];

#[test]
fn domains() {
    for (text, message) in DOMAINS {
        string("hosts = [\"b\"], domain = $", text, &[message]);
        string(
            "hosts = [\"b\"], domain = [\"ok.com\", $]",
            text,
            &[message],
        );
    }
    string(
        "hosts = [\"b\"], domain = [\"a.com\", $]",
        "A.COM",
        &["the domain `a.com` is listed twice"],
    );
    value(
        "hosts = [\"b\"], domain = $",
        "[]",
        &["`domain` is empty; leave it out to match any host"],
    );
    value(
        "hosts = [\"b\"], domain = $",
        "5",
        &["`domain` must be a string literal"],
    );
    attribute(
        r#"hosts = ["b"], domain = ["a.com", "*.a.com", "localhost", "127.0.0.1", "xn--a", "[::1]", "b\u{fc}cher.de", "dot.com."]"#,
        &[],
    );
}

#[rustfmt::skip] // one case a line
const METHODS: &[(&str, &str)] = &[
    ("get", "methods are upper case: write `GET`"),
    ("Post", "methods are upper case: write `POST`"),
    ("GET", "the method `GET` is listed twice"),
    ("connect", "methods are upper case: write `CONNECT`"),
    ("\"A B\"", "`A B` is not a method"),
    ("\"\"", "`` is not a method"),
    ("Method::POST", "a method is a single word: write `POST`"),
    ("5", "a method is a word such as `GET`"),
];

#[test]
fn methods() {
    for (method, message) in METHODS {
        value("hosts = [\"b\"], methods = [GET, $]", method, &[message]);
    }
    value(
        "hosts = [\"b\"], methods = $",
        "[]",
        &["`methods` is empty; leave it out to match any method"],
    );
    value(
        "hosts = [\"b\"], methods = $",
        "GET",
        &["`methods` is a list, as in `methods = [GET, POST]`"],
    );
    attribute(
        r#"hosts = ["b"], methods = [GET, PROPFIND, "M-SEARCH"]"#,
        &[],
    );
}

/// CONNECT has no path: RFC 9110 §9.3.6.
#[test]
fn connect_and_a_path() {
    for (arguments, path) in [
        (r#""/a", hosts = ["b"], methods = [CONNECT]"#, r#""/a""#),
        (
            r#"methods = ["CONNECT"], path = "/{*_rest}", hosts = ["b"]"#,
            r#""/{*_rest}""#,
        ),
    ] {
        let message = "`CONNECT` has no path, so this route would take nothing; leave the path out, or list more methods";
        attribute(arguments, &[(message, path)]);
    }
    // What else is wrong with the path or the methods is not followed by this.
    attribute(
        r#""/a//b", hosts = ["b"], methods = [CONNECT]"#,
        &[("a path has no empty segment (`//`)", r#""/a//b""#)],
    );
    attribute(
        r#""/a", hosts = ["b"], methods = [CONNECT, CONNECT]"#,
        &[("the method `CONNECT` is listed twice", "CONNECT")],
    );
    for good in [
        r#"hosts = ["b"], methods = [CONNECT]"#,
        r#""/a", hosts = ["b"], methods = [CONNECT, GET]"#,
    ] {
        attribute(good, &[]);
    }
}

#[rustfmt::skip] // one case a line
const UNITS: &[(&str, &str)] = &[
    ("5", "a duration needs a unit, as in `5s`"),
    ("5sec", "`sec` is not a unit of time; the units are `ms`, `s`, `m` and `h`"),
    ("\"5 s\"", "` s` is not a unit of time; the units are `ms`, `s`, `m` and `h`"),
    ("\"1m30s\"", "`m30s` is not a unit of time; the units are `ms`, `s`, `m` and `h`"),
    ("0s", "`connect` cannot be zero; leave it out for the default"),
    ("\"0ms\"", "`connect` cannot be zero; leave it out for the default"),
    ("18446744073709551615h", "this duration is too long to count in milliseconds"),
    ("99999999999999999999s", "this duration is too long to count in milliseconds"),
    ("1.5s", "`connect` is a duration in whole numbers, such as `5s`"),
    ("\"s\"", "`connect` is a duration in whole numbers, such as `5s`"),
    ("\"\"", "`connect` is a duration in whole numbers, such as `5s`"),
    ("five", "`connect` is a duration in whole numbers, such as `5s`"),
    ("-5", "`connect` is a duration in whole numbers, such as `5s`"),
];

#[rustfmt::skip] // one case a line
const UNITS_2: &[(&str, &str)] = &[
    ("1KB", "`KB` is not a unit of size; the units are `B`, `KiB`, `MiB` and `GiB`; did you mean `KiB`?"),
    ("1m", "`m` is not a unit of size; the units are `B`, `KiB`, `MiB` and `GiB`; did you mean `MiB`?"),
    ("1TiB", "`TiB` is not a unit of size; the units are `B`, `KiB`, `MiB` and `GiB`"),
    ("0", "`body_limit` cannot be zero; leave it out for the default"),
    ("17179869184GiB", "this size is too large for 64 bits"),
    ("1.5MiB", "`body_limit` is a size in whole numbers, such as `64KiB`"),
];

#[test]
fn units() {
    for (text, message) in UNITS {
        for key in ["connect", "response", "body", "total", "expect"] {
            let message = message.replace("connect", key);
            value(
                &format!("hosts = [\"b\"], timeout({key} = $)"),
                text,
                &[&message],
            );
        }
    }
    for (text, message) in UNITS_2 {
        value("hosts = [\"b\"], body_limit = $", text, &[message]);
    }
    for good in [
        "4096",
        "512B",
        "64KiB",
        "1MiB",
        "2GiB",
        "\"64KiB\"",
        "\"4096\"",
        "0x10KiB",
        "1_000",
    ] {
        attribute(&format!("hosts = [\"b\"], body_limit = {good}"), &[]);
    }
    for good in ["5s", "500ms", "2m", "1h", "\"5s\"", "1_000ms"] {
        for key in ["connect", "response", "body", "total", "expect"] {
            attribute(&format!("hosts = [\"b\"], timeout({key} = {good})"), &[]);
        }
    }
}

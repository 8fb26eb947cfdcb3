//! Weights, policies, and upstreams in statics.

use super::{attribute, statics, value};

/// Checks that `option` of an endpoint, and nothing else, has this fault.
#[track_caller]
fn option(option: &str, message: &str) {
    value(
        &format!(
            "hosts = [\"a\", (\"b\", {})]",
            option.replace(['<', '>'], "")
        )
        .replace(&shown(option), "$"),
        &shown(option),
        &[message],
    );
}

/// What stands between `<` and `>`: the place of the fault.
fn shown(marked: &str) -> String {
    let (_, rest) = marked.split_once('<').expect("a begin");
    rest.split_once('>').expect("an end").0.to_owned()
}

#[test]
fn weights() {
    let range = "a weight is a whole number from 1 to 1000";
    for (weight, message) in [
        (
            "0",
            "a weight of 0 is no weight; leave the endpoint out, or drain the host while the program runs",
        ),
        ("1001", "a weight is at most 1000"),
        ("99999999999999999999", "a weight is at most 1000"),
        ("-1", range),
        ("1.5", range),
        ("\"3\"", range),
        ("3s", range),
        ("3u8", range),
        ("true", range),
    ] {
        value("hosts = [\"a\", (\"b\", weight = $)]", weight, &[message]);
    }
    for good in ["1", "1000", "0x10", "1_000", "3u32", "HEAVY", "heavy() * 2"] {
        attribute(&format!("hosts = [(\"b\", weight = {good})]"), &[]);
    }
}

#[test]
fn options_of_an_endpoint() {
    option("weight = 2, <weight> = 3", "`weight` is given twice");
    option("backup, <backup>", "`backup` is given twice");
    option("<weight>", "`weight` takes a value, as in `weight = 2`");
    option(
        "<backup = true>",
        "`backup` takes no value; write it alone, or leave it out",
    );
    option(
        "<3>",
        "an option of an endpoint has a name: write `weight = 3`",
    );
    for other in ["<\"c\">", "<weight(3)>", "<a + b>"] {
        option(
            other,
            "an option of an endpoint is `weight = 2` or `backup`",
        );
    }
    for (written, meant) in [
        ("wieght", "weight"),
        ("share", "weight"),
        ("bakcup", "backup"),
        ("standby", "backup"),
    ] {
        let message = format!("unknown option `{written}` of an endpoint; did you mean `{meant}`?");
        option(&format!("<{written}> = 2"), &message);
    }
    option(
        "<zone> = \"a\"",
        "unknown option `zone` of an endpoint; the options are `weight` and `backup`",
    );
}

#[test]
fn endpoints_with_options() {
    let begin = "the parentheses of an endpoint begin with it, as in `(\"http://backend:8080\", weight = 2)`";
    for element in ["()", "(weight = 2)"] {
        value("hosts = [\"a\", $]", element, &[begin]);
    }
    attribute(
        "hosts = [(weight = 2, \"a\")]",
        &[
            (begin, "(weight = 2, \"a\")"),
            (
                "an option of an endpoint is `weight = 2` or `backup`",
                "\"a\"",
            ),
        ],
    );
    value(
        "hosts = [\"a\", $]",
        "weight = 2",
        &[
            "an option stands in parentheses with its endpoint, as in `(\"http://backend:8080\", weight = 2)`",
        ],
    );
    value(
        "hosts = [($, weight = 2)]",
        "80",
        &["an endpoint is a string, such as `\"http://backend:8080\"`"],
    );
    // What holds for a plain string holds in parentheses.
    value(
        "hosts = [($, backup), \"b\"]",
        "\"ftp://b\"",
        &["the scheme is `http` or `https`, not `ftp`"],
    );
    value(
        "hosts = [\"b\", (other(), weight = 2), ($, weight = 2)]",
        "\"http://B:80\"",
        &["this endpoint is listed twice (`http://b:80`)"],
    );
    let backups = "every endpoint is a backup, and backups get requests only while no other endpoint can; leave \
                   `backup` out of those that come first";
    attribute("hosts = [(\"a\", backup)]", &[(backups, "backup")]);
    attribute(
        "hosts = [(\"a\", weight = 2, backup), (other(), backup)]",
        &[(backups, "backup")],
    );
    attribute("hosts = [(\"a\", weight = 2, backup), other()]", &[]);
    attribute(
        "hosts = [(\"http://a\", weight = 3), \"b\", (\"c\", backup), (\"d\", weight = 2, backup,), (\"e\"), (\"f\",)]",
        &[],
    );
}

#[test]
fn policies() {
    let with = |value: &str, place: &str, message: &str| {
        let arguments = format!("\"/{{_id}}\", hosts = [\"b\"], balance = {value}");
        attribute(&arguments, &[(message, place)]);
    };
    for (written, meant) in [
        ("round_robbin", "round_robin"),
        ("least_conn", "least_request"),
        ("least_requests", "least_request"),
        ("ewma", "peak_ewma"),
        ("maglev", "consistent_hash"),
    ] {
        let message = format!("unknown policy `{written}`; did you mean `{meant}`?");
        with(written, written, &message);
    }
    for written in ["fill", "fill()"] {
        with(
            written,
            "fill",
            "unknown policy `fill`; the policies are `round_robin`, `least_request`, `peak_ewma`, `random` and \
             `consistent_hash`, and `custom(EXPR)` is one of your own",
        );
    }
    let listed = "`balance` is `round_robin`, `least_request`, `peak_ewma`, `random`, `consistent_hash` or `custom`";
    for other in ["own::Fill", "5", "Fill { most: 8 }", "\"fill\""] {
        with(
            other,
            other,
            &format!("{listed}; one of your own is `custom(EXPR)`"),
        );
    }
    with(
        "\"random\"",
        "\"random\"",
        &format!("{listed}; write `random` without quotes"),
    );
    with(
        "random()",
        "random()",
        "`random` takes no arguments; write it alone",
    );
    for empty in ["custom", "custom()"] {
        with(
            empty,
            empty,
            "`custom` takes a policy of your own, as in `custom(Fill::new())`",
        );
    }
    with(
        "custom(header = \"a\")",
        "header = \"a\"",
        "`custom` begins with a policy, as in `custom(Fill::new(), header = \"X-Tenant\")`",
    );
    for good in [
        "round_robin",
        "peak_ewma",
        "custom(Fill { most: 8 })",
        "custom(fill(), client_ip)",
    ] {
        attribute(&format!("hosts = [\"b\"], balance = {good}"), &[]);
    }
}

#[test]
fn keys_of_requests() {
    let with = |keys: &str, place: &str, message: &str| {
        let arguments = "\"/{_id}/{*_rest}\", hosts = [\"b\"], balance = consistent_hash";
        attribute(&format!("{arguments}({keys})"), &[(message, place)]);
        attribute(
            &arguments.replace("consistent_hash", &format!("custom(fill(), {keys})")),
            &[(message, place)],
        );
    };
    with(
        "client_ip, header = \"a\"",
        "header = \"a\"",
        "a request has one key; keep one",
    );
    with(
        "\"X-Tenant\"",
        "\"X-Tenant\"",
        "a request's key is `header`, `cookie`, `client_ip` or `param`, as in `header = \"X-Tenant\"`",
    );
    with(
        "header",
        "header",
        "`header` takes a value, as in `header = \"name\"`",
    );
    with("cookie = id", "id", "`cookie` must be a string literal");
    with(
        "client_ip = true",
        "client_ip = true",
        "`client_ip` takes no value; write it alone",
    );
    with(
        "ip",
        "ip",
        "unknown key `ip` of a request; did you mean `client_ip`?",
    );
    with(
        "uri",
        "uri",
        "unknown key `uri` of a request; the keys are `header`, `cookie`, `client_ip` and `param`",
    );
    for bad in ["", "X Tenant", "X-Tenant:"] {
        let written = format!("{bad:?}");
        with(
            &format!("header = {written}"),
            &written,
            &format!("`{bad}` is not the name of a field"),
        );
        with(
            &format!("cookie = {written}"),
            &written,
            &format!("`{bad}` is not the name of a cookie"),
        );
    }
    with(
        "header = \"Connection\"",
        "\"Connection\"",
        "`Connection` belongs to one connection and is not sent on, so no request has it",
    );
    with(
        "header = \"host\"",
        "\"host\"",
        "`Host` is set for the endpoint, after it was chosen; use `X-Forwarded-Host`",
    );
    with(
        "param = \"id\"",
        "\"id\"",
        "no path parameter is named `id`; did you mean `_id`?",
    );
    let needs = "`consistent_hash` needs a key, as in `consistent_hash(header = \"X-Tenant\")`; the keys are \
                 `header`, `cookie`, `client_ip` and `param`";
    for none in ["consistent_hash", "consistent_hash()"] {
        value("hosts = [\"b\"], balance = $", none, &[needs]);
    }
}

#[test]
fn a_bound_is_above_the_share() {
    let hash = "hosts = [\"b\"], balance = consistent_hash(client_ip, $)";
    let range = "`bound` is a whole number from 101 to 1000";
    for (bound, wrong) in [
        ("bound = 100", "100"),
        ("bound = 1001", "1001"),
        ("bound = 1.25", "1.25"),
    ] {
        attribute(&hash.replace('$', bound), &[(range, wrong)]);
    }
    let alone = "`bound` takes percents of a host's share, as in `bound = 125`";
    attribute(&hash.replace('$', "bound"), &[(alone, "bound")]);
    attribute(&hash.replace('$', "bound = 125"), &[]);
}

#[test]
fn params_are_those_of_the_path() {
    let hash = "hosts = [\"b\"], balance = consistent_hash(param = $)";
    value(
        hash,
        "\"id\"",
        &["no path parameter is named `id`; the route's path has none"],
    );
    value(
        &format!("\"/{{_a}}/{{*_b}}\", {hash}"),
        "\"tenant\"",
        &["no path parameter is named `tenant`; the path has `_a` and `_b`"],
    );
    for good in ["\"_a\"", "\"_b\""] {
        attribute(
            &format!("\"/{{_a}}/{{*_b}}\", {}", hash.replace('$', good)),
            &[],
        );
    }
    // Of a path that could not be read nobody knows the parameters.
    attribute(
        &format!("\"a/{{id}}\", {}", hash.replace('$', "\"id\"")),
        &[("a path begins with `/`, as in `/a/{id}`", "\"a/{id}\"")],
    );
}

/// Keys that have no meaning beside one another.
#[test]
fn together() {
    let belongs = |key| {
        format!("`{key}` belongs to the upstream that is shared; write it where that is declared")
    };
    attribute(
        "upstream = API, balance = random, slow_start = 30s",
        &[
            (&belongs("balance"), "balance"),
            (&belongs("slow_start"), "slow_start"),
        ],
    );
    attribute(
        "hosts = [\"b\"], slow_start = 30s, balance = consistent_hash(client_ip)",
        &[(
            "`slow_start` changes nothing beside `consistent_hash`: a key goes to its endpoint from the start",
            "slow_start",
        )],
    );
    attribute(
        "hosts = [\"b\"], slow_start = 0s",
        &[(
            "`slow_start` cannot be zero; leave it out for the default",
            "0s",
        )],
    );
    attribute(
        "hosts_env = \"B\", slow_start = 30, balance = nonsense",
        &[
            (
                "unknown policy `nonsense`; the policies are `round_robin`, `least_request`, `peak_ewma`, `random` and \
                 `consistent_hash`, and `custom(EXPR)` is one of your own",
                "nonsense",
            ),
            ("a duration needs a unit, as in `30s`", "30"),
        ],
    );
    for (list, hosts) in [("[\"a\"]", "[\"a\"]"), ("\"a\"", "[\"a\"]")] {
        let message =
            format!("`upstream` is one that is declared elsewhere; write `hosts = {hosts}`");
        value("upstream = $", list, &[&message]);
    }
}

#[test]
fn unknown_keys() {
    for (written, meant) in [
        ("balanc", "balance"),
        ("lb", "balance"),
        ("slowstart", "slow_start"),
        ("warmup", "slow_start"),
    ] {
        let message = format!("unknown key `{written}`; did you mean `{meant}`?");
        attribute(
            &format!("hosts = [\"b\"], {written} = x"),
            &[(&message, written)],
        );
        let message = format!("unknown key `{written}` of `upstream!`; did you mean `{meant}`?");
        statics(
            &format!("static A = [\"b\"], {written} = x;"),
            &[(&message, written)],
        );
    }
    statics(
        "static A = [\"b\"], timeout(connect = 5s);",
        &[(
            "unknown key `timeout` of `upstream!`; the keys are `balance`, `slow_start`, `sticky`, `health`, `eject`, `panic`, `limits`, `breaker` and `crate`",
            "timeout",
        )],
    );
}

#[test]
fn statics_are_read() {
    statics("", &[]);
    statics("static A = [\"a\"]; pub(super) static B = b();", &[]);
    let item = "an upstream is a static, as in `static API = [\"http://backend:8080\"];`";
    statics("const A = [\"a\"];", &[(item, "const")]);
    statics("pub A = [\"a\"];", &[(item, "A")]);
    statics(
        "static mut A = [\"a\"];",
        &[("an upstream changes by its methods; leave `mut` out", "mut")],
    );
    statics(
        "static A: dial::Upstream = [\"a\"];",
        &[(
            "the type goes without saying; leave it out",
            "dial::Upstream",
        )],
    );
    statics(
        "static A;",
        &[("cannot read the endpoints of `A`: expected `=`", ";")],
    );
    statics(
        "static A = ;",
        &[(
            "cannot read the endpoints of `A`: expected an expression",
            ";",
        )],
    );
    statics(
        "static A =",
        &[(
            "cannot read the endpoints of `A`: unexpected end of input, expected an expression",
            "A",
        )],
    );
    statics(
        "static A = [\"a\"] balance = random;",
        &[("expected `,` or `;` behind the endpoints of `A`", "balance")],
    );
}

#[test]
fn endpoints_of_statics() {
    statics(
        "static A = [];",
        &[(
            "`A` is empty; an upstream needs at least one endpoint",
            "[]",
        )],
    );
    statics(
        "static A = \"a\";",
        &[("`A` is a list: write `[\"a\"]`", "\"a\"")],
    );
    statics(
        "static A = [\"a\", (\"ftp://b\", weight = 0)];",
        &[
            ("the scheme is `http` or `https`, not `ftp`", "\"ftp://b\""),
            (
                "a weight of 0 is no weight; leave the endpoint out, or drain the host while the program runs",
                "0",
            ),
        ],
    );
    for other in ["env()", "env(\"A\", \"B\")"] {
        let message = "`env` names an environment variable, as in `env(\"BACKENDS\")`";
        statics(&format!("static A = {other};"), &[(message, other)]);
    }
    statics(
        "static A = env(A);",
        &[("`env` must be a string literal", "A")],
    );
    statics(
        "static A = env(\"A B\");",
        &[(
            "`env` names an environment variable, such as `BACKENDS`",
            "\"A B\"",
        )],
    );
    statics(
        "static A = [\"a\"], balance = consistent_hash(param = \"a b\");",
        &[("`a b` is not the name of a path parameter", "\"a b\"")],
    );
    // Which routes will use it is not known.
    statics(
        "static A = [\"a\"], balance = consistent_hash(param = \"id\");",
        &[],
    );
}

/// One compilation shows the faults of all statics, and each stays a name.
#[test]
fn faulty_statics() {
    let source = "pub static A = [\"a b\"], crate = other::dial; enum B; static C = c(), balance = x, crate = 5;";
    statics(
        source,
        &[
            ("an endpoint has no whitespace", "\"a b\""),
            (
                "an upstream is a static, as in `static API = [\"http://backend:8080\"];`",
                "enum",
            ),
            (
                "unknown policy `x`; the policies are `round_robin`, `least_request`, `peak_ewma`, `random` and \
                 `consistent_hash`, and `custom(EXPR)` is one of your own",
                "x",
            ),
            (
                "`crate` is the path of the dial crate, such as `::dial`",
                "5",
            ),
        ],
    );
    let output = crate::upstreams::expand(source.parse().unwrap()).to_string();
    assert!(
        output.contains("pub static A : other :: dial :: LazyUpstream"),
        "{output}"
    );
    assert!(
        output.contains("static C : :: dial :: LazyUpstream"),
        "{output}"
    );
}

//! What a handler cannot do: a logged 500 that forwards nothing, and names the first fault.

use dial::{ModifiableRequest, Router};
use dial_tests::{Log, Origin, client};

use super::refused;
use crate::harness::Served;

type Edit = fn(&mut ModifiableRequest) -> &mut ModifiableRequest;

/// What is asked for, and a word of the message in the log.
const ROWS: &[(&str, Edit, &str)] = &[
    ("no header name", |r| r.set_header("", "1"), "header name"),
    (
        "a space in a header name",
        |r| r.add_header("X A", "1"),
        "header name",
    ),
    (
        "a colon in a header name",
        |r| r.default_header("X-A: 1\r\nX-B", "1"),
        "header name",
    ),
    (
        "a name to remove",
        |r| r.remove_header("bad name"),
        "header name",
    ),
    (
        "a name to rename from",
        |r| r.rename_header("bad name", "X-A"),
        "header name",
    ),
    (
        "a name to rename to",
        |r| r.rename_header("X-A", "bad name"),
        "header name",
    ),
    (
        "a line break in a value",
        |r| r.set_header("X-A", "1\r\nX-B: 2"),
        "x-a",
    ),
    (
        "a bare CR in a value",
        |r| r.add_header("X-A", "1\r2"),
        "x-a",
    ),
    ("NUL in a value", |r| r.default_header("X-A", "\0"), "x-a"),
    ("a space in a path", |r| r.rewrite_uri("/a b"), "%20"),
    (
        "a line break in a path",
        |r| r.rewrite_uri("/a\r\nX-B: 2"),
        "%0D",
    ),
    (
        "a line break in a path, which is set",
        |r| r.set_path("/a\nb"),
        "%0A",
    ),
    ("a tab in a prefix", |r| r.prefix_path("/a\tb"), "%09"),
    // ✓ `http::Uri` would take it.
    (
        "a letter beyond ASCII in a path",
        |r| r.rewrite_uri("/bücher"),
        "%C3",
    ),
    ("a query in a path", |r| r.set_path("/a?b"), "%3F"),
    ("a fragment in a path", |r| r.set_path("/a#b"), "%23"),
    (
        "a byte that no target has",
        |r| r.set_path("/<a>"),
        "invalid",
    ),
    ("a space in a query", |r| r.set_query("a b"), "%20"),
    ("a fragment in a query", |r| r.set_query("a#b"), "%23"),
    (
        "a line break in a query",
        |r| r.rewrite_uri("/a?b\r\nc"),
        "%0D",
    ),
    ("another scheme", |r| r.rewrite_uri("ftp://a/b"), "scheme"),
    (
        "a URL without a host",
        |r| r.rewrite_uri("http:///b"),
        "host",
    ),
    (
        "a port that is none",
        |r| r.rewrite_uri("http://a:65536/b"),
        "65536",
    ),
    (
        "credentials in a URL",
        |r| r.rewrite_uri("http://user@a/b"),
        "@",
    ),
    (
        "an unknown path parameter",
        |r| r.rewrite_path("/a/{id}"),
        "`id`",
    ),
    (
        "a template that is not closed",
        |r| r.rewrite_path("/a/{id"),
        "without `}`",
    ),
    (
        "a target too long",
        |r| r.set_path("/a".repeat(40_000)),
        "longer",
    ),
    (
        "a method that is none",
        |r| r.set_method("GET /x"),
        "method",
    ),
    ("a tunnel", |r| r.set_method("CONNECT"), "CONNECT"),
    (
        "the first of several",
        |r| r.set_header("bad name", "1").rewrite_uri("/a b"),
        "header name",
    ),
    (
        "a fault is not undone",
        |r| r.rewrite_uri("/a b").rewrite_uri("/ab"),
        "%20",
    ),
];

#[tokio::test]
async fn a_faulty_edit_forwards_nothing() {
    let origin = Origin::named("1");
    for (number, (row, edit, logged)) in ROWS.iter().enumerate() {
        let log = Log::of("dial");
        let name = format!("faulty_edit_{number}_");
        let handler = move |request: &mut ModifiableRequest| {
            edit(request);
        };
        let response = refused(
            dial::proxy([origin.url()], handler).name(&name),
            &origin,
            row,
        )
        .await;
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error"),
            "{row}"
        );
        let line = super::logged(&log, &name);
        assert!(line.contains(logged), "{row}: {line}");
    }
}

fn bad(request: &mut ModifiableRequest) {
    request.set_header("bad name", "1");
}

/// Every way a handler ends brings the fault out: building it, returning the request, or only editing.
#[tokio::test]
async fn no_shape_swallows_a_fault() {
    let origin = Origin::named("1");
    let url = origin.url();
    let rows = [
        (
            "build",
            dial::proxy([&url], |mut r: ModifiableRequest| {
                bad(&mut r);
                r.build()
            }),
        ),
        (
            "returned",
            dial::proxy([&url], |mut r: ModifiableRequest| {
                bad(&mut r);
                r
            }),
        ),
        ("edited", dial::proxy([&url], bad)),
        (
            "async",
            dial::proxy([&url], async |r: &mut ModifiableRequest| bad(r)),
        ),
        (
            "sent inline",
            dial::proxy([&url], async |mut r: ModifiableRequest| {
                bad(&mut r);
                r.send().await
            }),
        ),
        (
            "built twice",
            dial::proxy([&url], |mut r: ModifiableRequest| {
                drop(r.build());
                r.build()
            }),
        ),
        (
            "built and returned",
            dial::proxy([&url], |mut r: ModifiableRequest| {
                drop(r.build());
                r
            }),
        ),
    ];
    for (row, proxy) in rows {
        let response = refused(proxy, &origin, row).await;
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error"),
            "{row}"
        );
    }
}

/// A dot segment in a parameter would change the path around it: the client's fault, and nothing is forwarded.
#[tokio::test]
async fn a_parameter_cannot_climb() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        request.rewrite_path("/private/{user}/{*rest}");
    };
    let router = Router::new().at("/u/{user}/{*rest}", dial::proxy([origin.url()], handler));
    let served = Served::router(router);
    for target in [
        "/u/../a",
        "/u/%2e%2E/a",
        "/u/a/..",
        "/u/a/b/%2e./c",
        "/u/./a",
    ] {
        assert_eq!(
            client::get(served.addr, target).await.status,
            400,
            "{target}"
        );
    }
    assert_eq!(origin.connections(), 0);
    assert_eq!(
        client::get(served.addr, "/u/..a/%2e.b/...").await.status,
        200
    );
    assert_eq!(origin.requests()[0].target, "/private/..a/%2e.b/...");
}

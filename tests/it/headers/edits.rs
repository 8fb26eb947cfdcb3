//! What a handler does to the fields: it happens, or nothing is forwarded.

use dial::{HeaderName, HeaderValue, ModifiableRequest};
use dial_tests::{Log, Origin, client};

use super::{arrived, expected};
use crate::harness::Both;

type Edit = fn(&mut ModifiableRequest) -> &mut ModifiableRequest;
type Fields = &'static [(&'static str, &'static str)];

/// What the client sends in every row.
const SENT: &str = "X-A: 1\r\nX-A: 2\r\nX-B: 3\r\n";

const ROWS: &[(&str, Edit, Fields)] = &[
    (
        "add a name that is there",
        |r| r.add_header("X-A", "new"),
        &[("x-a", "1"), ("x-a", "2"), ("x-a", "new"), ("x-b", "3")],
    ),
    (
        "add a new name, twice",
        |r| r.add_header("X-C", "4").add_header("x-c", "5"),
        &[
            ("x-a", "1"),
            ("x-a", "2"),
            ("x-b", "3"),
            ("x-c", "4"),
            ("x-c", "5"),
        ],
    ),
    (
        "set replaces every value",
        |r| r.set_header("x-a", "new"),
        &[("x-a", "new"), ("x-b", "3")],
    ),
    (
        "set a new name",
        |r| r.set_header("X-C", "4"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3"), ("x-c", "4")],
    ),
    (
        "default of what is there",
        |r| r.default_header("X-A", "new").default_header("X-B", "new"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3")],
    ),
    (
        "default of what is not",
        |r| r.default_header("X-C", "4").default_header("X-C", "5"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3"), ("x-c", "4")],
    ),
    (
        "remove every value",
        |r| r.remove_header("X-a"),
        &[("x-b", "3")],
    ),
    (
        "remove what is not there",
        |r| r.remove_header("X-C"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3")],
    ),
    (
        "rename moves every value",
        |r| r.rename_header("X-A", "X-C"),
        &[("x-b", "3"), ("x-c", "1"), ("x-c", "2")],
    ),
    (
        "rename in place of what is there",
        |r| r.rename_header("X-A", "X-B"),
        &[("x-b", "1"), ("x-b", "2")],
    ),
    (
        "rename what is not there",
        |r| r.rename_header("X-C", "X-A"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3")],
    ),
    (
        "rename to itself",
        |r| r.rename_header("X-A", "x-a"),
        &[("x-a", "1"), ("x-a", "2"), ("x-b", "3")],
    ),
    (
        "one after the other",
        |r| {
            r.remove_header("X-A")
                .add_header("X-A", "4")
                .rename_header("X-A", "X-C")
                .set_header("X-B", "5")
                .add_header("X-B", "6")
                .default_header("X-A", "7")
        },
        &[("x-a", "7"), ("x-b", "5"), ("x-b", "6"), ("x-c", "4")],
    ),
    (
        "names and values of other types",
        |r| {
            r.set_header(
                HeaderName::from_static("x-a"),
                HeaderValue::from_static("value"),
            )
            .set_header(String::from("X-B"), String::from("text"))
            .set_header("X-C", 42_u64)
            .set_header(&b"X-D"[..], &b"caf\xe9"[..])
        },
        &[
            ("x-a", "value"),
            ("x-b", "text"),
            ("x-c", "42"),
            ("x-d", "caf\\xe9"),
        ],
    ),
    (
        "the forwarding fields are the handler's to change",
        |r| {
            r.set_header("X-Real-IP", "192.0.2.1")
                .remove_header("X-A")
                .remove_header("X-B")
        },
        &[("x-real-ip", "192.0.2.1")],
    ),
];

#[tokio::test]
async fn edits_arrive() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        let row: usize = request.path()[1..].parse().expect("the number of a row");
        ROWS[row].1(request);
    };
    let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
    for (home, addr) in both.homes() {
        for (number, (name, _, arrives)) in ROWS.iter().enumerate() {
            let raw = format!("GET /{number} HTTP/1.1\r\nHost: a\r\n{SENT}\r\n");
            assert_eq!(
                client::request(addr, raw).await.status,
                200,
                "{name}, {home}"
            );
            assert_eq!(arrived(&origin), expected(arrives), "{name}, {home}");
        }
    }
}

/// What frames the message or belongs to one connection is dial's (RFC 9110 §7.6.1, RFC 9112 §6).
#[tokio::test]
async fn reserved_names_are_refused() {
    let names = [
        "Connection",
        "content-length",
        "Keep-Alive",
        "PROXY-AUTHENTICATE",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ];
    let handler = |request: &mut ModifiableRequest| {
        let name = request.header("x-name").expect("a name").to_owned();
        match request.header("x-do").expect("an edit") {
            "add" => request.add_header(name, "1"),
            "set" => request.set_header(name, "1"),
            "default" => request.default_header(name, "1"),
            "remove" => request.remove_header(name),
            "rename from" => request.rename_header(name, String::from("X-A")),
            "rename to" => request.rename_header(String::from("X-A"), name),
            other => panic!("{other}"),
        };
    };
    let origin = Origin::named("1");
    let proxy = dial::proxy([origin.url()], handler).name("reserved_names");
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        for name in names {
            for edit in [
                "add",
                "set",
                "default",
                "remove",
                "rename from",
                "rename to",
            ] {
                let log = Log::of("dial");
                let raw = format!(
                    "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-Do: {edit}\r\nX-Name: {name}\r\n\r\n"
                );
                let response = client::request(addr, raw).await;
                let row = format!("{edit} {name}, {home}");
                assert_eq!(
                    (response.status, response.text()),
                    (500, "Internal Server Error"),
                    "{row}"
                );
                let line = log.line("reserved_names").await;
                let told = format!("`{}`", name.to_ascii_lowercase());
                assert!(
                    line.contains("ERROR") && line.contains(&told),
                    "{row}: {line}"
                );
            }
        }
    }
    assert_eq!(origin.connections(), 0);
}

//! Who the client was: told anew to the origin, or added to what a trusted peer said (RFC 7239).

use std::net::SocketAddr;

use dial::{Forwarding, ProxyService, Router, Server};
use dial_tests::{Origin, client};

use super::{expected, unchanged};
use crate::harness::{Axum, Served};

/// What a client says about itself, or a proxy about its own.
const CLAIMS: &str = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n\
                      X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer.test\r\nX-Forwarded-Port: 444\r\n\
                      x-forwarded-prefix: /admin\r\nX-FORWARDED-USER: root\r\nX-Real-IP: 192.0.2.1\r\n\
                      Forwarded: for=192.0.2.1;proto=https\r\nForwarded: for=192.0.2.2\r\n";

type Fields = &'static [(&'static str, &'static str)];

struct Row {
    name: &'static str,
    forwarding: Forwarding,
    sent: &'static str,
    arrives: Fields,
}

const SET: Fields = &[
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-host", "shop.test:8080"),
    ("x-forwarded-proto", "http"),
];
const SET_BOTH: Fields = &[("forwarded", ELEMENT), SET[0], SET[1], SET[2]];
const NAMED: &str = "Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded\r\n";
const ELEMENT: &str = "for=127.0.0.1;proto=http;host=\\\"shop.test:8080\\\"";

/// Nearer to the client is not ours to overwrite; the list becomes one line, so that no reader sees only a part.
const APPENDED: Fields = &[
    ("forwarded", "for=192.0.2.1;proto=https"),
    ("forwarded", "for=192.0.2.2"),
    (
        "x-forwarded-for",
        "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1",
    ),
    ("x-forwarded-host", "outer.test"),
    ("x-forwarded-port", "444"),
    ("x-forwarded-prefix", "/admin"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-user", "root"),
    ("x-real-ip", "192.0.2.1"),
];
const APPENDED_BOTH: Fields = &[
    (
        "forwarded",
        "for=192.0.2.1, for=127.0.0.1;proto=http;host=\\\"shop.test:8080\\\"",
    ),
    ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
    SET[1],
    SET[2],
];

/// Fields that speak of the client, in the last request an origin received.
fn identity(origin: &Origin) -> Vec<(String, String)> {
    let fields = origin.requests().pop().expect("a request").headers;
    let mut fields = super::without(&fields, &[]);
    fields.retain(|(name, _)| {
        name.starts_with("x-forwarded") || name == "forwarded" || name == "x-real-ip"
    });
    fields
}

/// The same proxy and the same trust in both homes.
async fn homes(proxy: ProxyService, trusted: &[&str]) -> (Served, Axum) {
    let router = Router::new().at("/{*path}", proxy.clone()).trust(trusted);
    let axum = proxy.trust(trusted).expect("networks");
    (
        Served::router(router.expect("networks")),
        Axum::proxy(axum).await,
    )
}

async fn check(rows: &[Row], trusted: &[&str]) {
    let origin = Origin::named("1");
    for row in rows {
        let proxy = dial::proxy([origin.url()], unchanged).forwarding(row.forwarding);
        let (served, axum) = homes(proxy, trusted).await;
        for (home, addr) in [("serve", served.addr), ("axum", axum.addr)] {
            let raw = format!(
                "GET /x HTTP/1.1\r\nHost: shop.test:8080\r\n{}\r\n",
                row.sent
            );
            assert_eq!(
                client::request(addr, raw).await.status,
                200,
                "{}, {home}",
                row.name
            );
            assert_eq!(
                identity(&origin),
                expected(row.arrives),
                "{}, {home}",
                row.name
            );
        }
    }
}

#[tokio::test]
async fn what_a_stranger_claims_is_replaced() {
    let claimed = [NAMED, CLAIMS].concat().leak();
    let rows = [
        Row {
            name: "no claims",
            forwarding: Forwarding::XForwarded,
            sent: "",
            arrives: SET,
        },
        Row {
            name: "every kind of claim",
            forwarding: Forwarding::XForwarded,
            sent: CLAIMS,
            arrives: SET,
        },
        Row {
            name: "claims that Connection names",
            forwarding: Forwarding::XForwarded,
            sent: claimed,
            arrives: SET,
        },
        Row {
            name: "RFC 7239 only",
            forwarding: Forwarding::Rfc7239,
            sent: CLAIMS,
            arrives: &[("forwarded", ELEMENT)],
        },
        Row {
            name: "both kinds",
            forwarding: Forwarding::Both,
            sent: CLAIMS,
            arrives: SET_BOTH,
        },
        Row {
            name: "switched off, dropped all the same",
            forwarding: Forwarding::Off,
            sent: CLAIMS,
            arrives: &[],
        },
    ];
    check(&rows, &[]).await;
    // Trust in others is none in this one.
    check(&rows, &["10.0.0.0/8", "192.0.2.1", "127.0.0.2", "::1"]).await;
}

#[tokio::test]
async fn what_a_trusted_peer_says_is_added_to() {
    let claimed = [NAMED, CLAIMS].concat().leak();
    let rows = [
        Row {
            name: "nothing to add to",
            forwarding: Forwarding::XForwarded,
            sent: "",
            arrives: SET,
        },
        Row {
            name: "every kind",
            forwarding: Forwarding::XForwarded,
            sent: CLAIMS,
            arrives: APPENDED,
        },
        Row {
            name: "named by Connection",
            forwarding: Forwarding::XForwarded,
            sent: claimed,
            arrives: APPENDED,
        },
        Row {
            name: "RFC 7239 §4: elements in the order of the proxies",
            forwarding: Forwarding::Rfc7239,
            sent: "Forwarded: for=192.0.2.1;proto=https\r\nForwarded: for=192.0.2.2\r\n",
            arrives: &[(
                "forwarded",
                "for=192.0.2.1;proto=https, for=192.0.2.2, for=127.0.0.1;proto=http;host=\\\"shop.test:8080\\\"",
            )],
        },
        Row {
            name: "both kinds",
            forwarding: Forwarding::Both,
            sent: "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n",
            arrives: APPENDED_BOTH,
        },
        Row {
            name: "switched off: nothing is added, nothing is dropped",
            forwarding: Forwarding::Off,
            sent: "X-Forwarded-For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n",
            arrives: &[("x-forwarded-for", "192.0.2.1"), ("x-real-ip", "192.0.2.1")],
        },
    ];
    for trusted in [
        &["127.0.0.0/8"][..],
        &["127.0.0.1"],
        &["10.0.0.0/8", " 127.0.0.1/32 "],
        &["0.0.0.0/0"],
    ] {
        check(&rows, trusted).await;
    }
}

/// RFC 7239 §4: a host without a port is a token and needs no quotes; HTTP/1.0 may come without a host.
#[tokio::test]
async fn the_host_is_told_if_there_is_one() {
    let rows: [(&str, Fields); 3] = [
        (
            "GET /x HTTP/1.1\r\nHost: shop.test\r\n\r\n",
            &[
                ("forwarded", "for=127.0.0.1;proto=http;host=shop.test"),
                ("x-forwarded-for", "127.0.0.1"),
                ("x-forwarded-host", "shop.test"),
                ("x-forwarded-proto", "http"),
            ],
        ),
        (
            "GET /x HTTP/1.0\r\n\r\n",
            &[
                ("forwarded", "for=127.0.0.1;proto=http"),
                ("x-forwarded-for", "127.0.0.1"),
                ("x-forwarded-proto", "http"),
            ],
        ),
        (
            "GET http://[::1]:81/x HTTP/1.1\r\nHost: shop.test\r\n\r\n",
            &[
                (
                    "forwarded",
                    "for=127.0.0.1;proto=http;host=\\\"[::1]:81\\\"",
                ),
                ("x-forwarded-for", "127.0.0.1"),
                ("x-forwarded-host", "[::1]:81"),
                ("x-forwarded-proto", "http"),
            ],
        ),
    ];
    let origin = Origin::named("1");
    let proxy = dial::proxy([origin.url()], unchanged).forwarding(Forwarding::Both);
    let (served, axum) = homes(proxy, &[]).await;
    for (home, addr) in [("serve", served.addr), ("axum", axum.addr)] {
        for (raw, arrives) in rows {
            assert_eq!(
                client::request(addr, raw).await.status,
                200,
                "{raw}, {home}"
            );
            assert_eq!(identity(&origin), expected(arrives), "{raw}, {home}");
        }
    }
}

/// RFC 7239 §6: an IPv6 address stands in brackets and so in quotes; in X-Forwarded-For it stands alone.
#[tokio::test]
async fn an_ipv6_client_is_told_as_one() {
    let origin = Origin::named("1");
    let proxy = dial::proxy([origin.url()], unchanged).forwarding(Forwarding::Both);
    let router = Router::new().at("/{*path}", proxy);
    let Ok(server) = Server::builder()
        .workers(1)
        .signals(false)
        .bind("[::1]:0", router)
    else {
        eprintln!("this machine has no IPv6 loopback");
        return;
    };
    let addr: SocketAddr = server.local_addr();
    let serving = tokio::spawn(server.run());
    client::request(addr, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let arrives = [
        ("forwarded", "for=\\\"[::1]\\\";proto=http;host=a"),
        ("x-forwarded-for", "::1"),
        ("x-forwarded-host", "a"),
        ("x-forwarded-proto", "http"),
    ];
    assert_eq!(identity(&origin), expected(&arrives));
    serving.abort();
}

/// Only the application knows whether its clients come over TLS.
#[tokio::test]
async fn a_mounted_proxy_can_be_told_of_tls() {
    let origin = Origin::named("1");
    let proxy = dial::proxy([origin.url()], unchanged)
        .forwarding(Forwarding::Both)
        .https(true);
    let axum = Axum::proxy(proxy).await;
    client::request(axum.addr, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let arrives = [
        ("forwarded", "for=127.0.0.1;proto=https;host=a"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "a"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(identity(&origin), expected(&arrives));
}

//! `https://` endpoints: what they have to prove, and what they are told (RFC 9110 §4.3.4, RFC 6066 §3).

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use dial::{HostEntry, HostHeader, ModifiableRequest, ProxyService, Resolve, Router, UpstreamTls};
use dial_tests::{Answer, Log, Origin, RawClient, Script, TlsOrigin, client};

use crate::harness::{Axum, Served};

/// Every name leads to the loopback.
#[derive(Debug)]
struct Loopback;

impl Resolve for Loopback {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn trusting(origin: &TlsOrigin) -> UpstreamTls {
    UpstreamTls::with_ca(origin.ca_pem().as_bytes()).expect("a CA")
}

/// The proxy in both homes, trusting `tls` and resolving every name to the loopback.
async fn homes(proxy: ProxyService, tls: UpstreamTls) -> (Served, Axum) {
    let router = Router::new()
        .at("/{*path}", proxy.clone())
        .resolver(Loopback);
    let served = Served::router(router.upstream_tls(tls.clone()));
    (
        served,
        Axum::proxy(proxy.resolver(Loopback).upstream_tls(tls)).await,
    )
}

#[tokio::test]
async fn an_endpoint_proves_the_host_of_its_entry() {
    let origin = TlsOrigin::named(
        "1",
        &[
            "localhost",
            "backend.test",
            "*.wild.test",
            "xn--bcher-kva.test",
            "127.0.0.1",
        ],
    );
    let port = origin.port();
    let rows = [
        // entry, server name sent, Host sent
        ("localhost", Some("localhost"), "localhost"),
        ("backend.test", Some("backend.test"), "backend.test"),
        ("Backend.Test", Some("backend.test"), "backend.test"),
        ("a.wild.test", Some("a.wild.test"), "a.wild.test"),
        (
            "bücher.test",
            Some("xn--bcher-kva.test"),
            "xn--bcher-kva.test",
        ),
        // An address is among the certificate's addresses, and is no server name: RFC 6066 §3.
        ("127.0.0.1", None, "127.0.0.1"),
        // The dot is for the resolver alone.
        ("backend.test.", Some("backend.test"), "backend.test"),
    ];
    for (host, sni, sent) in rows {
        let proxy = dial::proxy([format!("https://{host}:{port}")], unchanged);
        let (served, axum) = homes(proxy, trusting(&origin)).await;
        for addr in [served.addr, axum.addr] {
            let response = client::get(addr, "/x?a=1").await;
            assert_eq!((response.status, response.origin()), (200, "1"), "{host}");
            let request = origin.requests().pop().expect("a request");
            assert_eq!(
                (request.sni.as_deref(), &*request.target),
                (sni, "/x?a=1"),
                "{host}"
            );
            assert_eq!(
                request.headers.get("host"),
                Some(&*format!("{sent}:{port}")),
                "{host}"
            );
        }
    }
}

/// The connection goes to the address; all that is said there is about the name.
#[tokio::test]
async fn an_endpoint_may_be_called_something_else() {
    let origin = TlsOrigin::named("1", &["backend.test"]);
    let entry = HostEntry::new(format!("https://127.0.0.1:{}", origin.port()));
    for (authority, host) in [
        ("backend.test", "backend.test"),
        ("Backend.test.:8443", "backend.test:8443"),
    ] {
        let proxy = dial::proxy([entry.clone().authority(authority)], unchanged);
        let (served, axum) = homes(proxy, trusting(&origin)).await;
        for addr in [served.addr, axum.addr] {
            assert_eq!(client::get(addr, "/x").await.status, 200, "{authority}");
            let request = origin.requests().pop().expect("a request");
            assert_eq!(request.sni.as_deref(), Some("backend.test"));
            assert_eq!(request.headers.get("host"), Some(host));
        }
    }
    let proxy = dial::proxy([entry.authority("other.test")], unchanged);
    let (served, _axum) = homes(proxy, trusting(&origin)).await;
    assert_eq!(client::get(served.addr, "/x").await.status, 502);
}

/// The server name is the endpoint's, whatever Host says.
#[tokio::test]
async fn no_host_field_changes_the_server_name() {
    let origin = TlsOrigin::named("1", &["backend.test"]);
    let url = format!("https://backend.test:{}", origin.port());
    let set = |request: &mut ModifiableRequest| {
        request.set_header("Host", "set.test");
    };
    let rows = [
        (dial::proxy([&url], set), "set.test"),
        (
            dial::proxy([&url], unchanged).host_header(HostHeader::Preserve),
            "shop.test",
        ),
    ];
    for (proxy, host) in rows {
        let (served, axum) = homes(proxy, trusting(&origin)).await;
        for addr in [served.addr, axum.addr] {
            let response =
                client::request(addr, "GET /x HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
            assert_eq!(response.status, 200, "{host}");
            let request = origin.requests().pop().expect("a request");
            assert_eq!(request.sni.as_deref(), Some("backend.test"), "{host}");
            assert_eq!(request.headers.get("host"), Some(host));
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_proves_nothing_is_a_bad_gateway() {
    let origin = TlsOrigin::named("1", &["backend.test", "127.0.0.2"]);
    let other = TlsOrigin::named("2", &["backend.test"]);
    let plain = Origin::raw(
        Script::new()
            .read_exact(5)
            .write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    let rows = [
        (
            "another authority",
            "backend.test",
            origin.port(),
            trusting(&other),
        ),
        (
            "another name",
            "other.test",
            origin.port(),
            trusting(&origin),
        ),
        ("a name above", "test", origin.port(), trusting(&origin)),
        (
            "a name below",
            "a.backend.test",
            origin.port(),
            trusting(&origin),
        ),
        (
            "another address",
            "127.0.0.1",
            origin.port(),
            trusting(&origin),
        ),
        ("no TLS", "backend.test", plain.port(), trusting(&origin)),
    ];
    for (row, host, port, tls) in rows {
        let name = format!("tls {row};");
        let proxy = dial::proxy([format!("https://{host}:{port}")], unchanged).name(&name);
        let (served, axum) = homes(proxy, tls).await;
        for addr in [served.addr, axum.addr] {
            let log = Log::of("dial");
            let response = client::get(addr, "/x").await;
            assert_eq!(
                (response.status, response.text()),
                (502, "Bad Gateway"),
                "{row}"
            );
            log.line(&name).await;
            let warned = log
                .lines(&name)
                .into_iter()
                .any(|line| line.contains("WARN") && line.contains("TLS"));
            assert!(warned, "{row}: {:?}", log.lines(&name));
        }
    }
    assert_eq!((origin.count(), other.count()), (0, 0), "nothing was sent");
}

/// Nobody trusts an authority that nobody gave.
#[tokio::test]
async fn the_platform_does_not_trust_the_test() {
    let origin = TlsOrigin::named("1", &["127.0.0.1"]);
    let axum = Axum::proxy(dial::proxy([origin.url()], unchanged)).await;
    assert_eq!(client::get(axum.addr, "/x").await.status, 502);
    assert_eq!(origin.count(), 0);
}

/// An endpoint that speaks TLS to a request in the clear answers with no HTTP.
#[tokio::test]
async fn http_to_a_tls_endpoint_is_a_bad_gateway() {
    let origin = TlsOrigin::named("1", &["127.0.0.1"]);
    let proxy = dial::proxy([format!("http://{}", origin.addr())], unchanged);
    let (served, axum) = homes(proxy, trusting(&origin)).await;
    for addr in [served.addr, axum.addr] {
        assert_eq!(client::get(addr, "/x").await.status, 502);
    }
}

#[tokio::test]
async fn schemes_can_be_mixed() {
    let (plain, secure) = (
        Origin::named("http"),
        TlsOrigin::named("https", &["127.0.0.1"]),
    );
    let entries = [
        plain.addr().to_string(),
        secure.url(),
        format!("http://localhost:{}", plain.port()),
    ];
    let (served, axum) = homes(dial::proxy(entries, unchanged), trusting(&secure)).await;
    for addr in [served.addr, axum.addr] {
        for expected in ["http", "https", "http", "http", "https", "http"] {
            let response = client::get(addr, "/x").await;
            assert_eq!((response.status, response.origin()), (200, expected));
        }
    }
}

/// A failed handshake is a failed connect: not a byte of the request was sent, so the next endpoint takes it.
#[tokio::test]
async fn an_endpoint_that_fails_its_handshake_is_skipped() {
    let (good, bad) = (
        TlsOrigin::named("good", &["127.0.0.1"]),
        TlsOrigin::named("bad", &["127.0.0.1"]),
    );
    let (served, axum) = homes(
        dial::proxy([bad.url(), good.url()], unchanged),
        trusting(&good),
    )
    .await;
    for addr in [served.addr, axum.addr] {
        for _ in 0..3 {
            let raw = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
            let response = client::request(addr, raw).await;
            assert_eq!((response.status, response.origin()), (200, "good"));
            assert_eq!(good.requests().pop().expect("a request").body, b"hello");
        }
    }
    assert_eq!(bad.count(), 0);
}

#[tokio::test]
async fn connections_are_reused() {
    let origin = TlsOrigin::named("1", &["127.0.0.1"]);
    let (served, axum) = homes(dial::proxy([origin.url()], unchanged), trusting(&origin)).await;
    for (at, addr) in [served.addr, axum.addr].into_iter().enumerate() {
        let mut client = RawClient::connect(addr).await;
        for _ in 0..5 {
            client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert_eq!(client.read_response().await.origin(), "1");
        }
        assert_eq!(origin.connections(), at + 1);
    }
}

/// More than fits into a TLS record or a socket's buffer, both ways.
#[tokio::test]
async fn large_bodies_pass() {
    const LENGTH: usize = 3 << 20;
    let origin = TlsOrigin::answering(&["127.0.0.1"], |request| Answer::ok(request.body.clone()));
    let (served, axum) = homes(dial::proxy([origin.url()], unchanged), trusting(&origin)).await;
    let body: Vec<u8> = (0_u8..=250).cycle().take(LENGTH).collect();
    let head = format!("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n");
    for addr in [served.addr, axum.addr] {
        let response = client::request(addr, [head.as_bytes(), &body].concat()).await;
        assert_eq!(response.status, 200);
        assert!(
            response.body == body,
            "{} bytes came back",
            response.body.len()
        );
    }
}

//! What is told of a failure: `Proxy-Status` where it is asked for (RFC 9209), and hooks also for what is no request.

use dial::{Error, ErrorKind, Response, Router, Via};
use dial_tests::{ClosedPort, Origin, RawClient, Script, client};

use super::unchanged;
use crate::harness::{Both, Served};

#[tokio::test]
async fn proxy_status_tells_why() {
    let closed = ClosedPort::new();
    let hangs_up = Origin::raw(Script::new().read_head());
    let rows = [
        (
            closed.addr().to_string(),
            502,
            "\"edge\"; error=connection_refused",
        ),
        (hangs_up.url(), 502, "\"edge\"; error=connection_terminated"),
    ];
    let edge = || Via::named("edge").expect("a token");
    for (host, status, told) in rows {
        let proxy = dial::proxy([host], unchanged).via(edge());
        let both = Both::proxy(proxy.clone().proxy_status(true)).await;
        for (home, addr) in both.homes() {
            let response = client::get(addr, "/").await;
            assert_eq!(response.status, status, "{home}");
            assert_eq!(response.headers.all("proxy-status"), [told], "{home}");
        }
        let quiet = Both::proxy(proxy).await;
        for (home, addr) in quiet.homes() {
            let response = client::get(addr, "/").await;
            assert!(!response.headers.contains("proxy-status"), "{home}");
        }
    }

    let proxy = dial::proxy(["unused.test"], unchanged);
    let router = Router::new()
        .at("/only", proxy)
        .via(edge())
        .proxy_status(true);
    let served = Served::router(router);
    for raw in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let response = client::request(served.addr, raw).await;
        let told = response.headers.all("proxy-status");
        assert_eq!(told, ["\"edge\"; error=http_request_error"], "{raw}");
    }
}

/// The same look for every refusal, whoever finds the fault.
#[tokio::test]
async fn the_hook_also_sees_what_is_no_request() {
    let proxy = dial::proxy(["unused.test"], unchanged);
    let router =
        Router::new()
            .at("/{*path}", proxy)
            .on_error(|error: &Error, response: &mut Response| {
                let kind = format!("{:?}", error.kind());
                let kind = kind.parse().expect("a word");
                response.headers_mut().insert("x-kind", kind);
            });
    let served = Served::router(router);
    let long = "x".repeat(20_000);
    let rows = [
        (
            "GET / HTTP/1.1\r\n\r\n".to_owned(),
            400,
            ErrorKind::BadRequest,
        ),
        (
            "GET / HTTP/3.0\r\n\r\n".to_owned(),
            505,
            ErrorKind::UnsupportedVersion,
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            414,
            ErrorKind::TargetTooLong,
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
                "A: b\r\n".repeat(200)
            ),
            431,
            ErrorKind::HeadTooLarge,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_owned(),
            501,
            ErrorKind::UnknownCoding,
        ),
    ];
    for (raw, status, kind) in rows {
        let mut client = RawClient::connect(served.addr).await;
        client.send(raw).await;
        let response = client.read_response().await;
        let said = response.headers.get("x-kind");
        assert_eq!(
            (response.status, said),
            (status, Some(&*format!("{kind:?}")))
        );
        client.closed().await;
    }
}

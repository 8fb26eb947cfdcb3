//! The header as endpoints receive it that ask for it.

use dial::{ModifiableRequest, ProxyProtocol, Router, Server};
use dial_tests::{Origin, RawClient, Script};

use super::{REQUEST, SIGNATURE, line};
use crate::harness::{Both, Served};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn proxy(origin: &Origin, version: ProxyProtocol) -> dial::ProxyService {
    dial::proxy([origin.url()], forward).proxy_protocol(version)
}

#[tokio::test]
async fn version_1_tells_both_ends() {
    let origin = Origin::raw(Script::new().read_until("\r\n\r\n").write(ANSWER).hang());
    let served = Served::proxy(proxy(&origin, ProxyProtocol::V1));
    let mut client = RawClient::connect(served.addr).await;
    client.send(REQUEST).await;
    assert_eq!(client.read_response().await.text(), "ok");
    let (source, port) = (client.local_addr().port(), served.addr.port());
    let line = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {source} {port}\r\nGET / HTTP/1.1\r\n");
    let received = String::from_utf8(origin.received(0).await).unwrap();
    assert!(received.starts_with(&line), "{received}");
}

#[tokio::test]
async fn version_2_tells_both_ends() {
    let origin = Origin::raw(
        Script::new()
            .read_until(" HTTP/1.1\r\n")
            .write(ANSWER)
            .hang(),
    );
    let served = Served::proxy(proxy(&origin, ProxyProtocol::V2));
    let mut client = RawClient::connect(served.addr).await;
    client.send(REQUEST).await;
    assert_eq!(client.read_response().await.text(), "ok");
    let mut header = SIGNATURE.to_vec();
    header.extend([0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1]);
    header.extend(client.local_addr().port().to_be_bytes());
    header.extend(served.addr.port().to_be_bytes());
    let received = origin.received(0).await;
    assert!(received.starts_with(&header), "{}", received.escape_ascii());
}

/// What a header told dial it tells on, and both are in X-Forwarded-For.
#[tokio::test]
async fn what_was_told_is_told_on() {
    let origin = Origin::raw(Script::new().read_until("\r\n\r\n").write(ANSWER).hang());
    let builder = Server::builder().workers(1).proxy_protocol(true);
    let router = Router::new().at("/{*path}", proxy(&origin, ProxyProtocol::V1));
    let served = Served::server(builder, router);
    let mut client = RawClient::connect(served.addr).await;
    let header = line("192.0.2.7");
    client.send([&header, REQUEST.as_bytes()].concat()).await;
    assert_eq!(client.read_response().await.text(), "ok");
    let received = origin.received(0).await;
    assert!(received.starts_with(&header), "{}", received.escape_ascii());
    let received = String::from_utf8(received).unwrap();
    assert!(
        received.contains("x-forwarded-for: 192.0.2.7\r\n"),
        "{received}"
    );
}

/// Such a connection says who is behind it, so nobody else's request may follow on it.
#[tokio::test]
async fn no_connection_is_used_for_another_request() {
    let script = || Script::new().read_until("\r\n\r\n").write(ANSWER).hang();
    let origin = Origin::raw_each([script(), script(), script()]);
    let both = Both::proxy(proxy(&origin, ProxyProtocol::V1)).await;
    for (home, addr) in both.homes() {
        let before = origin.connections();
        let mut client = RawClient::connect(addr).await;
        for _ in 0..2 {
            client.send(REQUEST).await;
            assert_eq!(client.read_response().await.text(), "ok", "{home}");
        }
        assert_eq!(origin.connections(), before + 2, "{home}");
        origin.closed(before).await;
    }
}

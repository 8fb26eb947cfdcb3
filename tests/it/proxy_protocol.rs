//! Connections that begin with a header of the PROXY protocol; those to endpoints are in `sent`.

mod sent;

use dial::{ModifiableRequest, Router, Server, ServerBuilder};
use dial_tests::{Ending, Origin, RawClient};

use crate::harness::{Served, held};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// A timeout that is sure to run out, and not before a client that is in time has asked.
const SOON: std::time::Duration = std::time::Duration::from_millis(500);

fn router(origin: &Origin) -> Router {
    let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
    Router::new().at("/{*path}", proxy)
}

fn builder() -> ServerBuilder {
    Server::builder().workers(2).proxy_protocol(true)
}

fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).expect("a short block");
    let mut header = SIGNATURE.to_vec();
    header.extend([command, family]);
    header.extend(length.to_be_bytes());
    header.extend(block);
    header
}

/// `192.0.2.7:1000` to `198.51.100.2:80`.
const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 2, 3, 232, 0, 80];
/// `[2001:db8::7]:1000` to `[2001:db8::8]:80`.
const V6: [u8; 36] = [
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 8, 3, 232, 0, 80,
];
/// An extension of five bytes.
const TLV: [u8; 8] = [0x04, 0, 5, 1, 2, 3, 4, 5];

fn line(source: &str) -> Vec<u8> {
    let family = if source.contains(':') { "TCP6" } else { "TCP4" };
    let to = if family == "TCP6" { "::1" } else { "127.0.0.1" };
    format!("PROXY {family} {source} {to} 1000 80\r\n").into_bytes()
}

/// What the last request said about its client.
fn forwarded_for(origin: &Origin) -> String {
    let request = origin.requests().pop().expect("a request");
    let said = request.headers.all("x-forwarded-for");
    said.join(" | ")
}

/// On one connection: the header, and two requests.
async fn serve_two(addr: std::net::SocketAddr, header: &[u8], piece: usize) {
    let mut client = RawClient::connect(addr).await;
    let both = [header, REQUEST.as_bytes()].concat();
    for piece in both.chunks(piece) {
        client.send(piece).await;
    }
    assert_eq!(client.read_response().await.status, 200);
    client.send(REQUEST).await;
    assert_eq!(client.read_response().await.status, 200);
}

#[tokio::test]
async fn the_address_it_carries_is_the_clients() {
    let rows = [
        ("v1, IPv4", line("192.0.2.7"), "192.0.2.7"),
        ("v1, IPv6", line("2001:db8::7"), "2001:db8::7"),
        ("v1, mapped", line("::ffff:192.0.2.7"), "192.0.2.7"),
        ("v1, UNKNOWN", b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        ("v2, IPv4", v2(0x21, 0x11, &V4), "192.0.2.7"),
        ("v2, IPv6", v2(0x21, 0x21, &V6), "2001:db8::7"),
        (
            "v2, with an extension",
            v2(0x21, 0x11, &[&V4[..], &TLV].concat()),
            "192.0.2.7",
        ),
        ("v2, UNIX", v2(0x21, 0x31, &[0; 216]), "127.0.0.1"),
        ("v2, LOCAL", v2(0x20, 0x00, &[]), "127.0.0.1"),
        (
            "v2, LOCAL with an address",
            v2(0x20, 0x11, &V4),
            "127.0.0.1",
        ),
    ];
    let origin = Origin::named("1");
    let served = Served::server(builder(), router(&origin));
    for (name, header, client) in rows {
        for piece in [usize::MAX, 1, header.len()] {
            let before = origin.count();
            serve_two(served.addr, &header, piece).await;
            assert_eq!(origin.count(), before + 2, "{name}, {piece}");
            for request in &origin.requests()[before..] {
                let said = request.headers.all("x-forwarded-for");
                assert_eq!(said, [client], "{name}, {piece} bytes at a time");
            }
        }
    }
}

/// Nobody knows who it is that would be answered.
#[tokio::test]
async fn a_connection_without_it_is_closed_without_an_answer() {
    let broken = v2(0x21, 0x11, &V4[..11]);
    let rows: [(&str, &[u8]); 8] = [
        ("a request", REQUEST.as_bytes()),
        (
            "an empty line first",
            b"\r\nPROXY TCP4 192.0.2.7 127.0.0.1 1 80\r\n",
        ),
        (
            "a leading zero",
            b"PROXY TCP4 192.0.2.7 127.0.0.1 01 80\r\n",
        ),
        ("a bare LF", b"PROXY TCP4 192.0.2.7 127.0.0.1 1 80\n"),
        (
            "a long line",
            &[b"PROXY UNKNOWN ".as_slice(), &[b'a'; 100]].concat(),
        ),
        ("an address cut short", &broken),
        ("another version", &v2(0x31, 0x11, &V4)),
        ("another command", &v2(0x2f, 0x11, &V4)),
    ];
    let origin = Origin::named("1");
    let served = Served::server(builder(), router(&origin));
    for (name, bytes) in rows {
        for whole in [true, false] {
            let mut client = RawClient::connect(served.addr).await;
            let request = if whole { REQUEST } else { "" };
            let sent = client.try_send([bytes, request.as_bytes()].concat()).await;
            assert!(sent.is_ok(), "{name}");
            // Reset, where something was left unread.
            let (said, _) = client.read_to_ending().await;
            assert!(said.is_empty(), "{name}: {}", said.escape_ascii());
        }
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn it_has_to_come_in_time() {
    let origin = Origin::named("1");
    let served = Served::server(builder().header_read_timeout(SOON), router(&origin));
    let header = v2(0x21, 0x11, &V4);
    for part in [
        &b""[..],
        b"PROXY",
        b"\r\n\r\n\0",
        &header[..header.len() - 1],
    ] {
        let mut client = RawClient::connect(served.addr).await;
        client.send(part).await;
        client.closed().await;
        let mut client = RawClient::connect(served.addr).await;
        client.send(part).await;
        client.shutdown_write().await;
        client.closed().await;
    }
    // The head behind it has a time of its own, and an answer.
    let mut client = RawClient::connect(served.addr).await;
    client.send([&header, &b"GET / HT"[..]].concat()).await;
    assert_eq!(client.read_response().await.status, 408);
    assert_eq!(origin.count(), 0);
}

/// Trust is in whom the header names, not in who brings it.
#[tokio::test]
async fn trust_is_in_the_address_it_carries() {
    let rows = [
        ("192.0.2.0/24", "192.0.2.7", "203.0.113.9, 192.0.2.7"),
        ("192.0.2.0/24", "192.0.3.7", "192.0.3.7"),
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8::/32", "2001:db8::7", "203.0.113.9, 2001:db8::7"),
    ];
    for (trusted, source, expected) in rows {
        let origin = Origin::named("1");
        let router = router(&origin).trust([trusted]).expect("a network");
        let served = Served::server(builder(), router);
        let mut client = RawClient::connect(served.addr).await;
        client.send(line(source)).await;
        client
            .send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
            .await;
        assert_eq!(client.read_response().await.status, 200);
        assert_eq!(forwarded_for(&origin), expected, "{source} by {trusted}");
    }
}

/// One proxy brings them all; each client has its own limit.
#[tokio::test]
async fn connections_are_counted_for_the_address_it_carries() {
    let origin = Origin::named("1");
    let builder = builder()
        .max_connections_per_client(2)
        .header_read_timeout(std::time::Duration::from_mins(1));
    let served = Served::server(builder, router(&origin));
    let mut clients = Vec::new();
    for source in [
        "192.0.2.7",
        "192.0.2.7",
        "192.0.2.8",
        "2001:db8::7",
        "2001:db8::8",
    ] {
        let mut client = RawClient::connect(served.addr).await;
        client
            .send([&line(source), REQUEST.as_bytes()].concat())
            .await;
        assert_eq!(client.read_response().await.status, 200, "{source}");
        clients.push(client);
    }
    // The last two were of one network.
    for source in ["192.0.2.7", "2001:db8::9"] {
        let mut surplus = RawClient::connect(served.addr).await;
        surplus.send(line(source)).await;
        assert_eq!(surplus.closed().await, Ending::Closed, "{source}");
    }
    assert_eq!(origin.count(), clients.len());
}

/// It is the connection's, not the request's; and nobody's where it was not asked for.
#[tokio::test]
async fn it_comes_once_and_only_where_it_is_required() {
    let origin = Origin::named("1");
    let header = line("192.0.2.7");
    let served = Served::server(builder(), router(&origin));
    let mut client = RawClient::connect(served.addr).await;
    client.send([&header, REQUEST.as_bytes()].concat()).await;
    assert_eq!(client.read_response().await.status, 200);
    client.send([&header, REQUEST.as_bytes()].concat()).await;
    assert_eq!(client.read_response().await.status, 400);

    let plain = Served::router(router(&origin));
    for header in [&header, &v2(0x21, 0x11, &V4)] {
        let mut client = RawClient::connect(plain.addr).await;
        client.send([header, REQUEST.as_bytes()].concat()).await;
        assert_eq!(client.read_response().await.status, 400);
    }
    assert_eq!(origin.count(), 1);
}

/// Who has not said who it is holds no shutdown up.
#[tokio::test]
async fn a_shutdown_does_not_wait_for_it() {
    let (origin, gate) = held();
    let served = Served::server(builder(), router(&origin));
    let mut busy = RawClient::connect(served.addr).await;
    busy.send([&line("192.0.2.7"), REQUEST.as_bytes()].concat())
        .await;
    origin.requested(1).await;
    let mut silent = RawClient::connect(served.addr).await;
    let mut begun = RawClient::connect(served.addr).await;
    begun.send("PROXY TCP4 ").await;
    served.handle().shutdown();
    silent.closed().await;
    begun.closed().await;
    gate.open();
    assert_eq!(busy.read_response().await.text(), "late");
    served.ended().await.expect("an end in order");
}

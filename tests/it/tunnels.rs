//! Connections that stop to speak HTTP: upgrades (RFC 9110 §7.8) and CONNECT (§9.3.6), in both homes.

mod connect;
mod ends;

use dial::{ModifiableRequest, Response, StatusCode};
use dial_tests::{Answer, Origin, RawClient, Script};

use crate::harness::{Both, Served};

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// What a client sends that wants to speak `echo`.
const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/// The answer that lets it.
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ECHO\r\nX-Own: 1\r\n\r\n";

/// Switches, and takes what comes.
fn switching() -> Script {
    Script::new().read_head().write(SWITCH)
}

/// A client behind the 101.
async fn switched(addr: std::net::SocketAddr) -> RawClient {
    let mut client = RawClient::connect(addr).await;
    client.send(ASK).await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(
        head.starts_with(b"HTTP/1.1 101 "),
        "{}",
        head.escape_ascii()
    );
    client
}

#[tokio::test]
async fn bytes_pass_both_ways_once_it_is_switched() {
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write(format!("{SWITCH}hello"))
            .read_until("ping")
            .write("pong")
            .hang(),
    );
    let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = RawClient::connect(addr).await;
        client.send(ASK).await;
        let head = client.read_until("\r\n\r\n").await;
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{home}: {head}");
        for field in [
            "\r\nupgrade: echo\r\n",
            "\r\nconnection: upgrade\r\n",
            "\r\nx-own: 1\r\n",
        ] {
            assert!(head.contains(field), "{home}: {head}");
        }
        assert_eq!(client.read_exact(5).await, b"hello", "{home}");
        client.send("ping").await;
        assert_eq!(client.read_exact(4).await, b"pong", "{home}");
        drop(client);
        origin.closed(number).await;
        let received = origin.received(number).await.to_ascii_lowercase();
        let received = String::from_utf8(received).unwrap();
        assert!(
            received.contains("\r\nupgrade: echo\r\n"),
            "{home}: {received}"
        );
        assert!(
            received.contains("\r\nconnection: upgrade\r\n"),
            "{home}: {received}"
        );
        assert!(received.ends_with("\r\n\r\nping"), "{home}: {received}");
    }
}

/// What was sent ahead belongs to the endpoint only once it has switched; before that it is the next request.
#[tokio::test]
async fn nothing_passes_before_the_switch() {
    let origin = Origin::answering(|_| Answer::new(426));
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    let mut client = RawClient::connect(served.addr).await;
    client
        .send(format!("{ASK}GET /next HTTP/1.1\r\nHost: a\r\n\r\n"))
        .await;
    assert_eq!(client.read_response().await.status, 426);
    assert_eq!(client.read_response().await.status, 426);
    let requests = origin.requested(2).await;
    assert_eq!(requests[1].target, "/next");
    assert!(!requests[1].headers.contains("upgrade"));

    let origin = Origin::raw(switching().read_until("early").write("late").hang());
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    let mut client = RawClient::connect(served.addr).await;
    client.send(format!("{ASK}early")).await;
    client.read_until("\r\n\r\n").await;
    assert_eq!(client.read_exact(4).await, b"late");
}

/// RFC 9110 §15.2.2, §7.8.
#[tokio::test]
async fn a_switch_to_something_else_is_a_502() {
    let answers = [
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo, echo\r\n\r\n",
    ];
    for answer in answers {
        let origin = Origin::raw(Script::new().read_head().write(answer).hang());
        let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
        for (home, addr) in both.homes() {
            let mut client = RawClient::connect(addr).await;
            client.send(ASK).await;
            let response = client.read_response().await;
            assert_eq!(response.status, 502, "{home}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_route_can_refuse_to_switch() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], forward).upgrade(false)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        client.send(ASK).await;
        assert_eq!(client.read_response().await.status, 200, "{home}");
        let requests = origin.requests();
        let headers = &requests.last().unwrap().headers;
        assert!(
            !headers.contains("upgrade") && !headers.contains("connection"),
            "{home}"
        );
    }
}

/// A hook sees a 101 as it sees any response, and may take it back.
#[tokio::test]
async fn a_hook_may_take_the_switch_back() {
    let origin = Origin::raw(switching().hang());
    let proxy = dial::proxy([origin.url()], forward).on_response(|response: &mut Response| {
        *response.status_mut() = StatusCode::FORBIDDEN;
    });
    let both = Both::proxy(proxy).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = RawClient::connect(addr).await;
        client.send(ASK).await;
        assert_eq!(client.read_response().await.status, 403, "{home}");
        origin.closed(number).await;
    }
}

/// `send` hands the switch to the handler, which passes it on.
#[tokio::test]
async fn a_handler_may_see_the_switch_first() {
    let origin = Origin::raw(switching().read_until("ping").write("pong").hang());
    let handler = async |mut request: ModifiableRequest| -> dial::Result<Response> {
        let mut response = request.send().await?;
        let seen = response.status().as_str().parse().expect("digits");
        response.headers_mut().insert("x-seen", seen);
        Ok(response)
    };
    let served = Served::proxy(dial::proxy([origin.url()], handler));
    let mut client = RawClient::connect(served.addr).await;
    client.send(ASK).await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(String::from_utf8(head).unwrap().contains("x-seen: 101"));
    client.send("ping").await;
    assert_eq!(client.read_exact(4).await, b"pong");
}

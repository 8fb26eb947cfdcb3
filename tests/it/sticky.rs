//! Clients that stay with their host, by a cookie.

use std::net::SocketAddr;

use dial::{ModifiableRequest, Router, Sticky, Upstream};
use dial_tests::client::request;
use dial_tests::{Gate, Origin, RawClient, RawResponse, client, eventually};

use crate::harness::{Both, Served, held};

const KEY: &[u8] = b"one secret of all instances";

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn origins() -> [Origin; 3] {
    ["a", "b", "c"].map(Origin::named)
}

fn upstream(origins: &[Origin]) -> Upstream {
    Upstream::builder()
        .hosts(origins.iter().map(Origin::url).collect::<Vec<_>>())
        .sticky(Sticky::cookie("host", KEY).expect("a cookie"))
        .build()
        .expect("an upstream")
}

/// Asks with these fields.
async fn ask(addr: SocketAddr, fields: &str) -> RawResponse {
    let response = request(addr, format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
    assert_eq!(response.status, 200);
    response
}

/// What a browser sends of the cookies that it got.
fn back(response: &RawResponse) -> String {
    let cookie = response.headers.get("set-cookie").expect("a cookie");
    let (pair, _) = cookie.split_once("; ").expect("attributes");
    format!("Cookie: other=1; {pair}\r\n")
}

#[tokio::test]
async fn a_client_stays_with_its_host() {
    let origins = origins();
    let both = Both::proxy(dial::proxy(upstream(&origins), forward)).await;
    for (_, addr) in both.homes() {
        let first = ask(addr, "").await;
        let cookie = back(&first);
        for _ in 0..5 {
            let again = ask(addr, &cookie).await;
            assert_eq!(again.origin(), first.origin());
            assert!(!again.headers.contains("set-cookie"), "it has it already");
        }
        // Somebody else, or what is no cookie of ours.
        let second = ask(addr, "Cookie: host=0123456789abcdef0123456789abcdef\r\n").await;
        assert_ne!(second.origin(), first.origin());
        assert!(second.headers.contains("set-cookie"));
    }
}

#[tokio::test]
async fn it_means_the_same_to_other_instances_and_after_a_restart() {
    let origins = origins();
    let one = Served::proxy(dial::proxy(upstream(&origins), forward));
    let mut cookies = Vec::new();
    for _ in 0..3 {
        let response = ask(one.addr, "").await;
        cookies.push((response.origin().to_owned(), back(&response)));
    }
    drop(one);
    // With its hosts in another order.
    let mut turned = origins;
    turned.reverse();
    let other = Served::proxy(dial::proxy(upstream(&turned), forward));
    for (host, cookie) in &cookies {
        assert_eq!(ask(other.addr, cookie).await.origin(), host);
    }
}

#[tokio::test]
async fn a_drained_host_keeps_its_clients_and_one_that_left_does_not() {
    let origins = origins();
    let upstream = upstream(&origins);
    let served = Served::proxy(dial::proxy(&upstream, forward));
    let first = ask(served.addr, "").await;
    let (host, cookie) = (first.origin().to_owned(), back(&first));
    let at = ["a", "b", "c"].iter().position(|name| *name == host);
    let home = origins[at.expect("one of them")].url();

    upstream.drain_host(&home).expect("a host");
    assert_eq!(ask(served.addr, &cookie).await.origin(), host);
    for _ in 0..4 {
        assert_ne!(ask(served.addr, "").await.origin(), host, "nobody new");
    }
    upstream.remove_host(&home).expect("a host");
    let moved = ask(served.addr, &cookie).await;
    assert_ne!(moved.origin(), host);
    let cookie = back(&moved);
    assert_eq!(ask(served.addr, &cookie).await.origin(), moved.origin());
}

#[tokio::test]
async fn the_cookie_is_secure_where_the_client_came_over_https() {
    let origins = origins();
    let proxy = dial::proxy(upstream(&origins), forward);
    let router = Router::new()
        .trust(["127.0.0.1"])
        .expect("a network")
        .at("/{*path}", proxy);
    let served = Served::router(router);
    for (fields, secure) in [
        ("", false),
        ("X-Forwarded-Proto: http\r\n", false),
        ("X-Forwarded-Proto: https\r\n", true),
    ] {
        let response = ask(served.addr, fields).await;
        let cookie = response.headers.get("set-cookie").expect("a cookie");
        assert!(
            cookie.contains("; Path=/; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
        assert_eq!(cookie.ends_with("; Secure"), secure, "{fields:?}: {cookie}");
    }
}

/// A host that is full for a while is waited for, and not left.
#[tokio::test]
async fn a_client_waits_for_its_host() {
    let (origins, gates): (Vec<_>, Vec<_>) = (0..2).map(|_| held()).unzip();
    gates.iter().for_each(Gate::open);
    let hosts: Vec<_> = origins.iter().map(Origin::url).collect();
    let limits = dial::Limits::new().requests_per_host(1);
    let builder = Upstream::builder()
        .hosts(hosts)
        .sticky(Sticky::cookie("host", KEY).expect("a cookie"))
        .limits(limits);
    let upstream = builder.build().expect("an upstream");
    let served = Served::proxy(dial::proxy(&upstream, forward));
    let first = client::get(served.addr, "/").await;
    let cookie = first.headers.get("set-cookie").expect("a cookie");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let own = origins.iter().position(|origin| origin.count() == 1);
    let own = own.expect("its host");
    gates[own].close();
    let ask = format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n");
    let mut clients = Vec::new();
    for queued in [0, 1] {
        let mut client = RawClient::connect(served.addr).await;
        client.send(&ask).await;
        origins[own].requested(2).await;
        eventually(|| upstream.queued() == queued).await;
        clients.push(client);
    }
    gates[own].open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.headers.get("set-cookie"), None);
    }
    assert_eq!(origins[own].count(), 3);
}

//! Bounds on clients: how many there may be, and how long they may take to ask.

use std::time::Duration;

use dial::Server;
use dial_tests::{Origin, RawClient, client};

use super::{REQUEST, held, idle, router, servers};
use crate::harness::Served;

/// The one too many is neither refused nor served: it waits in the queue until another has gone.
#[tokio::test]
async fn a_connection_too_many_waits_for_one_to_end() {
    let (origin, gate) = held();
    gate.open();
    let builder = Server::builder()
        .workers(1)
        .max_connections(2)
        .max_connections_per_client(2);
    let served = Served::server(builder, router(&origin));
    let mut first = idle(&served).await;
    let mut second = idle(&served).await;
    let mut third = RawClient::connect(served.addr).await;
    third.send(REQUEST).await;
    let mut fourth = RawClient::connect(served.addr).await;
    fourth.send(REQUEST).await;
    // Whoever was there before is served on, while a request sent earlier is not seen.
    assert_eq!(again(&mut first).await, 200);
    assert_eq!(origin.count(), 3, "a third connection was served");
    drop(first);
    assert_eq!(third.read_response().await.text(), "late");
    assert_eq!(again(&mut second).await, 200);
    assert_eq!(origin.count(), 5, "a fourth connection was served");
    drop(second);
    assert_eq!(fourth.read_response().await.text(), "late");
}

async fn again(client: &mut RawClient) -> u16 {
    client.send(REQUEST).await;
    client.read_response().await.status
}

/// No order of comings and goings loses a place or adds one.
#[tokio::test]
async fn places_are_given_back_however_a_client_leaves() {
    let origin = Origin::named("1");
    for (name, builder) in servers() {
        let builder = builder.max_connections(1).max_connections_per_client(2);
        let served = Served::server(builder, router(&origin));
        for round in 0..20 {
            let mut client = RawClient::connect(served.addr).await;
            match round % 4 {
                0 => {}
                1 => {
                    client.send("nonsense\r\n\r\n").await;
                    client.read_to_end().await;
                }
                2 => client.send("GET / HTTP").await,
                _ => {
                    client.send(REQUEST).await;
                    client.read_head().await;
                }
            }
            if round % 3 == 0 {
                client.reset();
            } else {
                drop(client);
            }
            assert_eq!(
                client::get(served.addr, "/").await.status,
                200,
                "{name}, {round}"
            );
        }
    }
}

/// How a client may fail to send a request's head: each is closed, and the worker serves on.
#[tokio::test]
async fn a_head_has_to_come_in_time() {
    for (name, builder) in servers() {
        let origin = Origin::named("1");
        let timeout = Duration::from_millis(200);
        let builder = builder
            .header_read_timeout(timeout)
            .keep_alive_timeout(timeout);
        let served = Served::server(builder, router(&origin));

        let mut silent = RawClient::connect(served.addr).await;
        let mut half = RawClient::connect(served.addr).await;
        half.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
        let mut lying = idle(&served).await;
        let mut dripping = RawClient::connect(served.addr).await;
        // Every byte comes soon after the one before, but the head never ends.
        let mut taken = 0;
        while dripping.try_send("X").await.is_ok() {
            taken += 1;
            assert!(taken < 10_000, "{name}: dial goes on reading");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for (what, client) in [
            ("silent", &mut silent),
            ("half", &mut half),
            ("idle", &mut lying),
        ] {
            let said = client.read_to_end().await;
            let said = said.escape_ascii().to_string();
            assert!(
                said.is_empty() || said.starts_with("HTTP/1.1 408 "),
                "{name}, {what}: {said}"
            );
        }
        assert_eq!(origin.count(), 1, "{name}: only the idle one has asked");
        assert_eq!(client::get(served.addr, "/").await.status, 200, "{name}");
    }
}

/// The time is for the head alone: neither a slow body nor a slow answer counts.
#[tokio::test]
async fn only_the_head_has_to_come_in_time() {
    let (origin, gate) = held();
    let builder = Server::builder()
        .workers(1)
        .header_read_timeout(Duration::from_millis(50));
    let served = Served::server(builder, router(&origin));
    // The event to wait for: the timeout of others, who came later, has run out.
    let later = async || {
        for _ in 0..2 {
            RawClient::connect(served.addr).await.read_to_end().await;
        }
    };
    let mut client = RawClient::connect(served.addr).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\no")
        .await;
    origin.requested(1).await;
    later().await;
    client.send("k").await;
    later().await;
    gate.open();
    assert_eq!(client.read_response().await.text(), "late");
}

//! Bounds on connections that lie idle.

use std::time::Duration;

use dial::{PoolConfig, Router, Upstream};
use dial_tests::{Answer, Gate, Origin, RawClient, client, eventually};

use super::{forward, one_worker, pool};
use crate::harness::{Axum, Served, held};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// `crowd` requests at the same time, each of which needs a connection of its own.
async fn ask(addr: std::net::SocketAddr, crowd: usize, origin: &Origin, gate: &Gate) {
    gate.close();
    let before = origin.count();
    let mut clients = Vec::new();
    for _ in 0..crowd {
        let mut client = RawClient::connect(addr).await;
        client.send(REQUEST).await;
        clients.push(client);
    }
    origin.requested(before + crowd).await;
    gate.open();
    for mut client in clients {
        assert_eq!(client.read_response().await.status, 200);
    }
}

fn served(origin: &Origin, pool: PoolConfig) -> Served {
    let proxy = dial::proxy([origin.url()], forward);
    one_worker(Router::new().pool(pool).at("/{*path}", proxy))
}

#[tokio::test]
async fn no_more_than_max_idle_are_kept() {
    for max_idle in [0, 1, 3, 8] {
        let (origin, gate) = held();
        let served = served(&origin, pool(|pool| pool.max_idle = max_idle));
        ask(served.addr, 8, &origin, &gate).await;
        eventually(|| origin.open_connections() == max_idle).await;
        // And those are used again.
        ask(served.addr, 8, &origin, &gate).await;
        eventually(|| origin.open_connections() == max_idle).await;
        assert_eq!(
            origin.connections(),
            8 + 8 - max_idle,
            "max_idle {max_idle}"
        );
    }
}

#[tokio::test]
async fn the_bound_holds_for_a_mounted_proxy() {
    let (origin, gate) = held();
    let proxy = dial::proxy([origin.url()], forward).pool(pool(|pool| pool.max_idle = 0));
    let axum = Axum::proxy(proxy).await;
    ask(axum.addr, 8, &origin, &gate).await;
    eventually(|| origin.open_connections() == 0).await;
}

#[tokio::test]
async fn what_lies_idle_for_too_long_is_closed() {
    let idle_timeout = Duration::from_millis(50);
    for idle_timeout in [Duration::ZERO, Duration::from_nanos(1), idle_timeout] {
        let (origin, gate) = held();
        let pool = pool(|pool| pool.idle_timeout = idle_timeout);
        let served = served(&origin, pool);
        let proxy = dial::proxy([origin.url()], forward).pool(pool);
        let axum = Axum::proxy(proxy).await;
        for addr in [served.addr, axum.addr] {
            ask(addr, 4, &origin, &gate).await;
            eventually(|| origin.open_connections() == 0).await;
        }
    }
}

/// Each removed host's connections are closed, and nobody else's.
#[tokio::test]
async fn the_idle_connections_of_a_removed_host_are_closed() {
    let origins = ["1", "2", "3"].map(Origin::named);
    let [stays, leaves, replaced] = &origins;
    let upstream = Upstream::new(origins.each_ref().map(Origin::url)).expect("hosts");
    let served = one_worker(Router::new().at("/{*path}", dial::proxy(&upstream, forward)));
    for _ in 0..6 {
        client::get(served.addr, "/").await;
    }
    let open = || origins.each_ref().map(Origin::open_connections);
    assert_eq!(open(), [1, 1, 1]);
    upstream.remove_host(&leaves.url()).expect("a host");
    leaves.closed(0).await;
    assert_eq!(open(), [1, 0, 1]);
    upstream
        .set_hosts([stays.url(), leaves.url()])
        .expect("hosts");
    replaced.closed(0).await;
    for _ in 0..4 {
        client::get(served.addr, "/").await;
    }
    assert_eq!(open(), [1, 1, 0]);
    assert_eq!(origins.each_ref().map(Origin::connections), [1, 2, 1]);
}

/// A host that leaves while it answers: that answer is delivered, and its connection is not kept.
#[tokio::test]
async fn a_connection_in_use_is_closed_once_its_removed_host_has_answered() {
    let (origin, gate) = held();
    let other = Origin::answering(|_| Answer::ok("other"));
    let upstream = Upstream::new([origin.url()]).expect("hosts");
    let served = one_worker(Router::new().at("/{*path}", dial::proxy(&upstream, forward)));
    let mut client = RawClient::connect(served.addr).await;
    client.send(REQUEST).await;
    origin.requested(1).await;
    upstream.set_hosts([other.url()]).expect("hosts");
    assert_eq!(client::get(served.addr, "/").await.text(), "other");
    gate.open();
    assert_eq!(client.read_response().await.text(), "late");
    origin.closed(0).await;
    assert_eq!(origin.count(), 1);
}

//! How many connections one client may have.

use std::time::Duration;

use dial::{Server, ServerBuilder};
use dial_tests::wait::DEADLINE;
use dial_tests::{Ending, Origin, RawClient, within};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{REQUEST, ask, idle, router};
use crate::harness::Served;

/// Silence closes no connection before the test is over.
fn builder(workers: usize) -> ServerBuilder {
    let patient = Duration::from_mins(1);
    Server::builder()
        .workers(workers)
        .header_read_timeout(patient)
}

/// In both ways of accepting.
fn servers() -> [(&'static str, ServerBuilder); 3] {
    let two = builder(2);
    [
        ("one worker", builder(1)),
        ("own listeners", two.clone().reuse_port(true)),
        ("handed over", two.reuse_port(false)),
    ]
}

/// Exact, whichever workers take them.
#[tokio::test]
async fn one_too_many_is_closed_at_once() {
    let origin = Origin::named("1");
    for (name, builder) in servers() {
        let builder = builder.max_connections_per_client(5);
        let served = Served::server(builder, router(&origin));
        let mut clients = Vec::new();
        for _ in 0..5 {
            clients.push(idle(&served).await);
        }
        for _ in 0..3 {
            let mut surplus = RawClient::connect(served.addr).await;
            assert_eq!(surplus.closed().await, Ending::Closed, "{name}");
        }
        for client in &mut clients {
            assert_eq!(ask(client).await, 200, "{name}");
        }
        // Each that leaves, in whichever way, makes room for one and no more.
        clients.remove(0).reset();
        drop(clients.remove(0));
        for _ in 0..2 {
            clients.push(within(DEADLINE, first_served(&served)).await);
        }
        let mut surplus = RawClient::connect(served.addr).await;
        assert_eq!(surplus.closed().await, Ending::Closed, "{name}");
    }
}

/// Connects until a connection is not closed at once.
async fn first_served(served: &Served) -> RawClient {
    loop {
        let mut stream = TcpStream::connect(served.addr).await.expect("a listener");
        let asked = stream.write_all(REQUEST.as_bytes()).await;
        if asked.is_ok() && stream.peek(&mut [0]).await.is_ok_and(|count| count > 0) {
            let mut client = RawClient::over(stream);
            assert_eq!(client.read_response().await.status, 200);
            return client;
        }
    }
}

/// The default leaves half of the places to others.
#[tokio::test]
async fn by_default_it_is_half_of_all() {
    let origin = Origin::named("1");
    let builder = builder(1).max_connections(6);
    let served = Served::server(builder, router(&origin));
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(idle(&served).await);
    }
    let mut surplus = RawClient::connect(served.addr).await;
    assert_eq!(surplus.closed().await, Ending::Closed);
}

/// A trusted peer speaks for many clients.
#[tokio::test]
async fn a_trusted_peer_may_have_any_number() {
    let origin = Origin::named("1");
    let builder = builder(2).max_connections_per_client(1);
    let trusting = router(&origin).trust(["127.0.0.1"]).expect("a network");
    let served = Served::server(builder, trusting);
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(idle(&served).await);
    }
    for client in &mut clients {
        assert_eq!(ask(client).await, 200);
    }
}

/// Another address is another client. Only Linux answers on all of 127.0.0.0/8 as it is.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn each_address_has_its_own() {
    let origin = Origin::named("1");
    let builder = builder(2).max_connections_per_client(1);
    let served = Served::server(builder, router(&origin));
    let mut first = idle(&served).await;
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.2:0".parse().expect("an address"))
        .expect("loopback");
    let stream = socket.connect(served.addr).await.expect("connected");
    let mut other = RawClient::over(stream);
    assert_eq!(ask(&mut other).await, 200);
    assert_eq!(ask(&mut first).await, 200);
    let mut surplus = RawClient::connect(served.addr).await;
    assert_eq!(surplus.closed().await, Ending::Closed);
}

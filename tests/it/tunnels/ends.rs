//! How a tunnel ends.

use std::time::Duration;

use dial::{Router, Server};
use dial_tests::{Gate, Origin};

use super::{forward, switched, switching};
use crate::harness::{Both, Served};

#[tokio::test]
async fn the_end_of_the_clients_side_is_passed_on_and_the_other_goes_on() {
    // The script goes on after the client's bytes have ended, which `hang` waits for.
    let origin = Origin::raw_each([
        switching().read_until("bye").write("and bye").hang(),
        switching().read_until("bye").write("and bye").hang(),
    ]);
    let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = switched(addr).await;
        client.send("bye").await;
        client.shutdown_write().await;
        assert_eq!(client.read_to_end().await, b"and bye", "{home}");
        origin.closed(number).await;
    }
}

#[tokio::test]
async fn the_end_of_the_endpoints_side_is_passed_on_and_the_other_goes_on() {
    let origin = Origin::raw(
        switching()
            .write("bye")
            .half_close()
            .read_until("and bye")
            .hang(),
    );
    let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = switched(addr).await;
        assert_eq!(client.read_to_end().await, b"bye", "{home}");
        client.send("and bye").await;
        let received = origin.received(number).await;
        assert!(received.ends_with(b"and bye"), "{home}");
    }
}

#[tokio::test]
async fn a_side_that_breaks_off_ends_the_other() {
    let origin = Origin::raw_each([switching().hang(), switching().read_until("x").reset()]);
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    switched(served.addr).await.reset();
    origin.closed(0).await;
    let mut client = switched(served.addr).await;
    client.send("x").await;
    client.closed().await;
}

#[tokio::test]
async fn silence_ends_it_in_time() {
    let origin = Origin::raw(switching().read_until("x").write("y").hang());
    let builder = Server::builder()
        .workers(1)
        .tunnel_timeout(Duration::from_millis(300));
    let proxy = dial::proxy([origin.url()], forward);
    let served = Served::server(builder, Router::new().at("/{*path}", proxy));
    let mut client = switched(served.addr).await;
    client.send("x").await;
    assert_eq!(client.read_exact(1).await, b"y");
    client.closed().await;
    origin.closed(0).await;
}

/// A tunnel is in flight like any request: a shutdown waits for it, and no longer than for any.
#[tokio::test]
async fn a_shutdown_waits_for_it() {
    let origin = Origin::raw(switching().read_until("x").write("y").hang());
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    let mut client = switched(served.addr).await;
    served.handle().shutdown();
    client.send("x").await;
    assert_eq!(client.read_exact(1).await, b"y");
    drop(client);
    served.ended().await.expect("it drained");

    let builder = Server::builder()
        .workers(1)
        .drain_timeout(Duration::from_millis(50));
    let proxy = dial::proxy([origin.url()], forward);
    let served = Served::server(builder, Router::new().at("/{*path}", proxy));
    let mut client = switched(served.addr).await;
    served.handle().shutdown();
    client.closed().await;
    served.ended().await.expect("it ended");
}

/// An endpoint that takes nothing holds its client up, and not dial's memory.
#[tokio::test]
async fn a_slow_side_holds_the_other_up() {
    let gate = Gate::closed();
    let script = || switching().wait(&gate);
    let origin = Origin::raw_each([script(), script()]);
    let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
    for (home, addr) in both.homes() {
        let mut client = switched(addr).await;
        let moved = client.send_bulk_until_stalled(1 << 30).await;
        assert!(moved < 1 << 28, "{home}: {moved} bytes moved to nobody");
    }
}

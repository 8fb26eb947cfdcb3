//! Ending by the handle, or by dropping the server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use dial::Server;
use dial_tests::wait::DEADLINE;
use dial_tests::{Log, Origin, RawClient, client, eventually, within};
use tokio::net::{TcpListener, TcpStream};

use super::{REQUEST, held, idle, router, servers, waiting};
use crate::harness::Served;

/// Waits until nobody accepts at `addr` any more.
async fn refused(addr: SocketAddr) {
    let refused = async {
        loop {
            match TcpStream::connect(addr).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return,
                // One that was just let in, or fell out of the queue of a listener that was closed.
                Ok(_) | Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    within(DEADLINE, refused).await;
}

#[tokio::test]
async fn what_is_in_flight_ends_and_nothing_new_begins() {
    for (name, builder) in servers() {
        let (origin, gate) = held();
        let served = Served::server(builder, router(&origin));
        let addr = served.addr;
        gate.open();
        let mut lying = idle(&served).await;
        // It has lain idle before.
        lying.send(REQUEST).await;
        assert_eq!(lying.read_response().await.status, 200, "{name}");
        let mut silent = RawClient::connect(addr).await;
        gate.close();
        let mut busy = waiting(&served, &origin).await;

        served.handle().shutdown();
        // Idle, and so free to go at once.
        lying.closed().await;
        silent.closed().await;
        refused(addr).await;

        gate.open();
        let response = busy.read_response().await;
        assert_eq!(response.text(), "late", "{name}");
        // RFC 9112 §9.6: a server that means to close says so.
        assert_eq!(response.headers.get("connection"), Some("close"), "{name}");
        busy.closed().await;
        served.ended().await.expect("it drained");
    }
}

/// A response that began before the end is sent whole.
#[tokio::test]
async fn a_response_under_way_is_finished() {
    for (name, builder) in servers() {
        let gate = dial_tests::Gate::closed();
        let script = dial_tests::Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            .wait(&gate)
            .write("half");
        let origin = Origin::raw(script);
        let served = Served::server(builder, router(&origin));
        let mut client = RawClient::connect(served.addr).await;
        client.send(REQUEST).await;
        client.read_until("half").await;
        served.handle().shutdown();
        refused(served.addr).await;
        gate.open();
        assert_eq!(client.read_to_end().await, b"half", "{name}");
        served.ended().await.expect("it drained");
    }
}

#[tokio::test]
async fn the_drain_deadline_cuts_off() {
    for (name, builder) in servers() {
        let (origin, _gate) = held();
        let log = Log::of("dial");
        let builder = builder.drain_timeout(Duration::from_millis(50));
        let served = Served::server(builder, router(&origin));
        let mut busy = waiting(&served, &origin).await;
        served.handle().shutdown();
        assert_eq!(busy.read_to_end().await, b"", "{name}");
        served.ended().await.expect("it ended");
        origin.closed(0).await;
        let line = log.line("did not end within 50ms").await;
        assert!(
            line.contains("WARN ") && line.contains("1 connection"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn abort_does_not_wait() {
    for (name, builder) in servers() {
        for draining in [false, true] {
            let (origin, _gate) = held();
            let builder = builder.clone().drain_timeout(Duration::from_hours(1));
            let served = Served::server(builder, router(&origin));
            let mut busy = waiting(&served, &origin).await;
            if draining {
                served.handle().shutdown();
                refused(served.addr).await;
            }
            served.handle().abort();
            assert_eq!(
                busy.read_to_end().await,
                b"",
                "{name}, draining: {draining}"
            );
            refused(served.addr).await;
            served.ended().await.expect("it ended");
            origin.closed(0).await;
        }
    }
}

/// Nobody waits for it any more, but its clients get what they asked for.
#[tokio::test]
async fn a_server_whose_future_is_dropped_drains() {
    for (name, builder) in servers() {
        let (origin, gate) = held();
        let server = builder.signals(false).bind("127.0.0.1:0", router(&origin));
        let server = server.expect("a port");
        let addr = server.local_addr();
        let running = server.run();
        let mut busy = RawClient::connect(addr).await;
        busy.send(REQUEST).await;
        origin.requested(1).await;
        drop(running);
        refused(addr).await;
        gate.open();
        assert_eq!(busy.read_response().await.text(), "late", "{name}");
        busy.closed().await;
    }
}

/// Polled or not, awaited on whichever runtime: the workers are their own.
#[test]
fn a_server_needs_no_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the client");
    for (name, builder) in servers() {
        let origin = Origin::named("1");
        let server = builder.signals(false).bind("127.0.0.1:0", router(&origin));
        let server = server.expect("a port");
        let (addr, handle) = (server.local_addr(), server.handle());
        let running = server.run();
        let response = runtime.block_on(client::get(addr, "/"));
        assert_eq!(response.origin(), "1", "{name}");
        handle.shutdown();
        park_on(running).expect("it drained");
    }
}

/// Runs a future with no more than a thread to park.
fn park_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[tokio::test]
async fn a_server_that_never_runs_frees_its_port() {
    for (name, builder) in servers() {
        let origin = Origin::named("1");
        let server = builder
            .bind("127.0.0.1:0", router(&origin))
            .expect("a port");
        let addr = server.local_addr();
        assert_ne!(addr.port(), 0, "{name}");
        drop(server);
        TcpListener::bind(addr).await.expect("a free port");
    }
}

/// The port is free again once `run` has returned: a restart needs no pause.
#[tokio::test]
async fn a_port_can_be_taken_over_at_once() {
    let (origin, gate) = held();
    gate.open();
    for (name, builder) in servers() {
        let first = Served::server(builder.clone(), router(&origin));
        let addr = first.addr;
        idle(&first).await;
        first.handle().shutdown();
        first.ended().await.expect("it drained");
        let second = builder.signals(false).bind(addr, router(&origin));
        let second = second.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(second.local_addr(), addr, "{name}");
        let handle = second.handle();
        let second = tokio::spawn(second.run());
        assert_eq!(client::get(addr, "/").await.text(), "late", "{name}");
        handle.shutdown();
        within(DEADLINE, second)
            .await
            .expect("no panic")
            .expect("it drained");
    }
}

/// Twice, and after the end, is the same as once.
#[tokio::test]
async fn shutting_down_again_changes_nothing() {
    let (origin, gate) = held();
    let served = Served::server(Server::builder().workers(2), router(&origin));
    let handle = served.handle();
    let mut busy = waiting(&served, &origin).await;
    handle.shutdown();
    handle.shutdown();
    refused(served.addr).await;
    gate.open();
    assert_eq!(busy.read_response().await.text(), "late");
    served.ended().await.expect("it drained");
    handle.shutdown();
    handle.abort();
    eventually(|| origin.open_connections() == 0).await;
}

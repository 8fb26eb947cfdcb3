//! Addresses that cannot be listened on: an error that names them, never a panic, never a port shared in silence.

use std::error::Error as _;
use std::io;
use std::net::{SocketAddr, TcpListener};

use dial::{ErrorKind, ModifiableRequest, Router, Server, ServerBuilder};
use dial_tests::wait::DEADLINE;
use dial_tests::{Origin, client, within};

use super::chain;
use crate::harness::Served;

fn router() -> Router {
    let handler = |request: ModifiableRequest| request;
    Router::new().at("/{*path}", dial::proxy(["127.0.0.1:9"], handler))
}

#[tokio::test]
async fn a_bad_address_is_an_error_that_names_it() {
    let addresses = [
        ("no port", "127.0.0.1"),
        ("an empty port", "127.0.0.1:"),
        ("a port too large", "127.0.0.1:65536"),
        ("a negative port", "127.0.0.1:-1"),
        ("a port that is a word", "127.0.0.1:http"),
        ("no address", ":8080:"),
        // RFC 5737: an address that is nobody's.
        ("an address of no interface", "192.0.2.1:8080"),
    ];
    for (name, address) in addresses {
        let error = within(DEADLINE, router().serve(address))
            .await
            .expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Server, "{name}");
        assert!(error.to_string().contains(address), "{name}: {error}");
        assert!(error.source().is_some(), "{name}: no cause in {error:?}");
        for workers in [1, 3] {
            let server = Server::builder().workers(workers);
            let error = server.bind(address.to_owned(), router()).expect_err(name);
            assert!(error.to_string().contains(address), "{name}: {error}");
        }
    }
    let empty = within(DEADLINE, router().serve(""))
        .await
        .expect_err("an empty address");
    assert_eq!(empty.kind(), ErrorKind::Server);
}

fn ways() -> [(&'static str, ServerBuilder); 3] {
    let server = Server::builder().signals(false);
    [
        ("one worker", server.clone().workers(1)),
        ("own listeners", server.clone().workers(4).reuse_port(true)),
        ("handed over", server.workers(2).reuse_port(false)),
    ]
}

/// Every way of listening fails where any other server listens, which is not disturbed.
#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a free port");
    refused(stranger.local_addr().expect("bound"), "a stranger").await;

    let origin = Origin::named("1");
    for (name, server) in ways() {
        let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
        let served = Served::server(server.clone(), Router::new().at("/{*path}", proxy.clone()));
        refused(served.addr, name).await;
        assert_eq!(client::get(served.addr, "/").await.origin(), "1", "{name}");
        // Bound is enough, running or not.
        let bound = server
            .bind("127.0.0.1:0", Router::new().at("/{*path}", proxy))
            .expect("a free port");
        refused(bound.local_addr(), name).await;
    }
}

async fn refused(addr: SocketAddr, holder: &str) {
    for (name, server) in ways() {
        let what = format!("{name} where {holder} listens");
        let error = server.bind(addr, router()).expect_err(&what);
        assert_eq!(error.kind(), ErrorKind::Server, "{what}");
        assert!(
            error.to_string().contains(&addr.to_string()),
            "{what}: {error}"
        );
        let cause = error
            .source()
            .and_then(|source| source.downcast_ref::<io::Error>());
        let cause = cause.map(io::Error::kind);
        assert_eq!(
            cause,
            Some(io::ErrorKind::AddrInUse),
            "{what}: {}",
            chain(&error)
        );
    }
    let error = within(DEADLINE, router().serve(addr))
        .await
        .expect_err(holder);
    assert!(error.to_string().contains(&addr.to_string()), "{error}");
}

#[tokio::test]
async fn the_port_that_was_chosen_can_be_asked_for() {
    for (name, server) in ways() {
        for address in ["127.0.0.1:0", "localhost:0"] {
            let server = server.clone().bind(address, router()).expect(name);
            let addr = server.local_addr();
            assert!(addr.ip().is_loopback(), "{name}: {addr}");
            assert_ne!(addr.port(), 0, "{name}");
        }
    }
}

//! Endpoints that only full URLs name: their connections are reused, and their number is bounded.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use dial::{Resolve, Router, Server};
use dial_tests::{Origin, eventually};

use super::{last, rewriting, rewritten};
use crate::harness::{Axum, Served};

/// Every name leads to the loopback, so that one origin stands for many.
#[derive(Debug)]
struct Loopback;

impl Resolve for Loopback {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

/// A proxy in each home, with one worker, so that there is one set of connections.
async fn homes() -> (Served, Axum) {
    let proxy = dial::proxy(["unused.test"], rewriting);
    let router = Router::new()
        .at("/{*path}", proxy.clone())
        .resolver(Loopback);
    let served = Served::server(Server::builder().workers(1), router);
    (served, Axum::proxy(proxy.resolver(Loopback)).await)
}

async fn ask(addr: SocketAddr, to: &str) {
    let response = rewritten(addr, "/x", to).await;
    assert_eq!((response.status, response.origin()), (200, "other"), "{to}");
}

#[tokio::test]
async fn repeated_rewrites_to_one_target_share_a_connection() {
    let (served, axum) = homes().await;
    for addr in [served.addr, axum.addr] {
        let other = Origin::named("other");
        for path in ["/a", "/b?c", "", "/a"] {
            ask(addr, &format!("http://backend.test:{}{path}", other.port())).await;
        }
        assert_eq!((other.count(), other.connections()), (4, 1));
        // Another name is another endpoint, wherever it leads.
        ask(addr, &format!("http://backend2.test:{}/a", other.port())).await;
        assert_eq!(last(&other).connection, 1);
    }
}

/// A handler may take the target from the request: however many a client names, what is kept for them is bounded.
#[tokio::test]
async fn many_targets_do_not_add_up() {
    const TARGETS: usize = 400;
    const BOUND: usize = 256;
    let (served, axum) = homes().await;
    for addr in [served.addr, axum.addr] {
        let other = Origin::named("other");
        let url = |number: usize| format!("http://n{number}.test:{}/", other.port());
        for number in 0..TARGETS {
            ask(addr, &url(number)).await;
        }
        assert_eq!(other.connections(), TARGETS);
        eventually(|| other.open_connections() <= BOUND).await;

        // The most recent is still known, the first is not.
        ask(addr, &url(TARGETS - 1)).await;
        assert_eq!(other.connections(), TARGETS);
        ask(addr, &url(0)).await;
        assert_eq!(other.connections(), TARGETS + 1);
    }
}

//! How a server takes clients on and how it ends.

mod bounds;
mod draining;
mod panics;
#[cfg(unix)]
mod signals;

use dial::{ModifiableRequest, Router, Server, ServerBuilder};
use dial_tests::{Origin, RawClient};

use crate::harness::{Served, held};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn router(origin: &Origin) -> Router {
    let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
    Router::new().at("/{*path}", proxy)
}

/// In both ways of accepting, one connection a worker and more.
fn servers() -> [(&'static str, ServerBuilder); 3] {
    let two = Server::builder().workers(2);
    [
        ("one worker", Server::builder().workers(1)),
        ("own listeners", two.clone().reuse_port(true)),
        ("handed over", two.reuse_port(false)),
    ]
}

/// A client whose request waits at the origin.
async fn waiting(served: &Served, origin: &Origin) -> RawClient {
    let number = origin.count();
    let mut client = RawClient::connect(served.addr).await;
    client.send(REQUEST).await;
    origin.requested(number + 1).await;
    client
}

/// A client that was served once and lies idle now.
async fn idle(served: &Served) -> RawClient {
    let mut client = RawClient::connect(served.addr).await;
    client.send(REQUEST).await;
    assert_eq!(client.read_response().await.status, 200);
    client
}

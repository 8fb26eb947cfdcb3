//! What a client may ask for: each limit with what comes of overstepping it, and a client just within it.

mod ahead;
mod clients;
mod heads;
mod lives;
mod rates;
mod waits;

use std::time::Duration;

use dial::{ModifiableRequest, Router, Server, ServerBuilder};
use dial_tests::{Origin, RawClient};

use crate::harness::Served;

/// A timeout that is sure to run out, and not before a client that is in time has asked.
const SOON: Duration = Duration::from_millis(500);

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn router(origin: &Origin) -> Router {
    Router::new().at("/{*path}", dial::proxy([origin.url()], forward))
}

/// On two workers, with the options of a test.
fn served(origin: &Origin, options: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Served {
    Served::server(options(Server::builder().workers(2)), router(origin))
}

/// A client that was served once and lies idle now.
async fn idle(served: &Served) -> RawClient {
    let mut client = RawClient::connect(served.addr).await;
    assert_eq!(ask(&mut client).await, 200);
    client
}

/// The status of one more response.
async fn ask(client: &mut RawClient) -> u16 {
    client.send(REQUEST).await;
    client.read_response().await.status
}

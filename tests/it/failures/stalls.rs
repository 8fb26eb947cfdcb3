//! Clients that stop in the middle, and are not waited for without end.

use dial::{Body, ModifiableRequest, Response, Router, Server};
use dial_tests::{BulkOrigin, Ending, Log, Origin, RawClient, Script};

use super::{SOON, forward};
use crate::harness::Served;

fn impatient(proxy: dial::ProxyService) -> Served {
    let server = Server::builder().workers(1).body_timeout(SOON);
    Served::server(server, Router::new().at("/{*path}", proxy))
}

const HALF: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";

/// RFC 9110 §15.5.9. It is the client's fault, and not held against the endpoint.
#[tokio::test]
async fn an_upload_that_stops_is_a_408() {
    let origin = Origin::raw(Script::new().read_until("half").hang());
    let served = impatient(dial::proxy([origin.url()], forward).name("stopped upload"));
    let log = Log::of("dial");
    let mut client = RawClient::connect(served.addr).await;
    client.send(HALF).await;
    assert_eq!(client.read_response().await.status, 408);
    assert_eq!(client.closed().await, Ending::Closed);
    let line = log.line("stopped upload").await;
    assert!(
        line.contains("DEBUG ") && line.contains("ClientTimeout"),
        "{line}"
    );
    origin.closed(0).await;
}

#[tokio::test]
async fn also_where_a_handler_reads_it() {
    let served = impatient(dial::proxy(
        ["unused.test"],
        async |mut request: ModifiableRequest| -> dial::Result<Response> {
            let bytes = request.body_bytes(100).await?;
            Ok(Response::new(Body::from(bytes)))
        },
    ));
    let mut client = RawClient::connect(served.addr).await;
    client.send(HALF).await;
    assert_eq!(client.read_response().await.status, 408);
}

/// A response that nobody takes frees what it held.
#[tokio::test]
async fn a_response_that_is_not_taken_ends_the_connection() {
    let origin = BulkOrigin::flood(1 << 30);
    let served = impatient(dial::proxy([origin.url()], forward));
    let mut client = RawClient::connect(served.addr).await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.read_head().await;
    origin.closed(0).await;
}

//! One connection, several messages: who may send the next, and when it ends (RFC 9112 §9).

use dial::ModifiableRequest;

use dial_tests::{Answer, Ending, Gate, Origin, RawClient, Script};

use crate::harness::Served;

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn echo() -> (Origin, Served) {
    let origin = Origin::answering(|request| Answer::ok(format!("{} ", request.target)));
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    (origin, served)
}

const THREE: &str = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
     POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody\
     GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";

/// §9.3.2: answers come in the order of the requests.
#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let (origin, served) = echo();
    let mut client = RawClient::connect(served.addr).await;
    client.send(THREE).await;
    for expected in ["/1 ", "/2 ", "/3 "] {
        assert_eq!(client.read_response().await.text(), expected);
    }
    assert_eq!(origin.requests()[1].body, b"body");
}

/// §9.6: a client that has sent all it wanted may close its side.
#[tokio::test]
async fn a_client_that_closed_its_side_is_answered_all_the_same() {
    let (_origin, served) = echo();
    let mut client = RawClient::connect(served.addr).await;
    client.send(THREE).await;
    client.shutdown_write().await;
    for expected in ["/1 ", "/2 ", "/3 "] {
        assert_eq!(client.read_response().await.text(), expected);
    }
    assert_eq!(client.closed().await, Ending::Closed);
}

/// Sent byte by byte, a request is the same request.
#[tokio::test]
async fn a_request_may_drip_in() {
    let (origin, served) = echo();
    let mut client = RawClient::connect(served.addr).await;
    let chunked = "POST /drip HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                   4\r\nbody\r\n2;x=y\r\n!!\r\n0\r\n\r\n";
    for byte in chunked.bytes() {
        client.send([byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.read_response().await.text(), "/drip ");
    assert_eq!(origin.requests()[0].body, b"body!!");
    client.send(THREE).await;
    assert_eq!(client.read_response().await.text(), "/1 ");
}

/// §9.3: what each version does unless it is told otherwise.
#[tokio::test]
async fn versions_and_connection_fields_decide() {
    let rows = [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
    ];
    let (_origin, served) = echo();
    for (version, field, stays) in rows {
        let mut client = RawClient::connect(served.addr).await;
        let request = format!("GET /x HTTP/{version}\r\nHost: a\r\n{field}\r\n");
        client.send(&request).await;
        assert_eq!(
            client.read_response().await.text(),
            "/x ",
            "{version} {field}"
        );
        if stays {
            client.send(&request).await;
            assert_eq!(
                client.read_response().await.text(),
                "/x ",
                "{version} {field}"
            );
        } else {
            assert_eq!(client.closed().await, Ending::Closed, "{version} {field}");
        }
    }
}

/// An answer that comes before the upload ended is delivered whole, and nothing of the upload is taken for a request.
#[tokio::test]
async fn an_early_answer_to_an_upload_ends_the_connection_in_order() {
    let gate = Gate::closed();
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope")
            .wait(&gate),
    );
    let served = Served::proxy(dial::proxy([origin.url()], forward));
    let mut client = RawClient::connect(served.addr).await;
    client
        .send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nGET /smuggled HTTP/1.1\r\n",
        )
        .await;
    let response = client.read_response().await;
    assert_eq!((response.status, response.text()), (403, "nope"));
    assert_eq!(response.headers.get("connection"), Some("close"));
    client.shutdown_write().await;
    assert_eq!(client.closed().await, Ending::Closed);
    assert_eq!(origin.connections(), 1);
    gate.open();
}

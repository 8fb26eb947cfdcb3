use super::*;
use crate::origin::{Origin, Script};
use crate::wait::{Gate, within};
use tokio::io::{Join, Sink, join, sink};

/// A client that will receive `bytes` and then the end of the connection.
fn receiving(bytes: &[u8]) -> RawClient<Join<&[u8], Sink>> {
    RawClient::over(join(bytes, sink()))
}

#[tokio::test]
async fn responses_by_framing() {
    let rows = [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            200,
            "hi",
        ),
        (
            "GET",
            "HTTP/1.0 404 \r\n\r\nuntil the end",
            404,
            "until the end",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
            200,
            "",
        ),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (
            "GET",
            "HTTP/1.1 304 x y\r\nContent-Length: 9\r\n\r\n",
            304,
            "",
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
            200,
            "hi",
        ),
    ];
    for (method, raw, status, body) in rows {
        let mut client = receiving(raw.as_bytes());
        let response = client.read_response_to(method).await;
        assert_eq!((response.status, response.text()), (status, body), "{raw}");
        assert_eq!(response.raw, raw.as_bytes());
        assert_eq!(client.closed().await, Ending::Closed);
    }
}

#[tokio::test]
async fn interim_responses_come_apart() {
    let raw = "HTTP/1.1 100 Continue\r\n\r\n\
               HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
               HTTP/1.1 200 OK\r\nContent-Length: 1\r\nVia: a\r\nvia: b\r\n\r\n1\
               HTTP/1.1 101 Switching Protocols\r\n\r\nbytes";
    let mut client = receiving(raw.as_bytes());
    let response = client.read_response().await;
    let interim: Vec<_> = response.interim.iter().map(|head| head.status).collect();
    assert_eq!(interim, [100, 103]);
    assert_eq!(response.interim[1].headers.get("link"), Some("</a>"));
    assert_eq!(response.headers.all("via"), ["a", "b"]);
    let switched = client.read_response().await;
    assert_eq!((switched.status, switched.body.len()), (101, 0));
    assert_eq!(client.read_exact(2).await, b"by");
    assert_eq!(client.read_to_end().await, b"tes");
}

#[tokio::test]
async fn what_is_not_a_response_panics_and_shows_what_came() {
    let rows = [
        (
            "",
            "awaiting a response head: the connection ended (Closed)",
        ),
        ("HTTP/1.1 200 OK\r\n", "\"HTTP/1.1 200 OK\\r\\n\""),
        ("HTTP/1.1 200\r\n\r\n", "malformed: status line"),
        ("HTTP/1.1 099 x\r\n\r\n", "malformed: status line"),
        ("HTTP/1.1 20 x\r\n\r\n", "malformed: status line"),
        ("HTTP/2 200 OK\r\n\r\n", "malformed: status line"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            "awaiting the rest of the body: the connection ended",
        ),
    ];
    for (raw, expected) in rows {
        let test = tokio::spawn(async move { receiving(raw.as_bytes()).read_response().await });
        let panic = test.await.expect_err(raw).into_panic();
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(message.contains(expected), "{raw:?} gave {message}");
    }
}

#[tokio::test]
async fn a_cut_response_keeps_its_part() {
    let mut client = receiving(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    assert_eq!(client.read_cut_response().await.text(), "ab");
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    let test = tokio::spawn(async move { receiving(whole).read_cut_response().await });
    assert!(test.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn a_deadline_shows_what_came() {
    let gate = Gate::closed();
    let origin = Origin::raw(Script::new().write("HTTP/1.1 2").wait(&gate));
    let mut client = RawClient::connect(origin.addr()).await;
    assert_eq!(client.read_exact(5).await, b"HTTP/");
    client.set_deadline(Duration::from_millis(50));
    let read = tokio::spawn(async move { client.read_head().await });
    let panic = read.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.contains("waited 50ms"), "{message}");
    assert!(message.contains("HTTP/1.1 2"), "{message}");
}

#[tokio::test]
async fn endings_are_told_apart() {
    let read = Script::new().read_exact(1);
    let origin = Origin::raw_each([read.clone(), read.reset(), Script::new().hang()]);
    for ending in [Ending::Closed, Ending::Reset] {
        let mut client = RawClient::connect(origin.addr()).await;
        client.send("?").await;
        assert_eq!(client.closed().await, ending);
    }
    let client = RawClient::connect(origin.addr()).await;
    origin.connected(3).await;
    client.reset();
    origin.closed(2).await;
    let mut client = RawClient::connect(origin.addr()).await;
    client.send("bye").await;
    client.shutdown_write().await;
    assert_eq!(client.closed().await, Ending::Closed);
    assert_eq!(origin.received(3).await, b"bye");
}

#[tokio::test]
async fn futures_of_a_client_can_be_spawned() {
    let origin = Origin::named("1");
    let addr = origin.addr();
    let gets: Vec<_> = (0..4)
        .map(|_| tokio::spawn(async move { get(addr, "/").await.status }))
        .collect();
    for get in gets {
        assert_eq!(within(DEADLINE, get).await.unwrap(), 200);
    }
}

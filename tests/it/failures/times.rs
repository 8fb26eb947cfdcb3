//! Endpoints that take too long, other than for their first byte.

use std::time::Duration;

use dial::{Body, ModifiableRequest, Response, Timeouts};
use dial_tests::{Gate, Log, Origin, RawClient, Script};

use super::{SOON, forward, timeouts};
use crate::harness::{Both, Served};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn waiting(origin: &Origin, timeouts: Timeouts) -> dial::ProxyService {
    dial::proxy([origin.url()], forward).timeouts(timeouts)
}

/// The response began, so all that is left is not to end it.
#[tokio::test]
async fn a_body_that_stops_is_broken_off() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let origin = Origin::raw(Script::new().read_head().write(half).hang());
    let proxy = waiting(&origin, timeouts(|timeouts| timeouts.body = SOON));
    let log = Log::of("dial");
    let both = Both::proxy(proxy.name("stopped body")).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = RawClient::connect(addr).await;
        client.send(GET).await;
        assert_eq!(client.read_cut_response().await.text(), "half", "{home}");
        origin.closed(number).await;
    }
    let line = log.line("ResponseBody").await;
    assert!(line.contains("too long"), "{line}");
}

/// Silence is measured from one byte to the next.
#[tokio::test]
async fn a_body_that_comes_slowly_is_waited_for() {
    let (first, second) = (Gate::closed(), Gate::closed());
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
            .wait(&first)
            .write("b")
            .wait(&second)
            .write("c")
            .hang(),
    );
    let served = Served::proxy(waiting(&origin, Timeouts::default()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    client.read_until("\r\n\r\na").await;
    first.open();
    client.read_until("b").await;
    second.open();
    client.read_until("c").await;
}

#[tokio::test]
async fn the_total_ends_a_wait_with_a_504_and_a_body_without_an_end() {
    let total = timeouts(|timeouts| timeouts.total = Some(3 * SOON));
    let silent = Origin::raw(Script::new().read_head().hang());
    let both = Both::proxy(waiting(&silent, total)).await;
    for (number, (home, addr)) in both.homes().into_iter().enumerate() {
        let mut client = RawClient::connect(addr).await;
        client.send(GET).await;
        assert_eq!(client.read_response().await.status, 504, "{home}");
        silent.closed(number).await;
    }

    let gate = Gate::closed();
    let dripping = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            .wait(&gate),
    );
    let served = Served::proxy(waiting(&dripping, total));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    assert_eq!(client.read_cut_response().await.text(), "half");
    gate.open();
}

/// The handler's own time counts too.
#[tokio::test]
async fn the_total_covers_the_handler() {
    let handler = async |_: ModifiableRequest| -> dial::Result<Response> {
        std::future::pending::<()>().await;
        Ok(Response::new(Body::empty()))
    };
    let total = timeouts(|timeouts| timeouts.total = Some(SOON));
    let both = Both::proxy(dial::proxy(["unused.test"], handler).timeouts(total)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        client.send(GET).await;
        assert_eq!(client.read_response().await.status, 504, "{home}");
    }
}

/// RFC 9110 §10.1.1: an endpoint that does not know the expectation says nothing, and is sent the body all the same.
#[tokio::test]
async fn an_endpoint_that_does_not_ask_for_the_body_gets_it_in_time() {
    let origin = Origin::raw(
        Script::new()
            .read_until("\r\n\r\n")
            .read_until("body")
            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .hang(),
    );
    let soon = timeouts(|timeouts| timeouts.expect = SOON);
    let both = Both::proxy(waiting(&origin, soon)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        let ask = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
        client.send(ask).await;
        let interim = client.read_until("\r\n\r\n").await;
        assert_eq!(interim, b"HTTP/1.1 100 Continue\r\n\r\n", "{home}");
        client.send("body").await;
        assert_eq!(client.read_response().await.text(), "ok", "{home}");
    }
}

/// Whoever reads the body in the handler asks for it; the endpoint then need not.
#[tokio::test]
async fn a_handler_that_reads_the_body_asks_for_it() {
    let origin = Origin::named("1");
    let handler = async |mut request: ModifiableRequest| -> dial::Result {
        let bytes = request.body_bytes(100).await?;
        request.set_body(bytes).build()
    };
    let unasked = Timeouts::default().expect(Duration::from_hours(1));
    let both = Both::proxy(dial::proxy([origin.url()], handler).timeouts(unasked)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        let ask = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
        client.send(ask).await;
        client.read_until("HTTP/1.1 100 Continue\r\n\r\n").await;
        client.send("body").await;
        assert_eq!(client.read_response().await.status, 200, "{home}");
    }
}

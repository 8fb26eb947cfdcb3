//! Bodies that are sent again while they are still coming, byte for byte; and those that are too large for it.

use dial_tests::{Gate, Origin, RawClient, Script, client};

use super::{eager, one_worker, proxy};

/// Bytes in which every mistake shows.
fn bytes(size: usize) -> Vec<u8> {
    (0..size)
        .map(|at| u8::try_from(at * 31 % 251).expect("less than 256"))
        .collect()
}

fn chunked(body: &[u8], trailer: &str) -> Vec<u8> {
    let mut raw = Vec::new();
    for chunk in body.chunks(1_234) {
        raw.extend(format!("{:x}\r\n", chunk.len()).bytes());
        raw.extend([chunk, b"\r\n"].concat());
    }
    raw.extend(format!("0\r\n{trailer}\r\n").bytes());
    raw
}

fn head(framing: &str) -> Vec<u8> {
    format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").into_bytes()
}

/// The endpoint goes away at any point of the upload, and the next one gets all of it.
#[tokio::test]
async fn byte_for_byte_wherever_it_broke_off() {
    let body = bytes(60_000);
    for at in [1, 999, 30_000, 60_000] {
        let script = || Script::new().read_head().read_exact(at);
        for chunks in [false, true] {
            let sick = Origin::raw_each([script(), script().reset()]);
            let live = Origin::named("live");
            let served = one_worker(proxy(&[&sick, &live], eager()));
            let request = match chunks {
                false => [head("Content-Length: 60000"), body.clone()].concat(),
                true => [
                    head("Transfer-Encoding: chunked\r\nTrailer: X-Sum"),
                    chunked(&body, "X-Sum: 7\r\n"),
                ]
                .concat(),
            };
            for number in 0..4 {
                let response = client::request(served.addr, &request).await;
                assert_eq!(response.status, 200, "{at}, {chunks}, {number}");
            }
            let seen = live.requests();
            assert_eq!(seen.len(), 4);
            for request in seen {
                assert!(request.body == body, "{at}, {chunks}");
                let length = request.headers.get("content-length");
                assert_eq!(length, (!chunks).then_some("60000"));
                assert_eq!(request.trailers.get("x-sum"), chunks.then_some("7"));
            }
        }
    }
}

/// The part that is there reaches an endpoint before the rest has come: nothing is collected first.
#[tokio::test]
async fn a_body_streams_while_it_is_kept() {
    let sick = Origin::raw(Script::new().read_until("hel"));
    let live = Origin::raw(
        Script::new()
            .read_until("hel")
            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            .read_until("lo")
            .write("ok"),
    );
    let served = one_worker(proxy(&[&sick, &live], eager()));
    let mut client = RawClient::connect(served.addr).await;
    client
        .send([head("Content-Length: 5"), b"hel".to_vec()].concat())
        .await;
    assert_eq!(client.read_head().await.status, 200);
    client.send("lo").await;
    assert_eq!(client.read_exact(2).await, b"ok");
}

/// A response that comes before the request is over is not kept waiting for it, and does not disturb the next attempt.
#[tokio::test]
async fn an_early_answer_is_tried_again_with_the_same_body() {
    let body = bytes(40_000);
    let early = Origin::raw(
        Script::new()
            .read_exact(20_000)
            .write("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")
            .hang(),
    );
    let live = Origin::named("live");
    let served = one_worker(proxy(&[&early, &live], eager()));
    let mut client = RawClient::connect(served.addr).await;
    client
        .send([&head("Content-Length: 40000"), &body[..25_000]].concat())
        .await;
    early.closed(0).await;
    client.send(&body[25_000..]).await;
    assert_eq!(client.read_response().await.status, 200);
    assert!(live.requests()[0].body == body);
}

/// What is larger than the bound is sent once, whether that was said before or turns out on the way.
#[tokio::test]
async fn more_than_the_bound_is_not_sent_again() {
    let busy = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy";
    for (size, repeats) in [(40_000, true), (40_001, false), (200_000, false)] {
        let body = bytes(size);
        let sized = [head(&format!("Content-Length: {size}")), body.clone()].concat();
        let chunks = [head("Transfer-Encoding: chunked"), chunked(&body, "")].concat();
        for request in [sized, chunks] {
            let sick = Origin::raw(Script::new().read_request().write(busy).repeat());
            let live = Origin::named("live");
            let served = one_worker(proxy(&[&sick, &live], eager().buffer(40_000)));
            let response = client::request(served.addr, request).await;
            let expected = if repeats { 200 } else { 503 };
            assert_eq!(response.status, expected, "{size}");
            assert_eq!(live.count(), usize::from(repeats), "{size}");
            if repeats {
                assert!(live.requests()[0].body == body);
            } else {
                assert_eq!(response.text(), "busy");
            }
        }
    }
}

/// A body of which nothing was kept is still whole where nobody has read of it.
#[tokio::test]
async fn what_is_unsent_needs_no_bound() {
    let closed = dial_tests::ClosedPort::new();
    let live = Origin::named("live");
    let hosts = [closed.addr().to_string(), live.url()];
    let served = one_worker(dial::proxy(hosts, super::forward).retry(eager().buffer(1)));
    let body = bytes(200_000);
    let request = [head("Transfer-Encoding: chunked"), chunked(&body, "")].concat();
    for _ in 0..2 {
        assert_eq!(client::request(served.addr, &request).await.status, 200);
    }
    assert!(live.requests().iter().all(|request| request.body == body));
}

/// A client that waits for a 100 is asked for its body once, however many endpoints get it.
#[tokio::test]
async fn a_body_that_is_waited_for() {
    let sick = Origin::raw(Script::new().read_request());
    let live = Origin::named("live");
    let served = one_worker(proxy(&[&sick, &live], eager()));
    let mut client = RawClient::connect(served.addr).await;
    client
        .send(head("Content-Length: 5\r\nExpect: 100-continue"))
        .await;
    assert_eq!(client.read_head().await.status, 100);
    client.send("hello").await;
    assert_eq!(client.read_response().await.status, 200);
    assert_eq!(live.requests()[0].body, b"hello");
}

/// A client that breaks off is nobody's failure: nothing is sent again for it.
#[tokio::test]
async fn a_client_that_breaks_off_is_not_repeated() {
    let origins = [
        Origin::raw(Script::new().hang()),
        Origin::raw(Script::new().hang()),
    ];
    let served = one_worker(proxy(&origins.each_ref(), eager()));
    let mut client = RawClient::connect(served.addr).await;
    let begun = [&head("Transfer-Encoding: chunked")[..], b"3\r\nabc\r\n"].concat();
    client.send(begun).await;
    origins[0].connected(1).await;
    client.send("zz\r\n").await;
    origins[0].closed(0).await;
    assert_eq!(client.read_response().await.status, 400);
    assert_eq!(origins[1].connections(), 0);
}

/// The body's limit is the same for each attempt.
#[tokio::test]
async fn a_body_over_its_limit_is_refused_once() {
    let gate = Gate::opened();
    let origin = Origin::raw(Script::new().wait(&gate).hang());
    let served = one_worker(proxy(&[&origin], eager()).body_limit(10));
    let request = [head("Transfer-Encoding: chunked"), chunked(&bytes(11), "")].concat();
    assert_eq!(client::request(served.addr, request).await.status, 413);
    assert!(origin.connections() <= 1);
}

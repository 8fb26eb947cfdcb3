//! Which connections to an endpoint are used again, and which never are (RFC 9112 §9.3, §9.6).

use dial::{Body, ProxyService, Router};
use dial_tests::{Answer, Gate, Origin, RawClient, Script, client};

use super::{forward, one_worker};
use crate::harness::Served;

fn single(proxy: ProxyService) -> Served {
    one_worker(Router::new().at("/{*path}", proxy))
}

/// Many clients one after the other, one connection to the endpoint.
#[tokio::test]
async fn a_connection_is_used_again_after_every_kind_of_answer() {
    let origin = Origin::answering(|request| match request.target.as_str() {
        "/204" => Answer::new(204),
        "/304" => Answer::new(304).header("ETag", "\"1\""),
        "/empty" => Answer::ok(""),
        "/chunked" => {
            Answer::ok("2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n").header("Transfer-Encoding", "chunked")
        }
        "/early" => Answer::raw(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
        ),
        "/500" => Answer::new(500).body("broken"),
        "/long" => Answer::ok(vec![b'x'; 1 << 20]),
        _ => Answer::ok("ok"),
    });
    let served = single(dial::proxy([origin.url()], forward));
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for _ in 0..3 {
        for target in [
            "/", "/204", "/304", "/empty", "/chunked", "/early", "/500", "/long",
        ] {
            for method in ["GET", "HEAD"] {
                let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
                client::request(served.addr, request).await;
                assert_eq!(origin.connections(), 1, "after {method} {target}");
            }
        }
        for request in [post, chunked] {
            client::request(served.addr, request).await;
            assert_eq!(origin.connections(), 1, "after {request}");
        }
    }
    assert_eq!(origin.count(), 3 * (2 * 8 + 2));
}

/// What an origin writes in answer to a GET, after which its connection is not to be used again although the client got
/// a whole response.
#[tokio::test]
async fn a_connection_that_ends_or_is_out_of_step_is_not_used_again() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const WRONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
    let answers = [
        (
            "says close",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        ),
        (
            "says close among others",
            "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        ),
        (
            "is HTTP/1.0",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok".to_owned(),
        ),
        ("answers twice", format!("{OK}{WRONG}")),
        (
            "answers twice without a body",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n{WRONG}"),
        ),
        ("says more than announced", format!("{OK}k")),
        (
            "gives a 204 a body",
            "HTTP/1.1 204 No Content\r\n\r\nwrong".to_owned(),
        ),
        (
            "gives a 304 a body",
            "HTTP/1.1 304 Not Modified\r\n\r\nwrong".to_owned(),
        ),
        (
            "says more after the last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nwrong"
                .to_owned(),
        ),
    ];
    for (name, answer) in answers {
        let origin = Origin::raw(Script::new().read_head().write(answer).hang());
        let served = single(dial::proxy([origin.url()], forward));
        for number in 0..4 {
            let response = client::get(served.addr, "/").await;
            assert!(response.status < 400, "{name}: {}", response.status);
            assert!(!response.text().contains("wrong"), "{name}");
            assert_eq!(origin.connections(), number + 1, "{name}");
        }
    }
}

/// RFC 9112 §9.2: an answer nobody asked for must not be taken for that to the next request.
#[tokio::test]
async fn a_connection_that_speaks_unasked_is_not_used_again() {
    let gate = Gate::closed();
    let spoken = Gate::closed();
    let quiet = Script::new()
        .read_head()
        .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        .wait(&gate)
        .write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
        .wait(&spoken)
        .hang();
    let origin = Origin::raw(quiet);
    let served = single(dial::proxy([origin.url()], forward));
    assert_eq!(client::get(served.addr, "/").await.text(), "ok");
    gate.open();
    spoken.open();
    // dial has to hang up on it: there is nothing to wait for.
    origin.closed(0).await;
    gate.close();
    for number in 1..4 {
        assert_eq!(client::get(served.addr, "/").await.text(), "ok");
        gate.open();
        origin.closed(number).await;
        gate.close();
        assert_eq!(origin.connections(), number + 1);
    }
}

/// The client leaves within the body: what is left of it must not meet the next request.
#[tokio::test]
async fn a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again() {
    let half = Script::new()
        .read_head()
        .write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    let origin = Origin::raw_each([
        half.hang(),
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ]);
    let served = single(dial::proxy([origin.url()], forward));
    let mut leaving = RawClient::connect(served.addr).await;
    leaving.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    leaving.read_until("half").await;
    drop(leaving);
    origin.closed(0).await;
    assert_eq!(client::get(served.addr, "/").await.text(), "ok");
    assert_eq!(origin.connections(), 2);
}

/// A hook that replaces the body leaves the endpoint's unread.
#[tokio::test]
async fn nor_one_whose_answer_a_hook_replaced() {
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .hang(),
    );
    let proxy =
        dial::proxy([origin.url()], forward).on_response(|response: &mut dial::Response| {
            response.headers_mut().remove("content-length");
            *response.body_mut() = Body::from("mine");
        });
    let served = single(proxy);
    for number in 0..3 {
        assert_eq!(client::get(served.addr, "/").await.text(), "mine");
        origin.closed(number).await;
        assert_eq!(origin.connections(), number + 1);
    }
}

/// CVE-2025-4366: the origin answers before it has the whole upload, and the client never sends the rest. Whatever the
/// origin reads next on that connection would be taken for the missing part.
#[tokio::test]
async fn nor_one_that_is_owed_the_rest_of_an_upload() {
    for framing in [
        "Content-Length: 10\r\n\r\nhalf",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let early = Script::new()
            .read_until("half")
            .write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
        let origin = Origin::raw_each([
            early.hang(),
            Script::new()
                .read_head()
                .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ]);
        let served = single(dial::proxy([origin.url()], forward));
        let mut owing = RawClient::connect(served.addr).await;
        owing
            .send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}"))
            .await;
        assert_eq!(owing.read_response().await.status, 413, "{framing}");
        // While the upload may still go on, and after its client has left.
        assert_eq!(
            client::get(served.addr, "/").await.text(),
            "ok",
            "{framing}"
        );
        drop(owing);
        origin.closed(0).await;
        assert_eq!(
            client::get(served.addr, "/").await.text(),
            "ok",
            "{framing}"
        );
        let received = origin.received(0).await;
        let shown = received.escape_ascii();
        assert!(
            !received.windows(4).any(|at| at == b"GET "),
            "{framing}: {shown}"
        );
        assert_eq!(origin.connections(), 3, "{framing}");
    }
}

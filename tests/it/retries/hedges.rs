//! Requests at two endpoints at once: who wins, and what becomes of the other attempt.

use std::net::SocketAddr;
use std::time::Duration;

use dial::{
    Ejection, HashOn, Hedge, Policy, Retry, RetryOn, Router, Server, Sticky, Timeouts, Upstream,
};
use dial_tests::wait::DEADLINE;
use dial_tests::{ClosedPort, Gate, Log, Origin, RawClient, Script, client, eventually, within};

use super::{eager, forward, one_worker, proxy};
use crate::harness::{Axum, Served};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy";

fn hedged() -> Retry {
    eager().hedge(Hedge::after(Duration::from_millis(20)))
}

/// Takes a request, and says nothing for as long as its connection is open.
fn hung() -> Origin {
    Origin::raw(Script::new().read_request().hang())
}

/// Answers with its name while its gate is open.
fn gated(name: &'static str) -> (Origin, Gate) {
    let gate = Gate::opened();
    let shared = gate.clone();
    let origin = Origin::http(move |_| {
        let gate = shared.clone();
        async move {
            gate.passed().await;
            http::Response::new(http_body_util::Full::new(dial::Bytes::from(name)))
        }
    });
    (origin, gate)
}

/// Whoever is asked first, the answer is that of the one that answers, and the other connection is closed.
#[tokio::test]
async fn the_one_that_answers() {
    let (slow, fast) = (hung(), Origin::named("fast"));
    let served = one_worker(proxy(&[&slow, &fast], hedged()));
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/").await.origin(), "fast");
    }
    slow.closed(0).await;
    slow.closed(1).await;
    assert_eq!(fast.count(), 4);
}

/// Every byte of a request is the same at both.
#[tokio::test]
async fn both_get_the_same_request() {
    let body = "b".repeat(10_000);
    let sized = format!("Content-Length: 10000\r\n\r\n{body}");
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n2710\r\n{body}\r\n0\r\n\r\n");
    for rest in ["\r\n", &sized, &chunked] {
        let [first, second] = [hung(), hung()];
        let served = one_worker(proxy(&[&first, &second], hedged().any_method()));
        let mut client = RawClient::connect(served.addr).await;
        let request = format!("POST /x?y HTTP/1.1\r\nHost: a\r\nX-Own: 1\r\n{rest}");
        client.send(request).await;
        let (one, other) = (first.received(0).await, second.received(0).await);
        let text = |bytes: Vec<u8>, own: &Origin| {
            let text = String::from_utf8(bytes).expect("text");
            text.replace(&own.addr().to_string(), "HOST")
        };
        let (one, other) = (text(one, &first), text(other, &second));
        assert!(one.contains("POST /x?y HTTP/1.1\r\n") && one.contains("x-own: 1\r\n"));
        assert_eq!(one, other);
    }
}

/// An edited request is hedged as it was edited.
#[tokio::test]
async fn with_the_edits_of_the_handler() {
    let (slow, fast) = (hung(), Origin::named("fast"));
    let hosts = [slow.url(), fast.url()];
    let edit = |request: &mut dial::ModifiableRequest| {
        request.rewrite_path("/there").add_header("X-Own", "1");
        request.add_header("Host", "own.test");
    };
    let served = one_worker(dial::proxy(hosts, edit).retry(hedged()));
    for _ in 0..2 {
        assert_eq!(client::get(served.addr, "/here").await.origin(), "fast");
    }
    for request in fast.requests() {
        assert_eq!(request.target, "/there");
        assert_eq!(request.headers.all("x-own"), ["1"]);
        assert_eq!(request.headers.all("host"), ["own.test"]);
    }
}

/// A body streams from the winner after the loser is gone.
#[tokio::test]
async fn a_response_streams_from_the_winner() {
    let gate = Gate::closed();
    let slow = hung();
    let fast = Script::new()
        .read_request()
        .write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
        .wait(&gate)
        .write("lo");
    let fast = Origin::raw(fast);
    let served = one_worker(proxy(&[&slow, &fast], hedged()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    assert_eq!(client.read_head().await.status, 200);
    assert_eq!(client.read_exact(3).await, b"hel");
    slow.closed(0).await;
    gate.open();
    assert_eq!(client.read_exact(2).await, b"lo");
}

/// What is to be tried again after does not win while another is under way.
#[tokio::test]
async fn a_bad_response_does_not_win() {
    let gates = [Gate::closed(), Gate::closed()];
    let script = |gate, answer: &str| Script::new().read_request().wait(gate).write(answer);
    for bad in [BUSY, "no HTTP\r\n\r\n", ""] {
        gates.iter().for_each(Gate::close);
        let first = Origin::raw(script(&gates[0], bad));
        let second = Origin::raw(script(&gates[1], OK));
        let served = one_worker(proxy(&[&first, &second], hedged()));
        let mut client = RawClient::connect(served.addr).await;
        client.send(GET).await;
        second.received(0).await;
        let log = Log::of("dial");
        gates[0].open();
        log.line(&format!("{}: no good", first.url())).await;
        gates[1].open();
        assert_eq!(client.read_response().await.text(), "ok");
    }
}

/// When no attempt was good the others are made, one after the other, as they are without hedges.
#[tokio::test]
async fn when_all_are_bad_there_are_retries() {
    let gate = Gate::closed();
    let origins = [(); 2].map(|()| {
        let busy = Script::new().read_request().wait(&gate).write(BUSY);
        Origin::raw_each([busy, Script::new().read_request().write(OK)])
    });
    let retry = hedged().on([RetryOn::Status503]).attempts(3);
    let served = one_worker(proxy(&origins.each_ref(), retry));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    for origin in &origins {
        origin.received(0).await;
    }
    gate.open();
    assert_eq!(client.read_response().await.text(), "ok");
    let connections = origins.each_ref().map(Origin::connections);
    assert_eq!(connections.iter().sum::<usize>(), 3);
}

/// A hedge that cannot reach its endpoint goes on to the next one.
#[tokio::test]
async fn a_hedge_is_unsent_as_any_request_may_be() {
    let (slow, closed, live) = (hung(), ClosedPort::new(), Origin::named("live"));
    let hosts = [slow.url(), closed.addr().to_string(), live.url()];
    let upstream = Upstream::builder().hosts(hosts).never_eject().build();
    let upstream = upstream.expect("an upstream");
    let served = one_worker(dial::proxy(upstream, forward).retry(hedged()));
    for _ in 0..9 {
        assert_eq!(client::get(served.addr, "/").await.origin(), "live");
    }
}

/// An attempt that is given up is no failure of its endpoint, and nothing of it stays.
#[tokio::test]
async fn a_loser_is_not_to_blame() {
    let (slow, fast) = (hung(), Origin::named("fast"));
    let upstream = Upstream::builder()
        .hosts([slow.url(), fast.url()])
        .balance(Policy::least_request())
        .eject(Ejection::new().consecutive(1).error_percent(1))
        .seed(1)
        .build()
        .expect("an upstream");
    let served = one_worker(dial::proxy(&upstream, forward).retry(hedged().min_per_second(1_000)));
    let hedged = async {
        while slow.connections() < 5 {
            assert_eq!(client::get(served.addr, "/").await.origin(), "fast");
        }
    };
    within(DEADLINE, hedged).await;
    assert!(
        upstream
            .status()
            .iter()
            .all(|host| host.ejected_for.is_none())
    );
    eventually(|| upstream.status().iter().all(|host| host.in_flight == 0)).await;
    slow.closed(4).await;
    assert_eq!(slow.open_connections(), 0);
}

async fn ask(addr: SocketAddr, path: &str, field: &str) -> dial_tests::RawResponse {
    client::request(
        addr,
        format!("GET {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n"),
    )
    .await
}

/// A key whose endpoint is slow goes elsewhere, and its next request begins where it belongs.
#[tokio::test]
async fn a_key_goes_elsewhere() {
    let pair = [gated("a"), gated("b")];
    let hosts = pair.each_ref().map(|(origin, _)| origin.url());
    let policy = Policy::consistent_hash(HashOn::header("X-Key").expect("a name"));
    let upstream = Upstream::builder().hosts(hosts).balance(policy).build();
    let upstream = upstream.expect("an upstream");
    let router = Router::new()
        .at("/plain", dial::proxy(&upstream, forward))
        .at("/{*path}", dial::proxy(&upstream, forward).retry(hedged()));
    let served = Served::server(Server::builder().workers(1), router);
    for key in ["1", "2", "3", "4"] {
        let field = format!("X-Key: {key}\r\n");
        let home = ask(served.addr, "/plain", &field).await.text().to_owned();
        let gate = &pair[usize::from(home == "b")].1;
        gate.close();
        assert_ne!(ask(served.addr, "/", &field).await.text(), home);
        gate.open();
        assert_eq!(ask(served.addr, "/plain", &field).await.text(), home);
    }
}

/// A client stays where it was answered.
#[tokio::test]
async fn a_cookie_names_the_winner() {
    let pair = [gated("a"), gated("b")];
    let hosts = pair.each_ref().map(|(origin, _)| origin.url());
    let sticky = Sticky::cookie("host", "a secret for this test alone").expect("a cookie");
    let upstream = Upstream::builder().hosts(hosts).sticky(sticky).build();
    let proxied = dial::proxy(upstream.expect("an upstream"), forward);
    let served = one_worker(proxied.retry(hedged()));
    let first = ask(served.addr, "/", "").await;
    let at = usize::from(first.text() == "b");
    let cookie = first.headers.get("set-cookie").expect("a cookie");
    let cookie = cookie.split("; ").next().expect("a pair").to_owned();
    pair[at].1.close();
    let second = ask(served.addr, "/", &format!("Cookie: {cookie}\r\n")).await;
    assert_ne!(second.text(), first.text());
    let other = second.headers.get("set-cookie").expect("another cookie");
    assert!(!other.starts_with(&cookie));
}

/// The first attempt's interim responses are passed on, and those of no other.
#[tokio::test]
async fn interim_responses_are_those_of_the_first() {
    let gate = Gate::closed();
    let hints = |link: &str| format!("HTTP/1.1 103 Early Hints\r\nLink: <{link}>\r\n\r\n");
    let slow = Origin::raw(Script::new().read_request().write(hints("/slow")).hang());
    let fast = Script::new().read_request().write(hints("/fast"));
    let fast = Origin::raw(fast.wait(&gate).write(OK));
    let served = one_worker(proxy(&[&slow, &fast], hedged()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    let head = client.read_head().await;
    assert_eq!(head.headers.get("link"), Some("</slow>"));
    gate.open();
    let response = client.read_response().await;
    assert_eq!((response.text(), response.interim.len()), ("ok", 0));
}

/// Each attempt has its own time, and all of them have the route's.
#[tokio::test]
async fn timeouts_hold() {
    let limit = Duration::from_millis(200);
    // Time enough for both to be there.
    let total = Timeouts::default().total(Duration::from_secs(1));
    for (retry, timeouts) in [
        (hedged().attempts(2).per_try(limit), Timeouts::default()),
        (hedged().attempts(2), total),
        (hedged().attempts(2), Timeouts::default().response(limit)),
    ] {
        let origins = [hung(), hung()];
        let served = one_worker(proxy(&origins.each_ref(), retry).timeouts(timeouts));
        assert_eq!(client::get(served.addr, "/").await.status, 504);
        for origin in &origins {
            origin.closed(0).await;
            assert_eq!(origin.connections(), 1);
        }
    }
}

/// A client that leaves takes all attempts along.
#[tokio::test]
async fn a_client_that_leaves() {
    let origins = [hung(), hung()];
    let served = one_worker(proxy(&origins.each_ref(), hedged()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(GET).await;
    for origin in &origins {
        origin.received(0).await;
    }
    client.reset();
    for origin in &origins {
        origin.closed(0).await;
    }
}

/// In somebody else's application too, where a body does not tell that it is over before it was asked for more.
#[tokio::test]
async fn when_mounted() {
    let (slow, fast) = (hung(), Origin::named("fast"));
    let axum = Axum::proxy(proxy(&[&slow, &fast], hedged())).await;
    let chunked =
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let sized = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for request in [chunked, sized] {
        for _ in 0..2 {
            let response = client::request(axum.addr, request).await;
            assert_eq!(response.origin(), "fast");
        }
    }
    assert!(
        fast.requests()
            .iter()
            .all(|request| request.body == b"hello")
    );
}

//! Routes that take only so many requests at a time.

use std::net::SocketAddr;
use std::time::Duration;

use dial::{
    Body, ConcurrencyLimit, Decision, HashOn, IntoDecision as _, ModifiableRequest, Response,
    Router, Timeouts,
};
use dial_tests::wait::DEADLINE;
use dial_tests::{Gate, Origin, RawClient, RawResponse, Script, client, within};

use crate::harness::{Both, Served, held};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn limit(requests: usize) -> ConcurrencyLimit {
    ConcurrencyLimit::new(requests).expect("a limit")
}

async fn sent(addr: SocketAddr, request: impl AsRef<[u8]>) -> RawClient {
    let mut client = RawClient::connect(addr).await;
    client.send(request).await;
    client
}

fn assert_refused(refused: &RawResponse, status: u16) {
    assert_eq!(refused.status, status);
    assert_eq!(refused.headers.get("retry-after"), Some("1"));
}

/// Waits until there is room again; nothing announces it.
async fn freed(addr: SocketAddr) {
    let free = async { while client::get(addr, "/free").await.status == 503 {} };
    within(DEADLINE, free).await;
}

#[tokio::test]
async fn one_too_many_at_a_time_never_reaches_an_endpoint() {
    let (origin, gate) = held();
    // The two homes are one service, and share its limit.
    let both = Both::proxy(dial::proxy([origin.url()], forward).concurrency(limit(2))).await;
    let [(_, first), (_, second)] = both.homes();
    let mut clients = [sent(first, GET).await, sent(second, GET).await];
    origin.requested(2).await;
    for addr in [first, second] {
        let refused = client::get(addr, "/").await;
        assert_refused(&refused, 503);
        assert_eq!(refused.text(), "Service Unavailable");
    }
    assert_eq!(origin.count(), 2);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.text(), "late");
    }
    // A client that has its response has its place again, on whichever connection.
    for _ in 0..20 {
        for addr in [first, second] {
            assert_eq!(client::get(addr, "/").await.status, 200);
        }
    }
}

#[tokio::test]
async fn one_client_has_its_own_and_is_told_so() {
    let (origin, gate) = held();
    let by = HashOn::header("X-Tenant").expect("a name");
    let proxy = dial::proxy([origin.url()], forward).concurrency(limit(1).by(by));
    let served = Served::proxy(proxy.on_error(|error, response| {
        assert_eq!(error.kind(), dial::ErrorKind::RateLimited);
        *response.body_mut() = "by tenant".into();
    }));
    let request = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let tenants = ["X-Tenant: a\r\n", "X-Tenant: b\r\n", ""].map(request);
    let mut clients = Vec::new();
    for (count, tenant) in tenants.iter().enumerate() {
        clients.push(sent(served.addr, tenant).await);
        origin.requested(count + 1).await;
    }
    for tenant in &tenants {
        let refused = client::request(served.addr, tenant).await;
        assert_refused(&refused, 429);
        assert_eq!(refused.text(), "by tenant");
    }
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.status, 200);
    }
    for tenant in &tenants {
        let again = client::request(served.addr, tenant).await;
        assert_eq!(again.status, 200);
    }
}

#[tokio::test]
async fn a_routers_limit_counts_each_route_alone() {
    let (origin, gate) = held();
    let proxy = || dial::proxy([origin.url()], forward);
    let router = Router::new()
        .at("/a", proxy())
        .at("/b", proxy())
        .at("/wide", proxy().concurrency(limit(2)))
        .concurrency(limit(1));
    let served = Served::router(router);
    let mut clients = Vec::new();
    for (path, status) in [
        ("/a", 200),
        ("/a", 503),
        ("/b", 200),
        ("/b", 503),
        ("/wide", 200),
        ("/wide", 200),
        ("/wide", 503),
    ] {
        if status == 503 {
            assert_refused(&client::get(served.addr, path).await, 503);
        } else {
            let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            clients.push(sent(served.addr, request).await);
            origin.requested(clients.len()).await;
        }
    }
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.status, 200);
    }
}

/// A route for one request at a time, in both homes. What is not forwarded its handler answers itself.
async fn one_at_a_time(origin: &Origin) -> Both {
    Both::proxy(dial::proxy([origin.url()], answers).concurrency(limit(1))).await
}

fn answers(mut request: ModifiableRequest) -> Decision {
    match request.path() {
        "/free" => Decision::Respond(Response::new(Body::from("free"))),
        "/panic" => panic!("on purpose"),
        "/fail" => request.set_header("bad name", "x").build().into_decision(),
        _ => request.into_decision(),
    }
}

async fn assert_taken(addr: SocketAddr) {
    assert_refused(&client::get(addr, "/free").await, 503);
}

/// An origin that says so much on each connection, and then nothing.
fn stopping(bytes: &str) -> Origin {
    Origin::raw(Script::new().read_head().write(bytes).hang())
}

#[tokio::test]
async fn what_is_answered_here_gives_its_place_back_with_the_answer() {
    let (origin, _gate) = held();
    let both = one_at_a_time(&origin).await;
    for (home, addr) in both.homes() {
        for _ in 0..20 {
            for (path, status) in [("/free", 200), ("/panic", 500), ("/fail", 500)] {
                assert_eq!(client::get(addr, path).await.status, status, "{home}");
            }
        }
    }
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn a_handler_at_work_counts() {
    let (entered, gate) = (Gate::closed(), Gate::closed());
    let shared = (entered.clone(), gate.clone());
    let handler = move |_: ModifiableRequest| {
        let (entered, gate) = shared.clone();
        async move {
            entered.open();
            gate.passed().await;
            Response::new(Body::from("done"))
        }
    };
    let served = Served::proxy(dial::proxy(["127.0.0.1:1"], handler).concurrency(limit(1)));
    let mut working = sent(served.addr, GET).await;
    within(DEADLINE, entered.passed()).await;
    assert_taken(served.addr).await;
    gate.open();
    assert_eq!(working.read_response().await.text(), "done");
    assert_eq!(client::get(served.addr, "/").await.status, 200);
}

#[tokio::test]
async fn a_client_that_leaves_gives_its_place_back() {
    let (waiting, _gate) = held();
    let stopping = stopping("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    for (origin, answered) in [(waiting, false), (stopping, true)] {
        let both = one_at_a_time(&origin).await;
        for (number, (_, addr)) in both.homes().into_iter().enumerate() {
            let mut client = sent(addr, GET).await;
            if answered {
                client.read_until("hello").await;
            } else {
                origin.requested(number + 1).await;
            }
            assert_taken(addr).await;
            client.reset();
            freed(addr).await;
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_gives_its_place_back() {
    let gate = Gate::closed();
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            .wait(&gate)
            .reset(),
    );
    let both = one_at_a_time(&origin).await;
    for (_, addr) in both.homes() {
        gate.close();
        let mut client = sent(addr, GET).await;
        client.read_until("hello").await;
        assert_taken(addr).await;
        gate.open();
        client.closed().await;
        freed(addr).await;
    }
}

#[tokio::test]
async fn time_that_is_over_gives_its_place_back() {
    let stops = stopping("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    for (origin, answered) in [(stopping(""), false), (stops, true)] {
        let total = Timeouts::default().total(Duration::from_millis(300));
        let proxy = dial::proxy([origin.url()], answers).timeouts(total);
        let served = Served::proxy(proxy.concurrency(limit(1)));
        let mut client = sent(served.addr, GET).await;
        if answered {
            client.read_to_end().await;
            freed(served.addr).await;
        } else {
            assert_eq!(client.read_response().await.status, 504);
            assert_eq!(client::get(served.addr, "/free").await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_tunnel_counts_until_it_is_over() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write(switch)
            .read_until("ping")
            .write("pong")
            .hang(),
    );
    let both = one_at_a_time(&origin).await;
    for (home, addr) in both.homes() {
        let ask = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
        let mut client = sent(addr, ask).await;
        let head = client.read_until("\r\n\r\n").await;
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{home}");
        assert_taken(addr).await;
        client.send("ping").await;
        assert_eq!(client.read_exact(4).await, b"pong", "{home}");
        assert_taken(addr).await;
        drop(client);
        freed(addr).await;
    }
}

#[test]
fn nonsense_is_refused() {
    for requests in [0, 1_000_001] {
        let error = ConcurrencyLimit::new(requests).expect_err("no limit");
        assert_eq!(error.kind(), dial::ErrorKind::Config);
        let what =
            format!("a concurrency limit of {requests} requests is not within 1 and 1000000");
        assert_eq!(error.to_string(), what);
    }
}

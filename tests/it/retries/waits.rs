//! No endpoint can be reached, for a while: requests wait, whatever their method.

use std::time::Duration;

use dial::{Retry, RetryOn, Router, Server, Upstream};
use dial_tests::{ClosedPort, Origin, RawClient, client, eventually};

use super::{eager, forward, one_worker, proxy};
use crate::harness::Served;

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

/// Long enough for any machine.
const LONG: Duration = Duration::from_mins(1);

fn patient() -> Retry {
    eager().wait(LONG)
}

/// All endpoints are down, and come back: not one request fails, and none is sent twice.
#[tokio::test]
async fn until_one_is_back() {
    let origins = [(); 3].map(|()| Origin::named("back"));
    let served = one_worker(proxy(&origins.each_ref(), patient()));
    assert_eq!(client::get(served.addr, "/").await.status, 200);
    origins.iter().for_each(Origin::stop);
    let mut clients = Vec::new();
    for number in 0..20 {
        let mut client = RawClient::connect(served.addr).await;
        match number % 2 {
            0 => client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await,
            _ => client.send(POST).await,
        }
        clients.push(client);
    }
    // Nobody else can take them.
    origins[1].restart();
    for client in &mut clients {
        assert_eq!(client.read_response().await.origin(), "back");
    }
    let counts = origins.each_ref().map(Origin::count);
    assert_eq!(counts.iter().sum::<usize>(), 21, "{counts:?}");
    let bodies = origins[1]
        .requests()
        .into_iter()
        .map(|request| request.body);
    assert_eq!(bodies.filter(|body| body == b"hello").count(), 10);
}

/// An upstream without hosts may get one.
#[tokio::test]
async fn until_there_is_one() {
    let upstream = Upstream::builder()
        .may_be_empty()
        .build()
        .expect("an upstream");
    let served = one_worker(dial::proxy(&upstream, forward).retry(patient()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(POST).await;
    let live = Origin::named("live");
    upstream.add_host(&*live.url()).expect("a host");
    assert_eq!(client.read_response().await.origin(), "live");
}

/// When the wait is over the client is told what is wrong, as it is without retries.
#[tokio::test]
async fn but_not_for_ever() {
    let wait = Duration::from_millis(50);
    let ports = [ClosedPort::new(), ClosedPort::new()];
    let hosts = ports.each_ref().map(|port| port.addr().to_string());
    let served = one_worker(dial::proxy(hosts, forward).retry(eager().wait(wait)));
    assert_eq!(client::request(served.addr, POST).await.status, 502);
    let upstream = Upstream::builder()
        .may_be_empty()
        .build()
        .expect("an upstream");
    let served = one_worker(dial::proxy(&upstream, forward).retry(eager().wait(wait)));
    assert_eq!(client::get(served.addr, "/").await.status, 503);
}

/// Without the condition nobody waits.
#[tokio::test]
async fn only_if_it_is_said() {
    let port = ClosedPort::new();
    let hosts = [port.addr().to_string()];
    let retry = patient().on([RetryOn::Reset]);
    let served = one_worker(dial::proxy(hosts, forward).retry(retry));
    assert_eq!(client::get(served.addr, "/").await.status, 502);
}

/// A client that leaves does not go on waiting.
#[tokio::test]
async fn as_long_as_the_client_is_there() {
    let origin = Origin::named("late");
    origin.stop();
    let served = one_worker(proxy(&[&origin], patient()));
    let mut client = RawClient::connect(served.addr).await;
    client.send(POST).await;
    let log = dial_tests::Log::of("dial");
    log.line(&format!("next endpoint after {}", origin.url()))
        .await;
    client.reset();
    // Once the next one is answered, the first one would have been as well.
    origin.restart();
    for _ in 0..3 {
        assert_eq!(client::get(served.addr, "/").await.status, 200);
    }
    eventually(|| {
        origin
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    })
    .await;
}

/// One that was reached before is asked again rather than waited for another.
#[tokio::test]
async fn not_while_one_can_be_reached() {
    let closed = ClosedPort::new();
    let sick = super::origin(503, "sick");
    let hosts = [sick.url(), closed.addr().to_string()];
    let retry = eager().wait(LONG).backoff(Duration::from_millis(1));
    let served = one_worker(dial::proxy(hosts, forward).retry(retry.on([RetryOn::Status503])));
    assert_eq!(client::get(served.addr, "/").await.text(), "sick");
    assert_eq!(sick.count(), 3);
}

/// Who waits hears of a change at once, however long its pauses are.
#[tokio::test]
async fn until_something_changes() {
    let upstream = Upstream::builder().may_be_empty().build();
    let upstream = upstream.expect("an upstream");
    let rarely = patient().backoff(LONG).max_backoff(LONG);
    let live = Origin::named("live");
    let router = Router::new()
        .at("/ping", dial::proxy([live.url()], forward))
        .at("/", dial::proxy(&upstream, forward).retry(rarely));
    let served = Served::server(Server::builder().workers(1), router);
    let mut client = RawClient::connect(served.addr).await;
    client.send(POST).await;
    // The worker takes what came first first.
    client::get(served.addr, "/ping").await;
    upstream.add_host(&*live.url()).expect("a host");
    assert_eq!(client.read_response().await.origin(), "live");
}

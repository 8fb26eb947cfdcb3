//! A pooled connection may end at any time: what was sent over it is sent once more, whatever a route says of retries.

use std::time::Duration;

use dial::{ModifiableRequest, Retry, RetryOn, Upstream};
use dial_tests::{Gate, Origin, RawClient, Script, client};

use super::clock::Clocked;
use super::{eager, one_worker, proxy};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SICK: &str = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nsick";

/// Answers once, takes another request, and ends the connection.
fn once() -> Script {
    Script::new().read_request().write(OK).read_request()
}

fn free(retry: Retry) -> Retry {
    retry.budget(0).min_per_second(1000)
}

#[tokio::test]
async fn it_is_never_refused() {
    for (name, retry) in [
        ("without retries", None),
        ("with some left", Some(free(eager()))),
        (
            "whatever they are on",
            Some(free(eager().on([RetryOn::Connect]))),
        ),
        (
            "without a budget",
            Some(eager().budget(0).min_per_second(0)),
        ),
        ("of one attempt", Some(free(eager().attempts(1)))),
    ] {
        let origin = Origin::raw(once());
        let upstream = Upstream::builder().hosts([origin.url()]).never_eject();
        let upstream = upstream.build().expect("an upstream");
        let forward = |request: ModifiableRequest| request;
        let served = one_worker(dial::proxy(upstream, forward).retry(retry));
        for _ in 0..6 {
            let status = client::request(served.addr, GET).await.status;
            assert_eq!(status, 200, "{name}");
        }
        assert_eq!(origin.connections(), 6, "{name}");
    }
}

#[tokio::test]
async fn it_is_none_of_the_attempts() {
    for (attempts, text) in [(1, "sick"), (2, "ok")] {
        let sick = Script::new().read_request().write(SICK);
        let well = Script::new().read_request().write(OK);
        let origin = Origin::raw_each([once(), sick, well]);
        let served = one_worker(proxy(&[&origin], free(eager().attempts(attempts))));
        assert_eq!(client::request(served.addr, GET).await.text(), "ok");
        assert_eq!(client::request(served.addr, GET).await.text(), text);
        assert_eq!(origin.connections(), 1 + attempts as usize);
    }
}

/// The time of an attempt is that on all of its connections.
#[tokio::test]
async fn it_has_what_is_left_of_the_time() {
    let [ends, answers] = [(); 2].map(|()| Gate::closed());
    let late = Script::new().read_request().wait(&answers).write(OK);
    let origin = Origin::raw_each([once().wait(&ends), late.hang()]);
    let retry = free(eager().on([RetryOn::Reset])).per_try(Duration::from_millis(250));
    let clock = Clocked::new(proxy(&[&origin], retry), Duration::from_millis(75));
    assert_eq!(client::request(clock.served.addr, GET).await.text(), "ok");
    let mut client = RawClient::connect(clock.served.addr).await;
    client.send(GET).await;
    clock.passed().await;
    ends.open();
    origin.connected(2).await;
    clock.passed().await;
    answers.open();
    assert_eq!(client.read_response().await.status, 504);
}

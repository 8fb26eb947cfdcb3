//! What is not hedged, though it takes long: because it may not be sent twice, or not now.

use std::time::Duration;

use dial::{Hedge, Retry};
use dial_tests::{Gate, Origin, RawClient, client, eventually};

use super::clock::Clocked;
use super::{eager, forward, proxy};
use crate::harness::held;

const AFTER: Duration = Duration::from_millis(20);
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn hedged() -> Retry {
    eager().hedge(Hedge::after(AFTER))
}

#[tokio::test]
async fn it_waits_for_its_one_answer() {
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let put =
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let upgrade = GET.replace("\r\n\r\n", "\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    for (name, request, retry) in [
        ("without a hedge", GET, eager()),
        ("a method that may not be repeated", post, hedged()),
        ("a body that is not kept", put, hedged().buffer(4)),
        ("an upgrade", &upgrade, hedged()),
        ("no second attempt", GET, hedged().attempts(1)),
        ("no budget", GET, hedged().budget(0).min_per_second(0)),
    ] {
        let ((slow, gate), live) = (held(), Origin::named("live"));
        let clock = Clocked::new(proxy(&[&slow, &live], retry), AFTER);
        let mut client = RawClient::connect(clock.served.addr).await;
        client.send(request).await;
        slow.requested(1).await;
        clock.passed().await;
        gate.open();
        assert_eq!(client.read_response().await.text(), "late", "{name}");
        assert_eq!((slow.count(), live.connections()), (1, 0), "{name}");
    }
}

/// No endpoint is asked twice for it, and the place of a full-URL rewrite is the only one.
#[tokio::test]
async fn without_another_endpoint() {
    for rewritten in [false, true] {
        let ((slow, gate), live) = (held(), Origin::named("live"));
        let url = format!("{}/there", slow.url());
        let proxied = match rewritten {
            false => proxy(&[&slow], hedged()),
            true => dial::proxy(
                [live.url()],
                move |request: &mut dial::ModifiableRequest| {
                    request.rewrite_uri(&url);
                },
            )
            .retry(hedged()),
        };
        let clock = Clocked::new(proxied, AFTER);
        let mut client = RawClient::connect(clock.served.addr).await;
        client.send(GET).await;
        slow.requested(1).await;
        clock.passed().await;
        gate.open();
        assert_eq!(client.read_response().await.text(), "late");
        assert_eq!((slow.connections(), live.connections()), (1, 0));
    }
}

/// While the client is awaited nobody is late. Then the whole body goes to both.
#[tokio::test]
async fn while_the_body_is_awaited() {
    for (begun, rest) in [
        ("Content-Length: 6\r\n\r\nabc", "def"),
        (
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "3\r\ndef\r\n0\r\n\r\n",
        ),
    ] {
        let ((slow, _gate), live) = (held(), Origin::named("live"));
        let clock = Clocked::new(proxy(&[&slow, &live], hedged()), AFTER);
        let mut client = RawClient::connect(clock.served.addr).await;
        client
            .send(format!("PUT / HTTP/1.1\r\nHost: a\r\n{begun}"))
            .await;
        slow.requested(1).await;
        clock.passed().await;
        assert_eq!(live.connections(), 0);
        client.send(rest).await;
        assert_eq!(client.read_response().await.origin(), "live");
        assert_eq!(live.requests()[0].body, b"abcdef");
    }
}

/// All endpoints are slow: they get a fifth more than without hedges, and every request is answered.
#[tokio::test]
async fn a_brown_out_is_not_amplified() {
    const QUICK: usize = 200;
    const SLOW: usize = 100;
    let gate = Gate::opened();
    let origins = [(); 2].map(|()| {
        let shared = gate.clone();
        Origin::http(move |_| {
            let gate = shared.clone();
            async move {
                gate.passed().await;
                http::Response::new(http_body_util::Full::new(dial::Bytes::from("ok")))
            }
        })
    });
    let sent = || origins.iter().map(Origin::count).sum::<usize>();
    let retry = hedged().attempts(16).budget(20).min_per_second(0);
    let hosts = origins.each_ref().map(Origin::url);
    let clock = Clocked::new(dial::proxy(hosts, forward).retry(retry), AFTER);
    for _ in 0..QUICK {
        assert_eq!(client::get(clock.served.addr, "/").await.text(), "ok");
    }
    gate.close();
    let before = sent();
    let mut clients = Vec::new();
    for _ in 0..SLOW {
        let mut client = RawClient::connect(clock.served.addr).await;
        client.send(GET).await;
        clients.push(client);
    }
    eventually(|| sent() > before + SLOW).await;
    clock.passed().await;
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.text(), "ok");
    }
    let most = (QUICK + SLOW) * 120 / 100;
    assert!(sent() <= most, "{} of {most}", sent());
}

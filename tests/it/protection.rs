//! Upstreams that are not asked for more than they can do.

mod attempts;

use std::net::SocketAddr;
use std::time::Duration;

use dial::{Breaker, Limits, ModifiableRequest, Retry, RetryOn, Upstream};
use dial_tests::wait::DEADLINE;
use dial_tests::{Answer, BulkOrigin, Gate, Origin, RawClient, Script, client, eventually, within};

use crate::harness::{Both, Served, held};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn limited(origins: &[&Origin], limits: Limits) -> Upstream {
    let hosts: Vec<_> = origins.iter().map(|origin| origin.url()).collect();
    let upstream = Upstream::builder().hosts(hosts).limits(limits).build();
    upstream.expect("an upstream")
}

async fn asking(addr: SocketAddr) -> RawClient {
    let mut client = RawClient::connect(addr).await;
    client.send(GET).await;
    client
}

/// In one queue for all workers, and for both homes.
#[tokio::test]
async fn the_others_wait_until_there_is_room() {
    let (origins, gates): (Vec<_>, Vec<_>) = (0..2).map(|_| held()).unzip();
    let all: Vec<_> = origins.iter().collect();
    let upstream = limited(&all, Limits::new().requests_per_host(2));
    let both = Both::proxy(dial::proxy(&upstream, forward)).await;
    let mut clients = Vec::new();
    for (number, (_, addr)) in both.homes().into_iter().cycle().take(12).enumerate() {
        clients.push(asking(addr).await);
        let (sent, queued) = ((number + 1).min(4), (number + 1).saturating_sub(4));
        eventually(|| origins.iter().map(Origin::count).sum::<usize>() == sent).await;
        eventually(|| upstream.queued() == queued).await;
    }
    assert_eq!([origins[0].count(), origins[1].count()], [2, 2]);
    gates.iter().for_each(Gate::open);
    for client in &mut clients {
        assert_eq!(client.read_response().await.text(), "late");
    }
    assert_eq!(upstream.queued(), 0);
    eventually(|| upstream.status().iter().all(|host| host.in_flight == 0)).await;
}

#[tokio::test]
async fn what_finds_no_room_is_told_when_to_come_back() {
    let (origin, gate) = held();
    let limits = Limits::new().requests(1).queue(1);
    let upstream = limited(&[&origin], limits.queue_timeout(Duration::from_mins(1)));
    let both = Both::proxy(dial::proxy(&upstream, forward).proxy_status(true)).await;
    for (home, addr) in both.homes() {
        gate.close();
        let mut first = asking(addr).await;
        let before = origin.count();
        eventually(|| upstream.status()[0].in_flight == 1).await;
        let mut second = asking(addr).await;
        eventually(|| upstream.queued() == 1).await;
        let refused = client::get(addr, "/").await;
        assert_eq!(refused.status, 503, "{home}");
        assert_eq!(refused.headers.get("retry-after"), Some("60"), "{home}");
        let status = refused.headers.get("proxy-status").expect("a status");
        assert!(
            status.ends_with("error=connection_limit_reached"),
            "{status}"
        );
        assert!(origin.count() <= before + 1, "{home}");
        gate.open();
        assert_eq!(first.read_response().await.text(), "late", "{home}");
        assert_eq!(second.read_response().await.text(), "late", "{home}");
        eventually(|| upstream.status()[0].in_flight == 0).await;
    }
}

#[tokio::test]
async fn who_waits_too_long_is_refused_and_never_sent() {
    let (origin, gate) = held();
    let limits = Limits::new().requests(1);
    let upstream = limited(&[&origin], limits.queue_timeout(Duration::from_millis(50)));
    let served = Served::proxy(dial::proxy(&upstream, forward));
    let mut first = asking(served.addr).await;
    origin.requested(1).await;
    let refused = client::get(served.addr, "/").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers.get("retry-after"), Some("1"));
    gate.open();
    assert_eq!(first.read_response().await.text(), "late");
    assert_eq!(origin.count(), 1);
}

/// What is in hand is better than a wait for what may be no better.
#[tokio::test]
async fn a_retry_after_a_response_does_not_wait_for_room() {
    let (full, gate) = held();
    let sick = Origin::answering(|_| Answer::new(503).body("sick"));
    let limits = Limits::new().requests_per_host(1);
    let upstream = limited(
        &[&full, &sick],
        limits.queue_timeout(Duration::from_hours(1)),
    );
    let retry = Retry::default().attempts(2);
    let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry));
    let mut first = asking(served.addr).await;
    full.requested(1).await;
    assert_eq!(client::get(served.addr, "/").await.text(), "sick");
    assert_eq!(sick.count(), 2, "it has room, and nobody else has");
    gate.open();
    assert_eq!(first.read_response().await.text(), "late");
}

#[tokio::test]
async fn a_client_that_leaves_makes_room_wherever_it_was() {
    let (origin, gate) = held();
    let upstream = limited(&[&origin], Limits::new().requests(1));
    let both = Both::proxy(dial::proxy(&upstream, forward)).await;
    for (_, addr) in both.homes() {
        gate.close();
        let under_way = asking(addr).await;
        eventually(|| upstream.status()[0].in_flight == 1).await;
        let waiting = asking(addr).await;
        eventually(|| upstream.queued() == 1).await;
        let mut last = asking(addr).await;
        eventually(|| upstream.queued() == 2).await;
        drop(waiting);
        eventually(|| upstream.queued() == 1).await;
        drop(under_way);
        eventually(|| upstream.queued() == 0).await;
        gate.open();
        assert_eq!(last.read_response().await.text(), "late");
        eventually(|| upstream.status()[0].in_flight == 0).await;
    }
}

/// It is under way until its last byte was passed on.
#[tokio::test]
async fn a_response_that_is_not_read_keeps_its_room() {
    let length = 64 << 20;
    let origin = BulkOrigin::flood(length);
    let upstream = limited(&[&origin], Limits::new().requests(1));
    let served = Served::proxy(dial::proxy(&upstream, forward));
    let mut slow = asking(served.addr).await;
    let head = slow.read_head().await;
    let mut next = asking(served.addr).await;
    eventually(|| upstream.queued() == 1).await;
    assert_eq!(slow.read_bulk(&head).await, length);
    assert_eq!(next.read_head().await.status, 200);
}

#[tokio::test]
async fn a_tunnel_keeps_its_room_until_it_ends() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let origin = Origin::raw(Script::new().read_head().write(switch).hang());
    let limits = Limits::new().requests_per_host(1).connections_per_host(1);
    let upstream = limited(&[&origin], limits.queue(0));
    let both = Both::proxy(dial::proxy(&upstream, forward)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        let ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
        client.send(ask).await;
        client.read_until("\r\n\r\n").await;
        let status = upstream.status().remove(0);
        assert_eq!((status.in_flight, status.connections), (1, 1), "{home}");
        assert_eq!(client::get(addr, "/").await.status, 503, "{home}");
        drop(client);
        eventually(|| upstream.status()[0].in_flight == 0).await;
        eventually(|| upstream.status()[0].connections == 0).await;
    }
}

/// One connection for two homes with two workers each: an idle one of somebody else is closed to make room.
#[tokio::test]
async fn connections_are_limited_wherever_they_idle() {
    let origin = Origin::named("a");
    let upstream = limited(&[&origin], Limits::new().connections_per_host(1));
    let both = Both::proxy(dial::proxy(&upstream, forward)).await;
    for (home, addr) in both.homes().into_iter().cycle().take(40) {
        let response = client::get(addr, "/").await;
        assert_eq!(response.origin(), "a", "{home}");
        assert!(upstream.status()[0].connections <= 1, "{home}");
    }
    // The homes have taken it from each other.
    assert!(origin.connections() > 1);
    eventually(|| origin.open_connections() <= 1).await;
}

/// Many at once, over few connections.
#[tokio::test]
async fn connections_are_limited_under_load() {
    let origins = ["a", "b"].map(Origin::named);
    let limits = Limits::new().connections_per_host(2);
    let upstream = limited(&origins.each_ref(), limits);
    let both = Both::proxy(dial::proxy(&upstream, forward)).await;
    let tasks: Vec<_> = (both.homes().into_iter().cycle().take(32))
        .map(|(_, addr)| {
            let upstream = upstream.clone();
            tokio::spawn(async move {
                let mut client = RawClient::connect(addr).await;
                for _ in 0..20 {
                    client.send(GET).await;
                    assert_eq!(client.read_response().await.status, 200);
                    let open = upstream.status().into_iter().map(|host| host.connections);
                    assert!(open.max() <= Some(2));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("all answered");
    }
    assert_eq!(origins.iter().map(Origin::count).sum::<usize>(), 640);
    let idle = |host: dial::HostStatus| host.in_flight == 0 && host.connections <= 2;
    eventually(|| upstream.status().into_iter().all(idle)).await;
}

fn breaking(origin: &Origin, open: Duration) -> Upstream {
    let breaker = Breaker::new().min_requests(4).trials(2).open(open);
    let builder = Upstream::builder().hosts([origin.url()]).never_eject();
    builder.breaker(breaker).build().expect("an upstream")
}

#[tokio::test]
async fn an_open_circuit_lets_nothing_through() {
    let origin = Origin::answering(|_| Answer::new(503));
    let upstream = breaking(&origin, Duration::from_mins(1));
    let both = Both::proxy(dial::proxy(&upstream, forward).proxy_status(true)).await;
    let [(_, first), (_, second)] = both.homes();
    for addr in [first, second, first, second] {
        assert!(!upstream.is_circuit_open());
        let response = client::get(addr, "/").await;
        assert_eq!(
            (response.status, response.headers.get("retry-after")),
            (503, None)
        );
    }
    for addr in [first, second] {
        let refused = client::get(addr, "/").await;
        assert_eq!(refused.status, 503);
        let wait = refused.headers.get("retry-after").expect("a time");
        let wait: u32 = wait.parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert!(upstream.is_circuit_open());
    assert_eq!(origin.count(), 4);
}

#[tokio::test]
async fn a_circuit_closes_when_trials_succeed() {
    let gate = Gate::closed();
    let healed = gate.clone();
    let origin = Origin::http(move |_| {
        let healed = healed.is_open();
        async move {
            let status = if healed { 200 } else { 502 };
            let response = http::Response::builder().status(status);
            response
                .body(http_body_util::Empty::<dial::Bytes>::new())
                .expect("a response")
        }
    });
    let upstream = breaking(&origin, Duration::from_millis(50));
    let served = Served::proxy(dial::proxy(&upstream, forward));
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/").await.status, 502);
    }
    // A trial fails now and then, and it stays open.
    let trials = async {
        while origin.count() < 7 {
            client::get(served.addr, "/").await;
            assert!(upstream.is_circuit_open());
        }
    };
    within(DEADLINE, trials).await;
    gate.open();
    let closed = async {
        while upstream.is_circuit_open() {
            client::get(served.addr, "/").await;
        }
    };
    within(DEADLINE, closed).await;
    assert_eq!(client::get(served.addr, "/").await.status, 200);
}

/// A request has no room but the one it uses: it finds some for its next attempt.
#[tokio::test]
async fn a_retry_does_not_wait_for_itself() {
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    // The next attempt may come over the same connection, unless that is to be closed.
    let bad = |head: &str| {
        let body = "5\r\nhello\r\n0\r\n\r\n";
        let head = format!("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n{head}\r\n");
        let script = Script::new().read_head().write(format!("{head}{body}"));
        script.read_head().write(good).hang()
    };
    let (all, each) = (
        Limits::new().requests(1),
        Limits::new().requests_per_host(1),
    );
    let connections = Limits::new().connections_per_host(1);
    for (name, first, limits) in [
        (
            "reset, in all",
            Script::new().read_head().reset(),
            all.clone(),
        ),
        (
            "reset, at a host",
            Script::new().read_head().reset(),
            each.clone(),
        ),
        ("503, in all", bad(""), all),
        ("503, at a host", bad(""), each),
        (
            "503, over its connection",
            bad("Connection: close\r\n"),
            connections,
        ),
    ] {
        let origin = Origin::raw_each([first, Script::new().read_head().write(good).hang()]);
        let limits = limits.queue_timeout(Duration::from_mins(1));
        let builder = Upstream::builder().hosts([origin.url()]).never_eject();
        let upstream = builder.limits(limits).build().expect("an upstream");
        let retry = Retry::default().on([RetryOn::Reset, RetryOn::Status503]);
        let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry));
        assert_eq!(client::get(served.addr, "/").await.text(), "ok", "{name}");
    }
}

/// While it waits before its next attempt, others get through.
#[tokio::test]
async fn a_pause_takes_no_room() {
    let origin = Origin::answering(|_| Answer::new(503));
    let upstream = limited(&[&origin], Limits::new().requests(1));
    let long = Duration::from_mins(1);
    let retry = Retry::default().on([RetryOn::Status503]).backoff(long);
    let served = Served::proxy(dial::proxy(&upstream, forward).retry(retry.max_backoff(long)));
    let paused = asking(served.addr).await;
    origin.requested(1).await;
    eventually(|| upstream.status()[0].in_flight == 0).await;
    let also_paused = asking(served.addr).await;
    origin.requested(2).await;
    drop((paused, also_paused));
}

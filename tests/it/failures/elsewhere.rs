//! A request that is known to be unsent goes to the next endpoint, whatever its method and without being buffered; one
//! that may have been sent goes nowhere else (RFC 9110 §9.2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use dial::{ProxyService, Router};
use dial_tests::{Answer, ClosedPort, Gate, Log, Origin, RawClient, Script, client};

use super::{Names, SOON, forward, one_worker, timeouts};
use crate::harness::{Both, Served};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request of every kind, and the body its origin has to see.
const REQUESTS: [(&str, &str, &str); 7] = [
    ("GET", "", ""),
    ("HEAD", "", ""),
    ("DELETE", "", ""),
    ("POST", "Content-Length: 5\r\n\r\nhello", "hello"),
    ("PUT", "Content-Length: 5\r\n\r\nhello", "hello"),
    (
        "PATCH",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "hello",
    ),
    (
        "POST",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "hello",
    ),
];

fn raw(method: &str, rest: &str) -> String {
    let rest = if rest.is_empty() { "\r\n" } else { rest };
    format!("{method} /x HTTP/1.1\r\nHost: a\r\n{rest}")
}

fn single(proxy: ProxyService) -> Served {
    one_worker(Router::new().at("/{*path}", proxy))
}

/// Every request reaches `live`, which is one of two hosts in turn, exactly once.
async fn all_reach(live: &Origin, addr: SocketAddr, what: &str) {
    let before = live.count();
    for _ in 0..2 {
        for (method, rest, _) in REQUESTS {
            let response = client::request(addr, raw(method, rest)).await;
            assert_eq!(response.status, 200, "{what}: {method}");
        }
    }
    let seen = live.requests().split_off(before);
    let seen: Vec<_> = seen
        .iter()
        .map(|request| (request.method.as_str(), std::str::from_utf8(&request.body)))
        .collect();
    let sent: Vec<_> = REQUESTS
        .map(|(method, _, body)| (method, Ok(body)))
        .repeat(2);
    assert_eq!(seen, sent, "{what}");
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_skipped() {
    let (closed, live) = (ClosedPort::new(), Origin::named("live"));
    let hosts = [
        vec![closed.addr().to_string(), live.url()],
        vec![live.url(), closed.addr().to_string()],
    ];
    for hosts in hosts {
        let both = Both::proxy(dial::proxy(hosts, forward)).await;
        for (home, addr) in both.homes() {
            all_reach(&live, addr, home).await;
        }
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_skipped() {
    for names in [Names::Unknown, Names::Known(Vec::new()), Names::Silent] {
        let live = Origin::named("live");
        let what = format!("{names:?}");
        let proxy = dial::proxy(["backend.test".to_owned(), live.url()], forward);
        let timeouts = timeouts(|t| t.connect = SOON);
        let router = Router::new().resolver(names);
        let served = Served::router(router.at("/{*path}", proxy.timeouts(timeouts)));
        all_reach(&live, served.addr, &what).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_endpoint_that_cannot_be_connected_to_in_time_is_skipped() {
    let (silent, live) = (dial_tests::SilentPort::new().await, Origin::named("live"));
    let proxy = dial::proxy([silent.addr().to_string(), live.url()], forward);
    let both = Both::proxy(proxy.timeouts(timeouts(|t| t.connect = SOON))).await;
    for (home, addr) in both.homes() {
        all_reach(&live, addr, home).await;
    }
}

/// The part of the body that is there has arrived before the rest is sent: it was not collected for the second try.
#[tokio::test]
async fn a_body_streams_to_the_second_endpoint() {
    let (closed, also_closed) = (ClosedPort::new(), ClosedPort::new());
    let script = Script::new()
        .read_until("hel")
        .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        .read_until("lo")
        .write("ok");
    let live = Origin::raw(script);
    let hosts = [
        closed.addr().to_string(),
        also_closed.addr().to_string(),
        live.url(),
    ];
    let both = Both::proxy(dial::proxy(hosts, forward)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        client
            .send(raw("POST", "Content-Length: 5\r\n\r\nhel"))
            .await;
        let head = client.read_head().await;
        assert_eq!(head.status, 200, "{home}");
        client.send("lo").await;
        assert_eq!(client.read_exact(2).await, b"ok", "{home}");
    }
}

#[tokio::test]
async fn when_all_refuse_each_was_tried_once() {
    let ports = [ClosedPort::new(), ClosedPort::new(), ClosedPort::new()];
    let hosts = ports.each_ref().map(|port| port.addr().to_string());
    let served = Served::proxy(dial::proxy(hosts.clone(), forward).name("all-refuse"));
    let log = Log::of("dial");
    for (method, rest, _) in REQUESTS {
        let response = client::request(served.addr, raw(method, rest)).await;
        assert_eq!(response.status, 502, "{method}");
    }
    for host in hosts {
        let tries = log.lines(&format!("next endpoint after http://{host}:"));
        assert_eq!(tries.len(), REQUESTS.len(), "{host}");
    }
    let told = log.lines("route=\"all-refuse\" kind=Connect sent=No");
    assert_eq!(told.len(), REQUESTS.len());
}

/// A keep-alive connection that its origin closed, in order or by a reset, before the next request came.
#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    for reset in [false, true] {
        let gates = REQUESTS.map(|_| Gate::closed());
        let origin = Origin::raw_each(gates.iter().map(|gate| {
            let script = Script::new().read_request().write(OK).wait(gate);
            if reset { script.reset() } else { script }
        }));
        let served = single(dial::proxy([origin.url()], forward));
        for (number, (method, rest, body)) in REQUESTS.into_iter().enumerate() {
            let mut client = RawClient::connect(served.addr).await;
            client.send(raw(method, rest)).await;
            let response = client.read_response_to(method).await;
            assert_eq!(response.status, 200, "{number}: {method}, reset: {reset}");
            let received = String::from_utf8(origin.received(number).await).expect("text");
            let (_, received) = received.split_once("\r\n\r\n").expect("a head");
            let whole = body.is_empty() || received.contains(body) || received.contains("3\r\nllo");
            assert!(whole, "{number}: {method}: {received}");
            gates[number].open();
            origin.closed(number).await;
        }
        assert_eq!(origin.connections(), REQUESTS.len(), "reset: {reset}");
    }
}

/// Not only the last one used: everything that lay idle is dead, as after a restart of the origin.
#[tokio::test]
async fn all_idle_connections_may_have_died() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
    for (home, addr) in both.homes() {
        let mut clients = Vec::new();
        for _ in 0..8 {
            clients.push(RawClient::connect(addr).await);
        }
        for (method, rest, _) in REQUESTS {
            // All at once, so that several connections are needed and left.
            for client in &mut clients {
                client.send(raw(method, rest)).await;
            }
            for client in &mut clients {
                let response = client.read_response_to(method).await;
                assert_eq!(response.status, 200, "{home}: {method}");
            }
            origin.stop();
            origin.restart();
        }
    }
}

/// What an origin does with a request it has begun to read, and the request's seen part.
#[tokio::test]
async fn a_request_that_may_have_been_sent_is_not_repeated() {
    let read = Script::new().read_request();
    let early = Script::new().read_until("he");
    let cases = [
        ("read whole, then closed", read.clone()),
        ("read whole, then reset", read.clone().reset()),
        (
            "answered in part, then closed",
            read.write("HTTP/1.1 200 OK\r\n"),
        ),
        ("closed within the upload", early.clone()),
        ("reset within the upload", early.reset()),
    ];
    for (name, script) in cases {
        let origins = [Origin::raw(script.clone()), Origin::raw(script)];
        let proxy = dial::proxy(origins.each_ref().map(Origin::url), forward);
        let both = Both::proxy(proxy.name("maybe-sent")).await;
        let posts = REQUESTS.into_iter().filter(|(.., body)| !body.is_empty());
        for (home, addr) in both.homes() {
            for (method, rest, _) in posts.clone() {
                let log = Log::of("dial");
                let before = origins.each_ref().map(Origin::connections);
                let response = client::request(addr, raw(method, rest)).await;
                assert_eq!(response.status, 502, "{name}, {home}");
                let after = origins.each_ref().map(Origin::connections);
                let sent: usize = after.iter().sum::<usize>() - before.iter().sum::<usize>();
                assert_eq!(sent, 1, "{name}, {home}: {method} was sent {sent} times");
                let line = log.line("route=\"maybe-sent\" kind=").await;
                assert!(line.contains("sent=Maybe"), "{name}, {home}: {line}");
            }
        }
    }
}

/// The same on a connection that has served before: only a connection that died before is replaced.
#[tokio::test]
async fn nor_is_one_on_a_reused_connection() {
    let origin = Origin::answering(|request| match request.target.as_str() {
        "/warm" => Answer::ok("ok"),
        _ => Answer::raw("").close(),
    });
    let served = single(dial::proxy([origin.url()], forward));
    for number in 0..5 {
        assert_eq!(client::get(served.addr, "/warm").await.status, 200);
        let (method, rest, _) = REQUESTS[3];
        let response = client::request(served.addr, raw(method, rest)).await;
        assert_eq!(response.status, 502);
        assert_eq!(origin.count(), 2 * (number + 1));
        assert_eq!(
            origin.connections(),
            number + 1,
            "the warm connection was used"
        );
    }
}

#[tokio::test]
async fn a_name_with_several_addresses_is_tried_at_each() {
    let origin = Origin::named("1");
    let refusing = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let names = Names::Known(vec![refusing, Ipv4Addr::LOCALHOST.into()]);
    let host = format!("backend.test:{}", origin.port());
    let router = Router::new().resolver(names);
    let served = Served::router(router.at("/{*path}", dial::proxy([host], forward)));
    let log = Log::of("dial");
    for (method, rest, _) in REQUESTS {
        let response = client::request(served.addr, raw(method, rest)).await;
        assert_eq!(response.status, 200, "{method}");
    }
    assert_eq!(origin.count(), REQUESTS.len());
    let port = origin.port();
    let line = log
        .line(&format!("backend.test:{port}: cannot connect to ::1"))
        .await;
    assert!(line.contains("DEBUG "), "{line}");
}

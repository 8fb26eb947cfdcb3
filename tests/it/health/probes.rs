//! What a probe is, and who is probed when.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use dial::{HealthCheck, Method, ProxyProtocol, Resolve, Router, Upstream, UpstreamTls};
use dial_tests::{Answer, ClosedPort, Log, Origin, Script, TlsOrigin, client, eventually};

use super::{
    FAILS, NEVER, OFTEN, PATH, asked, failure, flipped, flips, often, once, probed, service,
    upstream,
};
use crate::harness::{Served, held};

/// Every name leads to the loopback.
#[derive(Debug)]
struct Loopback;

impl Resolve for Loopback {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

fn built(host: String, check: HealthCheck) -> Upstream {
    let upstream = Upstream::builder().hosts([host]).health(check).build();
    upstream.expect("an upstream")
}

/// Nobody has asked for anything yet.
#[tokio::test]
async fn all_are_probed_before_the_first_request() {
    let log = Log::of("dial::upstream");
    let origins = [Origin::named("1"), Origin::named("2")];
    let down = ClosedPort::new();
    let upstream = upstream(&origins, once());
    upstream.add_host(down.addr().to_string()).expect("a host");
    let served = Served::proxy(service(&upstream));
    for origin in &origins {
        let probe = origin.requested(1).await.remove(0);
        assert_eq!((&*probe.method, &*probe.target), ("GET", PATH));
        assert_eq!(probe.headers.all("host"), [origin.addr().to_string()]);
        assert_eq!(probe.headers.get("user-agent"), Some("dial-health-check"));
        assert_eq!(probe.headers.get("via"), None);
        // It leaves no connection behind.
        origin.closed(0).await;
    }
    // Its very first probe is enough.
    flipped(&log, down.addr(), FAILS, 1).await;
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/x").await.status, 200);
    }
    assert_eq!(origins.each_ref().map(asked), [2, 2]);
}

#[tokio::test]
async fn a_probe_asks_what_it_was_told_to() {
    let log = Log::of("dial::upstream");
    let origin = Origin::answering(|_| Answer::new(418));
    let check = once().method(Method::HEAD).host_header("shop.test:81");
    let upstream = upstream([&origin], check.statuses([418]).interval(OFTEN));
    let _served = Served::proxy(service(&upstream));
    // When one begins, the last one has been judged.
    let probe = origin.requested(2).await.remove(0);
    assert_eq!(probe.method, "HEAD");
    assert_eq!(probe.headers.all("host"), ["shop.test:81"]);
    assert_eq!(flips(&log, origin.addr(), FAILS), 0);
}

#[tokio::test]
async fn a_port_of_its_own_decides() {
    let log = Log::of("dial::upstream");
    let origin = Origin::named("1");
    let other = Origin::answering(|_| Answer::new(503));
    let upstream = upstream([&origin], once().port(other.port()));
    let _served = Served::proxy(service(&upstream));
    flipped(&log, origin.addr(), FAILS, 1).await;
    assert_eq!(failure(&upstream, 0), "the status is 503");
    let probe = other.requested(1).await.remove(0);
    assert_eq!(probe.headers.all("host"), [other.addr().to_string()]);
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn a_connection_is_enough_for_tcp() {
    let log = Log::of("dial::upstream");
    // It says nothing, ever.
    let origin = Origin::raw(Script::new().hang());
    let down = ClosedPort::new();
    let upstream = upstream([&origin], HealthCheck::tcp().interval(OFTEN));
    upstream.add_host(down.addr().to_string()).expect("a host");
    let _served = Served::proxy(service(&upstream));
    origin.closed(0).await;
    assert_eq!(origin.received(0).await, b"");
    flipped(&log, down.addr(), FAILS, 1).await;
    origin.connected(2).await;
    assert_eq!(flips(&log, origin.addr(), FAILS), 0);
}

#[tokio::test]
async fn a_probe_names_no_client() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let origin = Origin::raw(Script::new().read_until("\r\n\r\n").write(answer));
    let check = once().proxy_protocol(ProxyProtocol::V1);
    let upstream = upstream([&origin], check);
    let _served = Served::proxy(service(&upstream));
    let sent = origin.received(0).await;
    let sent = String::from_utf8_lossy(&sent);
    let begin = format!("PROXY UNKNOWN\r\nGET {PATH} HTTP/1.1\r\n");
    assert!(sent.starts_with(&begin), "{sent}");
}

/// With the settings of the router: its resolver, and whom it trusts.
#[tokio::test]
async fn https_hosts_are_probed_over_tls() {
    let origin = TlsOrigin::named("1", &["backend.test"]);
    let host = |name| format!("https://{name}:{}", origin.port());
    let tls = UpstreamTls::with_ca(origin.ca_pem().as_bytes()).expect("a CA");
    let upstream = built(host("backend.test"), once().interval(OFTEN));
    let other = built(host("other.test"), HealthCheck::tcp().interval(NEVER));
    let router = Router::new()
        .at("/a", service(&upstream))
        .at("/b", service(&other));
    let _served = Served::router(router.resolver(Loopback).upstream_tls(tls));
    let probe = origin.requested(2).await.remove(0);
    assert_eq!(probe.sni.as_deref(), Some("backend.test"));
    assert_eq!(probe.target, PATH);
    assert!(upstream.status()[0].healthy);
    // The handshake is a part of the connection.
    eventually(|| !other.status()[0].healthy).await;
    assert!(failure(&other, 0).contains("TLS"), "{}", failure(&other, 0));
}

#[tokio::test]
async fn a_newcomer_is_probed_at_once() {
    let log = Log::of("dial::upstream");
    let origins = [Origin::named("1"), Origin::named("2")];
    let down = ClosedPort::new();
    let upstream = upstream(&origins[..1], once());
    let _served = Served::proxy(service(&upstream));
    origins[0].requested(1).await;
    upstream.add_host(origins[1].url()).expect("a host");
    origins[1].requested(1).await;
    upstream.add_host(down.addr().to_string()).expect("a host");
    flipped(&log, down.addr(), FAILS, 1).await;
    assert_eq!(origins.each_ref().map(probed), [1, 1]);
}

#[tokio::test]
async fn who_has_left_is_probed_no_more() {
    let origins = [Origin::named("1"), Origin::named("2")];
    let upstream = upstream(&origins, often().contains("GET"));
    let _served = Served::proxy(service(&upstream));
    for origin in &origins {
        origin.requested(3).await;
    }
    upstream.remove_host(&origins[1].url()).expect("a host");
    // The one that stays has many intervals more.
    let before = origins.each_ref().map(Origin::count);
    origins[0].requested(before[0] + 10).await;
    let more = origins[1].count() - before[1];
    assert!(more <= 1, "{more} more, and one may have been under way");
}

/// Names enough for more probes than are under way at a time.
#[tokio::test]
async fn not_all_of_many_are_probed_together() {
    const HOSTS: usize = 300;
    const PARALLEL: usize = 128;
    let (origin, gate) = held();
    let hosts = (0..HOSTS).map(|number| format!("host{number}.test:{}", origin.port()));
    let hosts: Vec<_> = hosts.collect();
    let check = once().timeout(NEVER);
    let upstream = Upstream::builder().hosts(hosts).health(check).build();
    let upstream = upstream.expect("an upstream");
    let router = Router::new().at("/{*path}", service(&upstream));
    let _served = Served::router(router.resolver(Loopback));
    origin.requested(PARALLEL).await;
    assert_eq!(origin.connections(), PARALLEL);
    gate.open();
    origin.requested(HOSTS).await;
}

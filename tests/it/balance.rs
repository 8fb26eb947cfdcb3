//! Whose turn it is: exact in the order of the list, over all workers, and while the list changes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use dial::{ModifiableRequest, Router, Server, ServerBuilder, Upstream};
use dial_tests::{Origin, RawClient, client, eventually};

use crate::crowd::crowd;
use crate::harness::Served;

const CLIENTS: usize = 64;
const WORKERS: usize = 4;
const REQUESTS: usize = 10_000;
/// How many hosts come, and go, under load.
const COMINGS: usize = 10;

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn server() -> ServerBuilder {
    Server::builder().workers(WORKERS)
}

fn serve(server: ServerBuilder, upstream: &Upstream) -> Served {
    let proxy = dial::proxy(upstream, forward);
    Served::server(server, Router::new().at("/{*path}", proxy))
}

fn origins<const N: usize>() -> [Origin; N] {
    std::array::from_fn(|number| Origin::named(&number.to_string()))
}

fn upstream(origins: &[Origin]) -> Upstream {
    Upstream::new(origins.iter().map(Origin::url).collect::<Vec<_>>()).expect("hosts")
}

/// Asks for `/TAG`, and expects an answer.
async fn ask(client: &mut RawClient, tag: usize) {
    client
        .send(format!("GET /{tag} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .await;
    let response = client.read_response().await;
    assert_eq!(
        response.status, 200,
        "request {tag}: {:?}",
        response.headers
    );
}

/// Panics unless `counts` of `total` requests differ by no more than one.
#[track_caller]
fn assert_shared(counts: &[usize], total: usize, when: &str) {
    assert_eq!(counts.iter().sum::<usize>(), total, "{when}: {counts:?}");
    let (least, most) = (counts.iter().min(), counts.iter().max());
    let (least, most) = (least.expect("a host"), most.expect("a host"));
    assert!(most - least <= 1, "{when}: {counts:?}");
}

#[tokio::test]
async fn one_after_the_other_in_the_order_of_the_list() {
    let origins = origins::<3>();
    let served = serve(server(), &upstream(&origins));
    for round in 0..10 {
        for origin in ["0", "1", "2"] {
            // Each over a connection of its own, on whichever worker.
            let response = client::get(served.addr, "/").await;
            assert_eq!(response.origin(), origin, "round {round}");
        }
    }
}

async fn exact(builder: ServerBuilder) {
    let origins = origins::<3>();
    let served = serve(builder, &upstream(&origins));
    crowd(served.addr, CLIENTS, 0..REQUESTS, ask).await;
    assert_shared(
        &origins.each_ref().map(Origin::count),
        REQUESTS,
        "at the end",
    );
}

#[tokio::test]
async fn every_host_gets_its_share_of_ten_thousand() {
    exact(server().reuse_port(true)).await;
}

#[tokio::test]
async fn and_so_when_one_thread_accepts_for_all() {
    exact(server().reuse_port(false)).await;
}

/// Two routes with one upstream share its rotation.
#[tokio::test]
async fn routes_that_share_an_upstream_share_its_rotation() {
    let origins = origins::<2>();
    let upstream = upstream(&origins);
    let router = Router::new()
        .at("/a", dial::proxy(&upstream, forward))
        .at("/b", dial::proxy(&upstream, forward));
    let served = Served::server(server(), router);
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/a").await.origin(), "0");
        assert_eq!(client::get(served.addr, "/b").await.origin(), "1");
    }
}

/// A change of the hosts, made of the URLs of all there are; says whether anything changed.
type Change = fn(&Upstream, &[String; 4]) -> dial::Result<bool>;

/// Each change, and who shares the requests after it.
const CHANGES: [(&str, Change, bool, &[usize]); 8] = [
    ("nothing", |_, _| Ok(false), false, &[0, 1]),
    (
        "one added",
        |it, urls| it.add_host(&urls[2]),
        true,
        &[0, 1, 2],
    ),
    (
        "added again",
        |it, urls| it.add_host(&urls[2]),
        false,
        &[0, 1, 2],
    ),
    (
        "one removed",
        |it, urls| it.remove_host(&urls[0]),
        true,
        &[1, 2],
    ),
    (
        "removed again",
        |it, urls| it.remove_host(&urls[0]),
        false,
        &[1, 2],
    ),
    (
        "replaced",
        |it, urls| set(it, urls, &[3, 1, 0]),
        true,
        &[0, 1, 3],
    ),
    (
        "all",
        |it, urls| set(it, urls, &[0, 1, 2, 3]),
        true,
        &[0, 1, 2, 3],
    ),
    ("one left", |it, urls| set(it, urls, &[1]), true, &[1]),
];

fn set(upstream: &Upstream, urls: &[String; 4], hosts: &[usize]) -> dial::Result<bool> {
    let hosts: Vec<_> = hosts.iter().map(|&host| &urls[host]).collect();
    upstream.set_hosts(hosts)?;
    Ok(true)
}

/// Changes between crowds: in each the shares are exact again.
#[tokio::test]
async fn shares_are_exact_between_changes() {
    let origins = origins::<4>();
    let urls = origins.each_ref().map(Origin::url);
    let upstream = upstream(&origins[..2]);
    let served = serve(server(), &upstream);
    // Not a multiple of the number of hosts.
    let requests = REQUESTS / CHANGES.len() + 1;
    for (when, change, changed, shares) in CHANGES {
        assert_eq!(change(&upstream, &urls).expect("hosts"), changed, "{when}");
        let before = origins.each_ref().map(Origin::count);
        crowd(served.addr, CLIENTS, 0..requests, ask).await;
        let count = |&host: &usize| origins[host].count() - before[host];
        let counts: Vec<_> = shares.iter().map(count).collect();
        assert_shared(&counts, requests, when);
    }
}

/// How many requests were answered, and how many changes had been made when one was sent.
#[derive(Default)]
struct Clock {
    answered: Cell<usize>,
    changes: Cell<usize>,
}

/// Each host comes once and goes once, so that a request that is late can be told from one that is wrong: none that was
/// sent after `remove_host` had returned may have arrived there.
#[tokio::test]
async fn hosts_come_and_go_under_load() {
    let origins: [Origin; 2 + COMINGS] = origins();
    let upstream = upstream(&origins[..3]);
    let served = serve(server(), &upstream);
    let clock = Rc::new(Clock::default());
    let mut gone = [usize::MAX; 2 + COMINGS];

    let counting = Rc::clone(&clock);
    let load = crowd(
        served.addr,
        CLIENTS,
        0..REQUESTS,
        async move |client: &mut RawClient, _| {
            ask(client, counting.changes.get()).await;
            counting.answered.set(counting.answered.get() + 1);
        },
    );
    let change = async {
        for number in 0..2 * COMINGS {
            let due = (number + 1) * REQUESTS / (2 * COMINGS + 1);
            eventually(|| clock.answered.get() >= due).await;
            // The first two stay; the others leave as others come.
            let host = 2 + number / 2;
            if number % 2 == 0 {
                if let Some(coming) = origins.get(host + 1) {
                    assert!(upstream.add_host(coming.url()).expect("a host"));
                }
            } else {
                assert!(upstream.remove_host(&origins[host].url()).expect("a host"));
                gone[host] = number + 1;
            }
            clock.changes.set(number + 1);
        }
    };
    tokio::join!(load, change);

    let counts = origins.each_ref().map(Origin::count);
    assert_eq!(counts.iter().sum::<usize>(), REQUESTS, "{counts:?}");
    for (host, origin) in origins.iter().enumerate() {
        let latest = origin.requests().iter().map(tag).max();
        assert!(
            latest < Some(gone[host]),
            "host {host}: {latest:?} after {}",
            gone[host]
        );
    }
    // The two that stayed had the same share of every list; at each change a request of every worker may be under way.
    let slack = 2 * COMINGS * (WORKERS + 1);
    assert!(counts[0].abs_diff(counts[1]) <= slack, "{counts:?}");
}

fn tag(request: &dial_tests::Recorded) -> usize {
    request.target[1..].parse().expect("a number")
}

/// A kept host keeps its connections when others change.
#[tokio::test]
async fn set_hosts_keeps_the_connections_of_those_that_stay() {
    let origins = origins::<3>();
    let upstream = upstream(&origins[..2]);
    let served = serve(Server::builder().workers(1), &upstream);
    for _ in 0..4 {
        client::get(served.addr, "/").await;
    }
    let urls = origins.each_ref().map(Origin::url);
    upstream.set_hosts(&urls[1..]).expect("hosts");
    assert_eq!(upstream.hosts(), urls[1..]);
    for _ in 0..4 {
        client::get(served.addr, "/").await;
    }
    assert_eq!(origins.each_ref().map(Origin::count), [2, 4, 2]);
    assert_eq!(origins.each_ref().map(Origin::connections), [1, 1, 1]);
}

/// Requests by the worker that served them.
type Seen = Arc<Mutex<BTreeMap<String, usize>>>;

fn watched(server: ServerBuilder, origin: &Origin) -> (Served, Seen) {
    let seen = Seen::default();
    let noting = Arc::clone(&seen);
    let handler = move |request: ModifiableRequest| {
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        *noting.lock().expect("no panic").entry(thread).or_default() += 1;
        request
    };
    let proxy = dial::proxy([origin.url()], handler);
    (
        Served::server(server, Router::new().at("/{*path}", proxy)),
        seen,
    )
}

async fn connected(addr: SocketAddr) -> RawClient {
    let mut client = RawClient::connect(addr).await;
    ask(&mut client, 0).await;
    client
}

/// The kernel spreads connections by their addresses: with enough of them every worker has some.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_worker_serves_from_its_own_listener() {
    let origin = Origin::named("1");
    let (served, seen) = watched(server().reuse_port(true), &origin);
    let mut clients = Vec::new();
    while seen.lock().expect("no panic").len() < WORKERS {
        clients.push(connected(served.addr).await);
        assert!(
            clients.len() < 1000,
            "after a thousand connections: {seen:?}"
        );
    }
}

/// One thread accepts and hands connections over in turn.
#[tokio::test]
async fn every_worker_serves_what_it_is_handed() {
    let origin = Origin::named("1");
    let (served, seen) = watched(server().reuse_port(false), &origin);
    let mut clients = Vec::new();
    for _ in 0..3 * WORKERS {
        clients.push(connected(served.addr).await);
    }
    let seen = seen.lock().expect("no panic").clone();
    assert_eq!(
        seen.values().copied().collect::<Vec<_>>(),
        [3; WORKERS],
        "{seen:?}"
    );
}

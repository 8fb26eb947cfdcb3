//! What the attribute and `upstream!` say of an upstream: weights, policies, and routes that share one.

mod guards;

use std::sync::LazyLock;

use dial::{Balance, Candidates, ModifiableRequest, Router, proxy, routes};
use dial_tests::{Origin, RawClient, client, eventually};

use crate::harness::Served;

/// The origins of one test, which its routes name. Nothing of a static is dropped: they end with the process.
struct Origins(LazyLock<[Origin; 3]>);

impl Origins {
    const fn new() -> Self {
        Self(LazyLock::new(|| ["0", "1", "2"].map(Origin::named)))
    }

    fn url(&self, number: usize) -> String {
        self.0[number].url()
    }

    fn counts(&self) -> [usize; 3] {
        self.0.each_ref().map(Origin::count)
    }
}

static WEIGHTED: Origins = Origins::new();

#[proxy(
    "/",
    hosts = [(WEIGHTED.url(0), weight = 3), WEIGHTED.url(1), (WEIGHTED.url(2), backup)],
    register = false
)]
fn weighted(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn weights_are_exact_over_a_cycle() {
    let served = Served::router(Router::new().mount(routes![weighted]));
    for cycle in 1..=3 {
        for _ in 0..4 {
            client::get(served.addr, "/").await;
        }
        assert_eq!(WEIGHTED.counts(), [3 * cycle, cycle, 0]);
    }
    // What is declared is where it begins.
    let upstream = weighted::upstream().expect("hosts");
    for number in [0, 1] {
        assert!(upstream.drain_host(&WEIGHTED.url(number)).expect("a host"));
    }
    assert_eq!(client::get(served.addr, "/").await.origin(), "2");
}

static KEYED: Origins = Origins::new();

#[proxy(
    "/header",
    hosts = [KEYED.url(0), KEYED.url(1), KEYED.url(2)],
    balance = consistent_hash(header = "X-Tenant"),
    register = false
)]
fn by_header(_request: &mut ModifiableRequest) {}

#[proxy(
    "/cookie",
    hosts = [KEYED.url(0), KEYED.url(1), KEYED.url(2)],
    balance = consistent_hash(cookie = "user"),
    register = false
)]
fn by_cookie(_request: &mut ModifiableRequest) {}

#[proxy(
    "/param/{_id}",
    hosts = [KEYED.url(0), KEYED.url(1), KEYED.url(2)],
    balance = consistent_hash(param = "_id"),
    register = false
)]
fn by_param(_request: &mut ModifiableRequest) {}

#[proxy(
    "/client",
    hosts = [KEYED.url(0), KEYED.url(1), KEYED.url(2)],
    balance = consistent_hash(client_ip),
    register = false
)]
fn by_client(_request: &mut ModifiableRequest) {}

/// All three see the same key as the same number, so that they agree on the host too.
#[tokio::test]
async fn a_key_finds_its_host() {
    let router = Router::new().mount(routes![by_header, by_cookie, by_param, by_client]);
    let served = Served::router(router);
    let ask = async |target: &str, field: &str| {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{field}Connection: close\r\n\r\n");
        let response = client::request(served.addr, raw).await;
        response.origin().to_owned()
    };
    let mut found = Vec::new();
    for key in 0..32 {
        let host = ask("/header", &format!("x-tenant: {key}\r\n")).await;
        for (target, field) in [
            ("/header", format!("X-Tenant: {key}\r\n")),
            ("/cookie", format!("Cookie: a=b; user={key}\r\n")),
            (&*format!("/param/{key}"), String::new()),
        ] {
            assert_eq!(ask(target, &field).await, host, "{key} in {target}");
        }
        found.push(host);
    }
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ["0", "1", "2"]);
    let host = ask("/client", "").await;
    for _ in 0..8 {
        assert_eq!(ask("/client", "").await, host);
    }
}

static BUSY: Origins = Origins::new();

#[proxy(
    "/least",
    hosts = [BUSY.url(0), BUSY.url(1)],
    balance = least_request,
    register = false
)]
fn least(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_busy_host_gets_no_more() {
    let served = Served::router(Router::new().mount(routes![least]));
    let mut upload = RawClient::connect(served.addr).await;
    let head = "POST /least HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    upload.send(format!("{head}he")).await;
    let connections = || BUSY.0.each_ref().map(Origin::connections);
    eventually(|| connections() != [0; 3]).await;
    let free = connections().iter().take(2).position(|count| *count == 0);
    let free = free.expect("a host that has nothing to do").to_string();
    for _ in 0..8 {
        assert_eq!(client::get(served.addr, "/least").await.origin(), free);
    }
    upload.send("llo").await;
    assert_ne!(upload.read_response().await.origin(), free);
}

/// Always the last.
struct Last;

impl Balance for Last {
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
        (0..candidates.len())
            .rev()
            .find(|at| !candidates.was_tried(*at))
    }
}

static OWN: Origins = Origins::new();

#[proxy(
    "/own",
    hosts = [OWN.url(0), OWN.url(1), OWN.url(2)],
    balance = custom(Last),
    register = false
)]
fn own(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_policy_of_ones_own_chooses() {
    let served = Served::router(Router::new().mount(routes![own]));
    for _ in 0..4 {
        client::get(served.addr, "/own").await;
    }
    assert_eq!(OWN.counts(), [0, 0, 4]);
}

static SHARING: Origins = Origins::new();

dial::upstream! {
    static API = [SHARING.url(0), (SHARING.url(1), weight = 1)], balance = round_robin;
}

#[proxy("/a", upstream = API, register = false)]
fn first(_request: &mut ModifiableRequest) {}

#[proxy("/b", upstream = API, register = false)]
fn second(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn routes_with_one_static_share_its_rotation() {
    let mounted = proxy(&API, |request: ModifiableRequest| request);
    let router = Router::new().mount(routes![first, second]);
    let served = Served::router(router.at("/c", mounted));
    let mut turn = 0;
    let mut round = async |hosts: usize| {
        for target in ["/a", "/b", "/c", "/b"] {
            let response = client::get(served.addr, target).await;
            assert_eq!(response.origin(), (turn % hosts).to_string(), "{target}");
            turn += 1;
        }
    };
    for _ in 0..3 {
        round(2).await;
    }
    assert!(API.add_host(SHARING.url(2)).expect("a host"));
    for _ in 0..3 {
        round(3).await;
    }
}

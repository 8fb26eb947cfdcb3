//! What the attribute and `upstream!` say of sick hosts, and of too many requests.

use std::sync::LazyLock;

use dial::{HostStatus, ModifiableRequest, Router, Upstream, proxy, routes};
use dial_tests::{
    Answer, ClosedPort, Gate, Origin, RawClient, RawResponse, Script, client, eventually,
};

use super::Origins;
use crate::harness::{Served, held};

/// Answers probes with 204 and everything else with 200.
static WELL: LazyLock<Origin> = LazyLock::new(|| answering(204, 200));
/// Probes find it sick: but for its `keys`, a check would be content with 300.
static SICK: LazyLock<Origin> = LazyLock::new(|| answering(300, 200));

fn answering(probe: u16, other: u16) -> Origin {
    Origin::answering(move |request| match request.target.as_str() {
        "/healthz?deep=1" => Answer::new(probe),
        _ => Answer::new(other),
    })
}

/// Which hosts are healthy.
fn healthy(upstream: &Upstream) -> Vec<bool> {
    let status = upstream.status();
    status.iter().map(|host| host.healthy).collect()
}

/// Which hosts are ejected.
fn ejected(upstream: &Upstream) -> Vec<bool> {
    let is_out = |host: &HostStatus| host.ejected_for.is_some();
    upstream.status().iter().map(is_out).collect()
}

dial::upstream! {
    static PROBED = [SICK.url(), WELL.url()],
        health(
            "/healthz?deep=1",
            method = PURGE,
            host_header = "health.example:81",
            statuses = [2xx, 404],
            interval = 1h,
            timeout = 5s,
        );
}

#[proxy("/probed", upstream = PROBED, register = false)]
fn probed(_request: &mut ModifiableRequest) {}

#[proxy(
    "/none",
    hosts = [SICK.url()],
    health(path = "/healthz?deep=1", statuses = 200..=299, interval = 1h),
    panic = false,
    register = false
)]
fn none(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_host_that_is_sick_gets_nothing() {
    let served = Served::router(Router::new().mount(routes![probed, none]));
    eventually(|| healthy(&PROBED) == [false, true]).await;
    let upstream = none::upstream().expect("hosts");
    eventually(|| healthy(&upstream) == [false]).await;
    for _ in 0..8 {
        assert_eq!(client::get(served.addr, "/probed").await.status, 200);
    }
    // Without `panic = false` it would get them all the same.
    assert_eq!(client::get(served.addr, "/none").await.status, 503);
    let requests = SICK.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.target == "/healthz?deep=1")
    );
    let probe = requests.iter().find(|request| request.method == "PURGE");
    let probe = probe.expect("a probe of the first one");
    assert_eq!(probe.headers.get("host"), Some("health.example:81"));
    assert_eq!(WELL.count(), 8 + 1);
}

static ANSWERS: LazyLock<[Origin; 2]> =
    LazyLock::new(|| [500, 200].map(|status| answering(status, status)));

#[proxy(
    "/ejecting",
    hosts = [ANSWERS[0].url(), ANSWERS[1].url()],
    eject(consecutive = 2, statuses = 5xx, base_time = 1h, max_time = 2h),
    register = false
)]
fn ejecting(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_host_that_fails_requests_is_ejected() {
    let served = Served::router(Router::new().mount(routes![ejecting]));
    let upstream = ejecting::upstream().expect("hosts");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(client::get(served.addr, "/ejecting").await.status);
    }
    assert_eq!(statuses, [500, 200, 500, 200, 200, 200, 200, 200]);
    assert_eq!(ejected(&upstream), [true, false]);
}

static CLOSED: LazyLock<ClosedPort> = LazyLock::new(ClosedPort::new);

fn closed() -> String {
    format!("http://{}", CLOSED.addr())
}

#[proxy("/default", hosts = [closed(), ANSWERS[1].url()], register = false)]
fn unasked(_request: &mut ModifiableRequest) {}

#[proxy("/off", hosts = [closed(), ANSWERS[1].url()], eject(off), register = false)]
fn off(_request: &mut ModifiableRequest) {}

#[proxy("/never", hosts = [closed(), ANSWERS[1].url()], eject = false, register = false)]
fn never(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn ejection_can_be_off() {
    let served = Served::router(Router::new().mount(routes![unasked, off, never]));
    for (path, upstream, out) in [
        ("/default", unasked::upstream(), true),
        ("/off", off::upstream(), false),
        ("/never", never::upstream(), false),
    ] {
        for _ in 0..16 {
            assert_eq!(client::get(served.addr, path).await.status, 200);
        }
        assert_eq!(ejected(&upstream.expect("hosts")), [out, false], "{path}");
    }
}

static STICKY: Origins = Origins::new();

dial::upstream! {
    static KEPT = [STICKY.url(0), STICKY.url(1), STICKY.url(2)],
        sticky(cookie = "host", key = "one secret of all", max_age = 1h, same_site = strict);
}

#[proxy("/kept", upstream = KEPT, register = false)]
fn kept(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_client_stays_with_its_host() {
    let served = Served::router(Router::new().mount(routes![kept]));
    let first = client::get(served.addr, "/kept").await;
    let cookie = first.headers.get("set-cookie").expect("a cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(
        attributes,
        "Path=/; HttpOnly; Max-Age=3600; SameSite=Strict"
    );
    for _ in 0..4 {
        let raw = format!("GET /kept HTTP/1.1\r\nHost: a\r\nCookie: {pair}\r\n\r\n");
        let again = client::request(served.addr, raw).await;
        assert_eq!(again.origin(), first.origin());
    }
}

static GUARDED: LazyLock<[Origin; 2]> =
    LazyLock::new(|| [503, 200].map(|status| answering(status, status)));

#[proxy(
    "/broken",
    hosts = [GUARDED[0].url()],
    eject(off),
    breaker(error_percent = 100, statuses = [503], min_requests = 2, open = 1h),
    register = false
)]
fn broken(_request: &mut ModifiableRequest) {}

#[proxy(
    "/full",
    hosts = [GUARDED[1].url()],
    limits(requests = 1, queue = 0),
    register = false
)]
fn full(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn an_upstream_takes_on_no_more_than_it_can() {
    let served = Served::router(Router::new().mount(routes![broken, full]));
    for _ in 0..4 {
        assert_eq!(client::get(served.addr, "/broken").await.status, 503);
    }
    assert_eq!(GUARDED[0].count(), 2, "then the circuit is open");

    let mut upload = RawClient::connect(served.addr).await;
    let head = "POST /full HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    upload.send(format!("{head}he")).await;
    eventually(|| GUARDED[1].connections() == 1).await;
    assert_eq!(client::get(served.addr, "/full").await.status, 503);
    upload.send("llo").await;
    assert_eq!(upload.read_response().await.status, 200);
    assert_eq!(GUARDED[1].count(), 1);
}

static LIMITED: Origins = Origins::new();

#[proxy("/all", hosts = [LIMITED.url(0)], rate_limit(per_hour = 3), register = false)]
fn all(_request: &mut ModifiableRequest) {}

#[proxy("/burst", hosts = [LIMITED.url(1)], rate_limit(per_hour = 1, burst = 2), register = false)]
fn burst(_request: &mut ModifiableRequest) {}

#[proxy(
    "/by/{_id}",
    hosts = [LIMITED.url(2)],
    rate_limit(per_hour = 1, by = param("_id")),
    register = false
)]
fn by_param(_request: &mut ModifiableRequest) {}

#[proxy(
    "/key",
    hosts = [LIMITED.url(2)],
    rate_limit(per_hour = 2, burst = 1, by = header("X-Api-Key")),
    register = false
)]
fn by_header(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_route_takes_no_more_than_its_limit() {
    let router = Router::new().mount(routes![all, burst, by_param, by_header]);
    let served = Served::router(router);
    let ask = async |target: &str, field: &str| -> RawResponse {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{field}Connection: close\r\n\r\n");
        client::request(served.addr, raw).await
    };
    for (target, field, statuses) in [
        ("/all", "", [200, 200, 200, 429]),
        ("/burst", "", [200, 200, 429, 429]),
        ("/by/1", "", [200, 429, 429, 429]),
        ("/by/2", "", [200, 429, 429, 429]),
        ("/key", "X-Api-Key: 1\r\n", [200, 429, 429, 429]),
        ("/key", "x-api-key: 2\r\n", [200, 429, 429, 429]),
    ] {
        for status in statuses {
            let response = ask(target, field).await;
            assert_eq!(response.status, status, "{target} {field}");
            assert_eq!(response.headers.get("retry-after").is_some(), status == 429);
        }
    }
    assert_eq!(LIMITED.counts(), [3, 2, 4]);
}

static HELD: LazyLock<(Origin, Gate)> = LazyLock::new(held);

#[proxy("/busy", hosts = [HELD.0.url()], concurrency = 1, register = false)]
fn busy(_request: &mut ModifiableRequest) {}

#[proxy(
    "/tenant/{_id}",
    hosts = [HELD.0.url()],
    concurrency(requests = 1, by = param("_id")),
    register = false
)]
fn tenant(_request: &mut ModifiableRequest) {}

#[proxy("/router", hosts = [HELD.0.url()], register = false)]
fn defaulted(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn a_route_takes_only_so_many_at_a_time() {
    // The router's limit is for the route that says none.
    let limit = dial::ConcurrencyLimit::new(2).expect("a limit");
    let router = Router::new().mount(routes![busy, tenant, defaulted]);
    let served = Served::router(router.concurrency(limit));
    let mut clients = Vec::new();
    for target in ["/busy", "/tenant/1", "/tenant/2", "/router", "/router"] {
        let mut client = RawClient::connect(served.addr).await;
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.send(head).await;
        clients.push(client);
        HELD.0.requested(clients.len()).await;
    }
    for (target, status) in [
        ("/busy", 503),
        ("/tenant/1", 429),
        ("/tenant/2", 429),
        ("/router", 503),
    ] {
        let refused = client::get(served.addr, target).await;
        assert_eq!(refused.status, status, "{target}");
        assert_eq!(refused.headers.get("retry-after"), Some("1"));
    }
    HELD.1.open();
    for client in &mut clients {
        assert_eq!(client.read_response().await.text(), "late");
    }
    assert_eq!(HELD.0.count(), 5);
}

/// Two that take a request and say nothing, and one that answers.
static SLOW: LazyLock<[Origin; 3]> = LazyLock::new(|| {
    let hung = || Origin::raw(Script::new().read_request().hang());
    [hung(), hung(), Origin::named("fast")]
});

#[proxy(
    "/hedged",
    hosts = [SLOW[0].url(), SLOW[2].url()],
    retry(on = [connect], hedge = 20ms),
    register = false
)]
fn hedged(_request: &mut ModifiableRequest) {}

#[proxy(
    "/twice",
    hosts = [SLOW[0].url(), SLOW[1].url(), SLOW[2].url()],
    retry(hedge(after = 20ms, most = 2)),
    register = false
)]
fn hedged_twice(_request: &mut ModifiableRequest) {}

#[tokio::test]
async fn another_host_is_asked_when_one_takes_too_long() {
    let served = Served::router(Router::new().mount(routes![hedged, hedged_twice]));
    // Whose turn it is first does not matter.
    for target in ["/hedged", "/hedged", "/twice", "/twice", "/twice"] {
        let response = client::get(served.addr, target).await;
        assert_eq!(response.origin(), "fast", "{target}");
    }
    assert_eq!(SLOW[2].count(), 5);
    assert!(SLOW[0].connections() > 0 && SLOW[1].connections() > 0);
}

//! Health checks, ejection and limits in all their forms; what compiles can also be built.
use dial::{ModifiableRequest, Route, proxy};

#[proxy(
    path = "/all/{_id}",
    hosts = ["http://a:8080", "b"],
    health(
        path = "/healthz?deep=1",
        method = GET,
        host_header = "example.com:8080",
        statuses = [200..=204, 3xx, 404],
        contains = "ok",
        port = 8081,
        interval = 5s,
        jitter = 0.1,
        timeout = "2s",
        rise = 2,
        fall = 3,
        proxy_protocol = v1,
    ),
    eject(
        consecutive = 5,
        statuses = 500..=504,
        error_percent = 50,
        latency(times = 3, least = 100ms),
        window = 10s,
        min_requests = 20,
        base_time = 10s,
        max_time = 5m,
        max_percent = 50%,
    ),
    panic = false,
    balance = consistent_hash(param = "_id", bound = 125),
    limits(
        requests = 1000,
        requests_per_host = 100,
        connections_per_host = 200,
        queue = 500,
        queue_timeout = 2s,
        overload_timeout = 100ms,
    ),
    breaker(
        error_percent = 50,
        statuses = [500, 503],
        min_requests = 20,
        window = 10s,
        open = 5s,
        trials = 3,
    ),
    rate_limit(per_second = 50, burst = 100, by = client_ip),
)]
fn all(_request: &mut ModifiableRequest) {}

#[proxy("/head", hosts = ["a"], health("/", method = HEAD, statuses = [200, 204], jitter = 0))]
fn head(_request: &mut ModifiableRequest) {}

#[proxy("/purge", hosts = ["a"], health("/", method = PURGE, statuses = 2xx, contains = b"\xff", jitter = 50%))]
fn purge(_request: &mut ModifiableRequest) {}

#[proxy("/tcp", hosts = ["a"], health(tcp, port = 80, proxy_protocol = v2), eject = false, panic = true)]
fn tcp(_request: &mut ModifiableRequest) {}

#[proxy("/off", hosts = ["a"], eject(off))]
fn off(_request: &mut ModifiableRequest) {}

#[proxy("/none", hosts = ["a"], eject(statuses = [], max_percent = 100))]
fn none(_request: &mut ModifiableRequest) {}

#[proxy("/long", hosts = ["a"], eject(base_time = 1h))]
fn long(_request: &mut ModifiableRequest) {}

fn secret() -> String {
    "a secret of at least 16 bytes".into()
}

#[proxy("/sticky", hosts = ["a"], sticky(cookie = "host", key = secret(), max_age = 1h, same_site = none))]
fn sticky(_request: &mut ModifiableRequest) {}

#[proxy("/literal", hosts = ["a"], sticky(cookie = "host", key = b"0123456789abcdef"))]
fn literal(_request: &mut ModifiableRequest) {}

#[proxy("/short", hosts = ["a"], sticky(cookie = "host", key = &secret()[..5]))]
fn short(_request: &mut ModifiableRequest) {}

#[proxy("/env", hosts = ["a"], sticky(cookie = "host", key_env = "DIAL_TEST_NO_SUCH_KEY"))]
fn env(_request: &mut ModifiableRequest) {}

#[proxy("/header", hosts = ["a"], rate_limit(per_minute = 600, by = header("X-Api-Key")))]
fn header(_request: &mut ModifiableRequest) {}

#[proxy("/cookie", hosts = ["a"], rate_limit(per_hour = 1_000_000, by = cookie("user")))]
fn cookie(_request: &mut ModifiableRequest) {}

#[proxy("/param/{_id}", upstream = API, rate_limit(per_second = 1, by = param("_id")))]
fn param(_request: &mut ModifiableRequest) {}

#[proxy("/busy", hosts = ["a"], concurrency = 1_000_000, retry(hedge = 1ms))]
fn busy(_request: &mut ModifiableRequest) {}

#[proxy("/tenants", upstream = API, concurrency(requests = 1, by = header("X-Tenant")), retry(on = [connect], hedge = 50ms))]
fn tenants(_request: &mut ModifiableRequest) {}

#[proxy("/posts", methods = [POST], upstream = API, retry(attempts = 2, idempotent = true, hedge(after = 1h)))]
fn posts(_request: &mut ModifiableRequest) {}

dial::upstream! {
    static API = ["a", "b"], health("/healthz", interval = 500ms), eject(consecutive = 3), panic = false,
        limits(requests_per_host = 100, queue = 0), breaker(trials = 1);
    static TRUSTED = ["a"], eject = false;
}

fn main() {
    for upstream in [
        all::upstream(),
        head::upstream(),
        purge::upstream(),
        tcp::upstream(),
        off::upstream(),
        none::upstream(),
        long::upstream(),
        param::upstream(),
        sticky::upstream(),
        literal::upstream(),
        TRUSTED.get().cloned(),
    ] {
        assert!(!upstream.unwrap().is_empty());
    }
    for (upstream, message) in [
        (short::upstream(), "the key of a cookie has 16 bytes at least, not 5"),
        (env::upstream(), "the environment variable `DIAL_TEST_NO_SUCH_KEY` holds no key"),
    ] {
        assert_eq!(upstream.unwrap_err().to_string(), message);
    }
    assert_eq!(dial::routes![header, cookie, param, busy, tenants, posts].len(), 6);
    assert_eq!(header::definition().name(), "header");
}

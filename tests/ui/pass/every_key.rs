//! All keys at once, with a comma at the end.
use dial::{Error, ModifiableRequest, Response, Route, proxy};

fn edit_error(_error: &Error, response: &mut Response) {
    response.headers_mut().clear();
}

#[proxy(
    path = "/api/{id}",
    domain = ["example.com", "*.Example.com", "[::1]", "bücher.example"],
    methods = [GET, POST, "M-SEARCH"],
    hosts = ["http://a:8080", "b", "[::1]:8080", "https://bücher.example"],
    host_header = preserve,
    forwarded = both,
    upgrade = true,
    proxy_protocol = v2,
    timeout(connect = 500ms, response = "2m", body = 30s, total = 1h, expect = 100ms,),
    retry(
        attempts = 4,
        on = [connect, reset, timeout, 503],
        idempotent = true,
        buffer = 16KiB,
        backoff = 10ms..1s,
        per_try = 2s,
        wait = 5s,
        budget = 10%,
        min_per_second = 0,
        hedge(after = 50ms, most = 2),
    ),
    health("/healthz", interval = 10s),
    eject(consecutive = 3),
    panic = false,
    rate_limit(per_second = 100, by = param("id")),
    concurrency(requests = 10, by = param("id")),
    body_limit = 64KiB,
    on_response = |response: &mut Response| {
        response.headers_mut().remove("server");
    },
    balance = consistent_hash(param = "id"),
    on_error = edit_error,
    name = "the api",
    register = true,
    crate = ::dial,
)]
pub async fn api(mut request: ModifiableRequest, id: u64) -> dial::Result {
    request.set_header("x-id", id.to_string()).build()
}

fn main() {
    assert_eq!(api::definition().name(), "the api");
    assert_eq!(api::PATH, "/api/{id}");
    assert!(api::upstream().is_ok());
}

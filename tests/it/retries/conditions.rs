//! Each condition with each way to fail, methods and bodies; and that the other endpoint is asked.

use std::time::Duration;

use dial::{Retry, RetryOn};
use dial_tests::{Answer, Log, Origin, Script, client};

use super::{eager, forward, one_worker, origin, proxy};
use crate::harness::Served;

/// How the first endpoint fails.
const FAILURES: [&str; 8] = [
    "close", "reset", "garbage", "hang", "500", "502", "503", "504",
];

const EVERY: [(RetryOn, &[&str]); 6] = [
    (RetryOn::Connect, &[]),
    (RetryOn::Reset, &["close", "reset", "garbage"]),
    (RetryOn::Timeout, &["hang"]),
    (RetryOn::Status5xx, &["500", "502", "503", "504"]),
    (RetryOn::Status503, &["503"]),
    (RetryOn::GatewayError, &["502", "503", "504"]),
];

fn failing(how: &str) -> Origin {
    let script = Script::new().read_request();
    Origin::raw(match how {
        "close" => script,
        "reset" => script.reset(),
        "garbage" => script.write("no HTTP at all\r\n\r\n").hang(),
        "hang" => script.hang(),
        status => script
            .write(format!(
                "HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno"
            ))
            .repeat(),
    })
}

/// The requests of the table: a method, what its body looks like on the wire, and the body.
fn requests() -> Vec<(&'static str, String, String)> {
    let mut requests = vec![("GET", "\r\n".to_owned(), String::new())];
    for method in ["PUT", "DELETE", "POST", "PATCH"] {
        for size in [0, 1, 5_000, 60_000] {
            let body = "b".repeat(size);
            let sized = format!("Content-Length: {size}\r\n\r\n{body}");
            requests.push((method, sized, body.clone()));
            let mut chunks = String::new();
            for chunk in body.as_bytes().chunks(999) {
                let size = chunk.len();
                let data = "b".repeat(size);
                chunks.extend([&*format!("{size:x}"), "\r\n", &*data, "\r\n"]);
            }
            let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
            requests.push((method, chunked, body));
        }
    }
    requests
}

async fn status(served: &Served, method: &str, rest: &str) -> u16 {
    let request = format!("{method} /x HTTP/1.1\r\nHost: a\r\n{rest}");
    client::request(served.addr, request).await.status
}

/// Every method with a body of every size fails at one endpoint and is whole at the other, if its method allows that.
#[tokio::test]
async fn methods_and_bodies() {
    let live = Origin::named("live");
    for how in ["close", "hang", "503"] {
        let sick = failing(how);
        let retry = eager()
            .per_try(Duration::from_millis(300))
            .min_per_second(1000);
        for (any_method, retry) in [(false, retry), (true, retry.any_method())] {
            let served = one_worker(proxy(&[&sick, &live], retry));
            for (method, rest, body) in requests() {
                let repeats = any_method || !["POST", "PATCH"].contains(&method);
                // What is not repeated would have to wait for the response timeout, and the others wait as well.
                if how == "hang" && (!repeats || !["GET", "PUT"].contains(&method)) {
                    continue;
                }
                let before = live.count();
                // Two in turn: one of them begins at the sick one.
                let mut statuses = [
                    status(&served, method, &rest).await,
                    status(&served, method, &rest).await,
                ];
                statuses.sort_unstable();
                let what = format!("{how}: {method} of {} bytes, {any_method}", body.len());
                let sick_status = if how == "503" { 503 } else { 502 };
                let second = if repeats { 200 } else { sick_status };
                assert_eq!(statuses, [200, second], "{what}");
                let seen = live.requests().split_off(before);
                assert_eq!(seen.len(), 1 + usize::from(repeats), "{what}");
                for request in seen {
                    assert_eq!(request.method, method, "{what}");
                    assert!(request.body == body.as_bytes(), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_condition_and_no_other() {
    let live = Origin::named("live");
    for (condition, takes) in EVERY {
        for how in FAILURES {
            let sick = failing(how);
            let retry = Retry::default()
                .on([condition])
                .backoff(Duration::from_millis(1));
            let retry = retry.per_try(Duration::from_millis(100));
            let served = one_worker(proxy(&[&sick, &live], retry));
            // It would have to wait for the response timeout.
            if how == "hang" && condition == RetryOn::Connect {
                continue;
            }
            let response = client::get(served.addr, "/x").await;
            let retried = takes.contains(&how);
            let status = match how {
                _ if retried => 200,
                "close" | "reset" | "garbage" => 502,
                "hang" => 504,
                status => status.parse().expect("a status"),
            };
            assert_eq!(response.status, status, "{condition:?}: {how}");
            assert_eq!(sick.connections(), 1, "{condition:?}: {how}");
        }
    }
}

/// Without a word nothing is sent twice, and `None` takes back what was said before.
#[tokio::test]
async fn not_unless_it_is_said() {
    for off in [false, true] {
        let (sick, live) = (origin(503, "no"), Origin::named("live"));
        let mut mounted = dial::proxy([sick.url(), live.url()], forward);
        if off {
            mounted = mounted.retry(Retry::default()).retry(None);
        }
        let router = dial::Router::new();
        let router = if off {
            router.retry(Retry::default())
        } else {
            router
        };
        let served = Served::router(router.at("/{*path}", mounted));
        assert_eq!(client::get(served.addr, "/").await.text(), "no");
        assert_eq!((sick.count(), live.count()), (1, 0));
    }
}

/// What a router says holds for its routes.
#[tokio::test]
async fn a_router_says_it_for_all() {
    let (sick, live) = (origin(503, "no"), Origin::named("live"));
    let mounted = dial::proxy([sick.url(), live.url()], forward);
    let router = dial::Router::new().retry(Retry::default());
    let served = Served::router(router.at("/{*path}", mounted));
    assert_eq!(client::get(served.addr, "/").await.origin(), "live");
}

/// In somebody else's application too, where bodies come through hyper.
#[tokio::test]
async fn when_mounted() {
    let (sick, live) = (origin(503, "no"), Origin::named("live"));
    let axum = crate::harness::Axum::proxy(proxy(&[&sick, &live], eager())).await;
    let request = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for _ in 0..4 {
        assert_eq!(client::request(axum.addr, request).await.status, 200);
    }
    let bodies = live.requests().into_iter().map(|request| request.body);
    assert!(bodies.eq(std::iter::repeat_n(b"hello".to_vec(), 4)));
}

/// Where there is no other endpoint, the same one is asked again.
#[tokio::test]
async fn the_same_endpoint_if_there_is_no_other() {
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let shared = std::sync::Arc::clone(&count);
    let only = Origin::answering(move |_| {
        match shared.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 => Answer::new(500).body("not yet"),
            _ => Answer::ok("now"),
        }
    });
    let served = one_worker(proxy(&[&only], eager()));
    let log = Log::of("dial");
    let response = client::get(served.addr, "/").await;
    assert_eq!((response.status, response.text()), (200, "now"));
    assert_eq!(only.count(), 3);
    // Read to its end, each time: what nobody gets costs no connection.
    assert_eq!(only.connections(), 1);
    let told = log.lines(&format!("{}: again after 500", only.url()));
    assert_eq!(told.len(), 2, "{told:?}");
}

/// A full-URL rewrite names one place, which is asked again.
#[tokio::test]
async fn a_place_of_a_rewrite_is_asked_again() {
    let scripts = [
        Script::new().read_head(),
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ];
    let place = Origin::raw_each(scripts);
    let url = place.url();
    let proxy = dial::proxy(
        ["unused.test"],
        move |request: &mut dial::ModifiableRequest| {
            request.rewrite_uri(format!("{url}/there"));
        },
    );
    let served = one_worker(proxy.retry(eager()));
    assert_eq!(client::get(served.addr, "/").await.text(), "ok");
    assert_eq!(place.connections(), 2);
}

static DECLARED: std::sync::LazyLock<dial::Upstream> = std::sync::LazyLock::new(|| {
    let upstream = dial::Upstream::builder().may_be_empty().build();
    upstream.expect("an upstream")
});

#[dial::proxy(
    "/declared",
    upstream = &*DECLARED,
    methods = [POST],
    retry(attempts = 2, on = [5xx], idempotent = true, backoff = 1ms, budget = 100%),
    register = false
)]
fn declared(_request: &mut dial::ModifiableRequest) {}

#[tokio::test]
async fn as_an_attribute_says() {
    let (sick, live) = (origin(500, "no"), Origin::named("live"));
    DECLARED
        .set_hosts([sick.url(), live.url()])
        .expect("two hosts");
    let served = Served::router(dial::Router::new().mount(dial::routes![declared]));
    let request = "POST /declared HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    let response = client::request(served.addr, request).await;
    assert_eq!((response.status, response.origin()), (200, "live"));
    assert_eq!((sick.count(), live.count()), (1, 1));
}

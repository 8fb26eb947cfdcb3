//! The guide to load balancing: every way to choose where a request goes.
//!
//! ```text
//! cargo run --example load_balancing
//! ```
//! Each route below says what to `curl`.

use std::time::Duration;

use dial::{Forwarding, ModifiableRequest, Response, Router, Server, StatusCode, proxy, routes};

mod demo;

/// Basic balancing: hosts take turns in the order of the list.
///
/// `curl http://127.0.0.1:8080/basic` answers 1, 2, 3, 1, ...
#[proxy("/basic", hosts = ["http://127.0.0.1:9001", "http://127.0.0.1:9002", "http://127.0.0.1:9003"])]
fn basic(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Mixed forms: without a scheme a host is `http://`, without a port 80 or 443. `https://backend` works alike and is
/// verified against the platform's roots.
///
/// `curl http://127.0.0.1:8080/mixed`
#[proxy("/mixed", hosts = ["http://127.0.0.1:9001", "127.0.0.1:9002", "localhost:9003"])]
fn mixed(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Weights and a backup: of four requests three go to the first host, and to the third only what no other can take.
///
/// `curl http://127.0.0.1:8080/weighted` answers 1, 1, 2, 1, ...
#[proxy("/weighted", hosts = [("127.0.0.1:9001", weight = 3), "127.0.0.1:9002", ("127.0.0.1:9003", backup)])]
fn weighted(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// The same host for the same user, also after a restart; when a host goes, only its users move.
///
/// `curl http://127.0.0.1:8080/feed/7` always answers alike.
#[proxy(
    "/feed/{_user}",
    hosts = ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"],
    balance = consistent_hash(param = "_user"),
)]
fn feed(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// A full URL bypasses the balancer, even though hosts are configured.
///
/// `curl http://127.0.0.1:8080/bypass?a=1` always answers 3, with `?v=2&a=1`.
#[proxy("/bypass", hosts = ["127.0.0.1:9001", "127.0.0.1:9002"])]
fn bypass(request: &mut ModifiableRequest) {
    request.rewrite_uri("http://127.0.0.1:9003/elsewhere?v=2");
}

/// Query merging: what the rewrite brings goes before what the client sent.
///
/// `curl 'http://127.0.0.1:8080/search?q=dial'` asks for `/v1/search?lang=en&q=dial`.
#[proxy("/search", hosts = ["127.0.0.1:9001"])]
fn search(request: &mut ModifiableRequest) {
    request.rewrite_uri("/v1/search?lang=en");
}

/// An API under a prefix, with timeouts, a body limit and only the methods it has.
///
/// `curl http://127.0.0.1:8080/api/users/7`; `curl -X TRACE` of it is a 405.
#[proxy(
    "/api/{*_rest}",
    hosts = ["127.0.0.1:9001", "127.0.0.1:9002"],
    methods = [GET, POST, PUT, DELETE],
    timeout(connect = 500ms, response = 10s),
    body_limit = 1MiB,
    forwarded = both,
    on_response = hide_server,
)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request
        .strip_prefix("/api")
        .prefix_path("/v1")
        .add_header("X-Debug", "true")
        .build()
}

fn hide_server(response: &mut Response) {
    response.headers_mut().remove("server");
}

/// A health route that asks nobody: a handler may answer itself.
///
/// `curl http://127.0.0.1:8080/health`
#[proxy("/health", hosts = ["127.0.0.1:9001"])]
fn health(_request: ModifiableRequest) -> Result<Response, StatusCode> {
    match ELASTIC.is_empty() {
        true => Err(StatusCode::SERVICE_UNAVAILABLE),
        false => Ok(Response::new("ok\n".into())),
    }
}

dial::upstream! {
    /// Any number of routes may share it.
    static ELASTIC = ["127.0.0.1:9001", "127.0.0.1:9002"], balance = least_request, slow_start = 10s;
}

/// An upstream whose hosts change while the program runs; `main` adds and removes one every two seconds.
///
/// `curl http://127.0.0.1:8080/elastic`
#[proxy("/elastic", upstream = ELASTIC)]
fn elastic(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    for (name, port) in [("1", 9001), ("2", 9002), ("3", 9003)] {
        demo::origin(name, port).await?;
    }
    tokio::spawn(come_and_go());

    // The same as `dial::serve`, with the routes named and some options set.
    let router = Router::new()
        .mount(routes![
            basic, mixed, weighted, feed, bypass, search, api, health, elastic
        ])
        .forwarding(Forwarding::XForwarded);
    let server = Server::builder()
        .drain_timeout(Duration::from_secs(5))
        .bind("127.0.0.1:8080", router)?;
    println!(
        "listening on {}; the routes are described in {}",
        server.local_addr(),
        file!()
    );
    server.run().await?;
    Ok(())
}

async fn come_and_go() {
    let third = "127.0.0.1:9003";
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        match ELASTIC.remove_host(third) {
            Ok(true) => println!("/elastic: host 3 left"),
            _ if ELASTIC.add_host(third).is_ok() => println!("/elastic: host 3 came"),
            _ => println!("/elastic: host 3 is malformed"),
        }
    }
}

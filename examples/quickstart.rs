//! Three demo origins and a proxy in front of them; needs nothing else.
//!
//! ```text
//! cargo run --example quickstart
//! curl http://127.0.0.1:8080/api/data     # four times: 1, 2, 3, 1
//! ```

use dial::{ModifiableRequest, proxy};

mod demo;

/// One function and one attribute: a route with its own load-balanced upstream.
///
/// The path is rewritten, the query stays, and each request goes to the next host of the list.
#[proxy(path = "/api/data", hosts = ["http://127.0.0.1:9001", "http://127.0.0.1:9002", "http://127.0.0.1:9003"])]
fn api_data(mut request: ModifiableRequest) -> dial::Result {
    request.rewrite_uri("/api/v1/data");
    request.add_header("X-Debug", "true");
    request.build()
}

/// Typed path parameters: `/users/x` is a 404 that never reaches a host.
#[proxy(path = "/users/{id}", hosts = ["http://127.0.0.1:9001"])]
fn user(request: &mut ModifiableRequest, id: u64) {
    request
        .rewrite_path("/v2/users/{id}")
        .set_header("X-User", id);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    for (name, port) in [("1", 9001), ("2", 9002), ("3", 9003)] {
        demo::origin(name, port).await?;
    }
    println!("Try:");
    println!("  curl http://127.0.0.1:8080/api/data          # again and again: 1, 2, 3, 1, ...");
    println!("  curl http://127.0.0.1:8080/api/data?page=2   # the query is kept");
    println!("  curl http://127.0.0.1:8080/users/7           # a typed parameter");
    println!("  curl -i http://127.0.0.1:8080/users/x        # not a number: 404");

    // Every #[proxy] of the program, until Ctrl-C.
    dial::serve("127.0.0.1:8080").await?;
    Ok(())
}

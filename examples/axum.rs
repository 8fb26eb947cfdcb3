//! dial inside an axum application: some paths are the application's own, others are proxied.
//!
//! ```text
//! cargo run --example axum
//! curl http://127.0.0.1:8080/             # the application
//! curl http://127.0.0.1:8080/api/data     # proxied, with a handler
//! curl http://127.0.0.1:8080/files/a/b    # proxied, the prefix stripped by axum
//! curl http://127.0.0.1:8080/else         # proxied, everything else
//! ```

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::routing::get;
use dial::{ModifiableRequest, StatusCode, Upstream};

mod demo;

/// Handlers are plain functions; nothing here needs the attribute.
fn api(mut request: ModifiableRequest) -> dial::Result {
    request
        .rewrite_uri("/api/v1/data")
        .add_header("X-Debug", "true")
        .build()
}

/// Any error that says how to answer ends the request before a host is asked.
async fn guarded(request: &mut ModifiableRequest) -> Result<(), StatusCode> {
    match request.header("x-token") {
        Some("secret") => Ok(()),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    for (name, port) in [("1", 9001), ("2", 9002)] {
        demo::origin(name, port).await?;
    }

    // One upstream for several mounts: they share its hosts and its rotation.
    let hosts = Upstream::new(["http://127.0.0.1:9001", "http://127.0.0.1:9002"])?;
    let app = axum::Router::new()
        .route("/", get(async || "the application's own page\n"))
        .route_service("/api/data", with_client(dial::proxy(&hosts, api)))
        .route_service("/admin", with_client(dial::proxy(&hosts, guarded)))
        .nest_service(
            "/files",
            with_client(dial::proxy(&hosts, |request: ModifiableRequest| request)),
        )
        .fallback_service(with_client(dial::proxy(
            ["127.0.0.1:9001"],
            |request: ModifiableRequest| request,
        )));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}

/// Tells dial who the client is, for `X-Forwarded-For`.
fn with_client(proxy: dial::ProxyService) -> dial::ProxyService {
    proxy.client_addr(|extensions| {
        extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0)
    })
}

//! A demo origin: answers with its name and what it was asked.

use std::io;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri};
use tokio::net::TcpListener;

/// Starts an origin on a port of loopback.
///
/// # Errors
/// The port is in use.
pub(crate) async fn origin(name: &'static str, port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            io::Error::new(error.kind(), format!("demo origin on port {port}: {error}"))
        })?;
    let app = Router::new().fallback(async move |request: Request| {
        answer(name, request.method(), request.uri(), request.headers())
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(())
}

fn answer(name: &str, method: &Method, uri: &Uri, headers: &HeaderMap) -> String {
    let mut lines = vec![format!("origin {name}: {method} {uri}")];
    for (name, value) in headers {
        lines.push(format!(
            "  {name}: {}",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    lines.join("\n") + "\n"
}

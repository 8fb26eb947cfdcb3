//! axum-reverse-proxy: its balanced proxy in an axum application.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::serve::ListenerExt;
use axum_reverse_proxy::{BalancedProxy, HostBehaviour, ProxyPolicy, XForwardedFor};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use peer_flags::Flags;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse()?;
    flags.runtime()?.block_on(serve(&flags))
}

async fn serve(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Its own client keeps 32 connections, too few for 512 clients.
    let client: Client<_, Body> = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_mins(1))
        .pool_max_idle_per_host(1024)
        .build(connector);
    let hosts = flags.hosts.iter().map(|host| format!("http://{host}"));
    let policy = ProxyPolicy::new()
        .with_host_behaviour(HostBehaviour::default())
        .with_x_forwarded_for(XForwardedFor::Append)
        .with_public_scheme("http")
        .with_via("axum-reverse-proxy");
    let proxy = BalancedProxy::new_with_client("/".to_owned(), hosts.collect(), client);
    let app = Router::from(proxy.with_policy(policy));
    let listener = flags.bind()?.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("{error}");
        }
    });
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

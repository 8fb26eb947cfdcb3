//! One client connection: hyper parses, [`Proxy`] answers.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::shutdown::{Phase, reached};
use super::{Config, PhaseReceiver};
use crate::body::Body;
use crate::error::Chain;
use crate::handler::context::Peer;
use crate::proxy::Proxy;

/// hyper's options for all connections of a worker.
pub(super) fn http(config: &Config) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.header_read_timeout);
    http
}

/// Serves one connection to its end. A shutdown lets the request in flight end and closes an idle one at once.
pub(super) fn serve(
    http: &http1::Builder,
    stream: TcpStream,
    peer: Peer,
    proxy: &Arc<Proxy>,
    mut phase: PhaseReceiver,
) -> impl Future<Output = ()> + Send + 'static {
    // A response's parts are written together; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let proxy = Arc::clone(proxy);
    let peer = Arc::new(peer);
    let service = service_fn(move |request: Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        let peer = Arc::clone(&peer);
        async move {
            let request = request.map(Body::inbound);
            Ok::<_, Infallible>(proxy.handle(request, &peer).await)
        }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    async move {
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = reached(&mut phase, Phase::Draining) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("client connection ended: {}", Chain(&error));
        }
    }
}

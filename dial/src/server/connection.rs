//! One client connection: hyper parses, [`Proxy`] answers.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Request, Version};
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
    let client = Arc::new(Client {
        peer,
        knows_chunks: AtomicBool::new(true),
    });
    let asking = Arc::clone(&client);
    let service = service_fn(move |request: Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        let client = Arc::clone(&asking);
        async move {
            if request.version() < Version::HTTP_11 {
                client.knows_chunks.store(false, Ordering::Relaxed);
            }
            let request = request.map(Body::inbound);
            Ok::<_, Infallible>(proxy.handle(request, &client.peer).await)
        }
    });
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    async move {
        let ended = tokio::select! {
            ended = &mut connection => Some(ended),
            () = reached(&mut phase, Phase::Draining) => None,
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        };
        if let Err(error) = ended {
            tracing::debug!("client connection ended: {}", Chain(&error));
            if error.is_user() && !client.knows_chunks.load(Ordering::Relaxed) {
                // A response body broke off, and to this client a close in order can be the end of a whole one
                // (RFC 9112 §6.3, §8): it gets a reset.
                let _ = connection.into_parts().io.inner().set_zero_linger();
            }
        }
    }
}

/// The other end of a connection.
struct Client {
    peer: Peer,
    /// Whether it speaks HTTP/1.1.
    knows_chunks: AtomicBool,
}

//! Origins by hyper, for handlers that stream.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::host::Host;
use super::ledger::Connection;
use super::{Origin, Recorded};
use crate::wire::Fields;

impl Origin {
    /// An HTTP/1 origin by hyper, whose handler reads and writes bodies as streams.
    ///
    /// A body that ends in an error cuts the connection. Recorded requests have their fields
    /// grouped by name and in lower case, as hyper keeps them, and no body.
    pub fn http<H, F, B>(handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let serve = move |stream, connection| serve(stream, connection, Arc::clone(&handler));
        Self::new(Host::start(serve))
    }
}

async fn serve<H, F, B>(stream: TcpStream, connection: Connection, handler: Arc<H>)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let io = TokioIo::new(connection.record(stream));
    let service = service_fn(|request| {
        connection.request(recorded(&request, connection.number));
        let response = handler(request);
        let connection = connection.clone();
        async move {
            let response = response.await;
            connection.answered();
            Ok::<_, Infallible>(response)
        }
    });
    // A client that leaves, or a body that fails, is for the other side to report.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

fn recorded(request: &Request<Incoming>, connection: usize) -> Recorded {
    let headers = request.headers().iter();
    let headers: Fields = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    Recorded {
        connection,
        method: request.method().to_string(),
        target: request.uri().to_string(),
        version: format!("{:?}", request.version()),
        headers,
        ..Recorded::default()
    }
}

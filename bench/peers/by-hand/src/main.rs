//! hyper's server and hyper-util's legacy client, as one would write a proxy by hand.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use peer_flags::Flags;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PSEUDONYM: HeaderValue = HeaderValue::from_static("1.1 by-hand");

struct Proxy {
    client: Client<HttpConnector, Incoming>,
    hosts: Vec<Authority>,
    next: AtomicUsize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse()?;
    flags.runtime()?.block_on(serve(&flags))
}

async fn serve(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let hosts = flags.hosts.iter().map(|host| host.parse());
    let proxy = Arc::new(Proxy {
        client: Client::builder(TokioExecutor::new()).build(connector),
        hosts: hosts.collect::<Result<_, _>>()?,
        next: AtomicUsize::new(0),
    });
    let listener = flags.bind()?;
    loop {
        let (stream, client) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let address = HeaderValue::from_str(&client.ip().to_string())?;
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(|request| proxy.forward(request, address.clone()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("{error}");
            }
        });
    }
}

impl Proxy {
    async fn forward(
        &self,
        mut request: Request<Incoming>,
        address: HeaderValue,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.hosts.len();
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.hosts[turn].clone());
        // Parts of a URI that was read, and an authority.
        *request.uri_mut() = uri.try_into().unwrap_or_default();

        let fields = request.headers_mut();
        fields.remove(header::CONNECTION);
        fields.insert(FOR, address);
        fields.insert(PROTO, HeaderValue::from_static("http"));
        if let Some(host) = fields.remove(header::HOST) {
            fields.insert(HOST, host);
        }
        fields.append(header::VIA, PSEUDONYM);

        let mut response = self.client.request(request).await?;
        response.headers_mut().remove(header::CONNECTION);
        response.headers_mut().append(header::VIA, PSEUDONYM);
        Ok(response)
    }
}

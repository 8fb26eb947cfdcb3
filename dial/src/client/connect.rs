//! Resolves, connects, encrypts. The one place of the client that names TLS.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

#[cfg(feature = "tls")]
use once_cell::sync::OnceCell;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::resolve::Resolver;
use super::stream::Stream;
use crate::error::{Chain, Error, ErrorKind};
#[cfg(feature = "tls")]
use crate::tls::UpstreamTls;
use crate::upstream::{Endpoint, Host, Scheme};

/// How long one address may take before the next is tried, when there are several.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes connections to endpoints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connector {
    pub(crate) resolver: Resolver,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<UpstreamTls>,
}

impl Connector {
    /// Connects within `limit`. `preamble` is sent before anything else, TLS included.
    pub(crate) async fn connect(
        &self,
        endpoint: &Endpoint,
        preamble: &[u8],
        limit: Duration,
    ) -> Result<Stream, Error> {
        timeout(limit, self.open(endpoint, preamble, limit))
            .await
            .unwrap_or_else(|_| {
                let what = format!("{endpoint}: not connected within {limit:?}");
                Err(Error::new(ErrorKind::ConnectTimeout, what))
            })
    }

    async fn open(
        &self,
        endpoint: &Endpoint,
        preamble: &[u8],
        limit: Duration,
    ) -> Result<Stream, Error> {
        let mut stream = self.dial(endpoint, limit).await?;
        // Requests are written whole; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        if !preamble.is_empty() {
            stream.write_all(preamble).await.map_err(|source| {
                let what = format!("{endpoint}: cannot send who the client is");
                Error::new(ErrorKind::Connect, what).with_source(source)
            })?;
        }
        match endpoint.scheme() {
            Scheme::Http => Ok(Stream::Plain(stream)),
            Scheme::Https => self.encrypt(stream, endpoint).await,
        }
    }

    /// Tries the endpoint's addresses in order, each for its share of the limit at the most.
    async fn dial(&self, endpoint: &Endpoint, limit: Duration) -> Result<TcpStream, Error> {
        let name = match endpoint.host() {
            Host::Ip(ip) => return open(*ip, endpoint).await,
            Host::Name(name) => name,
        };
        let addrs = self.resolver.resolve(name).await?;
        let (last, others) = match addrs.split_last() {
            Some((last, others)) => (*last, others),
            None => {
                return Err(Error::new(
                    ErrorKind::Resolve,
                    format!("`{name}` has no address"),
                ));
            }
        };
        let share = u32::try_from(addrs.len()).map_or(ADDRESS_TIMEOUT, |count| limit / count);
        for addr in others {
            match timeout(share.min(ADDRESS_TIMEOUT), open(*addr, endpoint)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => {
                    tracing::debug!(%addr, "next address of {endpoint}: {}", Chain(&error));
                }
                Err(_) => tracing::debug!(%addr, "next address of {endpoint}: timed out"),
            }
        }
        open(last, endpoint).await
    }

    /// The TLS settings: those given, or the platform's roots, read once for the process.
    #[cfg(feature = "tls")]
    pub(crate) fn load_roots(&self) -> Result<&UpstreamTls, Error> {
        static PLATFORM: OnceCell<UpstreamTls> = OnceCell::new();
        match &self.tls {
            Some(tls) => Ok(tls),
            None => PLATFORM.get_or_try_init(UpstreamTls::platform),
        }
    }

    #[cfg(feature = "tls")]
    async fn encrypt(&self, stream: TcpStream, endpoint: &Endpoint) -> Result<Stream, Error> {
        let name = endpoint.name().host.to_string();
        let stream = self.load_roots()?.connect(stream, &name).await;
        match stream {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(error.within(endpoint)),
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn encrypt(&self, _: TcpStream, endpoint: &Endpoint) -> Result<Stream, Error> {
        let what = format!("{endpoint}: https needs dial's feature `tls`");
        std::future::ready(Err(Error::new(ErrorKind::Tls, what))).await
    }
}

async fn open(ip: IpAddr, endpoint: &Endpoint) -> Result<TcpStream, Error> {
    TcpStream::connect(SocketAddr::new(ip, endpoint.port()))
        .await
        .map_err(|source| {
            Error::new(
                ErrorKind::Connect,
                format!("{endpoint}: cannot connect to {ip}"),
            )
            .with_source(source)
        })
}

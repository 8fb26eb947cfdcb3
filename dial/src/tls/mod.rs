//! TLS towards endpoints, through rustls.

mod connector;

#[cfg(test)]
mod tests;

pub(crate) use tokio_rustls::client::TlsStream as ClientStream;

pub use self::connector::UpstreamTls;

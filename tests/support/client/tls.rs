//! The client within TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::RawClient;
use crate::wait::DEADLINE;

impl RawClient<TlsStream<TcpStream>> {
    /// Connects to `addr` with TLS, asks for `name`, and trusts only the authority in `ca_pem`.
    pub async fn connect_tls(addr: SocketAddr, name: &str, ca_pem: &str) -> Self {
        let stream = RawClient::connect(addr).await.wire.io;
        let name = ServerName::try_from(name.to_owned()).expect("a host name or an address");
        let connector = TlsConnector::from(Arc::new(trusting(ca_pem)));
        match timeout(DEADLINE, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Self::over(stream),
            Ok(Err(error)) => panic!("TLS with {addr}: {error}"),
            Err(late) => panic!("TLS with {addr}: {late}"),
        }
    }
}

fn trusting(ca_pem: &str) -> ClientConfig {
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).expect("PEM");
    let mut roots = RootCertStore::empty();
    roots.add(ca).expect("the certificate of an authority");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports them")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

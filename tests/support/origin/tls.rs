//! Origins behind TLS, and the certificates for them.

use std::ops::Deref;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::host::Host;
use super::ledger::Connection;
use super::named::{echo, exchange};
use super::{Answer, Origin, Recorded};

/// A certificate for some names, its key, and the authority that signed it; each call makes new
/// ones. All in PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate of the authority, which a client has to trust.
    pub ca_pem: String,
    /// The certificate of the server.
    pub cert_pem: String,
    /// The server's private key.
    pub key_pem: String,
}

/// An [`Origin`] that speaks HTTP/1.1 within TLS 1.2 or 1.3.
///
/// A handshake that fails ends the connection, and is for the other side to report.
#[derive(Debug)]
pub struct TlsOrigin {
    origin: Origin,
    identity: Identity,
}

// === impl Identity ===

impl Identity {
    /// A certificate for `names`, DNS names or IP addresses.
    #[must_use]
    pub fn for_names(names: &[&str]) -> Self {
        Self::generate(names).expect("names that fit into a certificate")
    }

    fn generate(names: &[&str]) -> Result<Self, rcgen::Error> {
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate()?;
        let ca_cert = ca.self_signed(&ca_key)?;
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate()?;
        let issuer = Issuer::new(ca, ca_key);
        let cert = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok(Self {
            ca_pem: ca_cert.pem(),
            cert_pem: cert.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    fn server_config(&self) -> ServerConfig {
        let cert = CertificateDer::from_pem_slice(self.cert_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports them")
            .with_no_client_auth()
            .with_single_cert(vec![cert.expect("PEM")], key.expect("PEM"));
        let mut config = config.expect("the key belongs to the certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }
}

// === impl TlsOrigin ===

impl TlsOrigin {
    /// Like [`Origin::named`], with a certificate for `names`.
    #[must_use]
    pub fn named(name: &str, names: &[&str]) -> Self {
        Self::answering(names, echo(name))
    }

    /// Like [`Origin::answering`], with a certificate for `names`.
    pub fn answering<F>(names: &[&str], answer: F) -> Self
    where
        F: Fn(&Recorded) -> Answer + Clone + Send + Sync + 'static,
    {
        let identity = Identity::for_names(names);
        let acceptor = TlsAcceptor::from(Arc::new(identity.server_config()));
        let serve =
            move |stream, connection| serve(stream, connection, acceptor.clone(), answer.clone());
        let mut origin = Origin::new(Host::start(serve));
        origin.scheme = "https";
        Self { origin, identity }
    }

    /// The certificate of the authority that a client has to trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.identity.ca_pem
    }
}

impl Deref for TlsOrigin {
    type Target = Origin;

    fn deref(&self) -> &Origin {
        &self.origin
    }
}

async fn serve<F>(stream: TcpStream, connection: Connection, acceptor: TlsAcceptor, answer: F)
where
    F: Fn(&Recorded) -> Answer,
{
    if let Ok(stream) = acceptor.accept(stream).await {
        let sni = stream.get_ref().1.server_name().map(str::to_owned);
        exchange(stream, connection, sni, answer).await;
    }
}

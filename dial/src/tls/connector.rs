//! Whom an `https://` endpoint has to prove itself to.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::{Error, ErrorKind};

/// What is offered in ALPN (RFC 7301), and all that is spoken.
const HTTP_1_1: &[u8] = b"http/1.1";

/// How `https://` endpoints are verified: against which certification authorities.
///
/// The endpoint's certificate always has to be valid for the host of its entry: the name, which is also sent as
/// SNI, or the IP address, which has to be among the certificate's IP addresses (RFC 6125, RFC 9110 §4.3.4).
///
/// TLS 1.2 and 1.3 are spoken, through rustls with the ring provider, whatever the process's default provider is.
/// Clones share sessions, so that handshakes can be resumed.
///
/// ```no_run
/// use dial::UpstreamTls;
///
/// let public = UpstreamTls::platform()?;
/// let private = UpstreamTls::with_ca(&std::fs::read("/etc/ssl/internal-ca.pem").unwrap())?;
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone)]
pub struct UpstreamTls {
    config: Arc<ClientConfig>,
}

impl UpstreamTls {
    /// Trusts the certification authorities that this machine trusts. Reads files: for startup, not for requests.
    ///
    /// Where they are is up to the platform; `SSL_CERT_FILE` and `SSL_CERT_DIR` come first. Certificates among
    /// them that are not understood are passed over; it is an [`ErrorKind::Config`] when none is left.
    pub fn platform() -> Result<Self, Error> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added > 0 {
            return Self::with_roots(roots);
        }
        let error = Error::config("this machine has no trusted certification authorities");
        match found.errors.into_iter().next() {
            Some(source) => Err(error.with_source(source)),
            None => Err(error),
        }
    }

    /// Trusts the certification authorities in `pem`, and no others.
    ///
    /// `pem` is text with one or more `CERTIFICATE` sections (RFC 7468); other sections are passed over. It is an
    /// [`ErrorKind::Config`] when there is none, or one is not understood.
    pub fn with_ca(pem: &[u8]) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate
                .map_err(|source| Error::config("the CA file is not PEM").with_source(source))?;
            roots.add(certificate).map_err(|source| {
                Error::config("the CA file holds something else than CA certificates")
                    .with_source(source)
            })?;
        }
        if roots.is_empty() {
            return Err(Error::config("the CA file holds no certificate"));
        }
        Self::with_roots(roots)
    }

    fn with_roots(roots: RootCertStore) -> Result<Self, Error> {
        // Named here, because a process's default provider is absent or ambiguous as other crates would have it.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|source| Error::config("no usable TLS version").with_source(source))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config).into())
    }

    /// Makes a connection to `host` (a name in ASCII, or an IP address without brackets) a TLS one.
    ///
    /// Whatever goes wrong is an [`ErrorKind::Tls`] with its source. There is no timeout in here.
    pub(crate) async fn connect<IO>(&self, io: IO, host: &str) -> Result<TlsStream<IO>, Error>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = || Error::new(ErrorKind::Tls, format!("TLS with {host} failed"));
        let name = ServerName::try_from(host).map_err(|source| failed().with_source(source))?;
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name.to_owned(), io)
            .await
            .map_err(|source| failed().with_source(source))
    }
}

/// Takes a configuration as it is, with client certificates, verifiers and all, except for ALPN: that becomes
/// `http/1.1`, because an endpoint that was offered more could choose it.
impl From<Arc<ClientConfig>> for UpstreamTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        let mut config = Arc::unwrap_or_clone(config);
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Self {
            config: Arc::new(config),
        }
    }
}

impl fmt::Debug for UpstreamTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamTls").finish_non_exhaustive()
    }
}

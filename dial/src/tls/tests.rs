use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::UpstreamTls;
use crate::error::{Chain, Error, ErrorKind};

/// A certification authority, in one piece for what it signs and as text for who trusts it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// What a server with a certificate for these names and addresses needs.
    fn server(&self, names: &[&str], alpn: &[&str]) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key.into())
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

/// What the server saw of a handshake.
#[derive(Debug, PartialEq)]
struct Seen {
    sni: Option<String>,
    alpn: Option<Vec<u8>>,
}

/// Connects over loopback as to `host`, and sends a byte each way.
async fn handshake(tls: &UpstreamTls, server: ServerConfig, host: &str) -> Result<Seen, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(stream).await?;
        let byte = stream.read_u8().await?;
        stream.write_u8(byte + 1).await?;
        stream.shutdown().await?;
        let connection = stream.get_ref().1;
        Ok::<_, std::io::Error>(Seen {
            sni: connection.server_name().map(ToOwned::to_owned),
            alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        })
    });
    let deadline = Duration::from_secs(10);
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = tls.connect(stream, host).await?;
        stream.write_u8(7).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 8);
        Ok(())
    };
    tokio::time::timeout(deadline, client).await.unwrap()?;
    Ok(tokio::time::timeout(deadline, serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap())
}

#[tokio::test]
async fn a_certificate_of_the_authority_for_the_host_is_accepted() {
    let authority = Authority::new();
    let tls = UpstreamTls::with_ca(authority.pem.as_bytes()).unwrap();
    let names = ["backend.internal", "*.wild.internal", "127.0.0.1", "::1"];
    for (host, sni) in [
        ("backend.internal", Some("backend.internal")),
        ("backend.internal.", Some("backend.internal")),
        ("a.wild.internal", Some("a.wild.internal")),
        ("127.0.0.1", None),
        ("::1", None),
    ] {
        let seen = handshake(&tls, authority.server(&names, &[]), host)
            .await
            .unwrap();
        let sni = sni.map(ToOwned::to_owned);
        assert_eq!(seen, Seen { sni, alpn: None }, "{host}");
    }
}

#[tokio::test]
async fn another_host_is_refused() {
    let authority = Authority::new();
    let tls = UpstreamTls::with_ca(authority.pem.as_bytes()).unwrap();
    let names = ["backend.internal", "*.wild.internal", "127.0.0.1"];
    for host in [
        "other.internal",
        "wild.internal",
        "a.b.wild.internal",
        "127.0.0.2",
        "::1",
    ] {
        let error = handshake(&tls, authority.server(&names, &[]), host)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        let chain = Chain(&error).to_string();
        assert!(
            chain.starts_with(&format!("TLS with {host} failed: ")),
            "{chain}"
        );
        assert!(chain.contains("not valid for name"), "{chain}");
    }
}

#[tokio::test]
async fn another_authority_is_refused() {
    let tls = UpstreamTls::with_ca(Authority::new().pem.as_bytes()).unwrap();
    let server = Authority::new().server(&["backend.internal"], &[]);
    let error = handshake(&tls, server, "backend.internal")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    let chain = Chain(&error).to_string();
    assert!(chain.contains("invalid peer certificate"), "{chain}");
}

#[tokio::test]
async fn one_of_several_authorities_suffices() {
    let (one, two) = (Authority::new(), Authority::new());
    let pem = format!("# two of them\n{}\n{}", one.pem, two.pem);
    let tls = UpstreamTls::with_ca(pem.as_bytes()).unwrap();
    for authority in [one, two] {
        handshake(&tls, authority.server(&["a"], &[]), "a")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_host_that_tls_has_no_name_for_is_refused() {
    let authority = Authority::new();
    let tls = UpstreamTls::with_ca(authority.pem.as_bytes()).unwrap();
    for host in ["", "[::1]", "bücher.example", "a b"] {
        let (stream, _other) = tokio::io::duplex(64);
        let error = tls.connect(stream, host).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_an_error() {
    let tls = UpstreamTls::with_ca(Authority::new().pem.as_bytes()).unwrap();
    for answer in ["", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let (stream, mut other) = tokio::io::duplex(4096);
        other.write_all(answer.as_bytes()).await.unwrap();
        other.shutdown().await.unwrap();
        let error = tls.connect(stream, "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.source().is_some());
    }
}

#[tokio::test]
async fn only_http_1_1_is_ever_negotiated() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&authority)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut own = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    own.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let made = UpstreamTls::with_ca(authority.pem.as_bytes()).unwrap();
    for tls in [made, UpstreamTls::from(Arc::new(own))] {
        let server = authority.server(&["a"], &["h2", "http/1.1"]);
        let seen = handshake(&tls, server, "a").await.unwrap();
        assert_eq!(seen.alpn.as_deref(), Some(&b"http/1.1"[..]));

        // Refused before a byte of HTTP is sent: RFC 7301 §3.2.
        let server = authority.server(&["a"], &["h2"]);
        assert_eq!(
            handshake(&tls, server, "a").await.unwrap_err().kind(),
            ErrorKind::Tls
        );
    }
}

#[test]
fn a_ca_file_without_a_ca_is_refused() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let authority = Authority::new().pem;
    let begin = "-----BEGIN CERTIFICATE-----\n";
    let end = "\n-----END CERTIFICATE-----\n";
    for (pem, reason) in [
        ("", "no certificate"),
        ("not PEM at all", "no certificate"),
        (&*key, "no certificate"),
        (&format!("{begin}AAAA{end}"), "something else"),
        (&format!("{authority}{begin}AAAA{end}"), "something else"),
        (&format!("{begin}?{end}"), "not PEM"),
        (&format!("{authority}{begin}"), "not PEM"),
    ] {
        let error = UpstreamTls::with_ca(pem.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains(reason),
            "{error}, expected {reason}"
        );
    }
}

#[test]
fn the_platform_has_authorities_or_says_so() {
    match UpstreamTls::platform() {
        Ok(tls) => assert_eq!(format!("{tls:?}"), "UpstreamTls { .. }"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Config),
    }
}

fn certificate(authority: &Authority) -> CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()
}

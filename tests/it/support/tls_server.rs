//! Certificates made for one test, right and wrong ones, and a server that shows them.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Good,
    OtherName,
    Expired,
    /// The authority's own certificate in place of one that it signed.
    CaAsLeaf,
}

/// A certificate authority of the test's own.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: Certificate,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            params,
            key,
            certificate,
        }
    }

    /// For `SSL_CERT_FILE`.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate and its key, as a server's files hold them.
    pub fn leaf(&self, shown: Shown) -> (String, String) {
        let (certificate, key) = self.signed(shown);
        (certificate.pem(), key.serialize_pem())
    }

    fn chain(&self, shown: Shown) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        if shown == Shown::CaAsLeaf {
            let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
            return (vec![self.certificate.der().clone()], key);
        }
        let (certificate, key) = self.signed(shown);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (vec![certificate.der().clone()], key)
    }

    fn signed(&self, shown: Shown) -> (Certificate, KeyPair) {
        let name = match shown {
            Shown::OtherName => "other.example",
            _ => "localhost",
        };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if shown == Shown::Expired {
            params.not_before = date_time_ymd(2024, 1, 1);
            params.not_after = date_time_ymd(2025, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        (certificate, key)
    }
}

/// https on loopback; answers every request with the same body.
pub struct TlsServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Dropped, it stops the server.
    _stop: oneshot::Sender<()>,
}

impl TlsServer {
    pub fn start(authority: &Authority, shown: Shown, body: String) -> Self {
        let (chain, key) = authority.chain(shown);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = connections.clone();
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            tokio::select! {
                () = accept(listener, acceptor, seen, body) => {}
                _ = stopped => {}
            }
        });
        Self {
            address,
            connections,
            _stop: stop,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn accept(listener: std::net::TcpListener, acceptor: TlsAcceptor, connections: Arc<AtomicUsize>, body: String) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        let (acceptor, body) = (acceptor.clone(), body.clone());
        tokio::spawn(async move {
            let mut stream = acceptor.accept(stream).await.ok()?;
            let mut buffer = vec![0; 64 * 1024];
            let read = stream.read(&mut buffer).await.ok()?;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if read > 0 {
                stream.write_all(head.as_bytes()).await.ok()?;
            }
            stream.shutdown().await.ok()
        });
    }
}

//! TLS: one full handshake per connection (no resumption: the certificate is looked at every time), everything that was
//! seen recorded whether it succeeds or not, ALPN h2 required as gRPC requires it.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme,
};

use super::{Io, Options, alert, certificate};
use crate::model::reach::{Certificate, FailureCode, TlsReport};

/// What every handshake needs, loaded once.
pub(super) struct Tls {
    config: ClientConfig,
    provider: Arc<CryptoProvider>,
    /// `None`: accept every certificate.
    verifier: Option<Arc<Verifier>>,
    identity: Option<Arc<CertifiedKey>>,
}

/// Decides whether a server's certificate is trusted.
#[derive(Debug)]
struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// The certificates of `--cacert`: one that a server presents as its own is trusted for what it says, as OpenSSL and
    /// Go do it (webpki refuses a CA certificate there, which is what `openssl req -x509` makes).
    named: Vec<CertificateDer<'static>>,
}

/// A handshake that was done.
pub(super) struct Secured {
    pub io: Box<dyn Io>,
    pub report: TlsReport,
    pub client: ClientAuth,
}

/// What went into client authentication: the server's late refusal (TLS 1.3) is judged by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ClientAuth {
    /// The server asked for a certificate, of these issuers.
    pub asked: Option<Vec<String>>,
    /// We have one, and sent it if asked.
    pub given: bool,
}

/// A handshake that failed.
pub(super) struct Refused {
    pub code: FailureCode,
    pub text: String,
    pub report: TlsReport,
}

impl Tls {
    /// Reads roots and identity.
    ///
    /// # Errors
    ///
    /// A sentence when a file cannot be used, or this machine trusts nobody.
    pub fn load(options: &Options) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let verifier = if options.insecure {
            None
        } else {
            let (roots, named) = roots(options.cacert.as_deref())?;
            let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| format!("trusted roots cannot be used: {error}"))?;
            Some(Arc::new(Verifier { webpki, named }))
        };
        let identity = match &options.identity {
            Some((chain, key)) => Some(Arc::new(identity(chain, key, &provider)?)),
            None => None,
        };
        let nobody = Arc::new(Recorder::new(None, provider.clone(), None));
        let mut config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(nobody.clone())
            .with_client_cert_resolver(nobody);
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Tls { config, provider, verifier, identity })
    }

    /// Shakes hands over `io` as `server_name` (a DNS name or an IP address).
    pub async fn handshake(&self, io: Box<dyn Io>, server_name: &str) -> Result<Secured, Refused> {
        let mut report = TlsReport { server_name: server_name.to_string(), ..TlsReport::default() };
        let Ok(name) = ServerName::try_from(server_name.to_string()) else {
            let text =
                format!("\"{server_name}\" is neither a DNS name nor an IP address to verify a certificate against");
            return Err(Refused { code: FailureCode::Local, text, report });
        };
        let recorder = Arc::new(Recorder::new(self.verifier.clone(), self.provider.clone(), self.identity.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(recorder.clone());
        config.client_auth_cert_resolver = recorder.clone();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, Peek::new(io)).into_fallible();
        let outcome = connecting.await;
        let seen = recorder.seen();
        report.chain = seen.chain;
        let client = ClientAuth { asked: seen.asked, given: self.identity.is_some() };
        let stream: TlsStream<Peek> = match outcome {
            Ok(stream) => stream,
            Err((error, peek)) => {
                let (code, text) = alert::explain_handshake(&error, &peek.first, &report, &client, seen.now);
                return Err(Refused { code, text, report });
            }
        };
        let session = stream.get_ref().1;
        report.version = session.protocol_version().map(version);
        report.cipher = session
            .negotiated_cipher_suite()
            .map(|suite| suite.suite().as_str().map_or_else(|| format!("{:?}", suite.suite()), str::to_string));
        report.alpn = session.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into_owned());
        report.verified = self.verifier.is_some();
        match report.alpn.as_deref() {
            Some("h2") => Ok(Secured { io: Box::new(stream), report, client }),
            Some(other) => {
                let text = format!("server selected the application protocol \"{other}\"; gRPC needs ALPN h2");
                Err(Refused { code: FailureCode::NoApplicationProtocol, text, report })
            }
            None => {
                let text = "server selected no application protocol; gRPC needs ALPN h2 (grpc-go refuses since 1.67)";
                Err(Refused { code: FailureCode::NoApplicationProtocol, text: text.to_string(), report })
            }
        }
    }
}

/// The stream that TLS is spoken over, when `io` is one of [`Tls::handshake`]'s.
pub(super) fn beneath(io: &dyn Io) -> Option<&dyn Io> {
    Some(&*io.as_any().downcast_ref::<TlsStream<Peek>>()?.get_ref().0.io)
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_string(),
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_string(),
        other => format!("{other:?}"),
    }
}

/// The trusted roots, and those of them that were named by the user.
fn roots(cacert: Option<&Path>) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), String> {
    let mut roots = RootCertStore::empty();
    let mut named = Vec::new();
    match cacert {
        Some(path) => {
            named = certificates(path)?;
            let count = named.len();
            let (added, _) = roots.add_parsable_certificates(named.iter().cloned());
            if added == 0 {
                return Err(format!("none of the {count} certificates in {} can be a trusted root", path.display()));
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let why = match found.errors.first() {
                    Some(error) => format!(": {error}"),
                    None => String::new(),
                };
                return Err(format!(
                    "this machine has no trusted root certificates{why} (install ca-certificates, or name a file with --cacert)"
                ));
            }
        }
    }
    Ok((roots, named))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(|found| found.collect::<Result<Vec<_>, _>>());
    match read {
        Ok(certificates) if certificates.is_empty() => Err(format!("{} holds no PEM certificate", path.display())),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("certificates cannot be read from {}: {}", path.display(), pem_words(error))),
    }
}

fn identity(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let certificates = certificates(chain)?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("private key cannot be read from {}: {}", key.display(), pem_words(error)))?;
    CertifiedKey::from_der(certificates, private, provider)
        .map_err(|error| format!("{} and {} are no identity: {error}", chain.display(), key.display()))
}

fn pem_words(error: rustls::pki_types::pem::Error) -> String {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(error) => super::tcp::words(&error),
        Error::NoItemsFound => "nothing of the kind is in it".to_string(),
        // Says nothing of the file's content: it may be a key.
        _ => "it is not valid PEM".to_string(),
    }
}

/// What was seen in one handshake.
#[derive(Debug, Clone, Default)]
struct Seen {
    chain: Vec<Certificate>,
    /// The verifier's clock, seconds since 1970.
    now: i64,
    asked: Option<Vec<String>>,
}

/// Verifies and answers as configured, and remembers what it was shown.
#[derive(Debug)]
struct Recorder {
    verifier: Option<Arc<Verifier>>,
    provider: Arc<CryptoProvider>,
    identity: Option<Arc<CertifiedKey>>,
    seen: Mutex<Seen>,
}

impl Recorder {
    fn new(
        verifier: Option<Arc<Verifier>>,
        provider: Arc<CryptoProvider>,
        identity: Option<Arc<CertifiedKey>>,
    ) -> Self {
        Recorder { verifier, provider, identity, seen: Mutex::default() }
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            seen.chain = std::iter::once(leaf).chain(intermediates).filter_map(|der| certificate::read(der)).collect();
        }
        let Some(verifier) = &self.verifier else { return Ok(ServerCertVerified::assertion()) };
        if verifier.named.iter().any(|named| named == leaf) {
            verify_server_name(&ParsedCertificate::try_from(leaf)?, server_name)?;
            return within_validity(leaf, now);
        }
        verifier.webpki.verify_server_cert(leaf, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn within_validity(leaf: &CertificateDer<'_>, now: UnixTime) -> Result<ServerCertVerified, rustls::Error> {
    let seconds = |at: i64| UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at).unwrap_or(0)));
    let leaf = certificate::read(leaf).ok_or(CertificateError::BadEncoding)?;
    let (not_before, not_after) = (seconds(leaf.not_before), seconds(leaf.not_after));
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(ServerCertVerified::assertion())
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let issuers = issuers.iter().map(|der| certificate::distinguished_name(der)).collect();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).asked = Some(issuers);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

/// Keeps the first bytes of a peer, to say what it speaks if that is not TLS.
struct Peek {
    io: Box<dyn Io>,
    first: Vec<u8>,
    /// How many bytes are kept.
    room: usize,
}

impl Peek {
    fn new(io: Box<dyn Io>) -> Self {
        Peek { io, first: Vec::new(), room: 48 }
    }
}

impl AsyncRead for Peek {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let new = &buf.filled()[before..];
        let kept = new.len().min(self.room);
        self.first.extend_from_slice(&new[..kept]);
        self.room -= kept;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peek {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

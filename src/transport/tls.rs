//! TLS: one full handshake per connection (no resumption: the certificate is checked every time), everything that was
//! presented is recorded whether or not the handshake succeeds, ALPN h2 is required as in gRPC.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinError;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ResolvesClientCert, Resumption};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, ProtocolVersion, SignatureScheme};

use super::files::{self, FileError};
use super::frames::{self, Opening};
use super::options::Options;
use super::socket_error;
use crate::model::reach::{Certificate, FailureCode, FirstBytes, TlsReport};
use crate::net::dial::Io;
pub(super) use crate::net::tls::ClientAuth;
use crate::net::tls::{
    self, Presented, Roots, SetupError, TlsFailure, Verifier, distinguished_name, explain_end, explain_handshake,
    is_tls, read, refusal_in,
};
use crate::text::quote_bytes;

/// What every handshake needs, loaded once.
pub(super) struct Tls {
    config: ClientConfig,
    verifier: Arc<Verifier>,
    identity: Option<Arc<CertifiedKey>>,
    /// The certificate chain of the identity, parsed.
    given: Option<Vec<Certificate>>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsSetupError {
    /// A file that the options name cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system's roots cannot be used.
    #[error("{0}, or specify a file with --cacert")]
    SystemRoots(#[source] SetupError),
    /// The TLS library cannot be set up.
    #[error(transparent)]
    Library(#[from] SetupError),
    /// The thread that reads the files exited.
    #[error("failed to set up TLS: {0}")]
    Thread(#[from] JoinError),
}

/// A completed handshake.
pub(super) struct TlsConnection {
    pub io: Box<dyn Io>,
    pub report: TlsReport,
    pub client: ClientAuth,
}

/// A handshake that failed.
pub(super) struct Refused {
    pub code: FailureCode,
    pub text: String,
    pub report: TlsReport,
    /// The protocol of the peer's first bytes.
    pub first_bytes: Option<FirstBytes>,
}

impl Tls {
    /// Reads roots and identity.
    ///
    /// # Errors
    ///
    /// A file cannot be used, or this machine trusts no certificate.
    pub fn load(options: &Options) -> Result<Self, TlsSetupError> {
        let provider = Arc::new(ring::default_provider());
        let roots = match &options.cacert {
            _ if options.insecure => None,
            Some(path) => Some(files::roots(path)?),
            None => Some(Roots::system().map_err(TlsSetupError::SystemRoots)?),
        };
        let verifier = Arc::new(Verifier::new(roots, provider.clone())?);
        let identity = match &options.identity {
            Some((chain, key)) => Some(Arc::new(files::identity(chain, key, &provider)?)),
            None => None,
        };
        let given = identity.as_ref().map(|identity| identity.cert.iter().filter_map(|der| read(der)).collect());
        // Each handshake has its own recorder instead of this one.
        let recorder = Arc::new(Recorder::new(verifier.clone(), None));
        let mut config = tls::config(provider, recorder.clone(), Some(recorder), "h2")?;
        config.resumption = Resumption::disabled();
        Ok(Tls { config, verifier, identity, given })
    }

    /// Performs the handshake over `io` as `server_name` (a DNS name or an IP address).
    pub async fn handshake(&self, io: Box<dyn Io>, server_name: &str) -> Result<TlsConnection, Refused> {
        let mut report = TlsReport { server_name: server_name.to_string(), ..TlsReport::default() };
        let Ok(name) = ServerName::try_from(server_name.to_string()) else {
            let text = format!(
                "invalid server name \"{server_name}\": expected a DNS name or an IP address to verify the certificate"
            );
            return Err(Refused { code: FailureCode::Local, text, report, first_bytes: None });
        };
        let recorder = Arc::new(Recorder::new(self.verifier.clone(), self.identity.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(recorder.clone());
        config.client_auth_cert_resolver = recorder.clone();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, Peek::new(io)).into_fallible();
        let outcome = connecting.await;
        let seen = recorder.seen();
        report.anchor = self.verifier.anchor(&seen.chain);
        report.chain = seen.chain;
        let client = ClientAuth { requested: seen.requested, given: self.given.clone(), now: seen.now };
        let stream: TlsStream<Peek> = match outcome {
            Ok(stream) => stream,
            Err((error, peek)) => {
                let TlsFailure { code, text, fault } = why(&error, &peek.first, &report.server_name, &client);
                report.fault = fault;
                return Err(Refused { code, text, report, first_bytes: frames::first_bytes(&peek.first) });
            }
        };
        let session = stream.get_ref().1;
        report.version = session.protocol_version().map(version);
        report.cipher = session
            .negotiated_cipher_suite()
            .map(|suite| suite.suite().as_str().map_or_else(|| format!("{:?}", suite.suite()), str::to_string));
        report.alpn = session.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into_owned());
        report.verified = self.verifier.verifies() && seen.beyond.is_none();
        report.limit = seen.beyond;
        match report.alpn.as_deref() {
            Some("h2") => Ok(TlsConnection { io: Box::new(stream), report, client }),
            Some(other) => {
                let text = format!("server selected the application protocol \"{other}\"; gRPC requires ALPN h2");
                Err(Refused {
                    code: FailureCode::NoApplicationProtocol,
                    text,
                    report,
                    first_bytes: Some(FirstBytes::Tls),
                })
            }
            None => {
                let text =
                    "server selected no application protocol; gRPC requires ALPN h2 (grpc-go rejects this since 1.67)";
                let first_bytes = Some(FirstBytes::Tls);
                Err(Refused { code: FailureCode::NoApplicationProtocol, text: text.to_string(), report, first_bytes })
            }
        }
    }
}

fn version(version: ProtocolVersion) -> String {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_string(),
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_string(),
        other => format!("{other:?}"),
    }
}

/// Why a handshake failed, whether or not TLS is the cause. `first`: the peer's first bytes.
fn why(error: &io::Error, first: &[u8], server_name: &str, client: &ClientAuth) -> TlsFailure {
    if let Some(explained) = explain_handshake(error, first, server_name, client) {
        return explained;
    }
    let (code, text) = match socket_error::classify(error) {
        (code @ (FailureCode::Closed | FailureCode::Reset), text) if first.is_empty() || is_tls(first) => {
            if let Some(explained) = explain_end(client) {
                return explained;
            }
            match code {
                FailureCode::Closed => (code, "closed the connection during the TLS handshake".to_string()),
                _ => (code, text),
            }
        }
        (FailureCode::Reset, text) => (FailureCode::Reset, text),
        (FailureCode::Closed, _) => not_tls(first),
        _ if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => not_tls(first),
        other => other,
    };
    TlsFailure { code, text, fault: None }
}

fn not_tls(first: &[u8]) -> (FailureCode, String) {
    let first_bytes = match frames::judge(first) {
        Opening::Http2 if first[3] == frames::SETTINGS => "it sent HTTP/2 SETTINGS in plaintext".to_string(),
        _ => format!("it sent \"{}\"", quote_bytes(first, 40)),
    };
    (FailureCode::NotTls, format!("peer does not use TLS on this port: {first_bytes}"))
}

/// What was presented in one handshake.
#[derive(Debug, Clone, Default)]
struct Received {
    chain: Vec<Certificate>,
    /// The verifier's clock, seconds since 1970.
    now: i64,
    requested: Option<Vec<String>>,
    /// The certificate, or the proof that the server has its key, is beyond the TLS library, and other client stacks
    /// accept it.
    beyond: Option<String>,
}

/// Verifies and responds as configured, and records what was presented.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<Verifier>,
    identity: Option<Arc<CertifiedKey>>,
    seen: Mutex<Received>,
}

impl Recorder {
    fn new(verifier: Arc<Verifier>, identity: Option<Arc<CertifiedKey>>) -> Self {
        Recorder { verifier, identity, seen: Mutex::default() }
    }

    fn is_beyond(&self, why: String) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).beyond.get_or_insert(why);
    }

    /// A proof that the library cannot check is recorded; a wrong one remains an error.
    fn lenient(
        &self,
        proof: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match proof.as_ref().err().and_then(refusal_in).filter(|refusal| refusal.is_our_limit) {
            Some(refusal) => {
                self.is_beyond(refusal.text.clone());
                Ok(HandshakeSignatureValid::assertion())
            }
            None => proof,
        }
    }

    fn seen(&self) -> Received {
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
            seen.chain = std::iter::once(leaf).chain(intermediates).filter_map(|der| read(der)).collect();
        }
        match self.verifier.check(Presented { leaf, intermediates, name: server_name, now }, ocsp_response) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(refusal) if refusal.is_our_limit => {
                self.is_beyond(refusal.text);
                Ok(ServerCertVerified::assertion())
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.lenient(self.verifier.verify_tls12_signature(message, certificate, signature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.lenient(self.verifier.verify_tls13_signature(message, certificate, signature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // A server then presents a certificate with such a key, and it can be named; its signature is beyond the
        // library.
        let mut schemes = self.verifier.supported_verify_schemes();
        schemes.push(SignatureScheme::ECDSA_NISTP521_SHA512);
        schemes
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let issuers = issuers.iter().map(|der| distinguished_name(der)).collect();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).requested = Some(issuers);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

/// Keeps the first bytes of a peer, to name their protocol if it is not TLS.
struct Peek {
    io: Box<dyn Io>,
    first: Vec<u8>,
    /// The maximum number of bytes that are kept.
    room: usize,
}

impl Peek {
    fn new(io: Box<dyn Io>) -> Self {
        Peek { io, first: Vec::new(), room: 48 }
    }
}

impl Io for Peek {
    fn tcp(&self) -> Option<&TcpStream> {
        self.io.tcp()
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

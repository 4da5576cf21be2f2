//! The environment of the tool in a scenario: servers that misbehave on purpose, certificates, files. All of it is on
//! loopback (or in a network namespace of its own) and removed when dropped.

use std::any::Any;
use std::future::Future;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use tokio_rustls::rustls::{ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use crate::support::namespace::Namespace;

/// A server's empty SETTINGS frame.
pub const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

const DAY: i64 = 24 * 60 * 60;

/// Servers, files and other values that must live as long as the scenario.
pub struct Setup {
    directory: TempDir,
    runtime: tokio::runtime::Handle,
    kept: Vec<Box<dyn Any>>,
    /// Dropped last: stops the runtime's thread.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Setup {
    /// An environment without servers and files.
    pub fn new() -> Setup {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || runtime.block_on(stopped));
        Setup { directory: tempfile::tempdir().unwrap(), runtime: handle, kept: Vec::new(), _stop: stop }
    }

    /// Keeps `thing` until the end of the scenario.
    pub fn keep<T: 'static>(&mut self, thing: T) {
        self.kept.push(Box::new(thing));
    }

    /// Runs `work` on the servers' runtime and waits for it.
    pub fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let (tell, reported) = std::sync::mpsc::channel();
        self.runtime.spawn(async move {
            let _ = tell.send(work.await);
        });
        reported.recv().unwrap()
    }

    /// A path in the scenario's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        // Written to another file and renamed: a reader never sees a partial file.
        let beside = self.path(&format!("{name}.new"));
        std::fs::write(&beside, content).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        path.display().to_string()
    }

    /// A `file:` registry that lists `addresses`.
    pub fn registry(&self, name: &str, addresses: &[&str]) -> String {
        format!("file:{}", self.file(name, &serde_json::json!(addresses).to_string()))
    }

    /// A `file:` registry that lists `address` with `status`.
    pub fn judged(&self, listed: &[(&str, &str)]) -> String {
        let list: Vec<_> = listed.iter().map(|(a, s)| serde_json::json!({ "address": a, "status": s })).collect();
        format!("file:{}", self.file("judged.json", &serde_json::json!(list).to_string()))
    }

    /// Listens on a free port of 127.0.0.1 and passes every connection to `peer`.
    pub fn listen<F: Future<Output = ()> + Send + 'static>(
        &self,
        peer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> String {
        self.listen_on("127.0.0.1:0", peer)
    }

    /// [`Setup::listen`] on an address of the caller's choice.
    pub fn listen_on<F: Future<Output = ()> + Send + 'static>(
        &self,
        address: &str,
        peer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> String {
        self.accepts(std::net::TcpListener::bind(address).unwrap(), peer)
    }

    /// [`Setup::listen`] inside `namespace`.
    pub fn listen_in<F: Future<Output = ()> + Send + 'static>(
        &self,
        namespace: &Namespace,
        peer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> String {
        self.accepts(namespace.within(|| std::net::TcpListener::bind("127.0.0.1:0").unwrap()), peer)
    }

    fn accepts<F: Future<Output = ()> + Send + 'static>(
        &self,
        listener: std::net::TcpListener,
        peer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> String {
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        self.runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(peer(stream));
            }
        });
        address
    }

    /// A port that reads the client's first bytes, sends `bytes` and closes the connection in order.
    pub fn answers_and_closes(&self, bytes: &'static [u8]) -> String {
        self.listen(move |mut stream| async move {
            first_data(&mut stream).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            until_gone(&mut stream).await;
        })
    }

    /// A gRPC server whose health service responds with `answer`.
    pub fn serves(&self, answer: Answer) -> String {
        self.serves_on("127.0.0.1:0", answer)
    }

    /// [`Setup::serves`] on an address of the caller's choice.
    pub fn serves_on(&self, address: &str, answer: Answer) -> String {
        self.listen_on(address, move |stream| serve_health(stream, answer))
    }

    /// A healthy gRPC server.
    pub fn healthy(&self) -> String {
        self.serves(Answer::Status(1))
    }

    /// A port that accepts and never sends data.
    pub fn silent(&self) -> String {
        self.listen(|mut stream| async move { until_gone(&mut stream).await })
    }

    /// A port with a full accept queue: the kernel drops every further SYN. This needs no privilege.
    pub fn full(&mut self) -> String {
        self.full_on("127.0.0.1:0")
    }

    /// [`Setup::full`] on an address of the caller's choice.
    pub fn full_on(&mut self, address: &str) -> String {
        let address: SocketAddr = address.parse().unwrap();
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
        socket.bind(&address.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap();
        let to = address.as_socket().unwrap();
        // A queue of 0 takes one connection; the second one stays half open.
        for _ in 0..2 {
            let filler = socket2::Socket::new(domain, socket2::Type::STREAM, None).unwrap();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address);
            self.keep(filler);
        }
        self.keep(socket);
        to.to_string()
    }

    /// A UDP port that is bound and never read.
    pub fn unresponsive_udp(&mut self) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        self.keep(socket);
        address
    }

    /// A port without a listener.
    pub fn unused_port(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    }

    /// A healthy gRPC server behind TLS.
    pub fn serves_tls(&self, server: TlsServer) -> String {
        self.serves_tls_on("127.0.0.1:0", server)
    }

    /// [`Setup::serves_tls`] on an address of the caller's choice.
    pub fn serves_tls_on(&self, address: &str, server: TlsServer) -> String {
        let acceptor = server.acceptor();
        self.listen_on(address, move |stream| {
            let acceptor = acceptor.clone();
            async move {
                match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) => serve_health(stream, Answer::Status(1)).await,
                    // Unread bytes would turn the close into a reset, and lose the alert on the way.
                    Err((_, mut stream)) => {
                        let _ = stream.shutdown().await;
                        until_gone(&mut stream).await;
                    }
                }
            }
        })
    }

    /// A certificate authority whose certificate is in the file `ca.pem`.
    pub fn authority(&self) -> Authority {
        self.authority_named("scenario CA", "ca.pem")
    }

    /// An authority of this name, its certificate in this file.
    pub fn authority_named(&self, name: &str, file: &str) -> Authority {
        let authority = Authority::new(name);
        std::fs::write(self.path(file), &authority.pem).unwrap();
        authority
    }
}

/// How a health server responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// This status; `Watch` stays open.
    Status(u8),
    /// Trailers only: status and message.
    Grpc(&'static str, &'static str),
    /// A plain HTTP response: a status, and a header of the server or proxy.
    Http(u16, &'static str, &'static str),
    /// RST_STREAM with this code.
    Reset(u32),
    /// Headers, then nothing.
    NoResponse,
    /// SERVING; a Watch is reset 200 ms later with INTERNAL_ERROR, as nginx does after grpc_read_timeout.
    Cut,
    /// Check responds with this status; Watch is not implemented.
    CheckOnly(u8),
    /// Watch reports SERVING and stays open; a Check is accepted and gets no response.
    Frozen,
}

/// Serves `answer` to every request on `io`, until the client closes it.
pub async fn serve_health<T: AsyncRead + AsyncWrite + Unpin>(io: T, answer: Answer) {
    let Ok(mut connection) = h2::server::handshake(io).await else { return };
    let (mut open, mut unanswered) = (Vec::new(), Vec::new());
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let watch = request.uri().path().ends_with("Watch");
        let list = request.uri().path().ends_with("List");
        let response = http::Response::builder().header("content-type", "application/grpc");
        let trailers = |status: &str, message: &str| {
            http::Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", status)
                .header("grpc-message", message)
                .body(())
                .unwrap()
        };
        let _ = match answer {
            Answer::CheckOnly(_) if watch || list => {
                respond.send_response(trailers("12", "Method not implemented!"), true).map(drop)
            }
            Answer::Cut if watch => respond.send_response(response.body(()).unwrap(), false).and_then(|mut stream| {
                stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false)?;
                tokio::spawn(async move {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    stream.send_reset(h2::Reason::INTERNAL_ERROR);
                });
                Ok(())
            }),
            Answer::Frozen if !watch => {
                unanswered.push(respond);
                Ok(())
            }
            Answer::Status(_) if list => respond.send_response(trailers("12", "unknown method List"), true).map(drop),
            Answer::Status(_) | Answer::CheckOnly(_) | Answer::Frozen => {
                let status = match answer {
                    Answer::Status(status) | Answer::CheckOnly(status) => status,
                    _ => 1,
                };
                respond.send_response(response.body(()).unwrap(), false).and_then(|mut stream| {
                    stream.send_data(Bytes::from(vec![0, 0, 0, 0, 2, 8, status]), false)?;
                    if watch {
                        open.push(stream);
                        return Ok(());
                    }
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
                    stream.send_trailers(trailers)
                })
            }
            Answer::Cut => respond.send_response(trailers("12", "only Watch"), true).map(drop),
            Answer::Grpc(status, message) => respond.send_response(trailers(status, message), true).map(drop),
            Answer::Http(status, name, value) => {
                let response = http::Response::builder().status(status).header("content-type", "text/html");
                respond.send_response(response.header(name, value).body(()).unwrap(), true).map(drop)
            }
            Answer::NoResponse => {
                respond.send_response(response.body(()).unwrap(), false).map(|stream| open.push(stream))
            }
            Answer::Reset(code) => {
                respond.send_reset(code.into());
                Ok(())
            }
        };
    }
}

/// Reads the client's first bytes.
pub async fn first_data(stream: &mut (impl AsyncRead + Unpin)) {
    let mut words = [0; 4096];
    let _ = stream.read(&mut words).await;
}

/// Reads until the client closes the connection.
pub async fn until_gone(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

/// A certificate authority.
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) pem: String,
}

/// The contents of a server's certificate.
pub struct Leaf {
    /// Names and addresses.
    pub names: &'static [&'static str],
    /// Days from now, and an hour more.
    pub valid: Range<i64>,
}

impl Default for Leaf {
    fn default() -> Self {
        Leaf { names: &["localhost", "127.0.0.1"], valid: -1..300 }
    }
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        Authority { certificate: certificate.der().clone(), issuer: Issuer::new(params, key), pem }
    }

    /// A TLS server with a certificate of this authority.
    pub fn server(&self, leaf: Leaf) -> TlsServer {
        let mut params =
            CertificateParams::new(leaf.names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "pay");
        params.not_before = day(leaf.valid.start);
        params.not_after = day(leaf.valid.end);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        TlsServer {
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
            signs: None,
            alpn: vec![b"h2".to_vec()],
            clients: None,
            versions: ALL_VERSIONS,
        }
    }
}

pub(super) fn day(offset: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc() + time::Duration::seconds(offset * DAY + offset.signum() * 3_600)
}

/// A TLS server's settings.
pub struct TlsServer {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: Vec<u8>,
    /// Signs instead of `key`.
    pub(super) signs: Option<Arc<dyn SigningKey>>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) clients: Option<CertificateDer<'static>>,
    pub(super) versions: &'static [&'static SupportedProtocolVersion],
}

impl TlsServer {
    /// Supports nothing newer than TLS 1.2.
    pub fn tls12(self) -> TlsServer {
        const TLS12: &[&SupportedProtocolVersion] = &[&version::TLS12];
        TlsServer { versions: TLS12, ..self }
    }

    /// Selects among these application protocols only.
    pub fn alpn(self, protocols: &[&str]) -> TlsServer {
        TlsServer { alpn: protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect(), ..self }
    }

    /// Requires client certificates of `authority`.
    pub fn clients_of(self, authority: &Authority) -> TlsServer {
        TlsServer { clients: Some(authority.certificate.clone()), ..self }
    }

    /// The acceptor for its connections.
    pub fn acceptor(self) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(self.versions).unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = match self.signs {
            None => {
                let key = PrivateKeyDer::try_from(self.key).unwrap();
                builder.with_single_cert(self.chain, key).unwrap()
            }
            Some(key) => {
                let resolver = SingleCertAndKey::from(CertifiedKey::new(self.chain, key));
                builder.with_cert_resolver(Arc::new(resolver))
            }
        };
        config.alpn_protocols = self.alpn;
        TlsAcceptor::from(Arc::new(config))
    }
}

//! TLS peers: every fault has its own code, and the report exists whether or not the handshake succeeds.

use std::path::PathBuf;
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use time::OffsetDateTime;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use super::peers::{self, Answer, SETTINGS};
use super::*;
use crate::model::certificate::AlternativeName;
use crate::model::reach::{FailureCode, PhaseDetail, Stage};

const DAY: i64 = 24 * 60 * 60;

/// A certificate authority, its certificate in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    directory: tempfile::TempDir,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
    Authority { issuer: Issuer::new(params, key), certificate: certificate.der().clone(), directory }
}

/// The content of a test certificate.
struct Leaf {
    names: &'static [&'static str],
    /// Days from now, and an hour more.
    valid: std::ops::Range<i64>,
}

impl Default for Leaf {
    fn default() -> Self {
        Leaf { names: &["localhost", "127.0.0.1"], valid: -1..10 }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

fn day(offset: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(now() + offset * DAY + offset.signum() * 3_600).unwrap()
}

impl Authority {
    fn sign(&self, leaf: Leaf) -> (rcgen::Certificate, KeyPair) {
        let mut params =
            CertificateParams::new(leaf.names.iter().map(|name| name.to_string()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "leaf");
        params.not_before = day(leaf.valid.start);
        params.not_after = day(leaf.valid.end);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Certificate and key files of a client.
    fn client(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign(Leaf { names: &["client"], ..Leaf::default() });
        let files = (self.directory.path().join("client.pem"), self.directory.path().join("client.key"));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    fn server(&self, leaf: Leaf) -> Server {
        Server {
            identity: self.sign(leaf),
            alpn: &[b"h2"],
            clients: None,
            versions: tokio_rustls::rustls::ALL_VERSIONS,
        }
    }
}

struct Server {
    identity: (rcgen::Certificate, KeyPair),
    alpn: &'static [&'static [u8]],
    /// Client certificates of this authority are required.
    clients: Option<CertificateDer<'static>>,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl Server {
    fn acceptor(self) -> TlsAcceptor {
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
        let (certificate, key) = self.identity;
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = self.alpn.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A health server behind TLS.
    async fn start(self) -> Address {
        let acceptor = self.acceptor();
        peers::listen(move |stream: TcpStream| {
            let acceptor = acceptor.clone();
            async move {
                match acceptor.accept(stream).into_fallible().await {
                    Ok(stream) => peers::serve_health(stream, Answer::Status(1), Arc::default()).await,
                    // Unread bytes would turn the close into a reset, and lose the alert on the way.
                    Err((_, mut stream)) => {
                        stream.shutdown().await.unwrap();
                        peers::until_gone(&mut stream).await;
                    }
                }
            }
        })
        .await
    }
}

fn trusting(authority: &Authority) -> Options {
    Options { tls: TlsMode::On, cacert: Some(authority.file()), authority: Some("localhost".to_string()), ..options() }
}

#[tokio::test]
async fn a_good_server_shows_what_was_negotiated() {
    let ca = authority("Test CA");
    let address = ca.server(Leaf::default()).start().await;
    let reach = sockets(trusting(&ca)).reach(address, Arc::from("")).await;
    assert_eq!(reach.outcome.as_ref().map(|(health, _)| health), Ok(&Health::Serving));
    assert_eq!(reach.phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Tls, Stage::Http2]);
    let PhaseDetail::Tls(report) = &reach.phases[1].detail else { panic!("{:?}", reach.phases) };
    assert_eq!(report.version.as_deref(), Some("TLSv1.3"));
    assert_eq!(report.cipher.as_deref(), Some("TLS13_AES_256_GCM_SHA384"));
    assert_eq!(report.alpn.as_deref(), Some("h2"));
    assert_eq!(report.server_name, "localhost");
    assert!(report.verified);
    assert_eq!(report.chain.len(), 1);
    assert_eq!((report.chain[0].subject.as_str(), report.chain[0].issuer.as_str()), ("CN=leaf", "CN=Test CA"));
    let localhost = AlternativeName::Dns("localhost".to_string());
    assert_eq!(report.chain[0].names, [localhost, AlternativeName::Ip([127, 0, 0, 1].into())]);
    assert!((report.chain[0].not_after - now() - 10 * DAY - 3_600).abs() < 60);
}

#[tokio::test]
async fn an_address_without_a_name_is_verified_as_itself() {
    let ca = authority("Test CA");
    let address = ca.server(Leaf::default()).start().await;
    let reach = sockets(Options { authority: None, ..trusting(&ca) }).reach(address, Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    let PhaseDetail::Tls(report) = &reach.phases[1].detail else { panic!("{:?}", reach.phases) };
    assert_eq!(report.server_name, "127.0.0.1");
}

#[tokio::test]
async fn every_certificate_fault_has_its_own_text_and_shows_the_certificate() {
    let ca = authority("Test CA");
    let stranger = authority("Somebody Else");
    let date = |offset| day(offset).date().to_string();
    let cases = [
        (
            ca.server(Leaf { valid: -30..-3, ..Leaf::default() }),
            FailureCode::CertificateExpired,
            format!("certificate expired 3 days ago ({})", date(-3)),
        ),
        (
            ca.server(Leaf { valid: 10..20, ..Leaf::default() }),
            FailureCode::CertificateNotYetValid,
            format!("certificate becomes valid in 10 days ({})", date(10)),
        ),
        (
            ca.server(Leaf { names: &["other.example", "10.1.2.3"], ..Leaf::default() }),
            FailureCode::HostnameMismatch,
            "certificate is for [DNS:other.example, IP:10.1.2.3], not localhost".to_string(),
        ),
        (
            stranger.server(Leaf::default()),
            FailureCode::AuthorityInvalid,
            "certificate signed by unknown authority (\"CN=Somebody Else\"): it is not trusted here, and the server sent no intermediate certificate of that name; trusted: CN=Test CA".to_string(),
        ),
    ];
    for (server, code, text) in cases {
        let address = server.start().await;
        let failed = failure(&sockets(trusting(&ca)), address.clone()).await;
        assert_eq!((failed.stage, failed.code, failed.text.as_str()), (Stage::Tls, code, text.as_str()));
        let report = failed.tls.expect("the certificate was seen");
        assert_eq!((report.chain.len(), report.verified), (1, false), "{text}");

        let insecure = sockets(Options { insecure: true, cacert: None, ..trusting(&ca) });
        let reach = insecure.reach(address, Arc::from("")).await;
        assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving), "{text}");
        let PhaseDetail::Tls(report) = &reach.phases[1].detail else { panic!("{:?}", reach.phases) };
        assert_eq!((report.chain.len(), report.verified), (1, false));
    }
}

/// The result of `openssl req -x509`: self-signed, and a CA.
fn self_signed(valid: std::ops::Range<i64>) -> (Server, tempfile::TempDir) {
    let mut params = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "me");
    params.not_before = day(valid.start);
    params.not_after = day(valid.end);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
    let identity = (certificate, key);
    (Server { identity, alpn: &[b"h2"], clients: None, versions: tokio_rustls::rustls::ALL_VERSIONS }, directory)
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_when_it_is_named_and_only_for_its_own_names() {
    let ca = authority("Test CA");
    let (server, directory) = self_signed(-1..10);
    let address = server.start().await;
    let failed = failure(&sockets(trusting(&ca)), address.clone()).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::AuthorityInvalid));
    assert_eq!(failed.text, "certificate signed by unknown authority (\"CN=me\", self-signed)");

    let named = Options { cacert: Some(directory.path().join("ca.pem")), ..trusting(&ca) };
    let reach = sockets(named.clone()).reach(address.clone(), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    let other = Options { server_name: Some("other.example".to_string()), ..named };
    assert_eq!(failure(&sockets(other), address).await.code, FailureCode::HostnameMismatch);

    let (server, directory) = self_signed(-30..-3);
    let named = Options { cacert: Some(directory.path().join("ca.pem")), ..trusting(&ca) };
    assert_eq!(failure(&sockets(named), server.start().await).await.code, FailureCode::CertificateExpired);
}

#[tokio::test]
async fn alpn_h2_is_required() {
    let ca = authority("Test CA");
    let none = Server { alpn: &[], ..ca.server(Leaf::default()) }.start().await;
    let failed = failure(&sockets(trusting(&ca)), none).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::NoApplicationProtocol));
    assert_eq!(
        failed.text,
        "server selected no application protocol; gRPC requires ALPN h2 (grpc-go rejects this since 1.67)"
    );
    assert_eq!(failed.tls.unwrap().version.as_deref(), Some("TLSv1.3"));

    let http1 = Server { alpn: &[b"http/1.1"], ..ca.server(Leaf::default()) }.start().await;
    let failed = failure(&sockets(trusting(&ca)), http1).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::NoApplicationProtocol));
    assert_eq!(failed.text, "server does not support ALPN h2, which gRPC requires (alert no_application_protocol)");
}

#[tokio::test]
async fn a_missing_client_certificate_is_named_in_every_tls_version() {
    let ca = authority("Test CA");
    static VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&version::TLS12], &[&version::TLS13]];
    for versions in VERSIONS {
        let server = || Server { clients: Some(ca.certificate.clone()), versions, ..ca.server(Leaf::default()) };
        let address = server().start().await;
        let failed = failure(&sockets(trusting(&ca)), address.clone()).await;
        assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::ClientCertificateRequired), "{versions:?}");
        assert_eq!(
            failed.text,
            "server requires a client certificate issued by \"CN=Test CA\" and received none (alert certificate_required)"
        );
        assert_eq!(failed.tls.unwrap().chain.len(), 1);

        let options = Options { identity: Some(ca.client()), ..trusting(&ca) };
        let reach = sockets(options).reach(address.clone(), Arc::from("")).await;
        assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving), "{versions:?}");

        let stranger = authority("Somebody Else");
        let options = Options { identity: Some(stranger.client()), ..trusting(&ca) };
        let failed = failure(&sockets(options), address).await;
        assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::ClientCertificateRequired), "{versions:?}");
        assert_eq!(
            failed.text,
            "server rejected our client certificate: it is issued by \"CN=Somebody Else\", and the server requested one issued by \"CN=Test CA\" (alert unknown_ca)"
        );
    }
}

#[tokio::test]
async fn a_server_that_closes_without_a_client_certificate_is_recognised() {
    let ca = authority("Test CA");
    // Requests a certificate, does not require it, and closes: some servers and proxies do this instead of sending an
    // alert.
    let acceptor = {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(ca.certificate.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()
            .unwrap();
        let (certificate, key) = ca.sign(Leaf::default());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    };
    let address = peers::listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            peers::first_data(&mut stream).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let failed = failure(&sockets(trusting(&ca)), address).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::ClientCertificateRequired));
    assert!(
        failed.text.ends_with("received none (the server closed the connection without an alert)"),
        "{}",
        failed.text
    );
}

#[tokio::test]
async fn peers_that_do_not_use_tls_are_named_with_what_they_sent() {
    let ca = authority("Test CA");
    let cases: [(&[u8], FailureCode, &str); 4] = [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            FailureCode::NotTls,
            r#"peer does not use TLS on this port: it sent "HTTP/1.1 400 Bad Request\r\n\r\n""#,
        ),
        (SETTINGS, FailureCode::NotTls, "peer does not use TLS on this port: it sent HTTP/2 SETTINGS in plaintext"),
        (b"", FailureCode::Closed, "closed the connection during the TLS handshake"),
        (
            &[0x15, 3, 1, 0, 2, 2, 40],
            FailureCode::CipherSuiteMismatch,
            "no TLS settings in common with the server (alert handshake_failure)",
        ),
    ];
    for (bytes, code, text) in cases {
        let address = peers::answers_and_closes(bytes.to_vec()).await;
        let failed = failure(&sockets(trusting(&ca)), address).await;
        assert_eq!((failed.stage, failed.code, failed.text.as_str()), (Stage::Tls, code, text));
    }
}

#[tokio::test]
async fn old_versions_are_reported() {
    let ca = authority("Test CA");
    let address = peers::answers_and_closes(vec![0x15, 3, 1, 0, 2, 2, 70]).await;
    let failed = failure(&sockets(trusting(&ca)), address).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::ProtocolVersionUnsupported));
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_without_their_content() {
    let ca = authority("Test CA");
    let address = ca.server(Leaf::default()).start().await;
    let missing = Options { cacert: Some("/nowhere/ca.pem".into()), ..trusting(&ca) };
    let failed = failure(&sockets(missing), address.clone()).await;
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::Local));
    assert_eq!(failed.text, "failed to read --cacert /nowhere/ca.pem: no such file");

    let key = ca.directory.path().join("not-a.key");
    std::fs::write(&key, "hunter2").unwrap();
    let mismatched = Options { identity: Some((ca.client().0, key.clone())), ..trusting(&ca) };
    let failed = failure(&sockets(mismatched), address).await;
    assert_eq!(failed.text, format!("failed to read --key {}: no private key found in file (not PEM)", key.display()));
}

#[tokio::test]
async fn auto_finds_tls_behind_a_plaintext_guess_and_remembers() {
    let ca = authority("Test CA");
    let acceptor = ca.server(Leaf::default()).acceptor();
    let accepted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = accepted.clone();
    let address = peers::listen(move |stream| {
        let acceptor = acceptor.clone();
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                peers::serve_health(stream, Answer::Status(1), Arc::default()).await;
            }
        }
    })
    .await;
    let transport = sockets(Options { tls: TlsMode::Auto, ..trusting(&ca) });
    for connections in [2, 3] {
        let reach = transport.reach(address.clone(), Arc::from("")).await;
        assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
        assert_eq!(reach.phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Tls, Stage::Http2]);
        assert_eq!(accepted.load(std::sync::atomic::Ordering::SeqCst), connections);
    }
}

#[tokio::test]
async fn auto_uses_plaintext_with_a_plaintext_server() {
    let ca = authority("Test CA");
    let (address, _) = peers::health(Answer::Status(1)).await;
    let transport = sockets(Options { tls: TlsMode::Auto, ..trusting(&ca) });
    let reach = transport.reach(address.clone(), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    assert_eq!(reach.phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Http2]);

    // The other way round: TLS is tried on a plaintext server.
    transport.setup.learn_mode(&address, mode::Mode::Tls);
    let reach = transport.reach(address.clone(), Arc::from("")).await;
    assert_eq!(reach.outcome.map(|(health, _)| health), Ok(Health::Serving));
    assert_eq!(reach.phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp, Stage::Http2]);
    assert_eq!(transport.setup.known_mode(&address), Some(mode::Mode::Plaintext));
}

#[tokio::test]
async fn auto_reports_the_more_telling_failure() {
    let ca = authority("Test CA");
    let transport = sockets(Options { tls: TlsMode::Auto, ..trusting(&ca) });
    let expired = ca.server(Leaf { valid: -30..-3, ..Leaf::default() }).start().await;
    let (failed, phases) = connect(&transport, expired).await;
    let failed = failed.map(|_| ()).unwrap_err();
    assert_eq!((failed.stage, failed.code), (Stage::Tls, FailureCode::CertificateExpired));
    assert_eq!(phases.iter().map(|p| p.stage).collect::<Vec<_>>(), [Stage::Tcp]);

    let http1 = peers::answers_and_closes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    assert_eq!(failure(&transport, http1).await.code, FailureCode::Http1);

    let closing = peers::answers_and_closes(Vec::new()).await;
    let failed = failure(&transport, closing).await;
    assert_eq!((failed.stage, failed.code), (Stage::Http2, FailureCode::Closed));
}

#[tokio::test]
async fn auto_sends_no_metadata_before_the_mode_is_known() {
    let ca = authority("Test CA");
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let address = peers::listen(move |mut stream| {
        let sender = sender.clone();
        async move {
            stream.write_all(&[0x15, 3, 1, 0, 2, 2, 22]).await.unwrap();
            let _ = sender.send(peers::until_gone(&mut stream).await);
        }
    })
    .await;
    let metadata = vec![("authorization".to_string(), crate::model::secret::Secret::new("hunter2"))];
    let transport = sockets(Options { tls: TlsMode::Auto, metadata, ..trusting(&ca) });
    let reach = transport.reach(address, Arc::from("")).await;
    assert!(reach.outcome.is_err());
    let plaintext = receiver.recv().await.unwrap();
    assert!(plaintext.starts_with(b"PRI * HTTP/2.0"));
    let mut kinds = Vec::new();
    super::frames::Frames::default().feed(&plaintext[24..], |frame| kinds.push(frame.kind));
    assert_eq!(kinds, [super::frames::SETTINGS]);
}

#[tokio::test]
async fn a_tls_port_that_closes_plaintext_without_a_message_is_named_nonetheless() {
    let ca = authority("Test CA");
    let acceptor = ca.server(Leaf::default()).acceptor();
    let address = peers::listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            // Like grpc-go: no alert, just the end.
            let mut first = [0; 1];
            if stream.peek(&mut first).await.is_ok() && first[0] == 0x16 {
                let _ = acceptor.accept(stream).await;
            }
        }
    })
    .await;
    let transport = sockets(options());
    let failed = transport.reach(address.clone(), Arc::from("")).await.outcome.unwrap_err();
    assert_eq!((failed.stage, failed.code), (Stage::Http2, FailureCode::TlsExpected));
    assert!(failed.text.ends_with("the port uses TLS, but plaintext was requested"), "{}", failed.text);
    // A connection that is to be kept makes no second attempt.
    assert_ne!(failure(&transport, address).await.code, FailureCode::TlsExpected);

    let mute = peers::listen(|stream| async move { drop(stream) }).await;
    let failed = transport.reach(mute, Arc::from("")).await.outcome.unwrap_err();
    assert!(matches!(failed.code, FailureCode::Closed | FailureCode::Reset), "{failed}");
}

#[tokio::test]
async fn an_idle_connection_over_tls_survives_in_every_requested_mode() {
    use crate::model::idle_check::IdleCheckOutcome;
    let ca = authority("Test CA");
    let address = ca.server(Leaf::default()).start().await;
    for tls in [TlsMode::On, TlsMode::Auto] {
        let transport = sockets(Options { tls, ..trusting(&ca) });
        let result = transport.check_idle(address.clone(), Arc::from(""), Duration::from_millis(50)).await;
        assert!(matches!(result.outcome, IdleCheckOutcome::Alive { .. }), "{tls:?}: {result:?}");
    }
    let plaintext = sockets(Options { tls: TlsMode::Off, ..trusting(&ca) });
    let result = plaintext.check_idle(address, Arc::from(""), Duration::from_millis(50)).await;
    assert!(matches!(result.outcome, IdleCheckOutcome::NotReached(_)), "{result:?}");
}

#[tokio::test]
async fn what_tcp_knows_is_found_beneath_tls() {
    use crate::model::idle_check::IdleCheckOutcome;
    let ca = authority("Test CA");
    let acceptor = ca.server(Leaf::default()).acceptor();
    let address = peers::listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            peers::first_data(&mut stream).await;
            stream.write_all(SETTINGS).await.unwrap();
            peers::first_data(&mut stream).await;
            // `:status: 200` and the end of stream 1.
            stream.write_all(&[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]).await.unwrap();
            peers::until_gone(&mut stream).await;
        }
    })
    .await;
    let transport = sockets(Options { rpc_timeout: Duration::from_millis(100), ..trusting(&ca) });
    let result = transport.check_idle(address, Arc::from(""), Duration::from_millis(50)).await;
    let IdleCheckOutcome::Dropped { tcp, .. } = result.outcome else { panic!("{result:?}") };
    if cfg!(target_os = "linux") {
        assert!(tcp.is_some_and(|tcp| tcp.delivered()), "{tcp:?}");
    }
}

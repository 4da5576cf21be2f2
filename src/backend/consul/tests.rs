//! The whole backend over real sockets, against a scripted agent.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

use super::fake::{Act, Fake, http, ok};
use super::*;
use crate::backend::Settings;
use crate::backend::settings::BackendSettings as _;
use crate::model::endpoint::Endpoint;
use crate::model::resolution::{NoteKind, Update};
use crate::model::secret::Secret;

const ONE: &str = r#"[{"Node":{"Node":"n"},"Service":{"ID":"pay-1","Address":"10.0.0.1","Port":9000},"Checks":[]}]"#;

/// The settings that result from these variables.
fn settings(pairs: &[(&str, &str)]) -> ConsulSettings {
    ConsulSettings::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string())).unwrap()
}

fn context(consul: ConsulSettings) -> Context {
    Context { settings: Arc::new(Settings::default().with(consul)), ..Context::default() }
}

fn target(service: &str) -> ConsulTarget {
    ConsulTarget { service: service.to_string(), ..ConsulTarget::default() }
}

/// The first response for `target`.
async fn first(target: ConsulTarget, settings: ConsulSettings) -> Result<Update, ResolveError> {
    let mut stream = Consul.resolve(&target.into(), &context(settings));
    stream.next().await.expect("no response is never a list")
}

async fn first_endpoints(target: ConsulTarget, settings: ConsulSettings) -> Vec<Endpoint> {
    match first(target, settings).await {
        Ok(Update::Reset(answer)) => answer.endpoints,
        other => panic!("{other:?}"),
    }
}

async fn first_error(target: ConsulTarget, settings: ConsulSettings) -> ResolveError {
    match first(target, settings).await {
        Err(error) => error,
        Ok(update) => panic!("{update:?}"),
    }
}

async fn fake(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Fake {
    Fake::on("127.0.0.1", script).await
}

#[tokio::test]
async fn every_service_name_is_one_segment_of_the_path() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    for (name, path) in [
        ("pay", "/v1/health/service/pay?consistent"),
        ("my service", "/v1/health/service/my%20service?consistent"),
        ("café", "/v1/health/service/caf%C3%A9?consistent"),
        ("a/b", "/v1/health/service/a%2Fb?consistent"),
        ("100%", "/v1/health/service/100%25?consistent"),
        ("a?b#c&d", "/v1/health/service/a%3Fb%23c%26d?consistent"),
        ("v1.pay_x~y-z", "/v1/health/service/v1.pay_x~y-z?consistent"),
    ] {
        first_endpoints(target(name), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await;
        assert_eq!(agent.journal.paths().last().map(String::as_str), Some(path));
    }
}

#[tokio::test]
async fn a_prefix_stands_before_the_version() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let address = format!("http://{}/consul/eu west/", agent.address).replace(' ', "%20");
    first_endpoints(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &address)])).await;
    assert_eq!(agent.journal.paths(), ["/consul/eu%20west/v1/health/service/pay?consistent"]);
}

#[tokio::test]
async fn parameters_of_the_target_are_sent() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let whole = ConsulTarget {
        agent: Some(agent.address.clone()),
        user: Some(("ann".to_string(), Secret::new("pw"))),
        dc: Some("eu west".to_string()),
        near: Some("_agent".to_string()),
        token: Some(Secret::new("of-the-target")),
        namespace: Some("team".to_string()),
        partition: Some("part".to_string()),
        ..target("pay")
    };
    let elsewhere = [("CONSUL_HTTP_ADDR", "127.0.0.1:1"), ("CONSUL_HTTP_TOKEN", "of-the-settings")];
    first_endpoints(whole, settings(&elsewhere)).await;
    let head = &agent.journal.heads()[0];
    let path = head.split(' ').nth(1).unwrap();
    assert_eq!(
        path, "/v1/health/service/pay?dc=eu+west&near=_agent&ns=team&partition=part&consistent",
        "tags are not part of the query: they are counted"
    );
    let has = |line: &str| head.to_lowercase().lines().any(|found| found == line.to_lowercase());
    assert!(has(&format!("host: {}", agent.address)), "{head}");
    assert!(has("x-consul-token: of-the-target"), "{head}");
    assert!(has("authorization: Basic YW5uOnB3"), "{head}");
    assert!(head.contains("grpc-discover/"), "{head}");
}

#[tokio::test]
async fn a_token_file_wins_over_the_token_and_may_end_in_a_newline() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "of-the-file\n").unwrap();
    let path = file.path().to_str().unwrap();
    let both = [
        ("CONSUL_HTTP_ADDR", agent.address.as_str()),
        ("CONSUL_HTTP_TOKEN", "of-the-variable"),
        ("CONSUL_HTTP_TOKEN_FILE", path),
    ];
    first_endpoints(target("pay"), settings(&both)).await;
    assert!(agent.journal.heads()[0].contains("x-consul-token: of-the-file\r\n"));

    let missing = [("CONSUL_HTTP_ADDR", agent.address.as_str()), ("CONSUL_HTTP_TOKEN_FILE", "/nonexistent/token")];
    let error = first_error(target("pay"), settings(&missing)).await;
    assert!(matches!(error, ResolveError::Fatal(_)));
    let expected = format!(
        "consul agent {}: failed to read CONSUL_HTTP_TOKEN_FILE /nonexistent/token: no such file or directory",
        agent.address
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_agent_is_reached_over_ipv6() {
    let agent = Fake::on("[::1]", |_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    assert_eq!(first_endpoints(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await.len(), 1);
    assert!(agent.journal.heads()[0].contains(&format!("host: {}\r\n", agent.address)));
}

#[tokio::test]
async fn an_agent_is_reached_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let agent = Fake::unix(&directory.path().join("consul.sock"), |_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    assert_eq!(first_endpoints(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await.len(), 1);
    assert!(agent.journal.heads()[0].contains("host: localhost\r\n"));

    let missing = settings(&[("CONSUL_HTTP_ADDR", "unix:///nonexistent/consul.sock")]);
    let error = first_error(target("pay"), missing).await;
    assert_eq!(error.failure().code, ResolveCode::Unreachable);
    assert_eq!(error.to_string(), "consul agent unix:///nonexistent/consul.sock: no such file or directory");
}

#[tokio::test]
async fn a_refused_connection_is_not_an_absence() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = first_error(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &address)])).await;
    assert_eq!(error.failure().code, ResolveCode::Unreachable);
    assert_eq!(error.to_string(), format!("consul agent {address}: connection refused"));
    assert!(matches!(error, ResolveError::Ambient(_)));
}

#[tokio::test]
async fn every_status_is_reported_with_the_agents_own_text() {
    for (status, body, code, part) in [
        (
            403,
            "Permission denied: anonymous token",
            ResolveCode::Denied,
            "HTTP 403: Permission denied: anonymous token",
        ),
        (401, "", ResolveCode::Denied, "HTTP 401"),
        (500, "No cluster leader\n", ResolveCode::ServerError, "HTTP 500: No cluster leader"),
        (
            503,
            "rate limit exceeded for operation that can only be performed by the leader",
            ResolveCode::Limited,
            "HTTP 503: rate",
        ),
        (500, "No path to datacenter", ResolveCode::ServerError, "No path to datacenter"),
        (429, "Your IP is issuing too many concurrent connections", ResolveCode::Limited, "HTTP 429: Your IP is"),
        (307, "", ResolveCode::BadAnswer, "redirects are not followed"),
        (404, "404 page not found", ResolveCode::BadAnswer, "is this Consul's HTTP API?"),
        (
            400,
            "Client sent an HTTP request to an HTTPS server.",
            ResolveCode::Unreachable,
            "use https:// in CONSUL_HTTP_ADDR",
        ),
        (400, "Invalid query parameter: \"ns\"", ResolveCode::BadTarget, "Invalid query parameter"),
        (200, "<html>hello</html>", ResolveCode::BadAnswer, "not a valid Consul API response"),
        (200, r#"{"no":"list"}"#, ResolveCode::BadAnswer, "not a valid Consul API response"),
    ] {
        let agent = fake(move |_, _| Act::Respond(http(status, &["Location: /elsewhere"], body))).await;
        let error = first_error(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await;
        let text = error.to_string();
        assert_eq!(error.failure().code, code, "{text}");
        assert!(text.starts_with(&format!("consul agent {}: GET /v1/health/service/pay: ", agent.address)), "{text}");
        assert!(text.contains(part), "{text}");
        assert_eq!(matches!(error, ResolveError::Fatal(_)), code == ResolveCode::BadTarget, "{text}");
        assert_eq!(agent.journal.paths().len(), 1, "nothing is queried again");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_use_http_is_named() {
    let agent = fake(|_, _| Act::Close(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    let error = first_error(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await;
    assert_eq!(error.failure().code, ResolveCode::BadAnswer);
    assert!(error.to_string().contains("not an HTTP server"), "{error}");
}

#[tokio::test]
async fn an_endless_answer_is_given_up() {
    let agent = fake(|_, _| Act::Close([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 65 << 20]].concat())).await;
    let error = first_error(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await;
    assert_eq!(error.failure().code, ResolveCode::BadAnswer);
    assert!(error.to_string().ends_with("the response is larger than 64 MiB"), "{error}");
}

#[tokio::test]
async fn an_echoed_secret_is_masked() {
    let agent = fake(|_, _| Act::Respond(http(403, &[], "token s3cret-token of ann:s3cret-word is not known"))).await;
    let pairs = [
        ("CONSUL_HTTP_ADDR", agent.address.as_str()),
        ("CONSUL_HTTP_TOKEN", "s3cret-token"),
        ("CONSUL_HTTP_AUTH", "ann:s3cret-word"),
    ];
    let error = first_error(target("pay"), settings(&pairs)).await;
    assert!(error.to_string().ends_with("token *** of ann:*** is not known"), "{error}");
    assert!(!format!("{error:?} {:?}", settings(&pairs)).contains("s3cret"));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
    let pairs = [("CONSUL_HTTP_ADDR", "127.0.0.1:1"), ("CONSUL_HTTP_TOKEN", "two\nlines")];
    let error = first_error(target("pay"), settings(&pairs)).await;
    assert!(matches!(error, ResolveError::Fatal(_)));
    let text = "consul agent 127.0.0.1:1: the token contains characters that are not valid in an HTTP header";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_target_that_cannot_be_queried_is_refused_before_anything_is() {
    for (invalid, text) in [
        (target(""), "consul: missing service name: write consul:///NAME".to_string()),
        (target(".."), r#"consul: invalid service name "..""#.to_string()),
        (target(&"x".repeat(5000)), "consul: the service name is too long: 5000 bytes (maximum: 4096)".to_string()),
        (
            ConsulTarget { agent: Some("a:port".to_string()), ..target("pay") },
            r#"consul agent "a:port" has an invalid port: must be from 1 to 65535"#.to_string(),
        ),
    ] {
        let error = first_error(invalid, ConsulSettings::default()).await;
        assert!(matches!(error, ResolveError::Fatal(_)), "{error}");
        assert_eq!((error.failure().code, error.to_string()), (ResolveCode::BadTarget, text));
    }
}

#[tokio::test]
async fn a_ping_reports_the_version_and_the_leader() {
    let script = |status: u16| {
        move |_: usize, head: &str| match head.contains("/v1/agent/self") {
            true => Act::Respond(http(status, &[], r#"{"Config":{"Version":"1.22.7"},"Member":{}}"#)),
            false => ok(&[], r#""10.0.0.1:8300""#),
        }
    };
    let ping = |agent: &Fake| {
        let consul = settings(&[("CONSUL_HTTP_ADDR", &agent.address)]);
        Consul.ping(&Settings::default().with(consul))
    };
    let agent = fake(script(200)).await;
    assert_eq!(ping(&agent).await, Ok(format!("consul 1.22.7 at {}, leader 10.0.0.1:8300", agent.address)));
    let agent = fake(script(403)).await;
    let version = format!(
        "consul (version unknown: the token has no permission to read it) at {}, leader 10.0.0.1:8300",
        agent.address
    );
    assert_eq!(ping(&agent).await, Ok(version));
    let agent = fake(|_, _| ok(&[], r#""""#)).await;
    let error = ping(&agent).await.unwrap_err();
    assert_eq!(error.to_string(), format!("consul agent {}: the cluster has no leader", agent.address));
}

#[test]
fn an_agent_in_the_environment_makes_the_backend_active() {
    let all = Settings::default().with(settings(&[("CONSUL_HTTP_ADDR", "consul.example:8500")]));
    assert_eq!(Consul.target_for("pay", &all), Some(target("pay").into()));
    assert_eq!(Consul.target_for("", &all), None);
    let description = Consul.describe(&all);
    assert_eq!(description.active, Ok("CONSUL_HTTP_ADDR is set".to_string()));
    let origin = Origin::Env("CONSUL_HTTP_ADDR".to_string());
    assert_eq!(description.settings, [("CONSUL_HTTP_ADDR", "consul.example:8500".to_string(), origin)]);
}

#[tokio::test]
async fn the_agent_of_this_machine_is_queried_for_bare_names_if_it_is_there() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let (host, port) = agent.address.rsplit_once(':').unwrap();
    let tcp = Agent::Tcp { tls: false, host: host.to_string(), port: port.parse().unwrap(), prefix: String::new() };
    let mut consul = ConsulSettings::default();
    consul.agent.value = tcp;
    let all = Settings::default().with(consul.clone());
    assert!(Consul.is_speculative(&all) && active(&consul).is_err());
    assert_eq!(Consul.target_for("pay", &all), Some(target("pay").into()), "nothing is contacted for that");
    assert_eq!(agent.journal.connections().0, 0);

    let word = async |implied| {
        let context = Context { implied, ..context(consul.clone()) };
        Consul.resolve(&target("pay").into(), &context).next().await.expect("a first item")
    };
    assert!(matches!(word(true).await, Ok(Update::Reset(answer)) if answer.endpoints.len() == 1));
    let address = agent.address.clone();
    drop(agent);
    let absent = word(true).await.unwrap_err();
    assert_eq!(absent.failure().code, ResolveCode::NotHere);
    assert_eq!(absent.to_string(), format!("consul: CONSUL_HTTP_ADDR is not set and nothing listens on {address}"));
    assert_eq!(word(false).await.unwrap_err().failure().code, ResolveCode::Unreachable, "it was named");
}

/// An authority, a certificate for `localhost` and 127.0.0.1, one for the client, all as files.
struct Authority {
    directory: tempfile::TempDir,
    config: ServerConfig,
}

impl Authority {
    fn new(wants_client: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signed = |names: &[&str]| {
            let key = KeyPair::generate().unwrap();
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            (CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap(), key)
        };
        let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).unwrap();
        let (client, client_key) = signed(&["client"]);
        write("ca.pem", ca.pem());
        write("client.pem", client.pem());
        write("client.key", client_key.serialize_pem());
        write("garbage.pem", "not a certificate".to_string());

        let (server, server_key) = signed(&["server.dc1.consul", "127.0.0.1"]);
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(server_key.serialize_der().into());
        let config = builder.with_single_cert(vec![server.der().clone()], key).unwrap();
        Authority { directory, config }
    }

    fn file(&self, name: &str) -> String {
        Path::new(self.directory.path()).join(name).display().to_string()
    }
}

#[tokio::test]
async fn tls_is_used_with_the_authority_that_was_named() {
    let authority = Authority::new(false);
    let agent = Fake::tls(authority.config.clone(), |_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let https = format!("https://{}", agent.address);
    let ca = authority.file("ca.pem");
    let by_port = https.replace("127.0.0.1", "localhost");
    let as_expected = [
        vec![("CONSUL_HTTP_ADDR", https.as_str()), ("CONSUL_CACERT", &ca)],
        vec![("CONSUL_HTTP_ADDR", agent.address.as_str()), ("CONSUL_HTTP_SSL", "true"), ("CONSUL_CACERT", &ca)],
        vec![("CONSUL_HTTP_ADDR", https.as_str()), ("CONSUL_CAPATH", authority.directory.path().to_str().unwrap())],
        vec![("CONSUL_HTTP_ADDR", https.as_str()), ("CONSUL_HTTP_SSL_VERIFY", "false")],
        vec![
            ("CONSUL_HTTP_ADDR", by_port.as_str()),
            ("CONSUL_CACERT", &ca),
            ("CONSUL_TLS_SERVER_NAME", "server.dc1.consul"),
        ],
    ];
    for pairs in as_expected {
        assert_eq!(first_endpoints(target("pay"), settings(&pairs)).await.len(), 1, "{pairs:?}");
    }

    let refused = [
        (vec![("CONSUL_HTTP_ADDR", https.as_str())], "CONSUL_CACERT sets the trusted authority"),
        (
            vec![("CONSUL_HTTP_ADDR", by_port.as_str()), ("CONSUL_CACERT", &ca)],
            "CONSUL_TLS_SERVER_NAME sets the expected name",
        ),
    ];
    for (pairs, remedy) in refused {
        let error = first_error(target("pay"), settings(&pairs)).await;
        assert_eq!(error.failure().code, ResolveCode::Unreachable);
        assert!(error.to_string().contains(": tls: ") && error.to_string().contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_its_absence_is_named() {
    let authority = Authority::new(true);
    let agent = Fake::tls(authority.config.clone(), |_, _| ok(&["X-Consul-Index: 1"], ONE)).await;
    let https = format!("https://{}", agent.address);
    let [ca, cert, key] = ["ca.pem", "client.pem", "client.key"].map(|name| authority.file(name));
    let trusting = [("CONSUL_HTTP_ADDR", https.as_str()), ("CONSUL_CACERT", &ca)];
    let shown = [&trusting[..], &[("CONSUL_CLIENT_CERT", &cert), ("CONSUL_CLIENT_KEY", &key)]].concat();
    assert_eq!(first_endpoints(target("pay"), settings(&shown)).await.len(), 1);

    let error = first_error(target("pay"), settings(&trusting)).await;
    assert_eq!(error.failure().code, ResolveCode::Unreachable);
    assert!(
        error.to_string().contains("CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY set the client certificate"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_holds_no_certificate_is_named() {
    let authority = Authority::new(false);
    for (name, why) in [("garbage.pem", ": no certificate found in file"), ("missing.pem", ": no such file")] {
        let file = authority.file(name);
        let error =
            first_error(target("pay"), settings(&[("CONSUL_HTTP_SSL", "true"), ("CONSUL_CACERT", &file)])).await;
        assert!(matches!(error, ResolveError::Fatal(_)));
        let text = error.to_string();
        assert!(
            text.starts_with("consul agent https://127.0.0.1:8500: failed to read CONSUL_CACERT ")
                && text.contains(why),
            "{text}"
        );
    }
}

#[tokio::test]
async fn tls_to_an_agent_without_it_is_named() {
    // The response of Go's HTTP server to a TLS client hello.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream
            .write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n")
            .await;
    });
    let error = first_error(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &address)])).await;
    server.await.unwrap();
    assert_eq!(error.failure().code, ResolveCode::Unreachable);
    assert!(error.to_string().contains("use http:// for an agent without TLS"), "{error}");
}

#[tokio::test]
async fn notes_name_the_agent_that_was_queried() {
    let agent = fake(|_, _| ok(&["X-Consul-Index: 5"], ONE)).await;
    let Ok(Update::Reset(answer)) = first(target("pay"), settings(&[("CONSUL_HTTP_ADDR", &agent.address)])).await
    else {
        panic!("no response")
    };
    let queried = answer.notes.iter().find(|note| note.kind == NoteKind::Queried).unwrap();
    assert!(queried.text.starts_with(&format!("consul agent {} responded in ", agent.address)), "{}", queried.text);
}

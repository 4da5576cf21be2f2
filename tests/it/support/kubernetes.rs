//! A real Kubernetes API server over a real etcd, for one test: on ports of its own, stopped when dropped. There is
//! no controller and no kubelet: the tests write Services, EndpointSlices, Endpoints and Pods as controllers do,
//! through a client that shares nothing with the reader under test.
//!
//! `GRPC_DISCOVER_TEST_KUBE_APISERVER` names the executable (`tests/run` provides it). Without it, or without etcd,
//! [`Cluster::start`] returns `None` and the test is left out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::etcd::Etcd;
use super::forwarder::Forwarder;

/// Time limit for starting, restarting, or one request on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// The token of an administrator.
pub const ADMIN: &str = "admin-t0ken";
/// The token of user `nobody`, who has only the permissions that a test grants.
pub const UNPRIVILEGED: &str = "nobody-t0ken";

/// An API server and its etcd.
pub struct Cluster {
    executable: PathBuf,
    directory: TempDir,
    etcd: Etcd,
    /// The forwarder from the API server to etcd, if it does not connect directly.
    forwarder: Option<Forwarder>,
    extra: Vec<String>,
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    process: Option<Child>,
}

impl Cluster {
    /// Starts both. They communicate with each other directly.
    pub fn start() -> Option<Cluster> {
        Cluster::start_with_options(&[], false)
    }

    /// Starts both, with these additional flags of the API server, and a connection to etcd that can be closed.
    pub fn start_with(extra: &[&str]) -> Option<Cluster> {
        Cluster::start_with_options(extra, true)
    }

    fn start_with_options(extra: &[&str], has_forwarder: bool) -> Option<Cluster> {
        let executable = super::peers::provided("GRPC_DISCOVER_TEST_KUBE_APISERVER")?;
        // A port that was free a moment ago may be in use by now: then the server exits, and another one is tried.
        let started = (0..5).find_map(|_| {
            let etcd = Etcd::start()?;
            let held = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = held.local_addr().expect("its address");
            drop(held);
            let directory = tempfile::tempdir().expect("a directory for the API server");
            let tls = papers(directory.path());
            let forwarder = has_forwarder.then(|| Forwarder::to(etcd.endpoints().parse().expect("one member")));
            let extra = extra.iter().map(ToString::to_string).collect();
            let executable = executable.clone();
            let mut cluster = Cluster { executable, directory, etcd, forwarder, extra, address, tls, process: None };
            cluster.spawn();
            cluster.is_ready().then_some(cluster)
        });
        if started.is_none() {
            // The absence of etcd was reported on stderr.
            super::peers::provided("GRPC_DISCOVER_TEST_ETCD")?;
        }
        Some(started.expect("an API server that stays"))
    }

    fn spawn(&mut self) {
        let file = |name: &str| self.directory.path().join(name).display().to_string();
        let etcd =
            self.forwarder.as_ref().map_or_else(|| self.etcd.endpoints(), |forwarder| forwarder.address.to_string());
        let process = Command::new(&self.executable)
            .arg(format!("--etcd-servers=http://{etcd}"))
            .arg(format!("--secure-port={}", self.address.port()))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!("--tls-cert-file={}", file("server.pem")))
            .arg(format!("--tls-private-key-file={}", file("server.key")))
            .arg(format!("--service-account-key-file={}", file("account.pub")))
            .arg(format!("--service-account-signing-key-file={}", file("account.key")))
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            .arg(format!("--token-auth-file={}", file("tokens.csv")))
            .arg(format!("--client-ca-file={}", file("ca.pem")))
            .args(["--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16"])
            // The Service `kubernetes` would require a non-loopback address, and pods a service account that no
            // controller creates.
            .args(["--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount"])
            .args(["--profiling=false", "--v=0"])
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.executable.display()));
        self.process = Some(process);
    }

    /// Waits until it is ready; false if it has exited by itself.
    fn is_ready(&mut self) -> bool {
        let started = Instant::now();
        while self.query("GET", "/readyz", None).is_none_or(|(status, _)| status != 200) {
            if self.process.as_mut().expect("a running server").try_wait().expect("its state").is_some() {
                return false;
            }
            assert!(started.elapsed() < TIME_LIMIT, "the API server is not ready after {TIME_LIMIT:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// The address that the API server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The flags of a grpc-go client with kuberesolver that queries this API server as the administrator.
    pub fn for_kuberesolver(&self) -> Vec<String> {
        let authority = self.directory.path().join("ca.pem").display().to_string();
        let server = format!("https://{}", self.address);
        ["--kubernetes", &server, "--authority", &authority, "--token", ADMIN].map(str::to_string).to_vec()
    }

    /// The etcd behind it.
    pub fn etcd(&self) -> &Etcd {
        &self.etcd
    }

    /// Deletes this key of etcd and compacts all older history while the API server cannot reach etcd: its watches
    /// cannot continue, and none of them receives the deletion.
    pub fn loses_history(&self, key: &str) {
        let forwarder = self.forwarder.as_ref().expect("a cluster of start_with");
        forwarder.close();
        self.etcd.delete(key);
        let revision = self.etcd.put("later", "", 0);
        self.etcd.compact(revision);
        forwarder.open();
    }

    /// Kills the API server as a crash would; etcd keeps running.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the API server runs already");
        self.spawn();
        assert!(self.is_ready(), "the API server ended by itself");
    }

    /// Freezes it (SIGSTOP): its sockets stay open and nothing responds.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Resumes it (SIGCONT).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().expect("a running server").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("the kill command");
        assert!(status.success(), "kill {signal} {id}: {status}");
    }

    /// A kubeconfig with one context, `test`, for the credentials `token`, in namespace `pay`.
    pub fn kubeconfig(&self, token: &str) -> PathBuf {
        self.kubeconfig_of(token, &json!({ "certificate-authority": "ca.pem" }), &json!({ "token": token }))
    }

    /// The same with additional content for its cluster, and with another user.
    pub fn kubeconfig_of(&self, name: &str, cluster: &Value, user: &Value) -> PathBuf {
        let mut cluster = cluster.clone();
        cluster["server"] = json!(self.server());
        let text = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{ "name": "test", "context": { "cluster": "here", "user": "me", "namespace": "pay" } }],
            "clusters": [{ "name": "here", "cluster": cluster }],
            "users": [{ "name": "me", "user": user }],
        });
        let file = self.directory().join(format!("kubeconfig-{name}"));
        std::fs::write(&file, text.to_string()).expect("a kubeconfig");
        file
    }

    /// Its URL.
    pub fn server(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The directory of the credentials: `ca.pem`, and the administrator's `ann.pem` and `ann.key`.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// One request as the administrator: status and body. `None` if there is no response.
    fn query(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let stream = TcpStream::connect_timeout(&self.address, TIME_LIMIT).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let connection = ClientConnection::new(self.tls.clone(), name).expect("a TLS client");
        let mut stream = StreamOwned::new(connection, stream);
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = Vec::new();
        // Go closes TLS without a farewell.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).unwrap_or_default()))
    }

    /// One request that must succeed.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        match self.query(method, path, body) {
            Some((200..=299, answer)) => answer,
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    /// Writes a complete object, whether it exists already or not. `kind` is its plural in the path; returns its
    /// version.
    pub fn put(&self, place: &str, object: &Value) -> u64 {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let answer = match self.query("POST", place, Some(object)) {
            Some((409, _)) => self.send("PUT", &format!("{place}/{name}"), Some(object)),
            Some((200..=299, answer)) => answer,
            other => panic!("POST {place} {object}: {other:?}"),
        };
        answer["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok()).expect("a version")
    }

    /// Deletes an object.
    pub fn delete(&self, place: &str, name: &str) {
        self.send("DELETE", &format!("{place}/{name}"), None);
    }

    /// Creates a namespace.
    pub fn namespace(&self, name: &str) {
        self.put("/api/v1/namespaces", &json!({ "metadata": { "name": name } }));
    }

    /// Creates a Service in the namespace `pay` with one port `grpc`, 80 in front of 50051.
    pub fn service(&self, name: &str, cluster_ip: Option<&str>) {
        let mut spec = json!({
            "selector": { "app": name },
            "ports": [{ "name": "grpc", "port": 80, "targetPort": 50051, "appProtocol": "grpc" }],
        });
        if let Some(ip) = cluster_ip {
            spec["clusterIP"] = json!(ip);
        }
        let object = json!({ "metadata": { "name": name, "namespace": "pay" }, "spec": spec });
        self.put("/api/v1/namespaces/pay/services", &object);
    }

    /// Writes an EndpointSlice of a Service in the namespace `pay`, as its controller does; returns the version.
    pub fn slice(&self, name: &str, service: &str, endpoints: &[Value]) -> u64 {
        self.put(SLICES, &slice(name, service, 50051, endpoints))
    }
}

/// The API server keeps no history of slices itself: what etcd has compacted, it cannot replay.
pub const WITHOUT_HISTORY: &[&str] = &["--watch-cache-sizes=endpointslices.discovery.k8s.io#0"];

/// The key in etcd of the slice `name` of the namespace `pay`.
pub fn key_of(name: &str) -> String {
    format!("/registry/endpointslices/pay/{name}")
}

/// The path of the EndpointSlices of the namespace `pay`.
pub const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/pay/endpointslices";

/// An EndpointSlice that a Service owns.
pub fn slice(name: &str, service: &str, port: u16, endpoints: &[Value]) -> Value {
    json!({
        "metadata": {
            "name": name,
            "namespace": "pay",
            "labels": {
                "kubernetes.io/service-name": service,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Service", "name": service, "controller": true,
                "uid": "11111111-1111-1111-1111-111111111111",
            }],
        },
        "addressType": "IPv4",
        "ports": [{ "name": "grpc", "port": port, "protocol": "TCP", "appProtocol": "grpc" }],
        "endpoints": endpoints,
    })
}

/// A ready endpoint of a slice.
pub fn ready(address: &str, pod: &str) -> Value {
    endpoint(address, pod, true, true, false)
}

/// An endpoint of a slice with its conditions.
pub fn endpoint(address: &str, pod: &str, ready: bool, serving: bool, terminating: bool) -> Value {
    json!({
        "addresses": [address],
        "conditions": { "ready": ready, "serving": serving, "terminating": terminating },
        "nodeName": "node-1",
        "zone": "eu-1a",
        "targetRef": { "kind": "Pod", "namespace": "pay", "name": pod },
    })
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes certificates, keys and tokens; returns the configuration that verifies the server.
fn papers(directory: &Path) -> Arc<ClientConfig> {
    let write = |name: &str, text: String| std::fs::write(directory.join(name), text).expect("to write a file");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("an authority");
    write("ca.pem", authority.pem());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).expect("a root");
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_string()]).expect("parameters");
    write("server.pem", params.signed_by(&key, &issuer).expect("a certificate").pem());
    write("server.key", key.serialize_pem());
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(rcgen::DnType::CommonName, "ann");
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "system:masters");
    write("ann.pem", params.signed_by(&key, &issuer).expect("a certificate").pem());
    write("ann.key", key.serialize_pem());
    let account = rcgen::KeyPair::generate().expect("a key");
    write("account.key", account.serialize_pem());
    write("account.pub", account.public_key_pem());
    write("tokens.csv", format!("{ADMIN},admin,1,system:masters\n{UNPRIVILEGED},nobody,2\n"));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

//! How Kubernetes is accessed: every kind of credential and connection that a kubeconfig supports, against the real
//! API server.

#![cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grpc_discover::backend::kubernetes::{Kubernetes, KubernetesSettings, Pod};
use grpc_discover::backend::{Backend, Context, Origin, Settings, Sourced};
use grpc_discover::model::resolution::{Answer, ResolveCode, ResolveError};
use serde_json::{Value, json};

use super::words::word;
use crate::support::kubernetes::{ADMIN, Cluster, UNPRIVILEGED, ready};

async fn queried(kubernetes: KubernetesSettings) -> Result<Answer, ResolveError> {
    let mut settings = Settings::default().with(kubernetes);
    settings.resolve_timeout = Duration::from_secs(15);
    let context = Context::new(settings);
    word(&mut Kubernetes.resolve(&"kubernetes:///pay.pay".parse().expect("a target"), &context)).await
}

async fn queried_by(kubeconfig: &Path) -> Result<Answer, ResolveError> {
    let files = Sourced::new(vec![kubeconfig.to_path_buf()], Origin::Env("KUBECONFIG".to_string()));
    queried(KubernetesSettings { kubeconfig: files, ..KubernetesSettings::default() }).await
}

fn in_base64(cluster: &Cluster, name: &str) -> String {
    STANDARD.encode(std::fs::read(cluster.directory().join(name)).expect("a paper"))
}

/// An executable that prints an ExecCredential.
fn plugin(cluster: &Cluster, name: &str, status: &Value) -> Value {
    use std::os::unix::fs::PermissionsExt as _;
    let api = "client.authentication.k8s.io/v1";
    let printed = json!({ "apiVersion": api, "kind": "ExecCredential", "status": status });
    let file = cluster.directory().join(name);
    std::fs::write(&file, format!("#!/bin/sh\ncat <<'END'\n{printed}\nEND\n")).expect("a plugin");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).expect("an executable");
    // As a path relative to the kubeconfig.
    json!({ "exec": { "command": format!("./{name}"), "apiVersion": api, "interactiveMode": "Never" } })
}

#[tokio::test]
async fn every_kind_of_credentials_is_accepted_by_the_api_server() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("pay");
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let trusted = json!({ "certificate-authority-data": in_base64(&cluster, "ca.pem") });
    std::fs::write(cluster.directory().join("token"), format!("{ADMIN}\n")).expect("a token");
    let pem = |name: &str| std::fs::read_to_string(cluster.directory().join(name)).expect("a paper");
    let papers = json!({ "clientCertificateData": pem("ann.pem"), "clientKeyData": pem("ann.key") });
    let users = [
        ("token-file", json!({ "tokenFile": "token" })),
        ("certificate", json!({ "client-certificate": "ann.pem", "client-key": "ann.key" })),
        (
            "certificate-data",
            json!({
                "client-certificate-data": in_base64(&cluster, "ann.pem"),
                "client-key-data": in_base64(&cluster, "ann.key"),
            }),
        ),
        ("plugin", plugin(&cluster, "login", &json!({ "token": ADMIN }))),
        ("plugin-certificate", plugin(&cluster, "papers", &papers)),
    ];
    for (name, user) in users {
        let answer = queried_by(&cluster.kubeconfig_of(name, &trusted, &user)).await;
        assert_eq!(answer.map(|answer| answer.endpoints.len()), Ok(1), "{name}");
    }

    let as_unprivileged = json!({ "token": ADMIN, "as": "nobody" });
    let error = queried_by(&cluster.kubeconfig_of("as", &trusted, &as_unprivileged)).await.expect_err("no right");
    assert_eq!(error.failure().code, ResolveCode::Denied, "{error}");
    assert!(error.to_string().contains("\"nobody\" cannot list"), "{error}");
    let stranger = plugin(&cluster, "stranger", &json!({ "token": "wr0ng" }));
    let error = queried_by(&cluster.kubeconfig_of("stranger", &trusted, &stranger)).await.expect_err("a stranger");
    assert_eq!(error.failure().code, ResolveCode::Denied, "{error}");
    assert!(
        error.to_string().contains("401 Unauthorized: the API server rejected the credentials from plugin \""),
        "{error}"
    );
    assert!(error.to_string().contains("stranger\" for user \"me\" in /"), "{error}");

    // In a pod.
    let account = tempfile::tempdir().expect("a directory");
    std::fs::copy(cluster.directory().join("ca.pem"), account.path().join("ca.crt")).expect("a root");
    std::fs::write(account.path().join("token"), ADMIN).expect("a token");
    std::fs::write(account.path().join("namespace"), "pay").expect("a namespace");
    let pod = Pod { server: cluster.server(), account: account.path().to_path_buf() };
    let in_pod = || KubernetesSettings {
        pod: Sourced::new(Some(pod.clone()), Origin::Env("KUBERNETES_SERVICE_HOST".to_string())),
        ..KubernetesSettings::default()
    };
    assert_eq!(queried(in_pod()).await.map(|answer| answer.endpoints.len()), Ok(1));
    std::fs::write(account.path().join("token"), UNPRIVILEGED).expect("a token");
    let error = queried(in_pod()).await.expect_err("no right");
    assert!(
        error.to_string().contains("no permission to list endpointslices.discovery.k8s.io in namespace pay"),
        "{error}"
    );
}

#[tokio::test]
async fn tls_faults_are_reported_with_the_setting_that_resolves_them() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.namespace("pay");
    cluster.service("pay", None);
    let user = json!({ "token": ADMIN });
    let query = async |name: &str, settings: Value| queried_by(&cluster.kubeconfig_of(name, &settings, &user)).await;
    let error = query("untrusted", json!({})).await.expect_err("it is not signed");
    assert_eq!(error.failure().code, ResolveCode::Unreachable, "{error}");
    assert!(error.to_string().contains("(certificate-authority sets the trusted authority)"), "{error}");
    let other = json!({ "certificate-authority": "ca.pem", "tls-server-name": "api.example" });
    let error = query("other-name", other).await.expect_err("another name");
    assert!(error.to_string().contains("(tls-server-name in the kubeconfig sets the expected name)"), "{error}");
    assert!(query("careless", json!({ "insecure-skip-tls-verify": true })).await.is_ok());
    let error = query("garbage", json!({ "certificate-authority-data": STANDARD.encode("no PEM") })).await;
    let error = error.expect_err("no certificate");
    assert_eq!(error.failure().code, ResolveCode::BadTarget, "{error}");
    assert!(
        error.to_string().ends_with(
            ": failed to read certificate-authority (given as data): no certificate found in file (not PEM)"
        ),
        "{error}"
    );
    let error = query("absent", json!({ "certificate-authority": "absent.pem" })).await.expect_err("no file");
    assert!(error.to_string().ends_with("absent.pem: no such file"), "{error}");
}

//! Which cluster is used, with which user, and what a credential plugin prints: without a cluster.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use kube::config::{AuthInfo, Cluster};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::access::{self, Server};
use super::credentials::{self, Credentials};
use super::settings::{KubernetesSettings, Pod};
use crate::backend::{Origin, Sourced};
use crate::model::resolution::{NoteKind, ResolveCode, Update};
use crate::model::secret::Secrets;

const LIMIT: Duration = Duration::from_secs(30);

fn written(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn settings(files: &[&Path]) -> KubernetesSettings {
    let files = files.iter().map(|file| file.to_path_buf()).collect();
    KubernetesSettings {
        kubeconfig: Sourced::new(files, Origin::Env("KUBECONFIG".to_string())),
        ..KubernetesSettings::default()
    }
}

/// A kubeconfig whose one context is the current one.
fn config(name: &str, cluster: &Value, user: &Value) -> String {
    json!({
        "current-context": name,
        "contexts": [{ "name": name, "context": { "cluster": "here", "user": "ann" } }],
        "clusters": [{ "name": "here", "cluster": cluster }],
        "users": [{ "name": "ann", "user": user }],
    })
    .to_string()
}

fn refusal(settings: &KubernetesSettings) -> String {
    match access::choose(settings) {
        Err(error) => {
            assert_eq!(error.code(), ResolveCode::BadTarget, "{error}");
            error.to_string()
        }
        Ok(chosen) => panic!("{}", chosen.server),
    }
}

#[test]
fn several_kubeconfigs_are_merged_and_the_first_value_wins() {
    let here = tempfile::tempdir().unwrap();
    let first = written(&here, "a", &config("one", &json!({ "server": "https://one:1" }), &json!({ "token": "t" })));
    let other = config("two", &json!({ "server": "https://two:2" }), &json!({}));
    let other =
        other.replace("\"here\"", "\"there\"").replace("\"user\":\"ann\"", "\"user\":\"bob\",\"namespace\":\"prod\"");
    let second = written(&here, "b", &other);
    let absent = here.path().join("absent");
    let mut settings = settings(&[&absent, &first, &second]);
    let chosen = access::choose(&settings).map_err(|error| error.to_string()).unwrap();
    assert_eq!((chosen.context.as_deref(), chosen.server.as_str()), (Some("one"), "https://one:1"));
    assert_eq!(chosen.namespace, "default");
    assert!(chosen.shown.credentials.starts_with("the token of user \"ann\" in "), "{}", chosen.shown.credentials);
    settings.context.value = Some("two".to_string());
    let chosen = access::choose(&settings).map_err(|error| error.to_string()).unwrap();
    assert_eq!((chosen.server.as_str(), chosen.namespace.as_str()), ("https://two:2", "prod"));
    assert!(
        chosen.shown.credentials.starts_with("anonymous access: user \"bob\" has no credentials in "),
        "{}",
        chosen.shown.credentials
    );
    settings.namespace.value = Some("dev".to_string());
    assert_eq!(access::choose(&settings).map_err(|error| error.to_string()).unwrap().namespace, "dev");
}

#[test]
fn a_dangling_reference_in_a_kubeconfig_is_named() {
    let here = tempfile::tempdir().unwrap();
    let of = |text: &str| refusal(&settings(&[&written(&here, "config", text)]));
    let server = json!({ "server": "https://one:1" });
    let good = config("one", &server, &json!({}));
    assert!(
        of("").ends_with("kubeconfig has no current-context; select a context with --context (no contexts defined)")
    );
    let text = good.replace("\"current-context\":\"one\"", "\"current-context\":\"\"");
    assert!(of(&text).ends_with("select a context with --context (contexts: one)"));
    let text = good.replace("\"current-context\":\"one\"", "\"current-context\":\"two\"");
    assert!(of(&text).ends_with("unknown context \"two\" (contexts: one)"));
    let text = good.replace("\"cluster\":\"here\"", "\"cluster\":\"there\"");
    assert!(of(&text).ends_with("context \"one\" refers to cluster \"there\", which is not defined"));
    assert!(of(&config("one", &json!({}), &json!({}))).ends_with("cluster \"here\" has no server"));
    let proxied = json!({ "server": "https://one:1", "proxy-url": "http://proxy:3128" });
    assert!(of(&config("one", &proxied, &json!({}))).ends_with("has a proxy-url, which is not supported"));
    let secret = of("users: [{name: ann, user: {token: hunter2}]");
    assert!(secret.contains("config is not a valid kubeconfig: ") && !secret.contains("hunter2"), "{secret}");
    let nowhere = refusal(&settings(&[&here.path().join("absent")]));
    assert!(nowhere.starts_with("no kubeconfig: ") && nowhere.ends_with(" not found (KUBECONFIG sets other paths)"));
}

#[test]
fn a_pod_queries_as_its_service_account() {
    let account = tempfile::tempdir().unwrap();
    let pod = Pod { server: "https://10.96.0.1:443".to_string(), account: account.path().to_path_buf() };
    let settings =
        KubernetesSettings { pod: Sourced::new(Some(pod), Origin::Default), ..KubernetesSettings::default() };
    assert!(refusal(&settings).ends_with("/ca.crt: no such file or directory"));
    written(&account, "ca.crt", "PEM");
    assert!(refusal(&settings).ends_with("/token: no such file or directory"));
    let token = written(&account, "token", "t0ken\n");
    let chosen = access::choose(&settings).map_err(|error| error.to_string()).unwrap();
    assert_eq!((chosen.context.as_deref(), chosen.namespace.as_str()), (None, "default"));
    assert_eq!(chosen.shown.credentials, format!("the pod's own token in {}", token.display()));
    written(&account, "namespace", "pay\n");
    assert_eq!(access::choose(&settings).map_err(|error| error.to_string()).unwrap().namespace, "pay");
}

#[test]
fn a_server_is_a_url() {
    let of = |url: &str| {
        let server = Server::new(url).map(|server| (server.tls, server.host, server.port, server.path));
        server.map_err(|error| error.to_string())
    };
    assert_eq!(of("https://10.0.0.1:6443"), Ok((true, "10.0.0.1".to_string(), 6443, String::new())));
    assert_eq!(of("https://[fd00::1]"), Ok((true, "fd00::1".to_string(), 443, String::new())));
    let behind = "https://hub.example/k8s/clusters/c-1/";
    assert_eq!(of(behind), Ok((true, "hub.example".to_string(), 443, "/k8s/clusters/c-1".to_string())));
    assert_eq!(of("http://localhost"), Ok((false, "localhost".to_string(), 80, String::new())));
    for (url, why) in [
        ("10.0.0.1:6443", "has no scheme (expected https:// or http://)"),
        ("ftp://one", "has an unsupported scheme (expected https:// or http://)"),
        ("https://", "is not a valid URL"),
        ("https://ann:pw@one", "contains a user"),
    ] {
        let error = of(url).expect_err(url);
        assert!(error.contains(why) && error.ends_with("write https://10.0.0.1:6443"), "{error}");
    }
}

fn user(user: &Value) -> AuthInfo {
    serde_json::from_value(user.clone()).unwrap()
}

fn refused(of: &Value) -> String {
    let made = Credentials::new(&user(of), &Cluster::default(), Secrets::default());
    made.map(|_| ()).expect_err("no credentials").to_string()
}

/// The headers that are sent for a user, as pairs of name and value.
async fn shown(of: &Credentials) -> Result<Vec<(String, String)>, String> {
    let mut headers = HeaderMap::new();
    of.show(&mut headers, LIMIT).await.map_err(|error| error.to_string())?;
    assert!(headers.get(AUTHORIZATION).is_none_or(|value| value.is_sensitive()));
    Ok(headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_string())).collect())
}

async fn header(of: &Value) -> Option<String> {
    let credentials = Credentials::new(&user(of), &Cluster::default(), Secrets::default()).unwrap();
    shown(&credentials).await.unwrap().into_iter().next().map(|(_, value)| value)
}

#[tokio::test]
async fn a_user_shows_what_kubectl_would_show() {
    let some = |text: &str| Some(text.to_string());
    assert_eq!(header(&json!({})).await, None);
    assert_eq!(header(&json!({ "token": "t0ken\n" })).await, some("Bearer t0ken"));
    assert_eq!(header(&json!({ "username": "ann", "password": "pw", "token": "t" })).await, some("Basic YW5uOnB3"));
    let oidc = json!({ "auth-provider": { "name": "oidc", "config": { "id-token": "id" } } });
    assert_eq!(header(&oidc).await, some("Bearer id"));
    let here = tempfile::tempdir().unwrap();
    let file = written(&here, "token", "first\n");
    let both = user(&json!({ "token": "t", "tokenFile": file.display().to_string() }));
    let both = Credentials::new(&both, &Cluster::default(), Secrets::default()).unwrap();
    for token in ["first", "second"] {
        written(&here, "token", token);
        assert_eq!(shown(&both).await.unwrap()[0].1, format!("Bearer {token}"), "the file is read again");
    }
    std::fs::remove_file(&file).unwrap();
    let gone = shown(&both).await.expect_err("no file");
    assert_eq!(gone, format!("no credentials: {}: no such file or directory", file.display()));
    let other = user(&json!({ "token": "t", "as": "bob", "as-uid": "7", "as-groups": ["dev", "ops"] }));
    let mut headers = shown(&Credentials::new(&other, &Cluster::default(), Secrets::default()).unwrap()).await.unwrap();
    headers.sort();
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    let groups = [pair("impersonate-group", "dev"), pair("impersonate-group", "ops")];
    let [first, second] = groups;
    let who = [
        pair("authorization", "Bearer t"),
        first,
        second,
        pair("impersonate-uid", "7"),
        pair("impersonate-user", "bob"),
    ];
    assert_eq!(headers, who);
}

#[test]
fn credentials_that_cannot_be_shown_are_refused_with_the_reason() {
    let gone = json!({ "auth-provider": { "name": "gcp", "config": { "access-token": "t0ken" } } });
    assert_eq!(refused(&gone), "auth-provider \"gcp\" is no longer supported: kubectl replaced it with exec plugins");
    assert!(refused(&json!({ "auth-provider": { "name": "oidc", "config": {} } })).contains("has no id-token"));
    assert_eq!(refused(&json!({ "token": "a\nb" })), "the token or password is not a valid HTTP header value");
    assert_eq!(refused(&json!({ "client-key": "/k" })), "client-key is set without client-certificate");
    let half = json!({ "client-certificate": "/c" });
    assert_eq!(refused(&half), "client-certificate is set without client-key");
    let data = json!({ "client-certificate-data": "???", "client-key": "/k" });
    assert!(refused(&data).starts_with("client-certificate-data is not valid base64: "), "{}", refused(&data));
    let exec = |exec: Value| refused(&json!({ "exec": exec }));
    assert_eq!(exec(json!({})), "exec has no command");
    let versions = "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1";
    let old = "client.authentication.k8s.io/v1alpha1";
    assert_eq!(
        exec(json!({ "command": "x", "apiVersion": old })),
        format!("exec: unsupported apiVersion {old:?}; expected {versions}")
    );
    let interactive =
        json!({ "command": "x", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Always" });
    assert!(exec(interactive).contains("\"x\" requires interactive input (interactiveMode: Always)"));
}

/// A user whose plugin is a line of shell.
fn plugin(line: &str) -> Credentials {
    let exec = json!({
        "command": "/bin/sh", "args": ["-c", line], "apiVersion": "client.authentication.k8s.io/v1beta1",
        "env": [{ "name": "WORD", "value": "said" }], "provideClusterInfo": true, "installHint": "install it\nthus",
    });
    let cluster = Cluster { server: Some("https://one:1".to_string()), ..Cluster::default() };
    Credentials::new(&user(&json!({ "exec": exec })), &cluster, Secrets::default()).unwrap()
}

fn printed(status: &str) -> String {
    format!(r#"{{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{status}}}"#)
}

#[tokio::test]
async fn a_plugin_is_run_once_and_again_when_its_token_has_ended() {
    let here = tempfile::tempdir().unwrap();
    let runs = here.path().join("runs");
    let runs_of = |until: &str| {
        let status = printed(&format!(r#"{{"token":"'$WORD'","expirationTimestamp":"{until}"}}"#));
        let line = format!("echo \"$KUBERNETES_EXEC_INFO\" >> {}; echo '{status}'", runs.display());
        let _ = std::fs::remove_file(&runs);
        plugin(&line)
    };
    let times = || std::fs::read_to_string(&runs).unwrap().lines().count();
    let lasting = runs_of("2999-01-01T00:00:00Z");
    for _ in 0..3 {
        assert_eq!(shown(&lasting).await.unwrap()[0].1, "Bearer said");
    }
    assert_eq!(times(), 1);
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&runs).unwrap()).unwrap();
    assert_eq!(expected["kind"], "ExecCredential");
    assert_eq!(expected["spec"], json!({ "interactive": false, "cluster": { "server": "https://one:1" } }));
    let ended = runs_of("2001-01-01T00:00:00Z");
    for _ in 0..3 {
        assert_eq!(shown(&ended).await.unwrap()[0].1, "Bearer said");
    }
    assert_eq!(times(), 3);
}

#[tokio::test]
async fn a_plugin_without_credentials_is_reported_with_the_reason_and_never_its_output() {
    let failed = async |line: &str| shown(&plugin(line)).await.expect_err(line);
    let sorry = failed("echo hunter2; echo first >&2; echo 'run: login' >&2; exit 3").await;
    assert_eq!(sorry, "no credentials: \"/bin/sh\" failed with exit status: 3: run: login");
    let expected = |why: &str| format!("no credentials: \"/bin/sh\" {why}");
    assert_eq!(failed("echo 'hunter2: ['").await, expected("did not print an ExecCredential"));
    assert_eq!(failed("echo '{kind: Pod}'").await, expected("printed kind \"Pod\", expected ExecCredential"));
    let other = printed("{}").replace("v1beta1", "v1");
    let versions =
        "printed apiVersion \"client.authentication.k8s.io/v1\", expected \"client.authentication.k8s.io/v1beta1\"";
    assert_eq!(failed(&format!("echo '{other}'")).await, expected(versions));
    let status = async |status: &str| failed(&format!("echo '{}'", printed(status))).await;
    assert_eq!(status("{}").await, expected("printed neither a token nor a client certificate"));
    let half = r#"{"clientKeyData":"hunter2"}"#;
    assert_eq!(status(half).await, expected("printed a certificate without its key, or a key without its certificate"));
    let when = r#"{"token":"hunter2","expirationTimestamp":"soon"}"#;
    assert_eq!(status(when).await, expected("printed an invalid expirationTimestamp \"soon\""));
    let exec = json!({
        "command": "/nonexistent/login", "apiVersion": "client.authentication.k8s.io/v1", "installHint": "get it\u{7}",
    });
    let absent = Credentials::new(&user(&json!({ "exec": exec })), &Cluster::default(), Secrets::default()).unwrap();
    let words = "no credentials: \"/nonexistent/login\" failed to start: no such file or directory (get it\\u{7})";
    assert_eq!(shown(&absent).await.expect_err("no program"), words);
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended() {
    let here = tempfile::tempdir().unwrap();
    let id = here.path().join("id");
    let hangs = plugin(&format!("echo $$ > {}; exec sleep 600", id.display()));
    let mut headers = HeaderMap::new();
    let error = hangs.show(&mut headers, Duration::from_secs(1)).await.expect_err("nothing is printed");
    assert_eq!(error.to_string(), "getting the credentials took longer than 1.0s");
    assert_eq!(error.code(), ResolveCode::Timeout);
    let process = PathBuf::from("/proc").join(std::fs::read_to_string(&id).unwrap().trim());
    // tokio reaps it asynchronously.
    assert!(eventually(|| !process.exists()).await, "something is left of it");
}

#[tokio::test]
async fn a_plugin_is_ended_with_all_that_it_started() {
    let here = tempfile::tempdir().unwrap();
    let id = here.path().join("id");
    // The shell exits, its child keeps the pipes open.
    let hangs = plugin(&format!("sleep 600 & echo $! > {}", id.display()));
    let error = hangs.show(&mut HeaderMap::new(), Duration::from_secs(1)).await.expect_err("nothing is printed");
    assert_eq!(error.code(), ResolveCode::Timeout);
    let process = std::fs::read_to_string(&id).unwrap();
    let stat = PathBuf::from("/proc").join(process.trim()).join("stat");
    let is_over = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z ") || stat.contains(") X "));
    // The kernel kills it asynchronously.
    assert!(eventually(is_over).await, "its child lives on");
}

/// Whether `is_so` within ten seconds.
async fn eventually(is_so: impl Fn() -> bool) -> bool {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.is_ok()
}

#[tokio::test]
async fn a_plugin_that_prints_without_end_is_stopped_at_a_mebibyte() {
    for (line, stream) in [("exec cat /dev/zero", "stdout"), ("exec cat /dev/zero >&2", "stderr")] {
        let error = shown(&plugin(line)).await.expect_err(line);
        let words = format!("no credentials: \"/bin/sh\" printed more than 1 MiB to {stream} and was stopped");
        assert_eq!(error, words);
    }
}

#[tokio::test]
async fn what_a_plugin_gets_and_prints_is_in_no_message() {
    let secrets = Secrets::default();
    let exec = json!({
        "command": "/bin/sh", "apiVersion": "client.authentication.k8s.io/v1",
        "args": ["-c", format!("echo '{}'; echo \"no: $MY_SECRET issued-t0ken\" >&2; exit 1", printed(r#"{"token":"issued-t0ken"}"#))],
        "env": [{ "name": "MY_SECRET", "value": "hunter2" }],
    });
    let credentials = Credentials::new(&user(&json!({ "exec": exec })), &Cluster::default(), secrets.clone()).unwrap();
    let error = shown(&credentials).await.expect_err("it failed");
    assert_eq!(secrets.mask(&error), "no credentials: \"/bin/sh\" failed with exit status: 1: no: *** ***");
}

/// kubectl sends neither (client-go: credentials are read only when the transport is TLS).
#[tokio::test]
async fn an_http_server_gets_no_credentials_and_no_plugin_is_run() {
    use crate::backend::{Backend as _, Context, Settings};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let here = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut recorded) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut read = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut read).await {
                    let request = String::from_utf8_lossy(&read[..count]).into_owned();
                    let body = match request.contains("/endpointslices") {
                        true => r#"{"metadata":{"resourceVersion":"1"},"items":[]}"#,
                        false => r#"{"message":"not found"}"#,
                    };
                    let status = if request.contains("/endpointslices") { "200 OK" } else { "404 Not Found" };
                    sender.send(request).unwrap();
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let ran = here.path().join("ran");
    let exec = json!({
        "command": "/bin/sh", "args": ["-c", format!("touch {}", ran.display())],
        "apiVersion": "client.authentication.k8s.io/v1",
    });
    for (name, user) in [
        ("token", json!({ "token": "hunter2" })),
        ("basic", json!({ "username": "ann", "password": "hunter2" })),
        ("file", json!({ "tokenFile": written(&here, "t", "hunter2").display().to_string() })),
        ("exec", json!({ "exec": exec })),
        ("oidc", json!({ "auth-provider": { "name": "oidc", "config": { "id-token": "hunter2" } } })),
        ("certificate", json!({ "client-certificate": "/nonexistent", "client-key": "/nonexistent" })),
    ] {
        let config = json!({
            "current-context": "c",
            "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "u" } }],
            "clusters": [{ "name": "k", "cluster": { "server": server } }],
            "users": [{ "name": "u", "user": user }],
        });
        let file = written(&here, name, &config.to_string());
        let all = Settings::default().with(settings(&[&file]));
        let kubernetes = super::Kubernetes;
        assert_eq!(kubernetes.runs(&all), None, "{name}");
        let rows = kubernetes.describe(&all).settings;
        let row = rows.iter().find(|(row, ..)| *row == "credentials").map(|(_, value, _)| value.as_str());
        assert!(row.is_some_and(|value| value.ends_with("(not sent: the server is http://)")), "{name}: {row:?}");
        let context = Context { settings: all.into(), ..Context::default() };
        let target = "kubernetes:///pay.prod".parse().unwrap();
        let first = futures_util::StreamExt::next(&mut kubernetes.resolve(&target, &context)).await.unwrap();
        let Ok(Update::NotFound(absence)) = first else { panic!("{name}: {first:?}") };
        let withheld = absence.notes.iter().find(|note| note.kind == NoteKind::Withheld);
        let withheld = withheld.unwrap_or_else(|| panic!("{name}: {absence:?}"));
        assert!(withheld.text.starts_with("no credentials were sent because the server is http://"), "{withheld:?}");
        let mut count = 0;
        while let Ok(request) = recorded.try_recv() {
            count += 1;
            assert!(!request.to_lowercase().contains("authorization") && !request.contains("hunter2"), "{request}");
        }
        assert!(count > 0, "{name}: nothing was queried");
    }
    assert!(!ran.exists(), "the plugin was run");
}

#[test]
fn a_password_in_the_servers_url_is_shown_nowhere() {
    use crate::backend::{Backend as _, Settings};
    let here = tempfile::tempdir().unwrap();
    for server in ["https://ann:hunter2@h:6443", "https://hunter2@h", "https://h/?token=hunter2", "ftp://ann:hunter2@h"]
    {
        let config = json!({
            "current-context": "c", "contexts": [{ "name": "c", "context": { "cluster": "k" } }],
            "clusters": [{ "name": "k", "cluster": { "server": server } }],
        });
        let all = Settings::default().with(settings(&[&written(&here, "c", &config.to_string())]));
        let shown = format!("{:?} {:?}", super::Kubernetes.describe(&all), Server::new(server).map(|_| ()));
        assert!(!shown.contains("hunter2"), "{server}: {shown}");
    }
}

#[test]
fn a_user_is_described_without_a_secret() {
    let words = |of: &Value| credentials::in_words(&user(of), "ann");
    let exec = json!({ "exec": { "command": "aws", "args": ["--secret"] } });
    assert_eq!(words(&exec), "the credentials from plugin \"aws\" for user \"ann\"");
    assert_eq!(words(&json!({ "client-certificate-data": "x" })), "the client certificate of user \"ann\"");
    assert_eq!(words(&json!({ "tokenFile": "/t", "token": "hunter2" })), "the token of user \"ann\" from /t");
    assert_eq!(words(&json!({ "username": "u", "password": "hunter2" })), "the password of user \"ann\"");
    let oidc = json!({ "auth-provider": { "name": "oidc", "config": {} } });
    assert_eq!(words(&oidc), "the token of auth-provider \"oidc\" for user \"ann\"");
}

//! Registries that echo the secrets with which they are queried, wherever these come from.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::echo::{Echo, Wire};
use super::{SECRET, percent, shows_nothing};
use crate::cause::setup::Setup;
use crate::support::tool::{Finished, run_command, tool};

/// Where the secret is set: variables, flags and the target.
#[derive(Default)]
pub struct Given {
    pub variables: Vec<(&'static str, String)>,
    pub flags: Vec<String>,
    pub target: String,
}

/// A source of a secret: its name, the registry that receives it, and how it is passed to a command in a directory.
type Source = (&'static str, Wire, fn(&str, &Path) -> Given);

pub fn env(target: &str, variables: &[(&'static str, &str)]) -> Given {
    let variables = variables.iter().map(|(name, value)| (*name, value.to_string())).collect();
    Given { variables, target: target.to_string(), ..Given::default() }
}

pub fn target(target: String) -> Given {
    Given { target, ..Given::default() }
}

pub fn file(directory: &Path, name: &str, text: &str) -> String {
    std::fs::write(directory.join(name), text).unwrap();
    directory.join(name).display().to_string()
}

/// A kubeconfig for the server at `address`.
pub fn kubeconfig(address: &str, directory: &Path, user: &Value) -> Given {
    let cluster = json!({ "server": format!("https://{address}"), "certificate-authority": directory.join("ca.pem") });
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": user }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u", "namespace": "prod" } }],
    });
    env("kubernetes:///pay.prod:9", &[("KUBECONFIG", &file(directory, "kubeconfig", &config.to_string()))])
}

/// A credential plugin: a shell script with these variables.
pub fn plugin(script: &str, variables: &Value) -> Value {
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "/bin/sh", "args": ["-c", script], "env": variables,
    });
    json!({ "exec": exec })
}

const CONSUL: &str = "consul:///pay";

const SOURCES: [Source; 24] = [
    ("CONSUL_HTTP_TOKEN", Wire::Http, |at, _| env(CONSUL, &[("CONSUL_HTTP_ADDR", at), ("CONSUL_HTTP_TOKEN", SECRET)])),
    ("CONSUL_HTTP_TOKEN_FILE", Wire::Http, |at, directory| {
        env(CONSUL, &[("CONSUL_HTTP_ADDR", at), ("CONSUL_HTTP_TOKEN_FILE", &file(directory, "token", SECRET))])
    }),
    ("GRPC_DISCOVER_TOKEN_FILE", Wire::Http, |at, directory| {
        env(CONSUL, &[("CONSUL_HTTP_ADDR", at), ("GRPC_DISCOVER_TOKEN_FILE", &file(directory, "token", SECRET))])
    }),
    ("--token-file", Wire::Http, |at, directory| Given {
        flags: vec!["--token-file".to_string(), file(directory, "token", SECRET)],
        ..env(CONSUL, &[("CONSUL_HTTP_ADDR", at)])
    }),
    ("token-file of --config", Wire::Http, |at, directory| {
        let text = format!("[defaults]\ntoken-file = {:?}", file(directory, "token", SECRET));
        Given {
            flags: vec!["--config".to_string(), file(directory, "config.toml", &text)],
            ..env(CONSUL, &[("CONSUL_HTTP_ADDR", at)])
        }
    }),
    ("CONSUL_HTTP_AUTH", Wire::Http, |at, _| {
        env(CONSUL, &[("CONSUL_HTTP_ADDR", at), ("CONSUL_HTTP_AUTH", &format!("ann:{SECRET}"))])
    }),
    ("CONSUL_HTTP_AUTH without a colon", Wire::Http, |at, _| {
        env(CONSUL, &[("CONSUL_HTTP_ADDR", at), ("CONSUL_HTTP_AUTH", SECRET)])
    }),
    ("consul://USER:PASSWORD@", Wire::Http, |at, _| target(format!("consul://ann:{}@{at}/pay", percent(SECRET)))),
    ("consul://USER@", Wire::Http, |at, _| target(format!("consul://{}@{at}/pay", percent(SECRET)))),
    ("consul: token=", Wire::Http, |at, _| target(format!("consul://{at}/pay?token={}", percent(SECRET)))),
    ("a target in --config", Wire::Http, |at, directory| {
        let text = format!("[service.pay]\ntargets = [\"consul://ann:{}@{at}/pay\"]\n", percent(SECRET));
        let flags = vec!["--config".to_string(), file(directory, "config.toml", &text)];
        Given { flags, ..target("pay".to_string()) }
    }),
    ("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", Wire::Http, |at, _| {
        let url = format!("http://ann:{}@{at}/eureka", percent(SECRET));
        env("eureka:///pay", &[("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", &url)])
    }),
    ("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE without a colon", Wire::Http, |at, _| {
        let url = format!("http://{}@{at}/eureka", percent(SECRET));
        env("eureka:///pay", &[("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", &url)])
    }),
    ("eureka://USER:PASSWORD@", Wire::Http, |at, _| target(format!("eureka://ann:{}@{at}/pay", percent(SECRET)))),
    ("token of a kubeconfig", Wire::Https, |at, directory| kubeconfig(at, directory, &json!({ "token": SECRET }))),
    ("tokenFile of a kubeconfig", Wire::Https, |at, directory| {
        kubeconfig(at, directory, &json!({ "tokenFile": file(directory, "token", SECRET) }))
    }),
    ("password of a kubeconfig", Wire::Https, |at, directory| {
        kubeconfig(at, directory, &json!({ "username": "ann", "password": SECRET }))
    }),
    ("what a plugin prints", Wire::Https, |at, directory| {
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": { "token": SECRET },
        });
        let script = format!("cat {}", file(directory, "credential", &credential.to_string()));
        kubeconfig(at, directory, &plugin(&script, &json!([])))
    }),
    ("the environment of a plugin", Wire::Https, |at, directory| {
        // As JSON, which the script cannot write.
        let quoted = json!(SECRET).to_string();
        let script = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":%s}}' "$THE_TOKEN""#;
        kubeconfig(at, directory, &plugin(script, &json!([{ "name": "THE_TOKEN", "value": quoted }])))
    }),
    ("ETCDCTL_USER", Wire::Etcd, |at, _| {
        env("etcd:///pay", &[("ETCDCTL_ENDPOINTS", at), ("ETCDCTL_USER", &format!("ann:{SECRET}"))])
    }),
    ("ETCDCTL_PASSWORD", Wire::Etcd, |at, _| {
        env("etcd:///pay", &[("ETCDCTL_ENDPOINTS", at), ("ETCDCTL_USER", "ann"), ("ETCDCTL_PASSWORD", SECRET)])
    }),
    ("ETCDCTL_USER with a password beside ETCDCTL_PASSWORD", Wire::Etcd, |at, _| {
        env(
            "etcd:///pay",
            &[("ETCDCTL_ENDPOINTS", at), ("ETCDCTL_USER", &format!("ann:{SECRET}")), ("ETCDCTL_PASSWORD", "x")],
        )
    }),
    ("ZOOKEEPER_AUTH", Wire::Zookeeper, |at, _| {
        env("zookeeper:///pay", &[("ZOOKEEPER_CONNECT", at), ("ZOOKEEPER_AUTH", &format!("ann:{SECRET}"))])
    }),
    ("ZOOKEEPER_AUTH with a chroot", Wire::Zookeeper, |at, _| {
        env(
            "zookeeper:///pay",
            &[("ZOOKEEPER_CONNECT", &format!("{at}/top")), ("ZOOKEEPER_AUTH", &format!("ann:{SECRET}"))],
        )
    }),
];

/// Runs `command` against a registry that responds in its `way` (in every way in turn, if `None`): what it printed,
/// and how often the registry received the secret.
fn run(source: Source, command: &[&str], way: Option<usize>) -> (Finished, usize) {
    let (_, wire, given) = source;
    let setup = Setup::new();
    let echo = Echo::start(&setup, wire, way);
    let given = given(&echo.address, &setup.path(""));
    let mut arguments: Vec<&str> = command.to_vec();
    arguments.extend(given.flags.iter().map(String::as_str));
    if command[0] != "backends" {
        arguments.push(&given.target);
    }
    let mut command = tool(&arguments);
    command.envs(given.variables);
    (run_command(command), echo.received())
}

/// Checks every source, a few at a time, and fails with the names of those that failed.
fn each(check: impl Fn(Source) + Send + Sync) {
    let failed = Mutex::new(Vec::new());
    let some = |sources: &[Source]| {
        for source in sources {
            if std::panic::catch_unwind(AssertUnwindSafe(|| check(*source))).is_err() {
                failed.lock().unwrap().push(source.0);
            }
        }
    };
    std::thread::scope(|scope| {
        SOURCES.chunks(SOURCES.len().div_ceil(4)).for_each(|sources| drop(scope.spawn(|| some(sources))));
    });
    assert_eq!(failed.into_inner().unwrap(), Vec::<&str>::new());
}

#[test]
fn a_registry_that_sends_its_secret_back_in_any_way_shows_nothing() {
    let ways: usize = SOURCES.iter().map(|(_, wire, _)| wire.answers()).sum();
    assert!(ways >= 61, "{ways}");
    each(|source| {
        for way in 0..source.1.answers() {
            let (finished, received) = run(source, &["resolve", "-v", "-o", "wide", "--max-time", "8s"], Some(way));
            let what = format!("{}, answer {way}", source.0);
            assert!(received > 0, "{what}: it was not sent: {}", finished.all());
            shows_nothing(&finished, &what);
        }
    });
}

#[test]
fn no_command_and_no_format_shows_a_secret_that_a_registry_sends_back() {
    let commands: [&[&str]; 5] = [
        &["resolve", "-o", "ndjson", "--max-time", "8s"],
        &["probe", "-o", "json", "--max-time", "8s"],
        &["watch", "--for", "2s", "-v", "-o", "ndjson"],
        &["watch", "--for", "2s", "-v"],
        &["backends", "-v"],
    ];
    each(|source| {
        for command in commands {
            let (finished, received) = run(source, command, None);
            let what = format!("{}, {command:?}", source.0);
            // `backends` has no target, and needs no login for ZooKeeper's version.
            let is_of_target = source.0.contains("://") || source.0.contains("token=") || source.0.contains("target");
            let is_needless = command[0] == "backends" && (is_of_target || source.1 == Wire::Zookeeper);
            assert!(received > 0 || is_needless, "{what}: {}", finished.all());
            shows_nothing(&finished, &what);
        }
    });
}

#[test]
fn a_dry_run_shows_no_secret_and_sends_none() {
    each(|source| {
        for command in [&["resolve", "--dry-run", "-v"], &["probe", "--dry-run", "-v"]] {
            let (finished, received) = run(source, command, None);
            assert_eq!((received, finished.code), (0, 0), "{}: {}", source.0, finished.all());
            shows_nothing(&finished, source.0);
        }
    });
}

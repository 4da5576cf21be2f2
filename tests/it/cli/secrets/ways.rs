//! Other ways to make a secret appear: rejected values, listed settings, invalid targets, failing plugins, files of
//! another kind.

use std::path::Path;

use serde_json::json;

use super::registries::{Given, env, file, kubeconfig, plugin, target};
use super::{SECRET, percent, shows_nothing};
use crate::cause::setup::Setup;
use crate::support::tool::{run_command, tool};

/// A way: its name, the command, its input in a directory, and what the output contains.
type Way = (&'static str, &'static [&'static str], fn(&Path) -> Given, &'static str);

/// A port without a listener.
const UNPRIVILEGED: &str = "127.0.0.1:9";
const RESOLVE: &[&str] = &["resolve", "-v", "--max-time", "5s"];
const PROBE: &[&str] = &["probe", "-v", "--max-time", "5s"];
const BACKENDS: &[&str] = &["backends", "-v"];
const DRY: &[&str] = &["probe", "--dry-run", "-v"];

fn of_consul(name: &'static str, value: &str) -> Given {
    env("consul:///pay", &[("CONSUL_HTTP_ADDR", UNPRIVILEGED), (name, value)])
}

/// An endpoint with a header of this form.
fn header(header: &str) -> Given {
    Given { flags: vec!["-H".to_string(), header.to_string()], ..target(UNPRIVILEGED.to_string()) }
}

/// A command with a configuration of this text.
fn config(directory: &Path, text: &str) -> Given {
    Given { flags: vec!["--config".to_string(), file(directory, "config.toml", text)], ..target("pay".to_string()) }
}

const WAYS: [Way; 59] = [
    // Settings that are listed.
    ("the token, listed", BACKENDS, |_| of_consul("CONSUL_HTTP_TOKEN", SECRET), "CONSUL_HTTP_TOKEN  ***"),
    ("the login, listed", BACKENDS, |_| of_consul("CONSUL_HTTP_AUTH", &format!("ann:{SECRET}")), "ann:***"),
    ("the user, listed", BACKENDS, |_| of_consul("CONSUL_HTTP_AUTH", SECRET), "CONSUL_HTTP_AUTH  ***"),
    (
        "the login at etcd, listed",
        BACKENDS,
        |_| env("", &[("ETCDCTL_ENDPOINTS", UNPRIVILEGED), ("ETCDCTL_USER", &format!("ann:{SECRET}"))]),
        "ann:***",
    ),
    (
        "the password at etcd, listed",
        BACKENDS,
        |_| env("", &[("ETCDCTL_ENDPOINTS", UNPRIVILEGED), ("ETCDCTL_USER", "ann"), ("ETCDCTL_PASSWORD", SECRET)]),
        "ETCDCTL_PASSWORD   ***",
    ),
    (
        "the password at etcd twice, listed",
        BACKENDS,
        |_| {
            env(
                "",
                &[
                    ("ETCDCTL_ENDPOINTS", UNPRIVILEGED),
                    ("ETCDCTL_USER", &format!("ann:{SECRET}")),
                    ("ETCDCTL_PASSWORD", SECRET),
                ],
            )
        },
        "ann:***",
    ),
    (
        "the login at ZooKeeper, listed",
        BACKENDS,
        |_| env("", &[("ZOOKEEPER_CONNECT", UNPRIVILEGED), ("ZOOKEEPER_AUTH", &format!("ann:{SECRET}"))]),
        "ann:***",
    ),
    (
        "the login at Eureka, listed",
        BACKENDS,
        |_| eureka(&format!("http://ann:{}@{UNPRIVILEGED}/eureka", percent(SECRET))),
        "EUREKA_CLIENT_SERVICEURL_DEFAULTZONE",
    ),
    (
        "the token of a kubeconfig, listed",
        BACKENDS,
        |directory| kubeconfig(UNPRIVILEGED, directory, &json!({ "token": SECRET })),
        "KUBECONFIG",
    ),
    // Rejected values.
    (
        "an address of Consul with a login",
        RESOLVE,
        |_| of_consul("CONSUL_HTTP_ADDR", &format!("http://ann:{SECRET}@{UNPRIVILEGED}")),
        "CONSUL_HTTP_ADDR",
    ),
    (
        "an address of Consul with a bad port",
        RESOLVE,
        |_| of_consul("CONSUL_HTTP_ADDR", &format!("ann:{}@127.0.0.1:x", percent(SECRET))),
        "CONSUL_HTTP_ADDR",
    ),
    (
        "a token with a control character",
        RESOLVE,
        |_| of_consul("CONSUL_HTTP_TOKEN", &format!("{SECRET}\u{7}{SECRET}")),
        "token",
    ),
    ("a token of two lines", RESOLVE, |_| of_consul("CONSUL_HTTP_TOKEN", &format!("{SECRET}\n{SECRET}")), "token"),
    (
        "a token file of two lines",
        RESOLVE,
        |directory| of_consul("CONSUL_HTTP_TOKEN_FILE", &file(directory, "token", &format!("{SECRET}\n{SECRET}\n"))),
        "token",
    ),
    (
        "members of etcd with a login",
        RESOLVE,
        |_| etcd(&[("ETCDCTL_ENDPOINTS", &format!("http://ann:{SECRET}@{UNPRIVILEGED}"))]),
        "ETCDCTL_ENDPOINTS",
    ),
    (
        "members of etcd with a login and a bad port",
        RESOLVE,
        |_| etcd(&[("ETCDCTL_ENDPOINTS", &format!("ann:{}@127.0.0.1:x", percent(SECRET)))]),
        "ETCDCTL_ENDPOINTS",
    ),
    ("a user of etcd without a password", RESOLVE, |_| etcd(&[("ETCDCTL_USER", SECRET)]), "ETCDCTL_USER"),
    ("a password of etcd without a user", RESOLVE, |_| etcd(&[("ETCDCTL_PASSWORD", SECRET)]), "ETCDCTL_PASSWORD"),
    (
        "an ensemble with a login",
        RESOLVE,
        |_| zookeeper(&[("ZOOKEEPER_CONNECT", &format!("ann:{}@{UNPRIVILEGED}", percent(SECRET)))]),
        "ZOOKEEPER_CONNECT",
    ),
    ("a login at ZooKeeper without a colon", RESOLVE, |_| zookeeper(&[("ZOOKEEPER_AUTH", SECRET)]), "ZOOKEEPER_AUTH"),
    (
        "a login at Eureka, bad port",
        RESOLVE,
        |_| eureka(&format!("http://ann:{}@127.0.0.1:x/eureka", percent(SECRET))),
        "EUREKA",
    ),
    (
        "a login at Eureka, no scheme",
        RESOLVE,
        |_| eureka(&format!("ann:{}@{UNPRIVILEGED}/eureka", percent(SECRET))),
        "EUREKA",
    ),
    (
        "a login at Eureka, two servers",
        RESOLVE,
        |_| eureka(&format!("http://{UNPRIVILEGED}/eureka,http://ann:{}@h h/eureka", percent(SECRET))),
        "EUREKA",
    ),
    (
        "a kubeconfig's server with a login",
        RESOLVE,
        |directory| kubeconfig(&format!("ann:{}@{UNPRIVILEGED}", percent(SECRET)), directory, &json!({})),
        "***",
    ),
    (
        "a kubeconfig's token with a line end",
        RESOLVE,
        |directory| kubeconfig(UNPRIVILEGED, directory, &json!({ "token": format!("a\n{SECRET}") })),
        "token",
    ),
    (
        "a kubeconfig's key that is none",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &json!({ "client-certificate-data": "QQ==", "client-key-data": base64(SECRET) }),
            )
        },
        "kubeconfig",
    ),
    (
        "a kubeconfig's key that is not base64",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &json!({ "client-certificate-data": "QQ==", "client-key-data": SECRET }),
            )
        },
        "kubeconfig",
    ),
    (
        "a kubeconfig that is a token",
        RESOLVE,
        |directory| env("kubernetes:///pay.prod:9", &[("KUBECONFIG", &file(directory, "kubeconfig", SECRET))]),
        "kubeconfig",
    ),
    (
        "a kubeconfig whose user is a token",
        RESOLVE,
        |directory| kubeconfig(UNPRIVILEGED, directory, &json!(SECRET)),
        "kubeconfig",
    ),
    (
        "a kubeconfig with an old provider",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &json!({ "auth-provider": { "name": "gcp", "config": { "access-token": SECRET, "cmd-args": SECRET } } }),
            )
        },
        "gcp",
    ),
    // Plugins that fail.
    (
        "stderr of a plugin",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &plugin(r#"echo "no: $TOKEN" >&2; exit 3"#, &json!([{ "name": "TOKEN", "value": SECRET }])),
            )
        },
        "***",
    ),
    (
        "stderr of a plugin, its output before",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &plugin(&format!("cat {0}; cat {0} >&2; exit 3", file(directory, "said", SECRET)), &json!([])),
            )
        },
        "***",
    ),
    (
        "output of a plugin that is not a credential",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &plugin(&format!("cat {}", file(directory, "said", SECRET)), &json!([])),
            )
        },
        "ExecCredential",
    ),
    (
        "output of a plugin of another kind",
        RESOLVE,
        |directory| {
            kubeconfig(
                UNPRIVILEGED,
                directory,
                &plugin(
                    &format!(
                        "cat {}",
                        file(directory, "said", &json!({ "kind": "Secret", "token": SECRET }).to_string())
                    ),
                    &json!([]),
                ),
            )
        },
        "ExecCredential",
    ),
    // Invalid targets.
    ("a header as target", PROBE, |_| target(format!("authorization: Bearer {SECRET}")), "***"),
    ("half a header as target", PROBE, |_| target(format!("Bearer {SECRET}")), "***"),
    ("a cookie as target", RESOLVE, |_| target(format!("cookie: session={SECRET}")), "***"),
    ("a misspelt token", RESOLVE, |_| target(format!("consul:///pay?tokn={}", percent(SECRET))), "***"),
    ("a parameter of another registry", RESOLVE, |_| target(format!("eureka:///pay?token={}", percent(SECRET))), "***"),
    ("a password for etcd", RESOLVE, |_| target(format!("etcd://ann:{}@{UNPRIVILEGED}/pay", percent(SECRET))), "***"),
    (
        "a password for ZooKeeper",
        RESOLVE,
        |_| target(format!("zookeeper://ann:{}@{UNPRIVILEGED}/pay", percent(SECRET))),
        "***",
    ),
    (
        "a password for DNS",
        RESOLVE,
        |_| target(format!("dns://ann:{}@{UNPRIVILEGED}/pay", percent(SECRET))),
        "dns://127.0.0.1:9/pay",
    ),
    (
        "a user for DNS",
        RESOLVE,
        |_| target(format!("dns://{}@{UNPRIVILEGED}/pay", percent(SECRET))),
        "dns://127.0.0.1:9/pay",
    ),
    (
        "a parameter that DNS drops",
        RESOLVE,
        |_| target(format!("127.0.0.1:9?token={}", percent(SECRET))),
        "127.0.0.1:9",
    ),
    (
        "a parameter that is dropped, in JSON",
        &["probe", "-o", "json"],
        |_| target(format!("passthrough:///127.0.0.1:9?token={}", percent(SECRET))),
        "127.0.0.1:9",
    ),
    ("a URL with a password", PROBE, |_| target(format!("https://ann:{}@pay.example/x", percent(SECRET))), "***"),
    ("a URL with a token", PROBE, |_| target(format!("https://pay.example/x?access_token={}", percent(SECRET))), "***"),
    (
        "an unknown scheme",
        PROBE,
        |_| target(format!("nacos://ann:{}@h/pay?x={}", percent(SECRET), percent(SECRET))),
        "***",
    ),
    // Invalid headers.
    ("a header without a colon", PROBE, |_| header(SECRET), "missing colon"),
    ("a header with a bad name", PROBE, |_| header(&format!("{SECRET}: 1")), "name"),
    ("a header with a bad value", PROBE, |_| header(&format!("authorization: {SECRET}\u{7}")), "value"),
    ("a header of gRPC's", PROBE, |_| header(&format!("grpc-{SECRET}: {SECRET}")), "name"),
    (
        "a file of headers that is a token",
        PROBE,
        |directory| header(&format!("@{}", file(directory, "token", SECRET))),
        "line 1",
    ),
    (
        "a variable with a header",
        PROBE,
        |_| env(UNPRIVILEGED, &[("GRPC_DISCOVER_HEADER", SECRET)]),
        "GRPC_DISCOVER_HEADER",
    ),
    ("a header in a dry run", DRY, |_| header(&format!("authorization: Bearer {SECRET}")), "nothing was contacted"),
    // Invalid configurations.
    ("a configuration that is a token", PROBE, |directory| config(directory, SECRET), "line 1"),
    (
        "a configuration with a token",
        PROBE,
        |directory| config(directory, &format!("[defaults]\ntoken = '{SECRET}'\n")),
        "token",
    ),
    (
        "a configuration with a header",
        PROBE,
        |directory| config(directory, &format!("[defaults]\nheader = ['{SECRET}']\n")),
        "header",
    ),
    (
        "a configuration with a target",
        DRY,
        |directory| config(directory, &format!("[service.pay]\ntargets = ['consul:///pay?tokn={SECRET}']\n")),
        "***",
    ),
];

fn eureka(servers: &str) -> Given {
    env("eureka:///pay", &[("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", servers)])
}

fn etcd(variables: &[(&'static str, &str)]) -> Given {
    env("etcd:///pay", variables)
}

fn zookeeper(variables: &[(&'static str, &str)]) -> Given {
    env("zookeeper:///pay", variables)
}

fn base64(text: &str) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn no_way_of_making_a_secret_appear_shows_it() {
    let mut wrong = Vec::new();
    for (name, command, given, expected) in WAYS {
        let setup = Setup::new();
        std::fs::write(setup.path("ca.pem"), "").unwrap();
        setup.authority();
        let given = given(&setup.path(""));
        let mut arguments = command.to_vec();
        arguments.extend(given.flags.iter().map(String::as_str));
        if command[0] != "backends" {
            arguments.push(&given.target);
        }
        let mut command = tool(&arguments);
        command.envs(given.variables);
        let finished = run_command(command);
        if std::panic::catch_unwind(|| shows_nothing(&finished, name)).is_err() || !finished.all().contains(expected) {
            wrong.push(format!("{name} ({expected:?}): {}", finished.all()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn nothing_that_holds_a_secret_shows_it_when_it_is_printed_for_debugging() {
    use grpc_discover::backend::settings::{Settings, Variables};
    use grpc_discover::model::target::Target;

    let login = format!("ann:{SECRET}");
    let variable = |name: &str| match name {
        "CONSUL_HTTP_TOKEN" => Some(SECRET.to_string()),
        "CONSUL_HTTP_AUTH" | "ETCDCTL_USER" | "ZOOKEEPER_AUTH" => Some(login.clone()),
        "EUREKA_CLIENT_SERVICEURL_DEFAULTZONE" => Some(format!("http://ann:{}@{UNPRIVILEGED}/eureka", percent(SECRET))),
        _ => None,
    };
    let settings = Settings::read(&Variables(variable)).unwrap();
    settings.secrets.learn(SECRET);
    let targets = ["consul://ann:PW@h/pay", "consul://h/pay?token=PW", "eureka://ann:PW@h/pay"];
    let targets = targets.map(|text| text.replace("PW", &percent(SECRET)).parse::<Target>().unwrap());
    let sources = grpc_discover::session::plan::sources(&targets, &[], settings.clone()).unwrap();
    let mut texts =
        vec![format!("{settings:?}"), format!("{settings:#?}"), format!("{targets:?}"), format!("{sources:?}")];
    texts.extend(targets.iter().map(Target::to_string));
    for text in texts {
        assert_eq!(super::shown(&text), None);
        assert!(text.contains("***") || text.contains("consul "), "{text}");
    }
}

//! Permissions that a watch loses and gets back, with real registries: the watch reports `denied`, no endpoint is
//! reported as removed, and a change after the return is seen within 5 s.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::watch::{TIME_LIMIT, Watch};
use crate::cause::setup::Setup;
use crate::support::consul::{ConsulAgent, Mode};
use crate::support::etcd::Etcd;
use crate::support::kubernetes::{Cluster, UNPRIVILEGED, ready};
use crate::support::zookeeper::Zookeeper;

/// How soon a change is seen after the permissions are back.
const SOON: Duration = Duration::from_secs(5);

/// Revokes the permissions, restores them, makes a change, and checks what `watch` reports.
fn hold(mut watch: Watch, take: impl FnOnce(), give: impl FnOnce(), change: impl FnOnce() -> String) {
    take();
    watch.until_denied();
    give();
    let started_at = Instant::now();
    let new = change();
    let seen = watch.until_listed(&new, TIME_LIMIT);
    assert!(seen - started_at < SOON, "{new} was seen after {:?}", seen - started_at);
    let findings = watch.end();
    assert!(findings.contains(&"GD106".to_string()), "the gap is reported:\n{}", watch.story());
}

const RULES: &str = r#"service "pay" { policy = "read" } node_prefix "" { policy = "read" }"#;

/// An agent with three healthy instances and a token that may read them; `take` and `give` receive the agent and the
/// token.
fn consul(take: impl FnOnce(&ConsulAgent, &str), give: impl FnOnce(&ConsulAgent, &str)) {
    let Some(agent) = ConsulAgent::start(Mode::Acl) else { return };
    let setup = Setup::new();
    let register = |id: &str| {
        let address = setup.healthy();
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
        agent.register_simple("pay", id, port);
        address
    };
    let addresses = ["pay-1", "pay-2", "pay-3"].map(register);
    let token = agent.token("reader", Some(RULES));
    let environment = [("CONSUL_HTTP_ADDR", agent.address()), ("CONSUL_HTTP_TOKEN", token.clone())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut watch = Watch::start(&["watch", "--plaintext", "consul:///pay"], &environment);
    for address in &addresses {
        watch.until_listed(address, TIME_LIMIT);
    }
    hold(watch, || take(&agent, &token), || give(&agent, &token), || register("pay-4"));
}

fn found(agent: &ConsulAgent, path: &str) -> Value {
    let (status, answer) = agent.request("GET", path, b"");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).expect("JSON")
}

fn policy(agent: &ConsulAgent) -> String {
    found(agent, "/v1/acl/policy/name/reader")["ID"].as_str().expect("an ID").to_string()
}

fn set_rules(agent: &ConsulAgent, rules: &str) {
    let id = policy(agent);
    agent.put(&format!("/v1/acl/policy/{id}"), &json!({ "ID": id, "Name": "reader", "Rules": rules }));
}

fn delete(agent: &ConsulAgent, path: &str) {
    let (status, answer) = agent.request("DELETE", path, b"");
    assert_eq!(status, 200, "DELETE {path}: {}", String::from_utf8_lossy(&answer));
}

fn accessor(agent: &ConsulAgent) -> String {
    let tokens = found(agent, "/v1/acl/tokens");
    let ours = tokens.as_array().expect("a list").iter().find(|token| token["Description"] == "reader");
    ours.and_then(|token| token["AccessorID"].as_str()).expect("an AccessorID").to_string()
}

#[test]
fn consul_without_service_read() {
    consul(|agent, _| set_rules(agent, r#"node_prefix "" { policy = "read" }"#), |agent, _| set_rules(agent, RULES));
}

#[test]
fn consul_without_node_read() {
    consul(|agent, _| set_rules(agent, r#"service "pay" { policy = "read" }"#), |agent, _| set_rules(agent, RULES));
}

#[test]
fn consul_with_a_deleted_policy() {
    consul(
        |agent, _| delete(agent, &format!("/v1/acl/policy/{}", policy(agent))),
        |agent, _| {
            agent.put("/v1/acl/policy", &json!({ "Name": "reader", "Rules": RULES }));
            let token = json!({ "Description": "reader", "Policies": [{ "Name": "reader" }] });
            agent.put(&format!("/v1/acl/token/{}", accessor(agent)), &token);
        },
    );
}

#[test]
fn consul_with_a_deleted_token() {
    consul(
        |agent, _| delete(agent, &format!("/v1/acl/token/{}", accessor(agent))),
        |agent, token| {
            let token = json!({ "SecretID": token, "Description": "reader", "Policies": [{ "Name": "reader" }] });
            agent.put("/v1/acl/token", &token);
        },
    );
}

#[test]
fn kubernetes_without_a_role_binding() {
    let Some(cluster) = Cluster::start() else { return };
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/pay";
    cluster.namespace("pay");
    cluster.service("pay", None);
    let slice = |addresses: &[&str]| {
        let endpoints: Vec<Value> = addresses.iter().map(|address| ready(address, address)).collect();
        cluster.slice("pay-1", "pay", &endpoints);
    };
    slice(&["10.1.0.1", "10.1.0.2"]);
    let rule = |group: &str, resources: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"] });
    let rules = [rule("discovery.k8s.io", &["endpointslices"]), rule("", &["services", "endpoints"])];
    cluster.put(&format!("{RBAC}/roles"), &json!({ "metadata": { "name": "reader" }, "rules": rules }));
    let bind = || {
        let binding = json!({
            "metadata": { "name": "reader" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody" }],
        });
        cluster.put(&format!("{RBAC}/rolebindings"), &binding);
    };
    bind();
    let config = cluster.kubeconfig(UNPRIVILEGED).display().to_string();
    let mut watch = Watch::start(&["resolve", "--watch", "kubernetes:///pay.pay"], &[("KUBECONFIG", &config)]);
    watch.until_listed("10.1.0.2:50051", TIME_LIMIT);
    hold(
        watch,
        || cluster.delete(&format!("{RBAC}/rolebindings"), "reader"),
        bind,
        || {
            slice(&["10.1.0.1", "10.1.0.2", "10.1.0.3"]);
            "10.1.0.3:50051".to_string()
        },
    );
}

/// etcd with two keys under a lease, and the watch of a user who may read these and nothing else.
fn protected_etcd() -> Option<(Etcd, Watch)> {
    let etcd = Etcd::start()?;
    let lease = etcd.grant(600);
    etcd.put("pay/1", "10.0.0.1:50051", lease);
    etcd.put("pay/2", "10.0.0.2:50051", lease);
    etcd.protect("pay/");
    let environment = [("ETCDCTL_ENDPOINTS", etcd.endpoints()), ("ETCDCTL_USER", "reader:s3cret".to_string())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut watch = Watch::start(&["resolve", "--watch", "etcd:///pay"], &environment);
    watch.until_listed("10.0.0.2:50051", TIME_LIMIT);
    Some((etcd, watch))
}

#[test]
fn etcd_with_a_deleted_user() {
    let Some((etcd, watch)) = protected_etcd() else { return };
    hold(
        watch,
        || etcd.as_root("/v3/auth/user/delete", &json!({ "name": "reader" })),
        || {
            etcd.as_root("/v3/auth/user/add", &json!({ "name": "reader", "password": "s3cret" }));
            etcd.as_root("/v3/auth/user/grant", &json!({ "user": "reader", "role": "pay" }));
        },
        || {
            etcd.put_as_root("pay/3", "10.0.0.3:50051");
            "10.0.0.3:50051".to_string()
        },
    );
}

/// etcd checks permissions only when a watch starts: changes are reported all the time.
#[test]
fn etcd_with_a_revoked_role() {
    let Some((etcd, mut watch)) = protected_etcd() else { return };
    let mut sees = |id: u8| {
        etcd.put_as_root(&format!("pay/{id}"), &format!("10.0.0.{id}:50051"));
        watch.until_listed(&format!("10.0.0.{id}:50051"), SOON);
    };
    etcd.as_root("/v3/auth/user/revoke", &json!({ "name": "reader", "role": "pay" }));
    sees(3);
    etcd.as_root("/v3/auth/user/grant", &json!({ "user": "reader", "role": "pay" }));
    sees(4);
    watch.end();
}

/// A user who may read one prefix of several sees removals there: they are not hidden.
#[test]
fn etcd_user_of_one_prefix_sees_what_leaves_it() {
    let Some((etcd, mut watch)) = protected_etcd() else { return };
    etcd.as_root("/v3/kv/deleterange", &json!({ "key": STANDARD.encode("pay/1") }));
    let gone = watch.until("a removal", |event| event["removed"][0]["address"] == "10.0.0.1:50051");
    assert_eq!(gone["total"], 1, "{gone}");
}

#[test]
fn zookeeper_with_a_node_that_may_no_longer_be_read() {
    for hidden in ["/pay", "/pay/2"] {
        let Some(zookeeper) = Zookeeper::start() else { return };
        let mut writer = zookeeper.writer();
        writer.create("/pay/1", "10.0.0.1:50051");
        writer.create("/pay/2", "10.0.0.2:50051");
        let servers = zookeeper.endpoints();
        let mut watch = Watch::start(&["resolve", "--watch", "zookeeper:///pay"], &[("ZOOKEEPER_CONNECT", &servers)]);
        watch.until_listed("10.0.0.2:50051", TIME_LIMIT);
        hold(
            watch,
            || {
                // An ACL change causes no event: the next change of a hidden node shows it.
                zookeeper.may_read(hidden, false);
                writer.set("/pay/2", "10.0.0.2:50051");
                if hidden == "/pay" {
                    writer.create("/pay/9", "10.0.0.9:50051");
                }
            },
            || zookeeper.may_read(hidden, true),
            || {
                zookeeper.writer().create("/pay/3", "10.0.0.3:50051");
                "10.0.0.3:50051".to_string()
            },
        );
    }
}

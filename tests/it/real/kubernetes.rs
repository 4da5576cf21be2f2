//! The command with Kubernetes' API server, and with CoreDNS over it.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cluster_dns::ClusterDns;
use crate::support::kubernetes::{ADMIN, Cluster, UNPRIVILEGED, endpoint, ready};
use crate::support::tool::{Running, run_command, tool};

const LONG: Duration = Duration::from_secs(60);

fn pay() -> Option<Cluster> {
    let cluster = Cluster::start()?;
    cluster.namespace("pay");
    Some(cluster)
}

/// The command, querying `cluster` with the credentials `token`.
fn querying(cluster: &Cluster, token: &str, args: &[&str]) -> Command {
    let mut command = tool(args);
    command.env("KUBECONFIG", cluster.kubeconfig(token)).args(["--resolve-timeout", "15s"]);
    command
}

#[test]
fn every_endpoint_of_three_slices_is_resolved() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", Some("None"));
    for (slice, count) in [(0, 100), (1, 100), (2, 50)] {
        let pods: Vec<Value> =
            (1..=count).map(|pod| ready(&format!("10.1.{slice}.{pod}"), &format!("pay-{slice}-{pod}"))).collect();
        cluster.slice(&format!("pay-{slice}"), "pay", &pods);
    }
    // By the context's namespace, and by name alone: KUBECONFIG makes the backend active.
    for args in [["resolve", "kubernetes:///pay:grpc", "--backend"], ["resolve", "pay", "--backend"]] {
        let resolved = run_command(querying(&cluster, ADMIN, &[&args[..], &["kubernetes", "-o", "ndjson"]].concat()));
        assert_eq!(resolved.code, 0, "{}", resolved.all());
        let events = resolved.events();
        let listed = events.iter().find(|event| event["kind"] == "endpoints").expect("a list");
        assert_eq!(listed["added"].as_array().map(Vec::len), Some(250), "{}", resolved.all());
    }
}

#[test]
fn a_user_without_permissions_gets_the_missing_verb_and_nothing_is_judged() {
    let Some(cluster) = pay() else { return };
    let resolved = run_command(querying(&cluster, UNPRIVILEGED, &["resolve", "kubernetes:///pay"]));
    assert_eq!(resolved.code, 3, "{}", resolved.all());
    assert!(
        resolved.out.contains("no permission to list endpointslices.discovery.k8s.io in namespace pay"),
        "{}",
        resolved.all()
    );
    assert!(!resolved.all().contains(UNPRIVILEGED), "{}", resolved.all());
}

#[test]
fn a_rollout_is_watched_pod_by_pod() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "old")]);
    let mut watch =
        Running::start_command(querying(&cluster, ADMIN, &["resolve", "--watch", "kubernetes:///pay", "-o", "ndjson"]));
    let change = |event: &Value, what: &str, address: &str, status: &str| {
        event["kind"] == "endpoints"
            && event[what].as_array().is_some_and(|those| {
                those.iter().any(|one| one["address"] == json!(address) && one["status"] == json!(status))
            })
    };
    let mut sees = |what: &str, address: &str, status: &str| {
        watch.wait_for(what, LONG, |event| change(event, what, address, status));
    };
    sees("added", "10.1.0.1:50051", "healthy");
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "old"), endpoint("10.1.0.2", "new", false, false, false)]);
    sees("added", "10.1.0.2:50051", "critical");
    cluster.slice("pay-1", "pay", &[endpoint("10.1.0.1", "old", false, true, true), ready("10.1.0.2", "new")]);
    sees("changed", "10.1.0.1:50051", "draining");
    cluster.slice("pay-1", "pay", &[ready("10.1.0.2", "new")]);
    sees("removed", "10.1.0.1:50051", "draining");
}

#[test]
fn a_watch_outlives_the_server_and_the_history_it_stood_on() {
    let Some(mut cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut watch =
        Running::start_command(querying(&cluster, ADMIN, &["resolve", "--watch", "kubernetes:///pay", "-o", "ndjson"]));
    watch.wait_for("the list", LONG, |event| event["kind"] == "endpoints" && event["total"] == 1);
    let version = cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.2", "b")]);
    watch.wait_for("a change", LONG, |event| event["kind"] == "endpoints" && event["total"] == 2);
    cluster.kill();
    watch.wait_for("the gap", LONG, |event| event["kind"] == "backend" && event["status"] == "broken");
    cluster.etcd().compact(i64::try_from(version).unwrap());
    cluster.start_again();
    cluster.slice("pay-1", "pay", &[ready("10.1.0.3", "c")]);
    let (_, event) = watch.wait_for("what changed meanwhile", LONG, |event| {
        assert!(event["kind"] != "endpoints" || event["total"] != 0, "called gone: {event}");
        event["kind"] == "endpoints" && event["total"] == 1
    });
    assert_eq!(event["removed"].as_array().map(Vec::len), Some(2), "{event}");
}

#[test]
fn dns_and_the_slices_of_a_headless_service_are_compared() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", Some("None"));
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.2", "b")]);
    let name = "pay.pay.svc.cluster.local";
    let Some(dns) = ClusterDns::start(&cluster.kubeconfig(ADMIN), name) else { return };
    let dns_target = format!("dns://{}/{name}:50051", dns.address);
    let compare =
        |args: &[&str]| querying(&cluster, ADMIN, &[&["resolve", "kubernetes:///pay", &dns_target], args].concat());
    let agreed = run_command(compare(&["-o", "ndjson"]));
    assert_eq!((agreed.code, agreed.findings().len()), (0, 0), "{}", agreed.all());

    let mut watch = Running::start_command(compare(&["--watch", "-o", "ndjson"]));
    for _ in 0..2 {
        watch.wait_for("both lists", LONG, |event| event["kind"] == "endpoints" && event["total"] == 2);
    }
    // A pod that is no longer ready stays in the slices and is removed from DNS: one of the two reports it first.
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), endpoint("10.1.0.2", "b", false, false, false)]);
    let (_, late) = watch.wait_for("the lag of one of them", LONG, |event| {
        event["kind"] == "endpoints" && event["lags"].as_array().is_some_and(|lags| !lags.is_empty())
    });
    let lag = &late["lags"][0];
    assert_eq!((&lag["address"], &lag["change"]), (&json!("10.1.0.2:50051"), &json!("removed")), "{late}");
}

#[test]
fn dns_of_a_service_with_an_address_of_its_own_hides_the_pods() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.2", "b")]);
    let name = "pay.pay.svc.cluster.local";
    let Some(dns) = ClusterDns::start(&cluster.kubeconfig(ADMIN), name) else { return };
    let target = format!("dns://{}/{name}:80", dns.address);
    let compared = run_command(querying(&cluster, ADMIN, &["resolve", "kubernetes:///pay", &target, "-o", "ndjson"]));
    assert_eq!((compared.code, compared.findings()), (0, vec!["GD113".to_string()]), "{}", compared.all());
    assert!(compared.out.contains("the ClusterIP in front of 2 endpoints that"), "{}", compared.all());
}

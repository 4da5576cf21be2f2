//! Pods written by Kratos' own registry (tests/peers/kratos-pods), compared with what Kratos' own client reads.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::kubernetes::{ADMIN, Cluster, UNPRIVILEGED, ready};
use crate::support::namespace::Namespace;
use crate::support::peer::Peer;
use crate::support::peers::provided;
use crate::support::tool::{Finished, Running, run_command, tool};

const LONG: Duration = Duration::from_secs(60);
const PODS: &str = "/api/v1/namespaces/pay/pods";
const TARGET: &str = "kubernetes://pay/pay?layout=kratos";

/// `None`: not available, which was reported on stderr. The module reads its namespace from one fixed path of the
/// whole system, so it gets a `/run` of its own.
#[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
fn peer(cluster: &Cluster, pod: &str, arguments: &[&str]) -> Option<Peer> {
    let executable = provided("GRPC_DISCOVER_TEST_KRATOS_PODS")?;
    if !Namespace::is_root() {
        eprintln!("left out: a /run of one's own needs root");
        return None;
    }
    let account = "/run/secrets/kubernetes.io/serviceaccount";
    let script = format!(
        "mount -t tmpfs none /run && mkdir -p {account} && printf pay > {account}/namespace && exec \"$0\" \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(executable).args(arguments);
    command.args(["--server", &cluster.server(), "--token", ADMIN, "--ca"]).arg(cluster.directory().join("ca.pem"));
    command.env("HOSTNAME", pod);
    Some(Peer::start(command))
}

/// A pod whose container declares two ports, with the kubelet's status.
fn pod(cluster: &Cluster, name: &str, phase: &str, is_ready: bool) {
    let place = format!("{PODS}/{name}");
    let ports = json!([{ "containerPort": 8000, "name": "web" }, { "containerPort": 9000 }]);
    let object = json!({
        "metadata": { "name": name, "namespace": "pay" },
        "spec": { "containers": [{ "name": "main", "image": "none", "ports": ports }] },
    });
    cluster.put(PODS, &object);
    let mut status = cluster.send("GET", &place, None);
    let ready = if is_ready { "True" } else { "False" };
    status["status"] = json!({
        "phase": phase, "podIP": "10.1.0.1", "podIPs": [{ "ip": "10.1.0.1" }],
        "conditions": [{ "type": "Ready", "status": ready }],
    });
    cluster.send("PUT", &format!("{place}/status"), Some(&status));
}

fn state(cluster: &Cluster, name: &str, phase: &str, is_ready: bool) {
    let place = format!("{PODS}/{name}");
    let mut object = cluster.send("GET", &place, None);
    object["status"]["phase"] = json!(phase);
    object["status"]["conditions"] = json!([{ "type": "Ready", "status": if is_ready { "True" } else { "False" } }]);
    cluster.send("PUT", &format!("{place}/status"), Some(&object));
}

fn querying(cluster: &Cluster, token: &str, args: &[&str]) -> Command {
    let mut command = tool(args);
    command.env("KUBECONFIG", cluster.kubeconfig(token)).args(["--resolve-timeout", "15s"]);
    command
}

fn resolved(cluster: &Cluster, target: &str) -> Finished {
    run_command(querying(cluster, ADMIN, &["resolve", "-o", "json", target]))
}

fn pay() -> Option<Cluster> {
    let cluster = Cluster::start()?;
    cluster.namespace("pay");
    Some(cluster)
}

#[test]
fn what_kratos_writes_into_its_pod_is_read_and_leaves_with_it() {
    let Some(cluster) = pay() else { return };
    pod(&cluster, "pay-1", "Running", true);
    let urls = "http://10.1.0.1:8000,grpc://10.1.0.1:9000";
    let Some(writer) = peer(&cluster, "pay-1", &["register", "--endpoints", urls]) else { return };
    assert_eq!(writer.next("registered")["registered"], "kratos-pods");
    let reader = peer(&cluster, "", &["watch", "--namespace", "pay"]).expect("it is there");
    let theirs = json!([["http://10.1.0.1:8000", "grpc://10.1.0.1:9000"]]);
    assert_eq!(reader.next("instances")["instances"], theirs);

    let run = resolved(&cluster, TARGET);
    assert_eq!(run.code, 0, "{}", run.all());
    let document: Value = serde_json::from_str(&run.out).expect("a document");
    let listed = &document["endpoints"][0]["listed"][0];
    assert_eq!(listed["address"], "10.1.0.1:9000", "{}", run.all());
    assert_eq!(listed["layout"], "kratos: kratos-service-protocols of port 9000", "{}", run.all());
    assert_eq!((&listed["id"], &listed["weight"]), (&json!("pay-1"), &json!(7)), "{}", run.all());
    assert_eq!(document["endpoints"].as_array().map(Vec::len), Some(1), "{}", run.all());

    let mut watch = Running::start_command(querying(&cluster, ADMIN, &["resolve", "--watch", "-o", "ndjson", TARGET]));
    watch.wait_for("the endpoint", LONG, |event| event["kind"] == "endpoints" && event["total"] == 1);
    // Kratos' clients ignore readiness: they keep the pod. This tool reports it.
    state(&cluster, "pay-1", "Running", false);
    let (_, changed) = watch.wait_for("its state", LONG, |event| event["kind"] == "endpoints");
    assert!(changed.to_string().contains("Kratos clients would still use it"), "{changed}");
    assert_eq!(reader.next("instances")["instances"], theirs);
    writer.stop();
    watch.wait_for("its end", LONG, |event| event["kind"] == "endpoints" && event["total"] == 0);
    let run = resolved(&cluster, TARGET);
    assert_eq!(run.code, 2, "{}", run.all());
    assert!(run.all().contains("no pod with the label kratos-service-app=pay in namespace pay"), "{}", run.all());
}

#[test]
fn pods_without_grpc_have_a_reason_and_slices_are_compared_with_pods() {
    let Some(cluster) = pay() else { return };
    let labelled = |name: &str, protocols: &str| {
        let mut object = cluster.send("GET", &format!("{PODS}/{name}"), None);
        object["metadata"]["labels"] = json!({ "kratos-service-app": "pay" });
        object["metadata"]["annotations"] = json!({ "kratos-service-protocols": protocols });
        cluster.send("PUT", &format!("{PODS}/{name}"), Some(&object));
    };
    pod(&cluster, "pay-1", "Running", true);
    labelled("pay-1", r#"{"8000":"http"}"#);
    pod(&cluster, "pay-2", "Pending", false);
    labelled("pay-2", r#"{"9000":"grpc"}"#);
    let run = run_command(querying(&cluster, ADMIN, &["resolve", TARGET]));
    assert_eq!(run.code, 2, "{}", run.all());
    let why = "pay-1: kratos registered it for http and TCP only, not for grpc";
    assert!(run.out.contains(why), "{}", run.all());
    state(&cluster, "pay-2", "Running", true);
    cluster.service("pay", Some("None"));
    cluster.slice("pay-1", "pay", &[ready("10.1.0.7", "pay-7")]);
    let run = run_command(querying(&cluster, ADMIN, &["resolve", TARGET, "kubernetes:///pay"]));
    assert_eq!(run.code, 1, "they disagree: {}", run.all());
    assert!(run.out.contains("10.1.0.1:9000") && run.out.contains("10.1.0.7:50051"), "{}", run.all());
    let run = run_command(querying(&cluster, UNPRIVILEGED, &["resolve", TARGET]));
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.out.contains("no permission to list pods in namespace pay"), "{}", run.all());
}

//! `kubernetes` in the battery, and what only a registry with slices, conditions and versions can show: all of it
//! against the real Kubernetes API server.

#![cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use grpc_discover::backend::kubernetes::{Kubernetes, KubernetesSettings};
use grpc_discover::backend::{Backend, Context, Origin, Resolution, Settings, Sourced};
use grpc_discover::model::endpoint::{Address, EndpointStatus};
use grpc_discover::model::resolution::{Answer, NoteKind, ResolveCode, Update};
use grpc_discover::model::target::Target;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::battery::{Fixture, battery};
use super::words::{TIME_LIMIT, answer, end, notes, update, word};
use crate::support::kubernetes::{
    ADMIN, Cluster, SLICES, UNPRIVILEGED, WITHOUT_HISTORY, endpoint, key_of, ready, slice,
};

battery!(battery, RealKubernetes);

/// One Service, whose slice the test writes.
pub struct RealKubernetes {
    cluster: Cluster,
}

impl Fixture for RealKubernetes {
    async fn start() -> Option<Self> {
        let cluster = pay()?;
        cluster.service("pay", None);
        Some(RealKubernetes { cluster })
    }

    fn backend(&self) -> &'static dyn Backend {
        &Kubernetes
    }

    fn target(&self) -> Target {
        "kubernetes:///pay.pay".parse().unwrap()
    }

    fn context(&self) -> Context {
        context(&self.cluster.kubeconfig(ADMIN))
    }

    async fn set(&mut self, endpoints: &[Address]) {
        let listed: Vec<Value> = endpoints
            .iter()
            .enumerate()
            .map(|(index, address)| match address {
                Address::Ip(socket) => ready(&socket.ip().to_string(), &format!("pay-{index}-{}", socket.ip())),
                other => panic!("{other:?} is not an address of a pod"),
            })
            .collect();
        let port = endpoints.first().and_then(Address::port).unwrap_or(7001);
        self.cluster.put(SLICES, &slice("pay-1", "pay", port, &listed));
    }

    async fn stop(&mut self) {
        self.cluster.kill();
    }

    async fn start_again(&mut self) {
        self.cluster.start_again();
    }
}

/// A cluster with the namespace `pay`, with these additional flags of its API server.
pub fn cluster(flags: &[&str]) -> Option<Cluster> {
    let cluster = Cluster::start_with(flags)?;
    cluster.namespace("pay");
    Some(cluster)
}

fn pay() -> Option<Cluster> {
    let cluster = Cluster::start()?;
    cluster.namespace("pay");
    Some(cluster)
}

fn context(kubeconfig: &Path) -> Context {
    let kubernetes = KubernetesSettings {
        kubeconfig: Sourced::new(vec![kubeconfig.to_path_buf()], Origin::Env("KUBECONFIG".to_string())),
        ..KubernetesSettings::default()
    };
    let mut settings = Settings::default().with(kubernetes);
    settings.resolve_timeout = Duration::from_secs(15);
    Context::new(settings)
}

/// The backend's result for `target` with the credentials `token`.
pub fn query(cluster: &Cluster, token: &str, target: &str) -> Resolution {
    Kubernetes.resolve(&target.parse().expect(target), &context(&cluster.kubeconfig(token)))
}

/// Address and status of every listed endpoint.
fn listed(answer: &Answer) -> Vec<(String, EndpointStatus)> {
    answer.endpoints.iter().map(|endpoint| (endpoint.address.to_string(), endpoint.status)).collect()
}

#[tokio::test]
async fn all_slices_of_a_service_are_joined() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", Some("None"));
    for number in 0..3 {
        let count = if number == 2 { 50 } else { 100 };
        let endpoints: Vec<Value> = (0..count)
            .map(|pod| ready(&format!("10.1.{number}.{}", pod + 1), &format!("pay-{number}-{pod}")))
            .collect();
        cluster.slice(&format!("pay-{number}"), "pay", &endpoints);
    }
    // Slices of another service are ignored, and one endpoint moves from one slice to the next.
    cluster.slice("order-1", "order", &[ready("10.9.9.9", "order-1")]);
    let first = answer(&mut query(&cluster, ADMIN, "kubernetes:///pay.pay:grpc")).await;
    assert_eq!(first.endpoints.len(), 250);
    assert_eq!(notes(&first, NoteKind::Funnel), ["250 in 3 EndpointSlices"]);
    let service = [
        "headless: DNS returns the addresses of the pods",
        "selector app=pay; port 80 (grpc) maps to targetPort 50051",
    ];
    assert_eq!(notes(&first, NoteKind::Service), service);
    assert_eq!(notes(&first, NoteKind::Orphaned), [""; 0]);
    let one = &first.endpoints[120];
    assert_eq!(one.address.to_string(), "10.1.1.21:50051");
    assert_eq!(one.id.as_deref(), Some("pay-1-20"));
    assert_eq!((one.zone.as_deref(), one.node.as_deref()), (Some("eu-1a"), Some("node-1")));
    assert_eq!(
        one.shown_metadata().get("endpointslice").map(|name| &**name),
        Some("pay-1"),
        "what kuberesolver's lens reads"
    );
    assert_eq!(one.metadata.get("app_protocol").map(String::as_str), Some("grpc"));

    cluster.slice("pay-2", "pay", &[ready("10.1.0.1", "pay-0-0"), ready("10.1.2.2", "pay-2-1")]);
    let moved = answer(&mut query(&cluster, ADMIN, "kubernetes://pay/pay:80")).await;
    assert_eq!(moved.endpoints.len(), 201);
    assert_eq!(notes(&moved, NoteKind::Funnel), ["202 in 3 EndpointSlices -> 201 distinct"]);
    assert_eq!(moved.endpoints[0].shown_metadata().get("also_in").map(|name| &**name), Some("pay-2"));
    assert_eq!(
        moved.endpoints[0].layout.as_ref().map(ToString::to_string).as_deref(),
        Some("endpointslice: port 80 of the Service")
    );
}

#[tokio::test]
async fn a_rolling_change_shows_every_pod_going_and_coming() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    let (old, new) = ("10.1.0.1", "10.1.0.2");
    cluster.slice("pay-1", "pay", &[ready(old, "old")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    let first = answer(&mut stream).await;
    assert!(notes(&first, NoteKind::Service)[0].contains("one address for 1 endpoint;"), "{:?}", first.notes);
    let steps: [&[Value]; 5] = [
        &[ready(old, "old"), endpoint(new, "new", false, false, false)],
        &[ready(old, "old"), ready(new, "new")],
        &[endpoint(old, "old", false, true, true), ready(new, "new")],
        &[endpoint(old, "old", false, false, true), ready(new, "new")],
        &[ready(new, "new")],
    ];
    // All of it at once: no intermediate state is lost.
    for step in steps {
        cluster.slice("pay-1", "pay", step);
    }
    use EndpointStatus::{Critical, Draining, Healthy};
    let at = |address: &str| format!("{address}:50051");
    for expected in [
        vec![(at(old), Healthy), (at(new), Critical)],
        vec![(at(old), Healthy), (at(new), Healthy)],
        vec![(at(old), Draining), (at(new), Healthy)],
        vec![(at(old), Draining), (at(new), Healthy)],
        vec![(at(new), Healthy)],
    ] {
        assert_eq!(listed(&answer(&mut stream).await), expected);
    }
    cluster.delete(SLICES, "pay-1");
    assert_eq!(listed(&answer(&mut stream).await), [], "the Service is still there");
    cluster.slice("pay-2", "pay", &[ready(new, "new")]);
    answer(&mut stream).await;
    cluster.delete("/api/v1/namespaces/pay/services", "pay");
    cluster.delete(SLICES, "pay-2");
    match update(&mut stream).await {
        Ok(Update::NotFound(absence)) => {
            assert!(absence.text.contains("has no Service \"pay\" and no EndpointSlice"), "{absence:?}")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_watch_continues_after_the_end_that_it_requested() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    answer(&mut stream).await;
    // No event for longer than one watch lasts.
    assert!(timeout(Duration::from_secs(24), stream.next()).await.is_err(), "nothing changed, so nothing is reported");
    cluster.slice("pay-1", "pay", &[ready("10.1.0.2", "b")]);
    assert_eq!(answer(&mut stream).await.endpoints[0].address.to_string(), "10.1.0.2:50051");
}

#[tokio::test]
async fn what_changed_while_the_server_was_away_is_in_the_next_full_answer() {
    let Some(mut cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    answer(&mut stream).await;
    let version = cluster.slice("pay-1", "pay", &[ready("10.1.0.2", "b")]);
    answer(&mut stream).await;
    cluster.kill();
    let error = end(&mut stream).await;
    assert_eq!(error.failure().code, ResolveCode::WatchBroken, "{error}");
    // The history that the watch needs is gone when the server comes back.
    cluster.etcd().compact(i64::try_from(version).unwrap());
    cluster.start_again();
    cluster.slice("pay-1", "pay", &[ready("10.1.0.3", "c")]);
    let mut again = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    assert_eq!(answer(&mut again).await.endpoints[0].address.to_string(), "10.1.0.3:50051");
}

/// Expects 410 Gone with the API server's own message, and then the end of the stream.
async fn is_gone(stream: &mut Resolution, words: &str) {
    let error = end(stream).await;
    assert_eq!(error.failure().code, ResolveCode::WatchBroken, "{error}");
    let text = error.to_string();
    assert!(text.contains("the watch cannot continue (410 Gone): ") && text.contains(words), "{text}");
}

#[tokio::test]
async fn a_watch_that_loses_its_history_on_the_way_ends_and_the_next_answer_is_whole() {
    let Some(cluster) = cluster(WITHOUT_HISTORY) else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    cluster.slice("pay-2", "pay", &[ready("10.1.0.2", "b")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    answer(&mut stream).await;
    cluster.slice("pay-2", "pay", &[ready("10.1.0.3", "c")]);
    assert_eq!(answer(&mut stream).await.endpoints.len(), 2, "it watches");
    // An event of type ERROR within the open watch.
    cluster.loses_history(&key_of("pay-1"));
    is_gone(&mut stream, "too old").await;
    let mut again = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    assert_eq!(listed(&answer(&mut again).await), [("10.1.0.3:50051".to_string(), EndpointStatus::Healthy)]);
    cluster.slice("pay-2", "pay", &[ready("10.1.0.4", "d")]);
    assert_eq!(answer(&mut again).await.endpoints[0].address.to_string(), "10.1.0.4:50051");
}

#[tokio::test]
async fn a_watch_that_is_requested_from_a_version_no_longer_known_ends_and_the_next_answer_is_whole() {
    let Some(mut cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    answer(&mut stream).await;
    // The watch has not been requested yet, and a request now would return only later changes.
    cluster.delete(SLICES, "pay-1");
    let version = cluster.slice("pay-2", "pay", &[ready("10.1.0.2", "b")]);
    cluster.kill();
    cluster.etcd().compact(i64::try_from(version).unwrap());
    cluster.start_again();
    is_gone(&mut stream, "too old resource version").await;
    let mut again = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    assert_eq!(listed(&answer(&mut again).await), [("10.1.0.2:50051".to_string(), EndpointStatus::Healthy)]);
}

#[tokio::test]
async fn a_frozen_server_is_noticed_under_a_watch_and_before_one() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut stream = query(&cluster, ADMIN, "kubernetes:///pay.pay");
    answer(&mut stream).await;
    cluster.pause();
    let error = end(&mut stream).await;
    assert_eq!(error.failure().code, ResolveCode::Timeout, "{error}");
    assert!(error.to_string().contains("frozen or unreachable"), "{error}");
    let first = word(&mut query(&cluster, ADMIN, "kubernetes:///pay.pay")).await.expect_err("silence");
    assert_eq!(first.failure().code, ResolveCode::Timeout, "{first}");
    cluster.resume();
    answer(&mut query(&cluster, ADMIN, "kubernetes:///pay.pay")).await;
}

#[tokio::test]
async fn a_denied_user_gets_the_missing_verb() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let query_as = |token: &str| query(&cluster, token, "kubernetes:///pay.pay");
    let error = word(&mut query_as(UNPRIVILEGED)).await.expect_err("no right");
    assert_eq!(error.failure().code, ResolveCode::Denied, "{error}");
    let words = "no permission to list endpointslices.discovery.k8s.io in namespace pay: ";
    assert!(error.to_string().contains(words) && error.to_string().contains("\"nobody\""), "{error}");
    let unknown = word(&mut query_as("wr0ng")).await.expect_err("nobody knows it");
    assert_eq!(unknown.failure().code, ResolveCode::Denied, "{unknown}");
    assert!(
        unknown.to_string().contains("401 Unauthorized: the API server rejected the token of user \"me\" in /"),
        "{unknown}"
    );
    assert!(!unknown.to_string().contains("wr0ng: "), "{unknown}");

    // A resource that may be listed but not watched is reported when the watch is requested; other forbidden
    // resources are a note.
    let role = |verbs: &[&str]| {
        let rules = json!([{ "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs }]);
        let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/pay";
        cluster.put(&format!("{rbac}/roles"), &json!({ "metadata": { "name": "reader" }, "rules": rules }));
        let binding = json!({
            "metadata": { "name": "reader" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody" }],
        });
        cluster.put(&format!("{rbac}/rolebindings"), &binding);
    };
    role(&["list"]);
    // RBAC applies a role a moment later.
    let allowed = async {
        loop {
            let mut stream = query_as(UNPRIVILEGED);
            if word(&mut stream).await.is_ok() {
                return stream;
            }
        }
    };
    let mut stream = timeout(TIME_LIMIT, allowed).await.expect("the role counts");
    let error = word(&mut stream).await.expect_err("no right to watch");
    assert!(
        error.to_string().contains("no permission to watch endpointslices.discovery.k8s.io in namespace pay"),
        "{error}"
    );
    role(&["list", "watch"]);
    let seen = answer(&mut query_as(UNPRIVILEGED)).await;
    assert_eq!(seen.endpoints.len(), 1);
    let reported = notes(&seen, NoteKind::Service).join("\n");
    assert!(
        reported.contains("failed to read the Service: 403 Forbidden: no permission to get services in namespace pay"),
        "{reported}"
    );
    assert!(reported.contains("failed to read the legacy Endpoints: "), "{reported}");
}

#[tokio::test]
async fn an_empty_list_is_distinguished_from_no_such_service() {
    let Some(cluster) = pay() else { return };
    let absent = update(&mut query(&cluster, ADMIN, "kubernetes:///nope.pay")).await;
    let Ok(Update::NotFound(absence)) = absent else { panic!("{absent:?}") };
    assert!(
        absence.text.contains("has no Service \"nope\" and no EndpointSlice of it")
            && absence.text.contains("namespace pay"),
        "{absence:?}"
    );
    cluster.service("empty", None);
    let empty = answer(&mut query(&cluster, ADMIN, "kubernetes:///empty.pay")).await;
    assert_eq!(empty.endpoints, []);
    cluster.slice("empty-1", "empty", &[ready("10.1.0.1", "a")]);
    let other = answer(&mut query(&cluster, ADMIN, "kubernetes:///empty.pay:http")).await;
    assert_eq!(other.endpoints, []);
    let why = "no port \"http\"; the slice lists grpc (50051)";
    assert_eq!(notes(&other, NoteKind::FilteredOut), [why]);
}

#[tokio::test]
async fn slices_without_an_owner_and_other_endpoints_are_noted() {
    let Some(cluster) = pay() else { return };
    cluster.service("pay", None);
    cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
    let mut orphan = slice("pay-old", "pay", 50051, &[ready("10.1.0.9", "gone")]);
    orphan["metadata"]["ownerReferences"] = json!([]);
    cluster.put(SLICES, &orphan);
    let endpoints = json!({
        "metadata": { "name": "pay", "namespace": "pay" },
        "subsets": [{ "addresses": [{ "ip": "10.1.0.1" }, { "ip": "10.1.0.7" }], "ports": [{ "port": 50051 }] }],
    });
    cluster.put("/api/v1/namespaces/pay/endpoints", &endpoints);
    let first = answer(&mut query(&cluster, ADMIN, "kubernetes:///pay.pay")).await;
    assert_eq!(first.endpoints.len(), 2);
    let orphaned = notes(&first, NoteKind::Orphaned);
    assert!(orphaned.len() == 1 && orphaned[0].contains("1 EndpointSlice is without an owner"), "{orphaned:?}");
    assert!(orphaned[0].ends_with("from it: pay-old"), "{orphaned:?}");
    let legacy = notes(&first, NoteKind::Legacy);
    let words = "the legacy Endpoints list 2 ready addresses, the EndpointSlices 2; only in the Endpoints: 10.1.0.7; only in the EndpointSlices: 10.1.0.9";
    assert_eq!(legacy, [words]);
}

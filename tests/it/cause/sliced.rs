//! Contradictions within Kubernetes' lists and between these and DNS: GD120 to GD123, and what they have in common
//! with other registries. Endpoints are only resolved, never contacted: the API server accepts no addresses of this
//! machine.

#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub use with_kubernetes::*;

/// Scenarios of a backend that is not in the build, or without its servers, are never set up.
#[cfg(not(all(feature = "consul", feature = "etcd", feature = "kubernetes")))]
mod without {
    use super::super::scenario::Run;
    use super::super::setup::Setup;

    macro_rules! absent {
        ($($name:ident)*) => { $(pub fn $name(_: &mut Setup) -> Option<Run> { None })* };
    }
    absent!(
        terminating_and_still_in_dns terminating_and_still_called_ready slice_without_owner three_slices
        legacy_endpoints_that_differ dns_of_a_headless_service_that_lags cluster_ip_before_several dual_stack_pod
        selector_that_matches_no_pod service_of_another_namespace port_name_that_is_not_there alias_of_another_name
        http_api_server
    );
}
#[cfg(not(all(feature = "consul", feature = "etcd", feature = "kubernetes")))]
pub use without::*;

#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
mod with_kubernetes {
    use serde_json::{Value, json};

    use super::super::discovery::{agent_with, dns};
    use super::super::scenario::{Run, command};
    use super::super::setup::Setup;
    use crate::support::kubernetes::{ADMIN, Cluster, SLICES, endpoint, ready, slice};

    /// A cluster with the Service `pay`, headless or behind `ip`.
    fn cluster(ip: &str) -> Option<Cluster> {
        let cluster = Cluster::start()?;
        cluster.namespace("pay");
        cluster.service("pay", Some(ip));
        Some(cluster)
    }

    /// `resolve` of the service in `cluster`, which is kept running, and of DNS if a target of it is given.
    fn of(setup: &mut Setup, cluster: Cluster, dns: Option<&str>) -> Run {
        let kubeconfig = cluster.kubeconfig(ADMIN).display().to_string();
        setup.keep(cluster);
        let targets: Vec<&str> = std::iter::once("kubernetes:///pay").chain(dns).collect();
        command("resolve", &[&["--resolve-timeout", "15s"], &targets[..]].concat()).env("KUBECONFIG", &kubeconfig)
    }

    pub fn terminating_and_still_in_dns(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), endpoint("10.1.0.2", "b", false, true, true)]);
        let server = dns(setup, &["10.1.0.1", "10.1.0.2"]);
        let target = format!("dns://{server}/pay.test:50051");
        let words = ["10.1.0.2:50051 (pod \"b\") is being deleted", "pay.test:50051 still lists it for clients"];
        Some(of(setup, cluster, Some(&target)).answer_with(&words))
    }

    pub fn terminating_and_still_called_ready(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), endpoint("10.1.0.2", "b", true, true, true)]);
        Some(of(setup, cluster, None).answer_with(&["is being deleted, kubernetes still reports it as ready"]))
    }

    pub fn slice_without_owner(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
        let mut orphan = slice("pay-old", "pay", 50051, &[ready("10.1.0.9", "gone")]);
        orphan["metadata"]["ownerReferences"] = json!([]);
        cluster.put(SLICES, &orphan);
        Some(of(setup, cluster, None).answer_with(&["1 EndpointSlice is without an owner", "from it: pay-old"]))
    }

    /// One slice for each family, as the controller makes them.
    pub fn dual_stack_pod(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.2", "b")]);
        let mut other = slice("pay-2", "pay", 50051, &[ready("fd00::1", "a"), ready("fd00::2", "b")]);
        other["addressType"] = json!("IPv6");
        cluster.put(SLICES, &other);
        Some(of(setup, cluster, None))
    }

    pub fn selector_that_matches_no_pod(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[]);
        let run = of(setup, cluster, None).answer_with(&["its selector app=pay matches no pod in namespace pay"]);
        Some(run.does(&["kubectl get pods -n pay -l app=pay"]).never(&["datacenter"]))
    }

    pub fn service_of_another_namespace(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        let kubeconfig = cluster.kubeconfig(ADMIN).display().to_string();
        setup.keep(cluster);
        let run = command("resolve", &["--resolve-timeout", "15s", "kubernetes:///pay.default"]);
        let run = run.env("KUBECONFIG", &kubeconfig).answer_with(&["a Service with this name exists in namespace pay"]);
        Some(run.does(&["kubernetes:///pay.pay"]))
    }

    pub fn port_name_that_is_not_there(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
        let kubeconfig = cluster.kubeconfig(ADMIN).display().to_string();
        setup.keep(cluster);
        let run = command("resolve", &["--resolve-timeout", "15s", "kubernetes:///pay:web"]);
        let run = run.env("KUBECONFIG", &kubeconfig).answer_with(&["no port \"web\"", "grpc (50051)"]);
        Some(run.does(&["Use a port that the slices list"]))
    }

    pub fn alias_of_another_name(setup: &mut Setup) -> Option<Run> {
        let cluster = Cluster::start()?;
        cluster.namespace("pay");
        let spec = json!({ "type": "ExternalName", "externalName": "pay.example" });
        let object = json!({ "metadata": { "name": "pay", "namespace": "pay" }, "spec": spec });
        cluster.put("/api/v1/namespaces/pay/services", &object);
        Some(of(setup, cluster, None).does(&["grpc-discover probe 'dns:///pay.example'"]))
    }

    pub fn three_slices(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        for (number, count) in [(0, 100), (1, 100), (2, 50)] {
            let pods: Vec<Value> =
                (1..=count).map(|pod| ready(&format!("10.1.{number}.{pod}"), &format!("pay-{number}-{pod}"))).collect();
            cluster.slice(&format!("pay-{number}"), "pay", &pods);
        }
        let words =
            "the 250 ready endpoints are in 3 EndpointSlices, 100 at most in one: pay-0 (100), pay-1 (100), pay-2 (50)";
        Some(of(setup, cluster, None).answer_with(&[words]))
    }

    pub fn legacy_endpoints_that_differ(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a")]);
        let subset = json!({ "addresses": [{ "ip": "10.1.0.1" }, { "ip": "10.1.0.7" }], "ports": [{ "port": 50051 }] });
        let object = json!({ "metadata": { "name": "pay", "namespace": "pay" }, "subsets": [subset] });
        cluster.put("/api/v1/namespaces/pay/endpoints", &object);
        Some(
            of(setup, cluster, None)
                .answer_with(&["the legacy Endpoints list 2 ready addresses, the EndpointSlices 1", "10.1.0.7"]),
        )
    }

    pub fn dns_of_a_headless_service_that_lags(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("None")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.3", "c")]);
        let server = dns(setup, &["10.1.0.1", "10.1.0.2"]);
        let target = format!("dns://{server}/pay.test:50051");
        let words =
            ["10.1.0.2:50051 is listed by dns://", "but not by kubernetes:///pay", "does not list 10.1.0.3:50051"];
        Some(of(setup, cluster, Some(&target)).answer_with(&words))
    }

    pub fn cluster_ip_before_several(setup: &mut Setup) -> Option<Run> {
        let cluster = cluster("10.96.7.7")?;
        cluster.slice("pay-1", "pay", &[ready("10.1.0.1", "a"), ready("10.1.0.2", "b")]);
        let server = dns(setup, &["10.96.7.7"]);
        let target = format!("dns://{server}/pay.test:80");
        let words = ["returns only 10.96.7.7:80, the ClusterIP in front of 2 endpoints that kubernetes:///pay lists"];
        Some(of(setup, cluster, Some(&target)).answer_with(&words))
    }

    /// The credentials of its user are not sent, and clients with kubectl's rules get the response for an anonymous
    /// caller.
    pub fn http_api_server(setup: &mut Setup) -> Option<Run> {
        let mut pay = slice("pay-1", "pay", 50051, &[ready("10.1.0.1", "a")]);
        pay["metadata"]["ownerReferences"] =
            json!([{ "apiVersion": "v1", "kind": "Service", "name": "pay", "uid": "1" }]);
        let list = json!({ "metadata": { "resourceVersion": "1" }, "items": [pay] });
        let service =
            json!({ "metadata": { "name": "pay" }, "spec": { "clusterIP": "None", "selector": { "app": "pay" } } });
        let endpoints = json!({
            "metadata": { "name": "pay" },
            "subsets": [{ "addresses": [{ "ip": "10.1.0.1" }], "ports": [{ "name": "grpc", "port": 50051 }] }],
        });
        let others = [("/services/", service.to_string()), ("/endpoints/", endpoints.to_string())];
        let server = agent_with(setup, "", list.to_string(), &others);
        let kubeconfig = json!({
            "current-context": "c",
            "contexts": [{ "name": "c", "context": { "cluster": "k", "user": "ann" } }],
            "clusters": [{ "name": "k", "cluster": { "server": format!("http://{server}") } }],
            "users": [{ "name": "ann", "user": { "token": "hunter2-of-ann" } }],
        });
        let kubeconfig = setup.file("kubeconfig", &kubeconfig.to_string()).trim_start_matches("file:").to_string();
        let run = command("resolve", &["kubernetes:///pay"]).env("KUBECONFIG", &kubeconfig);
        let words = ["no credentials were sent because the server is http://", "the token of user \"ann\""];
        Some(run.answer_with(&words).never(&["hunter2"]))
    }
}

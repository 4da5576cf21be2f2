//! Registrations written by the frameworks' own published modules (tests/peers/registrars), read from real
//! registries: the endpoint, the layout's name, the lease, and the reason of the removal when the framework
//! deregisters.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::etcd::Etcd;
use crate::support::peer::Peer;
use crate::support::peers::provided;
use crate::support::tool::{Running, run};

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A peer that has registered `name` with `framework`. `None`: not available, which was reported on stderr.
fn registrar(framework: &str, registry: &str, name: &str, address: &str) -> Option<Peer> {
    let mut command = Command::new(provided("GRPC_DISCOVER_TEST_REGISTRARS")?);
    command.args([framework, "--registry", registry, "--name", name, "--address", address]);
    let peer = Peer::start(command);
    peer.next("registered");
    Some(peer)
}

/// dubbo-go, which serves on `port` and registers `pay.v1.Pay` of the application `pay-app`, both ways.
fn dubbo(kind: &str, registry: &str, port: u16) -> Option<Peer> {
    let mut command = Command::new(provided("GRPC_DISCOVER_TEST_DUBBO")?);
    command.args([kind, "--registry", registry, "--mode", "all", "--port", &port.to_string()]);
    let peer = Peer::start(command);
    peer.next("serving");
    Some(peer)
}

/// One endpoint of a `resolve -o json`, as its one registry lists it.
fn listed(run: &crate::support::tool::Finished) -> Value {
    let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.all()));
    let endpoints = document["endpoints"].as_array().cloned().unwrap_or_default();
    assert_eq!(endpoints.len(), 1, "{}", run.all());
    endpoints[0]["listed"][0].clone()
}

/// `framework` registers `name` in etcd: the endpoint is found with `layout` and removed with the reason `why`.
fn is_read(framework: &str, name: &str, layout: &str, ttl: u64, why: &str) {
    let Some(etcd) = Etcd::start() else { return };
    let registry = etcd.endpoints();
    let address = format!("127.0.0.1:{}", free_port());
    let Some(registrar) = registrar(framework, &registry, name, &address) else { return };
    let target = format!("etcd://{registry}/{name}");
    let run = run(&["resolve", "-o", "json", &target]);
    assert_eq!(run.code, 0, "{}", run.all());
    let endpoint = listed(&run);
    assert_eq!(endpoint["address"], address, "{endpoint}");
    assert_eq!(endpoint["layout"], layout, "{endpoint}");
    let left = endpoint["ttl_ms"].as_u64().unwrap_or_else(|| panic!("no lease: {endpoint}"));
    assert!(left > 0 && left <= ttl * 1000, "{endpoint}");

    let mut watch = Running::start(&["resolve", "--watch", "-o", "ndjson", &target]);
    watch.wait_for("the endpoint", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 1);
    registrar.stop();
    let (_, gone) = watch.wait_for("its end", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 0);
    assert!(gone["notes"].to_string().contains(why), "{gone}");
}

/// `framework` registers `pay` in the registry of `scheme`: the endpoint is found with `layout`, and removed when the
/// framework deregisters. Returns the output of `resolve`, unless there is no registrar.
#[cfg(any(feature = "consul", feature = "eureka", feature = "zookeeper"))]
fn is_found(framework: &str, scheme: &str, registry: &str, layout: &str) -> Option<Value> {
    let address = format!("127.0.0.1:{}", free_port());
    let registrar = registrar(framework, registry, "pay", &address)?;
    let target = format!("{scheme}://{registry}/pay");
    let endpoint = listed(&run(&["resolve", "-o", "json", &target]));
    assert_eq!((&endpoint["address"], &endpoint["layout"]), (&address.into(), &layout.into()), "{endpoint}");
    let mut watch = Running::start(&["resolve", "--watch", "-o", "ndjson", &target]);
    watch.wait_for("the endpoint", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 1);
    registrar.stop();
    watch.wait_for("its end", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 0);
    Some(endpoint)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn etcds_own_naming_is_read() {
    is_read("etcd-naming", "pay", "etcd-naming: Addr", 15, "was deleted while its lease was active");
}

#[test]
fn kratos_is_read_by_its_grpc_endpoint_although_http_comes_first() {
    is_read("kratos-etcd", "pay", "kratos: endpoint grpc", 15, "was deleted while its lease was active");
}

#[test]
fn go_zero_is_read() {
    is_read(
        "go-zero",
        "pay.rpc",
        "go-zero: value",
        10,
        "was removed with its lease, which was revoked before its 10s had passed",
    );
}

#[test]
fn kitex_is_read() {
    is_read("kitex-etcd", "pay", "kitex: address", 60, "was deleted");
}

#[test]
fn go_micro_is_read_also_under_a_name_with_slashes() {
    is_read("go-micro-etcd", "team/pay", "go-micro: node address", 15, "was deleted while its lease was active");
}

#[test]
fn goframe_is_read() {
    is_read("goframe-etcd", "pay", "goframe: key", 10, "was deleted while its lease was active");
}

#[test]
fn dubbo_is_read_by_interface_and_by_application() {
    let Some(etcd) = Etcd::start() else { return };
    dubbo_is_read("etcdv3", "etcd", &etcd.endpoints(), 30);
}

/// dubbo-go registers after it serves: a watch reports it.
fn dubbo_is_read(kind: &str, scheme: &str, registry: &str, lease: u64) {
    let names = [("pay.v1.Pay", "dubbo: provider URL tri"), ("pay-app", "dubbo-app: dubbo.endpoints tri")];
    let mut watches = names.map(|(name, layout)| {
        (Running::start(&["resolve", "--watch", "-o", "ndjson", &format!("{scheme}://{registry}/{name}")]), layout)
    });
    let port = free_port();
    let Some(_registrar) = dubbo(kind, registry, port) else { return };
    for (watch, layout) in &mut watches {
        let listed = |event: &Value| event["kind"] == "endpoints" && event["total"] == 1;
        let (_, event) = watch.wait_for("the endpoint", TIME_LIMIT, listed);
        let endpoint = &event["added"][0];
        assert_eq!(endpoint["address"], format!("127.0.0.1:{port}"), "{event}");
        assert_eq!(endpoint["layout"], *layout, "{event}");
        assert!(endpoint["ttl_ms"].as_u64().unwrap_or_default() <= lease * 1000, "{event}");
    }
}

#[cfg(feature = "zookeeper")]
mod zookeeper {
    use super::*;
    use crate::support::zookeeper::Zookeeper;

    #[test]
    fn kratos_and_kitex_in_zookeeper_are_read() {
        let Some(zookeeper) = Zookeeper::start() else { return };
        let registry = zookeeper.endpoints();
        is_found("kratos-zookeeper", "zookeeper", &registry, "kratos: endpoint grpc");
        if let Some(kitex) = is_found("kitex-zookeeper", "zookeeper", &registry, "kitex: node name") {
            assert_eq!((&kitex["weight"], &kitex["metadata"]["idc"]), (&20.into(), &"eu".into()), "{kitex}");
        }
    }

    #[test]
    fn dubbo_in_zookeeper_is_read_by_interface_and_by_application() {
        let Some(zookeeper) = Zookeeper::start() else { return };
        dubbo_is_read("zookeeper", "zookeeper", &zookeeper.endpoints(), 0);
    }
}

/// Kratos registers each of its servers as an instance, and kitex writes neither host name nor port as others do.
#[cfg(feature = "eureka")]
#[test]
fn kratos_and_kitex_in_eureka_are_read() {
    use crate::support::eureka::Eureka;
    let Some(eureka) = Eureka::start() else { return };
    is_found("kratos-eureka", "eureka", &eureka.address(), "kratos: metadata Endpoints grpc");
    if let Some(kitex) = is_found("kitex-eureka", "eureka", &eureka.address(), "kitex: ipAddr and port") {
        assert_eq!((&kitex["weight"], &kitex["metadata"]["idc"]), (&20.into(), &"eu".into()), "{kitex}");
    }
}

#[cfg(feature = "consul")]
#[test]
fn kratos_kitex_go_micro_and_goframe_in_consul_are_read() {
    use crate::support::consul::{ConsulAgent, Mode};
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    let found = |framework: &str, layout: &str| is_found(framework, "consul", &agent.address(), layout);
    found("kratos-consul", "kratos: tagged address grpc");
    for (framework, layout, metadata) in [
        ("go-micro-consul", "go-micro", [("version", "v1"), ("protocol", "grpc")]),
        ("goframe-consul", "goframe", [("protocol", "grpc"), ("insecure", "true")]),
        ("kitex-consul", "kitex", [("idc", "eu"); 2]),
    ] {
        let Some(endpoint) = found(framework, &format!("{layout}: service address and port")) else { return };
        for (name, value) in metadata {
            assert_eq!(endpoint["metadata"][name], value, "{endpoint}");
        }
    }
}

//! Spring Cloud's own registrations (tests/peers/spring) in Consul, ZooKeeper and Eureka: with gRPC beside the web
//! server by grpc-spring's starter and by LogNet's, and with a web server alone.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::consul::{ConsulAgent, Mode};
use crate::support::eureka::Eureka;
use crate::support::peer::Peer;
use crate::support::peers::provided;
use crate::support::tool::{Running, run};
use crate::support::zookeeper::Zookeeper;

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The process with all applications, and the first output of each.
struct Applications {
    peer: Peer,
    ports: Vec<Value>,
}

impl Applications {
    /// Each is `[starter, registry, address, name]`. `None`: not available, which was reported on stderr.
    fn start(all: &[[&str; 4]]) -> Option<Applications> {
        let mut command = Command::new(provided("GRPC_DISCOVER_TEST_SPRING")?);
        command.args(all.iter().flatten());
        let peer = Peer::start(command);
        let ports = all.iter().map(|_| peer.next("registered")).collect();
        Some(Applications { peer, ports })
    }

    /// The address on which the application `index` listens for `protocol`.
    fn address(&self, index: usize, protocol: &str) -> String {
        format!("127.0.0.1:{}", self.ports[index][protocol])
    }
}

#[test]
fn spring_is_read_in_consul_zookeeper_and_eureka_and_a_web_server_alone_is_doubted() {
    let (Some(consul), Some(zookeeper), Some(eureka)) =
        (ConsulAgent::start(Mode::Dev), Zookeeper::start(), Eureka::start())
    else {
        return;
    };
    let [at_consul, at_zookeeper, at_eureka] = [consul.address(), zookeeper.endpoints(), eureka.address()];
    let all = [
        ["grpc-spring", "consul", at_consul.as_str(), "pay"],
        ["none", "consul", at_consul.as_str(), "web"],
        ["lognet", "consul", at_consul.as_str(), "log"],
        ["grpc-spring", "zookeeper", at_zookeeper.as_str(), "pay"],
        ["none", "zookeeper", at_zookeeper.as_str(), "web"],
        ["grpc-spring", "eureka", at_eureka.as_str(), "pay"],
        ["none", "eureka", at_eureka.as_str(), "web"],
    ];
    let Some(applications) = Applications::start(&all) else { return };
    const GRPC: &str = "grpc-spring: metadata gRPC_port";
    let rules = [
        ("pay", "grpc", GRPC),
        ("web", "http", "spring: service address and port, no gRPC_port in its metadata"),
        ("grpc-log", "grpc", "lognet: service address and port"),
        ("pay", "grpc", GRPC),
        ("web", "http", "spring: address and port, no gRPC_port in its metadata"),
        ("pay", "grpc", GRPC),
        ("web", "http", "spring: hostName and port, no gRPC_port in its metadata"),
    ];
    let mut watches = Vec::new();
    for (index, ([_, scheme, registry, _], (name, protocol, rule))) in all.iter().zip(rules).enumerate() {
        let target = format!("{scheme}://{registry}/{name}");
        let mut watch = Running::start(&["resolve", "--watch", "-o", "ndjson", &target]);
        // Eureka's clients register a moment after they have started.
        let is_there = |event: &Value| event["kind"] == "endpoints" && event["total"] == 1;
        let (_, event) = watch.wait_for("the endpoint", TIME_LIMIT, is_there);
        let endpoint = &event["added"][0];
        assert_eq!(endpoint["address"], applications.address(index, protocol), "{target}: {event}");
        assert_eq!(endpoint["layout"], rule, "{target}: {event}");
        let notes = event["notes"].to_string();
        let doubt = "1 of 1 endpoints have no gRPC_port in their metadata";
        assert_eq!(notes.contains(doubt), protocol == "http", "{target}: {event}");
        watches.push(watch);
    }

    // A service listed with gRPC is a gRPC server; the web server's response shows that it is not.
    for (index, code) in [(0, 0), (2, 0), (3, 0), (5, 0), (1, 2)] {
        let ([_, scheme, registry, _], (name, ..)) = (all[index], rules[index]);
        let probe = run(&["probe", "--plaintext", "-o", "json", &format!("{scheme}://{registry}/{name}")]);
        assert_eq!(probe.code, code, "{}", probe.all());
    }

    applications.peer.stop();
    for mut watch in watches {
        watch.wait_for("its end", TIME_LIMIT, |event| event["kind"] == "endpoints" && event["total"] == 0);
    }
}

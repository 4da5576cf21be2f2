//! Registries that restart without their memory: no endpoint is reported as removed, and the restart is reported.

use std::time::Duration;

use serde_json::json;

use super::watch::{TIME_LIMIT, Watch};
use crate::support::consul::{ConsulAgent, Mode};
use crate::support::eureka::Eureka;

/// The renewal interval of Spring's and Netflix's clients: they register again when a renewal is rejected.
const RENEWAL: Duration = Duration::from_secs(30);

#[test]
fn eureka_restarts_and_its_instances_register_again_with_their_next_renewal() {
    let Some(mut eureka) = Eureka::start() else { return };
    let hosts = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    let register = |eureka: &Eureka, host: &str| eureka.register(host, host, 90, json!({}));
    hosts.iter().for_each(|host| register(&eureka, host));
    let target = format!("eureka://{}/PAY", eureka.address());
    let mut watch = Watch::start(&["resolve", "--watch", &target], &[]);
    watch.until_listed("10.0.0.3:8080", TIME_LIMIT);

    eureka.kill();
    watch.until_status("broken");
    assert!(eureka.start_again(), "the server ended by itself");
    watch.until_status("recovered");
    std::thread::sleep(RENEWAL);
    // One after the other: the list is not complete before the last one.
    for host in hosts {
        register(&eureka, host);
        std::thread::sleep(Duration::from_secs(2));
    }
    register(&eureka, "10.0.0.4");
    watch.until_listed("10.0.0.4:8080", Duration::from_secs(10));
    let findings = watch.end();
    assert!(findings.contains(&"GD131".to_string()), "the restart is reported: {findings:?}");
}

#[test]
fn consul_agent_that_kept_nothing_gets_its_instances_back_one_by_one() {
    let Some(mut agent) = ConsulAgent::start(Mode::Dev) else { return };
    let ids = [("pay-1", 9001), ("pay-2", 9002), ("pay-3", 9003)];
    ids.iter().for_each(|(id, port)| agent.register_simple("pay", id, *port));
    let target = format!("consul://{}/pay", agent.address());
    let mut watch = Watch::start(&["resolve", "--watch", &target], &[]);
    watch.until_listed("127.0.0.1:9003", TIME_LIMIT);

    agent.kill();
    watch.until_status("broken");
    agent.start_again();
    watch.until_status("recovered");
    for (id, port) in ids {
        std::thread::sleep(Duration::from_secs(1));
        agent.register_simple("pay", id, port);
    }
    agent.register_simple("pay", "pay-4", 9004);
    watch.until_listed("127.0.0.1:9004", Duration::from_secs(5));
    let findings = watch.end();
    assert!(findings.contains(&"GD131".to_string()), "the restart is reported: {findings:?}");
}

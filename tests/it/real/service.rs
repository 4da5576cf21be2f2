//! The command with a real Consul agent and real gRPC servers registered as `pay`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::consul::{ConsulAgent, MANAGEMENT_TOKEN, Mode};
use crate::support::grpc::{GrpcServer, Kind};
use crate::support::tool::{Finished, Running, run_command, tool};

const LONG: Duration = Duration::from_secs(30);

/// An agent and two servers that are registered as `pay` with it.
struct Pay {
    agent: ConsulAgent,
    first: GrpcServer,
    second: GrpcServer,
}

impl Pay {
    fn start(mode: Mode) -> Option<Pay> {
        let first = GrpcServer::start(Kind::Go, &[])?;
        let second = GrpcServer::start(Kind::Core, &[])?;
        let agent = ConsulAgent::start(mode)?;
        agent.register_simple("pay", "pay-1", first.address.port());
        agent.register_simple("pay", "pay-2", second.address.port());
        Some(Pay { agent, first, second })
    }

    fn run(&self, args: &[&str]) -> Finished {
        let mut command = tool(args);
        command.env("CONSUL_HTTP_ADDR", self.agent.address());
        run_command(command)
    }

    fn watch(&self, args: &[&str]) -> Running {
        let mut command = tool(&[&["watch", "consul:///pay", "--plaintext", "-o", "ndjson"], args].concat());
        command.env("CONSUL_HTTP_ADDR", self.agent.address());
        Running::start_command(command)
    }
}

fn is_ready(event: &Value) -> bool {
    event["kind"] == "transition" && event["scope"] == "subchannel" && event["to"] == "READY"
}

fn backend(event: &Value, status: &str) -> bool {
    event["kind"] == "backend" && event["status"] == status
}

#[test]
fn both_instances_are_resolved_and_reached() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let resolved = pay.run(&["resolve", "consul:///pay"]);
    assert_eq!(resolved.code, 0, "{}", resolved.all());
    for server in [&pay.first, &pay.second] {
        assert!(resolved.out.contains(&server.address.to_string()), "{}", resolved.all());
    }
    let probed = pay.run(&["probe", "consul:///pay", "-o", "ndjson"]);
    assert_eq!((probed.code, probed.findings().len()), (0, 0), "{}", probed.all());
    let serving = probed.events().iter().filter(|e| e["kind"] == "health" && e["status"] == "SERVING").count();
    assert_eq!(serving, 2, "{}", probed.all());
}

#[test]
fn an_instance_that_cannot_be_reached_and_passes_is_dead() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let dead = pay.second.address.to_string();
    pay.second.kill();
    let mut command = tool(&["probe", "consul:///pay", "-o", "ndjson"]);
    command.env("CONSUL_HTTP_ADDR", pay.agent.address());
    let probed = run_command(command);
    assert_eq!((probed.code, probed.findings()), (1, vec!["GD601".to_string()]), "{}", probed.all());
    assert!(probed.out.contains(&dead));
}

#[test]
fn a_service_that_is_not_registered_is_failed_and_a_token_without_access_is_unknown() {
    let Some(pay) = Pay::start(Mode::Acl) else { return };
    let query = |service: &str, token: Option<&str>| {
        let mut command = tool(&["probe", &format!("consul:///{service}"), "-o", "ndjson"]);
        command.env("CONSUL_HTTP_ADDR", pay.agent.address());
        if let Some(token) = token {
            command.env("CONSUL_HTTP_TOKEN", token);
        }
        let run = run_command(command);
        assert!(token.is_none_or(|token| !run.all().contains(token)), "the token is in the output");
        (run.code, run.findings())
    };
    let finding = |code: &str| vec![code.to_string()];
    assert_eq!(query("nobody", Some(MANAGEMENT_TOKEN)), (2, finding("GD102")));
    assert_eq!(query("pay", None), (3, finding("GD104")));
    assert_eq!(query("pay", Some(MANAGEMENT_TOKEN)), (0, vec![]));
}

#[test]
fn a_deregistered_instance_is_shown_and_its_connection_ends() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let mut watch = pay.watch(&["--for", "60s"]);
    watch.wait_for("the first READY", LONG, is_ready);
    watch.wait_for("the second READY", LONG, is_ready);
    let started_at = Instant::now();
    pay.agent.deregister("pay-2");
    let (at, event) = watch.wait_for("the change", LONG, |event| {
        event["kind"] == "endpoints" && event["removed"].as_array().is_some_and(|removed| removed.len() == 1)
    });
    assert_eq!(event["removed"][0]["address"], pay.second.address.to_string());
    assert!(at.duration_since(started_at) < Duration::from_secs(2), "{:?}", at.duration_since(started_at));
    watch.wait_for("SHUTDOWN", LONG, |event| {
        event["to"] == "SHUTDOWN" && event["address"] == pay.second.address.to_string()
    });
}

#[test]
fn a_frozen_agent_breaks_the_watch_and_nothing_is_called_gone() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let mut watch = pay.watch(&["--for", "120s"]);
    watch.wait_for("the first READY", LONG, is_ready);
    watch.wait_for("the second READY", LONG, is_ready);
    pay.agent.pause();
    watch.wait_for("broken", Duration::from_secs(60), |event| backend(event, "broken"));
    pay.agent.resume();
    watch.wait_for("recovered", Duration::from_secs(60), |event| backend(event, "recovered"));
    nothing_gone(&watch);
    pay.agent.deregister("pay-1");
    watch.wait_for("the watch lives", LONG, |event| {
        event["kind"] == "endpoints" && event["removed"].as_array().is_some_and(|removed| !removed.is_empty())
    });
}

#[test]
fn a_restarted_agent_is_survived_and_its_new_index_followed() {
    let Some(mut pay) = Pay::start(Mode::Persistent) else { return };
    let mut watch = pay.watch(&["--for", "120s"]);
    watch.wait_for("the first READY", LONG, is_ready);
    watch.wait_for("the second READY", LONG, is_ready);
    pay.agent.kill();
    watch.wait_for("broken", LONG, |event| backend(event, "broken"));
    pay.agent.start_again();
    watch.wait_for("recovered", Duration::from_secs(60), |event| backend(event, "recovered"));
    nothing_gone(&watch);
    pay.agent.deregister("pay-1");
    watch.wait_for("the watch lives", LONG, |event| {
        event["kind"] == "endpoints" && event["removed"].as_array().is_some_and(|removed| !removed.is_empty())
    });
}

fn nothing_gone(watch: &Running) {
    for (_, event) in &watch.seen {
        let removed = event["removed"].as_array().map_or(0, Vec::len);
        assert!(removed == 0 && event["to"] != "SHUTDOWN", "something was called gone: {event}");
    }
}

#[test]
fn an_idle_cycle_names_the_address_that_moved_and_the_new_one() {
    let Some(first) = GrpcServer::start(Kind::Go, &[]) else { return };
    let Some(second) = GrpcServer::start(Kind::Go, &[]) else { return };
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    let (old, new) = (first.address.to_string(), second.address.to_string());
    agent.register_simple("pay", "pay-1", first.address.port());
    let mut command = tool(&["probe", "--idle", "4s", "consul:///pay", "-o", "ndjson"]);
    command.env("CONSUL_HTTP_ADDR", agent.address());
    let mut probe = Running::start_command(command);
    probe.wait_for("the idle time", LONG, |event| event["kind"] == "idle" && event["phase"] == "waiting");
    first.kill();
    agent.deregister("pay-1");
    agent.register_simple("pay", "pay-2", second.address.port());
    let (_, moved) = probe.wait_for("the finding", LONG, |event| event["kind"] == "finding");
    assert_eq!(moved["code"], "GD603", "{moved}");
    let text = moved["text"].as_str().unwrap();
    assert!(text.contains(&old) && text.contains(&new), "{text}");
    let (status, events) = probe.finish(LONG);
    assert_eq!(status.code(), Some(1));
    let findings: Vec<&Value> = events.iter().map(|(_, e)| e).filter(|event| event["kind"] == "finding").collect();
    let codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["GD603", "GD609"], "the move, who would miss it, and nothing else");
    let text = findings[1]["text"].as_str().unwrap();
    for printed in [&*old, &*new, "kratos 2.5.4 to 2.7.2", "connection refused", "last connection error"] {
        assert!(text.contains(printed), "{printed}: {text}");
    }
    let call =
        events.iter().any(|(_, e)| e["kind"] == "transition" && e["to"] == "READY" && e["address"] == json!(new));
    assert!(call, "the channel left IDLE on the new address");
}

#[test]
fn an_idle_cycle_without_changes_reports_that_nothing_changed() {
    let Some(pay) = Pay::start(Mode::Dev) else { return };
    let probe = pay.run(&["probe", "--idle", "2s", "consul:///pay"]);
    assert_eq!(probe.code, 0, "{}", probe.all());
    assert!(probe.out.contains("nothing changed"), "{}", probe.all());
}

/// How a registry is away.
#[derive(Clone, Copy)]
enum Away {
    /// Killed, and started again.
    Stopped,
    /// Its sockets stay open, and nothing responds.
    Frozen,
}

#[test]
fn an_idle_cycle_reports_the_gap_of_a_registry_that_was_stopped_and_nothing_else() {
    idle_cycle_without_registry(Away::Stopped);
}

#[test]
fn an_idle_cycle_reports_the_gap_of_a_registry_that_was_frozen_and_nothing_else() {
    idle_cycle_without_registry(Away::Frozen);
}

fn idle_cycle_without_registry(away: Away) {
    let Some(mut pay) = Pay::start(Mode::Persistent) else { return };
    // Without a TTL check, which would be critical after a restart until its next heartbeat.
    for (id, server) in [("pay-1", &pay.first), ("pay-2", &pay.second)] {
        pay.agent.deregister(id);
        pay.agent.register(&json!({ "Name": "pay", "ID": id, "Address": "127.0.0.1", "Port": server.address.port() }));
    }
    let mut command = tool(&["probe", "--idle", "10s", "consul:///pay", "-o", "ndjson"]);
    command.env("CONSUL_HTTP_ADDR", pay.agent.address());
    let mut probe = Running::start_command(command);
    probe.wait_for("the idle time", LONG, |event| event["kind"] == "idle" && event["phase"] == "waiting");
    match away {
        Away::Stopped => pay.agent.kill(),
        Away::Frozen => pay.agent.pause(),
    }
    probe.wait_for("broken", LONG, |event| backend(event, "broken"));
    match away {
        Away::Stopped => pay.agent.start_again(),
        Away::Frozen => pay.agent.resume(),
    }
    let (status, events) = probe.finish(Duration::from_secs(60));
    let findings: Vec<&Value> = events.iter().map(|(_, e)| e).filter(|event| event["kind"] == "finding").collect();
    let codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["GD106"], "{findings:?}");
    assert!(findings[0]["text"].as_str().unwrap().contains("recovered"), "{findings:?}");
    assert_eq!(status.code(), Some(0));
    assert!(events.iter().any(|(_, event)| backend(event, "recovered")));
}

#[cfg(feature = "etcd")]
#[test]
fn two_registries_are_watched_and_the_lag_of_the_second_is_reported() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    let Some(etcd) = crate::support::etcd::Etcd::start() else { return };
    agent.register_simple("pay", "pay-1", 1);
    etcd.put("pay/1", "127.0.0.1:1", 0);
    let mut command = tool(&["resolve", "--watch", "consul:///pay", "etcd:///pay", "-o", "ndjson", "--for", "60s"]);
    command.env("CONSUL_HTTP_ADDR", agent.address()).env("ETCDCTL_ENDPOINTS", etcd.endpoints());
    let mut watch = Running::start_command(command);
    let expected = |event: &Value, backend: &str, change: &str, total: u64| {
        event["kind"] == "endpoints"
            && event["backend"] == backend
            && event["total"] == total
            && event[change].as_array().is_some_and(|those| those.len() == 1)
    };
    // The order of their first responses is not defined.
    for _ in 0..2 {
        let (_, first) = watch.wait_for("a first answer", LONG, |event| event["kind"] == "endpoints");
        assert_eq!((&first["total"], &first["lags"]), (&json!(1), &json!([])), "{first}");
    }
    let mut last = Instant::now();
    let mut late = |watch: &mut Running, backend: &str, change: &str, total: u64, behind: Option<&str>| {
        let (at, event) = watch.wait_for(change, LONG, |event| expected(event, backend, change, total));
        match behind {
            None => assert_eq!(event["lags"], json!([]), "{event}"),
            Some(other) => {
                let [lag] = &event["lags"].as_array().unwrap()[..] else { panic!("{event}") };
                let reported = (&lag["address"], &lag["change"], &lag["behind"]);
                assert_eq!(reported, (&json!("127.0.0.1:2"), &json!(change), &json!(other)), "{event}");
                // By the clock of the process that reads the lines, with a margin for the time a line takes.
                let seen = (at - last).as_millis().abs_diff(u128::from(lag["lag_ms"].as_u64().unwrap()));
                assert!(seen < 1000, "{event}: read {:?} later", at - last);
            }
        }
        last = at;
    };
    agent.register_simple("pay", "pay-2", 2);
    late(&mut watch, "consul", "added", 2, None);
    etcd.put("pay/2", "127.0.0.1:2", 0);
    late(&mut watch, "etcd", "added", 2, Some("consul:///pay"));
    etcd.delete("pay/2");
    late(&mut watch, "etcd", "removed", 1, None);
    agent.deregister("pay-2");
    late(&mut watch, "consul", "removed", 1, Some("etcd:///pay"));
}

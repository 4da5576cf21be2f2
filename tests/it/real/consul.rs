//! The `consul` backend against a real agent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use grpc_discover::backend::consul::{Consul, ConsulSettings, ConsulTarget};
use grpc_discover::backend::settings::BackendSettings as _;
use grpc_discover::backend::{Backend as _, Context, Resolution, Settings};
use grpc_discover::model::endpoint::{Endpoint, EndpointStatus};
use grpc_discover::model::event::{BackendStatus, Event, EventKind};
use grpc_discover::model::resolution::{Answer, NoteKind, ResolveCode, ResolveError};
use grpc_discover::session::{Goal, Plan, Session, Source};
use serde_json::json;
use tokio::time::timeout;

use crate::backend::words::{answer, word};
use crate::support::consul::{ConsulAgent, MANAGEMENT_TOKEN, Mode};
use crate::support::tool::{run, run_command, tool};

/// Time limit for any update on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The settings for `agent` with a token.
fn settings(agent: &ConsulAgent, token: &str) -> Settings {
    let consul = ConsulSettings::from_env(|name| match name {
        "CONSUL_HTTP_ADDR" => Some(agent.address()),
        "CONSUL_HTTP_TOKEN" => Some(token.to_string()),
        _ => None,
    });
    Settings::default().with(consul.expect("settings"))
}

fn watch_as(agent: &ConsulAgent, service: &str, token: &str) -> Resolution {
    let target = ConsulTarget { service: service.to_string(), ..ConsulTarget::default() };
    let context = Context::new(settings(agent, token));
    Consul.resolve(&target.into(), &context)
}

fn watch(agent: &ConsulAgent, service: &str) -> Resolution {
    watch_as(agent, service, "")
}

async fn endpoints(stream: &mut Resolution) -> Vec<Endpoint> {
    answer(stream).await.endpoints
}

/// Reads responses until one satisfies `wanted`; all of them must have endpoints.
async fn until(stream: &mut Resolution, wanted: impl Fn(&[Endpoint]) -> bool) -> Vec<Endpoint> {
    loop {
        let found = endpoints(stream).await;
        assert!(!found.is_empty(), "no endpoint has left");
        if wanted(&found) {
            return found;
        }
    }
}

fn places(endpoints: &[Endpoint]) -> Vec<String> {
    let mut places: Vec<String> = endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
    places.sort();
    places
}

fn note(answer: &Answer, kind: NoteKind) -> Option<&str> {
    answer.notes.iter().find(|note| note.kind == kind).map(|note| note.text.as_str())
}

#[tokio::test]
async fn registrations_and_deregistrations_are_seen_as_they_happen() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let mut stream = watch(&agent, "pay");
    let first = answer(&mut stream).await;
    assert_eq!(places(&first.endpoints), ["127.0.0.1:9001"]);
    let endpoint = &first.endpoints[0];
    assert_eq!((endpoint.id.as_deref(), endpoint.node.as_deref()), (Some("pay-1"), Some("test")));
    assert_eq!((endpoint.zone.as_deref(), endpoint.weight), (Some("dc1"), Some(1)));
    assert_eq!(endpoint.status, EndpointStatus::Healthy);
    assert_eq!(note(&first, NoteKind::Funnel), Some("1 registered, 1 passing"));

    agent.register_simple("pay", "pay-2", 9002);
    assert_eq!(until(&mut stream, |found| found.len() == 2).await.len(), 2);
    agent.deregister("pay-1");
    assert_eq!(places(&until(&mut stream, |found| found.len() == 1).await), ["127.0.0.1:9002"]);
    agent.deregister("pay-2");
    assert_eq!(endpoints(&mut stream).await, []);
    agent.register_simple("pay", "pay-3", 9003);
    assert_eq!(places(&until(&mut stream, |_| true).await), ["127.0.0.1:9003"]);
}

#[tokio::test]
async fn a_critical_check_comes_with_its_reason_and_maintenance_with_its_own() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let mut stream = watch(&agent, "pay");
    until(&mut stream, |found| found[0].status == EndpointStatus::Healthy).await;

    agent.set_check("pay-1", "critical", "dial tcp 127.0.0.1:9001: connect: connection refused");
    let found = until(&mut stream, |found| found[0].status == EndpointStatus::Critical).await;
    let reason = found[0].checks.iter().find(|check| check.status == "critical").expect("the failing check");
    assert_eq!(reason.output, "dial tcp 127.0.0.1:9001: connect: connection refused");

    agent.set_check("pay-1", "warning", "slow");
    until(&mut stream, |found| found[0].status == EndpointStatus::Warning).await;
    agent.maintain("pay-1", "rollout");
    let found = until(&mut stream, |found| found[0].status == EndpointStatus::Draining).await;
    let reason = found[0].checks.iter().find(|check| check.status == "maintenance").expect("the maintenance");
    assert_eq!(reason.output, "rollout");
    let maintenance = found[0].maintenance().expect("the operator's reason");
    assert_eq!(maintenance.reason, "rollout");
    assert_eq!(maintenance.end, "run `consul maint -disable -service=pay-1` on node test");
}

#[tokio::test]
async fn an_instance_behind_a_mesh_proxy_is_marked_and_its_neighbor_is_not() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register(&serde_json::json!({
        "Name": "pay", "ID": "pay-1", "Address": "127.0.0.1", "Port": 9001,
        "Connect": { "SidecarService": {} },
    }));
    agent.register_simple("pay", "pay-2", 9002);
    let mut stream = watch(&agent, "pay");
    let first = answer(&mut stream).await;
    let mesh: Vec<(&str, bool)> = first
        .endpoints
        .iter()
        .map(|endpoint| (endpoint.id.as_deref().unwrap_or_default(), endpoint.mesh().is_some()))
        .collect();
    assert_eq!(mesh, [("pay-1", true), ("pay-2", false)]);
    let proxy = first.endpoints[0].mesh().unwrap();
    assert!(proxy.contains("its proxy is \"pay-1-sidecar-proxy\" on port "), "{proxy}");

    let mut stream = watch(&agent, "pay-sidecar-proxy");
    let proxies = answer(&mut stream).await;
    assert_eq!(proxies.endpoints[0].mesh(), Some("it is the Consul Connect proxy of \"pay\""));
}

#[tokio::test]
async fn a_name_that_is_not_there_comes_with_those_that_are_like_it() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register_simple("pay-service", "pay-1", 9001);
    let mut stream = watch(&agent, "PayService");
    let first = answer(&mut stream).await;
    assert_eq!(first.endpoints, []);
    let elsewhere = note(&first, NoteKind::Elsewhere).expect("where it is");
    assert!(elsewhere.contains("similar names: \"pay-service\""), "{elsewhere}");
    assert!(note(&first, NoteKind::Remedy).is_some_and(|text| text.contains("consul:///pay-service")), "{first:?}");
}

#[tokio::test]
async fn names_that_need_escapes_are_found() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    for (port, name) in (9001..).zip(["my service", "café", "a/b", "100%", "x?y=z#"]) {
        agent.register_simple(name, &format!("id-{port}"), port);
        let mut stream = watch(&agent, name);
        assert_eq!(places(&endpoints(&mut stream).await), [format!("127.0.0.1:{port}")], "{name}");
    }
}

#[tokio::test]
async fn what_kratos_registers_is_read_as_kratos_means_it() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register(&json!({
        "Name": "pay", "ID": "uuid", "Address": "127.0.0.1", "Port": 8000, "Tags": ["version=v1"],
        "TaggedAddresses": {
            "http": { "Address": "http://127.0.0.1:8000", "Port": 8000 },
            "grpc": { "Address": "grpc://127.0.0.1:9000", "Port": 9000 },
        },
    }));
    let mut stream = watch(&agent, "pay");
    let found = endpoints(&mut stream).await;
    assert_eq!(places(&found), ["127.0.0.1:9000"]);
    assert_eq!(found[0].layout.as_ref().map(ToString::to_string).as_deref(), Some("kratos: tagged address grpc"));
}

#[tokio::test]
async fn a_restart_of_the_agent_removes_no_endpoint() {
    let Some(mut agent) = ConsulAgent::start(Mode::Persistent) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let mut stream = watch(&agent, "pay");
    until(&mut stream, |_| true).await;

    agent.kill();
    let broken = word(&mut stream).await.expect_err("the watch broke");
    // Killed while a query was pending, or between two queries.
    let code = broken.failure().code;
    assert!(matches!(code, ResolveCode::WatchBroken | ResolveCode::Unreachable), "{broken}");
    assert_eq!(stream.next().await, None);
    let refused = word(&mut watch(&agent, "pay")).await.expect_err("nobody listens");
    assert_eq!(refused.failure().code, ResolveCode::Unreachable, "{refused}");

    agent.start_again();
    // As the engine does: queries again until there is a response. Errors may come first, but no empty response.
    let mut stream = loop {
        let mut stream = watch(&agent, "pay");
        match word(&mut stream).await {
            Ok(answer) => {
                assert_eq!(places(&answer.endpoints), ["127.0.0.1:9001"]);
                break stream;
            }
            Err(error) => assert!(matches!(error, ResolveError::Ambient(_)), "{error}"),
        }
    };
    agent.register_simple("pay", "pay-2", 9002);
    until(&mut stream, |found| found.len() == 2).await;
}

#[tokio::test]
async fn a_frozen_agent_is_reported_and_removes_no_endpoint() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let mut stream = watch(&agent, "pay");
    until(&mut stream, |_| true).await;

    agent.pause();
    let broken = word(&mut stream).await.expect_err("a frozen agent is noticed");
    assert_eq!(broken.failure().code, ResolveCode::Timeout);
    assert!(broken.to_string().contains("frozen or unreachable"), "{broken}");
    assert_eq!(stream.next().await, None);
    let silent = word(&mut watch(&agent, "pay")).await.expect_err("it is still frozen");
    assert_eq!(silent.failure().code, ResolveCode::Timeout);
    assert!(silent.to_string().ends_with("no response to /v1/status/leader either: frozen or overloaded"), "{silent}");

    agent.resume();
    let mut stream = watch(&agent, "pay");
    assert_eq!(places(&endpoints(&mut stream).await), ["127.0.0.1:9001"]);
    agent.deregister("pay-1");
    assert_eq!(endpoints(&mut stream).await, [], "the new watch sees what happens now");
}

#[tokio::test]
async fn an_index_that_goes_back_does_not_blind_the_watch() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    // Outside of the agent, so that it does not restore what the snapshot removes.
    let register = |id: &str, port: u16| {
        let service = json!({ "ID": id, "Service": "pay", "Address": "127.0.0.1", "Port": port });
        agent.put("/v1/catalog/register", &json!({ "Node": "outside", "Address": "127.0.0.1", "Service": service }));
    };
    register("pay-1", 9001);
    let (status, snapshot) = agent.request("GET", "/v1/snapshot", b"");
    assert_eq!(status, 200);
    for again in 0..50 {
        register("pay-2", 9100 + again);
    }
    let mut stream = watch(&agent, "pay");
    assert_eq!(places(&until(&mut stream, |found| found.len() == 2).await), ["127.0.0.1:9001", "127.0.0.1:9149"]);

    let (status, words) = agent.request("PUT", "/v1/snapshot", &snapshot);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&words));
    assert_eq!(places(&until(&mut stream, |found| found.len() == 1).await), ["127.0.0.1:9001"]);
    register("pay-3", 9003);
    assert_eq!(places(&until(&mut stream, |found| found.len() == 2).await), ["127.0.0.1:9001", "127.0.0.1:9003"]);
}

#[tokio::test]
async fn a_token_without_access_is_distinguished_from_an_empty_service() {
    let Some(agent) = ConsulAgent::start(Mode::Acl) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let seeing = answer(&mut watch_as(&agent, "pay", MANAGEMENT_TOKEN)).await;
    assert_eq!((seeing.endpoints.len(), note(&seeing, NoteKind::AclFiltered)), (1, None));
    let absent = answer(&mut watch_as(&agent, "nobody", MANAGEMENT_TOKEN)).await;
    assert_eq!((absent.endpoints.len(), note(&absent, NoteKind::AclFiltered)), (0, None));

    // Without node:read Consul responds with 200 and [].
    let half = agent.token("half", Some(r#"service "pay" { policy = "read" }"#));
    for (token, words) in [
        (agent.token("nothing", None), "consul hid results from this token"),
        (half, "consul hid results from this token"),
        (String::new(), "the request was anonymous and default_policy is deny"),
    ] {
        let blind = word(&mut watch_as(&agent, "pay", &token)).await.expect_err("a blind token");
        assert_eq!(blind.failure().code, ResolveCode::Hidden);
        assert!(blind.to_string().contains(words), "{blind}");
    }
    let unknown = "00000000-1111-2222-3333-444444444444";
    let denied = word(&mut watch_as(&agent, "pay", unknown)).await.expect_err("an unknown token");
    assert_eq!(denied.failure().code, ResolveCode::Denied);
    assert!(denied.to_string().contains("ACL not found"), "{denied}");
    assert!(!denied.to_string().contains(unknown), "{denied}");
}

#[tokio::test]
async fn a_ping_names_version_and_leader() {
    let Some(agent) = ConsulAgent::start(Mode::Acl) else { return };
    let printed = Consul.ping(&settings(&agent, MANAGEMENT_TOKEN)).await.expect("a response");
    let rest = printed.strip_prefix("consul 1.").unwrap_or_else(|| panic!("{printed}"));
    assert!(rest.contains(&format!(" at {}, leader 127.0.0.1:", agent.address())), "{printed}");
    let printed = Consul.ping(&settings(&agent, "")).await.expect("a response");
    assert!(printed.starts_with("consul (version unknown: the token has no permission to read it) at "), "{printed}");
}

/// Reads events until the watch is in `status`; no endpoint may be removed meanwhile.
async fn until_status(session: &mut Session, status: BackendStatus) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        let event =
            timeout(TIME_LIMIT, session.next()).await.expect("an event in time").expect("a session that goes on");
        if let EventKind::Endpoints(change) = &event.kind {
            assert!(change.removed.is_empty() && change.total > 0, "no endpoint has left: {change:?}");
        }
        let reached = matches!(&event.kind, EventKind::Backend(report) if report.status == status);
        seen.push(event);
        if reached {
            return seen;
        }
    }
}

#[tokio::test]
async fn a_session_outlives_a_frozen_and_a_restarted_agent() {
    let Some(mut agent) = ConsulAgent::start(Mode::Persistent) else { return };
    agent.register_simple("pay", "pay-1", 9001);
    let target = ConsulTarget { service: "pay".to_string(), ..ConsulTarget::default() }.into();
    let settings = Arc::new(settings(&agent, ""));
    let source = Source { backend: &Consul, target, implied: false, settings };
    let plan = Plan::new(vec![source], Goal::Resolve { watch: true });
    let mut session = Session::start(plan);
    until_status(&mut session, BackendStatus::Watching).await;

    agent.pause();
    until_status(&mut session, BackendStatus::Broken).await;
    // Frozen for the first bytes of some more requests, too.
    until_status(&mut session, BackendStatus::Broken).await;
    agent.resume();
    until_status(&mut session, BackendStatus::Recovered).await;

    agent.kill();
    until_status(&mut session, BackendStatus::Broken).await;
    until_status(&mut session, BackendStatus::Broken).await;
    agent.start_again();
    let events = until_status(&mut session, BackendStatus::Recovered).await;
    let recovered = events.last().map(|event| &event.kind);
    let Some(EventKind::Backend(report)) = recovered else { panic!("{recovered:?}") };
    assert!(report.gap.is_some(), "{report:?}");

    agent.register_simple("pay", "pay-2", 9002);
    loop {
        let event =
            timeout(TIME_LIMIT, session.next()).await.expect("an event in time").expect("a session that goes on");
        match event.kind {
            EventKind::Endpoints(change) if change.total == 2 => break,
            EventKind::Endpoints(change) => assert!(change.removed.is_empty(), "{change:?}"),
            _ => {}
        }
    }
}

#[test]
fn the_services_of_the_catalog_are_listed_as_targets() {
    let Some(agent) = ConsulAgent::start(Mode::Dev) else { return };
    agent.register_simple("pay", "pay-1", 50051);
    agent.register_simple("cart", "cart-1", 50052);
    let listed = |registry: &[&str]| {
        let mut command = tool(&["services"]);
        command.args(registry).env("CONSUL_HTTP_ADDR", agent.address());
        run_command(command)
    };
    for registry in [&[][..], &["consul"]] {
        let finished = listed(registry);
        assert_eq!(finished.code, 0, "{}", finished.all());
        assert_eq!(finished.out, "consul:///cart\nconsul:///consul\nconsul:///pay\n", "{}", finished.all());
    }
    let there = listed(&[&format!("consul://{}", agent.address().trim_start_matches("http://"))]);
    assert!(there.code == 0 && there.out.contains("/pay\n"), "{}", there.all());
    let unable = listed(&["dns"]);
    assert!(unable.code == 64 && unable.err.contains("dns cannot list services; supported by "), "{}", unable.all());
    let down = run(&["services", "consul://127.0.0.1:1"]);
    assert!(down.code == 3 && down.err.contains("connection refused"), "{}", down.all());
}

//! Each rule, from recorded facts: what a client showed, what the registry listed, and when.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::backend::tests::source;
use crate::diagnosis::{Conclusion, Criteria, Depth, judge};
use crate::model::client::*;
use crate::model::connectivity::ConnectivityState;
use crate::model::connectivity::ConnectivityState::{Connecting, Idle, Ready, TransientFailure};
use crate::model::endpoint::{Endpoint, EndpointStatus, SliceRef};
use crate::model::event::{ConnectionReport, EndpointsChange, Event, EventKind, HealthReport};
use crate::model::reach::{Failure, FailureCode, Health, Stage};
use crate::model::time::Elapsed;
use crate::model::verdict::Verdict;

const A: &str = "10.0.0.1:9000";
const B: &str = "10.0.0.2:9000";

/// The client's clock and ours are the same here: `secs` after the start.
fn clock(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + secs)
}

/// What happened, in order, each at a second of its own choice.
#[derive(Default)]
struct Facts {
    ledger: Ledger,
    seq: u64,
}

impl Facts {
    fn at(&mut self, secs: u64, kind: EventKind) -> &mut Self {
        self.seq += 1;
        let event =
            Event { seq: self.seq, time: clock(secs), at: Elapsed::from_secs(secs), target: Arc::from("pay"), kind };
        self.ledger.observe(&event);
        self
    }

    fn change(&mut self, secs: u64, registry: &str, added: Vec<Endpoint>, removed: &[&str]) -> &mut Self {
        let removed: Vec<Endpoint> = removed.iter().map(|address| healthy(address)).collect();
        let total = added.len();
        let (source, changed, notes, lags) = (source(registry), Vec::new(), Vec::new(), Vec::new());
        self.at(secs, EventKind::Endpoints(EndpointsChange { source, added, removed, changed, total, notes, lags }))
    }

    fn lists(&mut self, secs: u64, registry: &str, addresses: &[&str]) -> &mut Self {
        self.change(secs, registry, addresses.iter().map(|address| healthy(address)).collect(), &[])
    }

    fn reads(&mut self, secs: u64, view: &ClientView) -> &mut Self {
        let view = ClientView { read: clock(secs), ..view.clone() };
        self.at(secs, EventKind::Client(Box::new(ClientReport::Seen(view))))
    }

    fn serves(&mut self, secs: u64, address: &str) -> &mut Self {
        let (address, health) = (address.parse().unwrap(), Health::Serving);
        let report = HealthReport { address, service: String::new(), health, took: None, ended: None, proxy: None };
        self.at(secs, EventKind::Health(report))
    }

    fn fails(&mut self, secs: u64, address: &str, code: FailureCode) -> &mut Self {
        let failure = Failure::new(Stage::Tcp, code, code.as_str(), Duration::from_secs(5));
        let report = ConnectionReport { address: address.parse().unwrap(), result: Err(failure) };
        self.at(secs, EventKind::Connection(report))
    }

    fn served(&mut self, secs: u64, endpoint: &str, running_for: u64, clients: &[&str]) -> &mut Self {
        let connections = clients.iter().map(|remote| ServedConnection {
            remote: remote.parse().unwrap(),
            streams_started: 5,
            streams_open: 1,
            last_stream: None,
        });
        let served = ServedClients {
            endpoint: endpoint.parse().unwrap(),
            witness: "channelz",
            running_for: Some(Duration::from_secs(running_for)),
            connections: connections.collect(),
        };
        self.at(secs, EventKind::Client(Box::new(ClientReport::Served(served))))
    }

    fn concludes(&self) -> Conclusion {
        judge(&self.ledger, &Criteria::default(), Depth::Clients)
    }

    /// The verdict on the only client, the names of the findings on clients, and the text of the first one.
    fn judged(&self) -> (ClientVerdict, Vec<&'static str>, String) {
        let conclusion = self.concludes();
        let of_clients = conclusion.findings.iter().filter(|finding| finding.kind.code.starts_with("GD7"));
        let found: Vec<_> = of_clients.collect();
        let text = found.first().map(|finding| finding.text.clone()).unwrap_or_default();
        (conclusion.clients[0].verdict, found.iter().map(|finding| finding.kind.name).collect(), text)
    }
}

fn healthy(address: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(address.parse().unwrap());
    endpoint.status = EndpointStatus::Healthy;
    endpoint
}

/// A client that holds `addresses`, all in `state`, as the last list of its resolver shows.
fn client(target: &str, state: ConnectivityState, addresses: &[&str]) -> ClientView {
    let id = ClientId { process: "10.0.0.9:9100".to_string(), channel: Some(3) };
    let mut view = ClientView::new(id, "channelz", clock(0));
    view.target = target.to_string();
    view.resolves_name = target.starts_with("dns:");
    view.state = Some(state);
    view.runtime = Runtime::Go;
    view.source = HoldsSource::ResolverUpdate;
    view.holds = addresses.iter().map(|address| HeldAddress::new(address.parse().unwrap())).collect();
    view.holds.iter_mut().for_each(|held| held.state = Some(state));
    view.calls = ClientCalls { started: 10, succeeded: 10, failed: 0, last_started: Some(clock(0)) };
    view
}

fn kratos(state: ConnectivityState, addresses: &[&str]) -> ClientView {
    ClientView { framework: Some("kratos"), ..client("discovery:///pay", state, addresses) }
}

fn with_calls(mut view: ClientView, started: u64) -> ClientView {
    (view.calls.started, view.calls.succeeded) = (started, started);
    view
}

#[test]
fn a_client_that_holds_what_is_listed_is_up_to_date() {
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A, B]).reads(2, &kratos(Ready, &[A, B]));
    assert_eq!(facts.judged().0, ClientVerdict::UpToDate);
    let conclusion = facts.concludes();
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Healthy, 0));
    assert!(conclusion.clients[0].text.contains("would notice the next change is unknown"), "{conclusion:?}");
}

#[test]
fn an_address_that_left_is_frozen_only_after_a_change_would_have_arrived() {
    let view = kratos(TransientFailure, &[A]);
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(2, &view).change(3, "consul:///pay", vec![healthy(B)], &[A]);
    facts.reads(10, &view);
    assert_eq!(facts.judged().0, ClientVerdict::Behind);
    assert_eq!(facts.concludes().summary.exit, 3);
    facts.reads(20, &view).fails(20, A, FailureCode::Refused);
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::Frozen, vec!["FROZEN"]));
    for part in [
        "10.0.0.9:9100 channel 3 (discovery:///pay)",
        A,
        "consul:///pay",
        "for 17.0s",
        B,
        "nothing listens",
        "channelz",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(facts.concludes().summary.exit, 2, "it holds no address that is listed");
}

#[test]
fn an_address_that_was_never_listed_is_frozen_by_what_was_observed() {
    let mut view = kratos(Ready, &[A, B]);
    view.resolver = ResolverTrace { updated: Some(clock(1)), left_idle: Some(clock(1)), ..ResolverTrace::default() };
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[B]).reads(1, &view).reads(17, &view).serves(17, A);
    let (verdict, _, text) = facts.judged();
    assert_eq!(verdict, ClientVerdict::Frozen);
    for part in ["for at least 16.0s", "still responds", "2.5.4 to 2.7.2 after an idle period"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(facts.concludes().summary.exit, 1, "it holds another address that is listed");
}

#[test]
fn a_client_without_an_idle_period_is_frozen_by_another_one_of_its_process() {
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[B]).reads(1, &kratos(Ready, &[A])).reads(17, &kratos(Ready, &[A]));
    assert!(facts.judged().2.contains("another client of the same registry object"), "{:?}", facts.judged());
}

#[test]
fn an_idle_client_has_no_verdict() {
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[B]).reads(1, &kratos(Idle, &[])).reads(40, &kratos(Idle, &[]));
    assert_eq!(facts.judged().0, ClientVerdict::Idle);
    assert_eq!(facts.judged().1, ["IDLE_NORMAL"]);
    assert_eq!(facts.concludes().summary.exit, 0);
}

#[test]
fn a_client_that_left_idle_without_a_list_is_wedged() {
    let mut view = kratos(Idle, &[]);
    view.calls = ClientCalls { started: 5, succeeded: 2, failed: 2, last_started: Some(clock(8)) };
    view.resolver = ResolverTrace {
        updated: Some(clock(0)),
        entered_idle: Some(clock(3)),
        left_idle: Some(clock(5)),
        ..ResolverTrace::default()
    };
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(8, &view);
    assert_eq!(facts.judged().0, ClientVerdict::Idle, "its resolver may still respond");
    facts.reads(20, &view);
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::Wedged, vec!["WEDGED"]));
    assert!(text.contains("left IDLE 15.0s ago") && text.contains("2 of 5 calls failed, 1 call pending"), "{text}");
    assert_eq!(facts.concludes().summary.exit, 2);
    // The same with a list since then: it has been idle again.
    view.resolver.updated = Some(clock(6));
    view.resolver.entered_idle = Some(clock(7));
    facts.reads(21, &view);
    assert_eq!(facts.judged().0, ClientVerdict::Idle);
}

#[test]
fn a_registry_without_the_service_proves_no_wedge() {
    let mut view = kratos(Connecting, &[]);
    view.resolver.left_idle = Some(clock(1));
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[]).reads(30, &view);
    assert_eq!(facts.judged().0, ClientVerdict::Unknown);
    assert_eq!(facts.concludes().summary.exit, 3);
}

#[test]
fn an_emptied_registry_is_fail_static_and_never_frozen() {
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(2, &kratos(Ready, &[A])).change(3, "consul:///pay", vec![], &[A]);
    facts.reads(5, &kratos(Ready, &[A]));
    assert_eq!(facts.judged().0, ClientVerdict::Behind);
    facts.reads(30, &kratos(TransientFailure, &[A]));
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::FailStatic, vec!["FAIL_STATIC_EMPTY"]));
    assert!(text.contains("for at least 27.0s"), "{text}");
    assert_eq!(facts.concludes().summary.exit, 1);
}

#[test]
fn an_unreachable_registry_proves_nothing() {
    let mut facts = Facts::default();
    facts.reads(1, &kratos(Ready, &[A])).reads(40, &kratos(Ready, &[A]));
    assert_eq!(facts.judged().0, ClientVerdict::Unknown);
    assert_eq!(facts.concludes().summary.exit, 3);
}

#[test]
fn a_client_over_dns_does_not_know_what_was_added() {
    let mut facts = Facts::default();
    let view = client("dns:///pay.test:9000", Ready, &[A]);
    facts.lists(1, "dns:///pay.test:9000", &[A, B]).reads(2, &view);
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::DnsBlind, vec!["DNS_BLIND"]));
    assert!(text.contains("works with 1 of 2 endpoints and does not know 10.0.0.2:9000"), "{text}");
    assert_eq!(facts.concludes().summary.exit, 1);
    // A connected pick_first channel of the C core shows the address that it uses, not those that it received.
    let core = ClientView { runtime: Runtime::Core, source: HoldsSource::Subchannels, ..view };
    facts.reads(3, &core);
    assert_eq!(facts.judged().0, ClientVerdict::UpToDate);
}

#[test]
fn a_client_over_dns_has_two_minutes_to_drop_an_address() {
    let mut held = client("dns:///pay.test:9000", TransientFailure, &[A]);
    held.holds[0].since = Some(clock(5));
    let mut facts = Facts::default();
    facts.lists(1, "dns:///pay.test:9000", &[A]).reads(2, &held);
    facts.change(3, "dns:///pay.test:9000", vec![healthy(B)], &[A]).reads(60, &held);
    let (verdict, names, _) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::Rollout, vec!["ROLLOUT_WINDOW"]));
    assert_eq!(facts.concludes().summary.exit, 0);
    facts.reads(130, &held);
    assert_eq!(facts.judged().0, ClientVerdict::Frozen);
    // Connected to it, the client has no reason to resolve.
    facts.reads(131, &client("dns:///pay.test:9000", Ready, &[A]));
    assert_eq!(facts.judged().0, ClientVerdict::DnsBlind);
}

#[test]
fn a_subset_by_design_is_no_fault() {
    let all: Vec<String> = (1..=40).map(|n| format!("10.0.1.{n}:9000")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for (size, framework) in [(25, "Kratos"), (32, "go-zero")] {
        let mut facts = Facts::default();
        facts
            .lists(1, "consul:///pay", &all)
            .reads(2, &kratos(Ready, &all[..size]))
            .reads(60, &kratos(Ready, &all[..size]));
        let (verdict, names, text) = facts.judged();
        assert_eq!((verdict, names), (ClientVerdict::Subset, vec!["SUBSET"]));
        assert!(text.contains(&format!("holds {size} of 40")) && text.contains(framework), "{text}");
        assert_eq!(facts.concludes().summary.exit, 0);
    }
}

#[test]
fn one_slice_of_several_is_named() {
    let in_slice = |address: &str, slice: &str| {
        let mut endpoint = healthy(address);
        endpoint.particulars_mut().slices = vec![SliceRef { name: slice.to_string() }];
        endpoint
    };
    let listed = vec![in_slice(A, "pay-x"), in_slice(B, "pay-y"), in_slice("10.0.0.3:9000", "pay-y")];
    let mut facts = Facts::default();
    let view = client("kubernetes:///pay.prod:9000", Ready, &[B, "10.0.0.3:9000"]);
    facts.change(1, "kubernetes:///pay.prod:9000", listed, &[]).reads(2, &view);
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::OneSlice, vec!["ONE_SLICE"]));
    assert!(text.contains("holds 2 of 3 endpoints: exactly those of the slice \"pay-y\", one of 2"), "{text}");
}

#[test]
fn addresses_of_another_service_are_cross_wired() {
    let mut facts = Facts::default();
    facts.lists(1, "etcd:///pay", &[A]).reads(2, &client("etcd:///pay", Ready, &[B]));
    facts.ledger.other_services.insert(B.parse().unwrap(), "etcd:///stock".to_string());
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::CrossWired, vec!["CROSS_WIRED"]));
    assert!(text.contains("which etcd:///stock lists, and etcd:///pay does not"), "{text}");
}

#[test]
fn an_instance_that_a_watching_client_did_not_receive_shows_a_latent_freeze() {
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(2, &kratos(Ready, &[A])).lists(5, "consul:///pay", &[B]);
    facts.reads(10, &kratos(Ready, &[A]));
    assert_eq!(facts.judged().0, ClientVerdict::Behind);
    facts.reads(21, &kratos(Ready, &[A]));
    let (verdict, names, text) = facts.judged();
    assert_eq!((verdict, names), (ClientVerdict::FrozenLatent, vec!["FROZEN_LATENT"]));
    assert!(text.contains("has not received 10.0.0.2:9000") && text.contains("for at least 16.0s"), "{text}");
    assert_eq!(facts.concludes().summary.exit, 1);
}

#[test]
fn missing_queries_count_after_two_periods_and_with_calls() {
    let unqueried = |watched, started| {
        let mut view = with_calls(kratos(Ready, &[A]), started);
        view.registry = RegistryContact::NotSeen {
            watched: Duration::from_secs(watched),
            period: Duration::from_secs(11),
            how: "no query for \"pay\" from 10.0.0.9 at the agent".to_string(),
        };
        view
    };
    let judged = |first: &ClientView, last: &ClientView| {
        let mut facts = Facts::default();
        facts.lists(1, "consul:///pay", &[A]).reads(1, first).reads(30, last);
        facts.judged()
    };
    let (verdict, names, text) = judged(&kratos(Ready, &[A]), &unqueried(23, 14));
    assert_eq!((verdict, names), (ClientVerdict::FrozenLatent, vec!["FROZEN_LATENT"]));
    assert!(
        text.contains("no query for \"pay\" from 10.0.0.9 at the agent for 23.0s, while it started 4 calls"),
        "{text}"
    );
    assert_eq!(judged(&kratos(Ready, &[A]), &unqueried(21, 14)).0, ClientVerdict::UpToDate, "too short");
    assert_eq!(judged(&kratos(Ready, &[A]), &unqueried(23, 10)).0, ClientVerdict::UpToDate, "no call");
    assert_eq!(judged(&kratos(Idle, &[]), &unqueried(23, 14)).0, ClientVerdict::UpToDate, "IDLE in between");
}

#[test]
fn backoff_and_a_dead_connection_are_found_beside_the_list() {
    let mut failing = kratos(TransientFailure, &[A]);
    failing.holds[0].failure = Some(HeldFailure { at: Some(clock(40)), text: "connection refused".to_string() });
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(50, &failing).serves(50, A);
    let (_, names, text) = facts.judged();
    assert_eq!(names, ["RECONNECT_BACKOFF"]);
    assert!(text.contains("failed 10.0s ago, the next one follows within 2m14s"), "{text}");

    let mut dead = kratos(Ready, &[A]);
    dead.holds[0].connections = vec![HeldConnection {
        streams_started: 9,
        streams_succeeded: 7,
        last_stream: Some(clock(20)),
        last_received: Some(clock(19)),
        ..HeldConnection::default()
    }];
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(50, &dead);
    assert!(facts.judged().1.is_empty(), "a slow server is no proof: {:?}", facts.judged());
    facts.fails(51, A, FailureCode::TimedOut);
    let (_, names, text) = facts.judged();
    assert_eq!(names, ["BLACKHOLED"]);
    assert!(text.contains("2 calls pending, nothing received for 30.0s") && text.contains("no keepalive"), "{text}");
}

#[test]
fn a_certificate_in_use_is_judged_by_its_date() {
    let mut view = kratos(Ready, &[A]);
    view.holds[0].connections =
        vec![HeldConnection { certificate_expires: Some(clock(3 * 24 * 60 * 60)), ..HeldConnection::default() }];
    let mut facts = Facts::default();
    facts.lists(1, "consul:///pay", &[A]).reads(2, &view);
    let (_, names, text) = facts.judged();
    assert_eq!(names, ["CERTIFICATE_IN_USE_EXPIRES"]);
    assert!(text.contains("the certificate on its open connection to 10.0.0.1:9000 expires"), "{text}");
}

#[test]
fn servers_show_who_stayed_and_who_did_not_come() {
    let fresh = "10.0.0.3:9000";
    let mut draining = healthy(A);
    draining.status = EndpointStatus::Draining;
    let mut facts = Facts::default();
    facts.change(1, "consul:///pay", vec![draining, healthy(B), healthy(fresh)], &[]);
    facts.served(2, A, 900, &["10.0.1.1:50001"]);
    facts.served(2, B, 900, &["10.0.1.1:50002", "10.0.1.2:50003"]);
    facts.served(2, fresh, 5, &[]);
    let names = |facts: &Facts| facts.concludes().findings.iter().map(|finding| finding.kind.name).collect::<Vec<_>>();
    assert_eq!(names(&facts), ["LEFT_ON_DRAINING"], "clients need some seconds to come");
    facts.served(3, fresh, 60, &[]);
    assert_eq!(names(&facts), ["NOBODY_CAME", "LEFT_ON_DRAINING"]);
    let texts: Vec<String> = facts.concludes().findings.iter().map(|finding| finding.text.clone()).collect();
    assert!(texts[0].contains("10.0.0.3:9000, running for 1m00s, has no client; 2 clients are connected to other endpoints: 10.0.1.1, 10.0.1.2"), "{texts:?}");
    assert!(
        texts[1].contains("10.0.0.1:9000 is draining and 1 client is still connected, with 1 open call: 10.0.1.1"),
        "{texts:?}"
    );
    // One that uses one endpoint only may do so by design.
    facts.served(4, fresh, 61, &["10.0.1.3:50004"]);
    let texts: Vec<String> = facts.concludes().findings.iter().map(|finding| finding.text.clone()).collect();
    assert!(
        texts[0].contains("has 1 client; 1 client uses several other endpoints and not this one: 10.0.1.1"),
        "{texts:?}"
    );
    assert_eq!(facts.concludes().summary.exit, 1);
}

#[test]
fn a_process_that_cannot_be_read_is_unknown() {
    let unread = Unread {
        process: "10.0.0.9:9100".to_string(),
        witness: "channelz",
        why: "UNIMPLEMENTED".to_string(),
        remedy: Some("register it".to_string()),
        is_partial: false,
    };
    let mut facts = Facts::default();
    facts.at(1, EventKind::Client(Box::new(ClientReport::Unread(unread))));
    let conclusion = facts.concludes();
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Unknown, 3));
    let found = &conclusion.findings.iter().find(|finding| finding.kind.name == "CLIENT_UNREADABLE").unwrap();
    assert_eq!(found.remedy, "register it");
}

//! Whole sessions, on a pure engine with scripted peers: no runtime, no sockets, time is a number.

mod gates;
mod health;
mod lenses;
mod liveness;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;
use crate::channel::{AcrossIdle, Options, Policy};
use crate::diagnosis::Criteria;
use crate::model::endpoint::Endpoint;
use crate::model::event::IdlePhase;
use crate::model::finding::Summary;
use crate::model::grpc_status::GrpcStatus;
use crate::model::idle_check::{CheckKind, IdleCheckOutcome, IdleCheckResult};
use crate::model::reach::{
    Disconnect, DisconnectReason, Failure, FailureCode, Health, Phase, PhaseDetail, Reach, Stage,
};
use crate::model::registry::{Registry, SourceId, WatchApi};
use crate::model::resolution::{Answer, ResolveCode, Update};
use crate::model::rpc::{RpcCause, Unanswered};
use crate::model::target::Target;
use crate::model::verdict::Verdict;
use crate::session::plan::{IdleChecks, Limits};

const A: &str = "10.0.0.1:50051";
const B: &str = "10.0.0.2:50051";

/// A registry like Consul.
static CONSUL: Registry = Registry { watch: WatchApi::BlockingQuery, ..Registry::named("consul") };

/// A registry, some servers, and a clock that the test moves.
struct Harness {
    engine: Engine,
    now: Elapsed,
    /// What the registry lists; `None` when it cannot be queried.
    registry: Option<Vec<&'static str>>,
    up: BTreeSet<&'static str>,
    /// What health services report, where it is not SERVING.
    health: BTreeMap<&'static str, Health>,
    /// Servers that implement Check and not Watch.
    check_only: BTreeSet<&'static str>,
    /// Addresses whose attempts get no response.
    unresponsive: BTreeSet<&'static str>,
    checks: usize,
    watches: usize,
    generation: BTreeMap<usize, u32>,
    open: BTreeMap<ConnectionId, Address>,
    events: Vec<Event>,
    /// Servers whose process does not run: connections stay open, and nothing is answered.
    frozen: BTreeSet<&'static str>,
    /// Future events: results of idle-connection checks, calls that time out.
    later: Vec<(Elapsed, Input)>,
    /// The longest idle time that the path tolerates.
    tolerates: Duration,
    queries: usize,
    resolve_now: usize,
    ended: bool,
}

impl Harness {
    fn new(goal: Goal, options: Options, lists: &[&'static str], up: &[&'static str]) -> Harness {
        Harness::with(goal, options, Limits::default(), lists, up)
    }

    fn with(goal: Goal, options: Options, limits: Limits, lists: &[&'static str], up: &[&'static str]) -> Harness {
        let target = Target::Foreign { scheme: CONSUL.name.to_string(), rest: "///pay".to_string() };
        let config = EngineConfig {
            label: Arc::from("consul:///pay"),
            started_at: SystemTime::UNIX_EPOCH,
            sources: vec![Arc::new(SourceId { registry: &CONSUL, target })],
            implied: Vec::new(),
            registries: Vec::new(),
            goal,
            idle_checks: IdleChecks::default(),
            service: Arc::from(""),
            channel: options,
            call_timeout: Duration::from_secs(25),
            rpc_timeout: Duration::from_secs(5),
            check_interval: Some(Duration::from_secs(30)),
            lenses: crate::session::plan::Lenses::None,
            limits,
            criteria: Criteria::default(),
            proxy: None,
        };
        Harness {
            engine: Engine::new(config),
            now: Elapsed::ZERO,
            registry: Some(lists.to_vec()),
            up: up.iter().copied().collect(),
            health: BTreeMap::new(),
            check_only: BTreeSet::new(),
            unresponsive: BTreeSet::new(),
            checks: 0,
            watches: 0,
            generation: BTreeMap::new(),
            open: BTreeMap::new(),
            events: Vec::new(),
            frozen: BTreeSet::new(),
            later: Vec::new(),
            tolerates: Duration::MAX,
            queries: 0,
            resolve_now: 0,
            ended: false,
        }
    }

    fn start(mut self) -> Harness {
        self.feed(Input::Start);
        self
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.engine.handle(self.now, input) {
                match effect {
                    Effect::Query { source, generation } => {
                        self.queries += 1;
                        self.generation.insert(source, generation);
                        inputs.push_back(self.response(source));
                    }
                    Effect::Drop { source } => {
                        self.generation.remove(&source);
                    }
                    Effect::ResolveNow => self.resolve_now += 1,
                    Effect::Probe(address) if self.unresponsive.contains(address.to_string().as_str()) => {}
                    Effect::Probe(address) => {
                        let outcome = match self.serves(&address) {
                            true => {
                                let health = self.health.get(address.to_string().as_str());
                                Ok((health.cloned().unwrap_or(Health::Serving), Duration::from_millis(1)))
                            }
                            false => Err(refused()),
                        };
                        inputs.push_back(Input::Reached(
                            address,
                            Box::new(Reach {
                                phases: Vec::new(),
                                outcome,
                                others: Vec::new(),
                                proxy: None,
                                goaway: None,
                            }),
                        ));
                    }
                    Effect::Open { address, .. } if self.unresponsive.contains(address.to_string().as_str()) => {}
                    Effect::Open { connection, address, .. } => {
                        if self.serves(&address) {
                            self.open.insert(connection, address);
                            inputs.push_back(Input::Passed(connection, settings()));
                            inputs.push_back(Input::Connected(connection));
                        } else {
                            inputs.push_back(Input::ConnectFailed(connection, refused()));
                        }
                    }
                    Effect::Close { connection, .. } => {
                        self.open.remove(&connection);
                    }
                    Effect::CheckIdle { id, address, idle_time } => {
                        let (outcome, after) = match (self.serves(&address), idle_time < self.tolerates) {
                            (false, _) => (IdleCheckOutcome::NotReached(refused()), Duration::ZERO),
                            (true, true) => (IdleCheckOutcome::Alive { rtt: Duration::ZERO }, idle_time),
                            (true, false) => (IdleCheckOutcome::Dropped { waited: FIVE, tcp: None }, idle_time + FIVE),
                        };
                        let result = Box::new(IdleCheckResult { measured_idle: idle_time, interrupted: None, outcome });
                        self.later.push((self.now + after, Input::IdleChecked(id, result)));
                    }
                    Effect::Check(connection) => {
                        self.checks += 1;
                        if self.is_frozen(connection) {
                            self.later.push((self.now + FIVE, Input::Checked(connection, unanswered(), FIVE)));
                            continue;
                        }
                        let health = self.health_of(connection);
                        inputs.push_back(Input::Checked(connection, health, Duration::from_millis(1)));
                    }
                    Effect::Watch(connection) => {
                        self.watches += 1;
                        let address = self.open.get(&connection).map(ToString::to_string).unwrap_or_default();
                        if self.unresponsive.contains(address.as_str()) || self.is_frozen(connection) {
                            continue;
                        }
                        let health = match self.check_only.contains(address.as_str()) {
                            true => Health::Unimplemented,
                            false => self.health_of(connection),
                        };
                        inputs.push_back(Input::Watched(connection, health));
                    }
                    Effect::Report(event) => self.events.push(*event),
                    Effect::End => {
                        self.ended = true;
                        self.events.extend(std::iter::from_fn(|| self.engine.next_conclusion()));
                    }
                }
            }
        }
    }

    fn response(&self, source: usize) -> Input {
        let response = match &self.registry {
            Some(lists) => {
                let endpoints = lists.iter().map(|a| Endpoint::new(a.parse().unwrap())).collect();
                Ok(Update::Reset(Answer { endpoints, notes: Vec::new() }))
            }
            None => Err(ResolveError::ambient(ResolveCode::Unreachable, "connection refused")),
        };
        let last = response.is_err();
        Input::Response { source, generation: self.generation[&source], response: Some(response), last }
    }

    fn health_of(&self, connection: ConnectionId) -> Health {
        let address = self.open.get(&connection).map(ToString::to_string).unwrap_or_default();
        self.health.get(address.as_str()).cloned().unwrap_or(Health::Serving)
    }

    fn is_frozen(&self, connection: ConnectionId) -> bool {
        self.open.get(&connection).is_some_and(|address| self.frozen.contains(address.to_string().as_str()))
    }

    /// The health reports: the status, and the code with which a Watch ended.
    fn healths(&self) -> Vec<(&str, Option<&str>)> {
        let reports = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Health(report) => {
                Some((report.health.as_str(), report.ended.as_ref().map(|end| end.code.as_str())))
            }
            _ => None,
        });
        reports.collect()
    }

    fn connection(&self, address: &str) -> ConnectionId {
        *self.open.iter().find(|(_, at)| at.to_string() == address).unwrap().0
    }

    fn serves(&self, address: &Address) -> bool {
        self.up.contains(address.to_string().as_str())
    }

    /// Advances the clock, and wakes the engine at each of its deadlines.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let deadline = self.engine.deadline().filter(|due| *due <= until && !self.ended);
            let happening = self.later.iter().map(|(at, _)| *at).min().filter(|at| *at <= until && !self.ended);
            // What has happened is processed before timers, as in the driver.
            if let Some(at) = happening.filter(|at| deadline.is_none_or(|due| *at <= due)) {
                let first = self.later.iter().position(|(due, _)| *due == at).unwrap();
                let (_, input) = self.later.remove(first);
                self.now = at;
                self.feed(input);
                continue;
            }
            let Some(due) = deadline else { break };
            assert!(due >= self.now, "a deadline in the past is a busy loop");
            self.now = due;
            self.feed(Input::TimePassed);
            if !self.ended {
                assert!(self.engine.deadline().is_none_or(|next| next > due), "the deadline was not used up");
            }
        }
        self.now = until;
    }

    fn registry_lists(&mut self, lists: &[&'static str]) {
        self.registry = Some(lists.to_vec());
        if self.generation.contains_key(&0) {
            let response = self.response(0);
            self.feed(response);
        }
    }

    fn kill(&mut self, address: &'static str) {
        self.up.remove(address);
        let dead: Vec<ConnectionId> =
            self.open.iter().filter(|(_, at)| at.to_string() == address).map(|(id, _)| *id).collect();
        for id in dead {
            self.open.remove(&id);
            let detail = "closed by peer".to_string();
            self.feed(Input::Lost(id, Disconnect { reason: DisconnectReason::Unknown, detail, goaway: None }));
        }
    }

    /// The channel's states, in order.
    fn channel_states(&self) -> Vec<&str> {
        let transitions = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Transition(t) if t.scope == crate::model::connectivity::Scope::Channel => Some(t.to.as_str()),
            _ => None,
        });
        transitions.collect()
    }

    fn findings(&self) -> Vec<&str> {
        let findings = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Finding(finding) => Some(finding.kind.code),
            _ => None,
        });
        findings.collect()
    }

    fn phases(&self) -> Vec<(IdlePhase, u64)> {
        let phases = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Idle(report) => Some((report.phase, event.at.as_millis())),
            _ => None,
        });
        phases.collect()
    }

    fn summary(&self) -> &Summary {
        let summaries: Vec<&Summary> = self
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Summary(summary) => Some(summary),
                _ => None,
            })
            .collect();
        assert_eq!(summaries.len(), 1, "one summary, and it is the last event");
        assert!(matches!(self.events.last().unwrap().kind, EventKind::Summary(_)));
        assert!(self.events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "numbered without gaps");
        summaries[0]
    }
}

fn refused() -> Failure {
    Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", Duration::ZERO)
}

fn unanswered() -> Health {
    let text = "no response to grpc.health.v1.Health/Check within 5.0s".to_string();
    Health::Failed { code: GrpcStatus::DeadlineExceeded, text, cause: RpcCause::Unanswered(Unanswered::default()) }
}

fn settings() -> Phase {
    Phase { stage: Stage::Http2, took: Duration::ZERO, detail: PhaseDetail::None }
}

fn idle(seconds: u64) -> Options {
    Options { idle_timeout: Some(Duration::from_secs(seconds)), ..Options::default() }
}

fn watching() -> Options {
    Options { policy: Policy::RoundRobin, keep_connected: true, ..Options::default() }
}

const FIVE: Duration = Duration::from_secs(5);
const TEN: Duration = Duration::from_secs(10);

#[test]
fn probe_reaches_every_endpoint_once_and_ends() {
    let harness = Harness::new(Goal::Probe, idle(1800), &[A, B], &[A, B]).start();
    assert!(harness.ended);
    assert_eq!((harness.queries, harness.summary().exit), (1, 0));
}

#[test]
fn probe_of_a_registry_that_cannot_be_queried_is_unknown() {
    let mut harness = Harness::new(Goal::Probe, idle(1800), &[], &[]);
    harness.registry = None;
    let harness = harness.start();
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD101"], 3));
}

#[test]
fn probe_of_an_empty_service_queries_twice_and_fails() {
    let harness = Harness::new(Goal::Probe, idle(1800), &[], &[]).start();
    assert_eq!((harness.queries, harness.findings(), harness.summary().exit), (2, vec!["GD102"], 2));
}

#[test]
fn resolve_queries_and_contacts_no_endpoint() {
    let harness = Harness::new(Goal::Resolve { watch: false }, idle(1800), &[A], &[]).start();
    assert_eq!(harness.summary().exit, 0);
    assert!(!harness.events.iter().any(|event| matches!(event.kind, EventKind::Connection(_))));
}

#[test]
fn an_idle_cycle_without_changes_is_healthy_and_reports_it() {
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[A]).start();
    assert_eq!(harness.channel_states(), ["CONNECTING", "READY"]);
    harness.pass(Duration::from_millis(9_999));
    assert!(!harness.ended);
    harness.pass(Duration::from_millis(1));
    assert_eq!(harness.channel_states(), ["CONNECTING", "READY", "IDLE", "CONNECTING", "READY"]);
    let at = |ms| move |phase| (phase, ms);
    let phases = [at(0)(IdlePhase::Baseline), at(0)(IdlePhase::Waiting)];
    assert_eq!(harness.phases()[..2], phases);
    assert_eq!(harness.phases()[2], (IdlePhase::Idle, 10_000));
    assert_eq!((harness.findings(), harness.summary().exit), (vec![], 0));
    assert!(harness.summary().text.contains("nothing changed"), "{}", harness.summary().text);
}

#[test]
fn idle_cycle_leaves_idle_on_the_new_address_and_names_the_old_one() {
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[A]).start();
    harness.pass(Duration::from_secs(5));
    harness.kill(A);
    harness.up.insert(B);
    harness.registry_lists(&[B]);
    harness.pass(Duration::from_secs(6));
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD603"], 1));
    let text = &harness.summary().text;
    assert!(text.contains(A) && text.contains(B), "{text}");
}

#[test]
fn frozen_discovery_has_no_effect_as_long_as_nothing_moves() {
    let options = Options { across_idle: AcrossIdle::Frozen, ..idle(10) };
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), options, &[A], &[A]).start();
    harness.pass(Duration::from_secs(10));
    // The trap of this bug: until the servers move, the call that leaves IDLE succeeds with the old list.
    assert_eq!(harness.summary().exit, 0);
}

#[test]
fn idle_cycle_survives_a_registry_that_is_away_in_the_middle() {
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[A]).start();
    harness.pass(Duration::from_secs(3));
    harness.registry = None;
    let response = harness.response(0);
    harness.feed(response);
    harness.pass(Duration::from_secs(2));
    harness.registry = Some(vec![A]);
    harness.pass(Duration::from_secs(6));
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD106"], 0));
}

#[test]
fn idle_cycle_without_a_baseline_proves_nothing_and_fails() {
    let harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A], &[]).start();
    assert_eq!(harness.summary().exit, 2);
    assert!(harness.findings().contains(&"GD605"), "{:?}", harness.findings());
}

#[test]
fn watch_goes_idle_after_the_timeout_and_discovery_goes_on() {
    let goal = Goal::Watch { until: None };
    let limits = Limits { run_for: Some(Duration::from_secs(9)), ..Limits::default() };
    let options = Options { idle_timeout: Some(Duration::from_secs(2)), ..watching() };
    let mut harness = Harness::with(goal, options, limits, &[A], &[A]).start();
    harness.pass(Duration::from_secs(5));
    assert_eq!(harness.channel_states(), ["CONNECTING", "READY", "IDLE"]);
    assert!(harness.open.is_empty(), "the connection is closed");
    harness.registry_lists(&[A, B]);
    let listed = harness.events.iter().filter(|event| matches!(event.kind, EventKind::Endpoints(_))).count();
    assert_eq!(listed, 2, "discovery goes on while IDLE");
    harness.pass(Duration::from_secs(5));
    assert_eq!(harness.summary().exit, 0);
    assert_eq!(harness.events.last().unwrap().at.as_millis(), 9_000);
}

#[test]
fn watch_shows_a_killed_server_with_causes_and_reconnects_when_it_is_back() {
    let mut harness = Harness::new(Goal::Watch { until: None }, watching(), &[A, B], &[A, B]).start();
    harness.pass(Duration::from_secs(2));
    harness.kill(A);
    let of_a = |harness: &Harness| -> Vec<String> {
        let transitions = harness.events.iter().filter_map(|event| match &event.kind {
            EventKind::Transition(t) => Some(t),
            _ => None,
        });
        let scope = crate::model::connectivity::Scope::Subchannel(A.parse().unwrap());
        transitions.filter(|t| t.scope == scope).map(|t| t.to.to_string()).collect()
    };
    assert_eq!(of_a(&harness), ["CONNECTING", "READY", "IDLE", "CONNECTING", "TRANSIENT_FAILURE"]);
    assert!(harness.resolve_now > 0, "a lost connection causes a query of the registry");
    harness.up.insert(A);
    harness.pass(Duration::from_secs(3));
    assert_eq!(of_a(&harness).last().unwrap(), "READY");
    harness.feed(Input::Finish);
    assert_eq!(harness.summary().exit, 0);
}

#[test]
fn watch_keeps_everything_while_the_registry_is_away() {
    let mut harness = Harness::new(Goal::Watch { until: None }, watching(), &[A, B], &[A, B]).start();
    harness.registry = None;
    let response = harness.response(0);
    harness.feed(response);
    harness.pass(Duration::from_secs(30));
    assert_eq!(harness.open.len(), 2, "nothing is called gone");
    harness.registry = Some(vec![A, B]);
    harness.pass(Duration::from_secs(7));
    let reported: Vec<&str> = harness
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Backend(report) => Some(report.status.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(reported.first(), Some(&"watching"));
    assert_eq!(reported.last(), Some(&"recovered"));
}

#[test]
fn until_ready_ends_at_ready_and_until_drained_when_the_list_is_empty() {
    let ready = Harness::new(Goal::Watch { until: Some(Until::Ready) }, watching(), &[A], &[A]).start();
    assert!(ready.ended);
    let mut drained = Harness::new(Goal::Watch { until: Some(Until::Drained) }, watching(), &[A], &[A]).start();
    assert!(!drained.ended);
    drained.registry_lists(&[]);
    assert!(drained.ended);
    let mut stable = Harness::new(Goal::Watch { until: Some(Until::Stable) }, watching(), &[A], &[A]).start();
    stable.pass(Duration::from_secs(9));
    assert!(!stable.ended);
    stable.pass(Duration::from_secs(2));
    assert!(stable.ended);
}

#[test]
fn a_gate_that_is_not_met_in_time_and_a_session_without_time_end_with_124() {
    let limits = Limits { run_for: Some(TEN), ..Limits::default() };
    let mut gate = Harness::with(Goal::Watch { until: Some(Until::Ready) }, watching(), limits, &[A], &[]).start();
    gate.pass(TEN);
    assert_eq!(gate.summary().exit, 124);
    let limits = Limits { max_time: Some(Duration::from_secs(3)), ..Limits::default() };
    let mut short = Harness::with(Goal::ProbeIdle(TEN), idle(10), limits, &[A], &[A]).start();
    short.pass(TEN);
    assert_eq!(short.summary().exit, 124);
}

#[test]
fn too_many_endpoints_are_reported_not_dropped_silently() {
    let limits = Limits { max_endpoints: Some(1), ..Limits::default() };
    let harness = Harness::with(Goal::Probe, idle(1800), limits, &[A, B], &[A, B]).start();
    assert!(harness.findings().contains(&"GD109"));
}

/// An idle cycle of 10 s with the idle-connection checks `holding`, over a path that tolerates `tolerates`.
fn idle_checks(idle_checks: IdleChecks, tolerates: u64) -> Harness {
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A, B], &[A, B]);
    harness.engine.config.idle_checks = idle_checks;
    harness.tolerates = Duration::from_secs(tolerates);
    harness.start()
}

impl Harness {
    /// The results of idle-connection checks: idle time in milliseconds, reason, fate.
    fn reported(&self, address: &str) -> Vec<(u128, CheckKind, &'static str)> {
        let held = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::IdleCheck(report) if report.address.to_string() == address => Some(report),
            _ => None,
        });
        held.map(|report| (report.idle_time.as_millis(), report.kind, report.result.outcome.as_str())).collect()
    }
}

#[test]
fn an_idle_connection_to_every_endpoint_is_pinged_before_anything_is_probed_again() {
    let mut harness = idle_checks(IdleChecks::default(), 8);
    harness.pass(Duration::from_secs(14));
    assert!(!harness.ended, "the pings are not answered yet");
    harness.pass(Duration::from_secs(2));
    assert!(harness.ended);
    for address in [A, B] {
        assert_eq!(harness.reported(address), [(10_000, CheckKind::Idle, "dropped")]);
    }
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD611", "GD611"], 1));
    let seqs = |wanted: fn(&EventKind) -> bool| {
        harness.events.iter().filter(|event| wanted(&event.kind)).map(|event| event.seq).collect::<Vec<_>>()
    };
    let held = seqs(|kind| matches!(kind, EventKind::IdleCheck(_)));
    let probed = seqs(|kind| matches!(kind, EventKind::Health(_)));
    assert!(probed.last() > held.last(), "{held:?} {probed:?}");
    let matches = |event: &&Event| matches!(&event.kind, EventKind::Idle(report) if report.text.contains("2 idle-connection checks are running"));
    assert!(harness.events.iter().any(|event| matches(&event)));
}

#[test]
fn an_idle_time_of_the_list_longer_than_the_cycle_prolongs_the_session_and_is_reported() {
    let ladder = vec![FIVE, Duration::from_secs(60)];
    let mut harness = idle_checks(IdleChecks { ladder, find_cutoff: None }, 30);
    harness.pass(Duration::from_secs(64));
    assert!(!harness.ended);
    assert_eq!(harness.phases().last(), Some(&(IdlePhase::Checking, 10_000)));
    let deadlines = harness.events.iter().filter_map(|event| match &event.kind {
        EventKind::Idle(report) if report.phase == IdlePhase::Checking => Some(report.deadline),
        _ => None,
    });
    assert_eq!(deadlines.collect::<Vec<_>>(), [Some(Elapsed::from_secs(60))], "reported once");
    harness.pass(Duration::from_secs(1));
    assert!(harness.ended);
    let expected = [
        (5_000, CheckKind::Ladder, "alive"),
        (10_000, CheckKind::Idle, "alive"),
        (60_000, CheckKind::Ladder, "dropped"),
    ];
    assert_eq!(harness.reported(A), expected);
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD613", "GD613"], 0));
}

#[test]
fn the_limit_is_searched_in_rounds_and_found_within_a_tenth() {
    let find_cutoff = Some(Duration::from_secs(60));
    let mut harness = idle_checks(IdleChecks { ladder: Vec::new(), find_cutoff }, 20);
    harness.pass(Duration::from_secs(130));
    assert!(harness.ended);
    let reported = harness.reported(A);
    let of = |outcome| reported.iter().filter(move |(.., became)| *became == outcome).map(|(ms, ..)| *ms);
    let (low, high) = (of("alive").max().unwrap(), of("dropped").min().unwrap());
    assert!(low < 20_000 && 20_000 <= high && high * 10 <= low * 11, "{reported:?}");
    assert_eq!((harness.findings(), harness.summary().exit), (vec!["GD613", "GD613"], 0));
}

#[test]
fn what_was_not_reached_is_not_kept_idle_and_a_loss_in_the_idle_period_is_its_own_finding() {
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &[A, B], &[A]).start();
    assert_eq!((harness.later.len(), harness.findings()), (1, vec![]));
    harness.tolerates = FIVE;
    harness.kill(A);
    let (_, Input::IdleChecked(_, result)) = &mut harness.later[0] else { panic!("the idle connection shows it") };
    result.outcome = IdleCheckOutcome::Dropped { waited: FIVE, tcp: None };
    harness.pass(Duration::from_secs(60));
    assert!(!harness.findings().contains(&"GD611"), "{:?}: its endpoint is dead", harness.findings());
}

#[test]
fn at_most_a_thousand_are_kept_idle_and_at_most_eight_get_the_list_of_times() {
    let lists: Vec<&'static str> =
        (0..1_200).map(|host| -> &'static str { format!("10.1.{}.{}:80", host / 250, host % 250).leak() }).collect();
    let mut harness = Harness::new(Goal::ProbeIdle(TEN), idle(10), &lists, &lists);
    harness.engine.config.idle_checks = IdleChecks { ladder: vec![FIVE], find_cutoff: None };
    let harness = harness.start();
    assert_eq!(harness.later.len(), 1_008);
    let text = harness.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Idle(report) => Some(report.text.clone()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.contains("for the first 1000 of 1200 endpoints") && text.contains("the first 8 of 1000"), "{text}");
}

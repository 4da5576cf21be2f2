//! Conclusions from hand-written events: every finding here has exactly the proof that the test gives.

mod endings;
mod idle_checks;
mod registries;
mod rotation;
mod tls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::ledger::{Call, IdleCallError, Ledger};
use super::*;
use crate::backend::tests::source;
use crate::model::endpoint::{Address, Endpoint, EndpointStatus};
use crate::model::event::*;
use crate::model::finding::Severity;
use crate::model::reach::{Failure, FailureCode, Health, Phase, PhaseDetail, Resource, Stage};
use crate::model::resolution::{Note, NoteKind, ResolveCode, ResolveFailure};
use crate::model::time::Elapsed;
use crate::model::verdict::EndpointVerdict;

/// A ledger that receives one event after another, one second apart.
#[derive(Default)]
pub(super) struct EventLog {
    ledger: Ledger,
    seq: u64,
}

impl EventLog {
    fn add(&mut self, kind: EventKind) -> &mut Self {
        self.seq += 1;
        let at = Elapsed::from_secs(self.seq);
        let time = SystemTime::UNIX_EPOCH + at.since_start();
        self.ledger.observe(&Event { seq: self.seq, time, at, target: Arc::from("pay"), kind });
        self
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn lists(&mut self, backend: &'static str, endpoints: &[(&str, EndpointStatus)]) -> &mut Self {
        self.lists_with(backend, endpoints, &[], Vec::new())
    }

    fn lists_with(
        &mut self,
        backend: &'static str,
        added: &[(&str, EndpointStatus)],
        removed: &[(&str, EndpointStatus)],
        notes: Vec<Note>,
    ) -> &mut Self {
        let make = |list: &[(&str, EndpointStatus)]| -> Vec<Endpoint> {
            let one = |(address, status): &(&str, EndpointStatus)| {
                let mut endpoint = Endpoint::new(address.parse().unwrap());
                endpoint.status = *status;
                endpoint
            };
            list.iter().map(one).collect()
        };
        self.add(EventKind::Endpoints(EndpointsChange {
            source: source(&format!("{backend}:///pay")),
            added: make(added),
            removed: make(removed),
            changed: Vec::new(),
            total: added.len(),
            notes,
            lags: Vec::new(),
        }))
    }

    fn breaks(&mut self, backend: &'static str) -> &mut Self {
        self.watch(backend, BackendStatus::Broken)
    }

    fn watch(&mut self, backend: &'static str, status: BackendStatus) -> &mut Self {
        let failure = ResolveFailure::new(ResolveCode::Unreachable, "connection refused");
        self.add(EventKind::Backend(BackendReport {
            source: source(&format!("{backend}:///pay")),
            status,
            error: (status == BackendStatus::Broken).then_some(failure),
            retry_in: None,
            gap: None,
        }))
    }

    fn serves(&mut self, address: &str) -> &mut Self {
        self.health(address, Health::Serving)
    }

    fn health(&mut self, address: &str, health: Health) -> &mut Self {
        let phase = Phase { stage: Stage::Http2, took: Duration::from_millis(1), detail: PhaseDetail::None };
        let address: Address = address.parse().unwrap();
        self.add(EventKind::Connection(ConnectionReport { address: address.clone(), result: Ok(phase) }));
        let service = String::new();
        self.add(EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy: None }))
    }

    fn fails(&mut self, address: &str, stage: Stage, code: FailureCode) -> &mut Self {
        let failure = Failure::new(stage, code, code.as_str(), Duration::from_millis(1));
        let result = Err(failure);
        self.add(EventKind::Connection(ConnectionReport { address: address.parse().unwrap(), result }))
    }

    fn phase(&mut self, phase: IdlePhase) -> &mut Self {
        self.add(EventKind::Idle(IdleReport { phase, deadline: None, changes: 0, cost: None, text: String::new() }))
    }

    fn calls(&mut self, phase: IdlePhase, address: &str, outcome: Result<Health, String>) -> &mut Self {
        let call = Call {
            phase,
            address: address.parse().ok(),
            outcome: outcome.map_err(IdleCallError::Channel),
            took: Duration::from_millis(3),
            cost: None,
            stages: Vec::new(),
        };
        self.ledger.call(call, self.seq, Elapsed::from_secs(self.seq));
        self
    }

    fn concludes(&self) -> Conclusion {
        self.judged(&Criteria::default())
    }

    fn judged(&self, criteria: &Criteria) -> Conclusion {
        let conclusion = judge(&self.ledger, criteria, Depth::Network);
        for finding in &conclusion.findings {
            assert!(!finding.evidence.is_empty(), "{} without proof", finding.kind.code);
            assert!(finding.evidence.iter().all(|seq| (1..=self.seq).contains(seq)));
        }
        conclusion
    }
}

#[test]
fn an_ignored_finding_is_counted_and_changes_no_verdict() {
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (B, LISTED)]).serves(A).health(B, Health::NotServing);
    let ignored = |code: &str, address: Option<&str>| {
        let kind = FINDINGS.iter().copied().find(|kind| kind.code == code).unwrap();
        let ignored = Ignored { kind, address: address.map(|address| address.parse().unwrap()) };
        log.judged(&Criteria { ignore: vec![ignored], ..Criteria::default() }).summary
    };
    for here in [None, Some(B)] {
        let summary = ignored("GD501", here);
        assert_eq!((summary.verdict, summary.exit, summary.counts.ignored), (Verdict::Healthy, 0, 1));
        assert_eq!(summary.text, "1 of 2 healthy; 1 NOT_SERVING; 1 finding ignored (--ignore)");
    }
    for other in [ignored("GD501", Some(A)), ignored("GD201", None)] {
        assert_eq!((other.verdict, other.exit, other.counts.ignored), (Verdict::Degraded, 1, 0));
        assert_eq!(other.text, "1 of 2 healthy; 1 NOT_SERVING");
    }
}

fn codes(conclusion: &Conclusion) -> Vec<&str> {
    conclusion.findings.iter().map(|finding| finding.kind.code).collect()
}

const UP: EndpointStatus = EndpointStatus::Healthy;
const LISTED: EndpointStatus = EndpointStatus::Unchecked;
const A: &str = "10.0.0.1:50051";
const B: &str = "10.0.0.2:50051";
const C: &str = "10.0.0.3:50051";

#[test]
fn three_healthy_endpoints_prove_no_fault() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP), (B, UP), (C, UP)]).serves(A).serves(B).serves(C);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), [""; 0]);
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Healthy, 0));
    assert_eq!(conclusion.summary.text, "all 3 endpoints are healthy");
}

#[test]
fn an_unreachable_endpoint_without_a_check_is_unreachable() {
    let mut log = EventLog::default();
    log.lists("ip", &[(A, LISTED)]).fails(A, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD201"]);
    assert_eq!(conclusion.endpoints[0].verdict, EndpointVerdict::Unreachable);
    assert_eq!(conclusion.summary.exit, 2);
}

#[test]
fn an_unreachable_endpoint_that_the_registry_lists_as_healthy_is_dead() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP), (B, UP)]).serves(A).fails(B, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD601"]);
    assert!(
        conclusion.findings[0]
            .text
            .contains("is reported as healthy by consul but is unreachable: tcp: connection_refused")
    );
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Degraded, 1));
}

#[test]
fn a_service_of_one_is_summed_up_in_a_sentence() {
    let mut log = EventLog::default();
    log.lists("consul", &[(B, UP)]).fails(B, Stage::Tcp, FailureCode::Refused);
    let text = log.concludes().summary.text;
    assert_eq!(text, "10.0.0.2:50051 refuses connections");
}

#[test]
fn a_dead_endpoint_that_the_registry_lists_as_critical_is_a_leftover_and_changes_no_verdict() {
    let mut log = EventLog::default();
    let critical = EndpointStatus::Critical;
    log.lists("consul", &[(A, UP), (B, critical)]).serves(A).fails(B, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD607"]);
    assert_eq!(conclusion.summary.exit, 0);
}

#[test]
fn not_serving_is_unhealthy_and_no_health_service_is_nothing() {
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (B, LISTED)]).health(A, Health::NotServing).health(B, Health::Unimplemented);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD501"]);
    assert_eq!(conclusion.summary.exit, 1);
}

#[test]
fn a_registry_that_cannot_be_queried_is_unknown_not_dead() {
    let mut log = EventLog::default();
    log.breaks("consul");
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD101"]);
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Unknown, 3));
}

#[test]
fn an_empty_answer_with_authority_is_failed() {
    let mut log = EventLog::default();
    log.lists("consul", &[]);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD102"]);
    assert_eq!((conclusion.summary.verdict, conclusion.summary.exit), (Verdict::Failed, 2));
}

#[test]
fn an_awaited_drain_is_not_a_failure_unless_there_never_was_an_endpoint() {
    let mut log = EventLog::default();
    log.ledger.drains = true;
    log.lists("consul", &[]);
    assert_eq!((codes(&log.concludes()), log.concludes().summary.exit), (vec!["GD102"], 2));
    let mut log = EventLog::default();
    log.ledger.drains = true;
    log.lists("consul", &[(A, UP)]).serves(A);
    assert_eq!(log.concludes().summary.text, "the only endpoint is healthy");
    log.lists_with("consul", &[], &[(A, UP)], Vec::new());
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (Vec::new(), 0));
    assert_eq!(conclusion.summary.text, "drained: no endpoint is listed");
    log.ledger.drains = false;
    assert_eq!(codes(&log.concludes()), ["GD102"], "not waited for, it is a failure");
    log.ledger.drains = true;
    log.breaks("consul");
    assert_eq!(log.concludes().summary.exit, 3, "a registry that cannot be queried has not drained");
}

#[test]
fn an_empty_answer_beside_an_unresponsive_registry_is_unknown() {
    let mut log = EventLog::default();
    log.lists("dns", &[]).breaks("consul");
    assert_eq!(log.concludes().summary.exit, 3);
}

#[test]
fn a_token_without_access_is_unknown_not_empty() {
    let mut log = EventLog::default();
    let note = Note::new(NoteKind::AclFiltered, "the token may not read the service");
    log.lists_with("consul", &[], &[], vec![note]);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD104"]);
    assert_eq!(conclusion.summary.exit, 3);
}

#[test]
fn backends_that_differ_are_named_with_what_they_miss() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).lists("dns", &[(A, LISTED), (B, LISTED)]).serves(A).serves(B);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD103", "GD602"]);
    assert_eq!(conclusion.findings[0].text, "consul:///pay does not list 10.0.0.2:50051");
    assert_eq!(conclusion.summary.exit, 1);
}

#[test]
fn a_backend_that_was_not_named_and_that_does_not_know_the_name_is_not_a_disagreement() {
    let mut log = EventLog::default();
    log.ledger.implied = vec![source("dns:///pay"), source("consul:///pay")];
    log.lists("consul", &[(A, UP)]).lists("dns", &[]).serves(A);
    assert_eq!(codes(&log.concludes()), [""; 0]);
    log.ledger.implied.clear();
    assert_eq!(codes(&log.concludes()), ["GD103"]);
}

#[test]
fn an_endpoint_that_an_authority_lists_as_critical_is_not_missing_there() {
    let mut log = EventLog::default();
    let critical = EndpointStatus::Critical;
    log.lists("consul", &[(A, UP), (B, critical)]).lists("dns", &[(A, LISTED)]).serves(A);
    log.fails(B, Stage::Tcp, FailureCode::Refused);
    assert_eq!(codes(&log.concludes()), ["GD607"]);
}

#[test]
fn all_black_holes_point_at_our_own_place() {
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (B, LISTED)]);
    log.fails(A, Stage::Tcp, FailureCode::TimedOut).fails(B, Stage::Tcp, FailureCode::TimedOut);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD204", "GD204", "GD901"]);
    assert_eq!(conclusion.summary.exit, 3);
}

#[test]
fn a_gap_that_ended_is_reported_and_has_no_effect() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).serves(A).breaks("consul").watch("consul", BackendStatus::Recovered);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD106"]);
    assert_eq!(conclusion.findings[0].text, "the watch on consul:///pay was lost for 1.0s and recovered");
    assert_eq!(conclusion.summary.exit, 0);
}

#[test]
fn an_endpoint_that_moved_during_the_idle_period_names_old_and_new() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).serves(A).phase(IdlePhase::Baseline);
    log.phase(IdlePhase::Waiting).calls(IdlePhase::Baseline, A, Ok(Health::Serving));
    log.lists_with("consul", &[(B, UP)], &[(A, UP)], Vec::new());
    log.phase(IdlePhase::Call).calls(IdlePhase::Call, B, Ok(Health::Serving));
    log.serves(B).fails(A, Stage::Tcp, FailureCode::Refused);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD603"]);
    let text = &conclusion.findings[0].text;
    assert!(
        text.starts_with("10.0.0.1:50051 was removed from consul 1.0s into the idle period and is unreachable now"),
        "{text}"
    );
    assert!(text.ends_with("new: 10.0.0.2:50051"), "{text}");
    assert_eq!(conclusion.summary.exit, 1);
    assert_eq!(conclusion.endpoints.last().unwrap().verdict, EndpointVerdict::Stale);
}

#[test]
fn a_first_call_that_outlasts_its_deadline_names_every_stage() {
    let log = |resolve: u64| {
        let mut log = EventLog::default();
        log.ledger.rpc_timeout = Some(Duration::from_millis(250));
        log.lists("consul", &[(A, UP)]).serves(A).phase(IdlePhase::Baseline);
        log.phase(IdlePhase::Waiting).calls(IdlePhase::Baseline, A, Ok(Health::Serving));
        log.phase(IdlePhase::Call).calls(IdlePhase::Call, A, Ok(Health::Serving)).serves(A);
        let connecting = vec![(Stage::Tcp, Duration::from_millis(20)), (Stage::Http2, Duration::from_millis(40))];
        let (rpc, total) = (Duration::from_millis(10), Duration::from_millis(70));
        let cost = CallCost { resolve: Some(Duration::from_millis(resolve)), connecting, rpc, total };
        log.ledger.calls[1].what.cost = Some(cost);
        log.concludes()
    };
    assert_eq!(codes(&log(180)), [""; 0], "250 ms are enough for 250 ms");
    let slow = log(240);
    assert_eq!((codes(&slow), slow.summary.exit), (vec!["GD610"], 1));
    let parts = "takes 310ms (registry 240ms, tcp 20ms, http2 40ms, rpc 10ms), but its deadline is 250ms";
    assert!(slow.findings[0].text.contains(parts), "{}", slow.findings[0].text);
}

#[test]
fn an_idle_period_without_changes_is_reported_as_such() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).serves(A).phase(IdlePhase::Baseline);
    log.phase(IdlePhase::Waiting).calls(IdlePhase::Baseline, A, Ok(Health::Serving));
    log.phase(IdlePhase::Call).calls(IdlePhase::Call, A, Ok(Health::Serving)).serves(A);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), [""; 0]);
    assert!(conclusion.summary.text.contains("nothing changed during the idle period"), "{}", conclusion.summary.text);
    assert_eq!(conclusion.summary.exit, 0);
}

#[test]
fn an_old_address_that_still_answers_is_reported() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).serves(A).phase(IdlePhase::Baseline).phase(IdlePhase::Waiting);
    log.lists_with("consul", &[(B, UP)], &[(A, UP)], Vec::new());
    log.calls(IdlePhase::Call, B, Ok(Health::Serving)).serves(A).serves(B);
    assert_eq!(codes(&log.concludes()), ["GD603", "GD606"]);
}

#[test]
fn gates_move_the_exit_code_and_not_the_verdict() {
    let mut log = EventLog::default();
    log.lists("consul", &[(A, UP)]).lists("dns", &[(A, LISTED), (B, LISTED)]).serves(A).serves(B);
    let criteria = Criteria { fail_on: Some(Severity::Critical), ..Criteria::default() };
    let softened = log.judged(&criteria);
    assert_eq!((softened.summary.verdict, softened.summary.exit), (Verdict::Degraded, 0));
    let criteria = Criteria { min_ready: Some(MinReady::Count(3)), ..Criteria::default() };
    assert_eq!(log.judged(&criteria).summary.exit, 2);
    let criteria = Criteria { min_ready: Some(MinReady::Percent(100)), ..Criteria::default() };
    assert_eq!(log.judged(&criteria).summary.exit, 1);
    let mut one_down = EventLog::default();
    one_down.lists("consul", &[(A, UP), (B, UP)]).serves(A).fails(B, Stage::Tcp, FailureCode::Refused);
    assert_eq!(one_down.concludes().summary.exit, 1);
    let criteria = Criteria { min_ready: Some(MinReady::Percent(50)), ..Criteria::default() };
    let enough = one_down.judged(&criteria);
    assert_eq!((enough.summary.verdict, enough.summary.exit), (Verdict::Degraded, 0));
    let criteria = Criteria { expect: vec![C.parse().unwrap()], ..Criteria::default() };
    assert!(codes(&log.judged(&criteria)).contains(&"GD105"));
}

#[test]
fn what_this_machine_could_not_try_is_one_finding_and_no_judgement_of_endpoints() {
    let out = FailureCode::Exhausted(Resource::Files);
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED), (B, LISTED), (C, LISTED)]);
    log.serves(A).fails(B, Stage::Tcp, out).fails(C, Stage::Tcp, out);
    let conclusion = log.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD904"], 3));
    assert_eq!(conclusion.findings[0].address, None);
    assert!(conclusion.findings[0].text.starts_with("2 of 3 endpoints were not tried"), "{conclusion:?}");
    assert!(conclusion.findings[0].remedy.contains("ulimit"), "{conclusion:?}");
    // One is enough, and one is healthy: the untried one does not matter.
    let enough = |count| Criteria { min_ready: Some(MinReady::Count(count)), ..Criteria::default() };
    assert_eq!(log.judged(&enough(1)).summary.exit, 0);
    assert_eq!(log.judged(&enough(2)).summary.exit, 3);
    assert_eq!(log.judged(&enough(4)).summary.exit, 2);

    // What is known to be wrong remains known.
    let mut degraded = EventLog::default();
    degraded.lists("dns", &[(A, LISTED), (B, LISTED), (C, LISTED)]);
    degraded.serves(A).fails(B, Stage::Tcp, out).fails(C, Stage::Tcp, FailureCode::Refused);
    assert_eq!(degraded.concludes().summary.exit, 1);
    // The dead one does not prove that the other is dead too.
    let mut unknown = EventLog::default();
    unknown.lists("dns", &[(A, LISTED), (B, LISTED)]).fails(A, Stage::Tcp, FailureCode::Refused);
    unknown.fails(B, Stage::Tcp, FailureCode::Exhausted(Resource::Ports));
    let conclusion = unknown.concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD201", "GD904"], 3));
    assert!(conclusion.findings[1].remedy.contains("TIME_WAIT"), "{conclusion:?}");
}

#[test]
fn every_failure_code_has_its_finding() {
    // Every code in every stage: none may panic, and each maps to a kind of the catalog.
    let codes = [
        FailureCode::NameNotFound,
        FailureCode::Refused,
        FailureCode::Unreachable,
        FailureCode::Reset,
        FailureCode::TimedOut,
        FailureCode::Closed,
        FailureCode::NoSocket,
        FailureCode::NotASocket,
        FailureCode::Io,
        FailureCode::CertificateExpired,
        FailureCode::CertificateNotYetValid,
        FailureCode::HostnameMismatch,
        FailureCode::AuthorityInvalid,
        FailureCode::ClientCertificateRequired,
        FailureCode::NoApplicationProtocol,
        FailureCode::NotTls,
        FailureCode::TlsFailed,
        FailureCode::Http1,
        FailureCode::TlsExpected,
        FailureCode::NotHttp2,
        FailureCode::GoAway,
        FailureCode::NoStreams,
        FailureCode::ProtocolError,
        FailureCode::Rpc,
    ];
    for code in codes {
        for stage in [Stage::Resolve, Stage::Tcp, Stage::Unix, Stage::Tls, Stage::Http2, Stage::Health] {
            let mut log = EventLog::default();
            log.lists("dns", &[(A, LISTED), (B, LISTED)]).fails(A, stage, code).serves(B);
            let conclusion = log.concludes();
            assert_eq!(conclusion.findings.len(), 1, "{code:?} in {stage}");
            assert!(FINDINGS.contains(&conclusion.findings[0].kind));
            assert_eq!(conclusion.summary.exit, 1);
        }
    }
}

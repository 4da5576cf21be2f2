//! How connections are closed, and what a call gets instead of a response.

use super::*;
use crate::model::grpc_status::GrpcStatus;
use crate::model::proxy::ProxyName;
use crate::model::reach::{Disconnect, DisconnectReason, GoAway, PeerSettings};
use crate::model::rpc::{RpcCause, Unanswered};

impl EventLog {
    /// READY now; allows this many streams.
    fn ready(&mut self, address: &str, streams: Option<u32>) -> &mut Self {
        let settings = PeerSettings { max_concurrent_streams: streams, ..PeerSettings::default() };
        let detail = PhaseDetail::Settings(settings);
        let phase = Phase { stage: Stage::Http2, took: Duration::from_millis(1), detail };
        self.add(EventKind::Connection(ConnectionReport { address: address.parse().unwrap(), result: Ok(phase) }))
    }

    /// READY, `lived` seconds, lost.
    fn lives(&mut self, address: &str, lived: u64, disconnect: Disconnect) -> &mut Self {
        self.ready(address, None);
        self.seq += lived - 1;
        self.add(EventKind::Disconnect { address: address.parse().unwrap(), disconnect, idle: None })
    }

    /// Its health service responds on the existing connection.
    fn health_answers(&mut self, address: &str) -> &mut Self {
        let (address, service, health) = (address.parse().unwrap(), String::new(), Health::Serving);
        self.add(EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy: None }))
    }

    fn call_fails(&mut self, address: &str, text: &str, cause: RpcCause) -> &mut Self {
        self.health(address, Health::Failed { code: GrpcStatus::Unavailable, text: text.into(), cause })
    }
}

fn goaway(code: u32, debug: &str) -> Disconnect {
    let goaway = GoAway { last_stream: 0, code, debug: debug.to_string() };
    Disconnect { reason: DisconnectReason::GoAway(code), detail: debug.to_string(), goaway: Some(goaway) }
}

fn abrupt() -> Disconnect {
    Disconnect { reason: DisconnectReason::Unknown, detail: "closed by peer".to_string(), goaway: None }
}

fn listed() -> EventLog {
    let mut log = EventLog::default();
    log.lists("dns", &[(A, LISTED)]);
    log
}

fn texts(conclusion: &Conclusion) -> Vec<String> {
    conclusion.findings.iter().map(|finding| format!("{} {}", finding.kind.code, finding.text)).collect()
}

#[test]
fn a_server_that_names_its_age_limit_rotates_and_does_not_flap() {
    let mut log = listed();
    for lived in [30, 33, 30, 31] {
        log.lives(A, lived, goaway(0, "max_age"));
    }
    let conclusion = log.ready(A, None).health_answers(A).concludes();
    let text = "GD412 10.0.0.1:50051 rotates connections, after 30.0s to 33.0s: GOAWAY NO_ERROR (max_age)";
    assert_eq!(texts(&conclusion), [text]);
    assert_eq!(conclusion.findings[0].evidence.len(), 4);
    assert_eq!(conclusion.summary.exit, 0, "by design");
}

#[test]
fn an_idle_rule_is_known_by_its_text_whatever_the_code() {
    let conclusion = listed().lives(A, 60, goaway(2, "connection idle")).concludes();
    let text = "GD412 10.0.0.1:50051 closes idle connections after 1m00s: GOAWAY INTERNAL_ERROR (connection idle)";
    assert_eq!(texts(&conclusion), [text]);
}

#[test]
fn closes_without_goaway_are_rotation_only_when_they_are_regular() {
    let after = |lives: &[u64]| {
        let mut log = listed();
        for lived in lives {
            log.lives(A, *lived, goaway(0, ""));
        }
        texts(&log.ready(A, None).concludes())
    };
    assert_eq!(after(&[20, 18, 21]).len(), 1);
    assert_eq!(after(&[20, 19]), [""; 0], "two do not form a pattern");
    assert_eq!(after(&[20, 60, 5]), [""; 0], "deploys are irregular and polite: nothing is wrong");
}

#[test]
fn three_losses_without_a_reason_are_flapping_and_two_are_not() {
    let mut log = listed();
    log.lives(A, 2, abrupt()).lives(A, 4, abrupt()).ready(A, None);
    assert_eq!(codes(&log.concludes()), [""; 0]);
    let conclusion = log.lives(A, 3, goaway(2, "")).ready(A, None).health_answers(A).concludes();
    let text =
        "GD413 10.0.0.1:50051 is flapping: READY and lost 3 times, after 2.0s to 4.0s, last: GOAWAY INTERNAL_ERROR";
    assert_eq!(texts(&conclusion), [text]);
    assert_eq!(conclusion.summary.exit, 1);
}

#[test]
fn a_connection_that_was_lost_before_any_answer_is_not_called_healthy() {
    let mut log = listed();
    let conclusion = log.lives(A, 2, abrupt()).concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD414"], 2));
    assert_eq!(conclusion.findings[0].evidence, [1, 4]);
    assert_eq!(codes(&log.serves(A).concludes()), [""; 0], "the next one answers");
    let conclusion = log.ready(A, None).lives(A, 2, goaway(0, "")).concludes();
    assert_eq!(codes(&conclusion), [""; 0], "a close with GOAWAY is not a fault of the server");
}

#[test]
fn too_many_pings_is_neither_rotation_nor_flapping() {
    let mut log = listed();
    for _ in 0..3 {
        log.lives(A, 40, goaway(11, "too_many_pings"));
    }
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD411"]);
    assert!(
        conclusion.findings[0].text.ends_with("because of too many pings: GOAWAY ENHANCE_YOUR_CALM (too_many_pings)")
    );
}

#[test]
fn a_loss_of_an_address_that_is_no_longer_listed_is_not_a_finding() {
    let mut log = listed();
    for _ in 0..3 {
        log.lives(A, 2, abrupt());
    }
    log.lists_with("dns", &[(B, LISTED)], &[(A, LISTED)], Vec::new()).serves(B);
    assert_eq!(codes(&log.concludes()), [""; 0]);
}

#[test]
fn one_stream_is_a_limit_and_a_hundred_are_not() {
    assert_eq!(codes(&listed().ready(A, Some(100)).concludes()), [""; 0]);
    let conclusion = listed().ready(A, Some(1)).health_answers(A).concludes();
    assert_eq!((codes(&conclusion), conclusion.summary.exit), (vec!["GD410"], 0));
}

#[test]
fn an_unknown_service_is_reported_with_the_names_that_are_known() {
    let mut log = listed();
    log.ledger.service = Arc::from("py");
    let add_health = |log: &mut EventLog, service: &str, health| {
        let (address, service) = (A.parse().unwrap(), service.to_string());
        log.add(EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy: None }));
    };
    add_health(&mut log, "", Health::Serving);
    add_health(&mut log, "pay", Health::NotServing);
    add_health(&mut log, "py", Health::ServiceUnknown);
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD502"]);
    let text = &conclusion.findings[0].text;
    assert!(
        text.ends_with("is not registered with its health service; other services: \"\" SERVING, \"pay\" NOT_SERVING"),
        "{text}"
    );
    assert_eq!(conclusion.findings[0].evidence, [1, 4, 2, 3]);
}

#[test]
fn the_peer_that_ended_the_call_is_named() {
    let http = |status, by: Option<ProxyName>| RpcCause::Http { status, by, hint: None };
    let calm = GoAway { last_stream: 0, code: 11, debug: "too_many_pings".to_string() };
    let bye = GoAway { last_stream: 0, code: 0, debug: String::new() };
    for (cause, code) in [
        (http(503, Some(ProxyName::Envoy)), "GD407"),
        (RpcCause::Proxy { name: ProxyName::Envoy, hint: None }, "GD407"),
        (http(200, None), "GD408"),
        (RpcCause::Reset(7), "GD409"),
        (RpcCause::GoAway(calm), "GD411"),
        (RpcCause::GoAway(bye), "GD404"),
        (RpcCause::Lost(abrupt()), "GD414"),
        (RpcCause::Status, "GD503"),
        (RpcCause::Unanswered(Unanswered::default()), "GD503"),
        (RpcCause::Client, "GD503"),
    ] {
        let conclusion = listed().call_fails(A, "words", cause.clone()).concludes();
        assert_eq!(codes(&conclusion), [code], "{cause:?}");
    }
    let conclusion = listed().call_fails(A, "HTTP 401 (unauthorized)", http(401, None)).concludes();
    assert!(conclusion.findings[0].remedy.starts_with("Add credentials with -H"));
}

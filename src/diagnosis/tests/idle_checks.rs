//! What connections that were kept idle prove.

use super::*;
use crate::model::idle_check::{CheckKind, IdleCheckOutcome, IdleCheckReport, IdleCheckResult, Interruption, TcpState};
use crate::model::proxy::{Proxy, ProxyName};
use crate::model::reach::{Disconnect, DisconnectReason, GoAway};

impl EventLog {
    fn checked(&mut self, address: &str, kind: CheckKind, quiet: f64, outcome: IdleCheckOutcome) -> &mut Self {
        let quiet = Duration::from_secs_f64(quiet);
        let result = IdleCheckResult { measured_idle: quiet, interrupted: None, outcome };
        self.add(EventKind::IdleCheck(Box::new(IdleCheckReport {
            address: address.parse().unwrap(),
            idle_time: quiet,
            kind,
            result,
        })))
    }

    fn ladder(&mut self, address: &str, checks: &[(f64, IdleCheckOutcome)]) -> &mut Self {
        for (quiet, outcome) in checks {
            self.checked(address, CheckKind::Cutoff, *quiet, outcome.clone());
        }
        self
    }
}

fn log(addresses: &[&str]) -> EventLog {
    let mut log = EventLog::default();
    log.lists("consul", &addresses.iter().map(|address| (*address, UP)).collect::<Vec<_>>());
    for address in addresses {
        log.serves(address);
    }
    log
}

fn alive() -> IdleCheckOutcome {
    IdleCheckOutcome::Alive { rtt: Duration::from_millis(1) }
}

fn dropped(unacked: u32) -> IdleCheckOutcome {
    let tcp = Some(TcpState { unacked, retransmits: 4, last_ack: Duration::from_secs(35) });
    IdleCheckOutcome::Dropped { waited: Duration::from_secs(5), tcp }
}

fn closed(after: f64, reason: DisconnectReason, goaway: Option<(u32, &str)>, pinged: bool) -> IdleCheckOutcome {
    let goaway = goaway.map(|(code, debug)| GoAway { last_stream: 0, code, debug: debug.to_string() });
    let detail = goaway.as_ref().map(|goaway| goaway.debug.clone()).unwrap_or_default();
    IdleCheckOutcome::Closed {
        after: Duration::from_secs_f64(after),
        disconnect: Disconnect { reason, detail, goaway },
        pinged,
    }
}

fn reset(after: f64) -> IdleCheckOutcome {
    closed(after, DisconnectReason::ConnectionReset, None, false)
}

/// Codes and sentences.
fn found(log: &EventLog) -> Vec<(&'static str, String)> {
    log.concludes().findings.into_iter().map(|finding| (finding.kind.code, finding.text)).collect()
}

#[test]
fn connections_that_live_prove_no_fault() {
    let mut log = log(&[A, B]);
    log.checked(A, CheckKind::Idle, 30.0, alive()).checked(B, CheckKind::Idle, 30.0, alive());
    assert_eq!((found(&log), log.concludes().summary.exit), (vec![], 0));
}

#[test]
fn tcp_distinguishes_a_path_without_state_from_a_process_that_does_not_respond() {
    let mut log = log(&[A, B]);
    log.checked(A, CheckKind::Idle, 30.0, dropped(0)).checked(B, CheckKind::Idle, 30.0, dropped(1));
    let found = found(&log);
    assert!(found.iter().all(|(code, _)| *code == "GD611") && found.len() == 2, "{found:?}");
    let starts = format!(
        "{A}: packets on a connection idle for 30.0s are silently dropped: no response to a ping within 5.0s; "
    );
    assert!(found[0].1.starts_with(&starts), "{found:?}");
    assert!(found[0].1.contains("TCP acknowledged the ping, but there was no response"), "{found:?}");
    let tcp = "TCP did not acknowledge it either (1 unacknowledged, 4 retransmissions, last acknowledgement 35.0s ago)";
    assert!(found[1].1.contains(tcp), "{found:?}");
    assert_eq!(log.concludes().summary.exit, 1);
}

#[test]
fn an_endpoint_that_accepts_no_new_connection_is_not_a_path_that_drops_state() {
    let mut log = log(&[A, B]);
    log.checked(A, CheckKind::Idle, 30.0, dropped(1)).fails(A, Stage::Tcp, FailureCode::TimedOut);
    assert!(found(&log).iter().all(|(code, _)| *code != "GD611"), "{:?}", found(&log));
}

#[test]
fn an_end_without_goaway_may_be_a_restart_unless_others_end_after_the_same_idle_time() {
    let mut once = log(&[A, B]);
    once.checked(A, CheckKind::Idle, 12.0, reset(12.0)).checked(B, CheckKind::Idle, 30.0, alive());
    let one = found(&once);
    assert_eq!(one.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["GD612"]);
    assert!(
        one[0].1.contains("closed without GOAWAY (connection reset); caused by a proxy")
            && one[0].1.contains("or by a server restart")
    );
    let mut both = log(&[A, B]);
    both.checked(A, CheckKind::Idle, 20.0, reset(20.0)).checked(B, CheckKind::Idle, 20.1, reset(20.1));
    assert!(found(&both).iter().all(|(_, text)| text.contains("a limit on the network path, not a restart")));
    let mut stateless = log(&[A]);
    stateless.checked(A, CheckKind::Idle, 30.0, closed(30.0, DisconnectReason::ConnectionReset, None, true));
    assert!(
        found(&stateless)[0].1.contains("the first packet after the idle period was answered with a reset"),
        "{:?}",
        found(&stateless)
    );
}

#[test]
fn an_endpoint_that_left_and_was_stopped_is_not_a_limit() {
    let mut log = log(&[A, B]);
    log.phase(IdlePhase::Waiting).lists_with("consul", &[], &[(A, UP)], Vec::new());
    log.checked(A, CheckKind::Idle, 12.0, closed(12.0, DisconnectReason::Unknown, None, false)).serves(A);
    let codes: Vec<_> = found(&log).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["GD603", "GD606"]);
}

#[test]
fn a_server_that_closes_connections_by_its_rule_is_neither_dropped_nor_closed_by_the_path() {
    for (debug, text) in
        [("max_idle", "closes idle connections after 5.0s"), ("max_age", "rotates connections after 5.0s")]
    {
        let mut log = log(&[A]);
        let goaway = || closed(5.0, DisconnectReason::GoAway(0), Some((0, debug)), false);
        log.checked(A, CheckKind::Idle, 5.0, goaway());
        assert_eq!(found(&log), [("GD412", format!("{A} {text}: GOAWAY NO_ERROR ({debug})"))]);
        log.ladder(A, &[(2.0, alive()), (5.0, goaway())]);
        let limit = found(&log).into_iter().find(|(code, _)| *code == "GD613").unwrap().1;
        assert!(
            limit.contains("the server itself closes connections after 5.0s without a call (GOAWAY NO_ERROR"),
            "{limit}"
        );
        assert!(
            limit.contains(if debug == "max_idle" { "idle connections" } else { "the age of connections" }),
            "{limit}"
        );
        assert_eq!(log.concludes().summary.exit, 0);
    }
}

/// The sentence and the remedy of GD613.
fn limit(checks: &[(f64, IdleCheckOutcome)]) -> (String, String) {
    let mut log = log(&[A]);
    log.ladder(A, checks);
    let findings = log.concludes().findings;
    assert_eq!((findings.len(), findings[0].kind.code), (1, "GD613"), "{findings:?}");
    (findings[0].text.clone(), findings[0].remedy.clone())
}

#[test]
fn the_limit_comes_with_the_settings_that_follow() {
    let (text, remedy) = limit(&[(60.0, alive()), (345.0, alive()), (352.0, dropped(1)), (600.0, dropped(1))]);
    assert!(text.contains("tolerates 5m45s of idle time; a connection idle for 5m52s is silently dropped"), "{text}");
    assert!(text.contains("350s is the default of AWS's Network Load Balancer"), "{text}");
    assert!(remedy.contains("Set keepalive: time 172s") && remedy.contains("MinTime at most 172s"), "{remedy}");
    assert!(remedy.contains("an idle timeout below 345s") && !remedy.contains("Narrow"), "{remedy}");

    let (_, remedy) = limit(&[(19.7, alive()), (21.2, dropped(0))]);
    assert!(remedy.contains("Set keepalive: time 10s") && remedy.contains("idle timeout below 19s"), "{remedy}");

    let (text, remedy) = limit(&[(2.0, alive()), (2.1, reset(2.1))]);
    assert!(text.contains("is closed without GOAWAY (connection reset)"), "{text}");
    assert!(remedy.contains("idle timeout below 2s") && remedy.contains("Keepalive does not help"), "{remedy}");

    let (_, remedy) = limit(&[(700.0, alive()), (720.0, dropped(0))]);
    assert!(remedy.contains("time 350s") && !remedy.contains("MinTime"), "servers permit that: {remedy}");

    let (text, remedy) = limit(&[(30.0, alive()), (400.0, dropped(0))]);
    assert!(
        !text.contains("AWS") && remedy.contains("Narrow the limit down with --find-cutoff 401s"),
        "{text} {remedy}"
    );
}

#[test]
fn limits_outside_the_tried_times_and_contradictions_are_reported() {
    let (text, remedy) = limit(&[(1.0, alive()), (60.0, alive())]);
    assert!(text.contains("tolerates more than 1m00s of idle time, the longest that was tested"), "{text}");
    assert!(remedy.starts_with("No change needed"), "{remedy}");
    let (text, remedy) = limit(&[(0.9, dropped(0)), (60.0, dropped(0))]);
    assert!(text.contains("tolerates less than 900ms of idle time, the shortest that was tested"), "{text}");
    assert!(remedy.contains("an idle timeout below 900ms"), "{remedy}");
    let (text, _) = limit(&[(5.6, dropped(0)), (18.3, alive()), (19.0, dropped(0))]);
    assert!(
        text.contains("tolerates 18.3s") && text.contains("idle for only 5.6s was closed too: an outlier"),
        "{text}"
    );
}

#[test]
fn a_server_that_sends_by_itself_limits_what_was_tried() {
    let mut log = log(&[A]);
    let interrupted = Some(Interruption { after: Duration::from_secs(12), frame: "PING".to_string(), times: 4 });
    let result = IdleCheckResult { measured_idle: Duration::from_secs(12), interrupted, outcome: alive() };
    let (address, idle_time) = (A.parse().unwrap(), Duration::from_secs(60));
    log.add(EventKind::IdleCheck(Box::new(IdleCheckReport { address, idle_time, kind: CheckKind::Cutoff, result })));
    let remedy = log.concludes().findings.remove(0).remedy;
    assert!(remedy.contains("keeps the path open"), "{remedy}");
    let (_, text) = found(&log).remove(0);
    assert!(
        text.contains(
            "the server sent traffic during the idle period (PING after 12.0s), so no idle time longer than 12.0s"
        ),
        "{text}"
    );
}

#[test]
fn an_endpoint_that_was_never_held_has_no_limit() {
    let mut log = log(&[A]);
    let refused = Failure::new(Stage::Tcp, FailureCode::Refused, "connection refused", Duration::ZERO);
    log.checked(A, CheckKind::Idle, 0.0, IdleCheckOutcome::NotReached(refused.clone()))
        .ladder(A, &[(0.0, IdleCheckOutcome::NotReached(refused))]);
    assert_eq!(found(&log), []);
}

#[test]
fn a_goaway_without_a_named_rule_is_an_end_of_an_idle_connection_and_never_a_tolerance() {
    let mut log = log(&[A]);
    let goaway = || closed(2.0, DisconnectReason::GoAway(0), Some((0, "")), false);
    log.checked(A, CheckKind::Idle, 2.0, goaway());
    let text = format!("{A} closed an idle-connection check after 2.0s without a call: GOAWAY NO_ERROR");
    assert_eq!(found(&log), [("GD614", text)]);
    assert_eq!(log.concludes().summary.exit, 0);

    // Through a proxy that its headers name, with a check that was shorter.
    let address: Address = A.parse().unwrap();
    let proxy = Some(Arc::new(Proxy { name: ProxyName::Nginx, header: "server: nginx".to_string() }));
    let (service, health) = (String::new(), Health::Serving);
    log.add(EventKind::Health(HealthReport { address, service, health, took: None, ended: None, proxy }));
    log.checked(A, CheckKind::Ladder, 1.0, alive()).checked(A, CheckKind::Ladder, 2.0, goaway());
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD420", "GD613", "GD614"]);
    let limit = &conclusion.findings[1];
    assert!(limit.text.contains("the proxy (nginx) closes connections after 2.0s without a call (GOAWAY NO_ERROR)"));
    assert!(!limit.text.contains("tolerates") && limit.remedy.contains("keepalive_timeout"), "{limit:?}");
    assert_eq!(conclusion.findings[2].evidence.len(), 2);
}

#[test]
fn the_channels_own_idle_connection_counts_too() {
    let ends = |idle: Option<u64>, disconnect: Disconnect| {
        let mut log = log(&[A]);
        let (address, idle) = (A.parse().unwrap(), idle.map(Duration::from_secs));
        log.add(EventKind::Disconnect { address, disconnect, idle }).serves(A);
        found(&log)
    };
    let bye = GoAway { last_stream: 1, code: 0, debug: String::new() };
    let goaway = Disconnect { reason: DisconnectReason::GoAway(0), detail: String::new(), goaway: Some(bye) };
    let closed = Disconnect { reason: DisconnectReason::Unknown, detail: "closed by peer".to_string(), goaway: None };
    let ours = Disconnect { reason: DisconnectReason::SubchannelShutdown, ..closed.clone() };
    let text = format!("{A} closed the channel's own connection after 1m02s without a call: GOAWAY NO_ERROR");
    assert_eq!(ends(Some(62), goaway.clone()), [("GD614", text)]);
    assert!(ends(Some(62), closed.clone())[0].1.ends_with("no GOAWAY, closed by peer"));
    assert_eq!(ends(Some(62), ours), []);
    assert_eq!(ends(None, goaway), [], "a call was open on it");
    assert_eq!(ends(Some(0), closed.clone()), [], "it had no time for a call");
    // Together with a check whose connection was dropped, it is one finding.
    let mut log = log(&[A]);
    let (address, idle) = (A.parse().unwrap(), Some(Duration::from_secs(20)));
    log.add(EventKind::Disconnect { address, disconnect: closed, idle }).serves(A);
    log.checked(A, CheckKind::Idle, 20.0, reset(20.0));
    let found = found(&log);
    assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["GD612"]);
    assert!(found[0].1.ends_with("; the channel's own connection was closed too"), "{found:?}");
}

//! DNS that returns a different subset of its addresses each time, and addresses that left long ago.

use super::*;

const UNCHECKED: EndpointStatus = EndpointStatus::Unchecked;

fn part(numbers: &[u8]) -> Vec<(String, EndpointStatus)> {
    numbers.iter().map(|number| (format!("10.0.0.{number}:50051"), UNCHECKED)).collect()
}

fn borrowed(list: &[(String, EndpointStatus)]) -> Vec<(&str, EndpointStatus)> {
    list.iter().map(|(address, status)| (address.as_str(), *status)).collect()
}

impl EventLog {
    /// DNS replaces addresses with others.
    fn exchanges(&mut self, gone: &[u8], new: &[u8]) -> &mut Self {
        let (gone, new) = (part(gone), part(new));
        self.lists_with("dns", &borrowed(&new), &borrowed(&gone), Vec::new())
    }
}

/// Two of four addresses at a time, repeatedly.
fn rotating() -> EventLog {
    let mut log = EventLog::default();
    log.exchanges(&[], &[1, 2]).exchanges(&[1, 2], &[3, 4]).exchanges(&[3, 4], &[1, 2]);
    log.exchanges(&[1, 2], &[3, 4]);
    log
}

#[test]
fn answers_that_exchange_addresses_which_come_back_are_a_rotation() {
    let mut log = rotating();
    for number in 1..=4 {
        log.serves(&format!("10.0.0.{number}:50051"));
    }
    let conclusion = log.concludes();
    assert_eq!(codes(&conclusion), ["GD150"]);
    let text = &conclusion.findings[0].text;
    assert!(text.contains("2 addresses per answer, 4 different ones in 3 changes within 3.0s"), "{text}");
    assert_eq!(
        conclusion.endpoints.len(),
        2,
        "what an answer left out has not left, and is not judged: {conclusion:?}"
    );
    assert!(conclusion.endpoints.iter().all(|report| report.verdict == EndpointVerdict::Healthy));
}

#[test]
fn a_rollout_and_a_failover_are_no_rotation() {
    let mut rollout = EventLog::default();
    rollout.exchanges(&[], &[1, 2, 3]);
    for number in 1..=9 {
        rollout.exchanges(&[number], &[number + 3]);
    }
    assert!(!codes(&rollout.concludes()).contains(&"GD150"), "none comes back");
    let mut failover = EventLog::default();
    failover.exchanges(&[], &[1]).exchanges(&[1], &[2]).exchanges(&[2], &[1]);
    assert!(!codes(&failover.concludes()).contains(&"GD150"), "there and back is once");
    let mut crashing = EventLog::default();
    crashing.exchanges(&[], &[1, 2]);
    for _ in 0..9 {
        crashing.exchanges(&[1], &[]).exchanges(&[], &[1]);
    }
    assert!(!codes(&crashing.concludes()).contains(&"GD150"), "it left, and it came back");
    let mut slow = EventLog::default();
    for _ in 0..5 {
        slow.exchanges(&[2], &[1]).seq += 100;
        slow.exchanges(&[1], &[2]).seq += 100;
    }
    assert!(!codes(&slow.concludes()).contains(&"GD150"), "hours lie between");
}

#[test]
fn a_rotation_during_an_idle_period_has_moved_nothing() {
    let mut log = EventLog::default();
    log.exchanges(&[], &[1, 2]).phase(IdlePhase::Waiting);
    log.exchanges(&[1, 2], &[3, 4]).exchanges(&[3, 4], &[1, 2]).exchanges(&[1, 2], &[3, 4]);
    for number in 1..=4 {
        log.serves(&format!("10.0.0.{number}:50051"));
    }
    assert_eq!(codes(&log.concludes()), ["GD150"]);
}

#[test]
fn an_address_that_a_stale_answer_listed_once_more_gets_no_verdict() {
    let mut log = EventLog::default();
    let address = "10.0.0.1:50051";
    log.lists("etcd", &[(address, EndpointStatus::Healthy), ("10.0.0.2:50051", EndpointStatus::Healthy)]);
    log.serves(address).serves("10.0.0.2:50051");
    log.lists_with("etcd", &[], &[(address, EndpointStatus::Healthy)], Vec::new());
    log.exchanges(&[], &[1, 2]).serves(address).exchanges(&[1], &[]);
    let reports = log.concludes().endpoints;
    assert_eq!(reports.len(), 1, "it was not contacted since it left the last registry: {reports:?}");
}

#[test]
fn an_address_that_left_long_ago_gets_no_verdict() {
    let mut log = EventLog::default();
    let address = "10.0.0.1:50051";
    log.lists("etcd", &[(address, EndpointStatus::Healthy), ("10.0.0.2:50051", EndpointStatus::Healthy)]);
    log.serves("10.0.0.2:50051");
    log.lists_with("etcd", &[], &[(address, EndpointStatus::Healthy)], Vec::new()).serves(address);
    assert_eq!(log.concludes().endpoints.len(), 2, "it left a second ago, and still answers");
    log.seq += 61;
    log.serves("10.0.0.2:50051");
    assert_eq!(log.concludes().endpoints.len(), 1);
}

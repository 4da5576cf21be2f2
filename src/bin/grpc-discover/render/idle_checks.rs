//! The idle-connection checks as text: one by one for lines and evidence, together for tables.

use std::collections::BTreeMap;

use grpc_discover::model::idle_check::{CheckKind, IdleCheckOutcome, IdleCheckReport, TcpState};
use grpc_discover::text::{duration, escape};

/// `idle for 30.0s: alive, responded to a ping in 0.4ms`.
pub fn describe(report: &IdleCheckReport) -> String {
    let mut text = match &report.result.outcome {
        IdleCheckOutcome::Alive { rtt } => format!("alive, responded to a ping in {}", duration(*rtt)),
        IdleCheckOutcome::Closed { after, disconnect, pinged } => {
            let when = if *pinged { "in response to the ping " } else { "" };
            format!("closed {when}after {}: {disconnect}", duration(*after))
        }
        IdleCheckOutcome::Dropped { waited, tcp } => {
            format!(
                "dropped silently, no response to a ping within {}{}",
                duration(*waited),
                tcp.map(tcp_text).unwrap_or_default()
            )
        }
        IdleCheckOutcome::NotReached(failure) => format!("not reached: {failure}"),
    };
    if let Some(by) = &report.result.interrupted {
        text.push_str(&format!(
            "; the server interrupted the idle period, first after {} ({}), {} in total: the effective idle time was {}",
            duration(by.after),
            by.frame,
            times(by.times),
            duration(report.result.measured_idle)
        ));
    }
    format!("idle for {}: {text}", duration(report.idle_time))
}

fn tcp_text(tcp: TcpState) -> String {
    match tcp.delivered() {
        true => "; the ping was acknowledged by TCP".to_string(),
        false => format!(
            "; no TCP acknowledgement for {}, {} unacknowledged, retransmitted {}",
            duration(tcp.last_ack),
            tcp.unacked,
            times(tcp.retransmits)
        ),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_string(),
        many => format!("{many} times"),
    }
}

/// The outcome of all checks: a count for the channel's own idle period, and a line for every ladder.
pub fn idle_checks(checks: &[IdleCheckReport]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let over_idle = checks.iter().filter(|report| report.kind == CheckKind::Idle);
    over_idle.clone().for_each(|report| *counts.entry(report.result.outcome.as_str()).or_default() += 1);
    if let Some(first) = over_idle.clone().next() {
        let words: Vec<String> =
            counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.replace('_', " "))).collect();
        lines.push(format!("idle connections after {}: {}", duration(first.idle_time), words.join(", ")));
    }
    let mut ladders: BTreeMap<String, Vec<&IdleCheckReport>> = BTreeMap::new();
    for report in checks.iter().filter(|report| report.kind != CheckKind::Idle) {
        ladders.entry(report.address.to_string()).or_default().push(report);
    }
    for (address, mut of_address) in ladders {
        of_address.sort_by_key(|report| report.idle_time);
        let words: Vec<String> = of_address
            .iter()
            .map(|report| {
                format!("{} {}", duration(report.idle_time), report.result.outcome.as_str().replace('_', " "))
            })
            .collect();
        lines.push(format!("  {}  {}", escape(&address), words.join(", ")));
    }
    lines
}

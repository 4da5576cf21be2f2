//! Findings on how connections live: limits the server sets, and how READY connections end. GD410 to GD413.

use std::time::Duration;

use super::ledger::{Ledger, Loss, Seen};
use super::table::*;
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind};
use crate::model::reach::{DisconnectReason, Rotation};

/// So many losses make a pattern; fewer may be a restart.
const PATTERN: usize = 3;
/// A connection that did not live so long was not ended by age, whatever the code says.
const STOOD: Duration = Duration::from_secs(1);

/// What the server's limits and the ends of its connections prove, for every listed address.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for address in ledger.listing().into_keys() {
        if let Some(settings) = ledger.settings.get(address).filter(|s| s.what.max_concurrent_streams == Some(1)) {
            let text = format!("{address} allows one call at a time on a connection (MAX_CONCURRENT_STREAMS 1)");
            findings.push(finding(&STREAM_LIMIT, address, text, vec![settings.seq]));
        }
        if let Some(losses) = ledger.losses.get(address) {
            findings.extend(on_losses(address, losses));
        }
    }
    findings
}

/// True when the ends of these connections are told together: too many pings, a rule that is named, a pattern.
pub(super) fn is_told(address: &Address, losses: &[Seen<Loss>]) -> bool {
    !on_losses(address, losses).is_empty()
}

/// Each kind of end has its own reading; one loss is read once.
fn on_losses(address: &Address, losses: &[Seen<Loss>]) -> Vec<Finding> {
    let (mut calmed, mut aged, mut idled) = (Vec::new(), Vec::new(), Vec::new());
    let (mut polite, mut abrupt) = (Vec::new(), Vec::new());
    for seen in losses {
        let stood = seen.what.lived >= STOOD;
        match (&seen.what.disconnect.goaway, seen.what.disconnect.reason) {
            (_, DisconnectReason::SubchannelShutdown) => {}
            (Some(goaway), _) if goaway.calms_pings() => calmed.push(seen),
            (Some(goaway), _) if goaway.rotation() == Some(Rotation::Age) => aged.push(seen),
            (Some(goaway), _) if goaway.rotation() == Some(Rotation::Idle) => idled.push(seen),
            (Some(goaway), _) if goaway.code == 0 && stood => polite.push(seen),
            (Some(_) | None, _) => abrupt.push(seen),
        }
    }
    let mut findings = Vec::new();
    let mut tell = |kind, losses: &[&Seen<Loss>], text: String| {
        findings.push(finding(kind, address, text, losses.iter().map(|seen| seen.seq).collect()));
    };
    if let Some(last) = calmed.last() {
        let text = format!("{address} closed the connection over too many pings: {}", last.what.disconnect);
        tell(&KEEPALIVE_CALMED, &calmed, text);
    }
    let named = !aged.is_empty() || !idled.is_empty();
    let steady = if !named && polite.len() >= PATTERN && steady(&polite) { polite } else { Vec::new() };
    for (rotated, what) in
        [(&aged, "rotates connections"), (&idled, "ends idle connections"), (&steady, "rotates connections")]
    {
        if let Some(last) = rotated.last() {
            let text = format!("{address} {what}{}: {}", ages(rotated), last.what.disconnect);
            tell(&CONNECTION_ROTATION, rotated, text);
        }
    }
    if abrupt.len() >= PATTERN
        && let Some(last) = abrupt.last()
    {
        let text = format!(
            "{address} flaps: READY and lost {} times{}, last: {}",
            abrupt.len(),
            ages(&abrupt),
            last.what.disconnect
        );
        tell(&FLAPPING, &abrupt, text);
    }
    findings
}

/// The lifetimes differ by at most a fifth of the longest (servers add 10 % of jitter either way, gRFC A9).
fn steady(losses: &[&Seen<Loss>]) -> bool {
    let (least, most) = extremes(losses);
    least >= most.mul_f64(0.8)
}

fn extremes(losses: &[&Seen<Loss>]) -> (Duration, Duration) {
    let lived = || losses.iter().map(|seen| seen.what.lived);
    (lived().min().unwrap_or_default(), lived().max().unwrap_or_default())
}

/// `, each after 30.0s to 33.1s`.
fn ages(losses: &[&Seen<Loss>]) -> String {
    let (least, most) = extremes(losses);
    let (least, most) = (words(least), words(most));
    match losses {
        [_] => format!(" after {most}"),
        _ if least == most => format!(", each after {most}"),
        _ => format!(", after {least} to {most}"),
    }
}

fn words(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms}ms"),
        _ => format!("{:.1}s", time.as_secs_f64()),
    }
}

fn finding(kind: &'static FindingKind, address: &Address, text: String, evidence: Vec<u64>) -> Finding {
    Finding { kind, address: Some(address.clone()), text, evidence, remedy: kind.remedy.to_string() }
}

//! Findings on the life of connections: limits that the server sets, and how READY connections are closed. GD405,
//! GD406, GD410 to GD413, and GD417 to GD419, GD421.

use std::time::Duration;

use super::catalog::*;
use super::ledger::{Contact, Ledger, Loss, Observed};
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind};
use crate::model::reach::{DisconnectReason, Rotation};
use crate::text::duration;

/// How many losses form a pattern; fewer may be a restart.
const PATTERN: usize = 3;
/// A connection with a shorter life was not closed because of its age, whatever the code in the GOAWAY.
const STOOD: Duration = Duration::from_secs(1);

/// What the server's limits and the closes of its connections prove, for every listed address.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for address in ledger.listing().addresses() {
        if let Some(settings) = ledger.settings.get(address).filter(|s| s.what.max_concurrent_streams == Some(1)) {
            let text = format!("{address} allows one call at a time per connection (MAX_CONCURRENT_STREAMS 1)");
            findings.push(finding(&STREAM_LIMIT, address, text, vec![settings.seq]));
        }
        let answered = match ledger.contacts.get(address).map(|contact| &contact.what) {
            // Without its SETTINGS, the time at which a connection was established is unknown.
            Some(Contact::Answered(health)) => health.is_usable() && ledger.settings.contains_key(address),
            _ => false,
        };
        if let Some(settings) =
            ledger.settings.get(address).filter(|s| s.what.max_concurrent_streams == Some(0) && answered)
        {
            let text =
                format!("{address} responded and then allowed no further calls (MAX_CONCURRENT_STREAMS lowered to 0)");
            findings.push(finding(&NO_STREAMS_ALLOWED, address, text, vec![settings.seq]));
        }
        if let Some(facts) = ledger.responses.get(address)
            && let Some(foreign) = &facts.what.foreign_content_type
        {
            let content_type = match foreign.as_str() {
                "" => "without content-type".to_string(),
                foreign => format!("with content-type \"{foreign}\""),
            };
            let text = format!(
                "{address} sends gRPC responses {content_type}: grpc-go and grpc-java reject them, gRPC C-core accepts them"
            );
            findings.push(finding(&FOREIGN_CONTENT_TYPE, address, text, vec![facts.seq]));
        }
        if let Some(losses) = ledger.losses.get(address) {
            findings.extend(on_losses(address, losses, answered));
        }
    }
    findings
}

/// True when the closes of these connections have one common finding: too many pings, a named rule, a pattern.
pub(super) fn is_reported(address: &Address, losses: &[Observed<Loss>]) -> bool {
    !on_losses(address, losses, false).is_empty()
}

/// Each kind of close has its own finding; each loss is counted once.
fn on_losses(address: &Address, losses: &[Observed<Loss>], answered: bool) -> Vec<Finding> {
    let (mut too_many_pings, mut aged, mut idled) = (Vec::new(), Vec::new(), Vec::new());
    let (mut polite, mut abrupt) = (Vec::new(), Vec::new());
    let (mut broken, mut limited, mut flooded, mut leaving) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for seen in losses {
        let stood = seen.what.lived >= STOOD;
        match (&seen.what.disconnect.goaway, seen.what.disconnect.reason) {
            (_, DisconnectReason::SubchannelShutdown) => {}
            (Some(goaway), _) if goaway.limits_pings() => too_many_pings.push(seen),
            (Some(goaway), _) if goaway.rotation() == Some(Rotation::Age) => aged.push(seen),
            (Some(goaway), _) if goaway.rotation() == Some(Rotation::Idle) => idled.push(seen),
            (Some(goaway), _) if goaway.code == 0 && stood => polite.push(seen),
            (None, DisconnectReason::ProtocolViolation(_)) => broken.push(seen),
            (None, DisconnectReason::OurLimit) => limited.push(seen),
            (None, DisconnectReason::Flood) => flooded.push(seen),
            (goaway, _) => {
                if goaway.is_some() && !stood && seen.what.idle.is_none() {
                    leaving.push(seen);
                }
                abrupt.push(seen);
            }
        }
    }
    let mut findings = Vec::new();
    let mut report = |kind, losses: &[&Observed<Loss>], text: String| {
        findings.push(finding(kind, address, text, losses.iter().map(|seen| seen.seq).collect()));
    };
    // Losses that no call waited for: where one did, its failure is the finding.
    if let Some(last) = broken.last().filter(|_| answered) {
        let text = format!("{address} violated HTTP/2, so we closed the connection: {}", last.what.disconnect.detail);
        report(&HTTP2_PROTOCOL_ERROR, &broken, text);
    }
    if let Some(last) = limited.last().filter(|_| answered) {
        let text = format!(
            "{address} sent more than our HTTP/2 library accepts, so we closed the connection: {}",
            last.what.disconnect.detail
        );
        report(&OUR_HTTP2_LIMIT, &limited, text);
    }
    if let Some(last) = flooded.last().filter(|_| answered) {
        let text = format!(
            "{address} sent a flood of small frames, so we closed the connection: {}",
            last.what.disconnect.detail
        );
        report(&FRAME_FLOOD, &flooded, text);
    }
    if let Some(last) = leaving.last().filter(|_| answered && abrupt.len() < PATTERN) {
        let text = format!("{address} responded and closed the connection at once: {}", last.what.disconnect);
        report(&GOAWAY_WITH_RESPONSE, &leaving, text);
    }
    if let Some(last) = too_many_pings.last() {
        let text = format!("{address} closed the connection because of too many pings: {}", last.what.disconnect);
        report(&TOO_MANY_PINGS, &too_many_pings, text);
    }
    let named = !aged.is_empty() || !idled.is_empty();
    let steady = if !named && polite.len() >= PATTERN && steady(&polite) { polite } else { Vec::new() };
    for (rotated, what) in
        [(&aged, "rotates connections"), (&idled, "closes idle connections"), (&steady, "rotates connections")]
    {
        if let Some(last) = rotated.last() {
            let text = format!("{address} {what}{}: {}", ages(rotated), last.what.disconnect);
            report(&CONNECTION_ROTATION, rotated, text);
        }
    }
    if abrupt.len() >= PATTERN
        && let Some(last) = abrupt.last()
    {
        let text = format!(
            "{address} is flapping: READY and lost {} times{}, last: {}",
            abrupt.len(),
            ages(&abrupt),
            last.what.disconnect
        );
        report(&FLAPPING, &abrupt, text);
    }
    findings
}

/// True when the lifetimes differ by at most a fifth of the longest (servers add 10 % of jitter either way, gRFC A9).
fn steady(losses: &[&Observed<Loss>]) -> bool {
    let (least, most) = extremes(losses);
    least >= most.mul_f64(0.8)
}

fn extremes(losses: &[&Observed<Loss>]) -> (Duration, Duration) {
    let lived = || losses.iter().map(|seen| seen.what.lived);
    (lived().min().unwrap_or_default(), lived().max().unwrap_or_default())
}

/// `, after 30.0s to 33.1s`.
fn ages(losses: &[&Observed<Loss>]) -> String {
    let (least, most) = extremes(losses);
    let (least, most) = (duration(least), duration(most));
    match losses {
        [_] => format!(" after {most}"),
        _ if least == most => format!(", each after {most}"),
        _ => format!(", after {least} to {most}"),
    }
}

fn finding(kind: &'static FindingKind, address: &Address, text: String, evidence: Vec<u64>) -> Finding {
    Finding { kind, address: Some(address.clone()), cause: None, text, evidence, remedy: kind.remedy.to_string() }
}

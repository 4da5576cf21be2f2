//! The verdict on the service, and its counts.

use std::collections::BTreeMap;

use super::catalog::OUT_OF_LOCAL_RESOURCES;
use super::criteria::{Criteria, Depth, MinReady};
use super::ledger::Ledger;
use super::machine;
use crate::model::cause::{CauseCount, EndpointCause};
use crate::model::endpoint::Address;
use crate::model::event::{EndpointReport, IdlePhase};
use crate::model::finding::{Counts, Finding, Severity};
use crate::model::verdict::{EndpointVerdict, Verdict};

/// The verdict on the service. `endpoints`: those that count.
pub(super) fn overall(
    ledger: &Ledger,
    criteria: &Criteria,
    depth: Depth,
    endpoints: &[&EndpointReport],
    findings: &[Finding],
    nothing_reached: bool,
) -> Verdict {
    let listed = endpoints.iter().filter(|report| !report.listed.is_empty()).count();
    if ledger.responding().next().is_none() || nothing_reached {
        return Verdict::Unknown;
    }
    if listed == 0 {
        // "No endpoint exists" is certain only if every source that was queried responded, and every response could
        // be parsed.
        let any_unresponsive = ledger.sources.iter().any(|source| source.broken.is_some() && !source.is_absent());
        return match ledger.blind().is_some() || ledger.unreadable() || any_unresponsive {
            true => Verdict::Unknown,
            false if ledger.has_drained() => Verdict::Healthy,
            false => Verdict::Failed,
        };
    }
    let good = endpoints
        .iter()
        .filter(|report| {
            let good = matches!(
                report.verdict,
                EndpointVerdict::Healthy
                    | EndpointVerdict::ServingNotPassing
                    | EndpointVerdict::Passing
                    | EndpointVerdict::Listed
                    | EndpointVerdict::Warning
            );
            good && !report.listed.is_empty()
        })
        .count();
    let untried = endpoints.iter().filter(|report| report.verdict == EndpointVerdict::Unknown).count();
    // What this machine could not try may be as good as what it tried, or not.
    let prevented = endpoints.iter().filter(|report| machine::was_untried(ledger, &report.address)).count();
    if good == 0 {
        // An endpoint that could not be judged, or whose entry could not be parsed, may be usable.
        let open = depth == Depth::Network && untried > 0 || ledger.unreadable();
        return if open { Verdict::Unknown } else { Verdict::Failed };
    }
    let leaving = |report: &EndpointReport| {
        matches!(report.verdict, EndpointVerdict::Draining | EndpointVerdict::Drained) && !report.listed.is_empty()
    };
    let staying = listed - endpoints.iter().filter(|report| leaving(report)).count();
    let enough = |good: usize| match criteria.min_ready {
        None => true,
        Some(MinReady::Count(count)) => good >= count,
        Some(MinReady::Percent(percent)) => good * 100 >= staying * usize::from(percent),
    };
    if !enough(good) {
        return if enough(good + untried) { Verdict::Unknown } else { Verdict::Failed };
    }
    let call_failed = |phase| ledger.calls.iter().any(|call| call.what.phase == phase && call.what.outcome.is_err());
    if call_failed(IdlePhase::Baseline) {
        return Verdict::Failed;
    }
    let of_the_service = findings.iter().filter(|finding| finding.kind != &OUT_OF_LOCAL_RESOURCES);
    let worst = of_the_service.map(|finding| finding.kind.severity).max();
    if worst >= Some(Severity::Warn) {
        Verdict::Degraded
    } else if prevented > 0 && criteria.min_ready.is_none() {
        Verdict::Unknown
    } else if depth != Depth::Network {
        Verdict::Usable
    } else {
        Verdict::Healthy
    }
}

/// The counts of the summary. `counting`: those of the `endpoints` that count.
pub(super) fn count(
    ledger: &Ledger,
    endpoints: &[EndpointReport],
    counting: &[&EndpointReport],
    findings: &[Finding],
) -> Counts {
    let mut verdicts: BTreeMap<EndpointVerdict, usize> = BTreeMap::new();
    for report in endpoints {
        *verdicts.entry(report.verdict).or_default() += 1;
    }
    let of = |severity| findings.iter().filter(|finding| finding.kind.severity == severity).count();
    Counts {
        endpoints: endpoints.len(),
        verdicts: verdicts.into_iter().collect(),
        causes: causes(counting, findings),
        findings: [of(Severity::Info), of(Severity::Warn), of(Severity::Critical)],
        ignored: 0,
        transitions: ledger.transitions,
    }
}

/// Why listed endpoints do not count as healthy: in the order of their findings, which are sorted, then the most
/// frequent first.
fn causes(endpoints: &[&EndpointReport], findings: &[Finding]) -> Vec<CauseCount> {
    let mut first: BTreeMap<&Address, usize> = BTreeMap::new();
    for (rank, address) in findings.iter().map(|finding| finding.address.as_ref()).enumerate() {
        if let Some(address) = address {
            first.entry(address).or_insert(rank);
        }
    }
    let mut ranked: BTreeMap<EndpointCause, (usize, usize)> = BTreeMap::new();
    for report in endpoints.iter().filter(|report| !report.listed.is_empty()) {
        let Some(cause) = report.cause else { continue };
        let rank = first.get(&report.address).copied().unwrap_or(usize::MAX);
        let (best, count) = ranked.entry(cause).or_insert((rank, 0));
        *best = rank.min(*best);
        *count += 1;
    }
    let mut ranked: Vec<(usize, CauseCount)> =
        ranked.into_iter().map(|(cause, (rank, count))| (rank, CauseCount { cause, count })).collect();
    ranked.sort_by_key(|(rank, counted)| (*rank, std::cmp::Reverse(counted.count)));
    ranked.into_iter().map(|(_, counted)| counted).collect()
}

//! The verdict on the service, its counts, and its sentence.

use std::collections::BTreeMap;

use super::catalog::OUT_OF_LOCAL_RESOURCES;
use super::criteria::{Criteria, Depth, MinReady};
use super::ledger::Ledger;
use super::{machine, proxied, unanswered};
use crate::model::event::{EndpointReport, IdlePhase};
use crate::model::finding::{Counts, Finding, Severity};
use crate::model::verdict::{EndpointVerdict, Verdict};
use crate::text::{duration, plural};

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
    } else if depth == Depth::Registries {
        Verdict::Usable
    } else {
        Verdict::Healthy
    }
}

/// The counts of the summary.
pub(super) fn count(ledger: &Ledger, endpoints: &[EndpointReport], findings: &[Finding]) -> Counts {
    let mut verdicts: BTreeMap<EndpointVerdict, usize> = BTreeMap::new();
    for report in endpoints {
        *verdicts.entry(report.verdict).or_default() += 1;
    }
    let of = |severity| findings.iter().filter(|finding| finding.kind.severity == severity).count();
    Counts {
        endpoints: endpoints.len(),
        verdicts: verdicts.into_iter().collect(),
        findings: [of(Severity::Info), of(Severity::Warn), of(Severity::Critical)],
        transitions: ledger.transitions,
    }
}

/// The verdict in one sentence: counts first, then the worst finding.
pub(super) fn sentence(
    ledger: &Ledger,
    depth: Depth,
    verdict: Verdict,
    endpoints: &[&EndpointReport],
    findings: &[Finding],
) -> String {
    let listed: Vec<&EndpointReport> = endpoints.iter().copied().filter(|report| !report.listed.is_empty()).collect();
    let good = listed.iter().filter(|report| report.verdict.is_good()).count();
    let total = listed.len();
    // What was not contacted is not reported as healthy: a registry lists it, or its checks pass.
    let what = match depth {
        Depth::Registries if listed.iter().any(|report| report.verdict == EndpointVerdict::Listed) => {
            "listed as usable"
        }
        Depth::Registries => "passing",
        Depth::Network => "healthy",
    };
    let mut proxied = proxied::sentence(ledger, &listed);
    let counts = match total {
        0 if ledger.has_drained() => "drained: no endpoint is listed".to_string(),
        0 => "no endpoint".to_string(),
        1 if good == 1 && depth == Depth::Network && proxied.is_some() => proxied.take().unwrap_or_default(),
        1 if good == 1 => format!("the only endpoint is {what}"),
        1 if listed[0].verdict == EndpointVerdict::Unknown && depth == Depth::Network => {
            "the state of the only endpoint is unknown".to_string()
        }
        1 => format!("the only endpoint is {}", listed[0].verdict.predicate()),
        2 if good == 2 => format!("both endpoints are {what}"),
        _ if good == total => format!("all {total} endpoints are {what}"),
        _ => format!("{good} of {total} endpoints {} {what}", plural(good, "is", "are")),
    };
    let worst = findings.first().filter(|_| !matches!(verdict, Verdict::Healthy | Verdict::Usable)).map(|worst| {
        match findings.iter().filter(|finding| finding.kind == worst.kind).count() - 1 {
            0 => worst.text.clone(),
            more => format!("{} (and {more} more like it)", worst.text),
        }
    });
    // What is wrong comes first, except where the counts already show it.
    let mut parts = if ledger.responding().next().is_none() {
        vec![worst, waiting(ledger)]
    } else if good == total && total > 0 {
        vec![worst, Some(counts), proxied, waiting(ledger), idle_sentence(ledger)]
    } else {
        vec![Some(counts), worst, proxied, waiting(ledger), idle_sentence(ledger)]
    };
    parts.retain(Option::is_some);
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What the session is still waiting for: `10.0.0.7:50051: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s`.
fn waiting(ledger: &Ledger) -> Option<String> {
    const NAMED: usize = 3;
    // Those that have a finding of their own are named there.
    let endpoints = ledger.pending.values().filter(|seen| !unanswered::is_overdue(ledger, &seen.what));
    let all = ledger.pending_registries.iter().chain(endpoints.map(|seen| &seen.what));
    let named: Vec<String> = all.clone().take(NAMED).map(|report| format!("{}: {report}", report.subject)).collect();
    let more = all.count().saturating_sub(NAMED);
    match (named.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(named.join("; ")),
        (false, more) => Some(format!("{}; and {more} more are waiting", named.join("; "))),
    }
}

fn idle_sentence(ledger: &Ledger) -> Option<String> {
    let idle = ledger.idle.iter().find(|seen| seen.what == IdlePhase::Waiting)?;
    let call = ledger.calls.iter().find(|call| call.what.phase == IdlePhase::Call)?;
    let left = ledger.left().filter(|departure| departure.at >= idle.at).count();
    if left == 0 && ledger.arrivals.is_empty() {
        return Some("nothing changed during the idle period, so nothing could become stale".to_string());
    }
    Some(match (&call.what.outcome, &call.what.address) {
        (Ok(_), Some(address)) => {
            format!("the first call after the idle period went to {address} in {}", duration(call.what.took))
        }
        _ => "the first call after the idle period failed".to_string(),
    })
}

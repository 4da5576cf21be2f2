//! What leases show about entries: GD117, GD118 and GD119. For registries that have leases.

use std::time::Duration;

use super::catalog::{LEASE_NOT_RENEWED, LEASE_TOO_LONG, PERMANENT_ENTRY};
use super::ledger::{Ledger, Observed, SourceRecord};
use super::report::{finding, name, shorten};
use crate::model::endpoint::{Endpoint, Lease};
use crate::model::finding::{Finding, FindingKind};
use crate::text::exact_duration;

/// A lease that exceeds the framework's own by this factor is not a deliberate setting.
const FAR_BEYOND: u32 = 10;
/// Shorter leases are reported in whole seconds, which are too coarse to judge by.
const JUDGED: Duration = Duration::from_secs(6);

/// One finding of each kind for each source.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let each = ledger.sources.iter().flat_map(|source| {
        let name = name(ledger, source);
        [permanent(source, &name), ending(source, &name), too_long(source, &name)]
    });
    each.flatten().collect()
}

/// The finding `kind` over every entry for which `describe` returns a text, in one sentence: `name: WHAT A, B, C; why`.
fn lease_finding(
    source: &SourceRecord,
    kind: &'static FindingKind,
    describe: impl Fn(&Endpoint) -> Option<String>,
    sentence: impl Fn(usize, &str) -> String,
) -> Option<Finding> {
    let described: Vec<(String, &Observed<Endpoint>)> =
        source.listed.values().filter_map(|seen| Some((describe(&seen.what)?, seen))).collect();
    let mut evidence: Vec<u64> = described.iter().map(|(_, seen)| seen.seq).collect();
    evidence.sort_unstable();
    evidence.dedup();
    let address = match described.as_slice() {
        [] => return None,
        [(_, seen)] => Some(seen.what.address.clone()),
        _ => None,
    };
    let words: Vec<String> = described.into_iter().map(|(words, _)| words).collect();
    Some(finding(kind, address, sentence(words.len(), &shorten(&words)), evidence))
}

/// `"pay/1" (10.0.0.1:50051)`.
fn entry(endpoint: &Endpoint) -> String {
    format!("{:?} ({})", endpoint.id.as_deref().unwrap_or_default(), endpoint.address)
}

fn permanent(source: &SourceRecord, name: &str) -> Option<Finding> {
    let total = source.listed.len();
    lease_finding(
        source,
        &PERMANENT_ENTRY,
        |endpoint| (endpoint.lease == Some(Lease::Permanent)).then(|| entry(endpoint)),
        |count, entries| {
            format!(
                "{name}: {count} of {total} entries have no lease, so they stay listed when their process stops: {entries}"
            )
        },
    )
}

/// A lease that is renewed in time always has at least half of it left, whichever client renews it (Go's client does
/// so at a third, `clientv3/lease.go`); the limit of a third leaves a margin.
fn ending(source: &SourceRecord, name: &str) -> Option<Finding> {
    lease_finding(
        source,
        &LEASE_NOT_RENEWED,
        |endpoint| {
            let (Some(Lease::Held { granted: Some(granted), .. }), Some(left)) = (&endpoint.lease, endpoint.ttl) else {
                return None;
            };
            // The remaining time is truncated to whole seconds.
            let is_late = *granted >= JUDGED && left + Duration::from_secs(1) <= *granted / 3;
            is_late.then(|| {
                format!("{} has {} left of {}", entry(endpoint), exact_duration(left), exact_duration(*granted))
            })
        },
        |_, entries| {
            format!("{name}: lease is not being renewed: {entries}; the entry is removed when its lease expires")
        },
    )
}

fn too_long(source: &SourceRecord, name: &str) -> Option<Finding> {
    lease_finding(
        source,
        &LEASE_TOO_LONG,
        |endpoint| {
            let Some(Lease::Held { granted: Some(granted), usual: Some(usual), .. }) = &endpoint.lease else {
                return None;
            };
            let framework = endpoint.layout.as_ref().and_then(|rule| rule.layout).unwrap_or_default();
            (*granted > *usual * FAR_BEYOND).then(|| {
                format!(
                    "{} {} ({framework}'s default is {})",
                    entry(endpoint),
                    exact_duration(*granted),
                    exact_duration(*usual)
                )
            })
        },
        |_, entries| format!("{name}: a crashed instance stays listed until its lease expires: {entries}"),
    )
}

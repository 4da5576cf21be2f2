//! Running clients against the registries (GD7xx): one table of rules for every witness.
//!
//! A rule is a function of one [`Case`]: a client as it was read, and what the registries list. The first rule of
//! [`HOLDS`] that applies gives the verdict on the client; every rule of [`CONNECTED`] that applies adds a finding.

mod case;
mod connected;
mod holds;
mod sentence;
mod served;

use super::ledger::Ledger;
use super::report::finding;
use crate::model::client::{ClientVerdict, JudgedClient};
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind, Severity};

use case::Case;

pub use connected::expiring;
pub(super) use sentence::{overall, sentence};

/// What a rule concludes on a client.
struct Ruling {
    verdict: ClientVerdict,
    /// The finding; `None` where there is nothing to report.
    kind: Option<&'static FindingKind>,
    /// The address that it is about.
    address: Option<Address>,
    /// The sentence, without the client.
    text: String,
    /// Events that prove it beside the reading of the client.
    evidence: Vec<u64>,
    /// What to do, where that is more than the catalog contains.
    remedy: Option<String>,
}

impl Ruling {
    fn new(verdict: ClientVerdict, kind: &'static FindingKind, text: String) -> Ruling {
        Ruling { verdict, kind: Some(kind), address: None, text, evidence: Vec::new(), remedy: None }
    }

    /// A verdict without a finding.
    fn silent(verdict: ClientVerdict, text: String) -> Ruling {
        Ruling { verdict, kind: None, address: None, text, evidence: Vec::new(), remedy: None }
    }

    fn about(mut self, address: Option<&Address>) -> Ruling {
        self.address = address.cloned();
        self
    }

    fn proved_by(mut self, evidence: impl IntoIterator<Item = u64>) -> Ruling {
        self.evidence.extend(evidence);
        self
    }
}

/// A rule on one client.
type Rule = fn(&Case<'_>) -> Option<Ruling>;

/// What the held addresses mean. The first one that applies counts, so the order matters: what is normal in a state
/// comes before what would be a fault in another.
const HOLDS: &[Rule] = &[
    holds::wedged,
    holds::idle,
    holds::not_comparable,
    holds::fail_static,
    holds::cross_wired,
    holds::rollout,
    holds::stale_over_dns,
    holds::frozen,
    holds::behind,
    holds::subset,
    holds::one_slice,
    holds::dns_blind,
    holds::latent_missing,
    holds::latent_unqueried,
    holds::up_to_date,
];

/// How the client is connected. Each counts by itself.
const CONNECTED: &[fn(&Case<'_>) -> Vec<Ruling>] = &[connected::backoff, connected::blackholed];

/// The findings on running clients, and on the clients of servers.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in ledger.clients.values() {
        let case = Case::new(ledger, record);
        findings.extend(judgement(&case).and_then(|ruling| found(&case, ruling)));
        let connected = CONNECTED.iter().flat_map(|rule| rule(&case)).collect::<Vec<_>>();
        findings.extend(connected.into_iter().filter_map(|ruling| found(&case, ruling)));
    }
    findings.extend(served::find(ledger));
    findings
}

/// Of the `findings` on registries, those remain that explain why a client could not be compared: the others are about
/// the service, not about its clients.
pub(super) fn keep_own(findings: &mut Vec<Finding>, ledger: &Ledger) {
    let is_known = ledger.sources.iter().all(|source| source.is_absent() || source.broken.is_none());
    findings.retain(|finding| {
        let code = finding.kind.code;
        code.starts_with("GD7") || (code.starts_with("GD1") && !is_known && finding.kind.severity > Severity::Info)
    });
}

/// The verdict on every client, worst first.
pub fn verdicts(ledger: &Ledger) -> Vec<JudgedClient> {
    let mut judged: Vec<JudgedClient> = ledger
        .clients
        .values()
        .map(|record| {
            let case = Case::new(ledger, record);
            let ruling = judgement(&case);
            JudgedClient {
                view: record.view().clone(),
                verdict: ruling.as_ref().map_or(ClientVerdict::Unknown, |ruling| ruling.verdict),
                stale: case.stale.clone(),
                missing: case.missing.clone(),
                text: ruling.map(|ruling| ruling.text).unwrap_or_default(),
            }
        })
        .collect();
    judged.sort_by(|a, b| severity(b.verdict).cmp(&severity(a.verdict)).then_with(|| a.view.id.cmp(&b.view.id)));
    judged
}

/// Worst last. A client that could not be judged comes before those with which nothing is wrong.
fn severity(verdict: ClientVerdict) -> (bool, bool, ClientVerdict) {
    (!verdict.is_good(), verdict != ClientVerdict::Unknown, verdict)
}

fn judgement(case: &Case<'_>) -> Option<Ruling> {
    HOLDS.iter().find_map(|rule| rule(case))
}

fn found(case: &Case<'_>, ruling: Ruling) -> Option<Finding> {
    let kind = ruling.kind?;
    let mut evidence = vec![case.record.last.seq];
    evidence.extend(ruling.evidence);
    let text = format!("{}: {}; read from its {}", case.name(), ruling.text, case.view.witness);
    let mut finding = finding(kind, ruling.address, text, evidence);
    if let Some(remedy) = ruling.remedy {
        finding.remedy = remedy;
    }
    Some(finding)
}

#[cfg(test)]
mod tests;

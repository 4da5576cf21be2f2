//! What the events mean. Pure: events go into the [`Ledger`], and [`judge`] evaluates it.

mod advertised;
mod calls;
pub(crate) mod catalog;
mod certificates;
mod clients;
mod connection;
mod criteria;
mod disagreement;
mod discovery;
mod dns;
mod empty;
mod ended;
mod endpoints;
mod funnel;
mod headline;
mod health;
mod http;
mod idle;
mod idle_checks;
mod leases;
pub(crate) mod ledger;
mod lenses;
mod machine;
mod proxied;
mod proxy;
mod reaching;
mod registered;
mod report;
mod slices;
mod sockets;
mod stacks;
mod stalled;
mod summary;
mod tls;
pub(crate) mod tolerance;
mod unanswered;
mod unprovable;
pub mod verdict;
mod watches;

use std::collections::BTreeSet;

pub use crate::model::proxy_env::ProxyEnv;
pub use catalog::FINDINGS;
pub(crate) use clients::verdicts as client_verdicts;
pub use criteria::{Criteria, Depth, Ignored, MinReady};
pub use ledger::Ledger;
pub use unprovable::{UNPROVABLE, Unprovable};

use headline::Headline;

use crate::model::client::JudgedClient;
use crate::model::event::EndpointReport;
use crate::model::finding::{Counts, Finding, Summary};
use crate::model::verdict::Verdict;

/// The families of findings, each a pure function of the ledger. A new family is a file and a line here.
const RULES: &[fn(&Ledger) -> Vec<Finding>] = &[
    discovery::find,
    empty::find,
    disagreement::find,
    dns::find,
    registered::find,
    funnel::find,
    leases::find,
    slices::find,
    advertised::find,
    reaching::find,
    watches::find,
    proxied::find,
    machine::find,
    connection::find,
    certificates::differ,
    certificates::refused_by_some,
    idle::find,
    lenses::find,
    idle_checks::find,
    ended::find,
    proxy::find,
    stalled::find,
    unanswered::find,
    clients::find,
];

/// Everything the ledger proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// One report for every address that is listed, or has left and was contacted since.
    pub endpoints: Vec<EndpointReport>,
    /// The verdict on every running client that was read, worst first.
    pub clients: Vec<JudgedClient>,
    /// What was proved, worst first.
    pub findings: Vec<Finding>,
    /// The verdict on the service.
    pub summary: Summary,
}

/// Draws the conclusions from the ledger.
pub fn judge(ledger: &Ledger, criteria: &Criteria, depth: Depth) -> Conclusion {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(ledger)).collect();
    findings.extend(discovery::expected(ledger, &criteria.expect));
    findings.extend(certificates::expiring(ledger, criteria.warn_expiry));
    findings.extend(clients::expiring(ledger, criteria.warn_expiry));
    for finding in &mut findings {
        // Two instances of one response are proved by one event.
        let mut cited = BTreeSet::new();
        finding.evidence.retain(|seq| cited.insert(*seq));
    }
    let endpoints = endpoints::reports(ledger, depth);
    // Both families of loopback are one machine: the one without a listener is not an endpoint of its own.
    let spared = dns::spared(ledger);
    let counting: Vec<&EndpointReport> =
        endpoints.iter().filter(|report| !spared.contains_key(&report.address)).collect();
    let vantage = reaching::nothing_reached(ledger);
    findings.extend(vantage.clone());
    let all = findings.len();
    findings.retain(|finding| !criteria.ignore.iter().any(|ignored| ignored.covers(finding)));
    let ignored = all - findings.len();
    findings.sort_by(|a, b| b.kind.severity.cmp(&a.kind.severity).then(a.kind.code.cmp(b.kind.code)));

    let clients = clients::verdicts(ledger);
    if depth == Depth::Clients {
        clients::keep_own(&mut findings, ledger);
    }
    let verdict = match depth {
        Depth::Clients => clients::overall(ledger, &clients, &findings),
        Depth::Registries | Depth::Network => {
            summary::overall(ledger, criteria, depth, &counting, &findings, vantage.is_some())
        }
    };
    // With enough healthy endpoints, faults of single endpoints do not affect the exit code.
    let counted = findings.iter().filter(|finding| criteria.min_ready.is_none() || finding.address.is_none());
    let worst = counted.map(|finding| finding.kind.severity).max();
    let exit = match verdict {
        Verdict::Degraded if criteria.fail_on.is_none_or(|limit| worst < Some(limit)) => 0,
        Verdict::Failed | Verdict::Unknown if criteria.fail_on.is_none() => 0,
        other => other.exit_code(),
    };
    let counts = Counts { ignored, ..summary::count(ledger, &endpoints, &counting, &findings) };
    let headline = Headline {
        ledger,
        criteria,
        depth,
        verdict,
        endpoints: &counting,
        findings: &findings,
        causes: &counts.causes,
        ignored,
        nothing_reached: vantage.is_some(),
    };
    let text = match depth {
        Depth::Clients => clients::sentence(ledger, &clients, &findings),
        Depth::Registries | Depth::Network => headline.sentence(),
    };
    Conclusion { endpoints, clients, findings, summary: Summary { verdict, exit, text, counts } }
}

#[cfg(test)]
mod tests;

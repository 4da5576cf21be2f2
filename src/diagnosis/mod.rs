//! What the events mean, PURE: events go into the [`Ledger`], [`judge`] reads it and concludes.

mod advertised;
mod calls;
pub mod catalog;
mod certificates;
mod connection;
mod disagreement;
mod discovery;
mod dns;
mod empty;
mod ended;
mod funnel;
mod health;
mod http;
mod idle;
mod leases;
pub mod ledger;
mod lenses;
mod machine;
mod proxied;
mod proxy;
mod reaching;
mod registered;
mod report;
mod silence;
mod slices;
mod sockets;
mod stacks;
mod stalled;
mod tls;
pub mod tolerance;
mod unanswered;
mod unprovable;
pub mod verdict;
mod watches;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use crate::model::proxy_env::ProxyEnv;
pub use catalog::FINDINGS;
pub use ledger::Ledger;
pub use unprovable::{UNPROVABLE, Unprovable};

use crate::model::endpoint::Address;
use crate::model::event::{EndpointReport, IdlePhase};
use crate::model::finding::{Counts, EndpointVerdict, Finding, Severity, Summary, Verdict};
use crate::model::pending::Awaits;
use crate::model::reach::Health;
use crate::model::time::Elapsed;
use crate::text::{duration, plural};
use ledger::Contact;
use verdict::{NetworkWord, RegistryWord};

/// The families of findings, each a pure reading of the ledger. A new one is a file and a line here.
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
    silence::find,
    ended::find,
    proxy::find,
    stalled::find,
    unanswered::find,
];

/// `--warn-expiry` unless it is given: two weeks are time enough to renew, and shorter than most renewals come early.
const WARN_EXPIRY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judging {
    /// The least severity that spoils the exit code; `None` is `--fail-on never`.
    pub fail_on: Option<Severity>,
    /// So many healthy endpoints are enough: fewer are a failure (exit 2), and with enough of them what is wrong with
    /// single endpoints no longer spoils the exit code.
    pub min_ready: Option<MinReady>,
    /// Addresses that must be listed (`--expect`).
    pub expect: Vec<Address>,
    /// A certificate that ends sooner than this is worth a warning (`--warn-expiry`); none is when zero.
    pub warn_expiry: Duration,
}

impl Default for Judging {
    fn default() -> Self {
        Judging { fail_on: Some(Severity::Warn), min_ready: None, expect: Vec::new(), warn_expiry: WARN_EXPIRY }
    }
}

/// `--min-ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinReady {
    /// This many endpoints.
    Count(usize),
    /// This share of the listed ones, in percent.
    Percent(u8),
}

/// Whether addresses were contacted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Only the registries were asked (`resolve`).
    Registries,
    /// Addresses were contacted too.
    Network,
}

/// Everything the ledger proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// One report for every address that is listed, or has left and was contacted since.
    pub endpoints: Vec<EndpointReport>,
    /// What was proved, worst first.
    pub findings: Vec<Finding>,
    /// The verdict on the service.
    pub summary: Summary,
}

/// Concludes from the ledger.
pub fn judge(ledger: &Ledger, judging: &Judging, depth: Depth) -> Conclusion {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(ledger)).collect();
    findings.extend(discovery::expected(ledger, &judging.expect));
    findings.extend(certificates::expiring(ledger, judging.warn_expiry));
    for finding in &mut findings {
        // Two instances of one answer are proved by one event.
        let mut cited = BTreeSet::new();
        finding.evidence.retain(|seq| cited.insert(*seq));
    }
    let endpoints = reports(ledger, depth);
    // Both families of loopback are one machine: the one without a listener is no endpoint of its own.
    let spared = dns::spared(ledger);
    let counting: Vec<&EndpointReport> =
        endpoints.iter().filter(|report| !spared.contains_key(&report.address)).collect();
    let vantage = nothing_reached(ledger);
    findings.extend(vantage.clone());
    findings.sort_by(|a, b| b.kind.severity.cmp(&a.kind.severity).then(a.kind.code.cmp(b.kind.code)));

    let verdict = overall(ledger, judging, depth, &counting, &findings, vantage.is_some());
    // With enough healthy endpoints, what is wrong with single ones spoils nothing.
    let counted = findings.iter().filter(|finding| judging.min_ready.is_none() || finding.address.is_none());
    let worst = counted.map(|finding| finding.kind.severity).max();
    let exit = match verdict {
        Verdict::Degraded if judging.fail_on.is_none_or(|limit| worst < Some(limit)) => 0,
        Verdict::Failed | Verdict::Unknown if judging.fail_on.is_none() => 0,
        other => other.exit_code(),
    };
    let counts = count(ledger, &endpoints, &findings);
    let text = sentence(ledger, depth, verdict, &counting, &findings);
    Conclusion { endpoints, findings, summary: Summary { verdict, exit, text, counts } }
}

fn reports(ledger: &Ledger, depth: Depth) -> Vec<EndpointReport> {
    let listing = ledger.listing();
    let mut reports = Vec::with_capacity(listing.len());
    for (address, listed) in &listing {
        let word = RegistryWord::of(listed.iter().map(|(_, seen)| seen.what.status));
        let contact = ledger.contacts.get(*address).map(|seen| &seen.what);
        let pending = ledger.pending.get(*address).map(|seen| &seen.what);
        let pending = pending.filter(|p| p.awaits == Awaits::Response || !contact.is_some_and(Contact::is_conclusive));
        let network = if pending.is_some() { NetworkWord::NotTried } else { NetworkWord::of(contact) };
        let verdict = match depth {
            Depth::Network if reaching::mesh_only(ledger, address, listed).is_some() => EndpointVerdict::Unknown,
            Depth::Network => {
                let verdict = verdict::verdict(word, network).unwrap_or(EndpointVerdict::Unknown);
                // It lives at its other address: clients cannot reach this one, and the registration is not left over.
                let lives = network != NetworkWord::Serving && reaching::serves_elsewhere(ledger, listed).is_some();
                match verdict {
                    EndpointVerdict::Zombie | EndpointVerdict::Ghost | EndpointVerdict::Down if lives => {
                        EndpointVerdict::Unreachable
                    }
                    other => other,
                }
            }
            Depth::Registries => match word {
                RegistryWord::Healthy => EndpointVerdict::Passing,
                RegistryWord::Unchecked => EndpointVerdict::Listed,
                RegistryWord::Warning => EndpointVerdict::Warning,
                RegistryWord::Critical => EndpointVerdict::Critical,
                RegistryWord::Draining => EndpointVerdict::Draining,
                RegistryWord::LeaseGone => EndpointVerdict::Orphan,
                RegistryWord::NotListed | RegistryWord::Unread => EndpointVerdict::Unknown,
            },
        };
        reports.push(EndpointReport {
            address: (*address).clone(),
            listed: listed.iter().map(|(i, seen)| (ledger.sources[*i].registry(), seen.what.status)).collect(),
            verdict,
            text: match pending {
                Some(pending) => pending.to_string(),
                None => contact.map(describe).unwrap_or_default(),
            },
        });
    }
    // Addresses that left the last registry that listed them, and were contacted since.
    let mut departed: BTreeMap<&Address, EndpointReport> = BTreeMap::new();
    // Departures come in the order in which they happened.
    let last: BTreeMap<&Address, Elapsed> =
        ledger.left().map(|departure| (&departure.what.endpoint.address, departure.at)).collect();
    for departure in ledger.left().filter(|departure| !ledger.is_long_ago(departure.at)) {
        let address = &departure.what.endpoint.address;
        let gone = last.get(address).copied().unwrap_or(departure.at);
        let Some(contact) = ledger.contacts.get(address).filter(|contact| contact.at >= gone) else { continue };
        if listing.contains_key(address) {
            continue;
        }
        let verdict = match NetworkWord::of(Some(&contact.what)) {
            NetworkWord::Serving | NetworkWord::Connected | NetworkWord::NotServing | NetworkWord::Unjudged => {
                EndpointVerdict::Unregistered
            }
            _ => EndpointVerdict::Stale,
        };
        let text = format!(
            "left {} at {}: {}",
            ledger.sources[departure.what.source].source,
            departure.at,
            describe(&contact.what)
        );
        departed.insert(address, EndpointReport { address: address.clone(), listed: Vec::new(), verdict, text });
    }
    reports.extend(departed.into_values());
    reports
}

fn describe(contact: &Contact) -> String {
    match contact {
        Contact::Connected => "connected".to_string(),
        Contact::Answered(Health::Failed { code, text, .. }) => format!("health: {code}: {text}"),
        Contact::Answered(Health::Unimplemented) => "connected; it has no health service".to_string(),
        Contact::Answered(health) => health.as_str().to_string(),
        Contact::Failed(failure) => failure.to_string(),
    }
}

/// If every endpoint black-holes, the first suspect is our own vantage point.
fn nothing_reached(ledger: &Ledger) -> Option<Finding> {
    let listing = ledger.listing();
    let contacts: Vec<_> = listing.keys().filter_map(|address| ledger.contacts.get(*address)).collect();
    let all_swallowed = !contacts.is_empty()
        && contacts.iter().all(|contact| NetworkWord::of(Some(&contact.what)) == NetworkWord::BlackHole);
    all_swallowed.then(|| {
        let text = format!("not one of {} endpoints answered, not even with a refusal", contacts.len());
        report::finding(&catalog::NOTHING_REACHED_FROM_HERE, None, text, contacts.iter().map(|c| c.seq).collect())
    })
}

fn overall(
    ledger: &Ledger,
    judging: &Judging,
    depth: Depth,
    endpoints: &[&EndpointReport],
    findings: &[Finding],
    nothing_reached: bool,
) -> Verdict {
    let listed = endpoints.iter().filter(|report| !report.listed.is_empty()).count();
    if ledger.heard().next().is_none() || nothing_reached {
        return Verdict::Unknown;
    }
    if listed == 0 {
        // Nobody is there with authority only if everyone who was asked could say so, in words that are understood here.
        let someone_is_silent = ledger.sources.iter().any(|source| source.broken.is_some() && !source.is_absent());
        return match ledger.blind().is_some() || ledger.unreadable() || someone_is_silent {
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
                    | EndpointVerdict::Early
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
        // One that could not be judged, or whose entry could not be read, may be usable.
        let open = depth == Depth::Network && untried > 0 || ledger.unreadable();
        return if open { Verdict::Unknown } else { Verdict::Failed };
    }
    let leaving = |report: &EndpointReport| {
        matches!(report.verdict, EndpointVerdict::Draining | EndpointVerdict::Drained) && !report.listed.is_empty()
    };
    let staying = listed - endpoints.iter().filter(|report| leaving(report)).count();
    let enough = |good: usize| match judging.min_ready {
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
    let of_the_service = findings.iter().filter(|finding| finding.kind != &catalog::OUT_OF_LOCAL_RESOURCES);
    let worst = of_the_service.map(|finding| finding.kind.severity).max();
    if worst >= Some(Severity::Warn) {
        Verdict::Degraded
    } else if prevented > 0 && judging.min_ready.is_none() {
        Verdict::Unknown
    } else if depth == Depth::Registries {
        Verdict::Usable
    } else {
        Verdict::Healthy
    }
}

fn count(ledger: &Ledger, endpoints: &[EndpointReport], findings: &[Finding]) -> Counts {
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

/// The verdict in one sentence: numbers first, then the worst finding.
fn sentence(
    ledger: &Ledger,
    depth: Depth,
    verdict: Verdict,
    endpoints: &[&EndpointReport],
    findings: &[Finding],
) -> String {
    let listed: Vec<&EndpointReport> = endpoints.iter().copied().filter(|report| !report.listed.is_empty()).collect();
    let good = listed.iter().filter(|report| report.verdict.is_good()).count();
    let total = listed.len();
    // What was not contacted is not called healthy: a registry lists it, or its checks pass.
    let what = match depth {
        Depth::Registries if listed.iter().any(|report| report.verdict == EndpointVerdict::Listed) => {
            "listed as usable"
        }
        Depth::Registries => "passing",
        Depth::Network => "healthy",
    };
    let mut proxied = proxied::sentence(ledger, &listed);
    let counts = match total {
        0 if ledger.has_drained() => "drained: no endpoint is listed any more".to_string(),
        0 => "no endpoint".to_string(),
        1 if good == 1 && depth == Depth::Network && proxied.is_some() => proxied.take().unwrap_or_default(),
        1 if good == 1 => format!("the only endpoint is {what}"),
        1 if listed[0].verdict == EndpointVerdict::Unknown && depth == Depth::Network => {
            "the only endpoint could not be judged".to_string()
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
    // What is wrong comes first; the numbers do when they say it themselves.
    let mut parts = if ledger.heard().next().is_none() {
        vec![worst, waiting(ledger)]
    } else if good == total && total > 0 {
        vec![worst, Some(counts), proxied, waiting(ledger), idle_sentence(ledger)]
    } else {
        vec![Some(counts), worst, proxied, waiting(ledger), idle_sentence(ledger)]
    };
    parts.retain(Option::is_some);
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What is still waited for: `10.0.0.7:50051: http2: waiting for the server's HTTP/2 SETTINGS for 3.0s`.
fn waiting(ledger: &Ledger) -> Option<String> {
    const NAMED: usize = 3;
    // Those that have a finding of their own are named by it.
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
    let silence = ledger.idle.iter().find(|seen| seen.what == IdlePhase::Silence)?;
    let call = ledger.calls.iter().find(|call| call.what.phase == IdlePhase::Call)?;
    let left = ledger.left().filter(|departure| departure.at >= silence.at).count();
    if left == 0 && ledger.arrivals.is_empty() {
        return Some("nothing changed while it was idle, so nothing could go stale".to_string());
    }
    Some(match (&call.what.outcome, &call.what.address) {
        (Ok(_), Some(address)) => {
            format!("the first call after idle went to {address} in {}", duration(call.what.took))
        }
        _ => "the first call after idle failed".to_string(),
    })
}

#[cfg(test)]
mod tests;

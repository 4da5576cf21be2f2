//! The verdict on the service in one sentence, from typed facts: how many endpoints are healthy and what the others
//! have in common, or why there is nothing to count.

use super::catalog::{CLIENTS_WOULD_BE_STALE, MOVED_WHILE_IDLE};
use super::criteria::{Criteria, Depth, MinReady};
use super::ledger::{Contact, Departure, Ledger, Observed, SourceRecord};
use super::report::name;
use super::{idle, proxied, unanswered};
use crate::model::cause::{CauseCount, EndpointCause};
use crate::model::event::{EndpointReport, IdlePhase};
use crate::model::finding::{Finding, FindingKind, Severity};
use crate::model::resolution::NoteKind;
use crate::model::verdict::{EndpointVerdict, Verdict};
use crate::text::{count, duration, few, plural};

/// A longer error of a registry is left to its finding.
const REASON: usize = 80;
/// Kinds of findings that are named.
const KINDS: usize = 3;

/// What the sentence is made from.
pub(super) struct Headline<'a> {
    pub ledger: &'a Ledger,
    pub criteria: &'a Criteria,
    pub depth: Depth,
    pub verdict: Verdict,
    /// The endpoints that count.
    pub endpoints: &'a [&'a EndpointReport],
    /// Worst first.
    pub findings: &'a [Finding],
    /// Why listed endpoints are not healthy, worst first.
    pub causes: &'a [CauseCount],
    /// How many findings do not count (`--ignore`).
    pub ignored: usize,
    /// No endpoint responded, not even with a refusal.
    pub nothing_reached: bool,
}

impl Headline<'_> {
    /// The sentence. What answers the question of the session comes first.
    pub fn sentence(&self) -> String {
        let listed: Vec<&EndpointReport> =
            self.endpoints.iter().copied().filter(|report| !report.listed.is_empty()).collect();
        let parts = match listed.as_slice() {
            [] => vec![self.without_endpoints(), waiting(self.ledger)],
            _ if self.nothing_reached => vec![Some(
                "nothing responds from here, not even with a refusal: suspect this machine's network first".to_string(),
            )],
            listed => {
                let good = listed.iter().filter(|report| report.verdict.is_good()).count();
                let worst = self.worst(listed.len() == good);
                vec![self.idle_cycle(), worst, Some(self.counts(listed, good)), waiting(self.ledger)]
            }
        };
        let ignored = (self.ignored > 0).then(|| format!("{} ignored (--ignore)", count(self.ignored, "finding")));
        let mut unique: Vec<String> = Vec::new();
        for part in parts.into_iter().chain([ignored]).flatten().filter(|part| !part.is_empty()) {
            if !unique.contains(&part) {
                unique.push(part);
            }
        }
        unique.join("; ")
    }

    /// No endpoint is listed: what each registry has instead. The one that matters comes first: one that could not be
    /// queried, then those that run the service, and at last names that were only tried by default.
    fn without_endpoints(&self) -> Option<String> {
        let ledger = self.ledger;
        if ledger.has_drained() {
            return Some("drained: no endpoint is listed".to_string());
        }
        let mut sources: Vec<&SourceRecord> = ledger.sources.iter().filter(|source| !source.is_absent()).collect();
        sources.sort_by_key(|source| {
            (source.answered.is_some(), ledger.implied.contains(&source.source), source.registry().resolves_names())
        });
        let only_names = ledger.only_default_names();
        let mut each: Vec<String> = sources.into_iter().filter_map(|source| self.without_endpoint(source)).collect();
        each.extend((only_names && !each.is_empty()).then(|| "no other registry is configured".to_string()));
        match each.is_empty() {
            true => self.findings.first().map(|worst| worst.text.clone()),
            false => Some(each.join("; ")),
        }
    }

    fn without_endpoint(&self, source: &SourceRecord) -> Option<String> {
        let name = name(self.ledger, source);
        if let (None, Some(broken)) = (&source.answered, &source.broken) {
            let why = broken.what.as_ref().filter(|failure| failure.text.len() <= REASON);
            let why = why.map(|failure| format!(" ({})", failure.text));
            return Some(format!("{name} could not be queried{}", why.unwrap_or_default()));
        }
        source.answered.as_ref()?;
        let funnel = source.note(NoteKind::Funnel).or_else(|| source.note(NoteKind::FilteredOut));
        Some(if source.note(NoteKind::AclFiltered).is_some() {
            format!("{name} hides results from these credentials")
        } else if source.is_unreadable() {
            format!("{name} has entries that could not be parsed")
        } else if let (Some(funnel), Some(_)) = (funnel, source.note(NoteKind::FilteredOut)) {
            format!("{name}: {}", funnel.text)
        } else if source.note(NoteKind::Absent).is_none() {
            format!("{name} lists no endpoint")
        } else if source.registry().resolves_names() {
            format!("{name} has no record of this name")
        } else {
            format!("{name} has no such service")
        })
    }

    /// `9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING`.
    fn counts(&self, listed: &[&EndpointReport], good: usize) -> String {
        let total = listed.len();
        // What was not contacted is not reported as healthy: a registry lists it, or its checks pass.
        let what = match self.depth {
            Depth::Registries if listed.iter().any(|report| report.verdict == EndpointVerdict::Listed) => {
                "listed as usable"
            }
            Depth::Registries | Depth::Clients => "passing",
            Depth::Network => "healthy",
        };
        let proxied = proxied::sentence(self.ledger, listed);
        let causes: Vec<String> = self.causes.iter().map(CauseCount::to_string).collect();
        if let Some(required) = self.too_few() {
            let causes = if causes.is_empty() { String::new() } else { format!("; {}", causes.join(", ")) };
            let of = if good < total { format!(" of {total}") } else { String::new() };
            return format!("{good}{of} {what}, --min-ready requires {required}{causes}");
        }
        match (total, good) {
            (1, 1) => match proxied.filter(|_| self.depth == Depth::Network) {
                Some(proxied) => proxied,
                None => format!("the only endpoint is {what}"),
            },
            (1, _) => self.of_the_only(listed[0]),
            (2, 2) => with(format!("both endpoints are {what}"), proxied),
            (_, _) if good == total => with(format!("all {total} endpoints are {what}"), proxied),
            (_, _) => with(format!("{good} of {total} {what}; {}", causes.join(", ")), proxied),
        }
    }

    /// `5`, `50% of 8`: what --min-ready requires, when that is why the service failed.
    fn too_few(&self) -> Option<String> {
        if self.verdict != Verdict::Failed {
            return None;
        }
        let usable = self.endpoints.iter().filter(|report| {
            let usable = report.verdict.is_good()
                || matches!(report.verdict, EndpointVerdict::ServingNotPassing | EndpointVerdict::Warning);
            usable && !report.listed.is_empty()
        });
        match (usable.count(), self.criteria.min_ready?) {
            (0, _) => None,
            (some, MinReady::Count(required)) => (some < required).then(|| required.to_string()),
            (_, MinReady::Percent(percent)) => Some(format!("{percent}%")),
        }
    }

    fn of_the_only(&self, report: &EndpointReport) -> String {
        match report.cause {
            // What it was waiting for follows.
            Some(EndpointCause::Pending(_)) if waiting(self.ledger).is_some() => String::new(),
            Some(cause) => format!("{} {}", report.address, cause.of_one()),
            None => format!("the only endpoint is {}", report.verdict.predicate()),
        }
    }

    /// The worst finding, where the counts do not show what is wrong.
    fn worst(&self, all_good: bool) -> Option<String> {
        let call = self.ledger.calls.iter().find(|call| call.what.outcome.is_err());
        let failed_call = call.and_then(|call| self.findings.iter().find(|finding| finding.evidence == [call.seq]));
        if failed_call.is_some() {
            return failed_call.map(|finding| finding.text.clone());
        }
        if !all_good || matches!(self.verdict, Verdict::Healthy | Verdict::Usable) || self.too_few().is_some() {
            return None;
        }
        // The findings follow with their details: each kind is named once.
        let mut kinds: Vec<&FindingKind> = Vec::new();
        for kind in self.findings.iter().map(|finding| finding.kind) {
            let is_in_the_idle_part = [MOVED_WHILE_IDLE.code, CLIENTS_WOULD_BE_STALE.code].contains(&kind.code);
            if kind.severity > Severity::Info && !is_in_the_idle_part && !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        (!kinds.is_empty()).then(|| few(kinds.into_iter().map(named), ", ", KINDS))
    }

    /// What `probe --idle` is for: did anything move, did this channel follow, which clients would be stale.
    fn idle_cycle(&self) -> Option<String> {
        let changes = idle::changes(self.ledger)?;
        let call = self.ledger.calls.iter().find(|call| call.what.phase == IdlePhase::Call)?;
        let moved = match (changes.removed.as_slice(), changes.arrived.as_slice()) {
            ([], []) => "nothing changed during the idle period, so nothing could become stale".to_string(),
            ([left], []) => format!("removed while the channel was idle: -{}", self.departed(left)),
            ([], [came]) => format!("added while the channel was idle: +{}", came.what.address),
            ([left], [came]) => {
                format!("moved while the channel was idle: -{} +{}", self.departed(left), came.what.address)
            }
            (removed, arrived) => {
                format!(
                    "{} removed and {} added while the channel was idle",
                    count(removed.len(), "endpoint"),
                    arrived.len()
                )
            }
        };
        let is_moved = !changes.removed.is_empty() || !changes.arrived.is_empty();
        let followed = match (&call.what.outcome, &call.what.address) {
            (Ok(_), Some(_)) if is_moved => {
                Some(format!("this channel followed (next call {})", duration(call.what.took)))
            }
            (Ok(_), _) => Some(format!("the next call took {}", duration(call.what.took))),
            // Its finding follows.
            (Err(_), _) => None,
        };
        let stale: Vec<&str> =
            self.ledger.lenses.iter().filter(|seen| seen.what.is_wrong()).map(|seen| &*seen.what.label).collect();
        let stale = (!stale.is_empty()).then(|| format!("clients of {} would be stale", few(&stale, ", ", 2)));
        Some([Some(moved), followed, stale].into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    /// `10.0.0.7:50051 (refused now)`.
    fn departed(&self, departure: &Observed<Departure>) -> String {
        let address = &departure.what.endpoint.address;
        let contact = self.ledger.contacts.get(address).filter(|contact| contact.at >= departure.at);
        match contact.map(|contact| &contact.what) {
            Some(Contact::Failed(failure)) => {
                format!("{address} ({} now)", EndpointCause::Failed(failure.stage, failure.code))
            }
            Some(Contact::Connected | Contact::Answered(_)) => format!("{address} (still responds)"),
            None => address.to_string(),
        }
    }
}

/// `backends disagree (GD103)`.
fn named(kind: &FindingKind) -> String {
    format!("{} ({})", kind.name.to_lowercase().replace('_', " "), kind.code)
}

fn with(text: String, more: Option<String>) -> String {
    match more {
        Some(more) => format!("{text}; {more}"),
        None => text,
    }
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
        (false, more) => Some(format!("{}; and {more} more {} waiting", named.join("; "), plural(more, "is", "are"))),
    }
}

//! What the session is still waiting for when it ends: for every endpoint and registry the stage, and since when.

use std::collections::{BTreeMap, BTreeSet};

use super::{Engine, EngineConnection};
use crate::channel::ConnectionId;
use crate::diagnosis::ledger::Contact;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::event::EventKind;
use crate::model::pending::{Awaits, PendingReport, Subject};
use crate::model::reach::{Health, Stage};
use crate::model::time::Elapsed;
use crate::session::plan::{Goal, Until};

/// The current stage of every attempt in flight, and when it was entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stages {
    /// Those of the probes.
    pub probes: BTreeMap<Address, (Stage, Elapsed)>,
    /// Those of the channel's connections.
    pub connections: BTreeMap<ConnectionId, (Stage, Elapsed)>,
}

impl Engine {
    /// When a time limit ends the session: [`Input::InStages`](super::Input::InStages) is due before it.
    pub fn ends_at(&self) -> Option<Elapsed> {
        let last_checks = self.liveness.ends_at();
        // Once the last checks run, `--for` no longer applies.
        let run_for = self.config.limits.run_for.map(Elapsed::new).filter(|_| last_checks.is_none());
        [last_checks, run_for, self.config.limits.max_time.map(Elapsed::new)].into_iter().flatten().min()
    }

    /// What the session waits for at `now`, with the attempts in flight in `stages`.
    pub fn pending(&mut self, now: Elapsed, stages: Stages) -> Vec<PendingReport> {
        self.stages = stages;
        // The next input may be from an earlier moment: it was already queued.
        let before = self.now;
        self.now = before.max(now);
        let pending = self.still_pending();
        self.now = before;
        pending
    }

    fn still_pending(&self) -> Vec<PendingReport> {
        let mut reports = self.pending_registries();
        reports.extend(self.pending_probes());
        reports.extend(self.pending_endpoints());
        reports
    }

    /// Reports what the session is still waiting for.
    pub(super) fn report_pending(&mut self) {
        for report in self.still_pending() {
            self.report(EventKind::Pending(report));
        }
    }

    fn pending_registries(&self) -> Vec<PendingReport> {
        let waiting = self.discovery.waiting();
        let report = |(source, since)| PendingReport {
            subject: Subject::Registry(source),
            awaits: Awaits::Registry,
            waited: self.now.since(since),
            last: None,
        };
        waiting.map(report).collect()
    }

    fn pending_probes(&self) -> Vec<PendingReport> {
        let (pending, started_at) = self.steps.pending();
        let report = |address: &Address| {
            let (awaits, since) = match self.stages.probes.get(address) {
                Some((stage, since)) => (Awaits::in_stage(*stage), *since),
                None => (Awaits::Turn, started_at),
            };
            self.waits(address, awaits, since, None)
        };
        pending.iter().map(report).collect()
    }

    /// Endpoints of a watch: with a gate those that it waits for, otherwise those without any result.
    fn pending_endpoints(&self) -> Vec<PendingReport> {
        let has_gate = match self.config.goal {
            Goal::Watch { until: Some(Until::Ready | Until::Stable) } => true,
            Goal::Watch { until: None | Some(Until::Drained) } => false,
            Goal::Probe | Goal::ProbeIdle(_) | Goal::Resolve { .. } => return Vec::new(),
        };
        let mut links: BTreeMap<&Address, (ConnectionId, &EngineConnection)> = BTreeMap::new();
        for (id, link) in self.connections.iter().filter(|(_, link)| !link.end_reported) {
            links.insert(&link.address, (*id, link));
        }
        let contact = |address: &Address| self.ledger.contacts.get(address).map(|seen| &seen.what);
        let is_known = |address: &Address| matches!(contact(address), Some(Contact::Answered(_) | Contact::Failed(_)));
        let wanted = if has_gate { self.expected() } else { self.discovery.usable() };
        let wanted: BTreeSet<Address> = wanted.into_iter().collect();
        let mut reports = Vec::new();
        for address in &wanted {
            let link = links.get(address).map(|(_, link)| link);
            if let Some(since) = link.and_then(|link| link.owes_response(self.now)) {
                let last = link.and_then(|link| link.vitals.judged.as_ref()).map(|health| health.as_str().to_string());
                reports.push(self.waits(address, Awaits::Response, since, last));
                continue;
            }
            if self.gate.is_ready(address) || (!has_gate && is_known(address)) {
                continue;
            }
            let failed = match contact(address) {
                Some(Contact::Failed(failure)) => Some(failure.to_string()),
                _ => None,
            };
            let report = match links.get(address) {
                Some((_, link)) if link.connected => {
                    let vitals = &link.vitals;
                    match &vitals.judged {
                        None => self.waits(address, Awaits::Health, link.since, None),
                        Some(Health::Failed { code, text, .. }) => {
                            self.waits(address, Awaits::Serving, vitals.since, Some(format!("{code}: {text}")))
                        }
                        Some(health) => {
                            self.waits(address, Awaits::Serving, vitals.since, Some(health.as_str().to_string()))
                        }
                    }
                }
                Some((id, link)) => {
                    let (awaits, since) = match self.stages.connections.get(id) {
                        Some((stage, since)) => (Awaits::in_stage(*stage), *since),
                        None => (Awaits::Connect, link.since),
                    };
                    self.waits(address, awaits, since, failed)
                }
                None if failed.is_some() => {
                    let since = self.ledger.contacts.get(address).map_or(self.now, |seen| seen.at);
                    self.waits(address, Awaits::Retry, since, failed)
                }
                None if self.is_ready() => self.waits(address, Awaits::Policy, Elapsed::ZERO, None),
                None => continue,
            };
            reports.push(report);
        }
        reports
    }

    fn is_ready(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.state() == ConnectivityState::Ready)
    }

    fn waits(&self, address: &Address, awaits: Awaits, since: Elapsed, last: Option<String>) -> PendingReport {
        let subject = Subject::Endpoint(address.clone());
        PendingReport { subject, awaits, waited: self.now.since(since), last }
    }
}

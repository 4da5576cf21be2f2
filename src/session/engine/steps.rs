//! The course of a session: which step follows which, for every goal.

use std::collections::BTreeSet;

use super::call::PendingCall;
use super::liveness::WatchEnding;
use super::{Effect, Engine};
use crate::diagnosis::ledger::Call;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::event::{CallCost, ConnectionReport, EventKind, HealthReport, IdlePhase, IdleReport};
use crate::model::reach::Reach;
use crate::model::time::Elapsed;
use crate::session::plan::Goal;
use crate::text::{duration, exact_duration};

/// The current step of a session.
#[derive(Debug)]
pub(super) struct Steps {
    step: SessionStep,
    /// Addresses whose probe has not ended, and when they were queued.
    pending: BTreeSet<Address>,
    queued: Elapsed,
    /// The call in flight.
    pub(super) call: Option<PendingCall>,
    /// The call that has just ended and was not reported yet.
    pub(super) outcome: Option<Call>,
}

/// The steps. Each goal walks through some of them, downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionStep {
    /// Waiting for the first response of every source.
    Resolving,
    /// Every listed address is being probed.
    Probing,
    /// Idle cycle: the call before the idle period.
    BaselineCall,
    /// Idle cycle: no call until this moment, and until the channel is IDLE.
    WaitingForIdle(Elapsed),
    /// Idle cycle: the call that leaves IDLE.
    CallAfter,
    /// Idle cycle: waiting for the PINGs on the connections that were kept idle.
    CheckingIdle,
    /// Idle cycle: everything that is or was listed is probed again.
    ProbingAgain,
    /// Until the user or a limit ends the session.
    Watching,
}

impl Steps {
    pub(super) fn new(_goal: Goal) -> Self {
        Steps {
            step: SessionStep::Resolving,
            pending: BTreeSet::new(),
            queued: Elapsed::ZERO,
            call: None,
            outcome: None,
        }
    }

    /// The addresses whose probe has not ended, and when they were queued.
    pub(super) fn pending(&self) -> (&BTreeSet<Address>, Elapsed) {
        (&self.pending, self.queued)
    }

    pub(super) fn deadline(&self) -> Option<Elapsed> {
        let phase_end = match self.step {
            SessionStep::WaitingForIdle(until) => Some(until),
            _ => None,
        };
        let call = self.call.as_ref().map(|call| call.deadline);
        [phase_end, call].into_iter().flatten().min()
    }
}

impl Engine {
    pub(super) fn steps_time_passed(&mut self) {
        self.call_timed_out();
    }

    /// Takes every step that has become possible.
    pub(super) fn go_on(&mut self) {
        loop {
            let before = self.steps.step;
            match before {
                SessionStep::Resolving => self.resolved(),
                SessionStep::Probing => self.probed(),
                SessionStep::BaselineCall => self.baseline_called(),
                SessionStep::WaitingForIdle(until) => self.idle_waited(until),
                SessionStep::CallAfter => self.called_after(),
                SessionStep::CheckingIdle => self.idle_checked(),
                SessionStep::ProbingAgain => {
                    if self.steps.pending.is_empty() && !self.idle_checks_run() {
                        self.idle_phase(IdlePhase::Done, None, "idle cycle complete".to_string());
                        self.finish(None);
                    }
                }
                SessionStep::Watching => self.watched_enough(),
            }
            if self.finished || self.steps.step == before {
                return;
            }
        }
    }

    fn resolved(&mut self) {
        match self.config.goal {
            Goal::Watch { .. } | Goal::Resolve { watch: true } => self.steps.step = SessionStep::Watching,
            Goal::Resolve { watch: false } | Goal::Probe | Goal::ProbeIdle(_) if !self.discovery.all_responded() => {}
            Goal::Resolve { watch: false } => self.finish(None),
            Goal::Probe | Goal::ProbeIdle(_) => {
                if matches!(self.config.goal, Goal::ProbeIdle(_)) && !self.discovery.addresses().is_empty() {
                    let text = "probing every endpoint, then making a first call through the channel".to_string();
                    self.idle_phase(IdlePhase::Baseline, None, text);
                }
                self.probe(self.discovery.addresses());
                self.steps.step = SessionStep::Probing;
            }
        }
    }

    fn probed(&mut self) {
        if !self.steps.pending.is_empty() {
            return;
        }
        match self.config.goal {
            Goal::ProbeIdle(_) if !self.discovery.usable().is_empty() => {
                self.steps.step = SessionStep::BaselineCall;
                self.start_call(IdlePhase::Baseline);
            }
            Goal::ProbeIdle(_) | Goal::Probe | Goal::Resolve { .. } | Goal::Watch { .. } => self.finish(None),
        }
    }

    fn baseline_called(&mut self) {
        let Some(call) = self.steps.outcome.take() else { return };
        let Goal::ProbeIdle(idle) = self.config.goal else { return };
        let failed = call.outcome.is_err();
        let text = match &call.address {
            Some(address) if !failed => {
                let took = duration(call.took);
                format!("the first call went to {address} in {took}; no further call for {}", exact_duration(idle))
            }
            _ => "the first call failed".to_string(),
        };
        let text = if failed { text } else { text + &self.start_idle_checks(idle) };
        let deadline = self.now + idle;
        let seq = self.idle_phase(IdlePhase::Waiting, (!failed).then_some(deadline), text);
        self.ledger.call(call, seq, self.now);
        if failed {
            self.finish(None);
        } else {
            self.steps.step = SessionStep::WaitingForIdle(deadline);
        }
    }

    fn idle_waited(&mut self, until: Elapsed) {
        let idle = self.channel.as_ref().is_some_and(|c| c.state() == ConnectivityState::Idle);
        if self.now < until || !idle {
            return;
        }
        let text = match self.changes() {
            0 => "the channel is IDLE; no changes so far, discovery continues".to_string(),
            1 => "the channel is IDLE; 1 change so far, discovery continues".to_string(),
            more => format!("the channel is IDLE; {more} changes so far, discovery continues"),
        };
        self.idle_phase(IdlePhase::Idle, None, text);
        self.idle_phase(IdlePhase::Call, None, "making a call to leave IDLE".to_string());
        self.steps.step = SessionStep::CallAfter;
        self.start_call(IdlePhase::Call);
    }

    fn called_after(&mut self) {
        let Some(call) = self.steps.outcome.take() else { return };
        let took = duration(call.took);
        let text = match (&call.outcome, &call.address) {
            (Ok(health), Some(address)) => {
                let parts = call.cost.as_ref().map(parts).unwrap_or_default();
                format!("the call went to {address} in {took}{parts}: {}", health.as_str())
            }
            (Err(why), _) => format!("the call failed after {took}: {why}"),
            (Ok(health), None) => format!("the call completed in {took}: {}", health.as_str()),
        };
        let cost = call.cost.clone();
        let seq = self.idle_cost(IdlePhase::Call, cost, text);
        self.ledger.call(call, seq, self.now);
        self.steps.step = SessionStep::CheckingIdle;
    }

    /// Probes again only after the results of the idle-connection checks: a probe afterwards shows whether the
    /// endpoint was the cause.
    fn idle_checked(&mut self) {
        if self.idle_checks.over_idle() {
            return;
        }
        let mut addresses = self.discovery.addresses();
        let mut known: BTreeSet<Address> = addresses.iter().cloned().collect();
        let departed = self.ledger.departures.iter().map(|departure| &departure.what.endpoint.address);
        addresses.extend(departed.filter(|address| known.insert((*address).clone())).cloned());
        self.probe(addresses);
        self.steps.step = SessionStep::ProbingAgain;
    }

    fn watched_enough(&mut self) {
        if let Goal::Watch { until: Some(until) } = self.config.goal
            && self.until_is_met(until)
        {
            self.end_checked(WatchEnding::Met(until));
        }
        self.last_checks_done();
    }

    fn probe(&mut self, mut addresses: Vec<Address>) {
        if let Some(most) = self.config.limits.max_endpoints
            && addresses.len() > most
        {
            self.ledger.limited = Some((addresses.len(), most));
            addresses.truncate(most);
        }
        self.steps.pending.extend(addresses.iter().cloned());
        self.steps.queued = self.now;
        self.effects.extend(addresses.into_iter().map(Effect::Probe));
    }

    pub(super) fn reached(&mut self, address: Address, reach: Reach) {
        if !self.steps.pending.remove(&address) {
            return;
        }
        for phase in reach.phases {
            self.report(EventKind::Connection(ConnectionReport { address: address.clone(), result: Ok(phase) }));
        }
        // Before the health itself: the last event on the address is the one that counts.
        for (service, health) in reach.others {
            self.report(EventKind::Health(HealthReport {
                address: address.clone(),
                service,
                health,
                took: None,
                ended: None,
                proxy: reach.proxy.clone(),
            }));
        }
        match reach.outcome {
            Ok((health, took)) => {
                let service = self.config.service.to_string();
                // A call that failed has its cause already.
                if let Some(disconnect) = reach.goaway.filter(|_| health.is_usable()) {
                    self.report(EventKind::Disconnect { address: address.clone(), disconnect, idle: None });
                }
                let (took, proxy) = (Some(took), reach.proxy);
                self.report(EventKind::Health(HealthReport { address, service, health, took, ended: None, proxy }));
            }
            Err(failure) => {
                let others = self.other_addresses(&address);
                self.report(EventKind::Connection(ConnectionReport { address, result: Err(failure) }));
                self.steps.pending.extend(others.iter().cloned());
                self.effects.extend(others.into_iter().map(Effect::Probe));
            }
        }
    }

    /// Addresses that the registries list for the same instances as `address` and that were not contacted.
    fn other_addresses(&self, address: &Address) -> BTreeSet<Address> {
        let listed = self.ledger.sources.iter().flat_map(|source| source.at(address));
        let theirs = listed.filter_map(|seen| seen.what.also());
        let is_new =
            |other: &&Address| !self.steps.pending.contains(*other) && !self.ledger.contacts.contains_key(*other);
        theirs.filter(is_new).cloned().collect()
    }

    pub(super) fn idle_phase(&mut self, phase: IdlePhase, deadline: Option<Elapsed>, text: String) -> u64 {
        let changes = self.changes();
        self.report(EventKind::Idle(IdleReport { phase, deadline, changes, cost: None, text }))
    }

    fn idle_cost(&mut self, phase: IdlePhase, cost: Option<CallCost>, text: String) -> u64 {
        let changes = self.changes();
        self.report(EventKind::Idle(IdleReport { phase, deadline: None, changes, cost, text }))
    }

    /// Number of endpoints that were added or removed since the baseline.
    fn changes(&self) -> usize {
        let since = self.ledger.idle.first().map_or(Elapsed::ZERO, |seen| seen.at);
        self.ledger.departures.iter().filter(|departure| departure.at >= since).count() + self.ledger.arrivals.len()
    }
}

/// ` (tcp 0.3ms, http2 0.2ms, rpc 0.2ms)`.
fn parts(cost: &CallCost) -> String {
    let connecting = cost.connecting.iter().map(|(stage, took)| format!("{stage} {}", duration(*took)));
    let rpc = format!("rpc {}", duration(cost.rpc));
    format!(" ({})", connecting.chain([rpc]).collect::<Vec<_>>().join(", "))
}

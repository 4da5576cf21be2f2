//! Calls through the channel: the baseline of the idle cycle, and the one that leaves IDLE.

use std::time::Duration;

use super::{Effect, Engine};
use crate::channel::{self, ConnectionId, Pick};
use crate::diagnosis::ledger::{Call, IdleCallError};
use crate::lens;
use crate::model::connectivity::ConnectivityState;
use crate::model::endpoint::Address;
use crate::model::event::{CallCost, EventKind, HealthReport, IdlePhase};
use crate::model::reach::{Health, Stage};
use crate::model::time::Elapsed;

/// A call that has no final status yet.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingCall {
    pub(super) phase: IdlePhase,
    started: Elapsed,
    pub(super) deadline: Elapsed,
    on: Option<(ConnectionId, Address)>,
    /// The stages that the channel's connections have passed since the call started, with their events.
    stages: Vec<(ConnectionId, Stage, Duration, u64)>,
}

impl Engine {
    /// Starts a call; it counts as activity from here on.
    pub(super) fn start_call(&mut self, phase: IdlePhase) {
        let deadline = self.now + self.config.call_timeout;
        self.steps.call = Some(PendingCall { phase, started: self.now, deadline, on: None, stages: Vec::new() });
        self.models_see(&lens::Input::CallStarted);
        self.channel(channel::Input::RpcStarted);
    }

    /// Passes its connection, or its failure, to a waiting call.
    pub(super) fn route_call(&mut self) {
        let waiting = self.steps.call.as_ref().is_some_and(|call| call.on.is_none());
        let Some(channel) = self.channel.as_mut().filter(|_| waiting) else { return };
        match channel.pick() {
            Pick::Queue => {}
            Pick::Fail(why) => self.call_ended(None, Err(IdleCallError::Channel(why)), None),
            Pick::Complete(connection) => {
                let Some(address) = self.address_of(connection) else { return };
                if let Some(call) = self.steps.call.as_mut() {
                    call.on = Some((connection, address));
                    self.effects.push(Effect::Check(connection));
                }
            }
        }
    }

    /// A connection of the channel passed a stage, which event `seq` reports: it is part of the cost of a call that
    /// waits for it.
    pub(super) fn call_pays_for(&mut self, connection: ConnectionId, stage: Stage, took: Duration, seq: u64) {
        if let Some(call) = self.steps.call.as_mut() {
            call.stages.push((connection, stage, took, seq));
        }
    }

    pub(super) fn call_answered(&mut self, connection: ConnectionId, health: Health, took: Duration) {
        let Some(address) = self.called_on(connection) else { return };
        let service = self.config.service.to_string();
        let outcome = match &health {
            Health::Failed { code, text, .. } => {
                let (code, text) = (*code, text.clone());
                Err(IdleCallError::Rpc { address: address.clone(), code, text })
            }
            answer => Ok(answer.clone()),
        };
        let (proxy, to) = (self.proxy_of(connection), address.clone());
        let report = HealthReport { address: to, service, health, took: Some(took), ended: None, proxy };
        self.report(EventKind::Health(report));
        self.call_ended(Some(address), outcome, Some(took));
    }

    /// A connection was lost or closed: a call on it fails with it.
    pub(super) fn connection_gone(&mut self, connection: ConnectionId, why: &str) {
        if let Some(address) = self.called_on(connection) {
            let error = IdleCallError::ConnectionLost { address: address.clone(), why: why.to_string() };
            self.call_ended(Some(address), Err(error), None);
        }
    }

    /// This process did not run for `lasted`: the deadline of a call in flight moves by as much.
    pub(super) fn call_was_stalled(&mut self, lasted: Duration) {
        if let Some(call) = self.steps.call.as_mut() {
            call.deadline += lasted;
        }
    }

    pub(super) fn call_timed_out(&mut self) {
        let Some(call) = self.steps.call.as_ref().filter(|call| call.deadline <= self.now) else { return };
        let waited = self.now.since(call.started);
        let (address, error) = match &call.on {
            Some((_, address)) => {
                (Some(address.clone()), IdleCallError::NoResponse { address: address.clone(), waited })
            }
            None => {
                let state = self.channel.as_ref().map_or(ConnectivityState::Idle, |channel| channel.state());
                (None, IdleCallError::NoConnection { waited, state })
            }
        };
        self.call_ended(address, Err(error), None);
    }

    /// True when a call is in flight on this connection.
    pub(super) fn is_called_on(&self, connection: ConnectionId) -> bool {
        self.called_on(connection).is_some()
    }

    fn called_on(&self, connection: ConnectionId) -> Option<Address> {
        let (on, address) = self.steps.call.as_ref()?.on.as_ref()?;
        (*on == connection).then(|| address.clone())
    }

    /// `rpc`: how long the RPC itself took, when it was answered.
    fn call_ended(&mut self, address: Option<Address>, outcome: Result<Health, IdleCallError>, rpc: Option<Duration>) {
        let Some(call) = self.steps.call.take() else { return };
        let took = self.now.since(call.started);
        let on = call.on.as_ref().map(|(connection, _)| *connection);
        let paid = call.stages.iter().filter(|(connection, ..)| Some(*connection) == on);
        let stages = paid.clone().map(|(_, _, _, seq)| *seq).collect();
        let cost = rpc.filter(|_| outcome.is_ok()).map(|rpc| CallCost {
            resolve: address.as_ref().and_then(|address| self.ledger.resolving(address)),
            connecting: paid.map(|(_, stage, took, _)| (*stage, *took)).collect(),
            rpc,
            total: took,
        });
        self.steps.outcome = Some(Call { phase: call.phase, address, outcome, took, cost, stages });
        self.models_see(&lens::Input::CallFinished);
        self.channel(channel::Input::RpcFinished);
    }
}

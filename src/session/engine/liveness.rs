//! Liveness checks. An open Watch without traffic looks the same on a working server and on a frozen one: stopped,
//! blocked, or gone without a packet. So Health/Check is called on a READY connection that has been quiet for
//! `--check-interval`, and on every READY connection before a watch ends successfully.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Effect, Engine, EngineConnection, stalls};
use crate::channel::ConnectionId;
use crate::model::reach::Health;
use crate::model::rpc::{RpcCause, Unanswered};
use crate::model::time::Elapsed;
use crate::session::plan::{Goal, Until};

/// A server that responded less than this ago is not checked again, and one that was checked less than this ago is
/// not reported as unresponsive.
const FRESH: Duration = Duration::from_secs(1);
/// When the user stops a watch, the last checks are waited for at most this long.
const LEAVING: Duration = Duration::from_secs(1);
/// A server that did not respond is checked again after this long.
const UNRESPONSIVE_AGAIN: Duration = Duration::from_secs(5);
/// Checks of connections that were opened together are spread over this share of the interval.
const SPREAD: f64 = 0.1;

/// Why a watch is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WatchEnding {
    /// The condition of `--until` is met.
    Met(Until),
    /// `--for` has passed.
    Elapsed(Duration),
    /// The user stopped the watch.
    Stopped,
}

/// The checks before a watch ends.
#[derive(Debug)]
pub(super) struct LastChecks {
    ending: WatchEnding,
    /// Connections whose response is missing.
    awaited: BTreeSet<ConnectionId>,
    /// The deadline of the checks.
    until: Elapsed,
}

/// The liveness of every connection of a watch.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    /// When connections are to be checked: one entry for each.
    due: BTreeSet<(Elapsed, ConnectionId)>,
    last: Option<LastChecks>,
}

impl Liveness {
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The deadline of the last checks, while they run.
    pub(super) fn ends_at(&self) -> Option<Elapsed> {
        self.last.as_ref().map(|last| last.until)
    }

    /// The connection has responded, or never will.
    pub(super) fn settled(&mut self, connection: ConnectionId) {
        if let Some(last) = &mut self.last {
            last.awaited.remove(&connection);
        }
    }

    /// Removes the connection.
    pub(super) fn forget(&mut self, connection: ConnectionId, due: Option<Elapsed>) {
        self.settled(connection);
        if let Some(due) = due {
            self.due.remove(&(due, connection));
        }
    }
}

impl Engine {
    /// A connection of a watch is READY: its liveness is checked from now on.
    pub(super) fn start_liveness(&mut self, connection: ConnectionId) {
        if let (Goal::Watch { .. }, Some(interval)) = (self.config.goal, self.config.check_interval) {
            let due = self.now + self.spread(connection, interval);
            self.liveness_due(connection, due);
        }
    }

    /// Checks the connections that have been quiet for too long.
    pub(super) fn liveness_time_passed(&mut self) {
        let (now, Some(interval)) = (self.now, self.config.check_interval) else { return };
        while let Some((_, connection)) = self.liveness.due.first().copied().filter(|(due, _)| *due <= now) {
            self.liveness.due.pop_first();
            let quiet_until = self.spread(connection, interval);
            let Some(link) = self.connections.get_mut(&connection).filter(|link| !link.end_reported) else { continue };
            link.liveness_due = None;
            let is_due = link.is_unresponsive() || link.responded + quiet_until <= now;
            let next = match is_due {
                true => now + interval,
                false => link.responded + quiet_until,
            };
            if is_due {
                self.check_liveness(connection);
            }
            self.liveness_due(connection, next);
        }
    }

    /// The response to a Check that does not decide the health of the connection: whether its server responds at all.
    pub(super) fn liveness_checked(&mut self, connection: ConnectionId, health: &Health, took: Duration) {
        let again = self.now + UNRESPONSIVE_AGAIN;
        let Some(link) = self.connections.get(&connection).filter(|link| !link.end_reported) else { return };
        let (status, last_response) = (link.vitals.status.clone(), link.responded);
        match health {
            Health::Serving | Health::NotServing | Health::Unknown | Health::ServiceUnknown => {
                self.judge_health(connection, health.clone(), Some(took), None);
            }
            Health::Unimplemented => self.judge_health(connection, status.unwrap_or(Health::Unimplemented), None, None),
            refused if refused.is_behind_authentication() => {
                self.judge_health(connection, status.unwrap_or_else(|| refused.clone()), None, None);
            }
            // Nothing was sent, or the connection is closed: this proves nothing about a quiet server.
            Health::Failed { cause, .. } if !is_evidence(cause) => {}
            Health::Failed { code, text, cause } => {
                let (code, text) = (*code, text.clone());
                let cause = match cause {
                    RpcCause::Unanswered(unanswered) => {
                        RpcCause::Unanswered(Unanswered { last_response: Some(last_response), ..*unanswered })
                    }
                    other => other.clone(),
                };
                self.judge_health(connection, Health::Failed { code, text, cause }, Some(took), None);
                if self.config.check_interval.is_some() {
                    self.liveness_due(connection, again);
                }
            }
        }
    }

    /// Ends a watch, as soon as every READY connection has responded.
    pub(super) fn end_checked(&mut self, ending: WatchEnding) {
        if self.liveness.last.is_some() {
            return;
        }
        let is_watch = matches!(self.config.goal, Goal::Watch { .. });
        let now = self.now;
        let needs_check = |link: &EngineConnection| {
            link.is_ready() && (link.vitals.is_checking() || now.since(link.responded) >= FRESH)
        };
        let ready = self.connections.iter().filter(|(_, link)| is_watch && needs_check(link));
        let awaited: BTreeSet<ConnectionId> = match ending {
            // No endpoint is listed any more.
            WatchEnding::Met(Until::Drained) => BTreeSet::new(),
            WatchEnding::Met(Until::Ready | Until::Stable) | WatchEnding::Elapsed(_) | WatchEnding::Stopped => {
                ready.map(|(connection, _)| *connection).collect()
            }
        };
        let limit = match ending {
            WatchEnding::Stopped => self.config.rpc_timeout.min(LEAVING),
            // A Check that times out reports it itself, at the same moment.
            WatchEnding::Met(_) | WatchEnding::Elapsed(_) => self.config.rpc_timeout.saturating_add(FRESH),
        };
        for connection in &awaited {
            self.check_liveness(*connection);
        }
        self.liveness.last = Some(LastChecks { ending, awaited, until: now + limit });
        self.last_checks_done();
    }

    /// Ends the watch when its last checks are done; continues it when they show that `--until` is not met.
    pub(super) fn last_checks_done(&mut self) {
        let now = self.now;
        let Some(last) = self.liveness.last.take_if(|last| last.awaited.is_empty() || now >= last.until) else {
            return;
        };
        self.gate_notes();
        match last.ending {
            WatchEnding::Met(until) if !self.until_is_met(until) => {}
            WatchEnding::Met(_) | WatchEnding::Stopped => self.finish(None),
            WatchEnding::Elapsed(limit) => {
                let missed = match self.config.goal {
                    Goal::Watch { until: Some(until) } => !self.until_is_met(until),
                    _ => false,
                };
                self.finish(missed.then(|| self.not_met("--for", limit)));
            }
        }
    }

    pub(super) fn check_liveness(&mut self, connection: ConnectionId) {
        let now = self.now;
        let Some(link) = self.connections.get_mut(&connection).filter(|link| link.connected && !link.end_reported)
        else {
            return;
        };
        if link.vitals.start_check(now, false) {
            self.effects.push(Effect::Check(connection));
        }
    }

    fn liveness_due(&mut self, connection: ConnectionId, due: Elapsed) {
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if let Some(was) = link.liveness_due.replace(due) {
            self.liveness.due.remove(&(was, connection));
        }
        self.liveness.due.insert((due, connection));
    }

    /// Up to a tenth less than `interval`, always the same for one connection.
    fn spread(&self, connection: ConnectionId, interval: Duration) -> Duration {
        let random = fastrand::Rng::with_seed(self.config.channel.seed ^ connection.0).f64();
        interval.mul_f64(1.0 - SPREAD * random)
    }
}

impl EngineConnection {
    /// True when the last Check on it was not answered.
    pub(super) fn is_unresponsive(&self) -> bool {
        self.vitals.judged.as_ref().is_some_and(stalls::unanswered)
    }

    /// How long ago its server should have responded, if that is worth reporting at `now`.
    pub(super) fn owes_response(&self, now: Elapsed) -> Option<Elapsed> {
        let since = self.vitals.checking_since()?;
        (now.since(since) >= FRESH).then_some(since)
    }
}

/// True when an RPC with this failure proves something about the server.
fn is_evidence(cause: &RpcCause) -> bool {
    match cause {
        RpcCause::NotSent(_)
        | RpcCause::Client
        | RpcCause::OurLimit(_)
        | RpcCause::Lost(_)
        | RpcCause::GoAway(_)
        | RpcCause::Flood(_) => false,
        RpcCause::Status
        | RpcCause::Http { .. }
        | RpcCause::Proxy { .. }
        | RpcCause::Reset(_)
        | RpcCause::Unanswered(_)
        | RpcCause::Violation(_)
        | RpcCause::NotGrpc(_)
        | RpcCause::HeadersTooLarge(_) => true,
    }
}

/// True when the server sent something in response to an RPC that ended like this.
pub(super) fn responded(health: &Health) -> bool {
    match health {
        Health::Failed { cause: RpcCause::Unanswered(_), .. } => false,
        Health::Failed { cause, .. } => is_evidence(cause),
        Health::Serving | Health::NotServing | Health::Unknown | Health::ServiceUnknown | Health::Unimplemented => true,
    }
}

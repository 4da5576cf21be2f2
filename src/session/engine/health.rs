//! The health of the channel's connections. A Watch is opened on each; one that ends is opened again with backoff,
//! and the last status counts in the meantime. Where Watch is not implemented, or fails without a status, Check
//! decides.
//!
//! With client-side health checking (gRFC A17) the channel decides when a Watch is opened again; otherwise this
//! module does. Never both.

use std::time::Duration;

use super::{Effect, Engine, EngineConnection};
use crate::channel::{self, ConnectionId};
use crate::model::event::{EventKind, HealthReport, WatchEnd};
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::Health;
use crate::model::rpc::RpcCause;
use crate::model::time::Elapsed;
use crate::session::plan::Goal;

/// First delay before a Watch that ended is opened again; grows by 1.6 up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The upper bound: changes of health are not seen while no Watch is open.
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// A Watch that was open this long counts as a success: the next delay is the first one again.
const LASTED: Duration = Duration::from_secs(10);
/// Where Watch is not implemented, Check is repeated after this long.
const CHECK_AGAIN: Duration = Duration::from_secs(5);

/// The state of the health of one connection.
#[derive(Debug, Default)]
pub(super) struct Vitals {
    /// The last status, or why there is none.
    pub judged: Option<Health>,
    /// Since when.
    pub since: Elapsed,
    by: Method,
    /// A Watch is open: when it was opened, and when it reported its last status.
    open: bool,
    opened: Elapsed,
    responded_at: Elapsed,
    /// The Watch that was opened last has reported a status.
    spoke: bool,
    /// The last status that a Watch reported.
    pub status: Option<Health>,
    checking: Option<Checking>,
    /// How the Watch failed that the Check replaces.
    failed: Option<WatchEnd>,
    /// The end of a Watch that was reported last: status code and message.
    reported_end: Option<(GrpcStatus, String)>,
    /// The next status is reported even when it is unchanged: it shows that the Watch is open again.
    restate: bool,
    failures: u32,
    /// When the next action is due.
    pub due: Option<Elapsed>,
}

/// A Check in flight.
#[derive(Debug, Clone, Copy)]
struct Checking {
    since: Elapsed,
    /// It replaces a Watch. Otherwise it shows whether the server responds.
    decides: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Method {
    #[default]
    Watch,
    /// Watch is not implemented.
    Check,
}

impl Vitals {
    /// True when a Watch is open.
    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// True when an RPC is in flight: a Watch, or a Check that replaces it.
    pub(super) fn is_calling(&self) -> bool {
        self.open || self.is_checking()
    }

    /// True when a Check is in flight.
    pub(super) fn is_checking(&self) -> bool {
        self.checking.is_some()
    }

    /// When the Check in flight was sent.
    pub(super) fn checking_since(&self) -> Option<Elapsed> {
        self.checking.map(|checking| checking.since)
    }

    /// A Check is needed. Returns true when it must be sent because none is in flight.
    pub(super) fn start_check(&mut self, now: Elapsed, decides: bool) -> bool {
        match &mut self.checking {
            Some(under_way) => {
                under_way.decides |= decides;
                false
            }
            None => {
                self.checking = Some(Checking { since: now, decides });
                true
            }
        }
    }
}

/// True when a client could call an endpoint with this health.
pub(super) fn serves(health: &Health) -> bool {
    health.is_usable()
}

impl Engine {
    /// Opens a health Watch on a connection, unless one is open.
    pub(super) fn open_watch(&mut self, connection: ConnectionId) {
        let (now, first_status) = (self.now, self.now + self.config.rpc_timeout);
        let Some(link) = self.connections.get_mut(&connection) else { return };
        let vitals = &mut link.vitals;
        if vitals.open || vitals.by == Method::Check {
            return;
        }
        vitals.open = true;
        vitals.spoke = false;
        (vitals.opened, vitals.responded_at) = (now, now);
        self.effects.push(Effect::Watch(connection));
        // Servers report the first status at once; one that accepts the Watch and reports none gets a Check.
        self.health_due(connection, Some(first_status));
    }

    /// The health Watch on a connection reported a status, or how it ended.
    pub(super) fn watched(&mut self, connection: ConnectionId, health: Health) {
        let now = self.now;
        let is_watch_goal = matches!(self.config.goal, Goal::Watch { .. });
        let Some(link) = self.connections.get_mut(&connection).filter(|link| !link.end_reported) else { return };
        let vitals = &mut link.vitals;
        match &health {
            Health::Serving | Health::NotServing | Health::Unknown | Health::ServiceUnknown => {
                vitals.spoke = true;
                vitals.responded_at = now;
                vitals.status = Some(health.clone());
                self.health_due(connection, None);
                self.judge_health(connection, health.clone(), None, None);
            }
            Health::Unimplemented => {
                vitals.open = false;
                vitals.by = Method::Check;
                self.health_due(connection, None);
                match is_watch_goal {
                    true => self.check_health(connection),
                    false => self.judge_health(connection, health.clone(), None, None),
                }
            }
            // An RPC that ends with its connection shows nothing about health.
            Health::Failed { cause: RpcCause::Lost(_) | RpcCause::GoAway(_), .. } => {
                vitals.open = false;
                self.health_due(connection, None);
            }
            Health::Failed { code, text, cause } => {
                vitals.open = false;
                let after = now.since(vitals.responded_at);
                let end = WatchEnd { code: *code, text: text.clone(), cause: cause.clone(), after };
                match vitals.judged.clone().filter(|_| vitals.spoke) {
                    Some(last) => self.judge_health(connection, last, None, Some(end)),
                    None if health.is_behind_authentication() || !is_watch_goal => {
                        self.judge_health(connection, health.clone(), None, None);
                    }
                    None => {
                        vitals.failed = Some(end);
                        self.check_health(connection);
                    }
                }
                self.watch_again(connection);
            }
        }
        if self.config.channel.client_health {
            self.channel(channel::Input::Health(connection, health));
        }
    }

    /// A health Watch ended after a status that was its last (NOT_FOUND).
    pub(super) fn watch_ended(&mut self, connection: ConnectionId) {
        if let Some(link) = self.connections.get_mut(&connection) {
            link.vitals.open = false;
            self.watch_again(connection);
        }
    }

    /// The response to a Check of the connection's health; `false` when none was under way.
    pub(super) fn health_checked(&mut self, connection: ConnectionId, health: &Health, took: Duration) -> bool {
        let again = self.now + CHECK_AGAIN;
        let Some(link) = self.connections.get_mut(&connection) else { return false };
        let Some(checking) = link.vitals.checking.take() else { return false };
        self.liveness.settled(connection);
        if !checking.decides {
            self.liveness_checked(connection, health, took);
            return true;
        }
        let vitals = &mut link.vitals;
        let failed = vitals.failed.take();
        let lost = matches!(health, Health::Failed { cause: RpcCause::Lost(_) | RpcCause::GoAway(_), .. });
        if link.end_reported || lost {
            return true;
        }
        let ended = match vitals.by {
            Method::Watch if vitals.spoke => return true,
            Method::Watch if matches!(health, Health::Failed { .. }) => None,
            Method::Watch => failed,
            // No health service at all: this connection has nothing more to show.
            Method::Check if *health == Health::Unimplemented => None,
            Method::Check => {
                self.health_due(connection, Some(again));
                Some(not_implemented())
            }
        };
        self.judge_health(connection, health.clone(), Some(took), ended);
        true
    }

    /// Performs what is due for the health of connections.
    pub(super) fn health_time_passed(&mut self) {
        let now = self.now;
        while let Some((_, connection)) = self.health_timers.first().copied().filter(|(due, _)| *due <= now) {
            self.health_due(connection, None);
            let Some(link) = self.connections.get(&connection).filter(|link| !link.end_reported) else { continue };
            match (link.vitals.by, link.vitals.open) {
                (Method::Check, _) | (Method::Watch, true) => self.check_health(connection),
                (Method::Watch, false) => self.open_watch(connection),
            }
        }
    }

    /// Removes a connection, and what was due for it.
    pub(super) fn forget_connection(&mut self, connection: ConnectionId) {
        self.health_due(connection, None);
        if let Some(link) = self.connections.remove(&connection) {
            self.liveness.forget(connection, link.liveness_due);
            self.gate.counts(&link.address, link.is_counted, false);
        }
    }

    /// Updates the gate for a connection.
    pub(super) fn count_connection(&mut self, connection: ConnectionId) {
        if let Some(link) = self.connections.get_mut(&connection) {
            let is_ready = link.is_ready();
            self.gate.counts(&link.address, link.is_counted, is_ready);
            link.is_counted = is_ready;
        }
    }

    fn check_health(&mut self, connection: ConnectionId) {
        let now = self.now;
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if link.vitals.start_check(now, true) {
            self.effects.push(Effect::Check(connection));
        }
    }

    /// Schedules the next Watch, unless the channel does, or Check has replaced it.
    fn watch_again(&mut self, connection: ConnectionId) {
        let now = self.now;
        if self.config.channel.client_health {
            return self.health_due(connection, None);
        }
        let seed = self.config.channel.seed ^ connection.0;
        let Some(link) = self.connections.get_mut(&connection) else { return };
        let vitals = &mut link.vitals;
        if vitals.by == Method::Check {
            return;
        }
        if now.since(vitals.opened) >= LASTED {
            vitals.failures = 0;
        }
        let delay = FIRST_DELAY.mul_f64(1.6_f64.powi(vitals.failures.min(16) as i32)).min(LONGEST_DELAY);
        vitals.failures = vitals.failures.saturating_add(1);
        // Spread out, so that a proxy that ends a thousand Watches at once does not get them all back at once.
        let random = fastrand::Rng::with_seed(seed.wrapping_add(u64::from(vitals.failures))).f64();
        self.health_due(connection, Some(now + delay.mul_f64(0.8 + 0.4 * random)));
    }

    /// Records the health of a connection, and reports it when it changed.
    pub(super) fn judge_health(
        &mut self,
        connection: ConnectionId,
        health: Health,
        took: Option<Duration>,
        ended: Option<WatchEnd>,
    ) {
        let now = self.now;
        let Some(link) = self.connections.get_mut(&connection) else { return };
        let vitals = &mut link.vitals;
        let has_changed = vitals.judged.as_ref() != Some(&health);
        if has_changed {
            vitals.since = now;
            vitals.reported_end = None;
        }
        let ended = ended.filter(|end| {
            let is_known =
                vitals.reported_end.as_ref().is_some_and(|(code, text)| (code, text) == (&end.code, &end.text));
            !is_known
        });
        let is_news = has_changed || ended.is_some() || std::mem::take(&mut vitals.restate);
        if let Some(end) = &ended {
            vitals.reported_end = Some((end.code, end.text.clone()));
            vitals.restate = vitals.spoke && vitals.by == Method::Watch;
        }
        vitals.judged = Some(health.clone());
        let address = link.address.clone();
        self.count_connection(connection);
        if is_news {
            let service = self.config.service.to_string();
            let ended = ended.map(Box::new);
            let proxy = self.proxy_of(connection);
            self.report(EventKind::Health(HealthReport { address, service, health, took, ended, proxy }));
        }
    }

    fn health_due(&mut self, connection: ConnectionId, due: Option<Elapsed>) {
        let Some(link) = self.connections.get_mut(&connection) else { return };
        if let Some(was) = std::mem::replace(&mut link.vitals.due, due) {
            self.health_timers.remove(&(was, connection));
        }
        self.health_timers.extend(due.map(|due| (due, connection)));
    }
}

impl EngineConnection {
    /// READY, and SERVING or without a health service.
    pub(super) fn is_ready(&self) -> bool {
        self.connected && !self.end_reported && self.vitals.judged.as_ref().is_some_and(serves)
    }
}

fn not_implemented() -> WatchEnd {
    WatchEnd {
        code: GrpcStatus::Unimplemented,
        text: "grpc.health.v1.Health/Watch".to_string(),
        cause: RpcCause::Status,
        after: Duration::ZERO,
    }
}

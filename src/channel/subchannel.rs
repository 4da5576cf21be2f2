//! One address, at most one current connection, and the backoff between attempts.
//!
//! `IDLE -> CONNECTING` on request; `CONNECTING -> READY` with the server's SETTINGS, `-> TRANSIENT_FAILURE` with any
//! failure before; `TRANSIENT_FAILURE -> IDLE` when the backoff has passed; `READY -> IDLE` with the loss or a GOAWAY.
//! (gRFC A61; grpc-go `clientconn.go: addrConn`.) A subchannel never reconnects by itself.

use std::fmt;
use std::time::Duration;

use super::backoff::Attempts;
use super::context::Context;
use super::health::HealthView;
use super::{Address, Cause, CauseCode, ConnectionId, ConnectivityState, Disconnect, Effect, Elapsed, Failure, Health};
use crate::text::duration;

/// A subchannel. Dropped after [`Subchannel::shut_down`].
#[derive(Debug)]
pub(super) struct Subchannel {
    address: Address,
    link: LinkState,
    /// The state last published: the link's, or the health-derived view of it.
    view: ConnectivityState,
    attempts: Attempts,
}

/// The connection, such as it is.
#[derive(Debug)]
enum LinkState {
    /// No connection, and none requested.
    Idle,
    /// An attempt is in flight.
    Connecting { connection: ConnectionId, started: Elapsed, delay: Duration },
    /// The server's SETTINGS arrived.
    Ready { connection: ConnectionId, started: Elapsed, health: Option<WatchedHealth> },
    /// The last attempt failed; the next may start at `until`.
    Backoff { until: Elapsed, delay: Duration, error: String },
}

/// A connection whose health decides.
#[derive(Debug)]
struct WatchedHealth {
    view: HealthView,
    /// What the view is based on.
    sentence: String,
    unknown_service: bool,
}

/// The result of a subchannel for RPCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// No established connection.
    Nothing,
    /// An established connection whose health is not known yet.
    Unproven,
    /// This connection.
    Connection(ConnectionId),
    /// An established connection that health checking excludes, with the reason.
    Unhealthy(String),
}

impl Subchannel {
    /// A subchannel in IDLE. Nothing is published: IDLE is the initial state of every subchannel.
    pub(super) fn new(address: Address) -> Self {
        Subchannel { address, link: LinkState::Idle, view: ConnectivityState::Idle, attempts: Attempts::default() }
    }

    /// Its address.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// The state as published.
    pub(super) fn state(&self) -> ConnectivityState {
        self.view
    }

    /// True in IDLE: an attempt may be requested.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.link, LinkState::Idle)
    }

    /// True while an attempt is in flight.
    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.link, LinkState::Connecting { .. })
    }

    /// When the attempt behind the established connection started.
    pub(super) fn ready_since_attempt(&self) -> Option<Elapsed> {
        match &self.link {
            LinkState::Ready { started, .. } => Some(*started),
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Backoff { .. } => None,
        }
    }

    /// The end of the backoff and the error that caused it.
    pub(super) fn backoff(&self) -> Option<(Elapsed, &str)> {
        match &self.link {
            LinkState::Backoff { until, error, .. } => Some((*until, error)),
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Ready { .. } => None,
        }
    }

    /// When time alone changes something here.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        match &self.link {
            LinkState::Backoff { until, .. } => Some(*until),
            LinkState::Ready { health: Some(watched), .. } => watched.view.retry_at(),
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Ready { health: None, .. } => None,
        }
    }

    /// The result for RPCs.
    pub(super) fn offer(&self) -> Offer {
        match &self.link {
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Backoff { .. } => Offer::Nothing,
            LinkState::Ready { connection, health: None, .. } => Offer::Connection(*connection),
            LinkState::Ready { connection, health: Some(watched), .. } => match watched.view.state() {
                ConnectivityState::Ready => Offer::Connection(*connection),
                ConnectivityState::TransientFailure => Offer::Unhealthy(watched.sentence.clone()),
                ConnectivityState::Connecting | ConnectivityState::Idle | ConnectivityState::Shutdown => {
                    Offer::Unproven
                }
            },
        }
    }

    /// Starts an attempt, when IDLE; does nothing in every other state.
    pub(super) fn request_connection(&mut self, ctx: &mut Context<'_>) {
        if !self.is_idle() {
            return;
        }
        let delay = self.attempts.delay(&ctx.options.backoff, &mut ctx.core.random);
        let limit = delay.max(ctx.options.backoff.min_connect_timeout);
        let text = format!("{}: attempt {}, limit {}", self.address, self.attempts.number(), duration(limit));
        self.show(ctx, ConnectivityState::Connecting, Cause::new(CauseCode::ConnectRequested, text));
        let started = ctx.now();
        let connection = ctx.open(&self.address, started + limit);
        self.link = LinkState::Connecting { connection, started, delay };
    }

    /// The server's SETTINGS arrived. With `client_health` the state waits for the first message of the health
    /// service.
    pub(super) fn connected(&mut self, ctx: &mut Context<'_>, client_health: bool) {
        let LinkState::Connecting { connection, started, .. } = self.link else { return };
        self.attempts.reset();
        let health = client_health.then(|| WatchedHealth {
            view: HealthView::new(ctx.now()),
            sentence: String::new(),
            unknown_service: false,
        });
        self.link = LinkState::Ready { connection, started, health };
        if client_health {
            ctx.effects.push(Effect::WatchHealth(connection));
        } else {
            let text = format!("{}: received the server's SETTINGS", self.address);
            self.show(ctx, ConnectivityState::Ready, Cause::new(CauseCode::Connected, text));
        }
    }

    /// The attempt failed. The next may start one delay after this one's start, or at once when that has passed (D1).
    pub(super) fn failed(&mut self, ctx: &mut Context<'_>, failure: &Failure) {
        let LinkState::Connecting { connection, started, delay } = self.link else { return };
        ctx.ended(connection);
        self.attempts.failed();
        let error = format!("{}: {}: {}", failure.stage, self.address, failure.text);
        self.link = LinkState::Backoff { until: ctx.now().max(started + delay), delay, error: error.clone() };
        ctx.resolve_now();
        let cause = Cause::new(CauseCode::ConnectFailed, error);
        let retry_in = (started + delay).since(ctx.now());
        self.show_with(ctx, ConnectivityState::TransientFailure, cause, Some(retry_in));
    }

    /// The connection received GOAWAY or was closed. This is not a failure: the next attempt may start at once.
    pub(super) fn lost(&mut self, ctx: &mut Context<'_>, how: &ConnectionLoss) {
        let LinkState::Ready { connection, .. } = self.link else { return };
        self.link = LinkState::Idle;
        ctx.resolve_now();
        self.show(ctx, ConnectivityState::Idle, how.cause(&self.address));
        match how {
            // Its later events are ignored; its RPCs may finish.
            ConnectionLoss::GoingAway(_) => ctx.close(connection, true),
            ConnectionLoss::Lost(_) => ctx.ended(connection),
        }
    }

    /// The health Watch reported something.
    pub(super) fn health(&mut self, ctx: &mut Context<'_>, health: &Health) {
        let LinkState::Ready { health: Some(watched), .. } = &mut self.link else { return };
        watched.sentence = watched.view.update(ctx, health);
        watched.unknown_service = *health == Health::ServiceUnknown;
        let state = watched.view.state();
        let text = format!("{}: {}", self.address, watched.sentence);
        self.show(ctx, state, Cause::new(CauseCode::Health, text));
    }

    /// Performs what is due: the backoff has ended, or the health Watch must be opened again.
    pub(super) fn time_passed(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now();
        match &mut self.link {
            LinkState::Backoff { until, delay, .. } if *until <= now => {
                let text = format!("{}: backoff of {delay:.3?} elapsed", self.address);
                self.link = LinkState::Idle;
                self.show(ctx, ConnectivityState::Idle, Cause::new(CauseCode::BackoffExpired, text));
            }
            LinkState::Ready { connection, health: Some(watched), .. }
                if watched.view.retry_at().is_some_and(|due| due <= now) =>
            {
                watched.view.retried(now, watched.unknown_service);
                ctx.effects.push(Effect::WatchHealth(*connection));
                let state = watched.view.state();
                let text = format!("{}: reopening the health Watch", self.address);
                self.show(ctx, state, Cause::new(CauseCode::Health, text));
            }
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Ready { .. } | LinkState::Backoff { .. } => {}
        }
    }

    /// Resets the failures; a backoff ends now.
    pub(super) fn reset_backoff(&mut self, ctx: &mut Context<'_>) {
        self.attempts.reset();
        match &mut self.link {
            LinkState::Backoff { .. } => {
                self.link = LinkState::Idle;
                let text = format!("{}: backoff was reset", self.address);
                self.show(ctx, ConnectivityState::Idle, Cause::new(CauseCode::BackoffExpired, text));
            }
            LinkState::Ready { health: Some(watched), .. } => watched.view.reset_backoff(ctx.now()),
            LinkState::Idle | LinkState::Connecting { .. } | LinkState::Ready { health: None, .. } => {}
        }
    }

    /// The end. An attempt is cancelled; an established connection is closed, with `drain` after its RPCs have ended.
    pub(super) fn shut_down(self, ctx: &mut Context<'_>, drain: bool, cause: Cause) {
        ctx.subchannel(&self.address, self.view, ConnectivityState::Shutdown, cause, None);
        match self.link {
            LinkState::Connecting { connection, .. } => ctx.close(connection, false),
            LinkState::Ready { connection, .. } => ctx.close(connection, drain),
            LinkState::Idle | LinkState::Backoff { .. } => {}
        }
    }

    fn show(&mut self, ctx: &mut Context<'_>, state: ConnectivityState, cause: Cause) {
        self.show_with(ctx, state, cause, None);
    }

    fn show_with(&mut self, ctx: &mut Context<'_>, state: ConnectivityState, cause: Cause, retry_in: Option<Duration>) {
        if self.view != state {
            ctx.subchannel(&self.address, self.view, state, cause, retry_in);
            self.view = state;
        }
    }
}

/// How an established connection stopped being usable.
#[derive(Debug, Clone)]
pub(super) enum ConnectionLoss {
    /// GOAWAY: it takes no new streams.
    GoingAway(Disconnect),
    /// It was closed.
    Lost(Disconnect),
}

impl ConnectionLoss {
    /// True when we closed it because of what the server sent.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            ConnectionLoss::GoingAway(_) => false,
            ConnectionLoss::Lost(how) => how.is_refusal(),
        }
    }

    /// The cause of the transition to IDLE: `10.0.0.7:50051: GOAWAY NO_ERROR, debug data: "max_age"`.
    pub(super) fn cause(&self, address: &Address) -> Cause {
        match self {
            ConnectionLoss::GoingAway(how) => {
                Cause::new(CauseCode::GoAway, format!("{address}: {}", WithDebugData(how)))
            }
            ConnectionLoss::Lost(how) => {
                Cause::new(CauseCode::ConnectionLost, format!("{address}: {}", WithDebugData(how)))
            }
        }
    }
}

/// A [`Disconnect`] with the debug data of the server's GOAWAY, unless the detail contains them already.
struct WithDebugData<'a>(&'a Disconnect);

impl fmt::Display for WithDebugData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WithDebugData(how) = self;
        write!(f, "{how}")?;
        match &how.goaway {
            Some(goaway) if !goaway.debug.is_empty() && how.detail != goaway.debug => {
                write!(f, ", debug data: \"{}\"", goaway.debug)
            }
            Some(_) | None => Ok(()),
        }
    }
}

//! The context that the parts of a channel act through: the current time, the options, the channel's published state,
//! and the list of effects. Parts call downwards and append effects; there are no callbacks.

use std::collections::HashMap;

use std::time::Duration;

use super::transitions::{channel_may, subchannel_may};
use super::{Address, Cause, ConnectionId, ConnectivityState, Effect, Elapsed, Options, Scope, Transition};

/// The state of the channel that outlives one input.
#[derive(Debug)]
pub(super) struct Core {
    /// The channel's published state.
    pub(super) state: ConnectivityState,
    /// The state of the resolver.
    pub(super) resolver: Resolver,
    /// Seeded: the same inputs give the same effects.
    pub(super) random: fastrand::Rng,
    /// Number of connection ids assigned so far.
    pub(super) connections: u64,
    /// The attempts and connections that count, and their addresses. Inputs about others are ignored.
    pub(super) open: HashMap<ConnectionId, Address>,
    /// The latest time seen.
    pub(super) now: Elapsed,
}

/// The state of the resolver, as directed by the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolver {
    /// Not started yet, or stopped and to be started again on leaving IDLE.
    Stopped,
    /// Started: results are expected.
    Running,
    /// Stopped for good: the old list is never replaced.
    Frozen,
}

/// The context of one input.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) core: &'a mut Core,
    pub(super) effects: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// The time of this input.
    pub(super) fn now(&self) -> Elapsed {
        self.core.now
    }

    /// Publishes the channel's state when it is a new one. SHUTDOWN is final.
    pub(super) fn channel(&mut self, to: ConnectivityState, cause: &Cause) {
        let from = self.core.state;
        if from == to {
            return;
        }
        debug_assert!(channel_may(from, to), "invalid channel transition from {from} to {to}: {}", cause.text);
        if from == ConnectivityState::Shutdown {
            return;
        }
        self.core.state = to;
        self.effects.push(Effect::Publish(Transition {
            scope: Scope::Channel,
            from,
            to,
            cause: cause.clone(),
            retry_in: None,
        }));
    }

    /// Publishes a subchannel's state, and the backoff that starts with it.
    pub(super) fn subchannel(
        &mut self,
        address: &Address,
        from: ConnectivityState,
        to: ConnectivityState,
        cause: Cause,
        retry_in: Option<Duration>,
    ) {
        debug_assert!(
            subchannel_may(from, to, self.options.client_health),
            "invalid transition of subchannel {address} from {from} to {to}: {}",
            cause.text
        );
        let scope = Scope::Subchannel(address.clone());
        self.effects.push(Effect::Publish(Transition { scope, from, to, cause, retry_in }));
    }

    /// Requests a connection that must be established by `deadline`.
    pub(super) fn open(&mut self, address: &Address, deadline: Elapsed) -> ConnectionId {
        self.core.connections += 1;
        let connection = ConnectionId(self.core.connections);
        self.core.open.insert(connection, address.clone());
        self.effects.push(Effect::Open { connection, address: address.clone(), deadline });
        connection
    }

    /// An attempt failed, or a connection was lost.
    pub(super) fn ended(&mut self, connection: ConnectionId) {
        self.core.open.remove(&connection);
    }

    /// Cancels an attempt or closes a connection.
    pub(super) fn close(&mut self, connection: ConnectionId, drain: bool) {
        self.ended(connection);
        self.effects.push(Effect::Close { connection, drain });
    }

    /// Hints to the resolver, when there is one, that another query would help.
    pub(super) fn resolve_now(&mut self) {
        if self.core.resolver == Resolver::Running {
            self.effects.push(Effect::ResolveNow);
        }
    }
}

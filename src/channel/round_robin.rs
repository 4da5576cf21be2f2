//! round_robin: a connection to every endpoint (gRFC A61 "petiole" over one pick_first per endpoint; grpc-go
//! `balancer/roundrobin`, `balancer/endpointsharding`).
//!
//! The first that applies is the channel's state: any endpoint READY; any CONNECTING or IDLE: CONNECTING (deviation D2:
//! IDLE lasts no longer than it takes to ask again); every endpoint in TRANSIENT_FAILURE; nobody there:
//! TRANSIENT_FAILURE. A new list is applied as a whole before the state is taken.

use std::collections::HashMap;

use super::addresses::deduplicated;
use super::context::Context;
use super::pick_first::{ConnectionNews, PickFirst, Role};
use super::subchannel::Subchannel;
use super::{Address, Cause, CauseCode, ConnectionId, ConnectivityState, Elapsed, Pick};

/// The policy. Born CONNECTING: it exists only once somebody wants a connection.
#[derive(Debug)]
pub(super) struct RoundRobin {
    endpoints: Vec<Endpoint>,
    state: ConnectivityState,
    /// What RPCs fail with while there are no endpoints.
    failure: String,
    /// The READY connections in turn order; `None` when it has to be collected again.
    rotation: Option<Vec<ConnectionId>>,
    next: usize,
}

#[derive(Debug)]
struct Endpoint {
    address: Address,
    policy: PickFirst,
}

impl RoundRobin {
    /// A policy without endpoints, waiting for the resolver.
    pub(super) fn new() -> Self {
        RoundRobin {
            endpoints: Vec::new(),
            state: ConnectivityState::Connecting,
            failure: String::new(),
            rotation: None,
            next: 0,
        }
    }

    /// The subchannels that exist, in the order of their turns.
    pub(super) fn subchannels(&self) -> impl Iterator<Item = &Subchannel> {
        self.endpoints.iter().flat_map(|endpoint| endpoint.policy.subchannels())
    }

    /// True when `connection` is an attempt that was not answered yet.
    pub(super) fn is_attempt(&self, connection: ConnectionId) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.policy.is_attempt(connection))
    }

    /// When time alone changes something.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        self.endpoints.iter().filter_map(|endpoint| endpoint.policy.deadline()).min()
    }

    /// The resolver's list. Endpoints that stay keep their connection and backoff; the start of the rotation is random, so
    /// that many clients do not all begin with the same endpoint.
    pub(super) fn update(&mut self, ctx: &mut Context<'_>, list: &[Address]) {
        let mut addresses = deduplicated(list);
        if !addresses.is_empty() {
            let start = ctx.core.random.usize(..addresses.len());
            addresses.rotate_left(start);
        }
        let mut old: HashMap<Address, PickFirst> =
            self.endpoints.drain(..).map(|endpoint| (endpoint.address, endpoint.policy)).collect();
        let cause = Cause::new(CauseCode::AddressesChanged, resolver_lists(addresses.len()));
        let mut fresh = Vec::new();
        for (place, address) in addresses.into_iter().enumerate() {
            let policy = old.remove(&address).unwrap_or_else(|| {
                fresh.push(place);
                PickFirst::new(Role::Endpoint, cause.clone())
            });
            self.endpoints.push(Endpoint { address, policy });
        }
        let mut gone: Vec<_> = old.into_iter().collect();
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (address, mut policy) in gone {
            let text = format!("{address}: left the resolver's list");
            policy.shut_down(ctx, true, &Cause::new(CauseCode::AddressRemoved, text));
        }
        for place in fresh {
            let Endpoint { address, policy } = &mut self.endpoints[place];
            policy.update(ctx, std::slice::from_ref(address));
        }
        if self.endpoints.is_empty() {
            self.failure = "no children to pick from".to_string();
            return self.take_state(ctx, &Cause::new(CauseCode::NoAddresses, self.failure.clone()));
        }
        self.take_state(ctx, &cause);
    }

    /// The resolver answered an error: it matters only where there is nothing better to say.
    pub(super) fn resolver_failed(&mut self, ctx: &mut Context<'_>, error: &str) {
        for endpoint in &mut self.endpoints {
            endpoint.policy.resolver_failed(ctx, error);
        }
        if self.endpoints.is_empty() {
            self.failure = format!("name resolver error: {error}");
            self.take_state(ctx, &Cause::new(CauseCode::ResolverError, self.failure.clone()));
        }
    }

    /// Somebody wants connections now: endpoints that wait in IDLE are asked.
    pub(super) fn exit_idle(&mut self, ctx: &mut Context<'_>, cause: &Cause) {
        for endpoint in &mut self.endpoints {
            endpoint.policy.exit_idle(ctx, cause.clone());
        }
    }

    /// One of the connections did something.
    pub(super) fn connection_news(&mut self, ctx: &mut Context<'_>, connection: ConnectionId, news: ConnectionNews) {
        let Some(place) = self.endpoints.iter().position(|endpoint| endpoint.policy.owns(connection)) else { return };
        self.endpoints[place].policy.connection_news(ctx, connection, news);
        self.settle(ctx, place);
    }

    /// Does what is due at every endpoint.
    pub(super) fn time_passed(&mut self, ctx: &mut Context<'_>) {
        for place in 0..self.endpoints.len() {
            if self.endpoints[place].policy.deadline().is_some_and(|due| due <= ctx.now()) {
                self.endpoints[place].policy.time_passed(ctx);
                self.settle(ctx, place);
            }
        }
    }

    /// Forgets every backoff and tries now.
    pub(super) fn reset_backoff(&mut self, ctx: &mut Context<'_>) {
        for place in 0..self.endpoints.len() {
            self.endpoints[place].policy.reset_backoff(ctx);
            self.settle(ctx, place);
        }
    }

    /// What an RPC gets: the READY connections take turns; in TRANSIENT_FAILURE the endpoints' own errors do.
    pub(super) fn pick(&mut self, random: &mut fastrand::Rng) -> Pick {
        match self.state {
            ConnectivityState::Ready => {
                let endpoints = &self.endpoints;
                let next = &mut self.next;
                let rotation = self.rotation.get_or_insert_with(|| {
                    let ready: Vec<_> = endpoints.iter().filter_map(|e| e.policy.connection()).collect();
                    *next = if ready.is_empty() { 0 } else { random.usize(..ready.len()) };
                    ready
                });
                let picked = rotation.get(*next % rotation.len().max(1)).copied();
                *next = next.wrapping_add(1);
                picked.map_or(Pick::Queue, Pick::Complete)
            }
            ConnectivityState::Idle | ConnectivityState::Connecting => Pick::Queue,
            ConnectivityState::TransientFailure | ConnectivityState::Shutdown => {
                self.next = self.next.wrapping_add(1);
                match self.next.checked_rem(self.endpoints.len()) {
                    Some(turn) => Pick::Fail(self.endpoints[turn].policy.failure().to_string()),
                    None => Pick::Fail(self.failure.clone()),
                }
            }
        }
    }

    /// Ends every endpoint.
    pub(super) fn shut_down(&mut self, ctx: &mut Context<'_>, drain: bool, cause: &Cause) {
        for mut endpoint in self.endpoints.drain(..) {
            endpoint.policy.shut_down(ctx, drain, cause);
        }
    }

    /// Takes the state after the endpoint at `place` changed, then asks it again when it fell IDLE.
    fn settle(&mut self, ctx: &mut Context<'_>, place: usize) {
        let policy = &self.endpoints[place].policy;
        let mut cause = policy.cause().clone();
        let all = self.endpoints.len();
        if cause.code == CauseCode::AllFailed && all > 1 {
            cause.text = format!("all {all} endpoints failed, the last: {}", cause.text);
        }
        self.take_state(ctx, &cause);
        let now = ctx.now();
        let policy = &mut self.endpoints[place].policy;
        if policy.reconnect_is_due(now) || !policy.reconnects_itself() {
            let text = "round_robin keeps every endpoint connected";
            policy.exit_idle(ctx, Cause::new(CauseCode::ConnectRequested, text));
        }
    }

    fn take_state(&mut self, ctx: &mut Context<'_>, cause: &Cause) {
        self.rotation = None;
        self.state = aggregate(self.endpoints.iter().map(|endpoint| endpoint.policy.state()));
        ctx.channel(self.state, cause);
    }
}

/// The one state that stands for `states` (grpc-go `balancer/conn_state_evaluator.go`, with deviation D2).
fn aggregate(states: impl Iterator<Item = ConnectivityState>) -> ConnectivityState {
    let mut connecting = false;
    for state in states {
        match state {
            ConnectivityState::Ready => return ConnectivityState::Ready,
            ConnectivityState::Connecting | ConnectivityState::Idle => connecting = true,
            ConnectivityState::TransientFailure | ConnectivityState::Shutdown => {}
        }
    }
    if connecting { ConnectivityState::Connecting } else { ConnectivityState::TransientFailure }
}

/// `the resolver lists 3 addresses`.
pub(super) fn resolver_lists(addresses: usize) -> String {
    match addresses {
        1 => "the resolver lists 1 address".to_string(),
        many => format!("the resolver lists {many} addresses"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r16_ready_beats_connecting_beats_failure() {
        use ConnectivityState::{Connecting as C, Idle as I, Ready as R, TransientFailure as T};
        for (states, expected) in [
            (&[T, C, R][..], R),
            (&[T, I, R], R),
            (&[R, R], R),
            (&[T, C], C),
            (&[T, I], C),
            (&[I], C),
            (&[I, C], C),
            (&[T, T], T),
            (&[], T),
        ] {
            assert_eq!(aggregate(states.iter().copied()), expected, "{states:?}");
        }
    }
}

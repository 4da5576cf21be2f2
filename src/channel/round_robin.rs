//! round_robin: a connection to every endpoint (gRFC A61 "petiole" over one pick_first per endpoint; grpc-go
//! `balancer/roundrobin`, `balancer/endpointsharding`).
//!
//! The first rule that applies gives the channel's state. Any endpoint READY: READY. Any CONNECTING or IDLE:
//! CONNECTING (deviation D2: IDLE lasts no longer than the next request for a connection). Every endpoint in
//! TRANSIENT_FAILURE, or no endpoint: TRANSIENT_FAILURE. A new list is applied completely before the state is
//! computed.

use std::collections::{BTreeSet, HashMap};

use super::addresses::{deduplicated, resolver_lists};
use super::context::Context;
use super::pick_first::{ConnectionNews, PickFirst, Role};
use super::subchannel::Subchannel;
use super::{Address, Cause, CauseCode, ConnectionId, ConnectivityState, Elapsed, Pick};

/// The policy. Its initial state is CONNECTING: it exists only once a connection is needed.
///
/// What every input needs (the endpoint of a connection, the next timer, the state) is stored beside the endpoints,
/// so that an input for a list of ten thousand costs no more than one for a list of ten.
#[derive(Debug)]
pub(super) struct RoundRobin {
    /// In the order of their turns.
    endpoints: Vec<Endpoint>,
    places: HashMap<Address, usize>,
    timers: BTreeSet<(Elapsed, usize)>,
    tally: Tally,
    state: ConnectivityState,
    /// What RPCs fail with while there are no endpoints.
    failure: String,
    /// The READY connections in the order of their turns; `None` when they must be collected again.
    rotation: Option<Vec<ConnectionId>>,
    next: usize,
}

#[derive(Debug)]
struct Endpoint {
    policy: PickFirst,
    /// The state that is counted in the tally.
    counted: ConnectivityState,
    /// The deadline that is in the timers.
    due: Option<Elapsed>,
}

impl RoundRobin {
    /// A policy without endpoints, waiting for the resolver.
    pub(super) fn new() -> Self {
        RoundRobin {
            endpoints: Vec::new(),
            places: HashMap::new(),
            timers: BTreeSet::new(),
            tally: Tally::default(),
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

    /// True when the attempt at `address` has no result yet.
    pub(super) fn is_attempt(&self, address: &Address) -> bool {
        self.places.get(address).is_some_and(|place| self.endpoints[*place].policy.is_attempt(address))
    }

    /// When the next timer is due.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// The resolver returned a list. Endpoints that remain keep their connection and backoff. The start of the
    /// rotation is random, so that many clients do not all start with the same endpoint.
    pub(super) fn update(&mut self, ctx: &mut Context<'_>, list: &[Address]) {
        let mut addresses = deduplicated(list);
        if !addresses.is_empty() {
            let start = ctx.core.random.usize(..addresses.len());
            addresses.rotate_left(start);
        }
        let mut old: Vec<Option<Endpoint>> = std::mem::take(&mut self.endpoints).into_iter().map(Some).collect();
        let old_places = std::mem::take(&mut self.places);
        let cause = Cause::new(CauseCode::AddressesChanged, resolver_lists(addresses.len()));
        for (place, address) in addresses.iter().enumerate() {
            let kept = old_places.get(address).and_then(|place| old[*place].take());
            self.endpoints.push(kept.unwrap_or_else(|| Endpoint::new(cause.clone())));
            self.places.insert(address.clone(), place);
        }
        let mut gone: Vec<_> =
            old_places.into_iter().filter_map(|(address, place)| Some((address, old[place].take()?))).collect();
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (address, mut endpoint) in gone {
            let text = format!("{address}: no longer listed as usable");
            endpoint.policy.shut_down(ctx, true, &Cause::new(CauseCode::AddressRemoved, text));
        }
        for (endpoint, address) in self.endpoints.iter_mut().zip(&addresses) {
            let is_new = endpoint.policy.subchannels().next().is_none();
            if is_new {
                endpoint.policy.update(ctx, std::slice::from_ref(address));
            }
        }
        self.count_all();
        if self.endpoints.is_empty() {
            self.failure = "no children to pick from".to_string();
            return self.take_state(ctx, &Cause::new(CauseCode::NoAddresses, self.failure.clone()));
        }
        self.take_state(ctx, &cause);
    }

    /// The resolver returned an error: it counts only while there is no list.
    pub(super) fn resolver_failed(&mut self, ctx: &mut Context<'_>, error: &str) {
        for endpoint in &mut self.endpoints {
            endpoint.policy.resolver_failed(ctx, error);
        }
        if self.endpoints.is_empty() {
            self.failure = format!("name resolver error: {error}");
            self.take_state(ctx, &Cause::new(CauseCode::ResolverError, self.failure.clone()));
        }
    }

    /// Connections are needed now: endpoints that wait in IDLE start to connect.
    pub(super) fn exit_idle(&mut self, ctx: &mut Context<'_>, cause: &Cause) {
        for place in 0..self.endpoints.len() {
            self.endpoints[place].policy.exit_idle(ctx, cause.clone());
            self.count(place);
        }
    }

    /// Something happened to the current attempt at, or connection to, `address`.
    pub(super) fn connection_news(&mut self, ctx: &mut Context<'_>, address: &Address, news: ConnectionNews) {
        let Some(&place) = self.places.get(address) else { return };
        self.endpoints[place].policy.connection_news(ctx, address, news);
        self.settle(ctx, place);
    }

    /// Performs what is due, in the order of the deadlines.
    pub(super) fn time_passed(&mut self, ctx: &mut Context<'_>) {
        let due: Vec<_> = self.timers.range(..=(ctx.now(), usize::MAX)).map(|(_, place)| *place).collect();
        for place in due {
            self.endpoints[place].policy.time_passed(ctx);
            self.settle(ctx, place);
        }
    }

    /// Resets every backoff and tries now.
    pub(super) fn reset_backoff(&mut self, ctx: &mut Context<'_>) {
        for place in 0..self.endpoints.len() {
            self.endpoints[place].policy.reset_backoff(ctx);
            self.settle(ctx, place);
        }
    }

    /// The result for an RPC: the READY connections take turns; in TRANSIENT_FAILURE the endpoints' own errors do.
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

    /// Computes the state after the endpoint at `place` changed, then makes it connect again when it became IDLE.
    fn settle(&mut self, ctx: &mut Context<'_>, place: usize) {
        self.count(place);
        let mut cause = self.endpoints[place].policy.cause().clone();
        let all = self.endpoints.len();
        if cause.code == CauseCode::AllFailed && all > 1 {
            cause.text = format!("all {all} endpoints failed, last error: {}", cause.text);
        }
        self.take_state(ctx, &cause);
        let now = ctx.now();
        let policy = &mut self.endpoints[place].policy;
        if policy.reconnect_is_due(now) || !policy.reconnects_itself() {
            let text = "round_robin keeps every endpoint connected";
            policy.exit_idle(ctx, Cause::new(CauseCode::ConnectRequested, text));
        }
        self.count(place);
    }

    fn take_state(&mut self, ctx: &mut Context<'_>, cause: &Cause) {
        self.rotation = None;
        self.state = self.tally.state();
        ctx.channel(self.state, cause);
    }

    /// Updates tally and timers for the endpoint at `place`.
    fn count(&mut self, place: usize) {
        let endpoint = &mut self.endpoints[place];
        self.tally.moved(endpoint.counted, endpoint.policy.state());
        endpoint.counted = endpoint.policy.state();
        let due = endpoint.policy.deadline();
        if due != endpoint.due {
            if let Some(was) = endpoint.due {
                self.timers.remove(&(was, place));
            }
            self.timers.extend(due.map(|due| (due, place)));
            endpoint.due = due;
        }
    }

    /// Rebuilds tally and timers after the places have changed.
    fn count_all(&mut self) {
        self.tally = Tally::default();
        self.timers.clear();
        for (place, endpoint) in self.endpoints.iter_mut().enumerate() {
            endpoint.counted = endpoint.policy.state();
            endpoint.due = endpoint.policy.deadline();
            self.tally.added(endpoint.counted);
            self.timers.extend(endpoint.due.map(|due| (due, place)));
        }
    }
}

impl Endpoint {
    fn new(cause: Cause) -> Self {
        let policy = PickFirst::new(Role::Endpoint, cause);
        Endpoint { counted: policy.state(), due: None, policy }
    }
}

/// How many endpoints are in which state.
#[derive(Debug, Default)]
struct Tally {
    ready: usize,
    connecting: usize,
}

impl Tally {
    /// The one state for all endpoints (grpc-go `balancer/conn_state_evaluator.go`, with deviation D2). Without
    /// endpoints it is TRANSIENT_FAILURE.
    fn state(&self) -> ConnectivityState {
        match (self.ready, self.connecting) {
            (0, 0) => ConnectivityState::TransientFailure,
            (0, _) => ConnectivityState::Connecting,
            (_, _) => ConnectivityState::Ready,
        }
    }

    fn added(&mut self, state: ConnectivityState) {
        if let Some(count) = self.of(state) {
            *count += 1;
        }
    }

    fn moved(&mut self, from: ConnectivityState, to: ConnectivityState) {
        if let Some(count) = self.of(from) {
            *count -= 1;
        }
        self.added(to);
    }

    fn of(&mut self, state: ConnectivityState) -> Option<&mut usize> {
        match state {
            ConnectivityState::Ready => Some(&mut self.ready),
            ConnectivityState::Connecting | ConnectivityState::Idle => Some(&mut self.connecting),
            ConnectivityState::TransientFailure | ConnectivityState::Shutdown => None,
        }
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
            let mut tally = Tally::default();
            states.iter().for_each(|state| tally.added(*state));
            assert_eq!(tally.state(), expected, "{states:?}");
        }
        // A state that changes is counted once.
        let mut tally = Tally::default();
        for (from, to) in [(C, R), (R, I), (I, C), (C, T), (T, R)] {
            if from == C && tally.state() == T {
                tally.added(C);
            }
            tally.moved(from, to);
            assert_eq!(tally.state(), if to == I { C } else { to });
        }
    }
}

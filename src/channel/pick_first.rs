//! pick_first: one connection, to the first address that responds (gRFC A61 happy eyeballs, A62 sticky
//! TRANSIENT_FAILURE; grpc-go `balancer/pickfirst/pickfirst.go`).
//!
//! A *pass* goes through the list from the top: an attempt at each address, the next one as soon as the previous one
//! failed or has not responded for the attempt delay. The first READY wins and the other attempts are cancelled. When
//! every address has failed once, the pass ends: TRANSIENT_FAILURE, and from then on every address is tried again
//! when its backoff ends, in no particular order, until one succeeds.
//!
//! round_robin uses one pick_first per endpoint, whose state is not the channel's.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::addresses::{deduplicated, interleaved, resolver_lists, shuffled};
use super::backoff::Attempts;
use super::context::Context;
use super::subchannel::{ConnectionLoss, Offer, Subchannel};
use super::{Address, Cause, CauseCode, ConnectionId, ConnectivityState, Elapsed, Failure, Health, Pick};

mod pass;

/// What the state of a pick_first represents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The channel's state: changes are published, health checking does not apply.
    Channel,
    /// The state of one endpoint under round_robin, which reads it itself.
    Endpoint,
}

/// What happened to a connection.
#[derive(Debug, Clone)]
pub(super) enum ConnectionNews {
    /// The server's SETTINGS arrived.
    Connected,
    /// The attempt failed.
    Failed(Failure),
    /// It was closed, or will be soon.
    Ended(ConnectionLoss),
    /// Its health Watch reported something.
    Health(Health),
}

/// The policy. Its initial state is CONNECTING: it exists only once a connection is needed.
#[derive(Debug)]
pub(super) struct PickFirst {
    role: Role,
    state: ConnectivityState,
    /// Why `state` was entered, or why its failure text changed.
    cause: Cause,
    /// What RPCs fail with in TRANSIENT_FAILURE.
    failure: String,
    /// In the order in which they are tried.
    addresses: Vec<Address>,
    /// The position of the pass; past the end when every address was tried.
    index: usize,
    /// Created when their turn comes. Boxed: a map's smallest node has room for eleven, and with round_robin there is
    /// a map for each endpoint.
    subchannels: BTreeMap<Address, Box<Member>>,
    /// True until every address has failed once since the pass started.
    first_pass: bool,
    /// Failures since the pass ended; TRANSIENT_FAILURE is renewed after as many as there are subchannels.
    failures: usize,
    /// When the pass continues although the previous address has not responded.
    next_attempt_at: Option<Elapsed>,
    /// When a lost connection is reestablished without a request.
    reconnect_at: Option<Elapsed>,
    /// Consecutive connections that we closed because of what the server sent.
    refused: Attempts,
    /// An RPC needed a connection and found IDLE.
    wanted: bool,
}

#[derive(Debug)]
struct Member {
    subchannel: Subchannel,
    failed_in_pass: bool,
}

impl PickFirst {
    /// A policy without addresses, waiting for the resolver.
    pub(super) fn new(role: Role, cause: Cause) -> Self {
        PickFirst {
            role,
            state: ConnectivityState::Connecting,
            cause,
            failure: String::new(),
            addresses: Vec::new(),
            index: 0,
            subchannels: BTreeMap::new(),
            first_pass: true,
            failures: 0,
            next_attempt_at: None,
            reconnect_at: None,
            refused: Attempts::default(),
            wanted: false,
        }
    }

    /// Its state.
    pub(super) fn state(&self) -> ConnectivityState {
        self.state
    }

    /// Why it is in that state.
    pub(super) fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The subchannels that exist, by address.
    pub(super) fn subchannels(&self) -> impl Iterator<Item = &Subchannel> {
        self.subchannels.values().map(|member| &member.subchannel)
    }

    /// True when the attempt at `address` has no result yet.
    pub(super) fn is_attempt(&self, address: &Address) -> bool {
        self.subchannels.get(address).is_some_and(|member| member.subchannel.is_connecting())
    }

    /// When the next timer is due.
    pub(super) fn deadline(&self) -> Option<Elapsed> {
        let timers = self.subchannels().filter_map(Subchannel::deadline);
        timers.chain(self.next_attempt_at).chain(self.reconnect_at).min()
    }

    /// True when an RPC waits in IDLE: [`PickFirst::exit_idle`] is due.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// True when a lost connection must be reestablished now.
    pub(super) fn reconnect_is_due(&self, now: Elapsed) -> bool {
        self.reconnect_at.is_some_and(|due| due <= now)
    }

    /// True when [`PickFirst`] reestablishes the lost connection by itself, now or later.
    pub(super) fn reconnects_itself(&self) -> bool {
        self.reconnect_at.is_some()
    }

    /// The result for an RPC. In IDLE it is recorded that an RPC needs a connection.
    pub(super) fn pick(&mut self) -> Pick {
        match self.state {
            ConnectivityState::Idle => {
                self.wanted = true;
                Pick::Queue
            }
            ConnectivityState::Connecting => Pick::Queue,
            ConnectivityState::Ready => self.connection().map_or(Pick::Queue, Pick::Complete),
            ConnectivityState::TransientFailure | ConnectivityState::Shutdown => Pick::Fail(self.failure.clone()),
        }
    }

    /// The connection that RPCs use.
    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.subchannels().find_map(|subchannel| match subchannel.offer() {
            Offer::Connection(connection) => Some(connection),
            Offer::Nothing | Offer::Unproven | Offer::Unhealthy(_) => None,
        })
    }

    /// What RPCs fail with in TRANSIENT_FAILURE.
    pub(super) fn failure(&self) -> &str {
        &self.failure
    }

    /// The resolver returned a list.
    pub(super) fn update(&mut self, ctx: &mut Context<'_>, list: &[Address]) {
        self.next_attempt_at = None;
        if list.is_empty() {
            return self.is_unreachable(ctx);
        }
        let mut addresses = deduplicated(list);
        if ctx.options.shuffle {
            addresses = shuffled(addresses, ctx.options.seed);
        }
        let had_none = self.addresses.is_empty();
        self.addresses = interleaved(addresses);

        let selected = self.subchannels().find(|s| s.ready_since_attempt().is_some()).map(|s| s.address().clone());
        if selected.as_ref().is_some_and(|held| self.addresses.contains(held)) {
            // The order of a list never changes an established connection.
            return;
        }
        self.drop_unlisted(ctx);
        match (self.state, selected) {
            (ConnectivityState::Idle | ConnectivityState::Shutdown, _) => {}
            (_, Some(gone)) => {
                let text = format!("{gone}: no longer listed as usable; now {}", resolver_lists(self.addresses.len()));
                self.enter(ctx, ConnectivityState::Connecting, Cause::new(CauseCode::AddressRemoved, text));
                self.start_pass(ctx);
            }
            (ConnectivityState::Connecting, None) => self.start_pass(ctx),
            (ConnectivityState::Ready | ConnectivityState::TransientFailure, None) => {
                if had_none {
                    // The failure was the resolver's, not that of a connection: it is not sticky.
                    let cause = Cause::new(CauseCode::AddressesChanged, resolver_lists(self.addresses.len()));
                    self.enter(ctx, ConnectivityState::Connecting, cause);
                }
                self.start_pass(ctx);
            }
        }
    }

    /// The resolver returned an error: it counts only while there is no list.
    pub(super) fn resolver_failed(&mut self, ctx: &mut Context<'_>, error: &str) {
        if !self.addresses.is_empty() && self.state != ConnectivityState::TransientFailure {
            return;
        }
        let text = format!("name resolver error: {error}");
        self.fail(ctx, text.clone(), Cause::new(CauseCode::ResolverError, text));
    }

    /// A connection is needed. In every state but IDLE, attempts are already being made.
    pub(super) fn exit_idle(&mut self, ctx: &mut Context<'_>, cause: Cause) {
        if self.state != ConnectivityState::Idle {
            return;
        }
        self.enter(ctx, ConnectivityState::Connecting, cause);
        if self.addresses.is_empty() {
            // `failure` was kept from the result that could not be shown in IDLE.
            let text = std::mem::take(&mut self.failure);
            return self.fail(ctx, text.clone(), Cause::new(CauseCode::NoAddresses, text));
        }
        self.start_pass(ctx);
    }

    /// Something happened to the current attempt at, or connection to, `address`.
    pub(super) fn connection_news(&mut self, ctx: &mut Context<'_>, address: &Address, news: ConnectionNews) {
        match news {
            ConnectionNews::Connected => self.connected(ctx, address),
            ConnectionNews::Failed(failure) => self.attempt_failed(ctx, address, &failure),
            ConnectionNews::Ended(ending) => self.lost(ctx, address, &ending),
            ConnectionNews::Health(health) => {
                if let Some(member) = self.subchannels.get_mut(address) {
                    member.subchannel.health(ctx, &health);
                    self.follow_offer(ctx, address);
                }
            }
        }
    }

    /// Performs what is due: backoffs that have ended, the next attempt of the pass, a health Watch to be opened again.
    pub(super) fn time_passed(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now();
        let due = self.subchannels().filter(|s| s.deadline().is_some_and(|due| due <= now));
        for address in due.map(|s| s.address().clone()).collect::<Vec<_>>() {
            if let Some(member) = self.subchannels.get_mut(&address) {
                member.subchannel.time_passed(ctx);
                self.follow_idle(ctx, &address);
                self.follow_offer(ctx, &address);
            }
        }
        if self.next_attempt_at.is_some_and(|due| due <= now) {
            self.index += 1;
            self.go_on(ctx);
        }
    }

    /// Resets every backoff and tries now.
    pub(super) fn reset_backoff(&mut self, ctx: &mut Context<'_>) {
        if self.reconnect_at.is_some() {
            self.reconnect_at = Some(ctx.now());
        }
        for address in self.subchannels.keys().cloned().collect::<Vec<_>>() {
            if let Some(member) = self.subchannels.get_mut(&address) {
                member.subchannel.reset_backoff(ctx);
                self.follow_idle(ctx, &address);
            }
        }
    }

    /// Ends every subchannel. `drain`: RPCs in flight may finish first.
    pub(super) fn shut_down(&mut self, ctx: &mut Context<'_>, drain: bool, cause: &Cause) {
        for member in std::mem::take(&mut self.subchannels).into_values() {
            member.subchannel.shut_down(ctx, drain, cause.clone());
        }
    }

    // Events of subchannels.

    fn connected(&mut self, ctx: &mut Context<'_>, address: &Address) {
        let client_health = ctx.options.client_health && self.role == Role::Endpoint;
        let Some(mut winner) = self.subchannels.remove(address) else { return };
        winner.subchannel.connected(ctx, client_health);
        self.only(ctx, address, winner);
        self.follow_offer(ctx, address);
    }

    /// The selected connection was closed: IDLE, until a connection is needed. The next pass starts from the top.
    fn lost(&mut self, ctx: &mut Context<'_>, address: &Address, how: &ConnectionLoss) {
        let Some(mut member) = self.subchannels.remove(address) else { return };
        let Some(started) = member.subchannel.ready_since_attempt() else {
            self.subchannels.insert(address.clone(), member);
            return;
        };
        member.subchannel.lost(ctx, how);
        self.only(ctx, address, member);
        let delay = self.reconnect_delay(ctx, ctx.now().since(started), how);
        self.reconnect_at = ctx.options.keep_connected.then(|| ctx.now().max(started + delay));
        self.enter(ctx, ConnectivityState::Idle, how.cause(address));
    }

    /// A connection that is lost shortly after READY again and again is reestablished no faster than one attempt per
    /// base delay. One that we closed because of what the server sent (it floods, it breaks HTTP/2) is reestablished
    /// with backoff.
    fn reconnect_delay(&mut self, ctx: &mut Context<'_>, lived: Duration, how: &ConnectionLoss) -> Duration {
        let policy = &ctx.options.backoff;
        if !how.is_refusal() || lived > policy.max {
            self.refused.reset();
        }
        if how.is_refusal() {
            self.refused.failed();
        }
        self.refused.delay(policy, &mut ctx.core.random)
    }

    /// The established connection's own state, health included, becomes the policy's state.
    fn follow_offer(&mut self, ctx: &mut Context<'_>, address: &Address) {
        let Some(member) = self.subchannels.get(address) else { return };
        match member.subchannel.offer() {
            Offer::Nothing => {}
            Offer::Unproven => {
                let text = format!("{address}: connected, waiting for the first health status");
                self.enter(ctx, ConnectivityState::Connecting, Cause::new(CauseCode::Health, text));
            }
            Offer::Connection(_) => {
                let cause = if ctx.options.client_health && self.role == Role::Endpoint {
                    Cause::new(CauseCode::Health, format!("{address}: health: serving"))
                } else {
                    Cause::new(CauseCode::Connected, format!("{address}: received the server's SETTINGS"))
                };
                self.enter(ctx, ConnectivityState::Ready, cause);
            }
            Offer::Unhealthy(text) => {
                let cause = Cause::new(CauseCode::Health, format!("{address}: {text}"));
                self.fail(ctx, format!("pickfirst: health check failure: {text}"), cause);
            }
        }
    }

    // States.

    fn all_failed(&mut self, ctx: &mut Context<'_>, error: &str) {
        let text = match self.addresses.len() {
            0 | 1 => error.to_string(),
            many => format!("all {many} addresses failed, last error: {error}"),
        };
        self.fail(ctx, format!("connection error: desc = \"{error}\""), Cause::new(CauseCode::AllFailed, text));
    }

    fn is_unreachable(&mut self, ctx: &mut Context<'_>) {
        self.addresses.clear();
        self.drop_unlisted(ctx);
        let text = "name resolver error: produced zero addresses";
        self.fail(ctx, text.to_string(), Cause::new(CauseCode::NoAddresses, text));
    }

    /// Enters TRANSIENT_FAILURE, or changes its text. IDLE stays IDLE (the transition is not allowed); the text is
    /// used when IDLE is left.
    fn fail(&mut self, ctx: &mut Context<'_>, failure: String, cause: Cause) {
        self.failure = failure;
        if self.state != ConnectivityState::Idle {
            self.enter(ctx, ConnectivityState::TransientFailure, cause);
        }
    }

    fn enter(&mut self, ctx: &mut Context<'_>, state: ConnectivityState, cause: Cause) {
        if state != ConnectivityState::Idle {
            self.reconnect_at = None;
            self.wanted = false;
        }
        if self.role == Role::Channel {
            ctx.channel(state, &cause);
        }
        self.state = state;
        self.cause = cause;
    }

    // Subchannels.

    /// Keeps only `member`; the others are cancelled, which counts neither as success nor as failure (gRFC A94).
    fn only(&mut self, ctx: &mut Context<'_>, address: &Address, member: Box<Member>) {
        self.next_attempt_at = None;
        for other in std::mem::take(&mut self.subchannels).into_values() {
            let text = format!("{}: {address} connected first", other.subchannel.address());
            other.subchannel.shut_down(ctx, false, Cause::new(CauseCode::AnotherWon, text));
        }
        self.subchannels.insert(address.clone(), member);
    }

    /// Ends the subchannels whose address is no longer listed; their RPCs may finish.
    fn drop_unlisted(&mut self, ctx: &mut Context<'_>) {
        let listed: HashSet<&Address> = self.addresses.iter().collect();
        let all = std::mem::take(&mut self.subchannels);
        let (kept, dropped): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.into_iter().partition(|(address, _)| listed.contains(address));
        self.subchannels = kept;
        for (address, member) in dropped {
            let text = format!("{address}: no longer listed as usable");
            member.subchannel.shut_down(ctx, true, Cause::new(CauseCode::AddressRemoved, text));
        }
    }
}

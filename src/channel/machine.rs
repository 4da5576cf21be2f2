//! The channel itself: idle mode, the lifecycle of the resolver, and the load-balancing policy (grpc-go
//! `clientconn.go`).

use std::collections::HashMap;

use super::context::{Context, Core, Resolver};
use super::idle::IdleTimer;
use super::pick_first::{ConnectionNews, PickFirst, Role};
use super::round_robin::RoundRobin;
use super::subchannel::{ConnectionLoss, Subchannel};
use super::{
    AcrossIdle, Address, Cause, CauseCode, ConnectionId, ConnectivityState, Effect, Elapsed, Input, Options, Pick,
    Policy,
};
use crate::text::exact_duration;

/// A gRPC channel as a state machine.
///
/// Created IDLE, without any I/O. The same inputs at the same times give the same effects.
#[derive(Debug)]
pub struct Channel {
    options: Options,
    core: Core,
    idle: IdleTimer,
    mode: ChannelMode,
    /// The last result of the resolver, where the next exit from idle mode starts with it.
    resolution: LastResolution,
}

/// Whether there is a policy.
#[derive(Debug)]
enum ChannelMode {
    /// No policy, no subchannels: no connection is needed.
    Idle,
    /// A connection is needed, or was within the idle timeout. The channel's state is the policy's.
    Active(Balancer),
    /// Closed for good.
    Closed,
}

/// The policy in force.
#[derive(Debug)]
enum Balancer {
    PickFirst(PickFirst),
    RoundRobin(RoundRobin),
}

/// The last result of the resolver.
#[derive(Debug, Default)]
struct LastResolution {
    /// The last list. An error does not remove it.
    list: Option<Vec<Address>>,
    /// The error that followed it, if any.
    error: Option<String>,
}

impl Channel {
    /// A channel in IDLE. Nothing happens until its first input.
    pub fn new(options: Options) -> Self {
        Channel {
            core: Core {
                state: ConnectivityState::Idle,
                resolver: Resolver::Stopped,
                random: fastrand::Rng::with_seed(options.seed),
                connections: 0,
                open: HashMap::new(),
                now: Elapsed::ZERO,
            },
            idle: IdleTimer::new(options.idle_timeout),
            mode: ChannelMode::Idle,
            resolution: LastResolution::default(),
            options,
        }
    }

    /// Processes one input at `now` and appends what to do to `effects`.
    ///
    /// `now` never runs backwards: an earlier time counts as the latest one seen. After [`Input::Close`] no input has
    /// an effect any more; neither has news of a connection that was closed, lost, or never opened.
    pub fn handle(&mut self, now: Elapsed, input: Input, effects: &mut Vec<Effect>) {
        self.core.now = self.core.now.max(now);
        if matches!(self.mode, ChannelMode::Closed) {
            return;
        }
        match input {
            Input::Connect => {
                self.wanted(effects, Cause::new(CauseCode::ConnectRequested, "a connection was requested"))
            }
            Input::RpcStarted => {
                self.idle.rpc_started();
                self.wanted(effects, Cause::new(CauseCode::Rpc, "an RPC started"));
            }
            Input::RpcFinished => self.idle.rpc_finished(self.core.now),
            Input::Resolved(list) => self.resolved(effects, list),
            Input::ResolverFailed(error) => self.resolver_failed(effects, error),
            Input::Connected(connection) => self.connection_news(effects, connection, ConnectionNews::Connected),
            Input::ConnectFailed(connection, failure) => {
                self.connection_news(effects, connection, ConnectionNews::Failed(failure));
            }
            Input::GoingAway(connection, how) => {
                self.connection_news(effects, connection, ConnectionNews::Ended(ConnectionLoss::GoingAway(how)));
            }
            Input::Lost(connection, how) => {
                self.connection_news(effects, connection, ConnectionNews::Ended(ConnectionLoss::Lost(how)));
            }
            Input::Health(connection, health) => {
                self.connection_news(effects, connection, ConnectionNews::Health(health));
            }
            Input::TimePassed => self.time_passed(effects),
            Input::GoIdle if self.idle.active() > 0 => {}
            Input::GoIdle => self.enter_idle_mode(effects, "IDLE was requested".to_string()),
            Input::ResetBackoff => self.with_balancer(effects, |balancer, ctx| balancer.reset_backoff(ctx)),
            Input::Close => self.close(effects),
        }
    }

    /// When [`Input::TimePassed`] is due. It may be now, or before now: after [`Channel::pick`] found IDLE, or after a
    /// failure that took longer than its backoff.
    pub fn deadline(&self) -> Option<Elapsed> {
        let policy = match &self.mode {
            ChannelMode::Idle | ChannelMode::Closed => None,
            ChannelMode::Active(Balancer::PickFirst(policy)) if policy.is_wanted() => Some(self.core.now),
            ChannelMode::Active(Balancer::PickFirst(policy)) => policy.deadline(),
            ChannelMode::Active(Balancer::RoundRobin(policy)) => policy.deadline(),
        };
        self.idle.deadline().into_iter().chain(policy).min()
    }

    /// When the idle timeout ends, for a countdown: `None` while RPCs are active, in idle mode, and without a
    /// timeout.
    pub fn idle_deadline(&self) -> Option<Elapsed> {
        self.idle.deadline()
    }

    /// The channel's state.
    pub fn state(&self) -> ConnectivityState {
        self.core.state
    }

    /// RPCs that have started and not ended.
    pub fn active_rpcs(&self) -> usize {
        self.idle.active()
    }

    /// The current subchannels: address, state, and the end of the backoff while one waits.
    pub fn subchannels(&self) -> impl Iterator<Item = (&Address, ConnectivityState, Option<Elapsed>)> {
        let (one, many) = match &self.mode {
            ChannelMode::Idle | ChannelMode::Closed => (None, None),
            ChannelMode::Active(Balancer::PickFirst(policy)) => (Some(policy.subchannels()), None),
            ChannelMode::Active(Balancer::RoundRobin(policy)) => (None, Some(policy.subchannels())),
        };
        one.into_iter().flatten().chain(many.into_iter().flatten()).map(|subchannel: &Subchannel| {
            (subchannel.address(), subchannel.state(), subchannel.backoff().map(|(until, _)| until))
        })
    }

    /// Picks a connection for an RPC. Under pick_first in IDLE, the RPC's own [`Input::RpcStarted`] has left IDLE
    /// before. An RPC that picks again after its connection was lost finds IDLE, and [`Channel::deadline`] is then
    /// due at once: the [`Input::TimePassed`] that follows leaves IDLE for it.
    pub fn pick(&mut self) -> Pick {
        match &mut self.mode {
            ChannelMode::Idle => Pick::Queue,
            ChannelMode::Active(Balancer::PickFirst(policy)) => policy.pick(),
            ChannelMode::Active(Balancer::RoundRobin(policy)) => policy.pick(&mut self.core.random),
            ChannelMode::Closed => Pick::Fail("grpc: the client connection is closing".to_string()),
        }
    }

    fn context<'a>(
        &'a mut self,
        effects: &'a mut Vec<Effect>,
    ) -> (Context<'a>, &'a mut ChannelMode, &'a mut LastResolution) {
        (Context { options: &self.options, core: &mut self.core, effects }, &mut self.mode, &mut self.resolution)
    }

    /// Runs `act` on the policy, if there is one, and makes a policy that became IDLE reconnect when it must.
    fn with_balancer(&mut self, effects: &mut Vec<Effect>, act: impl FnOnce(&mut Balancer, &mut Context<'_>)) {
        let (mut ctx, mode, _) = self.context(effects);
        if let ChannelMode::Active(balancer) = mode {
            act(balancer, &mut ctx);
            balancer.settle(&mut ctx);
        }
    }

    /// A connection is needed.
    fn wanted(&mut self, effects: &mut Vec<Effect>, cause: Cause) {
        match self.mode {
            ChannelMode::Idle => self.exit_idle_mode(effects, cause),
            ChannelMode::Active(_) => self.with_balancer(effects, |balancer, ctx| balancer.exit_idle(ctx, cause)),
            ChannelMode::Closed => {}
        }
    }

    /// Leaves idle mode: CONNECTING before anything is resolved, then the resolver, then the policy.
    fn exit_idle_mode(&mut self, effects: &mut Vec<Effect>, cause: Cause) {
        self.idle.exit(self.core.now);
        let (mut ctx, mode, resolution) = self.context(effects);
        ctx.channel(ConnectivityState::Connecting, &cause);
        match ctx.core.resolver {
            Resolver::Stopped => {
                ctx.core.resolver = Resolver::Running;
                ctx.effects.push(Effect::StartResolver);
            }
            Resolver::Running => ctx.resolve_now(),
            Resolver::Frozen => {}
        }
        let mut balancer = match ctx.options.policy {
            Policy::PickFirst => Balancer::PickFirst(PickFirst::new(Role::Channel, cause)),
            Policy::RoundRobin => Balancer::RoundRobin(RoundRobin::new()),
        };
        // The last result of discovery while the channel was IDLE, or the frozen list.
        match resolution {
            LastResolution { list: Some(list), error: _ } => balancer.update(&mut ctx, list),
            LastResolution { list: None, error: Some(error) } => balancer.resolver_failed(&mut ctx, error),
            LastResolution { list: None, error: None } => {}
        }
        *mode = ChannelMode::Active(balancer);
    }

    /// Enters idle mode, in the order of grpc-go's `enterIdleMode`: resolver, policy, IDLE, subchannels.
    fn enter_idle_mode(&mut self, effects: &mut Vec<Effect>, why: String) {
        self.idle.enter();
        let cause = Cause::new(CauseCode::IdleTimeout, why);
        let ChannelMode::Active(mut balancer) = std::mem::replace(&mut self.mode, ChannelMode::Idle) else { return };
        let (mut ctx, _, resolution) = self.context(effects);
        match ctx.options.across_idle {
            AcrossIdle::KeepWatching => {}
            AcrossIdle::StopAndRebuild => {
                ctx.stop_resolver(Resolver::Stopped);
                *resolution = LastResolution::default();
            }
            AcrossIdle::Frozen => ctx.stop_resolver(Resolver::Frozen),
        }
        ctx.channel(ConnectivityState::Idle, &cause);
        balancer.shut_down(&mut ctx, &cause);
    }

    fn close(&mut self, effects: &mut Vec<Effect>) {
        self.idle.enter();
        let cause = Cause::new(CauseCode::Closed, "the channel was closed");
        let mode = std::mem::replace(&mut self.mode, ChannelMode::Closed);
        let (mut ctx, _, _) = self.context(effects);
        ctx.stop_resolver(Resolver::Frozen);
        if let ChannelMode::Active(mut balancer) = mode {
            balancer.shut_down(&mut ctx, &cause);
        }
        ctx.channel(ConnectivityState::Shutdown, &cause);
    }

    fn resolved(&mut self, effects: &mut Vec<Effect>, list: Vec<Address>) {
        if self.core.resolver != Resolver::Running {
            return;
        }
        // A resolver that repeats its list reports nothing new. If it did, a list repeated faster than a pass takes
        // would keep pick_first from ever reporting TRANSIENT_FAILURE.
        let repeated = self.resolution.error.is_none() && self.resolution.list.as_ref() == Some(&list);
        self.resolution.error = None;
        if !repeated {
            self.with_balancer(effects, |balancer, ctx| balancer.update(ctx, &list));
            self.resolution.list = Some(list);
        }
    }

    fn resolver_failed(&mut self, effects: &mut Vec<Effect>, error: String) {
        if self.core.resolver != Resolver::Running {
            return;
        }
        self.with_balancer(effects, |balancer, ctx| balancer.resolver_failed(ctx, &error));
        self.resolution.error = Some(error);
    }

    fn connection_news(&mut self, effects: &mut Vec<Effect>, connection: ConnectionId, news: ConnectionNews) {
        let Some(address) = self.core.open.get(&connection).cloned() else { return };
        self.with_balancer(effects, |balancer, ctx| {
            // D3: a connection that was closed before its READY was processed was READY nonetheless.
            if matches!(news, ConnectionNews::Ended(_)) && balancer.is_attempt(&address) {
                balancer.connection_news(ctx, &address, ConnectionNews::Connected);
            }
            balancer.connection_news(ctx, &address, news);
        });
    }

    fn time_passed(&mut self, effects: &mut Vec<Effect>) {
        if self.idle.deadline().is_some_and(|due| due <= self.core.now) {
            let timeout = self.options.idle_timeout.unwrap_or_default();
            return self.enter_idle_mode(effects, format!("no RPC for {}", exact_duration(timeout)));
        }
        self.with_balancer(effects, Balancer::time_passed);
    }
}

impl Context<'_> {
    fn stop_resolver(&mut self, into: Resolver) {
        if self.core.resolver == Resolver::Running {
            self.effects.push(Effect::StopResolver);
        }
        self.core.resolver = into;
    }
}

impl Balancer {
    fn update(&mut self, ctx: &mut Context<'_>, list: &[Address]) {
        match self {
            Balancer::PickFirst(policy) => policy.update(ctx, list),
            Balancer::RoundRobin(policy) => policy.update(ctx, list),
        }
    }

    fn resolver_failed(&mut self, ctx: &mut Context<'_>, error: &str) {
        match self {
            Balancer::PickFirst(policy) => policy.resolver_failed(ctx, error),
            Balancer::RoundRobin(policy) => policy.resolver_failed(ctx, error),
        }
    }

    fn exit_idle(&mut self, ctx: &mut Context<'_>, cause: Cause) {
        match self {
            Balancer::PickFirst(policy) => policy.exit_idle(ctx, cause),
            Balancer::RoundRobin(policy) => policy.exit_idle(ctx, &cause),
        }
    }

    fn is_attempt(&self, address: &Address) -> bool {
        match self {
            Balancer::PickFirst(policy) => policy.is_attempt(address),
            Balancer::RoundRobin(policy) => policy.is_attempt(address),
        }
    }

    fn connection_news(&mut self, ctx: &mut Context<'_>, address: &Address, news: ConnectionNews) {
        match self {
            Balancer::PickFirst(policy) => policy.connection_news(ctx, address, news),
            Balancer::RoundRobin(policy) => policy.connection_news(ctx, address, news),
        }
    }

    fn time_passed(&mut self, ctx: &mut Context<'_>) {
        match self {
            Balancer::PickFirst(policy) => policy.time_passed(ctx),
            Balancer::RoundRobin(policy) => policy.time_passed(ctx),
        }
    }

    fn reset_backoff(&mut self, ctx: &mut Context<'_>) {
        match self {
            Balancer::PickFirst(policy) => policy.reset_backoff(ctx),
            Balancer::RoundRobin(policy) => policy.reset_backoff(ctx),
        }
    }

    /// Leaves an IDLE of the policy when an RPC waits or the connection is to be kept. round_robin does this for each
    /// endpoint itself.
    fn settle(&mut self, ctx: &mut Context<'_>) {
        match self {
            Balancer::PickFirst(policy) => {
                if policy.is_wanted() {
                    policy.exit_idle(ctx, Cause::new(CauseCode::Rpc, "an RPC is waiting for a connection"));
                } else if policy.reconnect_is_due(ctx.now()) {
                    let text = "the channel is kept connected";
                    policy.exit_idle(ctx, Cause::new(CauseCode::ConnectRequested, text));
                }
            }
            Balancer::RoundRobin(_) => {}
        }
    }

    /// Ends every subchannel at once, whatever is in flight.
    fn shut_down(&mut self, ctx: &mut Context<'_>, cause: &Cause) {
        match self {
            Balancer::PickFirst(policy) => policy.shut_down(ctx, false, cause),
            Balancer::RoundRobin(policy) => policy.shut_down(ctx, false, cause),
        }
    }
}

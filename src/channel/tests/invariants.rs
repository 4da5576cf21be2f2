//! The invariants after every input, whatever it was.

use std::collections::{BTreeMap, BTreeSet};

use super::super::transitions::{channel_may, subchannel_may};
use super::super::*;

/// Watches a channel's effects and panics at the first forbidden one.
#[derive(Debug)]
pub struct Invariants {
    options: Options,
    channel: ConnectivityState,
    subchannels: BTreeMap<Address, ConnectivityState>,
    opened: BTreeSet<ConnectionId>,
    /// Attempts and connections that neither the channel nor the harness has closed.
    pub live: BTreeMap<ConnectionId, Address>,
    /// Those of `live` whose SETTINGS arrived.
    pub established: BTreeSet<ConnectionId>,
    resolver: bool,
}

impl Invariants {
    pub fn new(options: Options) -> Self {
        Invariants {
            options,
            channel: ConnectivityState::Idle,
            subchannels: BTreeMap::new(),
            opened: BTreeSet::new(),
            live: BTreeMap::new(),
            established: BTreeSet::new(),
            resolver: false,
        }
    }

    /// Call before the channel handles `input`.
    pub fn before(&mut self, input: &Input) {
        match input {
            Input::Connected(id) if self.live.contains_key(id) => {
                self.established.insert(*id);
            }
            Input::ConnectFailed(id, _) if !self.established.contains(id) => {
                self.live.remove(id);
            }
            Input::Lost(id, _) => {
                self.live.remove(id);
            }
            _ => {}
        }
    }

    /// Call after the channel handled `input` at `now` with these `effects`.
    pub fn after(&mut self, channel: &Channel, now: Elapsed, input: &Input, effects: &[Effect]) {
        let was_shut = self.channel == ConnectivityState::Shutdown;
        assert!(!was_shut || effects.is_empty(), "effects after SHUTDOWN: {effects:?}");
        for effect in effects {
            assert_ne!(self.channel, ConnectivityState::Shutdown, "{effect:?} after SHUTDOWN in {effects:?}");
            self.effect(now, input, effect);
        }
        assert_eq!(channel.state(), self.channel, "the state is the one published");
        if *input == Input::TimePassed {
            assert!(channel.deadline().is_none_or(|due| due >= now), "{:?} is past at {now}", channel.deadline());
        }
        if self.options.policy == Policy::PickFirst && self.channel == ConnectivityState::Ready {
            assert_eq!(self.live.len(), 1, "pick_first READY holds one connection: {:?}", self.live);
        }
        if matches!(self.channel, ConnectivityState::Idle | ConnectivityState::Shutdown) {
            assert!(self.live.is_empty(), "nothing is connected in {}: {:?}", self.channel, self.live);
        }
        let shown: BTreeMap<_, _> = channel.subchannels().map(|(address, state, _)| (address.clone(), state)).collect();
        for (address, state) in &shown {
            let published = self.subchannels.get(address).copied().unwrap_or(ConnectivityState::Idle);
            assert_eq!(*state, published, "{address}");
        }
        for (address, state) in &self.subchannels {
            assert!(shown.contains_key(address), "{address} is {state} and not shown");
        }
    }

    fn effect(&mut self, now: Elapsed, input: &Input, effect: &Effect) {
        match effect {
            Effect::StartResolver => {
                assert!(!self.resolver, "resolver started twice");
                self.resolver = true;
            }
            Effect::StopResolver => {
                assert!(self.resolver, "resolver stopped twice");
                self.resolver = false;
            }
            Effect::ResolveNow => assert!(self.resolver, "hint to a resolver that is not there"),
            Effect::Open { connection, address, deadline } => {
                assert!(self.opened.insert(*connection), "{connection:?} opened twice");
                assert!(*deadline >= now + self.options.backoff.min_connect_timeout, "deadline {deadline} at {now}");
                assert!(!self.live.values().any(|other| other == address), "{address} dialled twice at a time");
                self.live.insert(*connection, address.clone());
            }
            Effect::Close { connection, drain: _ } => {
                assert!(self.live.remove(connection).is_some(), "{connection:?} is not open: {input:?}");
            }
            Effect::WatchHealth(connection) => {
                let d3 = matches!(input, Input::Lost(id, _) if id == connection);
                assert!(self.live.contains_key(connection) || d3, "health watched on {connection:?}");
                assert!(self.options.client_health);
            }
            Effect::Publish(Transition { scope: Scope::Channel, from, to, cause, .. }) => {
                assert_eq!(*from, self.channel, "{from} -> {to}");
                assert!(channel_may(*from, *to), "{from} -> {to}");
                assert!(!cause.text.is_empty(), "{from} -> {to} has no words");
                self.channel = *to;
            }
            Effect::Publish(Transition { scope: Scope::Subchannel(address), from, to, cause, .. }) => {
                let known = self.subchannels.remove(address).unwrap_or(ConnectivityState::Idle);
                assert_eq!(*from, known, "{address}: {from} -> {to}");
                assert!(subchannel_may(*from, *to, self.options.client_health), "{address}: {from} -> {to}");
                assert!(cause.text.contains(&address.to_string()) || *to == ConnectivityState::Shutdown, "{cause:?}");
                if *to != ConnectivityState::Shutdown {
                    self.subchannels.insert(address.clone(), *to);
                }
            }
        }
    }
}

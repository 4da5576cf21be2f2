//! The channel itself: states, idle timer, and the load balancer under it.

use super::{ConnectivityState, Effect, Elapsed, Input, Options, Pick};

/// A gRPC channel as a state machine.
#[derive(Debug)]
pub struct Channel {}

impl Channel {
    /// A channel in IDLE. Nothing happens until it is asked to connect.
    pub fn new(_options: Options) -> Self {
        Channel {}
    }

    /// Takes one input at `now` and appends what to do to `effects`.
    pub fn handle(&mut self, _now: Elapsed, _input: Input, _effects: &mut Vec<Effect>) {}

    /// When [`Input::TimePassed`] is due.
    pub fn deadline(&self) -> Option<Elapsed> {
        None
    }

    /// The channel's state.
    pub fn state(&self) -> ConnectivityState {
        ConnectivityState::Idle
    }

    /// Picks a connection for an RPC. Under pick_first in IDLE the RPC's own [`Input::RpcStarted`] has left IDLE before.
    pub fn pick(&mut self) -> Pick {
        Pick::Queue
    }
}

//! What goes into the engine.

use std::sync::Arc;
use std::time::Duration;

use super::effect::HoldId;
use super::pending::Stages;
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::hold::Held;
use crate::model::proxy::Proxy;
use crate::model::reach::{Disconnect, Failure, Health, Phase, Reach};
use crate::model::resolution::{ResolveError, Update};
use crate::model::time::Elapsed;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The session begins.
    Begin,
    /// A source said something; `word` is `None` when its stream just ended.
    Word {
        /// Index of the source.
        source: usize,
        /// Of [`Effect::Ask`].
        generation: u32,
        /// What it said.
        word: Option<Result<Update, ResolveError>>,
        /// The stream ended with this word.
        last: bool,
    },
    /// A probe is over.
    Reached(Address, Box<Reach>),
    /// The channel's connection passed a stage.
    Passed(ConnectionId, Phase),
    /// The channel's connection got the server's SETTINGS.
    Connected(ConnectionId),
    /// The channel's attempt failed.
    ConnectFailed(ConnectionId, Failure),
    /// GOAWAY on the channel's connection.
    GoingAway(ConnectionId, Disconnect),
    /// The channel's connection ended.
    Lost(ConnectionId, Disconnect),
    /// The headers of the next answer on the channel's connection name this proxy, or none any more.
    PassedOn(ConnectionId, Option<Arc<Proxy>>),
    /// A call on the channel's connection is over.
    Checked(ConnectionId, Health, Duration),
    /// The health Watch on the channel's connection said something.
    Watched(ConnectionId, Health),
    /// The health Watch on the channel's connection has ended after its last status. One that failed has ended too, and
    /// only [`Input::Watched`] comes.
    WatchEnded(ConnectionId),
    /// Which stages are waiting: before [`Input::Finish`], and before the [`Input::TimePassed`] at [`Engine::ends_at`].
    InStages(Stages),
    /// A held connection has told what became of it.
    Held(HoldId, Box<Held>),
    /// This process did not run for a while: what timed out meanwhile proves nothing.
    Stalled {
        /// When it stopped running.
        from: Elapsed,
        /// For how long.
        lasted: Duration,
    },
    /// [`Engine::deadline`] has passed.
    TimePassed,
    /// The user has seen enough.
    Finish,
}

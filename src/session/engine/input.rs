//! The input of the engine.

use std::sync::Arc;
use std::time::Duration;

use super::effect::IdleCheckId;
use super::pending::Stages;
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::idle_check::IdleCheckResult;
use crate::model::proxy::Proxy;
use crate::model::reach::{Disconnect, Failure, Health, Phase, Reach};
use crate::model::resolution::{ResolveError, Update};
use crate::model::time::Elapsed;

/// What a user can request of the channel of a watch while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelRequest {
    /// Connect now, whatever the backoff, and query the registries again.
    Reconnect,
    /// Call the health service of every connected endpoint now. A channel in IDLE leaves it, as for any call.
    Call,
    /// Become IDLE, as after the idle timeout.
    GoIdle,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The session starts.
    Start,
    /// A source returned something; `response` is `None` when its stream just ended.
    Response {
        /// Index of the source.
        source: usize,
        /// The generation of [`Effect::Query`].
        generation: u32,
        /// The response.
        response: Option<Result<Update, ResolveError>>,
        /// The stream ended with this response.
        last: bool,
    },
    /// A probe has ended.
    Reached(Address, Box<Reach>),
    /// The channel's connection passed a stage.
    Passed(ConnectionId, Phase),
    /// The channel's connection got the server's SETTINGS.
    Connected(ConnectionId),
    /// The channel's attempt failed.
    ConnectFailed(ConnectionId, Failure),
    /// GOAWAY on the channel's connection.
    GoingAway(ConnectionId, Disconnect),
    /// The channel's connection was closed.
    Lost(ConnectionId, Disconnect),
    /// The headers of the next response on the channel's connection name this proxy, or no proxy any more.
    PassedOn(ConnectionId, Option<Arc<Proxy>>),
    /// A call on the channel's connection has ended.
    Checked(ConnectionId, Health, Duration),
    /// The health Watch on the channel's connection reported a status.
    Watched(ConnectionId, Health),
    /// The health Watch on the channel's connection has ended after its last status. For one that failed, only
    /// [`Input::Watched`] follows.
    WatchEnded(ConnectionId),
    /// The current stages: before [`Input::Finish`], and before the [`Input::TimePassed`] at [`Engine::ends_at`].
    InStages(Stages),
    /// The result of an idle-connection check.
    IdleChecked(IdleCheckId, Box<IdleCheckResult>),
    /// This process did not run for a while: timeouts during that time prove nothing.
    Stalled {
        /// When it stopped running.
        from: Elapsed,
        /// How long it did not run.
        lasted: Duration,
    },
    /// A client of the service needs the list now.
    Refresh,
    /// [`Engine::deadline`] has passed.
    TimePassed,
    /// A request of the user to the channel.
    Requested(ChannelRequest),
    /// The user stopped the session.
    Finish,
}

//! What comes out of the engine.

use std::time::Duration;

use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::time::Elapsed;

/// Names a held connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoldId(pub(super) u32);

/// What the driver is to do, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask a source; drop its earlier question.
    Ask {
        /// Index of the source.
        source: usize,
        /// To come back in [`Input::Word`].
        generation: u32,
    },
    /// Drop the question to a source.
    Drop {
        /// Index of the source.
        source: usize,
    },
    /// Tell every polling source that a connection failed (gRPC's ResolveNow).
    ResolveNow,
    /// Reach this address once, when there is room.
    Probe(Address),
    /// Open a connection of the channel.
    Open {
        /// Names it.
        connection: ConnectionId,
        /// Where to.
        address: Address,
        /// When it has failed at the latest.
        deadline: Elapsed,
    },
    /// Close a connection of the channel.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Let calls in flight finish.
        drain: bool,
    },
    /// Hold a connection in silence, then ask whether it lives.
    Hold {
        /// To come back in [`Input::Held`].
        hold: HoldId,
        /// Where to.
        address: Address,
        /// For how long.
        silence: Duration,
    },
    /// A health Check on this connection.
    Check(ConnectionId),
    /// A health Watch on this connection.
    Watch(ConnectionId),
    /// An event for the user.
    Tell(Box<Event>),
    /// The session is over: stop everything, and tell what [`Engine::next_conclusion`] gives.
    End,
}

//! The output of the engine.

use std::time::Duration;

use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::event::Event;
use crate::model::time::Elapsed;

/// Identifies an idle-connection check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdleCheckId(pub(super) u32);

/// What the driver must do, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Query a source; drop its earlier query.
    Query {
        /// Index of the source.
        source: usize,
        /// Returned in [`Input::Response`].
        generation: u32,
    },
    /// Drop the query of a source.
    Drop {
        /// Index of the source.
        source: usize,
    },
    /// Notify every polling source that a connection failed (gRPC's ResolveNow).
    ResolveNow,
    /// Probe this address once, as soon as the limits allow it.
    Probe(Address),
    /// Open a connection of the channel.
    Open {
        /// Its id.
        connection: ConnectionId,
        /// The address to connect to.
        address: Address,
        /// The deadline of the attempt.
        deadline: Elapsed,
    },
    /// Close a connection of the channel.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Let calls in flight finish.
        drain: bool,
    },
    /// Keep a connection idle, then check whether it still works.
    CheckIdle {
        /// Returned in [`Input::IdleChecked`].
        id: IdleCheckId,
        /// The address to connect to.
        address: Address,
        /// For how long.
        idle_time: Duration,
    },
    /// A health Check on this connection.
    Check(ConnectionId),
    /// A health Watch on this connection.
    Watch(ConnectionId),
    /// An event for the user.
    Report(Box<Event>),
    /// The session has ended: stop everything, and report what [`Engine::next_conclusion`] returns.
    End,
}

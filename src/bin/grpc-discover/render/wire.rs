//! The types of `-o ndjson` and `-o json`. They are separate from the model, so that the model may change without
//! changing the format; docs/events.schema.json is generated from them.

mod client;
mod connection;
mod convert;
mod health;
mod idle_check;
mod outcome;
mod progress;
mod registry;
mod text;

use serde::Serialize;

pub use client::{Client, ClientEntry};
pub use connection::{Certificate, Connection, Disconnect, GoAway, Phase, Settings, Tls};
pub use health::{Health, HealthAnswer, Proxy, WatchEnd};
pub use idle_check::{IdleCheck, IdleCheckView};
pub use outcome::{Cause, CauseCount, Counts, Finding, Listed, Summary, Verdict};
pub use progress::{Cost, Idle, Lens, LensView, Pending, Stall};
pub use registry::{Backend, Check, Endpoint, Endpoints, Lag, Note};
pub use text::{rfc3339, write_json, write_pretty};

/// One line of `-o ndjson`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// 1, 2, 3 … without gaps for each target.
    pub seq: u64,
    /// Wall clock, RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Monotonic milliseconds since the session started.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// The kinds of event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A channel or subchannel changed its state.
    Transition(Transition),
    /// A backend's list changed, or was received for the first time.
    Endpoints(Endpoints),
    /// A backend's watch changed its state.
    Backend(Backend),
    /// A stage of reaching an address succeeded or failed.
    Connection(Connection),
    /// An established connection was closed or lost.
    Disconnect(Disconnect),
    /// A health service responded.
    Health(Health),
    /// The idle cycle entered its next phase.
    Idle(Idle),
    /// What a client of another framework would hold.
    Lens(Lens),
    /// The outcome of an idle-connection check.
    IdleCheck(IdleCheck),
    /// What the session was still waiting for when it ended.
    Pending(Pending),
    /// This process did not run for a while: what timed out meanwhile proves nothing.
    Stall(Stall),
    /// What a witness showed of a running client, the verdict on it, or the clients of an endpoint.
    Client(Box<Client>),
    /// The verdict on one endpoint.
    Verdict(Verdict),
    /// Something that was proved.
    Finding(Finding),
    /// The summary: always the last line of a target.
    Summary(Summary),
    /// Nothing was run: the only line then.
    Error(Error),
}

/// Why nothing was run.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Error {
    /// Empty: the error is about the whole command.
    pub target: String,
    /// The exit code.
    pub exit: u8,
    /// Why: `usage` (what was typed or configured) or `system` (a failure of this machine).
    pub error: Coded,
}

/// A code to act on and a sentence to read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coded {
    /// A stable code.
    pub code: String,
    /// For people.
    pub text: String,
}

/// A channel or subchannel changed its state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Transition {
    /// The service.
    pub target: String,
    /// `channel` or `subchannel`.
    pub scope: &'static str,
    /// The subchannel's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// gRPC's name of the previous state.
    pub from: &'static str,
    /// gRPC's name of the new state.
    pub to: &'static str,
    /// Remaining backoff: how long until a failed subchannel may try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// Why.
    pub cause: Coded,
}

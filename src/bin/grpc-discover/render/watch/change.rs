//! A change that a watch reports as one line.

use std::time::{Duration, SystemTime};

use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::endpoint::Address;
use grpc_discover::text::{self, duration, escape};

use crate::render::Paint;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When.
    pub time: SystemTime,
    /// What it is about.
    pub subject: Subject,
    /// What changed.
    pub kind: ChangeKind,
    /// It belongs to the connect phase, so the story, which starts after it, leaves it out.
    pub at_start: bool,
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// An endpoint.
    Endpoint(Address),
    /// The channel, a registry or a client model.
    Other(String),
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeKind {
    /// A registry's list.
    Listed {
        /// The change in one line.
        text: String,
        /// The addresses that are new.
        added: Vec<Address>,
        /// The addresses that left.
        removed: Vec<Address>,
    },
    /// The connect phase is over.
    Connected {
        /// The state of the channel.
        channel: ConnectivityState,
        /// Connected endpoints.
        connected: usize,
        /// Endpoints that the channel tried to connect to.
        of: usize,
        /// How long it took.
        took: Duration,
    },
    /// The connection to an endpoint was lost.
    Lost(String),
    /// An attempt failed, for another reason than the previous one.
    Failed(String),
    /// Another attempt failed for the same reason. It is counted, and has no line.
    FailedAgain,
    /// An endpoint was connected.
    Ready {
        /// It had been lost, or had failed before.
        again: bool,
        /// Since it was lost, failed or was listed.
        after: Duration,
        /// Failed attempts before this one.
        failed: u32,
    },
    /// The health of an endpoint.
    Health {
        /// The previous status.
        from: Option<String>,
        /// The status now.
        to: String,
        /// A client with health checking would use it.
        is_usable: bool,
    },
    /// Anything else that is bad.
    Broken(String),
    /// Anything else.
    Other(String),
}

impl Change {
    /// The subject as text. Escaped.
    pub fn subject(&self) -> String {
        let text = match &self.subject {
            Subject::Endpoint(address) => address.to_string(),
            Subject::Other(text) => text.clone(),
        };
        escape(&text).into_owned()
    }

    /// The change as text; `None` when it has no line of its own. Escaped.
    pub fn text(&self) -> Option<String> {
        let text = match &self.kind {
            ChangeKind::Listed { text, .. } | ChangeKind::Broken(text) | ChangeKind::Other(text) => text.clone(),
            ChangeKind::Connected { channel, connected, of, took } => {
                format!("{channel} ({connected} of {of} connected in {})", duration(*took), channel = channel.as_str())
            }
            ChangeKind::Lost(how) => format!("lost: {how}"),
            ChangeKind::Failed(cause) => cause.clone(),
            ChangeKind::FailedAgain => return None,
            ChangeKind::Ready { again: false, after, .. } => format!("READY after {}", duration(*after)),
            ChangeKind::Ready { again: true, after, failed } => {
                format!("READY again after {}{}", duration(*after), attempts(*failed))
            }
            ChangeKind::Health { from: None, to, .. } => format!("READY, {to}"),
            ChangeKind::Health { from: Some(from), to, .. } => format!("{from} -> {to}"),
        };
        Some(escape(&text).into_owned())
    }

    /// `text` in the colour of the change.
    pub fn painted(&self, text: &str, paint: Paint) -> String {
        match &self.kind {
            ChangeKind::Failed(_) | ChangeKind::FailedAgain | ChangeKind::Lost(_) => paint.red(text),
            ChangeKind::Health { is_usable: false, .. } => paint.red(text),
            ChangeKind::Broken(_) => paint.yellow(text),
            ChangeKind::Connected { channel: ConnectivityState::Ready, .. } => paint.green(text),
            ChangeKind::Connected { .. } => paint.yellow(text),
            ChangeKind::Ready { .. } | ChangeKind::Health { is_usable: true, .. } => paint.green(text),
            ChangeKind::Listed { .. } | ChangeKind::Other(_) => text.to_string(),
        }
    }
}

/// `, 6 failed attempts`, or nothing.
pub fn attempts(failed: u32) -> String {
    match failed {
        0 => String::new(),
        some => format!(", {}", text::count(usize::try_from(some).unwrap_or(usize::MAX), "failed attempt")),
    }
}

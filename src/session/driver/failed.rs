//! Tasks that panic: each becomes an error of what it worked for. A session never waits for it endlessly.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError};

use super::Session;
use crate::channel::ConnectionId;
use crate::model::endpoint::Address;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};
use crate::model::reach::{Disconnect, DisconnectReason, Failure, FailureCode, Reach, Stage};
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::session::engine::{IdleCheckId, Input};

/// What a task works for.
#[derive(Debug)]
pub(super) enum Owner {
    /// A source, with the generation of its query.
    Source { index: usize, generation: u32 },
    /// A connection of the channel.
    Connection(ConnectionId),
    /// A probe.
    Probe(Address),
    /// An idle-connection check.
    IdleCheck(IdleCheckId),
}

/// What each running task works for.
pub(super) type Owners = HashMap<Id, Owner>;

impl Session {
    /// Runs `task` for `owner`.
    pub(super) fn spawn(&mut self, owner: Owner, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let handle = self.tasks.spawn(task);
        self.owners.insert(handle.id(), owner);
        handle
    }

    /// A task has ended.
    pub(super) fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let owner = self.owners.remove(&id);
        if let (Some(owner), Err(error)) = (owner, ended)
            && let Ok(panic) = error.try_into_panic()
        {
            tracing::error!(?owner, "a task panicked");
            let input = self.failure(owner, &format!("internal error: a task panicked: {}", words(&*panic)));
            self.feed(input);
        }
    }

    fn failure(&self, owner: Owner, text: &str) -> Input {
        let failure = || Failure::new(Stage::Tcp, FailureCode::Local, text, Duration::ZERO);
        match owner {
            Owner::Source { index, generation } => {
                let response = Some(Err(ResolveError::ambient(ResolveCode::BadAnswer, text)));
                Input::Response { source: index, generation, response, last: true }
            }
            Owner::Connection(connection) if self.connections.get(&connection).is_some_and(|open| open.connected) => {
                let reason = DisconnectReason::SubchannelShutdown;
                Input::Lost(connection, Disconnect { reason, detail: text.to_string(), goaway: None })
            }
            Owner::Connection(connection) => Input::ConnectFailed(connection, failure()),
            Owner::Probe(address) => {
                let reach = Reach {
                    phases: Vec::new(),
                    outcome: Err(failure()),
                    others: Vec::new(),
                    proxy: None,
                    goaway: None,
                };
                Input::Reached(address, Box::new(reach))
            }
            Owner::IdleCheck(id) => {
                let outcome = IdleCheckOutcome::NotReached(failure());
                Input::IdleChecked(
                    id,
                    Box::new(IdleCheckResult { measured_idle: Duration::ZERO, interrupted: None, outcome }),
                )
            }
        }
    }
}

/// The message of a panic.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

//! [`ClientSession`]: reads running clients, or the clients of servers, watches the registries beside them, and judges
//! both together. The readings and the registries' answers become events like those of every other session.

mod callers;
mod reach;
mod run;
mod survey;
mod targets;

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::plan::Plan;
use crate::model::client::{ClientView, Unread};
use crate::model::event::Event;
use crate::transport::{Dial, Sockets};
use crate::witness::WitnessContext;

pub use survey::{Survey, survey};
pub use targets::service_of;

/// How many events wait for a consumer.
const QUEUE: usize = 256;

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientSubject {
    /// Clients that were read before; they are read again until they can be judged.
    Clients {
        /// As they were read.
        views: Vec<ClientView>,
        /// What could not be read.
        unread: Vec<Unread>,
    },
    /// The servers of every endpoint.
    Servers,
}

/// What a session is to do.
#[derive(Clone)]
pub struct ClientPlan {
    /// The registries, how addresses are reached, and what is good enough. Its goal is ignored: the registries are
    /// watched. `None` when no registry of the clients is known.
    pub registries: Option<Plan>,
    /// The registries of other services: an address that one of them lists belongs to that service.
    pub others: Vec<Plan>,
    /// The name of the service in every event.
    pub label: Arc<str>,
    /// What is read.
    pub subject: ClientSubject,
    /// How processes and servers are reached.
    pub transport: crate::transport::Options,
    /// What is good enough.
    pub criteria: crate::diagnosis::Criteria,
    /// Stop without a verdict after this long (`--max-time`).
    pub max_time: Option<std::time::Duration>,
}

/// A running session: returns events up to the summary, which is the last. Everything that it started ends when it is
/// dropped.
pub struct ClientSession {
    events: mpsc::Receiver<Event>,
    finish: Arc<Notify>,
    task: JoinHandle<()>,
}

impl ClientSession {
    /// Starts a session over sockets. Must be called within a tokio runtime.
    pub fn start(plan: ClientPlan) -> ClientSession {
        ClientSession::start_with(plan, Arc::new(Sockets))
    }

    /// Starts a session that dials with `dial` instead of sockets.
    pub fn start_with(plan: ClientPlan, dial: Arc<dyn Dial>) -> ClientSession {
        let (sender, events) = mpsc::channel(QUEUE);
        let finish = Arc::new(Notify::new());
        let context = WitnessContext { options: plan.transport.clone(), dial };
        let task = tokio::spawn(run::run(plan, context, sender, finish.clone()));
        ClientSession { events, finish, task }
    }

    /// The next event; `None` after the summary. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Stops the session early: the current verdict and the summary follow.
    pub fn finish(&mut self) {
        self.finish.notify_one();
    }
}

impl Drop for ClientSession {
    fn drop(&mut self) {
        self.task.abort();
    }
}

//! The one room that knows all the others: plan, script, engine (PURE), driver (clock and effects).

use std::sync::Arc;

use crate::model::event::Event;
use crate::transport::Dial;

pub mod plan;

pub use crate::diagnosis::{Judging, MinReady};
pub use plan::{Goal, Limits, Plan, PlanError, Source, Until};

/// A running session: events come out until the summary, which is the last.
pub struct Session {
    _plan: Plan,
}

impl Session {
    /// Begins. Must be called within a tokio runtime.
    pub fn start(plan: Plan) -> Session {
        Session { _plan: plan }
    }

    /// Begins, dialling with `dial` instead of sockets.
    pub fn start_with(plan: Plan, _dial: Arc<dyn Dial>) -> Session {
        Session { _plan: plan }
    }

    /// The next event; `None` after the summary. Cancel safe. Dropping the session stops everything it began.
    pub async fn next(&mut self) -> Option<Event> {
        todo!()
    }

    /// Ends the session early: the verdict of this moment and the summary follow (Ctrl-C, `q`).
    pub fn finish(&mut self) {}
}

//! A log of what a session does, for reports about this program (`GRPC_DISCOVER_LOG`). Every text is one that the
//! events may contain: secrets are masked before it gets here.

use tracing::{debug, warn};

use super::Session;
use crate::session::engine::{Effect, Input};
use crate::text::duration;

impl Session {
    /// Logs what is started or stopped.
    pub(super) fn log_effect(&self, effect: &Effect) {
        match effect {
            Effect::Query { source, generation } => debug!(source = %self.label(*source), generation, "query started"),
            Effect::Drop { source } => debug!(source = %self.label(*source), "query stopped"),
            Effect::ResolveNow => debug!("a connection failed: polling sources query again"),
            Effect::Open { connection, address, .. } => {
                debug!(connection = connection.0, %address, "connection started")
            }
            Effect::Close { connection, drain } => debug!(connection = connection.0, drain, "connection stopped"),
            Effect::CheckIdle { address, idle_time, .. } => {
                debug!(%address, idle = %duration(*idle_time), "idle connection started");
            }
            Effect::Check(connection) => debug!(connection = connection.0, "health check"),
            Effect::Watch(connection) => debug!(connection = connection.0, "health watch"),
            Effect::End => debug!("session ended"),
            Effect::Probe(_) | Effect::Report(_) => {}
        }
    }

    /// Logs what ended, or was reported.
    pub(super) fn log_input(&self, input: &Input) {
        match input {
            Input::Response { source, generation, response, last } => match response {
                Some(Ok(_)) => debug!(source = %self.label(*source), generation, last, "response"),
                Some(Err(error)) => debug!(source = %self.label(*source), generation, last, %error, "query failed"),
                None => debug!(source = %self.label(*source), generation, "response stream ended"),
            },
            Input::Reached(address, reach) => match &reach.outcome {
                Ok((health, _)) => debug!(%address, health = health.as_str(), "probe ended"),
                Err(failure) => debug!(%address, %failure, "probe failed"),
            },
            Input::Connected(connection) => debug!(connection = connection.0, "connected"),
            Input::ConnectFailed(connection, failure) => {
                debug!(connection = connection.0, %failure, "connection failed");
            }
            Input::GoingAway(connection, disconnect) => debug!(connection = connection.0, %disconnect, "GOAWAY"),
            Input::Lost(connection, disconnect) => debug!(connection = connection.0, %disconnect, "connection lost"),
            Input::Stalled { lasted, .. } => warn!(lasted = %duration(*lasted), "this process did not run"),
            Input::Requested(request) => debug!(?request, "requested by the user"),
            Input::Refresh => debug!("refresh requested"),
            Input::Finish => debug!("stop requested"),
            _ => {}
        }
    }

    fn label(&self, source: usize) -> String {
        self.sources[source].source.target.to_string()
    }
}

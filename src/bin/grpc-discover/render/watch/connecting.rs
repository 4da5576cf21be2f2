//! The connect phase of a watch: it is one line, not three for every endpoint.

use std::time::Duration;

use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::time::Elapsed;

/// The phase ends after this long, whatever is missing.
const LIMIT: Duration = Duration::from_secs(1);

/// The connect phase.
#[derive(Debug, Default)]
pub struct Connecting {
    started: Option<Elapsed>,
    last: Elapsed,
}

impl Connecting {
    /// The channel started to connect to an endpoint.
    pub fn starts(&mut self, at: Elapsed) {
        self.started.get_or_insert(at);
    }

    /// An endpoint was connected.
    pub fn connected(&mut self, at: Elapsed) {
        self.last = at;
    }

    /// How long it took and when it ended, if it is over: nothing is `awaited`, or it has lasted for long.
    pub fn over(&self, now: Elapsed, channel: Option<ConnectivityState>, awaited: bool) -> Option<(Duration, Elapsed)> {
        let started = self.started?;
        let is_decided = matches!(channel, Some(ConnectivityState::Ready | ConnectivityState::TransientFailure));
        let ended = match is_decided && !awaited {
            true => now,
            // Whatever notices it, and when: a replay notices it later.
            false if now.since(started) >= LIMIT => started + LIMIT,
            false => return None,
        };
        let last = if self.last > started { self.last } else { ended };
        Some((last.since(started), ended))
    }
}

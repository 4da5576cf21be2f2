//! The state of everything that is watched.

use grpc_discover::model::event::Event;
use grpc_discover::model::time::Elapsed;

use super::change::Change;
use super::service::WatchedService;

/// The services under watch, in the order of their first events.
#[derive(Debug, Default)]
pub struct WatchState {
    services: Vec<WatchedService>,
}

impl WatchState {
    /// The services.
    pub fn services(&self) -> &[WatchedService] {
        &self.services
    }

    /// Processes an event; returns what changed.
    pub fn observe(&mut self, event: &Event) -> Vec<Change> {
        let at = match self.services.iter().position(|service| service.target == event.target) {
            Some(at) => at,
            None => {
                self.services.push(WatchedService::new(event));
                self.services.len() - 1
            }
        };
        let mut changes = Vec::new();
        self.services[at].observe(event, &mut changes);
        changes
    }

    /// Time has passed without an event; returns what changed by that.
    pub fn tick(&mut self, now: Elapsed) -> Vec<Change> {
        let mut changes = Vec::new();
        self.services.iter_mut().for_each(|service| service.time_passed(now, &mut changes));
        changes
    }
}

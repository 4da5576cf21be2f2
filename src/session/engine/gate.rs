//! The condition of `watch --until`: how many endpoints are READY and SERVING, and for how long it has been met.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Engine;
use crate::diagnosis::MinReady;
use crate::model::endpoint::{Address, EndpointStatus};
use crate::model::time::Elapsed;
use crate::session::plan::{Goal, Until};
use crate::text::{count, duration, exact_duration};

/// The condition must be met this long to be stable (`--until stable`).
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// How many endpoints are ready, and since when they are enough.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Addresses with a connection that is READY and SERVING, and how many such connections.
    ready: BTreeMap<Address, usize>,
    /// Endpoints that are listed and not draining.
    listed: usize,
    since: Option<Elapsed>,
}

impl Gate {
    /// Records that a connection to `address` counted as ready, and now does or does not.
    pub(super) fn counts(&mut self, address: &Address, before: bool, now: bool) {
        match (before, now) {
            (false, true) => *self.ready.entry(address.clone()).or_default() += 1,
            (true, false) => {
                if let Some(count) = self.ready.get_mut(address) {
                    *count -= 1;
                    if *count == 0 {
                        self.ready.remove(address);
                    }
                }
            }
            (true, true) | (false, false) => {}
        }
    }

    /// True when a connection to `address` is ready.
    pub(super) fn is_ready(&self, address: &Address) -> bool {
        self.ready.contains_key(address)
    }
}

impl Engine {
    /// Updates the gate after a change of the list.
    pub(super) fn gate_lists(&mut self) {
        self.gate.listed = self.expected().len();
    }

    /// The endpoints that are listed and not draining.
    pub(super) fn expected(&self) -> Vec<Address> {
        let draining = self.discovery.in_status(EndpointStatus::Draining);
        self.discovery.addresses().into_iter().filter(|address| !draining.contains(address)).collect()
    }

    /// How many endpoints must be ready; `None` while this is unknown.
    fn required(&self) -> Option<usize> {
        match self.config.criteria.min_ready {
            None => Some(1),
            Some(MinReady::Count(count)) => Some(count),
            Some(MinReady::Percent(percent)) => {
                let share = (self.gate.listed * usize::from(percent)).div_ceil(100);
                (self.discovery.all_responded() && self.gate.listed > 0).then_some(share)
            }
        }
    }

    /// Records whether enough endpoints are ready.
    pub(super) fn gate_notes(&mut self) {
        let is_open = self.required().is_some_and(|required| self.gate.ready.len() >= required);
        match is_open {
            true => _ = self.gate.since.get_or_insert(self.now),
            false => self.gate.since = None,
        }
    }

    /// True when the watch's condition is met.
    pub(super) fn until_is_met(&self, until: Until) -> bool {
        match until {
            Until::Ready => self.gate.since.is_some(),
            Until::Stable => self.gate.since.is_some_and(|since| self.now.since(since) >= STABLE_AFTER),
            Until::Drained => self.discovery.any_response() && self.discovery.addresses().is_empty(),
        }
    }

    pub(super) fn gate_deadline(&self) -> Option<Elapsed> {
        match self.config.goal {
            Goal::Watch { until: Some(Until::Stable) } => self.gate.since.map(|since| since + STABLE_AFTER),
            _ => None,
        }
    }

    /// `--max-time 10s elapsed before --until ready was met: 11 of 12 endpoints are READY and SERVING, 12 required`.
    pub(super) fn not_met(&self, flag: &str, limit: Duration) -> String {
        let limit = exact_duration(limit);
        let until = match self.config.goal {
            Goal::Watch { until: Some(until) } => until,
            _ => return format!("{flag} {limit} elapsed before a verdict"),
        };
        let before = format!("{flag} {limit} elapsed before --until {} was met", until.as_str());
        let (ready, listed) = (self.gate.ready.len(), self.gate.listed);
        match (until, self.required()) {
            (Until::Drained, _) => format!("{before}: {} listed", count(self.discovery.addresses().len(), "endpoint")),
            (Until::Stable, _) if self.gate.since.is_some() => {
                let held = self.gate.since.map(|since| self.now.since(since)).unwrap_or_default();
                let (held, required) = (duration(held), exact_duration(STABLE_AFTER));
                format!("{before}: ready, but only for {held} of {required} without a change")
            }
            (_, Some(required)) => {
                format!("{before}: {ready} of {} READY and SERVING, {required} required", count(listed, "endpoint"))
            }
            (_, None) => before,
        }
    }
}

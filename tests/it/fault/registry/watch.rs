//! A `watch` during a fault: what it must report, and that no endpoint is reported as removed meanwhile.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::tool::{Running, tool};

/// Time limit for any step on a busy machine.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running `watch` or `resolve --watch`.
pub struct Watch(Running);

impl Watch {
    /// Starts it with these arguments and variables.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Watch {
        let mut command = tool(arguments);
        command.args(["-o", "ndjson"]).envs(environment.iter().copied());
        Watch(Running::start_command(command))
    }

    /// Waits until it has reported that `address` is listed; returns the time.
    pub fn until_listed(&mut self, address: &str, within: Duration) -> Instant {
        let lists = |event: &Value| {
            let added = event["added"].as_array().into_iter().flatten();
            added.into_iter().any(|endpoint| endpoint["address"] == address)
        };
        let known = self.0.seen.iter().find(|(_, event)| lists(event)).map(|(at, _)| *at);
        known.unwrap_or_else(|| self.0.wait_for(&format!("{address} listed"), within, lists).0)
    }

    /// Waits until the registry is reported in this status; returns the event.
    pub fn until_status(&mut self, status: &str) -> Value {
        let wanted = |event: &Value| event["kind"] == "backend" && event["status"] == status;
        self.0.wait_for(status, TIME_LIMIT, wanted).1
    }

    /// Waits for an event.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.0.wait_for(what, TIME_LIMIT, wanted).1
    }

    /// Waits until the registry is broken, and requires that the reason is a missing permission.
    pub fn until_denied(&mut self) {
        let broken = self.until_status("broken");
        assert_eq!(broken["error"]["code"], "denied", "{broken}");
        self.nothing_is_gone();
    }

    /// Reads the events since then, and requires that no endpoint was removed so far.
    pub fn nothing_is_gone(&self) {
        for (_, event) in &self.0.seen {
            assert!(event["removed"].as_array().is_none_or(Vec::is_empty), "{event}");
        }
    }

    /// The codes of its findings so far.
    pub fn findings(&self) -> Vec<String> {
        let findings = self.0.seen.iter().filter(|(_, event)| event["kind"] == "finding");
        findings.filter_map(|(_, event)| event["code"].as_str().map(str::to_string)).collect()
    }

    /// Stops it as Ctrl-C would, reads the report, and requires that no endpoint was removed in the whole run.
    pub fn end(&mut self) -> Vec<String> {
        self.0.signal("-INT");
        self.0.wait_for("the summary", TIME_LIMIT, |event| event["kind"] == "summary");
        self.nothing_is_gone();
        self.findings()
    }

    /// Every event so far, one per line, for messages of failed assertions.
    pub fn story(&self) -> String {
        self.0.seen.iter().map(|(_, event)| format!("{event}\n")).collect()
    }
}

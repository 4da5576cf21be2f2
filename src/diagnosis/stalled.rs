//! GD903: this process itself did not run for a while, and what timed out meanwhile was not taken for a proof.

use std::time::Duration;

use super::discovery::finding;
use super::ledger::Ledger;
use super::table::PROCESS_STALLED;
use crate::model::finding::Finding;

/// One finding for all stalls.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let stalls = &ledger.stalls;
    let Some(longest) = stalls.iter().map(|seen| seen.what.lasted).max() else { return Vec::new() };
    let all: Duration = stalls.iter().map(|seen| seen.what.lasted).sum();
    let times = match stalls.len() {
        1 => String::new(),
        many => format!(", {many} times, the longest {:.1}s", longest.as_secs_f64()),
    };
    let timeouts = match ledger.excused {
        1 => "one timeout that ended meanwhile was".to_string(),
        many => format!("{many} timeouts that ended meanwhile were"),
    };
    let text = format!(
        "this process did not run for {:.1}s{times}: {timeouts} repeated or left out, because nothing is proved by it",
        all.as_secs_f64()
    );
    let evidence = stalls.iter().map(|seen| seen.seq).collect();
    vec![finding(&PROCESS_STALLED, None, text, evidence)]
}

//! GD903: this process itself did not run for a while, and timeouts during that time were not taken for proof.

use std::time::Duration;

use super::catalog::PROCESS_STALLED;
use super::ledger::Ledger;
use super::report::finding;
use crate::model::finding::Finding;
use crate::text::duration;

/// One finding for all stalls.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let stalls = &ledger.stalls;
    let Some(longest) = stalls.iter().map(|seen| seen.what.lasted).max() else { return Vec::new() };
    let all: Duration = stalls.iter().map(|seen| seen.what.lasted).sum();
    let times = match stalls.len() {
        1 => String::new(),
        many => format!(", {many} times, the longest for {}", duration(longest)),
    };
    let timeouts = match ledger.excused {
        1 => "one timeout that expired meanwhile was".to_string(),
        many => format!("{many} timeouts that expired meanwhile were"),
    };
    let text =
        format!("this process did not run for {}{times}: {timeouts} repeated or ignored as unreliable", duration(all));
    let evidence = stalls.iter().map(|seen| seen.seq).collect();
    vec![finding(&PROCESS_STALLED, None, text, evidence)]
}

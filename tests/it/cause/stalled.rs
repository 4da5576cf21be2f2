//! Problems of this process that must not be attributed to an endpoint.

use std::time::Duration;

use super::scenario::{Run, probe};
use super::setup::Setup;

pub fn stopped_for_a_while(setup: &mut Setup) -> Option<Run> {
    let address = setup.silent();
    let run = probe(&["--plaintext", "--connect-timeout", "2s", &address]);
    let run =
        run.answer_with(&[&address, "SETTINGS", "this process did not run for", "repeated or ignored as unreliable"]);
    Some(run.meanwhile(|_, tool| {
        tool.wait_for("the list", Duration::from_secs(10), |event| event["kind"] == "endpoints");
        tool.signal("-STOP");
        // For longer than the attempt may take: the timeout expires while the process is stopped.
        std::thread::sleep(Duration::from_secs(4));
        tool.signal("-CONT");
    }))
}

//! Problems of this process that must not be attributed to an endpoint.

use std::time::Duration;

use super::scenario::{Run, probe};
use super::world::World;

pub fn stopped_for_a_while(world: &mut World) -> Option<Run> {
    let address = world.silent();
    let run = probe(&["--plaintext", "--connect-timeout", "2s", &address]);
    let run = run.says(&[&address, "SETTINGS", "this process did not run for", "repeated or ignored as unreliable"]);
    Some(run.meanwhile(|_, tool| {
        tool.wait_for("the list", Duration::from_secs(10), |event| event["kind"] == "endpoints");
        tool.signal("-STOP");
        // For longer than the attempt may take: the timeout expires while the process is stopped.
        std::thread::sleep(Duration::from_secs(4));
        tool.signal("-CONT");
    }))
}

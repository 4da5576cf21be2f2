//! Claim: a list that is replaced by a rename is printed at once. The mark: 2 ms.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use support::lines::Lines;
use support::peers::Peers;
use support::spread::Spread;
use support::{Result, say};

const MILLISECONDS: f64 = 2.0;
const QUIET: Duration = Duration::from_millis(30);

fn main() -> Result<()> {
    let peers = Peers::build()?;
    let directory = support::scratch("file_to_line")?;
    let (list, next) = (directory.join("list.json"), directory.join("next.json"));
    std::fs::write(&list, "[\"127.0.0.1:1000\"]")?;
    let raw = Lines::of("raw inotify", Command::new(peers.path("raw_client")).arg("file").arg(&list))?;
    let target = format!("file:{}", list.display());
    let ours = Lines::of("grpc-discover", &mut support::command(&["resolve", "--watch", "-o", "ndjson", &target]))?;
    let endpoints = |line: &str| line.contains(r#""kind":"endpoints""#);
    raw.wait("it is ready", |line| line == "ready")?;
    ours.wait("the first list", endpoints)?;

    let rounds = support::rounds(200);
    let (mut raw_delays, mut our_delays) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        raw.settle(QUIET)?;
        ours.settle(QUIET)?;
        std::fs::write(&next, format!("[\"127.0.0.1:1000\", \"127.0.0.1:{}\"]", 2000 + round))?;
        let renamed = Instant::now();
        std::fs::rename(&next, &list)?;
        let since = |at: Instant| at.saturating_duration_since(renamed).as_secs_f64() * 1000.0;
        our_delays.push(since(ours.wait("the new list", endpoints)?));
        raw_delays.push(since(raw.wait("the file was replaced", |line| line == "moved")?));
    }

    say(format_args!("rename -> line on the pipe, in ms, {rounds} rounds"))?;
    let later = Spread::new(our_delays.iter().zip(&raw_delays).map(|(own, raw)| own - raw).collect())?;
    let (raw, own) = (Spread::new(raw_delays)?, Spread::new(our_delays)?);
    say(format_args!("  raw inotify    {raw}"))?;
    say(format_args!("  grpc-discover  {own}; {:.1} x raw; later than raw by {later}", own.median() / raw.median()))?;
    support::mark(own.median() <= MILLISECONDS)
}

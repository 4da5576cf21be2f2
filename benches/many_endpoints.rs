//! Claim: reaching very many endpoints (connect, check, close) costs little more than bare sockets do. The mark:
//! 10,000 endpoints for 1.8 times the processor time of a raw epoll client, and 60 MiB.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::path::Path;

use support::cost::Cost;
use support::peers::{MassServer, Peers};
use support::spread::Spread;
use support::{COMMAND, Result, say};

const RATIO: f64 = 1.8;
const MIB: f64 = 60.0;

fn main() -> Result<()> {
    let peers = Peers::build()?;
    let server = MassServer::start(&peers)?;
    let mut met = true;
    for (endpoints, rounds) in [(1_000, 11), (10_000, 5)] {
        met = run(&peers, &server, endpoints, support::rounds(rounds))?;
    }
    // The mark is about the larger number.
    support::mark(met)
}

fn run(peers: &Peers, server: &MassServer, endpoints: usize, rounds: usize) -> Result<bool> {
    let directory = support::scratch("many_endpoints")?;
    let addresses = support::loopback(endpoints, server.port);
    let (lines, list) = (directory.join("lines"), directory.join("list.json"));
    std::fs::write(&lines, addresses.join("\n"))?;
    std::fs::write(&list, serde_json::to_string(&addresses)?)?;
    let lines = lines.to_str().ok_or("the target directory is not UTF-8")?;
    let target = format!("file:{}", list.display());

    let (raw, tonic) = (peers.path("raw_client"), peers.path("tonic_client"));
    let programs: [(&str, &Path, &[&str]); 4] = [
        ("raw epoll", &raw, &["many", lines]),
        ("tonic", &tonic, &["many", lines]),
        ("grpc-discover", Path::new(COMMAND), &["probe", "--plaintext", &target]),
        ("  -o ndjson", Path::new(COMMAND), &["probe", "--plaintext", "-o", "ndjson", &target]),
    ];
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for round in 0..rounds {
        for turn in 0..programs.len() {
            let which = (round + turn) % programs.len();
            let (_, program, arguments) = programs[which];
            costs[which].push(Cost::of(peers, program, arguments)?);
        }
    }

    say(format_args!("{endpoints} endpoints, {rounds} rounds in turn"))?;
    for ((name, ..), own) in programs.iter().zip(&costs) {
        let wall = Spread::new(own.iter().map(|cost| cost.wall_ms).collect())?;
        let cpu = Spread::new(own.iter().map(|cost| cost.cpu_ms).collect())?;
        let peak = Spread::new(own.iter().map(|cost| cost.peak_mib).collect())?;
        let (ratio, wall, cpu, peak) = (ratio(own, &costs[0])?, wall.median(), cpu.median(), peak.median());
        say(format_args!("  {name:<14} cpu x raw {ratio}; cpu ms {cpu:.0}; wall ms {wall:.0}; peak MiB {peak:.1}"))?;
    }
    let peak = Spread::new(costs[2].iter().map(|cost| cost.peak_mib).collect())?.median();
    Ok(ratio(&costs[2], &costs[0])?.median() <= RATIO && peak <= MIB)
}

/// Processor time, round by round.
fn ratio(own: &[Cost], other: &[Cost]) -> Result<Spread> {
    Spread::new(own.iter().zip(other).map(|(own, other)| own.cpu_ms / other.cpu_ms).collect())
}

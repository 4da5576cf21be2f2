//! Claim: one check from a cold start costs little more than that of a minimal tonic client, although it queries,
//! judges and prints much more. The mark: at most 1.6 times its time, and 9 MiB.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::path::{Path, PathBuf};

use support::cost::Cost;
use support::peers::{MassServer, Peers};
use support::spread::Spread;
use support::{COMMAND, Result, say};

const RATIO: f64 = 1.6;
const MIB: f64 = 9.0;

fn main() -> Result<()> {
    let peers = Peers::build()?;
    let server = MassServer::start(&peers)?;
    let address = format!("127.0.0.1:{}", server.port);
    let directory = support::scratch("cold_start")?;
    let installed = |program: &Path| install(program, &directory);
    let (raw, tonic) = (installed(&peers.path("raw_client"))?, installed(&peers.path("tonic_client"))?);
    let command = installed(Path::new(COMMAND))?;
    let probe = ["probe", "--plaintext", &address, "-o", "ndjson"];
    let programs: [(&str, &Path, &[&str]); 4] = [
        ("/bin/true", Path::new("/bin/true"), &[]),
        ("raw sockets", &raw, &["check", &address]),
        ("tonic", &tonic, &["check", &address]),
        ("grpc-discover", &command, &probe),
    ];
    let rounds = support::rounds(200);
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for round in 0..rounds + 5 {
        for turn in 0..programs.len() {
            let which = (round + turn) % programs.len();
            let (_, program, arguments) = programs[which];
            let cost = Cost::of(&peers, program, arguments)?;
            // The first rounds fill the page cache.
            if round >= 5 {
                costs[which].push(cost);
            }
        }
    }

    say(format_args!("cold start + one health check, {rounds} rounds in turn"))?;
    let [.., tonic_costs, ours] = &costs;
    for ((name, ..), own) in programs.iter().zip(&costs) {
        let wall = Spread::new(own.iter().map(|cost| cost.wall_ms).collect())?;
        let cpu = Spread::new(own.iter().map(|cost| cost.cpu_ms).collect())?;
        let peak = Spread::new(own.iter().map(|cost| cost.peak_mib).collect())?;
        let ratio = ratio(own, tonic_costs)?;
        say(format_args!(
            "  {name:<14} wall ms {wall}; cpu ms {:.2}; MiB {:.1}; x tonic {ratio}",
            cpu.median(),
            peak.median()
        ))?;
    }
    let peak = Spread::new(ours.iter().map(|cost| cost.peak_mib).collect())?.median();
    support::mark(ratio(ours, tonic_costs)?.median() <= RATIO && peak <= MIB)
}

/// `program` as after an installation, written sequentially. The linker writes at scattered positions, so the page
/// cache has a program that was just built in single pages, and it starts up to half a millisecond later until the
/// cache is dropped.
fn install(program: &Path, directory: &Path) -> Result<PathBuf> {
    let copy = directory.join(program.file_name().ok_or("a program has a name")?);
    std::fs::copy(program, &copy)?;
    Ok(copy)
}

/// Wall time, round by round.
fn ratio(own: &[Cost], other: &[Cost]) -> Result<Spread> {
    Spread::new(own.iter().zip(other).map(|(own, other)| own.wall_ms / other.wall_ms).collect())
}

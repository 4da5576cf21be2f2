//! Claim: an open, silent channel costs no more memory than it has to. The mark: 28 KiB, the slope of the resident
//! memory of `watch --lb round_robin` over the number of endpoints.

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::process::Command;
use std::time::Duration;

use support::lines::Lines;
use support::peers::{MassServer, Peers};
use support::spread::Spread;
use support::{Result, say};

const KIB: f64 = 28.0;
const SIZES: [usize; 3] = [1_000, 2_000, 5_000];
/// When nothing is said for this long, nothing is going on.
const QUIET: Duration = Duration::from_millis(700);

fn main() -> Result<()> {
    enough_files(SIZES[2])?;
    let peers = Peers::build()?;
    let server = MassServer::start(&peers)?;
    let directory = support::scratch("idle_memory")?;
    let rounds = support::rounds(3);
    let names = ["raw sockets", "tonic", "grpc-discover"];
    let mut slopes: [Vec<f64>; 3] = Default::default();
    let mut memory: [[Vec<f64>; 3]; 3] = Default::default();
    for _ in 0..rounds {
        for (name, (memory, slopes)) in names.iter().zip(memory.iter_mut().zip(&mut slopes)) {
            let mut kib = [0.0; 3];
            for ((size, kib), memory) in SIZES.into_iter().zip(&mut kib).zip(memory) {
                let addresses = support::loopback(size, server.port);
                let (lines, list) = (directory.join("lines"), directory.join("list.json"));
                std::fs::write(&lines, addresses.join("\n"))?;
                std::fs::write(&list, serde_json::to_string(&addresses)?)?;
                *kib = match *name {
                    "raw sockets" => held(name, Command::new(peers.path("raw_client")).arg("hold").arg(&lines))?,
                    "tonic" => held(name, Command::new(peers.path("tonic_client")).arg("hold").arg(&lines))?,
                    _ => watched(&format!("file:{}", list.display()), size)?,
                };
                memory.push(*kib / 1024.0);
            }
            slopes.push((kib[2] - kib[0]) / (SIZES[2] - SIZES[0]) as f64);
        }
    }

    say(format_args!("resident memory of open, silent channels, {rounds} rounds"))?;
    for ((name, slopes), memory) in names.iter().zip(&slopes).zip(memory) {
        let slope = Spread::new(slopes.clone())?;
        let mut sizes = String::new();
        for (size, figures) in SIZES.iter().zip(memory) {
            sizes += &format!("; {size}: {:.1} MiB", Spread::new(figures)?.median());
        }
        say(format_args!("  {name:<14} KiB a channel {slope}{sizes}"))?;
    }
    support::mark(Spread::new(slopes[2].clone())?.median() <= KIB)
}

fn enough_files(channels: usize) -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let needed = channels as u64 + 100;
    if limit.maximum.is_some_and(|maximum| maximum < needed) {
        return Err(
            format!("{needed} open files are needed, {:?} are allowed: ulimit -Hn {needed}", limit.maximum).into()
        );
    }
    limit.current = limit.maximum;
    // The programs that are started inherit it.
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// A peer that says `held` when all channels are open.
fn held(name: &'static str, command: &mut Command) -> Result<f64> {
    let program = Lines::of(name, command)?;
    program.wait("held", |line| line.starts_with("held"))?;
    program.settle(QUIET)?;
    program.resident_kib()
}

fn watched(target: &str, size: usize) -> Result<f64> {
    let arguments = ["watch", "--plaintext", "--lb", "round_robin", "--idle", "0", "-o", "ndjson", target];
    let program = Lines::of("grpc-discover", &mut support::command(&arguments))?;
    let mut ready = 0;
    program.wait("all subchannels are READY", |line| {
        let transition = line.contains(r#""kind":"transition""#) && line.contains(r#""scope":"subchannel""#);
        ready += usize::from(transition && line.contains(r#""to":"READY""#));
        ready == size
    })?;
    program.settle(QUIET)?;
    program.resident_kib()
}

//! Claim: an open, idle channel costs no more memory than necessary, and a connection of an idle-connection check
//! much less. The marks: 28 KiB, the slope of the resident memory of `watch --lb round_robin` over the number of
//! endpoints; 1 KiB, that of connections which `Transport::hold` keeps idle, each in a task as in a session.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::process::Command;
use std::time::Duration;

use support::lines::Lines;
use support::peers::{MassServer, Peers};
use support::spread::Spread;
use support::{Result, say};

const KIB: f64 = 28.0;
const HELD_KIB: f64 = 1.0;
const SIZES: [usize; 3] = [1_000, 2_000, 5_000];
/// Without output for this long, nothing is in progress.
const QUIET: Duration = Duration::from_millis(700);

/// Makes this program the one that keeps the connections: `idle_memory hold FILE`.
const HOLD: &str = "hold";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, hold, list] = arguments.as_slice()
        && hold == HOLD
    {
        return hold_all(list);
    }
    enough_files(SIZES[2])?;
    let peers = Peers::build()?;
    let server = MassServer::start(&peers)?;
    let directory = support::scratch("idle_memory")?;
    let rounds = support::rounds(3);
    let names = ["raw sockets", "tonic", "grpc-discover", "held"];
    let mut slopes: [Vec<f64>; 4] = Default::default();
    let mut memory: [[Vec<f64>; 3]; 4] = Default::default();
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
                    "held" => held(name, Command::new(std::env::current_exe()?).arg(HOLD).arg(&lines))?,
                    _ => watched(&format!("file:{}", list.display()), size)?,
                };
                memory.push(*kib / 1024.0);
            }
            slopes.push((kib[2] - kib[0]) / (SIZES[2] - SIZES[0]) as f64);
        }
    }

    say(format_args!("resident memory of open, idle channels, {rounds} rounds"))?;
    for ((name, slopes), memory) in names.iter().zip(&slopes).zip(memory) {
        let slope = Spread::new(slopes.clone())?;
        let mut sizes = String::new();
        for (size, figures) in SIZES.iter().zip(memory) {
            sizes += &format!("; {size}: {:.1} MiB", Spread::new(figures)?.median());
        }
        say(format_args!("  {name:<14} KiB a channel {slope}{sizes}"))?;
    }
    let channel = Spread::new(slopes[2].clone())?.median() <= KIB;
    support::mark(channel && Spread::new(slopes[3].clone())?.median() <= HELD_KIB)
}

/// Keeps an idle connection to every address of the file, reports that, and runs until it is killed.
fn hold_all(list: &str) -> Result<()> {
    use grpc_discover::transport::{Options, Sockets, TlsMode, Transport};
    let addresses = std::fs::read_to_string(list)?;
    let mut options = Options::default();
    options.tls = TlsMode::Off;
    let transport = Transport::new(options, std::sync::Arc::new(Sockets));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for address in addresses.lines() {
            tasks.spawn(transport.check_idle(address.parse()?, std::sync::Arc::from(""), Duration::from_secs(3_600)));
            // A few at a time: the server's accept queue is limited.
            while tasks.len().is_multiple_of(100) && std::fs::read_dir("/proc/self/fd")?.count() < tasks.len() {
                tokio::task::yield_now().await;
            }
        }
        // By then every connection has sent and received its first frames.
        tokio::time::sleep(QUIET).await;
        say("connected")?;
        match tasks.join_next().await {
            Some(Ok(ended)) => Err(format!("a connection did not stay: {ended:?}").into()),
            Some(Err(error)) => Err(error.into()),
            None => Ok(()),
        }
    })
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
    // Child processes inherit it.
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// A peer that prints `connected` once all channels are open.
fn held(name: &'static str, command: &mut Command) -> Result<f64> {
    let program = Lines::of(name, command)?;
    program.wait("connected", |line| line.starts_with("connected"))?;
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

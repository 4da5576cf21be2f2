//! Claim: the loss of a connection is printed when it happens. The mark: the line is printed at most 5 ms after the
//! server's RST, FIN or GOAWAY.

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::process::Command;
use std::time::Duration;

use support::lines::Lines;
use support::peers::Peers;
use support::spread::Spread;
use support::victim::{Death, Victim};
use support::{Result, say};

const MILLISECONDS: f64 = 5.0;
/// Without output for this long, the client has settled on its new connection.
const QUIET: Duration = Duration::from_millis(30);

struct Client {
    name: &'static str,
    victim: Victim,
    lines: Lines,
    lost: fn(&str) -> bool,
    ready: fn(&str) -> bool,
    /// Whether it reports a GOAWAY itself.
    sees_goaway: bool,
}

fn main() -> Result<()> {
    let peers = Peers::build()?;
    let clients = [peer(&peers, "raw sockets", "raw_client")?, peer(&peers, "tonic", "tonic_client")?, ours()?];
    for client in &clients {
        client.lines.wait("it is ready", client.ready)?;
        client.lines.settle(QUIET)?;
    }
    let rounds = support::rounds(40);
    let deaths = [Death::Reset, Death::Closed, Death::GoAway];
    let mut delays: [[Vec<f64>; 3]; 3] = Default::default();
    for round in 0..rounds {
        for (death, delays) in deaths.into_iter().zip(&mut delays) {
            for turn in 0..clients.len() {
                let which = (round + turn) % clients.len();
                let client = &clients[which];
                if client.sees_goaway || !matches!(death, Death::GoAway) {
                    delays[which].push(client.delay(death)?);
                }
            }
        }
    }

    say(format_args!("end of a connection -> line on the pipe, in ms, {rounds} rounds in turn"))?;
    let mut met = true;
    for (death, [raw, tonic, ours]) in deaths.into_iter().zip(&delays) {
        say(format_args!("  {death:?}"))?;
        for (client, own) in clients.iter().zip([raw, tonic, ours]).filter(|(_, own)| !own.is_empty()) {
            let later = Spread::new(own.iter().zip(raw).map(|(own, raw)| own - raw).collect())?;
            let (own, name) = (Spread::new(own.clone())?, client.name);
            let times = own.median() / Spread::new(raw.clone())?.median();
            say(format_args!("    {name:<14} {own}; {times:.1} x raw; later than raw by {later}"))?;
        }
        met &= Spread::new(ours.clone())?.median() <= MILLISECONDS;
    }
    support::mark(met)
}

impl Client {
    fn delay(&self, death: Death) -> Result<f64> {
        let killed = self.victim.kill(death)?;
        let said = self.lines.wait("the connection is lost", self.lost)?;
        self.lines.wait("it is ready again", self.ready)?;
        self.lines.settle(QUIET)?;
        Ok(said.saturating_duration_since(killed).as_secs_f64() * 1000.0)
    }
}

fn peer(peers: &Peers, name: &'static str, program: &str) -> Result<Client> {
    let victim = Victim::start()?;
    let mut command = Command::new(peers.path(program));
    let lines = Lines::of(name, command.arg("watch").arg(format!("127.0.0.1:{}", victim.port)))?;
    let (lost, ready) = (|line: &str| line.starts_with("lost"), |line: &str| line == "ready");
    Ok(Client { name, victim, lines, lost, ready, sees_goaway: program == "raw_client" })
}

fn ours() -> Result<Client> {
    let victim = Victim::start()?;
    let target = format!("ipv4:127.0.0.1:{}", victim.port);
    let mut command = support::command(&["watch", "--plaintext", "-o", "ndjson", &target]);
    let lines = Lines::of("grpc-discover", &mut command)?;
    let lost = |line: &str| {
        line.contains(r#""kind":"disconnect""#)
            || line.contains(r#""kind":"transition""#) && line.contains(r#""from":"READY""#)
    };
    let ready = |line: &str| line.contains(r#""scope":"channel""#) && line.contains(r#""to":"READY""#);
    Ok(Client { name: "grpc-discover", victim, lines, lost, ready, sees_goaway: true })
}

//! Claim: a change in Consul is printed as soon as Consul itself reports it. The mark: the line is printed at most
//! 10 ms after the change, where Consul's own blocking query gets its response in 2 to 3 ms (and within 50 ms of that
//! response).
//!
//! Needs a Consul agent in `GRPC_DISCOVER_TEST_CONSUL` (`tests/run --provide` builds one).

#![expect(clippy::disallowed_methods, reason = "a bench measures with the real clock")]

#[expect(dead_code, reason = "each bench uses a part of what they share")]
mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use support::lines::Lines;
use support::spread::Spread;
use support::{Result, say};

const MILLISECONDS: f64 = 10.0;
const AFTER_CONSUL: f64 = 50.0;
/// Without output for this long, the query after the last change is pending: the next change is reported by it.
const QUIET: Duration = Duration::from_millis(250);

fn main() -> Result<()> {
    let Some(program) = std::env::var_os("GRPC_DISCOVER_TEST_CONSUL") else {
        return Err("GRPC_DISCOVER_TEST_CONSUL names no Consul agent: tests/run --provide prints its path".into());
    };
    let agent = Agent::start(&program)?;
    agent.register("stays", 1000)?;
    let answers = agent.watch();
    let target = format!("consul://127.0.0.1:{}/pay", agent.port);
    let ours = Lines::of("grpc-discover", &mut support::command(&["resolve", "--watch", "-o", "ndjson", &target]))?;
    let endpoints = |line: &str| line.contains(r#""kind":"endpoints""#);
    ours.wait("the first list", endpoints)?;

    let rounds = support::rounds(50);
    let mut delays: [[Vec<f64>; 2]; 2] = Default::default();
    for round in 0..rounds {
        for (here, [consul, own]) in [true, false].into_iter().zip(&mut delays) {
            ours.settle(QUIET)?;
            let changed = Instant::now();
            match here {
                true => agent.register("comes", 2000 + round)?,
                false => agent.deregister("comes")?,
            }
            let since = |at: Instant| at.saturating_duration_since(changed).as_secs_f64() * 1000.0;
            own.push(since(ours.wait("the new list", endpoints)?));
            consul.push(since(reported(&answers, here)?));
        }
    }

    say(format_args!("change in Consul -> line on the pipe, in ms after the request, {rounds} rounds"))?;
    let mut met = true;
    for (what, [consul, own]) in ["register", "deregister"].into_iter().zip(delays) {
        let later = Spread::new(own.iter().zip(&consul).map(|(own, consul)| own - consul).collect())?;
        let (consul, own) = (Spread::new(consul)?, Spread::new(own)?);
        say(format_args!("  {what:<11} Consul's own blocking query {consul}"))?;
        say(format_args!("  {:<11} grpc-discover {own}; later than Consul by {later}", ""))?;
        met &= own.median() <= MILLISECONDS && later.percentile(95.0) <= AFTER_CONSUL;
    }
    support::mark(met)
}

/// When the watching query first returned that the instance is listed, or removed.
fn reported(answers: &Receiver<(Instant, bool)>, here: bool) -> Result<Instant> {
    loop {
        let (at, there) = answers.recv_timeout(Duration::from_secs(60))?;
        if there == here {
            return Ok(at);
        }
    }
}

struct Agent {
    child: Child,
    port: u16,
}

impl Agent {
    fn start(program: &std::ffi::OsStr) -> Result<Agent> {
        let free =
            || -> Result<String> { Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string()) };
        let http = free()?;
        let child = Command::new(program)
            .args(["agent", "-dev", "-node", "bench", "-bind", "127.0.0.1", "-client", "127.0.0.1"])
            .args(["-disable-host-node-id", "-log-level", "warn", "-http-port", &http, "-dns-port", "-1"])
            .args(["-grpc-port", "-1", "-grpc-tls-port", "-1", "-serf-lan-port", &free()?, "-serf-wan-port", "-1"])
            .args(["-server-port", &free()?])
            .stdout(Stdio::null())
            .spawn()?;
        let agent = Agent { child, port: http.parse()? };
        let started_at = Instant::now();
        while !agent.get("/v1/health/service/consul?passing").is_ok_and(|(_, answer)| answer.contains("\"Node\"")) {
            if started_at.elapsed() > Duration::from_secs(30) {
                return Err("the Consul agent does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(agent)
    }

    fn register(&self, id: &str, port: usize) -> Result<()> {
        let body = format!(r#"{{"ID":"{id}","Name":"pay","Address":"127.0.0.1","Port":{port}}}"#);
        self.put("/v1/agent/service/register", &body)
    }

    fn deregister(&self, id: &str) -> Result<()> {
        self.put(&format!("/v1/agent/service/deregister/{id}"), "")
    }

    fn put(&self, path: &str, body: &str) -> Result<()> {
        let (_, answer) = exchange(self.port, "PUT", path, body)?;
        match answer.starts_with("HTTP/1.1 200") {
            true => Ok(()),
            false => Err(format!("PUT {path}: {answer}").into()),
        }
    }

    fn get(&self, path: &str) -> Result<(Instant, String)> {
        exchange(self.port, "GET", path, "")
    }

    /// Consecutive blocking queries: when each returned, and whether `comes` was listed.
    fn watch(&self) -> Receiver<(Instant, bool)> {
        let (sender, answers) = channel();
        let port = self.port;
        std::thread::spawn(move || {
            let mut index = "1".to_string();
            while let Ok((at, answer)) =
                exchange(port, "GET", &format!("/v1/health/service/pay?wait=60s&index={index}"), "")
            {
                let header = answer.lines().find_map(|line| line.strip_prefix("X-Consul-Index: "));
                index = header.unwrap_or("1").to_string();
                if sender.send((at, answer.contains("\"comes\""))).is_err() {
                    return;
                }
            }
        });
        answers
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have exited by itself; either way it is gone after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One HTTP exchange on a connection of its own; returns the time of the first byte, and the whole response.
fn exchange(port: u16, method: &str, path: &str, body: &str) -> Result<(Instant, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: consul\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = vec![0; 1];
    stream.read_exact(&mut answer)?;
    let at = Instant::now();
    stream.read_to_end(&mut answer)?;
    Ok((at, String::from_utf8_lossy(&answer).into_owned()))
}

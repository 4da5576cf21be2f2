//! The first stages: an address becomes one or several socket addresses, and one of these a byte stream.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::dial_error::classify_dial;
use super::progress::Progress;
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Phase, PhaseDetail, Stage};
use crate::net::dial::{Dial, Io};
use crate::net::io_text;
use crate::text::duration;

/// The minimum time for one address of a name, when there are others to try after it (as in Go's dialer).
const LEAST_SHARE: Duration = Duration::from_secs(2);

/// The prefix that the standard library puts before the system's own message.
const LOOKUP_FAILED: &str = "failed to lookup address information: ";
/// How systems report that a name has no address, in lower case (`gai_strerror` of glibc, musl and Apple's libc; the
/// standard library returns only the message): `EAI_NONAME`, `EAI_NODATA`.
const UNKNOWN_NAME: [&str; 4] = ["not known", "no address associated", "does not resolve", "nodename nor servname"];

/// The addresses of a name, or the address itself.
pub(super) async fn resolve(
    address: &Address,
    deadline: Instant,
    report: &mut (impl FnMut(Phase) + Send),
) -> Result<Vec<Address>, Failure> {
    let Address::Name { host, port } = address else { return Ok(vec![address.clone()]) };
    let started = Instant::now();
    let fail = |code, text: String| Failure::new(Stage::Resolve, code, text, started.elapsed());
    let found = match timeout_at(deadline, tokio::net::lookup_host((host.as_str(), *port))).await {
        Err(_) => {
            let text = format!("lookup of \"{host}\" timed out after {}", duration(started.elapsed()));
            return Err(fail(FailureCode::TimedOut, text));
        }
        Ok(Err(error)) => {
            let words = io_text(&error);
            let why = words.strip_prefix(LOOKUP_FAILED).unwrap_or(&words).to_lowercase();
            let code = match UNKNOWN_NAME.iter().any(|words| why.contains(words)) {
                true => FailureCode::NameNotFound,
                false => FailureCode::Io,
            };
            return Err(fail(code, format!("\"{host}\": {why}")));
        }
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
    };
    if found.is_empty() {
        return Err(fail(FailureCode::NameNotFound, format!("\"{host}\" has no address")));
    }
    debug!(host, took = ?started.elapsed(), addresses = found.len(), "resolved");
    let detail = PhaseDetail::Resolved(found.iter().map(std::net::SocketAddr::ip).collect());
    report(Phase { stage: Stage::Resolve, took: started.elapsed(), detail });
    Ok(found.into_iter().map(Address::Ip).collect())
}

/// Connects to one of `candidates`, in their order; they share the time until `deadline`.
pub(super) async fn dial(
    dialer: &dyn Dial,
    candidates: &[Address],
    deadline: Instant,
    progress: &Progress,
    report: &mut (impl FnMut(Phase) + Send),
) -> Result<Box<dyn Io>, Failure> {
    progress.enter(candidates.first().map_or(Stage::Tcp, dialing));
    let started = Instant::now();
    let mut failures: Vec<(&Address, FailureCode, String)> = Vec::new();
    for (tried, candidate) in candidates.iter().enumerate() {
        let since = Instant::now();
        let others = u32::try_from(candidates.len() - tried).unwrap_or(u32::MAX);
        let left = deadline.saturating_duration_since(since);
        let share = since + (left / others).max(LEAST_SHARE).min(left);
        let limit = if others == 1 { deadline } else { share };
        match timeout_at(limit, dialer.dial(candidate)).await {
            Ok(Ok(io)) => {
                debug!(address = %candidate, took = ?since.elapsed(), "connected");
                report(Phase { stage: dialing(candidate), took: started.elapsed(), detail: PhaseDetail::None });
                return Ok(io);
            }
            Ok(Err(error)) => {
                let (code, text) = classify_dial(candidate, &error);
                debug!(address = %candidate, took = ?since.elapsed(), ?code, "connect failed");
                failures.push((candidate, code, text));
            }
            Err(_) => {
                debug!(address = %candidate, took = ?since.elapsed(), "connection timed out");
                let waited = duration(since.elapsed());
                let text = match candidate {
                    Address::Ip(_) | Address::Name { .. } => {
                        format!("no response to SYN within {waited} (packets dropped, or the host is down)")
                    }
                    Address::Unix(_) | Address::UnixAbstract(_) => format!("connection not accepted within {waited}"),
                };
                failures.push((candidate, FailureCode::TimedOut, text));
            }
        }
    }
    let waited = started.elapsed();
    Err(match failures.as_slice() {
        [(address, code, text)] => Failure::new(dialing(address), *code, text.clone(), waited),
        several => {
            let code = several.first().map_or(FailureCode::Io, |(_, code, _)| *code);
            let texts: Vec<_> = several.iter().map(|(address, _, text)| format!("{address}: {text}")).collect();
            Failure::new(Stage::Tcp, code, texts.join("; "), waited)
        }
    })
}

/// The stage in which a connection to `address` is made.
fn dialing(address: &Address) -> Stage {
    match address {
        Address::Ip(_) | Address::Name { .. } => Stage::Tcp,
        Address::Unix(_) | Address::UnixAbstract(_) => Stage::Unix,
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_addresses_of_a_name_share_the_time_and_are_all_named() {
        let memory = Memory::new();
        let candidates: Vec<Address> =
            ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"].iter().map(|text| text.parse().unwrap()).collect();
        memory.hang(candidates[0].clone());
        memory.hang(candidates[2].clone());
        let started = Instant::now();
        let (progress, deadline) = (Progress::default(), started + Duration::from_secs(20));
        let failed = dial(&memory, &candidates, deadline, &progress, &mut |_| {}).await.map(|_| ()).unwrap_err();
        assert_eq!(started.elapsed(), Duration::from_secs(20));
        assert_eq!((failed.code, failed.waited), (FailureCode::TimedOut, Duration::from_secs(20)));
        assert!(failed.text.starts_with("10.0.0.1:80: no response to SYN within 6.7s"), "{}", failed.text);
        assert!(failed.text.contains("; 10.0.0.2:80: connection refused; 10.0.0.3:80: no response"), "{}", failed.text);

        memory.serve(candidates[2].clone(), drop);
        let mut phases = Vec::new();
        let deadline = started + Duration::from_secs(40);
        assert!(dial(&memory, &candidates, deadline, &progress, &mut |phase| phases.push(phase)).await.is_ok());
        assert_eq!(phases.len(), 1, "one tcp stage, whichever address answered");
    }
}

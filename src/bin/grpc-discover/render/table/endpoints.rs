//! The endpoints. Reached ones: a line for each that is not healthy, worst first, then the healthy ones, together if
//! they are many. What a registry lists, and `-o wide`: a table.

mod reached;
mod registered;

use grpc_discover::model::endpoint::{Address, EndpointStatus};
use grpc_discover::model::reach::Stage;
use grpc_discover::model::verdict::EndpointVerdict;
use grpc_discover::text::{duration, plural};

use super::Look;
use crate::render::report::{Report, Seen};

/// Maximum number of endpoints that `table` shows; unhealthy ones come first.
const ROWS: usize = 20;

/// An endpoint of the report.
type Row<'a> = (&'a Address, &'a Seen);

pub fn lines(report: &Report, look: Look) -> Vec<String> {
    // Another address of a listed endpoint has no verdict of its own.
    let counts = |seen: &Seen| look.wide || seen.verdict.is_some() || !seen.listed.is_empty();
    let mut endpoints: Vec<Row<'_>> = report.endpoints.iter().filter(|(_, seen)| counts(seen)).collect();
    // The order of the headline and of the findings.
    let causes = report.summary.iter().flat_map(|summary| &summary.counts.causes);
    let causes: Vec<_> = causes.map(|counted| counted.cause).collect();
    let finding = |address: &Address| {
        report.findings.iter().position(|finding| finding.address.as_ref() == Some(address)).unwrap_or(usize::MAX)
    };
    endpoints.sort_by_cached_key(|(address, seen)| {
        let cause = seen.verdict.as_ref().and_then(|report| report.cause);
        let rank = cause.map(|cause| causes.iter().position(|known| *known == cause).unwrap_or(causes.len()));
        (is_healthy(seen), rank, finding(address))
    });
    let was_contacted =
        endpoints.iter().any(|(_, s)| !s.phases.is_empty() || s.failure.is_some() || s.health.is_some());
    match was_contacted && !look.wide {
        true => reached::lines(report, &endpoints, look),
        false => registered::lines(&endpoints, was_contacted, look),
    }
}

fn is_healthy(seen: &Seen) -> bool {
    seen.verdict.as_ref().is_some_and(|report| report.verdict.is_good())
}

/// `… and 3 other and 277 healthy endpoints`.
fn rest(rest: &[Row<'_>]) -> String {
    let noun = |count| plural(count, "endpoint", "endpoints");
    let healthy = rest.iter().filter(|(_, seen)| is_healthy(seen)).count();
    // An endpoint that was not contacted is not called healthy.
    let was_reached =
        |seen: &Seen| seen.verdict.as_ref().is_some_and(|report| report.verdict == EndpointVerdict::Healthy);
    let word = if rest.iter().any(|(_, seen)| was_reached(seen)) { "healthy" } else { "usable" };
    let text = match (healthy, rest.len() - healthy) {
        (healthy, 0) => format!("{healthy} {word} {}", noun(healthy)),
        (0, other) => format!("{other} other {}", noun(other)),
        (healthy, other) => format!("{other} other and {healthy} {word} {}", noun(healthy)),
    };
    format!("… and {text} (-o wide shows them)")
}

/// `consul passing, dns`: a backend without health checks is named without a status.
fn listed(seen: &Seen) -> String {
    let mut words: Vec<String> = seen
        .listed
        .iter()
        .map(|listing| match listing.endpoint.status {
            EndpointStatus::Unchecked => listing.source.registry.to_string(),
            status => format!("{} {}", listing.source.registry, status.as_listed()),
        })
        .collect();
    words.dedup();
    if words.is_empty() { "-".to_string() } else { words.join(", ") }
}

/// True when the backends do not all list the same endpoints with the same status.
fn backends_differ(endpoints: &[Row<'_>]) -> bool {
    let mut all = endpoints.iter().filter(|(_, seen)| !seen.listed.is_empty()).map(|(_, seen)| listed(seen));
    let first = all.next();
    all.any(|words| Some(&words) != first.as_ref())
}

/// The first stage of the connection: a Unix socket has no TCP.
fn dialing(seen: &Seen) -> Stage {
    let unix = seen.phases.iter().any(|phase| phase.stage == Stage::Unix)
        || seen.failure.as_ref().is_some_and(|failure| failure.stage == Stage::Unix);
    if unix { Stage::Unix } else { Stage::Tcp }
}

/// True when the server's SETTINGS were waited for: then a connection without TLS was plaintext.
fn reached_http2(seen: &Seen) -> bool {
    seen.phases.iter().any(|phase| phase.stage == Stage::Http2)
        || seen.failure.as_ref().is_some_and(|failure| failure.stage >= Stage::Http2)
}

/// How long a stage took, or `plaintext`, or how long it took to fail.
fn took(seen: &Seen, stage: Stage) -> Option<String> {
    if let Some(failure) = seen.failure.as_ref().filter(|failure| failure.stage == stage) {
        return Some(format!("failed {}", duration(failure.waited)));
    }
    match seen.phases.iter().find(|phase| phase.stage == stage) {
        Some(phase) => Some(duration(phase.took)),
        // Also the result of --tls auto.
        None => (stage == Stage::Tls && reached_http2(seen)).then(|| "plaintext".to_string()),
    }
}

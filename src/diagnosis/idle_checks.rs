//! The results of connections that were kept idle: GD611 to GD613. A path that drops idle connections is
//! distinguished from a server that closes them by a rule of its own, which it names in its GOAWAY (GD412).

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog::{IDLE_CONNECTION_CLOSED_BY_PATH, IDLE_CONNECTION_DROPPED, PATH_CUTOFF};
use super::ended;
use super::ledger::{Contact, Ledger, Observed};
use super::tolerance::{Proof, Tolerance};
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind};
use crate::model::idle_check::{CheckKind, IdleCheckOutcome, IdleCheckReport, TcpState};
use crate::model::reach::{Disconnect, Rotation};
use crate::text::{duration, exact_duration, reached, sufficient};

/// The shortest keepalive time that clients use (gRFC A8).
const FASTEST_PING: Duration = Duration::from_secs(10);
/// The minimum interval between pings that servers accept by default (gRFC A8).
const PERMITTED: Duration = Duration::from_secs(300);
/// Closes whose idle times differ by no more than this happened after the same idle time.
const SAME: Duration = Duration::from_millis(200);
/// Default limits of load balancers: a limit that was found near one of them is probably that one.
const KNOWN: [(u64, &str); 4] = [
    (60, "the default of AWS's ELB and ALB, and of nginx"),
    (240, "the default of Azure's load balancer"),
    (350, "the default of AWS's Network Load Balancer"),
    (600, "the limit of Google Cloud's load balancers and NAT"),
];

/// What the idle connections prove, for every address.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let mut by_address: BTreeMap<&Address, Vec<&Observed<IdleCheckReport>>> = BTreeMap::new();
    for check in &ledger.idle_checks {
        by_address.entry(&check.what.address).or_default().push(check);
    }
    let mut findings = Vec::new();
    for (address, checks) in by_address {
        // If the endpoint does not accept a new connection either, the endpoint is the cause, and it has a finding of
        // its own.
        if matches!(ledger.contacts.get(address).map(|seen| &seen.what), Some(Contact::Failed(_))) {
            continue;
        }
        let left = ledger.departures.iter().any(|departure| departure.what.endpoint.address == *address);
        findings
            .extend(checks.iter().filter(|h| h.what.kind == CheckKind::Idle).filter_map(|h| ended(ledger, h, left)));
        if checks.iter().any(|check| check.what.kind != CheckKind::Idle) {
            findings.extend(limit(ledger, address, &checks));
        }
    }
    findings
}

/// The connection that was idle for as long as the channel. An endpoint that `left` its registry may have been
/// stopped.
fn ended(ledger: &Ledger, check: &Observed<IdleCheckReport>, left: bool) -> Option<Finding> {
    let IdleCheckReport { address, result: what, .. } = &check.what;
    let (quiet, spoke) = (idle_time(check), spoke(check));
    match &what.outcome {
        IdleCheckOutcome::Dropped { waited, tcp } => {
            let text = format!(
                "{address}: packets on a connection idle for {quiet} are silently dropped: no response to a ping within {}; {}{spoke}",
                duration(*waited),
                tcp_evidence(*tcp),
            );
            Some(finding(&IDLE_CONNECTION_DROPPED, address, text, vec![check.seq]))
        }
        IdleCheckOutcome::Closed { disconnect, pinged, .. }
            if Proof::of(what) == Proof::Cut(what.measured_idle) && (*pinged || !left) =>
        {
            let (why, others) = match pinged {
                true => (
                    "the first packet after the idle period was answered with a reset, as when the network path has dropped its state",
                    Vec::new(),
                ),
                false => rule_or_restart(ledger, check),
            };
            let own = ended::cut_too(ledger, address);
            let too = if own.is_empty() { "" } else { "; the channel's own connection was closed too" };
            let text = format!(
                "{address}: a connection idle for {quiet} was closed without GOAWAY ({disconnect}); {why}{spoke}{too}"
            );
            let evidence = std::iter::once(check.seq).chain(others).chain(own).collect();
            Some(finding(&IDLE_CONNECTION_CLOSED_BY_PATH, address, text, evidence))
        }
        IdleCheckOutcome::Alive { .. } | IdleCheckOutcome::Closed { .. } | IdleCheckOutcome::NotReached(_) => None,
    }
}

fn tcp_evidence(tcp: Option<TcpState>) -> String {
    match tcp {
        Some(tcp) if tcp.delivered() => {
            "TCP acknowledged the ping, but there was no response: a proxy that lost its connection to the server, or a frozen process"
                .to_string()
        }
        Some(TcpState { unacked, retransmits, last_ack }) => format!(
            "TCP did not acknowledge it either ({unacked} unacknowledged, {retransmits} retransmissions, last acknowledgement {} ago): the network path dropped the connection",
            duration(last_ack)
        ),
        None => "TCP's own counters cannot be read here".to_string(),
    }
}

/// A server that is restarted closes all its connections at the same moment. A rule closes them after the same idle
/// time, whenever they were opened and whichever address they lead to.
fn rule_or_restart(ledger: &Ledger, check: &Observed<IdleCheckReport>) -> (&'static str, Vec<u64>) {
    let quiet = check.what.result.measured_idle;
    let alike = ledger.idle_checks.iter().filter(|other| {
        let cut = matches!(other.what.result.outcome, IdleCheckOutcome::Closed { pinged: false, .. });
        let other_cause =
            other.what.address != check.what.address || other.at.since(check.at).max(check.at.since(other.at)) > SAME;
        let same = other.what.result.measured_idle.abs_diff(quiet) <= SAME.max(quiet.mul_f64(0.02));
        cut && Proof::of(&other.what.result) == Proof::Cut(other.what.result.measured_idle) && same && other_cause
    });
    let others: Vec<u64> = alike.map(|other| other.seq).collect();
    match others.is_empty() {
        true => ("caused by a proxy or load balancer on the network path, or by a server restart", others),
        false => (
            "other connections were closed after the same idle time, so this is a limit on the network path, not a restart",
            others,
        ),
    }
}

/// The longest idle time that the path to `address` tolerates.
fn limit(ledger: &Ledger, address: &Address, checks: &[&Observed<IdleCheckReport>]) -> Option<Finding> {
    let known = Tolerance::of(checks.iter().map(|check| Proof::of(&check.what.result)));
    let at = |quiet| checks.iter().find(|check| check.what.result.measured_idle == quiet).copied();
    let (survived, cut) = (known.survived.and_then(at), known.cut.and_then(at));
    let how = |cut: &Observed<IdleCheckReport>| match &cut.what.result.outcome {
        IdleCheckOutcome::Closed { disconnect, .. } => format!("is closed without GOAWAY ({disconnect})"),
        IdleCheckOutcome::Alive { .. } | IdleCheckOutcome::Dropped { .. } | IdleCheckOutcome::NotReached(_) => {
            "is silently dropped".to_string()
        }
    };
    let mut text = match (survived, cut) {
        (None, None) => return None,
        (Some(lived), None) => {
            let lived_for = idle_time(lived);
            match checks.iter().find_map(|check| Some((check, rule(check)?))) {
                Some((ruled, rule)) => {
                    let who = match ledger.proxies.get(address) {
                        Some(proxy) => format!("the proxy ({}) closes", proxy.what.name),
                        None if is_named(ruled) => "the server itself closes".to_string(),
                        None => "the server, or a proxy in front of it, closes".to_string(),
                    };
                    format!(
                        "{address}: {who} connections after {} without a call ({rule}); longer idle times could not be tested",
                        idle_time(ruled),
                    )
                }
                None => format!(
                    "{address}: the path tolerates more than {lived_for} of idle time, the longest that was tested"
                ),
            }
        }
        (None, Some(cut)) => format!(
            "{address}: the path tolerates less than {} of idle time, the shortest that was tested: such a connection {}",
            sufficient(quiet(cut)),
            how(cut),
        ),
        (Some(lived), Some(cut)) => format!(
            "{address}: the path tolerates {} of idle time; a connection idle for {} {}{}",
            idle_time(lived),
            sufficient(quiet(cut)),
            how(cut),
            known_limit(&known).map(|known| format!(" ({known})")).unwrap_or_default(),
        ),
    };
    if let Some(spoke) = checks.iter().map(|check| spoke(check)).find(|spoke| !spoke.is_empty()) {
        text.push_str(&spoke);
    }
    let outliers: Vec<String> = known.contradictions.iter().map(|quiet| duration(*quiet)).collect();
    if !outliers.is_empty() {
        text.push_str(&format!(
            "; but a connection idle for only {} was closed too: an outlier (such as a server restart), or not related to idle time",
            outliers.join(", ")
        ));
    }
    let contradict =
        |check: &&&Observed<IdleCheckReport>| known.contradictions.contains(&check.what.result.measured_idle);
    let proofs = survived.into_iter().chain(cut).chain(checks.iter().filter(contradict).copied());
    let evidence = proofs.map(|check| check.seq).collect();
    Some(Finding {
        remedy: match (known.cut, known.ruled) {
            (None, Some(ruled)) => {
                let proxy = ledger.proxies.get(address).map(|seen| &seen.what.name);
                let setting = ended::setting(proxy).map(|setting| format!(" ({setting})")).unwrap_or_default();
                format!(
                    "Let channels go idle before {}, or raise that limit{setting}: clients that are idle for longer reconnect \
                     with their next call.",
                    reached(ruled)
                )
            }
            (_, _) => settings(&known, checks.iter().any(|check| check.what.result.interrupted.is_some())),
        },
        ..finding(&PATH_CUTOFF, address, text, evidence)
    })
}

/// True when the GOAWAY names the rule by which servers close connections.
fn is_named(check: &Observed<IdleCheckReport>) -> bool {
    matches!(&check.what.result.outcome, IdleCheckOutcome::Closed { disconnect: Disconnect { goaway: Some(goaway), .. }, .. } if goaway.names_rotation())
}

/// The rule by which a server closed the connection, in its own words.
fn rule(check: &Observed<IdleCheckReport>) -> Option<String> {
    match &check.what.result.outcome {
        IdleCheckOutcome::Closed { disconnect: disconnect @ Disconnect { goaway: Some(goaway), .. }, .. } => {
            let option = match goaway.rotation() {
                Some(Rotation::Idle) => ", its limit on idle connections",
                Some(Rotation::Age) => ", its limit on the age of connections",
                None => "",
            };
            Some(format!("{disconnect}{option}"))
        }
        IdleCheckOutcome::Closed { .. }
        | IdleCheckOutcome::Alive { .. }
        | IdleCheckOutcome::Dropped { .. }
        | IdleCheckOutcome::NotReached(_) => None,
    }
}

/// `; the server sent traffic during the idle period (PING after 12.0s), so no idle time longer than 12.0s was
/// tested`.
fn spoke(check: &Observed<IdleCheckReport>) -> String {
    match &check.what.result.interrupted {
        Some(by) => format!(
            "; the server sent traffic during the idle period ({} after {}), so no idle time longer than {} was tested",
            by.frame,
            reached(by.after),
            idle_time(check),
        ),
        None => String::new(),
    }
}

fn known_limit(known: &Tolerance) -> Option<String> {
    let (low, high) = (known.survived?, known.cut?);
    let near = |seconds: u64| {
        let limit = Duration::from_secs(seconds);
        low <= limit.mul_f64(1.02) && high >= limit.mul_f64(0.98)
    };
    let (seconds, whose) = KNOWN.into_iter().find(|(seconds, _)| known.is_close() && near(*seconds))?;
    Some(format!("{} is {whose}", exact_duration(Duration::from_secs(seconds))))
}

/// The keepalive and idle settings that result from the limit.
fn settings(known: &Tolerance, interrupted: bool) -> String {
    let (Some(cut), safe) = (known.cut, known.survived.unwrap_or_default()) else {
        let further = match interrupted {
            true => {
                "A server that sends traffic by itself keeps the path open for its clients too, as long as it does so."
            }
            false => "Use a longer --find-cutoff to test longer idle times.",
        };
        return format!(
            "No change needed for the path: clients that are idle for that long keep their connections. {further}"
        );
    };
    let narrow = match known.is_close() || known.survived.is_none() {
        true => String::new(),
        false => {
            format!(
                " Narrow the limit down with --find-cutoff {}.",
                exact_duration(Duration::from_secs(cut.as_secs() + 1))
            )
        }
    };
    let below = match known.survived {
        Some(survived) => plain(survived),
        None => plain(cut),
    };
    if safe <= FASTEST_PING.mul_f64(1.1) {
        return format!(
            "Let channels go idle sooner: an idle timeout below {below}. Keepalive does not help, because clients do not ping more often than every 10s (gRFC A8).{narrow}"
        );
    }
    let half = Duration::from_secs((safe / 2).as_secs());
    let (time, why) = match half < FASTEST_PING {
        true => (
            FASTEST_PING,
            "more than half of the idle time that the path tolerates, but clients do not ping more often",
        ),
        false => (half, "half of the idle time that the path tolerates"),
    };
    let permission = match time < PERMITTED {
        true => format!(
            "by default servers permit one ping in 5m, and none without calls, and respond to more with GOAWAY too_many_pings: MinTime at most {}, PermitWithoutStream",
            plain(time)
        ),
        false => "by default servers permit one ping in 5m, and none without calls: PermitWithoutStream".to_string(),
    };
    format!(
        "Set keepalive: time {} ({why}), also without calls; the server must permit it ({permission}; gRFC A8). Or let channels go idle sooner: an idle timeout below {below}.{narrow}",
        plain(time),
    )
}

/// How long the connection was idle, without the delay of timers.
fn idle_time(check: &Observed<IdleCheckReport>) -> String {
    reached(quiet(check))
}

fn quiet(check: &Observed<IdleCheckReport>) -> Duration {
    check.what.result.measured_idle.min(check.what.idle_time)
}

/// A time for a setting, therefore rounded down: `19s`, `350ms`.
fn plain(time: Duration) -> String {
    exact_duration(match time.as_secs() {
        0 => Duration::from_millis(u64::from(time.subsec_millis())),
        seconds => Duration::from_secs(seconds),
    })
}

fn finding(kind: &'static FindingKind, address: &Address, text: String, evidence: Vec<u64>) -> Finding {
    Finding { kind, address: Some(address.clone()), cause: None, text, evidence, remedy: kind.remedy.to_string() }
}

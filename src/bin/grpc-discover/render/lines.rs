//! One line for each event: the output of `watch` where nothing can be redrawn, and the quotes of evidence.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use grpc_discover::model::connectivity::{Scope, Transition};
use grpc_discover::model::endpoint::{Address, CheckState, Endpoint, EndpointStatus};
use grpc_discover::model::event::{BackendStatus, Event, EventKind, HealthReport, Lag};
use grpc_discover::model::finding::Summary;
use grpc_discover::model::grpc_status::GrpcStatus;
use grpc_discover::model::lens::{LensReport, NoticesChanges};
use grpc_discover::model::reach::{PeerSettings, PhaseDetail, ResponseFacts, TlsReport};
use grpc_discover::model::resolution::NoteKind;
use grpc_discover::model::time::Elapsed;
use grpc_discover::text::{self, duration, escape, shorten};

use super::clock::Clock;
use super::paint::Paint;
use super::{Render, clients, idle_checks};

/// How many endpoints a line names before it counts the rest.
const NAMED: usize = 5;

/// Maximum length of a registry's reason in a line.
const REASON: usize = 80;

/// How wide the column of subjects is at first: an IPv4 subchannel fits.
const WIDTH: usize = 27;

/// Writes events as lines.
#[derive(Debug)]
pub struct Lines {
    paint: Paint,
    verbose: bool,
    conclusions: bool,
    /// `None`: the time since the start.
    clock: Option<Clock>,
    width: usize,
}

impl Lines {
    /// Lines in colour or not; `verbose` also prints connection phases, notes and healthy verdicts.
    pub fn new(paint: Paint, verbose: bool, clock: Clock) -> Lines {
        Lines { paint, verbose, conclusions: true, clock: Some(clock), width: WIDTH }
    }

    /// The same without verdicts and findings, which a report has.
    pub fn without_conclusions(self) -> Lines {
        Lines { conclusions: false, ..self }
    }

    /// Lines of events without conclusions: the trace beside a report (`-v`).
    pub fn trace() -> Lines {
        Lines { paint: Paint::default(), verbose: true, conclusions: false, clock: None, width: WIDTH }
    }
}

impl Render for Lines {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        if (!self.verbose && is_detail(event)) || (!self.conclusions && is_conclusion(event)) {
            return Ok(());
        }
        if let EventKind::Summary(summary) = &event.kind {
            writeln!(out, "{}", headline(&event.target, summary, self.paint))?;
            return out.flush();
        }
        let (subject, text) = describe(&event.kind);
        // Addresses of one service have similar lengths, so the column width settles early.
        self.width = self.width.max(subject.chars().count().min(48));
        let at = match &self.clock {
            Some(clock) => clock.millis(event.time),
            None => format!("{:>9}", event.at.to_string()),
        };
        let indent = at.chars().count();
        let at = self.paint.dim(&at);
        let subject = format!("{subject:<width$}", width = self.width);
        writeln!(out, "{at}  {subject}  {}", painted(event, &text, self.paint))?;
        if let EventKind::Finding(finding) = &event.kind {
            writeln!(out, "{:>indent$}  {:<width$}  do: {}", "", "", escape(&finding.remedy), width = self.width)?;
        }
        if let EventKind::Endpoints(change) = &event.kind {
            for note in &change.notes {
                let matters = matches!(
                    note.kind,
                    NoteKind::AclFiltered
                        | NoteKind::NoLeader
                        | NoteKind::StaleRead
                        | NoteKind::Skipped
                        | NoteKind::ConfigUnknown
                        | NoteKind::Doubtful
                        | NoteKind::Permanent
                        | NoteKind::Departed
                        | NoteKind::Restarted
                        | NoteKind::Returned
                ) || (change.total == 0 && !matches!(note.kind, NoteKind::Queried | NoteKind::Remedy));
                if matters || self.verbose {
                    let kind = note.kind.as_str();
                    writeln!(
                        out,
                        "{:>indent$}  {:<width$}  {kind}: {}",
                        "",
                        "",
                        escape(&note.text),
                        width = self.width
                    )?;
                }
            }
        }
        out.flush()
    }
}

/// Events that only `-v` prints.
fn is_detail(event: &Event) -> bool {
    match &event.kind {
        EventKind::Connection(_) => true,
        EventKind::Verdict(report) => report.verdict.is_good(),
        _ => false,
    }
}

fn is_conclusion(event: &Event) -> bool {
    matches!(event.kind, EventKind::Pending(_) | EventKind::Verdict(_) | EventKind::Finding(_) | EventKind::Summary(_))
}

fn painted(event: &Event, text: &str, paint: Paint) -> String {
    match &event.kind {
        EventKind::Finding(finding) => paint.severity(finding.kind.severity, text),
        EventKind::Verdict(report) => paint.endpoint(report.verdict, text),
        EventKind::Backend(report) if report.status == BackendStatus::Broken => paint.yellow(text),
        _ => text.to_string(),
    }
}

/// The verdict on a service in one line.
pub fn headline(target: &str, summary: &Summary, paint: Paint) -> String {
    let word = summary.verdict.as_str().to_uppercase();
    format!("{}  {}: {}", paint.verdict(summary.verdict, &word), escape(target), escape(&summary.text))
}

/// An event as evidence: time, subject, text.
pub fn quote(at: Elapsed, kind: &EventKind) -> String {
    let (subject, text) = describe(kind);
    format!("{at} {subject}: {}", shorten(&text, 160))
}

/// An event as text: its subject, and what happened. Escaped.
pub fn describe(kind: &EventKind) -> (String, String) {
    let (subject, text) = unescaped(kind);
    (escape(&subject).into_owned(), escape(&text).into_owned())
}

/// `SETTINGS changed, at most 1 streams`.
fn later_settings(settings: &PeerSettings) -> String {
    match settings.max_concurrent_streams {
        Some(streams) => format!("SETTINGS changed, at most {streams} streams"),
        None => "SETTINGS changed".to_string(),
    }
}

fn response(facts: &ResponseFacts) -> String {
    match facts.foreign_content_type.as_deref() {
        Some("") => "response without content-type".to_string(),
        Some(foreign) => format!("response with content-type {foreign}, which is not gRPC"),
        None => "response".to_string(),
    }
}

/// The cause of a transition, without the address, which is printed beside it.
pub fn cause(transition: &Transition) -> String {
    let text = transition.cause.text.as_str();
    match &transition.scope {
        Scope::Channel => text.to_string(),
        Scope::Subchannel(address) => text.replacen(&format!("{address}: "), "", 1),
    }
}

/// How much later than other sources: `(1.2s after consul:///pay)`, one for each source; several addresses give a
/// range.
fn behind(lags: &[Lag]) -> Vec<String> {
    let mut spans: BTreeMap<String, (Duration, Duration)> = BTreeMap::new();
    for lag in lags {
        let (least, most) = spans.entry(lag.behind.to_string()).or_insert((lag.by, lag.by));
        (*least, *most) = (lag.by.min(*least), lag.by.max(*most));
    }
    let texts = spans.into_iter().map(|(source, (least, most))| match (duration(least), duration(most)) {
        (least, most) if least == most => format!("({least} after {source})"),
        (least, most) => format!("({least} to {most} after {source})"),
    });
    texts.collect()
}

/// As [`describe`], before escaping.
pub fn unescaped(kind: &EventKind) -> (String, String) {
    match kind {
        EventKind::Transition(transition) => {
            let subject = match &transition.scope {
                Scope::Channel => "channel".to_string(),
                Scope::Subchannel(address) => format!("subchannel {address}"),
            };
            let mut text = format!("{} -> {}  {}", transition.from, transition.to, cause(transition));
            if let Some(retry_in) = transition.retry_in {
                text.push_str(&format!("; next attempt in {}", duration(retry_in)));
            }
            (subject, text)
        }
        EventKind::Endpoints(change) => {
            let mut words = vec![endpoints(change.total)];
            words.extend(named('+', &change.added));
            words.extend(named('-', &change.removed));
            words.extend(named('~', &change.changed));
            words.extend(behind(&change.lags));
            (change.source.to_string(), words.join("  "))
        }
        EventKind::Backend(report) => {
            let mut text = report.status.as_str().to_string();
            if let Some(error) = &report.error {
                text.push_str(&format!(": {}", error.text));
            }
            if let Some(gap) = report.gap {
                text.push_str(&format!(" after {}", duration(gap)));
            }
            if let Some(retry_in) = report.retry_in {
                text.push_str(&format!("; next query in {}", duration(retry_in)));
            }
            (report.source.to_string(), text)
        }
        EventKind::Connection(report) => {
            let text = match &report.result {
                Ok(phase) => {
                    let detail = match &phase.detail {
                        PhaseDetail::Resolved(addresses) => {
                            let words: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                            format!("  {}", words.join(", "))
                        }
                        PhaseDetail::Tls(report) => format!("  {}", tls(report)),
                        PhaseDetail::Settings(settings) => match settings.max_concurrent_streams {
                            Some(streams) => format!("  SETTINGS, at most {streams} streams"),
                            None => "  SETTINGS".to_string(),
                        },
                        PhaseDetail::LaterSettings(settings) => {
                            return (format!("connection {}", report.address), later_settings(settings));
                        }
                        PhaseDetail::Response(facts) => {
                            return (format!("connection {}", report.address), response(facts));
                        }
                        _ => String::new(),
                    };
                    format!("{} in {}{detail}", phase.stage, duration(phase.took))
                }
                Err(failure) => {
                    format!("{} failed after {}: {}", failure.stage, duration(failure.waited), failure.text)
                }
            };
            (format!("connection {}", report.address), text)
        }
        EventKind::Disconnect { address, disconnect, idle } => {
            let mut text = format!("lost: {disconnect}");
            if let Some(goaway) = disconnect.goaway.as_ref().filter(|goaway| !goaway.debug.is_empty()) {
                text.push_str(&format!(", debug data {:?}", goaway.debug));
            }
            if let Some(idle) = idle.filter(|idle| *idle >= IDLE) {
                text.push_str(&format!(", idle for {}", duration(idle)));
            }
            (format!("connection {address}"), text)
        }
        EventKind::Health(report) => (format!("health {}", report.address), health(report)),
        EventKind::Idle(report) => ("idle cycle".to_string(), format!("{}: {}", report.phase.as_str(), report.text)),
        EventKind::IdleCheck(report) => (format!("idle check {}", report.address), idle_checks::describe(report)),
        EventKind::Lens(report) => (format!("lens {}", report.label), lens(report)),
        EventKind::Pending(report) => (format!("pending {}", report.subject), report.to_string()),
        EventKind::Stall(report) => {
            let text = format!("this process did not run for {}, starting at {}", duration(report.lasted), report.from);
            ("stall".to_string(), text)
        }
        EventKind::Client(report) => clients::describe(report),
        EventKind::Verdict(report) => {
            let text = match report.text.as_str() {
                "" => report.verdict.as_str().to_string(),
                text => format!("{}: {text}", report.verdict.as_str()),
            };
            (format!("endpoint {}", report.address), text)
        }
        EventKind::Finding(finding) => {
            (format!("{} {}", finding.kind.severity, finding.kind.code), finding.text.clone())
        }
        EventKind::Summary(summary) => (summary.verdict.as_str().to_string(), summary.text.clone()),
        other => (other.as_str().to_string(), String::new()),
    }
}

/// `would hold 10.0.0.1:50051; stale: 10.0.0.1:50051; missing: 10.0.0.2:50051; would recover after a restart`.
pub fn lens(report: &LensReport) -> String {
    let mut words = match (report.holds.len(), report.notices) {
        (0, NoticesChanges::NeverAndHangs) => "would hold no addresses: every call would hang".to_string(),
        (0, NoticesChanges::NextCall) => "would hold no addresses and would query at its next call".to_string(),
        (0, _) => "would hold no addresses".to_string(),
        (_, NoticesChanges::NextCall) => {
            format!("would query at its next call; would hold {} until then", addresses(&report.holds))
        }
        _ => format!("would hold {}", addresses(&report.holds)),
    };
    if !report.stale.is_empty() {
        words.push_str(&format!("; stale: {}", addresses(&report.stale)));
    }
    if !report.missing.is_empty() {
        words.push_str(&format!("; missing: {}", addresses(&report.missing)));
    }
    if !report.agrees() {
        words.push_str(&format!("; would recover after {}", report.notices.recovers_after()));
    }
    words
}

/// The first few addresses, and the number of the others.
pub fn addresses(addresses: &[Address]) -> String {
    let mut words: Vec<String> = addresses.iter().take(NAMED).map(ToString::to_string).collect();
    if addresses.len() > NAMED {
        words.push(format!("{} more", addresses.len() - NAMED));
    }
    words.join(", ")
}

/// A shorter connection is not called idle: it had no time for a call yet.
const IDLE: Duration = Duration::from_secs(1);

/// `SERVING in 1.2ms through envoy`, `FAILED UNAVAILABLE: …`.
pub fn health(report: &HealthReport) -> String {
    use grpc_discover::model::reach::Health;
    let mut text = report.health.as_str().to_string();
    if let Health::Failed { code, text: why, .. } = &report.health {
        text = format!("{code}: {why}");
    }
    if !report.service.is_empty() {
        text.push_str(&format!(" for {:?}", report.service));
    }
    if let Some(took) = report.took {
        text.push_str(&format!(" in {}", duration(took)));
    }
    if let Some(proxy) = &report.proxy {
        text.push_str(&format!(" through {}", proxy.name));
    }
    match &report.ended {
        Some(end) if end.code == GrpcStatus::Unimplemented => text.push_str(" (by Check; Watch is not implemented)"),
        Some(end) => text.push_str(&format!(
            " (the Watch ended after {}: {}: {}; it is opened again)",
            duration(end.after),
            end.code,
            end.text
        )),
        None => {}
    }
    text
}

/// `TLSv1.3, h2, CN=pay`.
pub fn tls(report: &TlsReport) -> String {
    let mut words: Vec<&str> = [report.version.as_deref(), report.alpn.as_deref()].into_iter().flatten().collect();
    words.extend(report.chain.first().map(|leaf| leaf.subject.as_str()));
    if !report.verified {
        words.push("not verified");
    }
    words.join(", ")
}

/// `1 endpoint`, `3 endpoints`.
pub fn endpoints(count: usize) -> String {
    match count {
        0 => "no endpoint".to_string(),
        some => text::count(some, "endpoint"),
    }
}

/// `+10.0.0.1:50051 ~10.0.0.2:50051 (draining: the pod is being deleted)`: a status that makes the endpoint unusable
/// comes with the registry's reason if the change has one endpoint; a changed endpoint always comes with its status.
fn named(sign: char, endpoints: &[Endpoint]) -> Option<String> {
    if endpoints.is_empty() {
        return None;
    }
    let mut words: Vec<String> = endpoints
        .iter()
        .take(NAMED)
        .map(|endpoint| {
            let (address, status) = (&endpoint.address, endpoint.status.as_listed());
            match why(endpoint).filter(|_| sign != '-' && endpoints.len() == 1) {
                Some(why) => format!("{sign}{address} ({status}: {})", shorten(why, REASON)),
                None if sign == '~' || !is_well(endpoint) => format!("{sign}{address} ({status})"),
                None => format!("{sign}{address}"),
            }
        })
        .collect();
    if endpoints.len() > NAMED {
        words.push(format!("and {} more", endpoints.len() - NAMED));
    }
    Some(words.join(" "))
}

fn is_well(endpoint: &Endpoint) -> bool {
    matches!(endpoint.status, EndpointStatus::Healthy | EndpointStatus::Unchecked)
}

/// Why it is not healthy: the first line of the first check that does not pass.
fn why(endpoint: &Endpoint) -> Option<&str> {
    let failing = endpoint.checks.iter().filter(|check| !is_well(endpoint) && check.state != CheckState::Passing);
    failing.filter_map(|check| check.output.trim().lines().next()).next()
}

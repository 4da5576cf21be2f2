//! The shapes of `-o ndjson` and `-o json`. They are types of their own, so that the model may change and the format may
//! not; docs/events.schema.json is generated from them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use grpc_discover::model::connectivity::{self, Scope};
use grpc_discover::model::event::{self, Event, EventKind};
use grpc_discover::model::finding;
use grpc_discover::model::reach::{self, Failure, PhaseDetail, http2_error_name};
use grpc_discover::model::resolution::{self, ResolveFailure};
use grpc_discover::model::text::escape;
use grpc_discover::model::{endpoint, finding::Counts as ModelCounts};
use serde::Serialize;

/// One line of `-o ndjson`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// 1, 2, 3 … without gaps for each target.
    pub seq: u64,
    /// Wall clock, RFC 3339, UTC, milliseconds.
    pub time: String,
    /// Monotonic milliseconds since the session began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// The kinds of event.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A channel or subchannel changed its state.
    Transition(Transition),
    /// A backend's list changed, or was heard for the first time.
    Endpoints(Endpoints),
    /// A backend's watch changed its state.
    Backend(Backend),
    /// A stage of reaching an address was passed, or failed.
    Connection(Connection),
    /// An established connection ended.
    Disconnect(Disconnect),
    /// A health service answered.
    Health(Health),
    /// The idle cycle went on to its next phase.
    Idle(Idle),
    /// The verdict on one endpoint.
    Verdict(Verdict),
    /// Something that was proved.
    Finding(Finding),
    /// The end: always the last line of a target.
    Summary(Summary),
}

/// A code to act on and a sentence to read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coded {
    /// Stable word.
    pub code: String,
    /// For people.
    pub text: String,
}

/// A channel or subchannel changed its state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Transition {
    /// The service.
    pub target: String,
    /// `channel` or `subchannel`.
    pub scope: &'static str,
    /// The subchannel's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// gRPC's word for the state before.
    pub from: &'static str,
    /// gRPC's word for the state now.
    pub to: &'static str,
    /// Why.
    pub cause: Coded,
}

/// A backend's list changed, or was heard for the first time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoints {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// What it was asked for.
    pub source: String,
    /// New instances.
    pub added: Vec<Endpoint>,
    /// Instances that left, as last seen.
    pub removed: Vec<Endpoint>,
    /// Instances that say something else now.
    pub changed: Vec<Endpoint>,
    /// How many the backend lists now.
    pub total: usize,
    /// What the registry said about the answer.
    pub notes: Vec<Note>,
}

/// What a registry said about an answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// Stable word.
    pub kind: &'static str,
    /// The sentence.
    pub text: String,
}

/// One instance, as one registry lists it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// Where it listens.
    pub address: String,
    /// The registry's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `healthy`, `unchecked`, `warning`, `critical` or `draining`.
    pub status: &'static str,
    /// The registry's checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Relative weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// SRV priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// Zone, datacenter or locality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The node that runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Tags as registered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Metadata as registered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How long the registry's word still holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The framework layout that was recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
}

/// One check of a registry.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's name.
    pub name: String,
    /// The registry's word.
    pub status: String,
    /// Its output.
    pub output: String,
}

/// A backend's watch changed its state.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backend {
    /// The service.
    pub target: String,
    /// Which backend.
    pub backend: &'static str,
    /// What it is asked for.
    pub source: String,
    /// `watching`, `broken`, `recovered` or `ended`.
    pub status: &'static str,
    /// Why it broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long until it is asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How long it had been broken, when it recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<u64>,
}

/// A stage of reaching an address was passed, or failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Connection {
    /// The service.
    pub target: String,
    /// Which address.
    pub address: String,
    /// The stage.
    #[serde(flatten)]
    pub phase: Phase,
}

/// A stage of reaching an address.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Phase {
    /// `resolve`, `tcp`, `tls`, `http2` or `health`.
    pub phase: &'static str,
    /// How long it took, or how long it had been waiting when it failed.
    pub ms: f64,
    /// The addresses a name stood for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
    /// What TLS negotiated and showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The server's SETTINGS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
}

/// What TLS negotiated and showed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tls {
    /// The name that was asked for and verified against.
    pub server_name: String,
    /// `TLSv1.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The cipher suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// The application protocol that the server selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// False when verification was switched off, or failed.
    pub verified: bool,
    /// The chain as presented, leaf first.
    pub chain: Vec<Certificate>,
}

/// A certificate.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Certificate {
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Subject alternative names.
    pub names: Vec<String>,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
}

/// The server's first SETTINGS frame; what is absent was not sent.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Settings {
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<u32>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_window_size: Option<u32>,
    /// `SETTINGS_MAX_FRAME_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_frame_size: Option<u32>,
    /// `SETTINGS_MAX_HEADER_LIST_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_header_list_size: Option<u32>,
    /// `SETTINGS_HEADER_TABLE_SIZE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_table_size: Option<u32>,
}

/// An established connection ended.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Disconnect {
    /// The service.
    pub target: String,
    /// Whose.
    pub address: String,
    /// gRFC A94's word.
    pub reason: String,
    /// Our own detail.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The GOAWAY that came before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goaway: Option<GoAway>,
}

/// A GOAWAY frame.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GoAway {
    /// RFC 9113's name: `NO_ERROR`.
    pub code: String,
    /// Debug data: `max_age`.
    pub debug: String,
    /// The last stream that the server serves.
    pub last_stream: u32,
}

/// A health service answered.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Health {
    /// The service.
    pub target: String,
    /// Whose.
    pub address: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: HealthAnswer,
}

/// The answer of a health service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthAnswer {
    /// The service asked for; empty is the whole server.
    pub service: String,
    /// gRPC's word, `UNIMPLEMENTED` (no health service) or `FAILED`.
    pub status: String,
    /// Why the RPC failed: gRPC's status and message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Coded>,
    /// How long the RPC took (Check only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
}

/// The idle cycle went on to its next phase.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Idle {
    /// The service.
    pub target: String,
    /// `baseline`, `silence`, `idle`, `call` or `done`.
    pub phase: &'static str,
    /// When the phase is expected to end, on the scale of `at_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Endpoints that came and went since the baseline.
    pub changes: usize,
    /// The sentence for people.
    pub text: String,
}

/// The verdict on one endpoint.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The service.
    pub target: String,
    /// Which endpoint.
    pub address: String,
    /// Which backends list it, and as what.
    pub listed: Vec<Listed>,
    /// The verdict's word.
    pub verdict: &'static str,
    /// Stage and cause.
    pub text: String,
}

/// Who lists an endpoint, and as what.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// Which backend.
    pub backend: &'static str,
    /// As what.
    pub status: &'static str,
}

/// Something that was proved.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// The service.
    pub target: String,
    /// `GD201`.
    pub code: &'static str,
    /// `ENDPOINT_REFUSED`.
    pub name: &'static str,
    /// `info`, `warn` or `critical`.
    pub severity: &'static str,
    /// The address it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// One sentence.
    pub text: String,
    /// `seq` of the events that prove it.
    pub evidence: Vec<u64>,
    /// What to do.
    pub remedy: String,
}

/// The end.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Summary {
    /// The service.
    pub target: String,
    /// `healthy`, `degraded`, `failed`, `unknown` or `out-of-time`.
    pub verdict: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The verdict in one sentence.
    pub text: String,
    /// How many of what.
    pub counts: Counts,
}

/// How many of what.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Counts {
    /// Distinct addresses.
    pub endpoints: usize,
    /// Endpoints by verdict.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// Findings by severity.
    pub findings: BTreeMap<&'static str, usize>,
    /// Transitions seen.
    pub transitions: usize,
}

/// `value` as JSON on one line, with everything escaped that a terminal could obey. The escapes are JSON's own, so no
/// reader loses anything.
pub fn write_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string(value).map_err(io::Error::other)?;
    out.write_all(harmless(&json).as_bytes())?;
    out.write_all(b"\n")
}

/// As [`write_json`], indented for people.
pub fn write_pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    // Line breaks outside of strings are the indentation's own.
    for line in json.lines() {
        out.write_all(harmless(line).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Characters that [`escape`] finds unsafe stand in JSON inside of strings only, where `\uXXXX` means the same.
fn harmless(json: &str) -> std::borrow::Cow<'_, str> {
    use std::fmt::Write as _;
    if matches!(escape(json), std::borrow::Cow::Borrowed(_)) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 32);
    let mut buffer = [0; 4];
    for character in json.chars() {
        match escape(character.encode_utf8(&mut buffer)) {
            std::borrow::Cow::Borrowed(plain) => safe.push_str(plain),
            std::borrow::Cow::Owned(_) => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(safe, "\\u{unit:04x}");
                }
            }
        }
    }
    safe.into()
}

/// RFC 3339, UTC, milliseconds.
pub fn rfc3339(time: SystemTime) -> String {
    let moment = time::OffsetDateTime::from(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.millisecond()
    )
}

/// RFC 3339, UTC, of seconds since 1970; the number itself when no calendar reaches that far.
pub fn rfc3339_seconds(seconds: i64) -> String {
    match time::OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(moment) => format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second()
        ),
        Err(_) => seconds.to_string(),
    }
}

/// Milliseconds with three places after the point.
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<&Event> for Line {
    fn from(event: &Event) -> Line {
        let target = event.target.to_string();
        let body = match &event.kind {
            EventKind::Transition(transition) => Body::Transition(Transition::new(target, transition)),
            EventKind::Endpoints(change) => Body::Endpoints(Endpoints {
                target,
                backend: change.backend,
                source: change.source.to_string(),
                added: change.added.iter().map(Endpoint::from).collect(),
                removed: change.removed.iter().map(Endpoint::from).collect(),
                changed: change.changed.iter().map(Endpoint::from).collect(),
                total: change.total,
                notes: change.notes.iter().map(Note::from).collect(),
            }),
            EventKind::Backend(report) => Body::Backend(Backend {
                target,
                backend: report.backend,
                source: report.source.to_string(),
                status: report.status.as_str(),
                error: report.error.as_ref().map(Coded::from),
                retry_in_ms: report.retry_in.map(whole_milliseconds),
                gap_ms: report.gap.map(whole_milliseconds),
            }),
            EventKind::Connection(report) => Body::Connection(Connection {
                target,
                address: report.address.to_string(),
                phase: match &report.result {
                    Ok(phase) => Phase::from(phase),
                    Err(failure) => Phase::from(failure),
                },
            }),
            EventKind::Disconnect { address, disconnect } => Body::Disconnect(Disconnect {
                target,
                address: address.to_string(),
                reason: disconnect.reason.to_string(),
                detail: disconnect.detail.clone(),
                goaway: disconnect.goaway.as_ref().map(|goaway| GoAway {
                    code: http2_error_name(goaway.code),
                    debug: goaway.debug.clone(),
                    last_stream: goaway.last_stream,
                }),
            }),
            EventKind::Health(report) => {
                Body::Health(Health { target, address: report.address.to_string(), answer: HealthAnswer::from(report) })
            }
            EventKind::Idle(report) => Body::Idle(Idle {
                target,
                phase: report.phase.as_str(),
                deadline_ms: report.deadline.map(|deadline| deadline.as_millis()),
                changes: report.changes,
                text: report.text.clone(),
            }),
            EventKind::Verdict(report) => Body::Verdict(Verdict {
                target,
                address: report.address.to_string(),
                listed: report
                    .listed
                    .iter()
                    .map(|(backend, status)| Listed { backend, status: status.as_str() })
                    .collect(),
                verdict: report.verdict.as_str(),
                text: report.text.clone(),
            }),
            EventKind::Finding(finding) => Body::Finding(Finding::new(target, finding)),
            EventKind::Summary(summary) => Body::Summary(Summary {
                target,
                verdict: summary.verdict.as_str(),
                exit: summary.exit,
                text: summary.text.clone(),
                counts: Counts::from(&summary.counts),
            }),
        };
        Line { seq: event.seq, time: rfc3339(event.time), at_ms: event.at.as_millis(), body }
    }
}

impl Transition {
    /// A transition of `target`.
    pub fn new(target: String, transition: &connectivity::Transition) -> Transition {
        let (scope, address) = match &transition.scope {
            Scope::Channel => ("channel", None),
            Scope::Subchannel(address) => ("subchannel", Some(address.to_string())),
        };
        let cause = Coded { code: transition.cause.code.as_str().to_string(), text: transition.cause.text.clone() };
        Transition { target, scope, address, from: transition.from.as_str(), to: transition.to.as_str(), cause }
    }
}

impl Finding {
    /// A finding on `target`.
    pub fn new(target: String, finding: &finding::Finding) -> Finding {
        Finding {
            target,
            code: finding.kind.code,
            name: finding.kind.name,
            severity: finding.kind.severity.as_str(),
            address: finding.address.as_ref().map(ToString::to_string),
            text: finding.text.clone(),
            evidence: finding.evidence.clone(),
            remedy: finding.remedy.clone(),
        }
    }
}

impl From<&ResolveFailure> for Coded {
    fn from(failure: &ResolveFailure) -> Coded {
        Coded { code: failure.code.as_str().to_string(), text: failure.text.clone() }
    }
}

impl From<&resolution::Note> for Note {
    fn from(note: &resolution::Note) -> Note {
        Note { kind: note.kind.as_str(), text: note.text.clone() }
    }
}

impl From<&endpoint::Endpoint> for Endpoint {
    fn from(endpoint: &endpoint::Endpoint) -> Endpoint {
        Endpoint {
            address: endpoint.address.to_string(),
            id: endpoint.id.clone(),
            status: endpoint.status.as_str(),
            checks: endpoint
                .checks
                .iter()
                .map(|check| Check {
                    name: check.name.clone(),
                    status: check.status.clone(),
                    output: check.output.clone(),
                })
                .collect(),
            weight: endpoint.weight,
            priority: endpoint.priority,
            zone: endpoint.zone.clone(),
            node: endpoint.node.clone(),
            tags: endpoint.tags.clone(),
            metadata: endpoint.metadata.clone(),
            ttl_ms: endpoint.ttl.map(whole_milliseconds),
            layout: endpoint.layout.clone(),
        }
    }
}

impl Phase {
    fn empty(phase: reach::Stage, took: Duration) -> Phase {
        let ms = milliseconds(took);
        Phase { phase: phase.as_str(), ms, resolved: Vec::new(), tls: None, settings: None, error: None }
    }
}

impl From<&reach::Phase> for Phase {
    fn from(phase: &reach::Phase) -> Phase {
        let mut wire = Phase::empty(phase.stage, phase.took);
        match &phase.detail {
            PhaseDetail::None => {}
            PhaseDetail::Resolved(addresses) => wire.resolved = addresses.iter().map(ToString::to_string).collect(),
            PhaseDetail::Tls(report) => wire.tls = Some(Tls::from(&**report)),
            PhaseDetail::Settings(settings) => wire.settings = Some(Settings::from(settings)),
        }
        wire
    }
}

impl From<&Failure> for Phase {
    fn from(failure: &Failure) -> Phase {
        let mut wire = Phase::empty(failure.stage, failure.waited);
        wire.tls = failure.tls.as_deref().map(Tls::from);
        wire.error = Some(Coded { code: failure.code.as_str().to_string(), text: failure.text.clone() });
        wire
    }
}

impl From<&reach::TlsReport> for Tls {
    fn from(report: &reach::TlsReport) -> Tls {
        Tls {
            server_name: report.server_name.clone(),
            version: report.version.clone(),
            cipher: report.cipher.clone(),
            alpn: report.alpn.clone(),
            verified: report.verified,
            chain: report
                .chain
                .iter()
                .map(|certificate| Certificate {
                    subject: certificate.subject.clone(),
                    issuer: certificate.issuer.clone(),
                    names: certificate.names.clone(),
                    not_before: rfc3339_seconds(certificate.not_before),
                    not_after: rfc3339_seconds(certificate.not_after),
                })
                .collect(),
        }
    }
}

impl From<&reach::PeerSettings> for Settings {
    fn from(settings: &reach::PeerSettings) -> Settings {
        Settings {
            max_concurrent_streams: settings.max_concurrent_streams,
            initial_window_size: settings.initial_window_size,
            max_frame_size: settings.max_frame_size,
            max_header_list_size: settings.max_header_list_size,
            header_table_size: settings.header_table_size,
        }
    }
}

impl From<&event::HealthReport> for HealthAnswer {
    fn from(report: &event::HealthReport) -> HealthAnswer {
        let error = match &report.health {
            reach::Health::Failed { code, text } => Some(Coded { code: code.clone(), text: text.clone() }),
            _ => None,
        };
        HealthAnswer {
            service: report.service.clone(),
            status: report.health.as_str().to_string(),
            error,
            ms: report.took.map(milliseconds),
        }
    }
}

impl From<&ModelCounts> for Counts {
    fn from(counts: &ModelCounts) -> Counts {
        let [info, warn, critical] = counts.findings;
        Counts {
            endpoints: counts.endpoints,
            verdicts: counts.verdicts.iter().map(|(verdict, count)| (verdict.as_str(), *count)).collect(),
            findings: BTreeMap::from([("info", info), ("warn", warn), ("critical", critical)]),
            transitions: counts.transitions,
        }
    }
}

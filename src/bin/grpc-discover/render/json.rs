//! `-o json`: one document at the end.

use std::io::{self, Write};

use grpc_discover::model::event::Event;
use grpc_discover::model::finding::Summary;
use grpc_discover::model::verdict::Verdict;
use serde::Serialize;

use super::Render;
use super::report::{Report, Reports, Seen};
use super::wire::{self, Counts, write_pretty};

/// The version of the document's shape; a change that breaks readers raises it.
pub const SCHEMA_VERSION: u32 = 1;

/// Collects all events and writes one document.
#[derive(Debug)]
pub struct Json {
    reports: Reports,
    several: bool,
}

impl Json {
    /// A document for one service, or a list of documents for `several` services.
    pub fn new(several: bool) -> Json {
        Json { reports: Reports::default(), several }
    }
}

impl Render for Json {
    fn event(&mut self, event: &Event, _: &mut dyn Write) -> io::Result<()> {
        self.reports.observe(event);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let documents: Vec<Document> = self.reports.iter().map(Document::from).collect();
        if self.several {
            let exit = crate::exit::worst(documents.iter().map(|document| document.exit));
            write_pretty(&Documents { schema_version: SCHEMA_VERSION, exit, services: documents }, out)?;
        } else {
            for document in documents {
                write_pretty(&document, out)?;
            }
        }
        out.flush()
    }
}

/// Several services side by side.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Documents {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The worst of the exit codes.
    pub exit: u8,
    /// One document for each service.
    pub services: Vec<Document>,
}

/// Everything about one service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The service.
    pub target: String,
    /// `healthy`, `degraded`, `failed`, `unknown` or `timed-out`.
    pub verdict: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The verdict in one sentence.
    pub text: String,
    /// The counts.
    pub counts: Counts,
    /// Every endpoint.
    pub endpoints: Vec<EndpointDocument>,
    /// Every backend that was queried.
    pub backends: Vec<BackendDocument>,
    /// The outcomes of the idle-connection checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub idle_checks: Vec<wire::IdleCheckView>,
    /// What clients of other frameworks would hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lenses: Vec<wire::LensView>,
    /// Running clients, worst first; what could not be read; and the clients of endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<wire::ClientEntry>,
    /// What the session was still waiting for when it ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<wire::Pending>,
    /// What was proved, worst first.
    pub findings: Vec<FindingDocument>,
    /// Every change of state.
    pub transitions: Vec<TransitionDocument>,
}

/// Everything about one endpoint.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EndpointDocument {
    /// The endpoint's address.
    pub address: String,
    /// The verdict; absent if the session ended before there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// Why it does not count as healthy; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<wire::Cause>,
    /// Stage and cause.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The backends that list it, and how.
    pub listed: Vec<ListedDocument>,
    /// The stages that the last attempt passed, and the one that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<wire::Phase>,
    /// The last response of its health service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<wire::HealthAnswer>,
    /// The connectivity state of its subchannel at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
}

/// One instance in one backend's list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListedDocument {
    /// Which backend.
    pub backend: &'static str,
    /// The source as queried.
    pub source: String,
    /// The instance as listed.
    #[serde(flatten)]
    pub endpoint: wire::Endpoint,
}

/// One backend that was queried.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BackendDocument {
    /// Which backend.
    pub backend: &'static str,
    /// The source as queried.
    pub source: String,
    /// The state of its watch at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// Why it did not respond, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<wire::Coded>,
    /// How many instances it lists; absent if it never responded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
    /// What it reported about its responses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<wire::Note>,
}

/// Something that was proved, with its evidence as text.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FindingDocument {
    /// The finding.
    #[serde(flatten)]
    pub finding: wire::Finding,
    /// The events that `evidence` names, as text.
    pub quotes: Vec<String>,
}

/// A change of state with its time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TransitionDocument {
    /// Its event.
    pub seq: u64,
    /// Monotonic milliseconds since the session started.
    pub at_ms: u64,
    /// The transition.
    #[serde(flatten)]
    pub transition: wire::Transition,
}

impl From<&Report> for Document {
    fn from(report: &Report) -> Document {
        let cut_short = Summary {
            verdict: Verdict::Unknown,
            exit: Verdict::Unknown.exit_code(),
            text: "stopped before a verdict".to_string(),
            counts: Default::default(),
        };
        let summary = report.summary.as_ref().unwrap_or(&cut_short);
        Document {
            schema_version: SCHEMA_VERSION,
            target: report.target.to_string(),
            verdict: summary.verdict.as_str(),
            exit: summary.exit,
            text: summary.text.clone(),
            counts: Counts::from(&summary.counts),
            endpoints: report.endpoints.iter().map(|(address, seen)| endpoint(address.to_string(), seen)).collect(),
            backends: report
                .sources
                .iter()
                .map(|source| BackendDocument {
                    backend: source.source.registry.name,
                    source: source.source.to_string(),
                    status: source.status.map(|status| status.as_str()),
                    error: source.error.as_ref().map(wire::Coded::from),
                    total: source.total,
                    notes: source.notes.iter().map(wire::Note::from).collect(),
                })
                .collect(),
            idle_checks: report.idle_checks.iter().map(wire::IdleCheckView::from).collect(),
            lenses: report.lenses.iter().map(wire::LensView::from).collect(),
            clients: report.clients.entries().collect(),
            pending: report
                .pending
                .iter()
                .map(|pending| wire::Pending::new(report.target.to_string(), pending))
                .collect(),
            findings: report
                .findings
                .iter()
                .map(|finding| FindingDocument {
                    finding: wire::Finding::new(report.target.to_string(), finding),
                    quotes: report.quotes(&finding.evidence),
                })
                .collect(),
            transitions: report
                .transitions
                .iter()
                .map(|(seq, at, transition)| TransitionDocument {
                    seq: *seq,
                    at_ms: at.as_millis(),
                    transition: wire::Transition::new(report.target.to_string(), transition),
                })
                .collect(),
        }
    }
}

fn endpoint(address: String, seen: &Seen) -> EndpointDocument {
    let mut phases: Vec<wire::Phase> = seen.phases.iter().map(wire::Phase::from).collect();
    phases.extend(seen.failure.as_deref().map(wire::Phase::from));
    EndpointDocument {
        address,
        verdict: seen.verdict.as_ref().map(|report| report.verdict.as_str()),
        cause: seen.verdict.as_ref().and_then(|report| report.cause).map(wire::Cause::from),
        text: seen.verdict.as_ref().map(|report| report.text.clone()).unwrap_or_default(),
        listed: seen
            .listed
            .iter()
            .map(|listing| ListedDocument {
                backend: listing.source.registry.name,
                source: listing.source.to_string(),
                endpoint: wire::Endpoint::from(&listing.endpoint),
            })
            .collect(),
        phases,
        health: seen.health.as_deref().map(wire::HealthAnswer::from),
        state: seen.state.map(|state| state.as_str()),
    }
}

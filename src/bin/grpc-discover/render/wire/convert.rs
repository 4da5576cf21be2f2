//! Conversion of the model into the types of the output.

use std::collections::BTreeMap;
use std::time::Duration;

use grpc_discover::model::cause::EndpointCause;
use grpc_discover::model::connectivity::{self, Scope};
use grpc_discover::model::event::{self, Event, EventKind};
use grpc_discover::model::lens::LensReport;
use grpc_discover::model::reach::{self, Failure, PhaseDetail, Stage, http2_error_name};
use grpc_discover::model::resolution::{self, ResolveFailure};
use grpc_discover::model::{endpoint, finding, pending};

use super::text::{milliseconds, rfc3339, rfc3339_seconds, whole_milliseconds};
use super::*;

impl Line {
    /// One event; `None` for a kind that the format does not have.
    pub fn of(event: &Event) -> Option<Line> {
        let target = event.target.to_string();
        let body = match &event.kind {
            EventKind::Transition(transition) => Body::Transition(Transition::new(target, transition)),
            EventKind::Endpoints(change) => Body::Endpoints(Endpoints {
                target,
                backend: change.source.registry.name,
                source: change.source.to_string(),
                added: change.added.iter().map(Endpoint::from).collect(),
                removed: change.removed.iter().map(Endpoint::from).collect(),
                changed: change.changed.iter().map(Endpoint::from).collect(),
                total: change.total,
                notes: change.notes.iter().map(Note::from).collect(),
                lags: change.lags.iter().map(Lag::from).collect(),
            }),
            EventKind::Backend(report) => Body::Backend(Backend {
                target,
                backend: report.source.registry.name,
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
            EventKind::Disconnect { address, disconnect, idle } => Body::Disconnect(Disconnect {
                target,
                address: address.to_string(),
                reason: disconnect.reason.to_string(),
                detail: disconnect.detail.clone(),
                goaway: disconnect.goaway.as_ref().map(GoAway::from),
                idle_ms: idle.map(whole_milliseconds),
            }),
            EventKind::Health(report) => {
                Body::Health(Health { target, address: report.address.to_string(), answer: HealthAnswer::from(report) })
            }
            EventKind::Idle(report) => Body::Idle(Idle {
                target,
                phase: report.phase.as_str(),
                deadline_ms: report.deadline.map(|deadline| deadline.as_millis()),
                changes: report.changes,
                cost: report.cost.as_ref().map(Cost::from),
                text: report.text.clone(),
            }),
            EventKind::IdleCheck(report) => Body::IdleCheck(IdleCheck { target, view: IdleCheckView::from(&**report) }),
            EventKind::Lens(report) => Body::Lens(Lens { target, view: LensView::from(report) }),
            EventKind::Pending(report) => Body::Pending(Pending::new(target, report)),
            EventKind::Stall(report) => Body::Stall(Stall {
                target,
                from_ms: report.from.as_millis(),
                lasted_ms: whole_milliseconds(report.lasted),
            }),
            EventKind::Client(report) => Body::Client(Box::new(Client { target, view: ClientEntry::from(&**report) })),
            EventKind::Verdict(report) => Body::Verdict(Verdict {
                target,
                address: report.address.to_string(),
                listed: report
                    .listed
                    .iter()
                    .map(|(registry, status)| Listed { backend: registry.name, status: status.as_str() })
                    .collect(),
                verdict: report.verdict.as_str(),
                cause: report.cause.map(Cause::from),
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
            _ => return None,
        };
        Some(Line { seq: event.seq, time: rfc3339(event.time), at_ms: event.at.as_millis(), body })
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
        let (from, to) = (transition.from.as_str(), transition.to.as_str());
        let retry_in_ms = transition.retry_in.map(whole_milliseconds);
        Transition { target, scope, address, from, to, retry_in_ms, cause }
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
            cause: finding.cause.map(Cause::from),
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

impl From<&event::Lag> for Lag {
    fn from(lag: &event::Lag) -> Lag {
        Lag {
            address: lag.address.to_string(),
            change: if lag.is_listed { "added" } else { "removed" },
            behind: lag.behind.to_string(),
            lag_ms: whole_milliseconds(lag.by),
        }
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
            metadata: endpoint
                .shown_metadata()
                .into_iter()
                .map(|(key, value)| (key.to_string(), value.into_owned()))
                .collect(),
            ttl_ms: endpoint.ttl.map(whole_milliseconds),
            layout: endpoint.layout.as_ref().map(ToString::to_string),
        }
    }
}

impl Phase {
    fn empty(phase: reach::Stage, took: Duration) -> Phase {
        let ms = milliseconds(took);
        Phase {
            phase: phase.as_str(),
            ms,
            resolved: Vec::new(),
            tls: None,
            settings: None,
            content_type: None,
            error: None,
        }
    }
}

impl From<&reach::Phase> for Phase {
    fn from(phase: &reach::Phase) -> Phase {
        let mut wire = Phase::empty(phase.stage, phase.took);
        match &phase.detail {
            PhaseDetail::Resolved(addresses) => wire.resolved = addresses.iter().map(ToString::to_string).collect(),
            PhaseDetail::Tls(report) => wire.tls = Some(Tls::from(&**report)),
            PhaseDetail::Settings(settings) | PhaseDetail::LaterSettings(settings) => {
                wire.settings = Some(Settings::from(settings));
            }
            PhaseDetail::Response(facts) => wire.content_type = facts.foreign_content_type.clone(),
            _ => {}
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
                    names: certificate.names.iter().map(ToString::to_string).collect(),
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
            reach::Health::Failed { code, text, .. } => Some(Coded { code: code.to_string(), text: text.clone() }),
            _ => None,
        };
        HealthAnswer {
            service: report.service.clone(),
            status: report.health.as_str().to_string(),
            error,
            ms: report.took.map(milliseconds),
            proxy: report
                .proxy
                .as_ref()
                .map(|proxy| Proxy { name: proxy.name.to_string(), header: proxy.header.clone() }),
            watch_ended: report.ended.as_ref().map(|end| WatchEnd {
                code: end.code.to_string(),
                text: end.text.clone(),
                after_ms: whole_milliseconds(end.after),
            }),
        }
    }
}

impl Pending {
    /// As a type of the output.
    pub fn new(target: String, report: &pending::PendingReport) -> Pending {
        let (address, backend, source) = match &report.subject {
            pending::Subject::Endpoint(address) => (Some(address.to_string()), None, None),
            pending::Subject::Registry(source) => (None, Some(source.registry.name), Some(source.to_string())),
        };
        Pending {
            target,
            address,
            backend,
            source,
            stage: report.awaits.stage().map(reach::Stage::as_str),
            awaits: report.awaits.as_str(),
            waited_ms: whole_milliseconds(report.waited),
            last: report.last.clone(),
            text: report.to_string(),
        }
    }
}

impl From<EndpointCause> for Cause {
    fn from(cause: EndpointCause) -> Cause {
        Cause { code: cause.code(), stage: cause.stage().map(reach::Stage::as_str), text: cause.label() }
    }
}

impl From<&finding::Counts> for Counts {
    fn from(counts: &finding::Counts) -> Counts {
        let [info, warn, critical] = counts.findings;
        Counts {
            endpoints: counts.endpoints,
            verdicts: counts.verdicts.iter().map(|(verdict, count)| (verdict.as_str(), *count)).collect(),
            causes: counts
                .causes
                .iter()
                .map(|counted| CauseCount { cause: Cause::from(counted.cause), count: counted.count })
                .collect(),
            findings: BTreeMap::from([("info", info), ("warn", warn), ("critical", critical)]),
            ignored: counts.ignored,
            transitions: counts.transitions,
        }
    }
}

impl From<&event::CallCost> for Cost {
    fn from(cost: &event::CallCost) -> Cost {
        let stage = |wanted| {
            let passed = cost.connecting.iter().find(|(stage, _)| *stage == wanted);
            passed.map(|(_, took)| milliseconds(*took))
        };
        Cost {
            resolve_ms: cost.resolve.map(milliseconds),
            tcp_ms: stage(Stage::Tcp),
            tls_ms: stage(Stage::Tls),
            http2_ms: stage(Stage::Http2),
            health_ms: milliseconds(cost.rpc),
            total_ms: milliseconds(cost.total),
        }
    }
}

impl From<&reach::GoAway> for GoAway {
    fn from(goaway: &reach::GoAway) -> GoAway {
        let (debug, last_stream) = (goaway.debug.clone(), goaway.last_stream);
        GoAway { code: http2_error_name(goaway.code), debug, last_stream }
    }
}

impl From<&LensReport> for LensView {
    fn from(report: &LensReport) -> LensView {
        let words = |addresses: &[endpoint::Address]| addresses.iter().map(ToString::to_string).collect();
        LensView {
            lens: report.lens.to_string(),
            label: report.label.to_string(),
            holds: words(&report.holds),
            missing: words(&report.missing),
            stale: words(&report.stale),
            hears: report.notices.as_str(),
            recovers_by: report.notices.recovers_after(),
            rule: report.rule,
        }
    }
}

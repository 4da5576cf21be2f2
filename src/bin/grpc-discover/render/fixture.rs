//! One sequence with every kind of event, given to every renderer: a pod that refuses connections, one that moved, a
//! registry whose watch broke, and registry values with terminal escape sequences.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use grpc_discover::model::cause::{CauseCount, EndpointCause};
use grpc_discover::model::certificate::{AlternativeName, CertificateTraits};
use grpc_discover::model::client::{
    ClientId, ClientReport, ClientVerdict, ClientView, HeldAddress, HeldFailure, JudgedClient, RegistryContact,
    ServedClients, ServedConnection, Unread,
};
use grpc_discover::model::connectivity::{Cause, CauseCode, ConnectivityState, Scope, Transition};
use grpc_discover::model::endpoint::{Address, Check, CheckState, Endpoint, EndpointStatus, LayoutRule};
use grpc_discover::model::event::{
    BackendReport, BackendStatus, ConnectionReport, EndpointReport, EndpointsChange, Event, EventKind, HealthReport,
    IdlePhase, IdleReport, Lag, StallReport, WatchEnd,
};
use grpc_discover::model::finding::{Counts, Finding, FindingKind, Severity, Summary};
use grpc_discover::model::grpc_status::GrpcStatus;
use grpc_discover::model::idle_check::{
    CheckKind, IdleCheckOutcome, IdleCheckReport, IdleCheckResult, Interruption, TcpState,
};
use grpc_discover::model::lens::{LensReport, NoticesChanges};
use grpc_discover::model::pending::{Awaits, PendingReport, Subject};
use grpc_discover::model::proxy::{Proxy, ProxyName};
use grpc_discover::model::reach::{
    Certificate, Disconnect, DisconnectReason, Failure, FailureCode, GoAway, Health, PeerSettings, Phase, PhaseDetail,
    Stage, TlsReport,
};
use grpc_discover::model::registry::{Registry, SourceId};
use grpc_discover::model::resolution::{Note, NoteKind, ResolveCode, ResolveFailure};
use grpc_discover::model::rpc::RpcCause;
use grpc_discover::model::target::Target;
use grpc_discover::model::time::Elapsed;
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};

/// A registry value that would control a terminal that receives it unescaped.
pub const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}";

/// A finding about one address.
pub static REFUSED: FindingKind = FindingKind {
    code: "GD201",
    name: "ENDPOINT_REFUSED",
    severity: Severity::Warn,
    meaning: "",
    proof: "",
    remedy: "",
    links: &[],
};
static MOVED: FindingKind = FindingKind {
    code: "GD603",
    name: "MOVED_WHILE_IDLE",
    severity: Severity::Critical,
    meaning: "",
    proof: "",
    remedy: "",
    links: &[],
};

pub const A: &str = "10.0.0.7:50051";
pub const B: &str = "10.0.0.8:50051";
pub const C: &str = "[2001:db8::9]:50051";
pub const D: &str = "10.0.0.10:50051";

pub fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn endpoint(text: &str) -> Endpoint {
    Endpoint::new(address(text))
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn phase(of: &str, stage: Stage, micros: u64, detail: PhaseDetail) -> EventKind {
    let phase = Phase { stage, took: Duration::from_micros(micros), detail };
    EventKind::Connection(ConnectionReport { address: address(of), result: Ok(phase) })
}

fn transition(scope: Scope, from: ConnectivityState, to: ConnectivityState, code: CauseCode, text: &str) -> EventKind {
    EventKind::Transition(Transition {
        scope,
        from,
        to,
        cause: Cause::new(code, text),
        retry_in: (to == ConnectivityState::TransientFailure).then(|| ms(1200)),
    })
}

fn tls() -> Box<TlsReport> {
    Box::new(TlsReport {
        server_name: "pay.example".into(),
        version: Some("TLSv1.3".into()),
        cipher: Some("TLS13_AES_256_GCM_SHA384".into()),
        alpn: Some("h2".into()),
        chain: vec![Certificate {
            subject: "CN=pay.example".into(),
            issuer: "CN=Example CA".into(),
            names: vec![AlternativeName::Dns("pay.example".into())],
            not_before: 1_760_000_000,
            not_after: 1_800_000_000,
            traits: CertificateTraits::default(),
        }],
        verified: true,
        limit: None,
        anchor: None,
        fault: None,
    })
}

fn idle_check(of: &str, idle_time: u64, kind: CheckKind, outcome: IdleCheckOutcome) -> EventKind {
    let spoke = Interruption { after: ms(12_000), frame: "PING".into(), times: 1 };
    let (measured_idle, interrupted) = match kind {
        CheckKind::Ladder => (ms(12_000), Some(spoke)),
        CheckKind::Idle | CheckKind::Cutoff => (ms(idle_time), None),
    };
    let result = IdleCheckResult { measured_idle, interrupted, outcome };
    EventKind::IdleCheck(Box::new(IdleCheckReport { address: address(of), idle_time: ms(idle_time), kind, result }))
}

/// A registry.
pub static CONSUL: Registry = Registry::named("consul");
static DNS: Registry = Registry::named("dns");

/// A query of `registry`, whatever backends the build has.
fn source(registry: &'static Registry, rest: &str) -> Arc<SourceId> {
    let target = Target::Foreign { scheme: registry.name.to_string(), rest: rest.to_string() };
    Arc::new(SourceId { registry, target })
}

/// The events: seq 1, 2, 3 …; `at` in milliseconds.
pub fn events() -> Vec<Event> {
    use ConnectivityState::{Connecting, Idle, Ready, TransientFailure};
    let subchannel = |of: &str| Scope::Subchannel(address(of));
    let consul = source(&CONSUL, "///pay");
    let dns = source(&DNS, "///pay.example:50051");
    let mut sick = endpoint(C);
    sick.status = EndpointStatus::Critical;
    sick.id = Some(format!("pay-3{HOSTILE}"));
    sick.checks = vec![Check {
        name: "grpc".into(),
        state: CheckState::Critical,
        status: "critical".into(),
        output: format!("connection refused{HOSTILE}\nsecond line"),
    }];
    sick.weight = Some(10);
    sick.priority = Some(1);
    sick.zone = Some("dc1".into());
    sick.node = Some("node-3".into());
    sick.tags = vec!["v2".into(), "grpc".into()];
    sick.metadata = BTreeMap::from([("version".to_string(), "1.4".to_string())]);
    sick.ttl = Some(ms(30_000));
    sick.layout = Some(LayoutRule::new("kratos", "tagged address grpc"));
    let mut well = endpoint(A);
    well.status = EndpointStatus::Healthy;
    let kinds: Vec<(u64, EventKind)> = vec![
        (
            2,
            EventKind::Endpoints(EndpointsChange {
                source: consul.clone(),
                added: vec![well.clone(), endpoint(B), sick.clone()],
                removed: vec![],
                changed: vec![],
                total: 3,
                notes: vec![
                    Note::new(NoteKind::Queried, "agent 127.0.0.1:8500 in 1.2 ms, index 42"),
                    Note::new(NoteKind::Skipped, format!("instance \"pay-4{HOSTILE}\": port 0")),
                ],
                lags: Vec::new(),
            }),
        ),
        (
            2,
            EventKind::Backend(BackendReport {
                source: consul.clone(),
                status: BackendStatus::Watching,
                error: None,
                retry_in: None,
                gap: None,
            }),
        ),
        (
            5,
            EventKind::Backend(BackendReport {
                source: dns.clone(),
                status: BackendStatus::Broken,
                error: Some(ResolveFailure::new(
                    ResolveCode::ServFail,
                    "dns server 127.0.0.1:5353 answered SERVFAIL for A pay.example",
                )),
                retry_in: Some(ms(1_000)),
                gap: None,
            }),
        ),
        (6, phase(A, Stage::Tcp, 420, PhaseDetail::None)),
        (9, phase(A, Stage::Tls, 3_100, PhaseDetail::Tls(tls()))),
        (
            10,
            phase(
                A,
                Stage::Http2,
                900,
                PhaseDetail::Settings(PeerSettings { max_concurrent_streams: Some(100), ..PeerSettings::default() }),
            ),
        ),
        (
            11,
            EventKind::Health(HealthReport {
                address: address(A),
                service: String::new(),
                health: Health::Serving,
                took: Some(Duration::from_micros(1_150)),
                ended: None,
                proxy: Some(Arc::new(Proxy { name: ProxyName::Envoy, header: format!("server: envoy{HOSTILE}") })),
            }),
        ),
        (
            12,
            EventKind::Connection(ConnectionReport {
                address: address(B),
                result: Err(Failure::new(
                    Stage::Tcp,
                    FailureCode::Refused,
                    "connection refused",
                    Duration::from_micros(300),
                )),
            }),
        ),
        (12, phase(C, Stage::Tcp, 510, PhaseDetail::None)),
        (
            20_012,
            EventKind::Connection(ConnectionReport {
                address: address(C),
                result: Err(Failure::new(
                    Stage::Tls,
                    FailureCode::TimedOut,
                    "no ServerHello came back within 20.0s",
                    ms(20_000),
                )),
            }),
        ),
        (20_013, transition(Scope::Channel, Idle, Connecting, CauseCode::Rpc, "a call needs a connection")),
        (20_013, transition(subchannel(A), Idle, Connecting, CauseCode::ConnectRequested, "pick_first tries it")),
        (20_014, transition(subchannel(A), Connecting, Ready, CauseCode::Connected, "received the server's SETTINGS")),
        (20_014, transition(Scope::Channel, Connecting, Ready, CauseCode::Connected, "connected to 10.0.0.7:50051")),
        (
            20_015,
            EventKind::Idle(IdleReport {
                phase: IdlePhase::Waiting,
                deadline: Some(Elapsed::from_millis(30_015)),
                changes: 0,
                cost: None,
                text: "no further call for 10s".into(),
            }),
        ),
        (
            24_000,
            EventKind::Disconnect {
                address: address(A),
                disconnect: Disconnect {
                    reason: DisconnectReason::GoAway(0),
                    detail: "closed by peer".into(),
                    goaway: Some(GoAway { last_stream: 3, code: 0, debug: format!("max_age{HOSTILE}") }),
                },
                idle: Some(Duration::from_secs(14)),
            },
        ),
        (24_000, transition(subchannel(A), Ready, Idle, CauseCode::GoAway, "GOAWAY NO_ERROR")),
        (24_000, transition(Scope::Channel, Ready, Idle, CauseCode::GoAway, "its connection received GOAWAY")),
        (
            24_500,
            EventKind::Endpoints(EndpointsChange {
                source: consul.clone(),
                added: vec![endpoint(D)],
                removed: vec![well],
                changed: vec![sick],
                total: 3,
                notes: vec![],
                lags: Vec::new(),
            }),
        ),
        (
            25_000,
            EventKind::Backend(BackendReport {
                source: dns.clone(),
                status: BackendStatus::Recovered,
                error: None,
                retry_in: None,
                gap: Some(ms(24_995)),
            }),
        ),
        (
            25_000,
            EventKind::Endpoints(EndpointsChange {
                source: dns.clone(),
                added: vec![endpoint(D), endpoint(B)],
                removed: vec![],
                changed: vec![],
                total: 2,
                notes: vec![Note::new(NoteKind::ServiceConfig, "{\"loadBalancingPolicy\":\"round_robin\"}")],
                lags: vec![Lag {
                    address: address(D),
                    is_listed: true,
                    behind: consul.clone(),
                    by: Duration::from_millis(1500),
                }],
            }),
        ),
        (
            30_015,
            transition(
                subchannel(B),
                Connecting,
                TransientFailure,
                CauseCode::ConnectFailed,
                "tcp: connection refused",
            ),
        ),
        (
            30_020,
            EventKind::Health(HealthReport {
                address: address(D),
                service: "pay.v1.Pay".into(),
                health: Health::Failed {
                    code: GrpcStatus::Unavailable,
                    text: format!("down{HOSTILE}"),
                    cause: RpcCause::Status,
                },
                took: None,
                ended: Some(Box::new(WatchEnd {
                    code: GrpcStatus::Internal,
                    text: format!("reset{HOSTILE}"),
                    cause: RpcCause::Reset(2),
                    after: Duration::from_secs(60),
                })),
                proxy: None,
            }),
        ),
        (30_020, EventKind::Stall(StallReport { from: Elapsed::from_secs(29), lasted: Duration::from_millis(400) })),
        (30_020, EventKind::Client(Box::new(ClientReport::Seen(client())))),
        (30_020, EventKind::Client(Box::new(ClientReport::Unread(unread())))),
        (30_020, EventKind::Client(Box::new(ClientReport::Served(served())))),
        (30_020, EventKind::Client(Box::new(ClientReport::Judged(judged())))),
        (
            30_020,
            EventKind::Pending(PendingReport {
                subject: Subject::Endpoint(address(B)),
                awaits: Awaits::Serving,
                waited: Duration::from_secs(3),
                last: Some(format!("NOT_SERVING{HOSTILE}")),
            }),
        ),
        (
            30_020,
            idle_check(A, 10_000, CheckKind::Idle, {
                let goaway = GoAway { last_stream: 0, code: 0, debug: format!("max_idle{HOSTILE}") };
                let (reason, detail) = (DisconnectReason::GoAway(0), goaway.debug.clone());
                let disconnect = Disconnect { reason, detail, goaway: Some(goaway) };
                IdleCheckOutcome::Closed { after: ms(4_000), disconnect, pinged: false }
            }),
        ),
        (30_020, idle_check(D, 10_000, CheckKind::Idle, IdleCheckOutcome::Alive { rtt: Duration::from_micros(400) })),
        (
            30_020,
            idle_check(D, 20_000, CheckKind::Ladder, {
                let tcp = Some(TcpState { unacked: 1, retransmits: 4, last_ack: ms(25_000) });
                IdleCheckOutcome::Dropped { waited: ms(5_000), tcp }
            }),
        ),
        (
            30_020,
            idle_check(C, 5_000, CheckKind::Cutoff, {
                let (stage, code) = (Stage::Tls, FailureCode::TimedOut);
                IdleCheckOutcome::NotReached(Failure::new(
                    stage,
                    code,
                    "no ServerHello came back within 20.0s",
                    ms(20_000),
                ))
            }),
        ),
        (
            30_025,
            EventKind::Lens(LensReport {
                lens: "kratos@2.7.2".into(),
                label: "kratos 2.5.4 to 2.7.2".into(),
                holds: vec![address(A), address(B)],
                missing: vec![address(D)],
                stale: vec![address(A)],
                notices: NoticesChanges::Never,
                rule: "its watch ends at the first idle period",
                fails_with: "last connection error:",
                remedy: "Restart it.",
            }),
        ),
        (
            30_025,
            EventKind::Lens(LensReport {
                lens: "grpc-go".into(),
                label: "grpc-go over DNS".into(),
                holds: vec![address(B), address(D)],
                missing: vec![],
                stale: vec![],
                notices: NoticesChanges::AfterAFailure,
                rule: "it queries DNS again when a connection fails",
                fails_with: "connection error:",
                remedy: "Nothing.",
            }),
        ),
        (
            30_030,
            EventKind::Verdict(EndpointReport {
                address: address(A),
                listed: vec![],
                verdict: EndpointVerdict::Stale,
                cause: Some(EndpointCause::Listing(EndpointVerdict::Stale)),
                text: "left consul:///pay at 24.500s: tcp: connection refused".into(),
            }),
        ),
        (
            30_030,
            EventKind::Verdict(EndpointReport {
                address: address(B),
                listed: vec![(&CONSUL, EndpointStatus::Unchecked), (&DNS, EndpointStatus::Unchecked)],
                verdict: EndpointVerdict::Unreachable,
                cause: Some(EndpointCause::Failed(Stage::Tcp, FailureCode::Refused)),
                text: "tcp: connection refused".into(),
            }),
        ),
        (
            30_030,
            EventKind::Verdict(EndpointReport {
                address: address(C),
                listed: vec![(&CONSUL, EndpointStatus::Critical)],
                verdict: EndpointVerdict::Down,
                cause: Some(EndpointCause::Failed(Stage::Tls, FailureCode::TimedOut)),
                text: "tls: no ServerHello came back within 20.0s".into(),
            }),
        ),
        (
            30_030,
            EventKind::Verdict(EndpointReport {
                address: address(D),
                listed: vec![(&CONSUL, EndpointStatus::Unchecked), (&DNS, EndpointStatus::Unchecked)],
                verdict: EndpointVerdict::Healthy,
                cause: None,
                text: "SERVING".into(),
            }),
        ),
        (
            30_031,
            EventKind::Finding(Finding {
                kind: &REFUSED,
                address: Some(address(B)),
                cause: None,
                text: format!("{B} is listed by consul:///pay and refuses: tcp: connection refused{HOSTILE}"),
                evidence: vec![1, 8],
                remedy: "check that the server listens on this port, or deregister pay-2".into(),
            }),
        ),
        (
            30_031,
            EventKind::Finding(Finding {
                kind: &MOVED,
                address: Some(address(A)),
                cause: None,
                text: format!(
                    "{A} was removed from consul:///pay 4.5s into the idle period and is unreachable now; new: {D}"
                ),
                evidence: vec![15, 16, 17, 18, 19],
                remedy: "check that the clients' discovery goes on while their channels are IDLE".into(),
            }),
        ),
        (
            30_031,
            EventKind::Summary(Summary {
                verdict: Verdict::Degraded,
                exit: 1,
                text: "1 of 3 healthy; 1 refuses connections, 1 does not respond (tls)".into(),
                counts: Counts {
                    endpoints: 4,
                    verdicts: vec![
                        (EndpointVerdict::Healthy, 1),
                        (EndpointVerdict::Unreachable, 1),
                        (EndpointVerdict::Stale, 1),
                        (EndpointVerdict::Down, 1),
                    ],
                    causes: vec![
                        CauseCount { cause: EndpointCause::Failed(Stage::Tcp, FailureCode::Refused), count: 1 },
                        CauseCount { cause: EndpointCause::Failed(Stage::Tls, FailureCode::TimedOut), count: 1 },
                    ],
                    findings: [0, 1, 1],
                    ignored: 0,
                    transitions: 7,
                },
            }),
        ),
    ];
    let started_at = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    kinds
        .into_iter()
        .zip(1..)
        .map(|((at, kind), seq)| Event {
            seq,
            time: started_at + ms(at),
            at: Elapsed::from_millis(at),
            target: "pay".into(),
            kind,
        })
        .collect()
}

/// A running client whose names would control a terminal.
fn client() -> ClientView {
    let id = ClientId { process: format!("10.0.0.20:9000{HOSTILE}"), channel: Some(3) };
    let read = UNIX_EPOCH + Duration::from_secs(1_795_000_030);
    let mut view = ClientView::new(id, "channelz", read);
    view.target = format!("discovery:///pay{HOSTILE}");
    view.state = Some(ConnectivityState::TransientFailure);
    view.calls.started = 12;
    view.calls.failed = 4;
    let mut held = HeldAddress::new(address(A));
    held.state = Some(ConnectivityState::TransientFailure);
    held.failure = Some(HeldFailure { at: None, text: format!("connection refused{HOSTILE}") });
    view.holds = vec![held];
    view.registry = RegistryContact::Unknown { why: format!("nothing shows it{HOSTILE}") };
    view.limits = vec![format!("sockets{HOSTILE}")];
    view
}

fn unread() -> Unread {
    Unread {
        process: format!("10.0.0.21:9000{HOSTILE}"),
        witness: "channelz",
        why: format!("UNIMPLEMENTED{HOSTILE}"),
        remedy: None,
        is_partial: false,
    }
}

fn served() -> ServedClients {
    let connection =
        ServedConnection { remote: address("10.0.0.20:51234"), streams_started: 9, streams_open: 2, last_stream: None };
    let running_for = Some(Duration::from_secs(90));
    ServedClients { endpoint: address(B), witness: "channelz", running_for, connections: vec![connection] }
}

fn judged() -> JudgedClient {
    JudgedClient {
        view: client(),
        verdict: ClientVerdict::Frozen,
        stale: vec![address(A)],
        missing: vec![address(B)],
        text: format!("still holds {A}{HOSTILE}"),
    }
}

//! The words of the format.

use grpc_discover::model::connectivity::CauseCode;
use grpc_discover::model::endpoint::EndpointStatus;
use grpc_discover::model::event::{BackendStatus, IdlePhase};
use grpc_discover::model::finding::Severity;
use grpc_discover::model::grpc_status::GrpcStatus;
use grpc_discover::model::idle_check::CheckKind;
use grpc_discover::model::lens::NoticesChanges;
use grpc_discover::model::pending::Awaits;
use grpc_discover::model::reach::{FailureCode, Resource, Stage};
use grpc_discover::model::resolution::{NoteKind, ResolveCode};

pub const STATUSES: &[EndpointStatus] = {
    use EndpointStatus::{Critical, Draining, Healthy, Unchecked, Warning};
    &[Healthy, Unchecked, Warning, Critical, Draining]
};

pub const BACKEND_STATUSES: &[BackendStatus] =
    &[BackendStatus::Watching, BackendStatus::Broken, BackendStatus::Recovered, BackendStatus::Ended];

pub const SEVERITIES: &[Severity] = &[Severity::Info, Severity::Warn, Severity::Critical];

pub const STAGES: &[Stage] = &[Stage::Resolve, Stage::Tcp, Stage::Unix, Stage::Tls, Stage::Http2, Stage::Health];

pub const CHECK_KINDS: &[CheckKind] = &[CheckKind::Idle, CheckKind::Ladder, CheckKind::Cutoff];

pub const IDLE_PHASES: &[IdlePhase] = {
    use IdlePhase::{Baseline, Call, Checking, Done, Idle, Waiting};
    &[Baseline, Waiting, Idle, Call, Checking, Done]
};

pub const NOTICES: &[NoticesChanges] = {
    use NoticesChanges::{AfterAFailure, Changes, Never, NeverAndHangs, NextCall, Soon};
    &[Changes, AfterAFailure, Soon, NextCall, Never, NeverAndHangs]
};

pub const AWAITS: &[Awaits] = {
    use Awaits::{Connect, Handshake, Health, HostName, Policy, Registry, Response, Retry, Serving, Settings, Turn};
    &[Registry, Turn, HostName, Connect, Handshake, Settings, Health, Response, Serving, Retry, Policy]
};

pub const CAUSES: &[CauseCode] = {
    use CauseCode::{
        AddressRemoved, AddressesChanged, AllFailed, AnotherWon, BackoffExpired, Closed, ConnectFailed,
        ConnectRequested, Connected, ConnectionLost, GoAway, Health, IdleTimeout, NoAddresses, ResolverError, Rpc,
    };
    &[
        ConnectRequested,
        Rpc,
        Connected,
        ConnectFailed,
        AllFailed,
        BackoffExpired,
        IdleTimeout,
        GoAway,
        ConnectionLost,
        AddressRemoved,
        AddressesChanged,
        ResolverError,
        NoAddresses,
        Health,
        AnotherWon,
        Closed,
    ]
};

pub const RESOLVE_CODES: &[ResolveCode] = {
    use ResolveCode::{
        BadAnswer, BadTarget, Denied, Limited, NotHere, Refused, ServFail, ServerError, Timeout, Truncated,
        Unreachable, WatchBroken,
    };
    &[
        ServFail,
        Refused,
        Timeout,
        Unreachable,
        Denied,
        Limited,
        ServerError,
        Truncated,
        BadAnswer,
        WatchBroken,
        BadTarget,
        NotHere,
    ]
};

pub const NOTES: &[NoteKind] = &[
    NoteKind::Queried,
    NoteKind::ServiceConfig,
    NoteKind::AclFiltered,
    NoteKind::NoLeader,
    NoteKind::StaleRead,
    NoteKind::Funnel,
    NoteKind::FilteredOut,
    NoteKind::Skipped,
    NoteKind::Doubtful,
    NoteKind::Permanent,
    NoteKind::Departed,
    NoteKind::Service,
    NoteKind::Orphaned,
    NoteKind::Legacy,
    NoteKind::Local,
    NoteKind::Absent,
    NoteKind::Unconfirmed,
    NoteKind::Restarted,
    NoteKind::Returned,
    NoteKind::LeftOut,
    NoteKind::Matched,
    NoteKind::Filtered,
    NoteKind::Unreadable,
    NoteKind::Elsewhere,
    NoteKind::Remedy,
    NoteKind::AnsweredName,
    NoteKind::Shadowed,
    NoteKind::Cut,
    NoteKind::Unusable,
    NoteKind::HalfAnswered,
    NoteKind::InvalidServiceConfig,
    NoteKind::NoEdns,
    NoteKind::Withheld,
];

pub const FAILURES: &[FailureCode] = &[
    FailureCode::NameNotFound,
    FailureCode::Refused,
    FailureCode::Unreachable,
    FailureCode::Reset,
    FailureCode::TimedOut,
    FailureCode::Closed,
    FailureCode::NoSocket,
    FailureCode::NotASocket,
    FailureCode::Local,
    FailureCode::Exhausted(Resource::Files),
    FailureCode::Exhausted(Resource::SystemFiles),
    FailureCode::Exhausted(Resource::Ports),
    FailureCode::Exhausted(Resource::Memory),
    FailureCode::Io,
    FailureCode::CertificateExpired,
    FailureCode::CertificateNotYetValid,
    FailureCode::HostnameMismatch,
    FailureCode::AuthorityInvalid,
    FailureCode::CertificateRevoked,
    FailureCode::CertificateMalformed,
    FailureCode::CertificateVerificationFailed,
    FailureCode::ClientCertificateRequired,
    FailureCode::NoApplicationProtocol,
    FailureCode::ProtocolVersionUnsupported,
    FailureCode::CipherSuiteMismatch,
    FailureCode::NotTls,
    FailureCode::TlsFailed,
    FailureCode::Http1,
    FailureCode::TlsExpected,
    FailureCode::NotHttp2,
    FailureCode::GoAway,
    FailureCode::ProtocolError,
    FailureCode::NoStreams,
    FailureCode::OurLimit,
    FailureCode::Flood,
    FailureCode::Rpc,
    FailureCode::Withheld,
];

pub const GRPC_STATUSES: &[GrpcStatus] = &[
    GrpcStatus::Ok,
    GrpcStatus::Cancelled,
    GrpcStatus::Unknown,
    GrpcStatus::InvalidArgument,
    GrpcStatus::DeadlineExceeded,
    GrpcStatus::NotFound,
    GrpcStatus::AlreadyExists,
    GrpcStatus::PermissionDenied,
    GrpcStatus::ResourceExhausted,
    GrpcStatus::FailedPrecondition,
    GrpcStatus::Aborted,
    GrpcStatus::OutOfRange,
    GrpcStatus::Unimplemented,
    GrpcStatus::Internal,
    GrpcStatus::Unavailable,
    GrpcStatus::DataLoss,
    GrpcStatus::Unauthenticated,
];

//! How far reaching an address got: its stages, and failures with their cause.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::proxy::Proxy;

pub use super::disconnect::{Disconnect, DisconnectReason, GoAway, Rotation, http2_error_name};
pub use super::health::Health;
pub use super::tls_report::{Certificate, TlsReport};

/// The stages of reaching a gRPC endpoint, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up the host name that the registry lists instead of an address.
    Resolve,
    /// The TCP connection.
    Tcp,
    /// Connecting to a Unix domain socket: there is no network and no port.
    Unix,
    /// The TLS handshake, ALPN included.
    Tls,
    /// Preface sent, waiting for the server's SETTINGS frame.
    Http2,
    /// `grpc.health.v1.Health/Check`.
    Health,
}

impl Stage {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::Tls => "tls",
            Self::Http2 => "http2",
            Self::Health => "health",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A stage that was passed: how long it took and what the peer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Which stage.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
    /// What was learned.
    pub detail: PhaseDetail,
}

/// What a stage showed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhaseDetail {
    /// Nothing beyond the fact that it was passed.
    None,
    /// The addresses of a host name.
    Resolved(Vec<std::net::IpAddr>),
    /// What TLS negotiated and the certificates the peer presented.
    Tls(Box<TlsReport>),
    /// The server's first SETTINGS frame.
    Settings(PeerSettings),
    /// The server changed its SETTINGS later: all of them, with their current values. No stage was passed.
    LaterSettings(PeerSettings),
    /// What the headers of a response show in addition to the result. No stage was passed.
    Response(Box<ResponseFacts>),
}

impl PhaseDetail {
    /// True when no stage was passed: this is new information about a server that was already reached.
    pub fn is_later(&self) -> bool {
        matches!(self, Self::LaterSettings(_) | Self::Response(_))
    }
}

/// What the headers of a gRPC response show that is worth reporting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResponseFacts {
    /// The content type, when it is not gRPC's: `application/json`, or empty when there was none.
    pub foreign_content_type: Option<String>,
}

/// Why reaching an address failed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stage that failed.
    pub stage: Stage,
    /// Stable identifier.
    pub code: FailureCode,
    /// The cause, in the peer's or the kernel's own words where there are any. Without address, stage and full stop.
    pub text: String,
    /// How long the failing stage had been waiting.
    pub waited: Duration,
    /// What TLS showed before it failed (certificates that did not verify), if anything.
    pub tls: Option<Box<TlsReport>>,
    /// The protocol of the peer's first bytes, when it closed the connection soon after them.
    pub first_bytes: Option<FirstBytes>,
}

/// The protocol of a peer's first bytes, as far as they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FirstBytes {
    /// The header of an HTTP/2 frame, or its beginning.
    Http2,
    /// The header of a TLS record, or its beginning.
    Tls,
}

impl Failure {
    /// A failure without TLS details.
    pub fn new(stage: Stage, code: FailureCode, text: impl Into<String>, waited: Duration) -> Self {
        Failure { stage, code, text: text.into(), waited, tls: None, first_bytes: None }
    }
}

impl fmt::Display for Failure {
    /// `tcp: connection refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.text)
    }
}

/// The stable identifiers for [`Failure::code`]. The TLS ones are those of gRFC A118's `grpc.tls.handshake.result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureCode {
    /// The host name has no address.
    NameNotFound,
    /// ECONNREFUSED: the host is up and nothing listens on the port.
    Refused,
    /// ENETUNREACH, EHOSTUNREACH: no route to the host.
    Unreachable,
    /// ECONNRESET.
    Reset,
    /// Nothing was received until the connect timeout: packets are dropped, or the peer does not respond.
    TimedOut,
    /// The peer closed the connection in the middle of the stage.
    Closed,
    /// There is no file at the path of a Unix socket.
    NoSocket,
    /// The file at the path of a Unix socket is something else: a regular file, a directory, a datagram socket.
    NotASocket,
    /// This machine forbids the connection, or cannot make it.
    Local,
    /// This machine has run out of something that every connection needs. It proves nothing about the endpoint.
    Exhausted(Resource),
    /// Any other error of the operating system.
    Io,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// The certificate is for other names.
    HostnameMismatch,
    /// The certificate's issuer is not trusted here.
    AuthorityInvalid,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The certificate cannot be read.
    CertificateMalformed,
    /// The certificate did not verify for another reason.
    CertificateVerificationFailed,
    /// The server requires a client certificate (in TLS 1.3 it reports this only after the handshake).
    ClientCertificateRequired,
    /// No application protocol in common, or the server selected none: gRPC needs ALPN h2.
    NoApplicationProtocol,
    /// No TLS version in common.
    ProtocolVersionUnsupported,
    /// No cipher suite in common.
    CipherSuiteMismatch,
    /// The peer does not use TLS on this port.
    NotTls,
    /// The TLS handshake failed for another reason.
    TlsFailed,
    /// The peer responded with HTTP/1.
    Http1,
    /// The peer responded with a TLS record: the port requires TLS.
    TlsExpected,
    /// The first bytes are neither HTTP/2 nor another known protocol; the text quotes them.
    NotHttp2,
    /// GOAWAY before or instead of service; the text contains its code and debug data.
    GoAway,
    /// HTTP/2 framing or protocol error.
    ProtocolError,
    /// The SETTINGS forbid any stream (`MAX_CONCURRENT_STREAMS` 0).
    NoStreams,
    /// The peer broke no rule and sent more than our HTTP/2 library accepts: we closed the connection.
    OurLimit,
    /// The peer floods the connection with small frames: we closed it.
    Flood,
    /// The RPC itself failed; the text contains the gRPC status.
    Rpc,
    /// The server uses plaintext, which was not requested, and there is metadata to send: no call was made.
    Withheld,
}

impl FailureCode {
    /// The word in the output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::Refused => "connection_refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "connection_reset",
            Self::TimedOut => "timed_out",
            Self::Closed => "closed_by_peer",
            Self::NoSocket => "no_socket",
            Self::NotASocket => "not_a_socket",
            Self::Local => "local_resources",
            Self::Exhausted(resource) => resource.as_str(),
            Self::Io => "io_error",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::HostnameMismatch => "certificate_hostname_mismatch",
            Self::AuthorityInvalid => "certificate_authority_invalid",
            Self::CertificateRevoked => "certificate_revoked",
            Self::CertificateMalformed => "certificate_malformed",
            Self::CertificateVerificationFailed => "certificate_verification_failed",
            Self::ClientCertificateRequired => "client_certificate_required",
            Self::NoApplicationProtocol => "no_application_protocol",
            Self::ProtocolVersionUnsupported => "protocol_version_unsupported",
            Self::CipherSuiteMismatch => "cipher_suite_mismatch",
            Self::NotTls => "not_tls",
            Self::TlsFailed => "tls_failed",
            Self::Http1 => "http1",
            Self::TlsExpected => "tls_expected",
            Self::NotHttp2 => "not_http2",
            Self::GoAway => "goaway",
            Self::ProtocolError => "protocol_error",
            Self::NoStreams => "no_streams",
            Self::OurLimit => "our_limit",
            Self::Flood => "flood",
            Self::Rpc => "rpc_failed",
            Self::Withheld => "metadata_withheld",
        }
    }
}

/// What a machine can run out of while it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Resource {
    /// Open files of this process (EMFILE).
    Files,
    /// Open files of the whole machine (ENFILE).
    SystemFiles,
    /// Local ports (EADDRNOTAVAIL, EAGAIN of a TCP connection).
    Ports,
    /// Memory for sockets (ENOBUFS, ENOMEM).
    Memory,
}

impl Resource {
    /// The identifier, as in [`FailureCode::as_str`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "out_of_files",
            Self::SystemFiles => "out_of_files_in_system",
            Self::Ports => "out_of_local_ports",
            Self::Memory => "out_of_memory",
        }
    }
}

/// The server's first SETTINGS frame (RFC 9113, 6.5.2). `None` means not sent: the default applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeerSettings {
    /// `SETTINGS_MAX_CONCURRENT_STREAMS`; 0 forbids every RPC.
    pub max_concurrent_streams: Option<u32>,
    /// `SETTINGS_INITIAL_WINDOW_SIZE`.
    pub initial_window_size: Option<u32>,
    /// `SETTINGS_MAX_FRAME_SIZE`.
    pub max_frame_size: Option<u32>,
    /// `SETTINGS_MAX_HEADER_LIST_SIZE`.
    pub max_header_list_size: Option<u32>,
    /// `SETTINGS_HEADER_TABLE_SIZE`.
    pub header_table_size: Option<u32>,
}

/// Everything one attempt to reach an address showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The stages that were passed, in order, each timed.
    pub phases: Vec<Phase>,
    /// How it ended: the health (with the time the RPC took), or the failure.
    pub outcome: Result<(Health, Duration), Failure>,
    /// When the service is unknown or not serving: the health of other names on the same server (the empty name is
    /// the whole server).
    pub others: Vec<(String, Health)>,
    /// The proxy that passed the response on, where its headers name one.
    pub proxy: Option<Arc<Proxy>>,
    /// A GOAWAY that arrived together with the response: the server closes the connection.
    pub goaway: Option<Disconnect>,
}

impl Reach {
    /// The time of all stages together.
    pub fn total(&self) -> Duration {
        let last = match &self.outcome {
            Ok((_, took)) => *took,
            Err(failure) => failure.waited,
        };
        self.phases.iter().map(|phase| phase.took).sum::<Duration>() + last
    }
}

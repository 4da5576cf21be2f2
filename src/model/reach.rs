//! How far reaching an address got: stages, failures with their cause, what the peer showed of itself, and how a
//! connection ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::certificate::{CertificateTraits, TlsFault};
use super::rpc::{Proxy, RpcCause};

/// The stages of reaching a gRPC endpoint, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Looking up the host name that the registry gave instead of an address.
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
pub enum PhaseDetail {
    /// Nothing beyond having passed.
    None,
    /// The addresses a name stood for.
    Resolved(Vec<std::net::IpAddr>),
    /// What TLS negotiated and the certificates the peer presented.
    Tls(Box<TlsReport>),
    /// The server's first SETTINGS frame.
    Settings(PeerSettings),
    /// The server changed its SETTINGS later: all of them, as they are now. No stage was passed.
    LaterSettings(PeerSettings),
    /// What the headers of a response show beside the answer. No stage was passed.
    Response(Box<ResponseFacts>),
}

impl PhaseDetail {
    /// True when no stage was passed: something was learned of a server that was reached already.
    pub fn is_later(&self) -> bool {
        matches!(self, Self::LaterSettings(_) | Self::Response(_))
    }
}

/// What the headers of a gRPC response show that is worth telling.
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
    /// Stable word.
    pub code: FailureCode,
    /// The cause, in the peer's or the kernel's own words where there are any; no address, no stage, no full stop.
    pub text: String,
    /// How long the failing stage had been waiting.
    pub waited: Duration,
    /// What TLS showed before it failed (certificates that did not verify), if anything.
    pub tls: Option<Box<TlsReport>>,
    /// What the peer's first bytes were, when it ended the connection soon after them.
    pub spoken: Option<Spoken>,
}

/// What the first bytes of a peer are, as far as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// The header of an HTTP/2 frame, or its beginning.
    Http2,
    /// The header of a TLS record, or its beginning.
    Tls,
}

impl Failure {
    /// A failure without TLS details.
    pub fn new(stage: Stage, code: FailureCode, text: impl Into<String>, waited: Duration) -> Self {
        Failure { stage, code, text: text.into(), waited, tls: None, spoken: None }
    }
}

impl fmt::Display for Failure {
    /// `tcp: connection refused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.text)
    }
}

/// The stable words for [`Failure::code`]. The TLS ones are gRFC A118's `grpc.tls.handshake.result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureCode {
    /// The host name has no address.
    NameNotFound,
    /// ECONNREFUSED: a host is there and nothing listens on the port.
    Refused,
    /// ENETUNREACH, EHOSTUNREACH: no way to the host.
    Unreachable,
    /// ECONNRESET.
    Reset,
    /// Nothing came back until the connect timeout: packets are dropped, or the peer is silent.
    TimedOut,
    /// The peer closed the connection in the middle of the stage.
    Closed,
    /// There is no file at the path of a Unix socket.
    NoSocket,
    /// The file at the path of a Unix socket is something else: a regular file, a directory, a socket for datagrams.
    NotASocket,
    /// This machine forbids the connection, or cannot make it.
    Local,
    /// This machine has none left of something that every connection needs. It says nothing about the endpoint.
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
    /// The server wants a client certificate (TLS 1.3 says so only after the handshake).
    ClientCertificateRequired,
    /// No application protocol in common, or the server selected none: gRPC needs ALPN h2.
    NoApplicationProtocol,
    /// No TLS version in common.
    ProtocolVersionUnsupported,
    /// No cipher suite in common.
    CipherSuiteMismatch,
    /// The peer does not speak TLS on this port.
    NotTls,
    /// The TLS handshake failed for another reason.
    TlsFailed,
    /// The peer answered HTTP/1.
    Http1,
    /// The peer answered a TLS record: the port wants TLS.
    TlsExpected,
    /// The first bytes are neither HTTP/2 nor anything known; the text quotes them.
    NotHttp2,
    /// GOAWAY before or instead of service; the text holds code and debug data.
    GoAway,
    /// HTTP/2 framing or protocol error.
    ProtocolError,
    /// SETTINGS forbid any stream (`MAX_CONCURRENT_STREAMS` 0).
    NoStreams,
    /// The peer broke no rule and sent more than our HTTP/2 library accepts: we ended the connection.
    OurLimit,
    /// The peer floods the connection with small frames: we ended it.
    Flood,
    /// The RPC itself failed; the text holds the gRPC status.
    Rpc,
    /// The server speaks plaintext, which nobody asked for, and there is metadata to send: no call was made.
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
    /// The word of [`FailureCode::as_str`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "out_of_files",
            Self::SystemFiles => "out_of_files_in_system",
            Self::Ports => "out_of_local_ports",
            Self::Memory => "out_of_memory",
        }
    }
}

/// What TLS negotiated, and what the peer presented. Filled as far as the handshake got, also when verification failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsReport {
    /// The name that was asked for and verified against (SNI).
    pub server_name: String,
    /// `TLSv1.3`.
    pub version: Option<String>,
    /// `TLS13_AES_256_GCM_SHA384`.
    pub cipher: Option<String>,
    /// The application protocol the server selected; gRPC needs `h2`.
    pub alpn: Option<String>,
    /// The chain as presented, leaf first.
    pub chain: Vec<Certificate>,
    /// False when verification was switched off (`--insecure`), or was beyond the TLS library of this tool.
    pub verified: bool,
    /// Why the TLS library of this tool refuses the certificate, where other client stacks accept it and the handshake went
    /// on without verification.
    pub limit: Option<String>,
    /// The trusted certificate that the chain ends at, where it was given as a file.
    pub anchor: Option<Certificate>,
    /// Why it failed, as far as the remedy depends on it.
    pub fault: Option<TlsFault>,
}

/// One certificate, as far as a person on call needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Subject alternative names: `DNS:pay.example`, `IP:10.0.0.1`, `URI:spiffe://…`.
    pub names: Vec<String>,
    /// Start of validity, seconds since 1970 (UTC).
    pub not_before: i64,
    /// End of validity, seconds since 1970 (UTC).
    pub not_after: i64,
    /// What else client stacks look at.
    pub traits: CertificateTraits,
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

/// How an established connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnect {
    /// gRFC A94's word; the first cause wins.
    pub reason: DisconnectReason,
    /// Our own detail: `closed by peer`, `keepalive: no answer in 20s`.
    pub detail: String,
    /// The GOAWAY that came before the end, if one did.
    pub goaway: Option<GoAway>,
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reason, self.detail.as_str()) {
            (reason, "") => write!(f, "{reason}"),
            (DisconnectReason::Unknown, detail) => f.write_str(detail),
            (DisconnectReason::ProtocolViolation, detail) => {
                write!(f, "closed by us, because the server broke the rules of HTTP/2: {detail}")
            }
            (DisconnectReason::Flood, detail) => write!(f, "closed by us, because the server floods it: {detail}"),
            (DisconnectReason::OurLimit, detail) => write!(f, "closed by us: {detail}"),
            (reason, detail) => write!(f, "{reason} ({detail})"),
        }
    }
}

/// The words of gRFC A94, `grpc.disconnect_error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// `GOAWAY <ERROR_CODE>`.
    GoAway(u32),
    /// We closed it.
    SubchannelShutdown,
    /// ECONNRESET.
    ConnectionReset,
    /// ETIMEDOUT, or keepalive got no answer.
    ConnectionTimedOut,
    /// ECONNABORTED.
    ConnectionAborted,
    /// Any other socket error.
    SocketError,
    /// The peer broke a rule of HTTP/2, and we ended it. A94 has no word for it.
    ProtocolViolation,
    /// A limit of our own HTTP/2 library, and we ended it. A94 has no word for it.
    OurLimit,
    /// The peer floods the connection with small frames, and we ended it. A94 has no word for it.
    Flood,
    /// A plain end of the stream has no word in A94.
    Unknown,
}

impl Disconnect {
    /// True when it was us who ended it, because we did not need it any more.
    pub fn is_our_own(&self) -> bool {
        self.reason == DisconnectReason::SubchannelShutdown
    }

    /// True when we ended it because of what the peer sent.
    pub fn is_refusal(&self) -> bool {
        use DisconnectReason::{Flood, OurLimit, ProtocolViolation};
        matches!(self.reason, ProtocolViolation | OurLimit | Flood)
    }

    /// True when the peer gave no polite reason: no GOAWAY NO_ERROR came before the end.
    pub fn is_abrupt(&self) -> bool {
        self.goaway.as_ref().is_none_or(|goaway| goaway.code != 0)
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoAway(code) => write!(f, "GOAWAY {}", http2_error_name(*code)),
            Self::SubchannelShutdown => f.write_str("subchannel shutdown"),
            Self::ConnectionReset => f.write_str("connection reset"),
            Self::ConnectionTimedOut => f.write_str("connection timed out"),
            Self::ConnectionAborted => f.write_str("connection aborted"),
            Self::SocketError => f.write_str("socket error"),
            Self::Unknown | Self::ProtocolViolation | Self::OurLimit | Self::Flood => f.write_str("unknown"),
        }
    }
}

/// A GOAWAY frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoAway {
    /// The last stream the server will serve.
    pub last_stream: u32,
    /// The HTTP/2 error code.
    pub code: u32,
    /// Debug data, quoted: `max_age`, `too_many_pings`.
    pub debug: String,
}

impl GoAway {
    /// True when the server punishes pings that come too fast (gRFC A8).
    pub fn calms_pings(&self) -> bool {
        const ENHANCE_YOUR_CALM: u32 = 11;
        self.code == ENHANCE_YOUR_CALM && self.debug.contains("too_many_pings")
    }

    /// The rule by which the server ends connections (gRFC A9), where the debug data names one: grpc-go, grpc-java and gRPC
    /// core say `max_age` and `max_idle`, C-core also `connection idle`, with INTERNAL_ERROR.
    pub fn rotation(&self) -> Option<Rotation> {
        let debug = self.debug.to_ascii_lowercase().replace('_', " ");
        let says = |rules: &[&str]| rules.iter().any(|rule| debug.contains(rule));
        if says(&["max age", "max connection age"]) {
            Some(Rotation::Age)
        } else if says(&["max idle", "connection idle", "max connection idle"]) {
            Some(Rotation::Idle)
        } else {
            None
        }
    }

    /// True when the debug data names the rule by which servers end connections.
    pub fn names_rotation(&self) -> bool {
        self.rotation().is_some()
    }
}

/// A rule by which a server ends connections (gRFC A9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// `MAX_CONNECTION_AGE`: at a certain age, busy or not.
    Age,
    /// `MAX_CONNECTION_IDLE`: after a time without calls.
    Idle,
}

/// The name of an HTTP/2 error code (RFC 9113, section 7): `ENHANCE_YOUR_CALM`.
pub fn http2_error_name(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    match NAMES.get(code as usize) {
        Some(name) => (*name).to_string(),
        None => format!("0x{code:x}"),
    }
}

/// What `grpc.health.v1` answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// SERVING.
    Serving,
    /// NOT_SERVING.
    NotServing,
    /// UNKNOWN.
    Unknown,
    /// The server does not know the service: SERVICE_UNKNOWN in a Watch, NOT_FOUND otherwise (tonic answers NOT_FOUND
    /// to both).
    ServiceUnknown,
    /// The server has no health service: nothing is wrong, nothing is known.
    Unimplemented,
    /// The RPC failed.
    Failed {
        /// gRPC status code name: `UNAVAILABLE`.
        code: String,
        /// Its message.
        text: String,
        /// Who ended it.
        cause: RpcCause,
    },
}

impl Health {
    /// gRPC's word where there is one.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Failed { .. } => "FAILED",
        }
    }

    /// True when the call was refused for want of credentials: something alive answered, and health is not known.
    pub fn is_behind_authentication(&self) -> bool {
        match self {
            Self::Failed { code, cause, .. } => {
                let by_status = matches!(code.as_str(), "UNAUTHENTICATED" | "PERMISSION_DENIED") && cause.is_answer();
                by_status || matches!(cause, RpcCause::Http { status: 401 | 403, .. })
            }
            Self::Serving | Self::NotServing | Self::Unknown | Self::ServiceUnknown | Self::Unimplemented => false,
        }
    }

    /// Would a client with health checking (gRFC A17) send RPCs there?
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Serving | Self::Unimplemented)
    }
}

/// Everything one attempt to reach an address showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The stages that were passed, in order, each timed.
    pub phases: Vec<Phase>,
    /// How it ended: the health answer (with the time the RPC took), or the failure.
    pub outcome: Result<(Health, Duration), Failure>,
    /// When the answer was no: what the same server says about other names (the empty one is the whole server).
    pub others: Vec<(String, Health)>,
    /// The proxy that passed the response on, where its headers name one.
    pub proxy: Option<Arc<Proxy>>,
    /// GOAWAY that came beside the answer: the server ends the connection.
    pub goaway: Option<Disconnect>,
}

impl Reach {
    /// Time of all the stages together.
    pub fn total(&self) -> Duration {
        let last = match &self.outcome {
            Ok((_, took)) => *took,
            Err(failure) => failure.waited,
        };
        self.phases.iter().map(|phase| phase.took).sum::<Duration>() + last
    }
}

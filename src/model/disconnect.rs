//! How a connection was closed: the reason, and the server's GOAWAY.

use std::fmt;

use super::violation::{BrokenRule, Http2Rule};

/// How an established connection was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnect {
    /// The reason in the terms of gRFC A94; the first cause counts.
    pub reason: DisconnectReason,
    /// Our own detail: `closed by peer`, `keepalive: no response within 20.0s`.
    pub detail: String,
    /// The GOAWAY that arrived before the close, if any.
    pub goaway: Option<GoAway>,
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reason, self.detail.as_str()) {
            (reason, "") => write!(f, "{reason}"),
            (DisconnectReason::Unknown, detail) => f.write_str(detail),
            (DisconnectReason::ProtocolViolation(_), detail) => {
                write!(f, "closed by us, because the server violated HTTP/2: {detail}")
            }
            (DisconnectReason::Flood, detail) => {
                write!(f, "closed by us, because the server sent a flood of frames: {detail}")
            }
            (DisconnectReason::OurLimit, detail) => write!(f, "closed by us: {detail}"),
            (reason, detail) => write!(f, "{reason} ({detail})"),
        }
    }
}

/// The reasons of gRFC A94, `grpc.disconnect_error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// `GOAWAY <ERROR_CODE>`.
    GoAway(u32),
    /// We closed it.
    SubchannelShutdown,
    /// ECONNRESET.
    ConnectionReset,
    /// ETIMEDOUT, or a keepalive without a response.
    ConnectionTimedOut,
    /// ECONNABORTED.
    ConnectionAborted,
    /// Any other socket error.
    SocketError,
    /// The peer broke this rule of HTTP/2, and we closed the connection. A94 has no name for it.
    ProtocolViolation(Http2Rule),
    /// A limit of our own HTTP/2 library was exceeded, and we closed the connection. A94 has no name for it.
    OurLimit,
    /// The peer floods the connection with small frames, and we closed it. A94 has no name for it.
    Flood,
    /// A plain end of the stream: A94 has no name for it.
    Unknown,
}

impl Disconnect {
    /// True when we closed it because we no longer needed it.
    pub fn is_our_own(&self) -> bool {
        self.reason == DisconnectReason::SubchannelShutdown
    }

    /// True when we closed it because of what the peer sent.
    pub fn is_refusal(&self) -> bool {
        use DisconnectReason::{Flood, OurLimit, ProtocolViolation};
        matches!(self.reason, ProtocolViolation(_) | OurLimit | Flood)
    }

    /// The rule of HTTP/2 that the peer broke, when we closed the connection for that.
    pub fn broken_rule(&self) -> Option<BrokenRule> {
        match self.reason {
            DisconnectReason::ProtocolViolation(rule) => Some(BrokenRule { rule, text: self.detail.clone() }),
            _ => None,
        }
    }

    /// True when the peer announced no normal close: there was no GOAWAY NO_ERROR before it.
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
            Self::Unknown | Self::ProtocolViolation(_) | Self::OurLimit | Self::Flood => f.write_str("unknown"),
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

/// Why a server closes a connection, according to its debug data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parting {
    TooManyPings,
    Rotates(Rotation),
    ShutsDown,
}

/// What servers write into the debug data of GOAWAY: lower case, with spaces for underscores.
static DEBUG_DATA: [(&str, Parting); 12] = [
    // gRFC A8; grpc-go, grpc-java and C-core write `too_many_pings`.
    ("too many pings", Parting::TooManyPings),
    // gRFC A9; grpc-go, grpc-java and C-core write `max_age` and `max_idle`, C-core also `connection idle`.
    ("max age", Parting::Rotates(Rotation::Age)),
    ("max connection age", Parting::Rotates(Rotation::Age)),
    ("max idle", Parting::Rotates(Rotation::Idle)),
    ("max connection idle", Parting::Rotates(Rotation::Idle)),
    ("connection idle", Parting::Rotates(Rotation::Idle)),
    // grpc-go `graceful_stop`, C-core `Server shutdown`, and others. No specification defines these texts; this is
    // what they have in common.
    ("shut", Parting::ShutsDown),
    ("drain", Parting::ShutsDown),
    ("graceful", Parting::ShutsDown),
    ("terminat", Parting::ShutsDown),
    ("going away", Parting::ShutsDown),
    ("restart", Parting::ShutsDown),
];

impl GoAway {
    /// True when the server rejects pings that come too fast (gRFC A8).
    pub fn limits_pings(&self) -> bool {
        const ENHANCE_YOUR_CALM: u32 = 11;
        self.code == ENHANCE_YOUR_CALM && self.partings().any(|parting| parting == Parting::TooManyPings)
    }

    /// The rule by which the server closes connections (gRFC A9), where the debug data name one.
    pub fn rotation(&self) -> Option<Rotation> {
        self.partings().find_map(|parting| match parting {
            Parting::Rotates(rotation) => Some(rotation),
            Parting::TooManyPings | Parting::ShutsDown => None,
        })
    }

    /// True when the debug data name the rule by which servers close connections.
    pub fn names_rotation(&self) -> bool {
        self.rotation().is_some()
    }

    /// True when the debug data announce that the server shuts down.
    pub fn shuts_down(&self) -> bool {
        self.partings().any(|parting| parting == Parting::ShutsDown)
    }

    /// The reasons in the debug data, in the order of [`DEBUG_DATA`].
    fn partings(&self) -> impl Iterator<Item = Parting> {
        let debug = self.debug.to_ascii_lowercase().replace('_', " ");
        DEBUG_DATA.iter().filter(move |(words, _)| debug.contains(words)).map(|(_, parting)| *parting)
    }
}

/// A rule by which a server closes connections (gRFC A9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

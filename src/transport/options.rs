//! [`Options`]: how addresses are reached.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::secret::Secret;

/// How addresses are reached.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Plaintext, TLS, or detected per address.
    pub tls: TlsMode,
    /// Accept any certificate (`--insecure`).
    pub insecure: bool,
    /// PEM file with the trusted roots; the system's when `None`.
    pub cacert: Option<PathBuf>,
    /// PEM files: client certificate chain and key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name to verify the certificate against; `authority`'s host when `None`.
    pub server_name: Option<String>,
    /// `:authority`, and the host to verify: the target's name. The address itself when `None`.
    pub authority: Option<String>,
    /// All stages up to SETTINGS together: 20 s.
    pub connect_timeout: Duration,
    /// One health RPC: 5 s.
    pub rpc_timeout: Duration,
    /// HTTP/2 keepalive (gRFC A8); disabled when `None`.
    pub keepalive: Option<Keepalive>,
    /// Request metadata. Sent only after the connection is known to use TLS as requested.
    pub metadata: Vec<(String, Secret)>,
}

impl Default for Options {
    /// TLS detected per address, the system's roots, gRPC's 20 s to connect and 5 s for an RPC.
    fn default() -> Self {
        Options {
            tls: TlsMode::Auto,
            insecure: false,
            cacert: None,
            identity: None,
            server_name: None,
            authority: None,
            connect_timeout: Duration::from_secs(20),
            rpc_timeout: Duration::from_secs(5),
            keepalive: None,
            metadata: Vec::new(),
        }
    }
}

/// HTTP/2 keepalive (gRFC A8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// Ping when nothing was read for this long.
    pub time: Duration,
    /// Close the connection when the ping is not answered for this long: 20 s.
    pub timeout: Duration,
    /// Ping without RPCs in flight.
    pub without_calls: bool,
}

impl Keepalive {
    /// A ping when nothing was read for `time`, 20 s to answer it, and none without RPCs in flight.
    pub const fn every(time: Duration) -> Keepalive {
        Keepalive { time, timeout: Duration::from_secs(20), without_calls: false }
    }
}

/// Whether TLS is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TlsMode {
    /// Detect it per address, and report the result.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

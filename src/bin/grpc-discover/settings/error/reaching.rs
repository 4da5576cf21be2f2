//! Why the settings for reaching endpoints are not valid.

use std::io;
use std::time::Duration;

use grpc_discover::model::target::Target;
use grpc_discover::platform::file;
use grpc_discover::text::{escape, exact_duration};
use grpc_discover::transport::PemError;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Flags of TLS with `--plaintext`.
    #[error("--plaintext disables TLS: --cacert, --cert, --key and --servername cannot be used with it")]
    NoTls,
    /// `--plaintext --insecure`.
    #[error("{place}--plaintext disables TLS and --insecure uses TLS without verification; choose one of them")]
    PlaintextOrInsecure {
        /// The variable or key, with a colon; empty if both were typed.
        place: String,
    },
    /// `--tls on --plaintext`.
    #[error("{place}--plaintext is the same as --tls off; omit --plaintext or --tls")]
    PlaintextOrTls {
        /// As above.
        place: String,
    },
    /// `--tls off --insecure`.
    #[error("{place}--insecure uses TLS without verification and --tls off disables TLS; choose one of them")]
    OffOrInsecure {
        /// As above.
        place: String,
    },
    /// `--cert` without `--key`.
    #[error("{cert}: a client certificate needs its key; add --key FILE")]
    NoKey {
        /// The setting and the file that it names.
        cert: String,
    },
    /// `--key` without `--cert`.
    #[error("{key}: a key needs its certificate; add --cert FILE")]
    NoCertificate {
        /// The setting and the file that it names.
        key: String,
    },
    /// A file that cannot be used.
    #[error("failed to read {file}: {source}")]
    File {
        /// The setting and the file that it names.
        file: String,
        /// Why.
        source: PemError,
    },
}

/// Why keepalive cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum KeepaliveError {
    /// Its other flags without `--keepalive-time`.
    #[error("--keepalive-timeout and --keepalive-without-calls need --keepalive-time: without it no pings are sent")]
    NoTime,
    /// Pings so frequent that servers close the connection.
    #[error(
        "{place} {}: below 10s servers respond with GOAWAY too_many_pings (gRFC A8); write 10s or more, or add --keepalive-force",
        exact_duration(*time)
    )]
    TooFast {
        /// The flag, variable or key.
        place: String,
        /// The time between two pings.
        time: Duration,
    },
}

/// Why metadata cannot be sent. Contains no value.
#[derive(Debug, thiserror::Error)]
pub enum HeaderFlagError {
    /// The address of a target comes from a file that was only found.
    #[error(
        "{place}: metadata is not sent to {}: that address comes from {file}, which was found in the working directory, not named; if you trust it, pass --config {file}",
        escape(&target.to_string())
    )]
    Found {
        /// The flag, variable or key.
        place: String,
        /// The target.
        target: Target,
        /// The configuration file.
        file: String,
    },
    /// The file of `@FILE` cannot be read.
    #[error("failed to read {name}: {}", file::why(source))]
    Unreadable {
        /// The setting and the file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The value of the setting is not a valid header.
    #[error("{place}: {source}")]
    Header {
        /// The flag, variable or key.
        place: String,
        /// Why.
        source: HeaderError,
    },
    /// A line of the file is not a valid header.
    #[error("{name}: line {line}: {source}")]
    Line {
        /// The setting and the file.
        name: String,
        /// The line's number, from 1 on.
        line: usize,
        /// Why.
        source: HeaderError,
    },
}

/// Why a line is not a valid header. Contains nothing of it: the line may be in a file that is not a list of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The colon is missing.
    #[error("missing colon in a header; write 'name: value'")]
    NoColon,
    /// The name contains other characters.
    #[error("a header name may contain only letters, digits, '-', '_' and '.'; write 'name: value'")]
    Name,
    /// A name that gRPC sets.
    #[error("the header name is reserved for gRPC (grpc-*, te, content-type, host, connection)")]
    Reserved,
    /// A value that HTTP/2 cannot carry.
    #[error("the header value contains an invalid character")]
    Value,
}

//! How one address is reached: tcp, tls, http2 up to the server's SETTINGS, and grpc.health.v1 on top. Every stage is
//! timed and fails with its own cause.
//!
//! READY means that the server's SETTINGS frame was read, nothing less: the handshake of an HTTP/2 library completes
//! before the server has sent anything. A frame tap below it sees SETTINGS, GOAWAY and the end of the stream, and is
//! the kill switch that guarantees that a closed connection is closed. One future drives a connection and owns its
//! socket: no task is left behind.

mod answer;
mod attempt;
mod call;
mod clock;
mod connection;
mod dial;
mod dial_error;
mod ended_call;
mod establish;
mod files;
mod flood;
mod frames;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod grpc;
mod health;
mod hpack;
mod http2;
mod idle_check;
mod keepalive;
pub mod memory;
mod metadata;
mod mode;
mod offer;
mod options;
mod origin;
mod our_limit;
mod page;
mod progress;
mod refusal;
mod response;
mod rpc_failure;
mod rules;
mod setup;
mod socket_error;
mod tap;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
#[expect(clippy::module_inception, reason = "the type that the module is about")]
mod transport;
mod unix;
mod unreached;
mod wire;

pub use crate::net::dial::{Dial, Io, Sockets};
pub use crate::net::tls::pem::PemError;
pub use connection::Connection;
pub use files::{FileError, TlsFile, check_identity, check_roots};
pub use options::{Keepalive, Options, TlsMode};
pub use progress::Progress;
pub(crate) use rpc_failure::RpcFailure;
pub use transport::Transport;
pub use wire::ConnectionEvent;

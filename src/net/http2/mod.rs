//! gRPC over HTTP/2, used for both endpoints and registries: a connection of the `h2` crate, requests with the
//! headers that gRPC's own clients send, and responses read message by message.
//!
//! A call has three steps, so that a caller can inspect each: [`Client::start`] passes the request to the connection,
//! [`Started::response`] waits for the head of the response, and [`Response::messages`] reads the rest. Nothing is
//! sent or received unless the connection is polled, and nothing here spawns a task.

mod client;
mod error;
mod framing;
mod messages;
pub(crate) mod request;
pub(crate) mod status;

pub(crate) use client::{Announced, Client, Origin, handshake};
pub(crate) use error::{CallError, code_of_http};
#[cfg(feature = "fuzzing")]
pub(crate) use framing::Framing;
pub(crate) use framing::{LONGEST, may_start, prefixed};
pub(crate) use messages::Messages;

/// Our `user-agent`.
pub(crate) const AGENT: http::HeaderValue =
    http::HeaderValue::from_static(concat!("grpc-discover/", env!("CARGO_PKG_VERSION")));

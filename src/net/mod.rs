//! The transport to a peer, the same for endpoints and registries: dialing, TLS with one verifier, HTTP/1, HTTP/2,
//! and descriptions of failures.

pub(crate) mod dial;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
#[cfg(feature = "networked")]
pub(crate) mod http1;
pub(crate) mod http2;
mod io_text;
#[cfg(feature = "networked")]
pub(crate) mod named;
pub(crate) mod tls;

pub(crate) use io_text::io_text;

//! [`NamedSockets`]: sockets to registries, whose hosts may be names.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::dial::{Dial, Io, Sockets, boxed, tcp};
use super::io_text;
use crate::model::endpoint::Address;

/// Sockets to registries: like [`Sockets`], with name lookup and the kernel's keepalive ([`connect`]).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NamedSockets;

impl Dial for NamedSockets {
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        match address {
            Address::Name { host, port } => {
                let (host, port) = (host.clone(), *port);
                boxed(async move { connect(&host, port).await })
            }
            other => Sockets.dial(other),
        }
    }
}

/// Why connecting to a host failed, below the [`io::Error`] of [`connect`]; its kind is that of the cause.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The name could not be looked up.
    #[error("failed to look up {host:?}: {}", io_text(source))]
    Lookup {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The lookup succeeded without an address.
    #[error("the name {host:?} has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// None of the name's addresses accepted a connection; this is the last one.
    #[error("failed to connect to {address}: {}", io_text(source))]
    Connect {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl From<ConnectError> for io::Error {
    fn from(error: ConnectError) -> Self {
        let kind = match &error {
            ConnectError::Lookup { source, .. } | ConnectError::Connect { source, .. } => source.kind(),
            ConnectError::NoAddress { .. } => io::ErrorKind::NotFound,
        };
        io::Error::new(kind, error)
    }
}

/// Connects to the first address of `host` (a name or an IP address) that accepts. No time limit of its own. For an
/// IP address the error is the kernel's, for a name a [`ConnectError`].
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|source| ConnectError::Lookup { host: host.to_string(), source })?;
    let mut failed = None;
    for address in found {
        let connected = tcp(address).await;
        if let Err(error) = &connected {
            tracing::debug!(host, %address, %error, "connect failed");
        }
        match connected {
            Ok(stream) => {
                tracing::debug!(host, %address, "connected");
                keep_alive(&stream);
                return Ok(stream);
            }
            Err(error) if address.ip().to_string() == host => failed = Some(error),
            Err(source) => failed = Some(ConnectError::Connect { address, source }.into()),
        }
    }
    Err(failed.unwrap_or_else(|| ConnectError::NoAddress { host: host.to_string() }.into()))
}

/// The kernel closes the connection to a peer that does not respond for half a minute: a pulled cable sends no FIN. A
/// kernel without this option leaves that to the time limits.
fn keep_alive(stream: &TcpStream) {
    let probes = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    let _ = SockRef::from(stream).set_tcp_keepalive(&probes);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failed(host: &str) -> io::Error {
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        connect(host, port).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_error_of_a_name_shows_which_address_refused_and_keeps_the_kernels_own() {
        let error = failed("127.0.0.1").await;
        assert_eq!((error.kind(), io_text(&error).as_str()), (io::ErrorKind::ConnectionRefused, "connection refused"));
        assert!(error.raw_os_error().is_some());

        let error = failed("localhost").await;
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let text = io_text(&error);
        assert!(text.starts_with("failed to connect to ") && text.ends_with(": connection refused"), "{text}");
        let cause =
            error.get_ref().and_then(|below| below.source()).and_then(|cause| cause.downcast_ref::<io::Error>());
        assert_eq!(cause.map(io::Error::kind), Some(io::ErrorKind::ConnectionRefused));
    }
}

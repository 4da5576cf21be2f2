//! How one address is reached: tcp, tls, http2 up to the server's SETTINGS, and grpc.health.v1 on top. Every stage is
//! timed and fails with its own cause.
//!
//! READY means that the server's SETTINGS frame was read, nothing less: hyper's handshake is done before the server has
//! said a word. A frame tap below hyper sees SETTINGS, GOAWAY and the end of the stream; a kill switch below that makes
//! "close" mean closed.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::model::endpoint::Address;
use crate::model::reach::{Disconnect, Failure, Health, Phase, Reach};

/// A byte stream to a peer.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How a byte stream to an address is had: sockets in production, in-memory pipes in tests.
pub trait Dial: Send + Sync {
    /// Connects to `address` (never a [`Address::Name`]: names are resolved before). No time limit of its own.
    fn dial(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>>;
}

/// How addresses are reached.
#[derive(Clone)]
pub struct Options {
    /// Plaintext, TLS, or find out per address.
    pub tls: TlsMode,
    /// Accept any certificate (`--insecure`).
    pub insecure: bool,
    /// PEM file with the trusted roots; the system's when `None`.
    pub cacert: Option<std::path::PathBuf>,
    /// PEM files: client certificate chain and key.
    pub identity: Option<(std::path::PathBuf, std::path::PathBuf)>,
    /// The name to verify the certificate against; `authority`'s host when `None`.
    pub server_name: Option<String>,
    /// `:authority`, and the host to verify: the target's name. The address itself when `None`.
    pub authority: Option<String>,
    /// All stages up to SETTINGS together: 20 s.
    pub connect_timeout: Duration,
    /// One health RPC: 5 s.
    pub rpc_timeout: Duration,
    /// HTTP/2 keepalive (gRFC A8); off when `None`.
    pub keepalive: Option<Keepalive>,
    /// Request metadata. Sent only after TLS is known to be what was asked for.
    pub metadata: Vec<(String, crate::model::secret::Secret)>,
}

/// HTTP/2 keepalive (gRFC A8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// Ping when nothing was read for this long.
    pub time: Duration,
    /// Give the peer up when the ping is not answered for this long: 20 s.
    pub timeout: Duration,
    /// Ping without RPCs in flight.
    pub without_calls: bool,
}

/// Whether TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TlsMode {
    /// Find out per address, and say what was found.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Reaches addresses, always in the same way. Cheap to clone; roots and certificates are read at the first use of TLS.
#[derive(Clone)]
pub struct Transport {
    _inner: Arc<()>,
}

impl Transport {
    /// A transport that dials with `dial`. Nothing is read or contacted yet.
    pub fn new(_options: Options, _dial: Arc<dyn Dial>) -> Self {
        todo!()
    }

    /// Connects to `address` up to the server's SETTINGS, within the connect timeout. `report` is told of every stage
    /// that was passed as soon as it was.
    pub fn connect(
        &self,
        _address: Address,
        _report: impl FnMut(Phase) + Send + 'static,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send + 'static {
        async { todo!() }
    }

    /// Connects, asks `grpc.health.v1.Health/Check` for `service`, closes: everything that one look shows.
    pub fn reach(&self, _address: Address, _service: Arc<str>) -> impl Future<Output = Reach> + Send + 'static {
        async { todo!() }
    }
}

/// An established connection: the server's SETTINGS were read. Dropping it closes the socket at once.
pub struct Connection {
    _private: (),
}

/// What an established connection does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// GOAWAY: no new streams; the end follows.
    GoingAway(Disconnect),
    /// The connection ended. The last event.
    Lost(Disconnect),
}

impl Connection {
    /// One `Health/Check`: the answer and how long it took. A connection that dies meanwhile is an answer too
    /// ([`Health::Failed`]). The future is independent of `self`: the connection can be waited on at the same time.
    pub fn check(&self, _service: Arc<str>) -> impl Future<Output = (Health, Duration)> + Send + 'static {
        async { todo!() }
    }

    /// `Health/Watch`: every status the server sends; ends with the RPC ([`Health::Unimplemented`],
    /// [`Health::ServiceUnknown`] for NOT_FOUND, or [`Health::Failed`] come last). Dropping it cancels the RPC.
    pub fn watch(&self, _service: Arc<str>) -> impl futures_util::Stream<Item = Health> + Send + Unpin + 'static {
        futures_util::stream::empty()
    }

    /// Waits for the next thing the connection does by itself. Cancel safe.
    pub async fn event(&mut self) -> ConnectionEvent {
        todo!()
    }

    /// GOAWAY, then the socket is closed, whatever is in flight.
    pub async fn close(self) {
        todo!()
    }
}

/// Sockets.
pub struct Sockets;

impl Dial for Sockets {
    fn dial(&self, _address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        todo!()
    }
}

//! How one address is reached: tcp, tls, http2 up to the server's SETTINGS, and grpc.health.v1 on top. Every stage is
//! timed and fails with its own cause.
//!
//! READY means that the server's SETTINGS frame was read, nothing less: the handshake of an HTTP/2 library is done before
//! the server has said a word. A frame tap below it sees SETTINGS, GOAWAY and the end of the stream, and is the kill switch
//! that makes "close" mean closed. One future drives a connection and owns its socket: no task is left behind.

mod answer;
mod attempt;
mod call;
mod files;
mod flood;
mod frames;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod grpc;
mod health;
mod hold;
mod hpack;
mod http2;
pub mod memory;
mod message;
mod offer;
mod page;
mod progress;
mod request;
mod response;
mod rules;
mod status;
mod tap;
mod tcp;
#[cfg(target_os = "linux")]
mod tcp_info;
#[cfg(test)]
mod tests;
mod tls;
mod unix;
mod wire;

pub use crate::net::dial::{Dial, Io, Sockets};
pub use crate::net::tls::pem::PemError;
pub use files::{FileError, TlsFile, check_identity, check_roots, unreadable};
pub use grpc::{Grpc, ResponseBody};
pub use progress::Progress;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use http::HeaderMap;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use self::attempt::{Established, Mode};
use self::tls::Tls;
use self::wire::Wire;
use crate::model::endpoint::Address;
use crate::model::hold::Held;
use crate::model::reach::{Disconnect, Failure, Health, Phase, PhaseDetail, Reach, Stage};
use crate::model::rpc::Proxy;

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

impl Default for Options {
    /// TLS found out per address, the system's roots, gRPC's 20 s to connect and 5 s for an RPC.
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

/// What `close` may take at most.
const CLOSING: Duration = Duration::from_secs(1);
/// For so many addresses the mode that was found out is remembered.
const MODES_KEPT: usize = 4096;

/// Reaches addresses, always in the same way. Cheap to clone; roots and certificates are read at the first use of TLS.
#[derive(Clone)]
pub struct Transport {
    inner: Arc<Inner>,
    progress: Progress,
}

struct Inner {
    options: Options,
    dial: Arc<dyn Dial>,
    metadata: Arc<Result<HeaderMap, String>>,
    tls: OnceCell<Result<Tls, String>>,
    /// Where [`TlsMode::Auto`] guessed wrong at first: the right mode.
    modes: Mutex<HashMap<Address, Mode>>,
}

impl Inner {
    /// What TLS needs. Its files, the system's roots among them, are read once, and not on the thread of the connections.
    async fn tls(&self) -> Result<&Tls, String> {
        let loaded = self.tls.get_or_init(|| async {
            let options = self.options.clone();
            let loading = tokio::task::spawn_blocking(move || Tls::load(&options));
            loading.await.unwrap_or_else(|error| Err(format!("TLS cannot be set up: {error}")))
        });
        loaded.await.as_ref().map_err(Clone::clone)
    }

    fn known_mode(&self, address: &Address) -> Option<Mode> {
        self.modes.lock().unwrap_or_else(PoisonError::into_inner).get(address).copied()
    }

    fn learn_mode(&self, address: &Address, mode: Mode) {
        let mut modes = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        if modes.len() >= MODES_KEPT {
            // Found out again where it is still wanted.
            modes.clear();
        }
        modes.insert(address.clone(), mode);
    }
}

impl Transport {
    /// A transport that dials with `dial`. Nothing is read or contacted yet.
    pub fn new(options: Options, dial: Arc<dyn Dial>) -> Self {
        let metadata = Arc::new(grpc::metadata(&options.metadata));
        let inner = Inner { options, dial, metadata, tls: OnceCell::new(), modes: Mutex::default() };
        Transport { inner: Arc::new(inner), progress: Progress::default() }
    }

    /// The same transport, whose next attempt can be read in `progress` while it runs.
    pub fn noting(&self, progress: &Progress) -> Transport {
        Transport { inner: self.inner.clone(), progress: progress.clone() }
    }

    /// Connects to `address` up to the server's SETTINGS, within the connect timeout. `report` is told of every stage
    /// that was passed as soon as it was; with [`TlsMode::Auto`] as soon as the mode is known, and only of the stages in
    /// that mode.
    ///
    /// Must be polled inside a tokio runtime, on which one task is left to drive the connection.
    pub fn connect(
        &self,
        address: Address,
        report: impl FnMut(Phase) + Send + 'static,
    ) -> impl Future<Output = Result<Connection, Failure>> + Send + 'static {
        let (inner, progress) = (self.inner.clone(), self.progress.clone());
        async move {
            let Established { driver, grpc, wire, .. } =
                attempt::establish(&inner, &address, None, &progress, report).await?;
            let task = tokio::spawn(driver);
            Ok(Connection { grpc, wire, task, rpc_timeout: inner.options.rpc_timeout })
        }
    }

    /// Connects to `address`, calls `Health/Check` for `service` once, leaves the connection idle for `silence`, then sends an
    /// HTTP/2 PING: its answer is waited for as long as an RPC, or shorter when the kernel reports the end. The call matters:
    /// servers and proxies count idle time from the last call, and have another limit for connections without one. What the
    /// protocol demands is answered meanwhile, and reported as an interruption.
    pub fn hold(
        &self,
        address: Address,
        service: Arc<str>,
        silence: Duration,
    ) -> impl Future<Output = Held> + Send + 'static {
        let inner = self.inner.clone();
        async move {
            // On the heap, and gone before the silence: an attempt is much larger than the connection it leaves.
            let begun = hold::begin(&inner, &address, &service).boxed().await;
            drop(service);
            match begun {
                Ok(silent) => silent.keep(silence, inner.options.rpc_timeout).await,
                Err(failure) => hold::not_reached(failure),
            }
        }
    }

    /// Connects, asks `grpc.health.v1.Health/Check` for `service`, closes: everything that one look shows. One task, and
    /// as few packets as the protocol allows. Where the answer is no, it asks what else the server knows.
    pub fn reach(&self, address: Address, service: Arc<str>) -> impl Future<Output = Reach> + Send + 'static {
        let (inner, progress) = (self.inner.clone(), self.progress.clone());
        async move {
            let mut phases = Vec::with_capacity(3);
            let limit = inner.options.rpc_timeout;
            let ask = |grpc: Grpc| -> attempt::Answering { Box::pin(health::check(grpc, service.clone(), limit)) };
            let note = |phase| phases.push(phase);
            let established = attempt::establish(&inner, &address, Some(&ask), &progress, note).await;
            let Established { mut driver, grpc, wire, answering } = match established {
                Ok(established) => established,
                Err(failure) => {
                    return Reach { phases, outcome: Err(failure), others: Vec::new(), proxy: None, goaway: None };
                }
            };
            progress.enter(Stage::Health);
            let asked = async {
                let answer = answering.unwrap_or_else(|| ask(grpc.clone())).await;
                let others = match answer.0 {
                    Health::NotServing | Health::Unknown | Health::ServiceUnknown => {
                        // Boxed, as every rare stage is: each probe's task has room for the largest.
                        Box::pin(health::others(grpc, &service, limit)).await
                    }
                    Health::Serving | Health::Unimplemented | Health::Failed { .. } => Vec::new(),
                };
                (answer, others)
            };
            let (answer, others) = attempt::drive(&mut driver, asked).await;
            let learned = wire.take_learned().into_iter();
            phases.extend(learned.map(|detail| Phase { stage: Stage::Health, took: Duration::ZERO, detail }));
            let goaway = wire.goaway().map(|goaway| wire::said_goaway(&goaway));
            wire.kill();
            // One poll says GOAWAY, if the socket takes it; dropping the driver closes the socket.
            poll_fn(|cx| {
                let _ = Pin::new(&mut driver).poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
            Reach { phases, outcome: Ok(answer), others, proxy: wire.proxy(), goaway }
        }
    }
}

/// An established connection: the server's SETTINGS were read. Dropping it closes the socket at once.
pub struct Connection {
    grpc: Grpc,
    wire: Arc<Wire>,
    /// Drives the connection, owns the socket.
    task: JoinHandle<()>,
    rpc_timeout: Duration,
}

/// What an established connection does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// Something was learned of the server after it was READY.
    Learned(PhaseDetail),
    /// GOAWAY: no new streams; the end follows.
    GoingAway(Disconnect),
    /// The connection ended. The last event.
    Lost(Disconnect),
}

impl Connection {
    /// One `Health/Check`: the answer and how long it took. A connection that dies meanwhile is an answer too
    /// ([`Health::Failed`]). The future is independent of `self`: the connection can be waited on at the same time.
    pub fn check(&self, service: Arc<str>) -> impl Future<Output = (Health, Duration)> + Send + 'static {
        health::check(self.grpc.clone(), service, self.rpc_timeout)
    }

    /// `Health/Watch`: every status the server sends; ends with the RPC ([`Health::Unimplemented`],
    /// [`Health::ServiceUnknown`] for NOT_FOUND, or [`Health::Failed`] come last). Dropping it cancels the RPC.
    pub fn watch(&self, service: Arc<str>) -> impl futures_util::Stream<Item = Health> + Send + Unpin + 'static {
        health::watch(self.grpc.clone(), service)
    }

    /// The proxy that the headers of the last response named, if they named one.
    pub fn proxy(&self) -> Option<Arc<Proxy>> {
        self.wire.proxy()
    }

    /// The connection for a generated gRPC client.
    pub fn grpc(&self) -> Grpc {
        self.grpc.clone()
    }

    /// Waits for the next thing the connection does by itself. Cancel safe. After [`ConnectionEvent::Lost`] it is told
    /// again.
    pub async fn event(&mut self) -> ConnectionEvent {
        poll_fn(|cx| self.wire.poll_event(cx)).await
    }

    /// GOAWAY, then the socket is closed, whatever is in flight. Takes one second at most.
    pub async fn close(mut self) {
        self.wire.kill();
        self.wire.driver.wake();
        // However the task ended, or did not: it is gone after the drop.
        let _ = tokio::time::timeout(CLOSING, &mut self.task).await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.wire.kill();
        self.task.abort();
    }
}

//! What was sent and received on one connection, shared by the tap that reads and writes it, the driver, the RPCs and
//! the code that waits for the connection's events. The first cause of an end counts.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::task::AtomicWaker;
use tokio::time::Instant;
use tokio_rustls::rustls;

use super::frames::{self, Frame};
use super::rules::Rules;
use super::socket_error;
use crate::model::proxy::Proxy;
use crate::model::reach::{Disconnect, DisconnectReason, FailureCode, FirstBytes, GoAway, PeerSettings, PhaseDetail};

/// What happens to an established connection by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// New information about the server after the connection was READY.
    Learned(PhaseDetail),
    /// GOAWAY: no new streams; the end follows.
    GoingAway(Disconnect),
    /// The connection was closed. The last event.
    Lost(Disconnect),
}

/// The first frame or bytes of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum First {
    /// SETTINGS, as required.
    Settings(PeerSettings),
    /// Anything else, with the sentence about it.
    Unexpected(FailureCode, String),
}

/// How the byte stream ended, worded for both its uses: a connection that was lost, and an attempt that failed.
#[derive(Debug, Clone)]
pub(super) struct StreamEnd {
    pub disconnect: Disconnect,
    pub code: FailureCode,
    /// The TLS alert or error behind it.
    pub tls: Option<rustls::Error>,
    /// The protocol of the peer's first bytes, when its first frame was not complete.
    pub first_bytes: Option<FirstBytes>,
}

#[derive(Debug)]
struct State {
    first: Option<First>,
    goaway: Option<Box<GoAway>>,
    end: Option<Box<StreamEnd>>,
    proxy: Option<Arc<Proxy>>,
    goaway_reported: bool,
    /// The server's SETTINGS, all of them together.
    settings: PeerSettings,
    /// New information about the server that was not reported yet: the last of each kind.
    learned: Vec<PhaseDetail>,
    /// Counts reads, so that a read at the same moment as a ping is not mistaken for one before it.
    reads: u64,
    last_read: Instant,
    listener: Option<Waker>,
    acknowledged: Acknowledged,
}

/// Whether TCP at the other end has acknowledged everything that was sent. Only the owner of the socket can read
/// this.
#[derive(Debug)]
enum Acknowledged {
    NotWanted,
    Wanted(Waker),
    Known(Option<bool>),
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Wire {
    state: Mutex<State>,
    rules: Mutex<Rules>,
    /// Wakes the driver.
    pub driver: AtomicWaker,
    /// RPCs in flight.
    pub streams: AtomicUsize,
    killed: AtomicBool,
    wants_acknowledged: AtomicBool,
    deferred: Deferred,
    is_deferring: AtomicBool,
}

/// What waits for the first request, to be sent in one piece with it ([`Wire::release`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deferred {
    /// Nothing.
    Nothing,
    /// The acknowledgement of the server's SETTINGS: it is sent with the request.
    Acknowledgement,
    /// Everything: the request is sent with the preface, before the server has sent anything. The acknowledgement of
    /// its SETTINGS then waits for the next write.
    Preface,
}

impl Wire {
    /// A wire without traffic.
    pub fn new(deferred: Deferred) -> Self {
        Wire {
            deferred,
            rules: Mutex::default(),
            state: Mutex::new(State {
                first: None,
                goaway: None,
                end: None,
                proxy: None,
                goaway_reported: false,
                settings: PeerSettings::default(),
                learned: Vec::new(),
                reads: 0,
                last_read: Instant::now(),
                listener: None,
                acknowledged: Acknowledged::NotWanted,
            }),
            driver: AtomicWaker::new(),
            streams: AtomicUsize::new(0),
            killed: AtomicBool::new(false),
            wants_acknowledged: AtomicBool::new(false),
            is_deferring: AtomicBool::new(deferred == Deferred::Preface),
        }
    }

    /// A panic leaves no state in here half changed, so a poisoned lock is usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules of RFC 9113, applied to the traffic of the connection.
    pub fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends reads and writes: the tap sends GOAWAY if it can, and then behaves as if the connection were closed.
    /// Takes effect when the driver is polled next; does not wake it.
    pub fn kill(&self) {
        self.end(StreamEnd {
            disconnect: disconnect(DisconnectReason::SubchannelShutdown, "closed by us"),
            code: FailureCode::Closed,
            tls: None,
            first_bytes: None,
        });
        self.killed.store(true, Ordering::Release);
    }

    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Sends what was held back, in one piece with what was written meanwhile, when the driver is polled next. Does
    /// not wake it: only a single probe holds anything back, and it polls its driver itself.
    pub fn release(&self) {
        self.is_deferring.store(false, Ordering::Release);
    }

    pub fn is_deferred(&self) -> bool {
        self.is_deferring.load(Ordering::Acquire)
    }

    /// Records a read.
    pub fn was_read(&self, now: Instant) {
        let mut state = self.state();
        state.reads += 1;
        state.last_read = now;
    }

    /// The number of reads, and the time of the last one (at first: the start of the connection).
    pub fn last_read(&self) -> (u64, Instant) {
        let state = self.state();
        (state.reads, state.last_read)
    }

    /// Whether TCP at the other end has acknowledged everything that was sent; `None` where the system does not
    /// report it. Wakes the driver, and is ready once the driver was polled.
    pub fn poll_acknowledged(&self, cx: &mut Context<'_>) -> Poll<Option<bool>> {
        let mut state = self.state();
        if let Acknowledged::Known(acknowledged) = state.acknowledged {
            state.acknowledged = Acknowledged::NotWanted;
            return Poll::Ready(acknowledged);
        }
        state.acknowledged = Acknowledged::Wanted(cx.waker().clone());
        drop(state);
        self.wants_acknowledged.store(true, Ordering::Release);
        self.driver.wake();
        Poll::Pending
    }

    /// True when [`Wire::set_acknowledged`] is due.
    pub fn wants_acknowledged(&self) -> bool {
        self.wants_acknowledged.load(Ordering::Acquire)
    }

    /// Sets what the socket's owner has read.
    pub fn set_acknowledged(&self, acknowledged: Option<bool>) {
        self.wants_acknowledged.store(false, Ordering::Release);
        let known = std::mem::replace(&mut self.state().acknowledged, Acknowledged::Known(acknowledged));
        if let Acknowledged::Wanted(waker) = known {
            waker.wake();
        }
    }

    pub fn first(&self) -> Option<First> {
        self.state().first.clone()
    }

    /// Sets the peer's first frame; later calls change nothing.
    pub fn set_first(&self, first: First) {
        if self.deferred != Deferred::Nothing && matches!(first, First::Settings(_)) {
            self.is_deferring.store(true, Ordering::Release);
        }
        let mut state = self.state();
        if let (None, First::Settings(settings)) = (&state.first, &first) {
            state.settings = *settings;
        }
        state.first.get_or_insert(first);
    }

    /// The server's SETTINGS with their current values.
    pub fn settings(&self) -> PeerSettings {
        self.state().settings
    }

    /// Applies SETTINGS that arrived after the first: changes are reported.
    pub fn set_later_settings(&self, payload: &[u8]) {
        let mut settings = self.settings();
        frames::update(&mut settings, payload);
        if std::mem::replace(&mut self.state().settings, settings) != settings {
            self.learn(PhaseDetail::LaterSettings(settings));
        }
    }

    /// Records new information about the server. Of each kind, only the last is reported.
    pub fn learn(&self, detail: PhaseDetail) {
        let listener = {
            let mut state = self.state();
            let kind = std::mem::discriminant(&detail);
            state.learned.retain(|known| std::mem::discriminant(known) != kind);
            state.learned.push(detail);
            state.listener.take()
        };
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// Takes the information that was not reported yet.
    pub fn take_learned(&self) -> Vec<PhaseDetail> {
        std::mem::take(&mut self.state().learned)
    }

    pub fn goaway(&self) -> Option<GoAway> {
        self.state().goaway.as_deref().cloned()
    }

    /// Records a GOAWAY; a second one (a graceful shutdown sends two) changes nothing.
    pub fn set_goaway(&self, goaway: GoAway) {
        let listener = {
            let mut state = self.state();
            if state.goaway.is_some() || state.end.is_some() {
                return;
            }
            state.goaway = Some(Box::new(goaway));
            state.listener.take()
        };
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// The proxy that the headers of the last response named.
    pub fn proxy(&self) -> Option<Arc<Proxy>> {
        self.state().proxy.clone()
    }

    /// Records the proxy that the headers of a response named.
    pub fn set_proxy(&self, proxy: Option<Proxy>) {
        let mut state = self.state();
        if state.proxy.as_deref() != proxy.as_ref() {
            state.proxy = proxy.map(Arc::new);
        }
    }

    pub fn ended(&self) -> Option<StreamEnd> {
        self.state().end.as_deref().cloned()
    }

    /// Records the end of the connection. The first cause counts: after a GOAWAY, the GOAWAY is the reason, whatever
    /// closed the stream.
    pub fn end(&self, mut end: StreamEnd) {
        let listener = {
            let mut state = self.state();
            if state.end.is_some() {
                return;
            }
            if let Some(goaway) = state.goaway.as_deref() {
                end.disconnect = goaway_disconnect(goaway);
            }
            state.end = Some(Box::new(end));
            state.listener.take()
        };
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// Records the end of the stream: in the middle of a frame, if one had started.
    pub fn end_of_stream(&self, started: Option<Frame<'_>>, first_bytes: Option<FirstBytes>) {
        let mut end = StreamEnd { first_bytes, ..closed() };
        if let Some(frame) = started {
            let (name, length) = (frames::name(frame.kind), frame.length);
            end.disconnect
                .detail
                .push_str(&format!(" inside a {name} frame of {length} bytes on stream {}", frame.stream));
        }
        self.end(end);
    }

    /// Records that reading or writing failed.
    pub fn broke(&self, error: &io::Error, first_bytes: Option<FirstBytes>) {
        self.end(StreamEnd { first_bytes, ..broken(error) });
    }

    /// The next event. After the last one, it is returned again.
    pub fn poll_event(&self, cx: &mut Context<'_>) -> Poll<ConnectionEvent> {
        let mut state = self.state();
        if !state.learned.is_empty() {
            return Poll::Ready(ConnectionEvent::Learned(state.learned.remove(0)));
        }
        if !state.goaway_reported
            && let Some(goaway) = state.goaway.as_deref()
        {
            let event = ConnectionEvent::GoingAway(goaway_disconnect(goaway));
            state.goaway_reported = true;
            return Poll::Ready(event);
        }
        if let Some(end) = state.end.as_deref() {
            return Poll::Ready(ConnectionEvent::Lost(end.disconnect.clone()));
        }
        match &mut state.listener {
            Some(known) if known.will_wake(cx.waker()) => {}
            listener => *listener = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

/// The end of a stream that the peer closed.
pub(super) fn closed() -> StreamEnd {
    let disconnect = disconnect(DisconnectReason::Unknown, "closed by peer");
    StreamEnd { disconnect, code: FailureCode::Closed, tls: None, first_bytes: None }
}

/// The end of a stream that failed with `error`.
pub(super) fn broken(error: &io::Error) -> StreamEnd {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).cloned();
    let (code, text) = socket_error::classify(error);
    let disconnect = match error.kind() {
        io::ErrorKind::ConnectionReset => disconnect(DisconnectReason::ConnectionReset, ""),
        io::ErrorKind::ConnectionAborted => disconnect(DisconnectReason::ConnectionAborted, ""),
        io::ErrorKind::TimedOut => disconnect(DisconnectReason::ConnectionTimedOut, ""),
        io::ErrorKind::UnexpectedEof => {
            disconnect(DisconnectReason::Unknown, "closed by peer without TLS close_notify")
        }
        io::ErrorKind::BrokenPipe => disconnect(DisconnectReason::Unknown, "closed by peer"),
        _ => disconnect(DisconnectReason::SocketError, &text),
    };
    StreamEnd { disconnect, code, tls, first_bytes: None }
}

/// The end of a connection that the peer flooded with small frames: we close it.
pub(super) fn flooded(what: String) -> StreamEnd {
    let disconnect = Disconnect { reason: DisconnectReason::Flood, detail: what, goaway: None };
    StreamEnd { disconnect, code: FailureCode::Flood, tls: None, first_bytes: None }
}

pub(super) fn disconnect(reason: DisconnectReason, detail: &str) -> Disconnect {
    Disconnect { reason, detail: detail.to_string(), goaway: None }
}

/// The end of a connection on which the server sent GOAWAY.
pub(super) fn goaway_disconnect(goaway: &GoAway) -> Disconnect {
    Disconnect {
        reason: DisconnectReason::GoAway(goaway.code),
        detail: goaway.debug.clone(),
        goaway: Some(goaway.clone()),
    }
}

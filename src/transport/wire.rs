//! What went over the wire of one connection, shared by the tap that sees it, the driver, the RPCs and whoever waits
//! for the connection's events. The first cause of an end wins.

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
use crate::model::reach::{Disconnect, DisconnectReason, FailureCode, GoAway, PeerSettings, PhaseDetail, Spoken};

/// What an established connection does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// Something was learned of the server after it was READY.
    Learned(PhaseDetail),
    /// GOAWAY: no new streams; the end follows.
    GoingAway(Disconnect),
    /// The connection ended. The last event.
    Lost(Disconnect),
}

/// The first thing a peer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum First {
    /// SETTINGS, as it must be.
    Settings(PeerSettings),
    /// Anything else, with the sentence about it.
    Unexpected(FailureCode, String),
}

/// How the byte stream ended, in the words of both its uses: a connection that was lost, and an attempt that failed.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub disconnect: Disconnect,
    pub code: FailureCode,
    /// The TLS alert or error behind it.
    pub tls: Option<rustls::Error>,
    /// What the peer's first bytes were, when its first frame had not come.
    pub spoken: Option<Spoken>,
}

#[derive(Debug)]
struct State {
    first: Option<First>,
    goaway: Option<Box<GoAway>>,
    end: Option<Box<End>>,
    proxy: Option<Arc<Proxy>>,
    told_goaway: bool,
    /// The server's SETTINGS, all of them together.
    settings: PeerSettings,
    /// What was learned of the server since, and not told yet: the last of each kind.
    learned: Vec<PhaseDetail>,
    /// Counts reads, so that a read in the very moment of a ping is not mistaken for one before it.
    reads: u64,
    last_read: Instant,
    listener: Option<Waker>,
    acknowledged: Acknowledged,
}

/// Whether TCP at the other end has acknowledged all that was sent, which only the owner of the socket can read.
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
    hold: Hold,
    held: AtomicBool,
}

/// What waits for the first request, to leave in one piece with it ([`Wire::release`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing.
    Nothing,
    /// The acknowledgement of the server's SETTINGS: it goes out with the request.
    Acknowledgement,
    /// Everything: the request goes out with the preface, before the server has said a word. The acknowledgement of its
    /// SETTINGS waits again, for the next thing that is sent.
    Preface,
}

impl Wire {
    /// A wire on which nothing was said.
    pub fn new(hold: Hold) -> Self {
        Wire {
            hold,
            rules: Mutex::default(),
            state: Mutex::new(State {
                first: None,
                goaway: None,
                end: None,
                proxy: None,
                told_goaway: false,
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
            held: AtomicBool::new(hold == Hold::Preface),
        }
    }

    /// Nothing in here can be left half done by a panic, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went over the wire, held against RFC 9113.
    pub fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends reads and writes: the tap says GOAWAY if it can and then behaves as if the connection were gone. Takes effect
    /// when the driver is polled next; wakes nobody.
    pub fn kill(&self) {
        self.end(End {
            disconnect: disconnect(DisconnectReason::SubchannelShutdown, "closed by us"),
            code: FailureCode::Closed,
            tls: None,
            spoken: None,
        });
        self.killed.store(true, Ordering::Release);
    }

    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Sends what was held back, in one piece with what was written meanwhile, when the driver is polled next. Wakes nobody:
    /// only a single look holds anything back, which polls its driver itself.
    pub fn release(&self) {
        self.held.store(false, Ordering::Release);
    }

    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Something was read.
    pub fn was_read(&self, now: Instant) {
        let mut state = self.state();
        state.reads += 1;
        state.last_read = now;
    }

    /// How often something was read, and when last (at first: when the connection began).
    pub fn last_read(&self) -> (u64, Instant) {
        let state = self.state();
        (state.reads, state.last_read)
    }

    /// Whether TCP at the other end has acknowledged all that was sent; `None` where the system does not tell. Ready when the
    /// driver was polled: it is woken.
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

    /// Is [`Wire::set_acknowledged`] due?
    pub fn wants_acknowledged(&self) -> bool {
        self.wants_acknowledged.load(Ordering::Acquire)
    }

    /// What the socket's owner has read.
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

    /// Takes the peer's first word; later ones change nothing.
    pub fn set_first(&self, first: First) {
        if self.hold != Hold::Nothing && matches!(first, First::Settings(_)) {
            self.held.store(true, Ordering::Release);
        }
        let mut state = self.state();
        if let (None, First::Settings(settings)) = (&state.first, &first) {
            state.settings = *settings;
        }
        state.first.get_or_insert(first);
    }

    /// The server's SETTINGS as they are now.
    pub fn settings(&self) -> PeerSettings {
        self.state().settings
    }

    /// Takes SETTINGS that came after the first: what they change is told.
    pub fn set_later_settings(&self, payload: &[u8]) {
        let mut settings = self.settings();
        frames::update(&mut settings, payload);
        if std::mem::replace(&mut self.state().settings, settings) != settings {
            self.learn(PhaseDetail::LaterSettings(settings));
        }
    }

    /// Something was learned of the server. Of each kind the last is told.
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

    /// What was learned and not told yet.
    pub fn take_learned(&self) -> Vec<PhaseDetail> {
        std::mem::take(&mut self.state().learned)
    }

    pub fn goaway(&self) -> Option<GoAway> {
        self.state().goaway.as_deref().cloned()
    }

    /// Takes a GOAWAY; a second one (a graceful shutdown sends two) changes nothing.
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

    /// Notes what the headers of a response named.
    pub fn set_proxy(&self, proxy: Option<Proxy>) {
        let mut state = self.state();
        if state.proxy.as_deref() != proxy.as_ref() {
            state.proxy = proxy.map(Arc::new);
        }
    }

    pub fn ended(&self) -> Option<End> {
        self.state().end.as_deref().cloned()
    }

    /// The connection ended. The first cause wins: a GOAWAY that came before is the reason, whatever ended the stream.
    pub fn end(&self, mut end: End) {
        let listener = {
            let mut state = self.state();
            if state.end.is_some() {
                return;
            }
            if let Some(goaway) = state.goaway.as_deref() {
                end.disconnect = said_goaway(goaway);
            }
            state.end = Some(Box::new(end));
            state.listener.take()
        };
        if let Some(listener) = listener {
            listener.wake();
        }
    }

    /// Reading came to the end of the stream, in the middle of a frame if one was begun.
    pub fn end_of_stream(&self, begun: Option<Frame<'_>>, spoken: Option<Spoken>) {
        let mut end = End { spoken, ..closed() };
        if let Some(frame) = begun {
            let (name, length) = (frames::name(frame.kind), frame.length);
            end.disconnect
                .detail
                .push_str(&format!(" inside a {name} frame of {length} bytes on stream {}", frame.stream));
        }
        self.end(end);
    }

    /// Reading or writing failed.
    pub fn broke(&self, error: &io::Error, spoken: Option<Spoken>) {
        self.end(End { spoken, ..broken(error) });
    }

    /// The next thing to tell. After the end: the end, again.
    pub fn poll_event(&self, cx: &mut Context<'_>) -> Poll<ConnectionEvent> {
        let mut state = self.state();
        if !state.learned.is_empty() {
            return Poll::Ready(ConnectionEvent::Learned(state.learned.remove(0)));
        }
        if !state.told_goaway
            && let Some(goaway) = state.goaway.as_deref()
        {
            let event = ConnectionEvent::GoingAway(said_goaway(goaway));
            state.told_goaway = true;
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

/// How a stream ends that came to its end.
pub(super) fn closed() -> End {
    let disconnect = disconnect(DisconnectReason::Unknown, "closed by peer");
    End { disconnect, code: FailureCode::Closed, tls: None, spoken: None }
}

/// How a stream ends that `error` ended.
pub(super) fn broken(error: &io::Error) -> End {
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
    End { disconnect, code, tls, spoken: None }
}

/// How a connection ends that the peer floods with small frames: we end it.
pub(super) fn flooded(what: String) -> End {
    let disconnect = Disconnect { reason: DisconnectReason::Flood, detail: what, goaway: None };
    End { disconnect, code: FailureCode::Flood, tls: None, spoken: None }
}

pub(super) fn disconnect(reason: DisconnectReason, detail: &str) -> Disconnect {
    Disconnect { reason, detail: detail.to_string(), goaway: None }
}

/// How a connection ends that the server said GOAWAY on.
pub(super) fn said_goaway(goaway: &GoAway) -> Disconnect {
    Disconnect {
        reason: DisconnectReason::GoAway(goaway.code),
        detail: goaway.debug.clone(),
        goaway: Some(goaway.clone()),
    }
}

//! HTTP/2 on a byte stream: the client's half of the connection (`h2`), driven by one future that owns everything, so
//! that dropping it closes the socket. Ready means that the tap saw the server's SETTINGS.
//!
//! Keepalive is ours (gRFC A8): any byte read is a sign of life, and a stream that begins after a long silence pings at
//! once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{self, SendRequest};
use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep};

use super::attempt::later;
use super::tap::Tap;
use super::wire::{End, First, Hold, Wire, disconnect};
use super::{Io, Keepalive};
use crate::model::reach::{DisconnectReason, FailureCode, PeerSettings, http2_error_name};
use crate::text::duration;

/// A connection that was begun, and what drives it. Whether it is one, [`Link::greeted`] tells.
pub(super) struct Link {
    pub driver: Driver,
    pub send: SendRequest<Bytes>,
    pub wire: Arc<Wire>,
}

/// Why there is no link.
pub(super) enum NoLink {
    /// The peer said something else than SETTINGS, or forbids every stream.
    Wrong(FailureCode, String),
    /// The stream ended before SETTINGS.
    Ended(End),
}

/// Begins HTTP/2 over `io`; nothing leaves before the driver is polled. `notify`: see [`Tap::new`].
pub(super) async fn begin(
    io: Box<dyn Io>,
    notify: bool,
    keepalive: Option<Keepalive>,
    hold: Hold,
) -> Result<Link, NoLink> {
    let wire = Arc::new(Wire::new(hold));
    let tap = Tap::new(io, wire.clone(), notify);
    // The preface is taken by the tap, so this waits for nothing.
    let handshake = client::Builder::new().enable_push(false).max_header_list_size(HEADER_LIST).handshake(tap).await;
    let (send, mut connection) = match handshake {
        Ok(both) => both,
        Err(error) => return Err(NoLink::Ended(wire.ended().unwrap_or_else(|| http2_error(&error, &wire)))),
    };
    let pulse = match keepalive {
        Some(options) => connection.ping_pong().map(|ping| Pulse::new(options, ping)),
        None => None,
    };
    let driver = Driver { connection: Some(Box::new(connection)), wire: wire.clone(), pulse };
    Ok(Link { driver, send, wire })
}

impl Link {
    /// Drives the connection until the server's SETTINGS are read.
    pub fn poll_greeted(&mut self, cx: &mut Context<'_>) -> Poll<Result<PeerSettings, NoLink>> {
        let driven = Pin::new(&mut self.driver).poll(cx);
        Poll::Ready(match (self.wire.first(), self.wire.ended(), driven) {
            (Some(First::Wrong(code, text)), _, _) => Err(NoLink::Wrong(code, text)),
            (_, Some(end), _) if end.code == FailureCode::ProtocolError && end.disconnect.goaway.is_none() => {
                Err(NoLink::Ended(end))
            }
            (Some(First::Settings(settings)), _, _) if settings.max_concurrent_streams == Some(0) => {
                let text = "SETTINGS forbid every RPC: MAX_CONCURRENT_STREAMS is 0".to_string();
                Err(NoLink::Wrong(FailureCode::NoStreams, text))
            }
            (Some(First::Settings(settings)), _, _) => Ok(settings),
            (None, Some(end), _) => Err(NoLink::Ended(end)),
            (None, None, Poll::Ready(())) => Err(NoLink::Ended(ours())),
            (None, None, Poll::Pending) => return Poll::Pending,
        })
    }
}

fn end(code: FailureCode, reason: DisconnectReason, detail: &str) -> End {
    End { disconnect: disconnect(reason, detail), code, tls: None, spoken: None }
}

/// We closed it.
fn ours() -> End {
    end(FailureCode::Closed, DisconnectReason::SubchannelShutdown, "closed by us")
}

/// How the connection ended that the HTTP/2 library gave up.
fn http2_error(error: &h2::Error, wire: &Wire) -> End {
    match Refusal::of(error, wire, None) {
        Some(Refusal::Violation(text)) => end(FailureCode::ProtocolError, DisconnectReason::ProtocolViolation, &text),
        Some(Refusal::OurLimit(text)) => end(FailureCode::OurLimit, DisconnectReason::OurLimit, &text),
        None if error.is_io() => end(FailureCode::Io, DisconnectReason::SocketError, &error.to_string()),
        None => end(FailureCode::ProtocolError, DisconnectReason::Unknown, &format!("http2: {error}")),
    }
}

/// What the HTTP/2 library refused: it ended the stream or the connection itself.
pub(super) enum Refusal {
    /// The server broke a rule of HTTP/2.
    Violation(String),
    /// The server broke none, and sent more than our library takes.
    OurLimit(String),
}

impl Refusal {
    /// What the library refused when it gave this error, on `stream` where it is the error of one; `None` when the
    /// server or the network ended it.
    pub fn of(error: &h2::Error, wire: &Wire, stream: Option<u32>) -> Option<Refusal> {
        let reason = error.reason().filter(|_| error.is_library() && error.reason() != Some(h2::Reason::NO_ERROR))?;
        let rules = wire.rules();
        if reason == h2::Reason::ENHANCE_YOUR_CALM {
            return Some(Refusal::OurLimit(rules.our_limit()));
        }
        let broken = rules.broken(stream.filter(|_| error.is_reset()));
        Some(match broken {
            Some(broken) => Refusal::Violation(broken),
            None => match rules.large_headers(stream) {
                Some(size) => Refusal::OurLimit(format!(
                    "response headers of {size} bytes as sent, our HTTP/2 library accepts {} KiB decoded (grpc-java \
                     accepts 8 KiB, gRPC C-core 16 KiB, grpc-go 16 MiB)",
                    HEADER_LIST / 1024
                )),
                None => Refusal::Violation(format!(
                    "our HTTP/2 library refused it with {}",
                    http2_error_name(reason.into())
                )),
            },
        })
    }
}

/// `SETTINGS_MAX_HEADER_LIST_SIZE` of ours.
const HEADER_LIST: u32 = 64 * 1024;

/// The client's half, over a tapped stream.
type Http2 = client::Connection<Tap, Bytes>;

/// Moves the bytes of one connection until it ends. Owns the socket: dropping it closes the connection.
pub(super) struct Driver {
    /// Boxed, because it is large and handed on through every stage of an attempt.
    connection: Option<Box<Http2>>,
    wire: Arc<Wire>,
    pulse: Option<Pulse>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let me = &mut *self;
        let Some(connection) = &mut me.connection else { return Poll::Ready(()) };
        me.wire.driver.register(cx.waker());
        let end = loop {
            match Pin::new(&mut *connection).poll(cx) {
                Poll::Ready(Ok(())) => break ours(),
                Poll::Ready(Err(error)) => break http2_error(&error, &me.wire),
                Poll::Pending => {}
            }
            // After reading, so that what was read counts.
            match me.pulse.as_mut().map(|pulse| pulse.beat(&me.wire, cx)) {
                None | Some(Beat::Wait) => return Poll::Pending,
                Some(Beat::Asked) => {}
                Some(Beat::Dead(silence)) => {
                    let text = format!("keepalive: no answer in {}", duration(silence));
                    break end(FailureCode::TimedOut, DisconnectReason::ConnectionTimedOut, &text);
                }
            }
        };
        me.wire.end(end);
        me.connection = None;
        Poll::Ready(())
    }
}

impl Drop for Driver {
    /// Whoever waits for the connection's end is told, however it came.
    fn drop(&mut self) {
        self.wire.end(ours());
    }
}

/// Keepalive of one connection.
struct Pulse {
    options: Keepalive,
    ping: PingPong,
    timer: Pin<Box<Sleep>>,
    /// When a ping was sent that is not answered yet, and how often something had been read by then.
    asked: Option<(Instant, u64)>,
}

impl Pulse {
    fn new(options: Keepalive, ping: PingPong) -> Self {
        Pulse { options, ping, timer: Box::pin(tokio::time::sleep(options.time)), asked: None }
    }

    /// What the time of day asks for. After [`Beat::Asked`] the connection must be polled: it sends the ping.
    fn beat(&mut self, wire: &Wire, cx: &mut Context<'_>) -> Beat {
        let (reads, last_read) = wire.last_read();
        if self.asked.is_some_and(|(_, before)| before != reads) {
            self.asked = None;
        }
        // Takes the answer, so that the next ping may be sent. Without one in flight this waits for nothing.
        let _ = self.ping.poll_pong(cx);
        let due = match self.asked {
            Some((since, _)) => later(since, self.options.timeout),
            None if wire.streams.load(Ordering::Acquire) == 0 && !self.options.without_calls => return Beat::Wait,
            None => later(last_read, self.options.time),
        };
        if self.timer.deadline() != due {
            self.timer.as_mut().reset(due);
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return Beat::Wait;
        }
        if self.asked.is_some() {
            return Beat::Dead(self.options.timeout);
        }
        // Refused only while an earlier ping is in flight, which asks the same.
        let _ = self.ping.send_ping(Ping::opaque());
        self.asked = Some((Instant::now(), reads));
        Beat::Asked
    }
}

enum Beat {
    /// Nothing to do before the timer.
    Wait,
    /// A ping is to be sent.
    Asked,
    /// Nothing was read for this long after a ping.
    Dead(Duration),
}

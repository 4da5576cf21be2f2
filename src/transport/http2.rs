//! HTTP/2 on a byte stream: the client's half of the connection (`h2`), driven by one future that owns everything, so
//! that dropping it closes the socket. Ready means that the tap saw the server's SETTINGS.
//!
//! Keepalive is ours (gRFC A8): any byte read is a sign of life, and a stream that begins after a long silence pings at
//! once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client;
use tracing::debug;

use super::keepalive::{Beat, Pulse};
use super::options::Keepalive;
use super::our_limit::HEADER_LIST;
use super::refusal::Refusal;
use super::tap::Tap;
use super::wire::{End, First, Hold, Wire, disconnect};
use crate::model::endpoint::Address;
use crate::model::reach::{DisconnectReason, FailureCode, PeerSettings};
use crate::model::violation::BrokenRule;
use crate::net::dial::Io;
use crate::net::http2::{Announced, Client, Origin, handshake};
use crate::text::duration;

/// A connection that was begun, and what drives it. Whether it is one, [`Link::greeted`] tells.
pub(super) struct Link {
    pub driver: Driver,
    pub client: Client,
    pub wire: Arc<Wire>,
}

/// Why there is no link.
pub(super) enum NoLink {
    /// The peer said something else than SETTINGS, or forbids every stream.
    Unusable(FailureCode, String),
    /// The stream ended before SETTINGS.
    Ended(End),
}

/// Begins HTTP/2 over `io`; nothing leaves before the driver is polled. `notify`: see [`Tap::new`].
pub(super) async fn begin(
    io: Box<dyn Io>,
    address: Address,
    origin: Origin,
    notify: bool,
    keepalive: Option<Keepalive>,
    hold: Hold,
) -> Result<Link, NoLink> {
    let wire = Arc::new(Wire::new(hold));
    let tap = Tap::new(io, wire.clone(), notify);
    // The preface is taken by the tap, so this waits for nothing.
    let announced = Announced { header_list: Some(HEADER_LIST), ..Announced::default() };
    let (client, mut connection) = match handshake(tap, announced, origin).await {
        Ok(both) => both,
        Err(error) => return Err(NoLink::Ended(wire.ended().unwrap_or_else(|| http2_error(&error, &wire)))),
    };
    let pulse = match keepalive {
        Some(options) => connection.ping_pong().map(|ping| Pulse::new(options, ping)),
        None => None,
    };
    let driver = Driver { address, connection: Some(Box::new(connection)), wire: wire.clone(), pulse };
    Ok(Link { driver, client, wire })
}

impl Link {
    /// Drives the connection until the server's SETTINGS are read.
    pub fn poll_greeted(&mut self, cx: &mut Context<'_>) -> Poll<Result<PeerSettings, NoLink>> {
        let driven = Pin::new(&mut self.driver).poll(cx);
        Poll::Ready(match (self.wire.first(), self.wire.ended(), driven) {
            (Some(First::Unexpected(code, text)), _, _) => Err(NoLink::Unusable(code, text)),
            (_, Some(end), _) if end.code == FailureCode::ProtocolError && end.disconnect.goaway.is_none() => {
                Err(NoLink::Ended(end))
            }
            (Some(First::Settings(settings)), _, _) if settings.max_concurrent_streams == Some(0) => {
                let text = "the server's SETTINGS allow no RPC: MAX_CONCURRENT_STREAMS is 0".to_string();
                Err(NoLink::Unusable(FailureCode::NoStreams, text))
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
        Some(Refusal::Violation(refused)) => {
            let BrokenRule { rule, text } = refused.into();
            end(FailureCode::ProtocolError, DisconnectReason::ProtocolViolation(rule), &text)
        }
        Some(Refusal::OurLimit(what)) => end(FailureCode::OurLimit, DisconnectReason::OurLimit, &what.to_string()),
        None if error.is_io() => end(FailureCode::Io, DisconnectReason::SocketError, &error.to_string()),
        None => end(FailureCode::ProtocolError, DisconnectReason::Unknown, &format!("http2: {error}")),
    }
}

/// The client's half, over a tapped stream.
type Http2 = client::Connection<Tap, Bytes>;

/// Moves the bytes of one connection until it ends. Owns the socket: dropping it closes the connection.
pub(super) struct Driver {
    /// For the log.
    address: Address,
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
                    let text = format!("keepalive: no response within {}", duration(silence));
                    break end(FailureCode::TimedOut, DisconnectReason::ConnectionTimedOut, &text);
                }
            }
        };
        me.wire.end(end);
        // Only what ended it: the peer's own words may repeat metadata.
        debug!(address = %me.address, reason = ?me.wire.ended().map(|end| end.disconnect.reason), "connection ended");
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

/// Polls `driver` beside `work` in one task; `work`'s answer counts.
pub(super) async fn drive<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        // The end of the connection reaches `work` by itself.
        let _ = Pin::new(&mut *driver).poll(cx);
        work.as_mut().poll(cx)
    })
    .await
}

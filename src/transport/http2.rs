//! HTTP/2 on a byte stream: the client's half of the connection (`h2`), driven by one future that owns everything, so
//! that dropping it closes the socket. Ready means that the tap read the server's SETTINGS.
//!
//! Keepalive is our own (gRFC A8): any byte read proves that the peer responds, and a stream that starts after a long
//! idle time sends a ping at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client;
use tracing::debug;

use super::keepalive::{Beat, KeepaliveState};
use super::options::Keepalive;
use super::our_limit::HEADER_LIST;
use super::refusal::Refusal;
use super::tap::Tap;
use super::wire::{Deferred, First, StreamEnd, Wire, disconnect};
use crate::model::endpoint::Address;
use crate::model::reach::{DisconnectReason, FailureCode, PeerSettings};
use crate::model::violation::BrokenRule;
use crate::net::dial::Io;
use crate::net::http2::{Announced, Client, Origin, handshake};
use crate::text::duration;

/// A connection in its opening phase, and its driver. [`Http2Link::greeted`] reports whether it was established.
pub(super) struct Http2Link {
    pub driver: Driver,
    pub client: Client,
    pub wire: Arc<Wire>,
}

/// Why there is no link.
pub(super) enum NoLink {
    /// The peer sent something other than SETTINGS, or forbids every stream.
    Unusable(FailureCode, String),
    /// The stream ended before SETTINGS.
    Ended(StreamEnd),
}

/// Starts HTTP/2 over `io`; nothing is sent before the driver is polled. `notify`: see [`Tap::new`].
pub(super) async fn start(
    io: Box<dyn Io>,
    address: Address,
    origin: Origin,
    notify: bool,
    keepalive: Option<Keepalive>,
    deferred: Deferred,
) -> Result<Http2Link, NoLink> {
    let wire = Arc::new(Wire::new(deferred));
    let tap = Tap::new(io, wire.clone(), notify);
    // The tap accepts the preface, so this does not wait.
    let announced = Announced { header_list: Some(HEADER_LIST), ..Announced::default() };
    let (client, mut connection) = match handshake(tap, announced, origin).await {
        Ok(both) => both,
        Err(error) => return Err(NoLink::Ended(wire.ended().unwrap_or_else(|| http2_error(&error, &wire)))),
    };
    let pulse = match keepalive {
        Some(options) => connection.ping_pong().map(|ping| KeepaliveState::new(options, ping)),
        None => None,
    };
    let driver = Driver { address, connection: Some(Box::new(connection)), wire: wire.clone(), pulse };
    Ok(Http2Link { driver, client, wire })
}

impl Http2Link {
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

fn end(code: FailureCode, reason: DisconnectReason, detail: &str) -> StreamEnd {
    StreamEnd { disconnect: disconnect(reason, detail), code, tls: None, first_bytes: None }
}

/// We closed it.
fn ours() -> StreamEnd {
    end(FailureCode::Closed, DisconnectReason::SubchannelShutdown, "closed by us")
}

/// The end of a connection on which the HTTP/2 library returned `error`.
fn http2_error(error: &h2::Error, wire: &Wire) -> StreamEnd {
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

/// Moves the bytes of one connection until it is closed. Owns the socket: dropping it closes the connection.
pub(super) struct Driver {
    /// For the log.
    address: Address,
    /// Boxed, because it is large and is moved through every stage of an attempt.
    connection: Option<Box<Http2>>,
    wire: Arc<Wire>,
    pulse: Option<KeepaliveState>,
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
            // After reading, so that the bytes just read count.
            match me.pulse.as_mut().map(|pulse| pulse.beat(&me.wire, cx)) {
                None | Some(Beat::Wait) => return Poll::Pending,
                Some(Beat::PingDue) => {}
                Some(Beat::Dead(timeout)) => {
                    let text = format!("keepalive: no response within {}", duration(timeout));
                    break end(FailureCode::TimedOut, DisconnectReason::ConnectionTimedOut, &text);
                }
            }
        };
        me.wire.end(end);
        // Only the reason: the peer's own text may repeat metadata.
        debug!(address = %me.address, reason = ?me.wire.ended().map(|end| end.disconnect.reason), "connection ended");
        me.connection = None;
        Poll::Ready(())
    }
}

impl Drop for Driver {
    /// Tasks that wait for the connection's end are notified, whatever the cause.
    fn drop(&mut self) {
        self.wire.end(ours());
    }
}

/// Polls `driver` and `work` in one task; returns the result of `work`.
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

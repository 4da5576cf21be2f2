//! The frame tap: sits above TLS and below HTTP/2, passes bytes on, and reports the frames to the [`Wire`]. It is
//! also the kill switch: once the wire is killed it sends GOAWAY, if the last frame was written completely, and ends
//! reads and writes.
//!
//! Writes are passed on immediately, with two exceptions that save packets: the 24 bytes of the connection preface
//! wait for the SETTINGS frame that always follows, and nothing is sent while writes are deferred.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::flood::Meter;
use super::frames::{self, Frame, Frames, Opening};
use super::tcp;
use super::wire::{First, Wire, flooded};
use crate::model::reach::{FailureCode, FirstBytes, http2_error_name};
use crate::net::dial::Io;

/// `PRI * HTTP/2.0`, two line ends, `SM`, two line ends (RFC 9113, 3.4).
const PREFACE: usize = 24;
/// No more bytes than this are held back.
const MAX_DEFERRED: usize = 16 * 1024;
/// GOAWAY, NO_ERROR, last stream 0.
pub(super) const FAREWELL: [u8; 17] = [0, 0, 8, frames::GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// See the [module](self).
pub(super) struct Tap {
    io: Box<dyn Io>,
    wire: Arc<Wire>,
    incoming: Frames,
    outgoing: Frames,
    small: Meter,
    /// The first bytes, until their protocol is known.
    opening: Option<Vec<u8>>,
    /// The peer's first frame was read.
    greeted: bool,
    /// Number of bytes of the preface that are not written yet.
    preface: usize,
    /// Only the preface was written so far: SETTINGS follow.
    settings_due: bool,
    /// Accepted for writing, not written yet.
    waiting: Vec<u8>,
    farewell: Farewell,
    /// Closing requires a message (TLS).
    notify: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    NotSent,
    Saying,
    Sent,
}

impl Tap {
    /// Taps `io`. `notify`: shut the stream down when killed, because closing requires a message (TLS close_notify).
    pub fn new(io: Box<dyn Io>, wire: Arc<Wire>, notify: bool) -> Self {
        Tap {
            io,
            wire,
            incoming: Frames::default(),
            outgoing: Frames::default(),
            small: Meter::default(),
            opening: Some(Vec::new()),
            greeted: false,
            preface: PREFACE,
            settings_due: true,
            waiting: Vec::new(),
            farewell: Farewell::NotSent,
            notify,
        }
    }

    /// Fails when the peer uses another protocol (then nothing more may be sent to it), or floods the connection.
    fn was_read(&mut self, bytes: &[u8]) -> io::Result<()> {
        let now = Instant::now();
        self.wire.was_read(now);
        if let Some(first) = &mut self.opening {
            first.extend_from_slice(&bytes[..bytes.len().min(64)]);
            match frames::judge(first) {
                Opening::Undecided => {}
                Opening::Http2 => self.opening = None,
                Opening::Foreign(code, text) => {
                    self.wire.set_first(First::Unexpected(code, text));
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        let (wire, greeted, small) = (&self.wire, &mut self.greeted, &mut self.small);
        let mut rules = wire.rules();
        let mut flood = None;
        self.incoming.feed(bytes, |frame| {
            rules.received(frame);
            flood = flood.take().or_else(|| small.count(frame, now));
            if !std::mem::replace(greeted, true) {
                wire.set_first(greeting(frame));
            } else if frame.kind == frames::SETTINGS && !frame.is_ack() && frame.stream == 0 {
                wire.set_later_settings(frame.payload);
            }
            if frame.kind == frames::GOAWAY
                && let Some(goaway) = frames::goaway(frame.payload)
            {
                wire.set_goaway(goaway);
            }
        });
        if self.incoming.too_long().is_some()
            && let Some(frame) = self.incoming.started()
        {
            rules.too_long(frame);
        }
        match flood {
            Some(what) => {
                wire.end(flooded(what));
                Err(io::ErrorKind::InvalidData.into())
            }
            None => Ok(()),
        }
    }

    /// The protocol of the peer's first bytes, until its first frame is complete.
    fn first_bytes(&self) -> Option<FirstBytes> {
        match &self.opening {
            _ if self.greeted => None,
            Some(first) => frames::first_bytes(first),
            None => Some(FirstBytes::Http2),
        }
    }

    fn wrote(&mut self, mut bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface -= preface;
        bytes = &bytes[preface..];
        self.settings_due &= bytes.is_empty();
        let mut rules = self.wire.rules();
        self.outgoing.feed(bytes, |frame| rules.sent(frame));
    }
}

/// What the peer's first frame means.
pub(super) fn greeting(frame: Frame<'_>) -> First {
    let unexpected = |text| First::Unexpected(FailureCode::ProtocolError, text);
    match frame.kind {
        frames::SETTINGS if frame.is_ack() => {
            unexpected("first frame acknowledges SETTINGS instead of being the server's SETTINGS".to_string())
        }
        frames::SETTINGS if frame.stream != 0 || !frame.length.is_multiple_of(6) => {
            unexpected(format!("malformed SETTINGS: {} bytes on stream {}", frame.length, frame.stream))
        }
        frames::SETTINGS => First::Settings(frames::settings(frame.payload)),
        frames::GOAWAY => match frames::goaway(frame.payload) {
            Some(goaway) => {
                let debug = match goaway.debug.as_str() {
                    "" => String::new(),
                    debug => format!(", debug data \"{debug}\""),
                };
                let code = http2_error_name(goaway.code);
                First::Unexpected(FailureCode::GoAway, format!("server sent GOAWAY {code} before SETTINGS{debug}"))
            }
            None => {
                let length = frame.length;
                unexpected(format!("first frame is a GOAWAY with a payload of {length} bytes, expected at least 8"))
            }
        },
        other => unexpected(format!("first frame is {}, expected SETTINGS", frames::name(other))),
    }
}

impl Tap {
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.waiting)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(written) if written == self.waiting.len() => self.waiting = Vec::new(),
                Ok(written) => drop(self.waiting.drain(..written)),
                Err(error) => {
                    self.wire.broke(&error, self.first_bytes());
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Best effort: whatever fails here, the connection has ended.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.farewell == Farewell::NotSent {
            if self.outgoing.at_boundary() && !self.settings_due {
                self.waiting.extend_from_slice(&FAREWELL);
            }
            tcp::closes_next(&*self.io);
            self.farewell = Farewell::Saying;
        }
        if self.farewell == Farewell::Saying {
            let written = ready!(self.poll_waiting(cx)).is_ok();
            let flushed = written && ready!(Pin::new(&mut self.io).poll_flush(cx)).is_ok();
            if flushed && self.notify {
                let _ = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
            }
            self.farewell = Farewell::Sent;
        }
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    /// True while written bytes must wait for more.
    fn holds(&self) -> bool {
        (self.wire.is_deferred() || self.settings_due) && self.waiting.len() < MAX_DEFERRED
    }

    /// Adds `bytes` to the waiting ones, for writers that may not write through.
    fn accept(&mut self, bytes: &[u8]) -> usize {
        self.waiting.extend_from_slice(bytes);
        self.wrote(bytes);
        bytes.len()
    }

    fn writes_through(&self) -> bool {
        !self.settings_due && self.waiting.is_empty() && !self.wire.is_deferred()
    }
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if me.wire.is_killed() {
            return me.poll_farewell(cx).map(Err);
        }
        if me.wire.wants_acknowledged() {
            me.wire.set_acknowledged(tcp::state(&*me.io).map(|tcp| tcp.delivered()));
        }
        let before = buf.filled().len();
        match ready!(Pin::new(&mut me.io).poll_read(cx, buf)) {
            Ok(()) if buf.filled().len() > before => me.was_read(&buf.filled()[before..])?,
            Ok(()) if buf.remaining() == 0 => {}
            Ok(()) => me.wire.end_of_stream(me.incoming.started(), me.first_bytes()),
            Err(error) => {
                me.wire.broke(&error, me.first_bytes());
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.as_mut().poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let me = &mut *self;
        if me.wire.is_killed() {
            return me.poll_farewell(cx).map(Err);
        }
        if !me.writes_through() {
            if me.waiting.len() >= MAX_DEFERRED {
                ready!(me.poll_waiting(cx))?;
            }
            let accepted = slices.iter().map(|slice| me.accept(slice)).sum();
            if !me.holds()
                && let Poll::Ready(Err(error)) = me.poll_waiting(cx)
            {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(accepted));
        }
        match ready!(Pin::new(&mut me.io).poll_write_vectored(cx, slices)) {
            Ok(written) => {
                let mut left = written;
                for slice in slices {
                    let of_this = left.min(slice.len());
                    me.wrote(&slice[..of_this]);
                    left -= of_this;
                }
                Poll::Ready(Ok(written))
            }
            Err(error) => {
                me.wire.broke(&error, me.first_bytes());
                Poll::Ready(Err(error))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if me.wire.is_killed() {
            return me.poll_farewell(cx).map(Err);
        }
        if me.holds() {
            return Poll::Ready(Ok(()));
        }
        ready!(me.poll_waiting(cx))?;
        Pin::new(&mut me.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        ready!(me.poll_waiting(cx))?;
        Pin::new(&mut me.io).poll_shutdown(cx)
    }
}

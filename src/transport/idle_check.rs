//! An idle-connection check: connects like any other connection up to the server's SETTINGS, makes one health call,
//! then leaves the connection idle, then sends an HTTP/2 PING to find out whether the peer still responds.
//!
//! No HTTP/2 session is kept for it: the call consists of a few frames ([`super::call`]), and a loop over the frame
//! headers sends the responses that the protocol requires (SETTINGS, PING) and notices GOAWAY and the end. Nothing is
//! allocated while no byte arrives, so that thousands can be open.

mod period;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout_at};

use super::attempt::Attempt;
use super::call::{self, Call};
use super::clock::later;
use super::flood::Meter;
use super::frames::{self, Frame, Frames, Opening};
use super::http2::NoLink;
use super::metadata::MetadataError;
use super::mode::{Mode, may_be_mismatch};
use super::options::TlsMode;
use super::origin::origin;
use super::progress::Progress;
use super::setup::Setup;
use super::tap;
use super::unreached::{no_link, no_settings, withheld};
use super::wire::{self, First, StreamEnd};
use crate::model::endpoint::Address;
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};
use crate::model::reach::{Disconnect, DisconnectReason, Failure, FailureCode, GoAway, PeerSettings, Stage};
use crate::net::dial::Io;
use crate::text::duration;

/// The client's preface (RFC 9113, 3.4) and its SETTINGS: ENABLE_PUSH 0.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x02\0\0\0\0";
const SETTINGS_ACK: [u8; 9] = [0, 0, 0, frames::SETTINGS, frames::ACK, 0, 0, 0, 0];
/// A peer that requests this many bytes of responses without reading them is disconnected.
const UNREAD: usize = 4 * 1024;

/// Connects to `address` within the connect timeout, and makes one health call. With [`TlsMode::Auto`] the mode that
/// was detected earlier is tried first, and the other one when the failure shows a mismatch.
pub(super) async fn start(setup: &Setup, address: &Address, service: &str) -> Result<IdleConnection, Failure> {
    let progress = Progress::default();
    let attempt = Attempt::prepare(setup, address, None, &progress, &mut |_| {}).await?;
    let (first, finds_out) = match setup.options.tls {
        TlsMode::On => (Mode::Tls, false),
        TlsMode::Off => (Mode::Plaintext, false),
        TlsMode::Auto => (attempt.likely_mode(), true),
    };
    match greet(setup, &attempt, first, service).await {
        Err(failure) if finds_out && may_be_mismatch(&failure, first) => {
            greet(setup, &attempt, first.other(), service).await.map_err(|_| failure)
        }
        other => other,
    }
}

async fn greet(setup: &Setup, attempt: &Attempt<'_>, mode: Mode, service: &str) -> Result<IdleConnection, Failure> {
    let origin = origin(setup, attempt.address, mode)?;
    let local =
        |error: &MetadataError| Failure::new(Stage::Health, FailureCode::Local, error.to_string(), Duration::ZERO);
    let metadata = setup.metadata.as_ref().as_ref().map_err(local)?;
    let (io, secured) = attempt.stream(mode, &origin, &mut |_| {}).await?;
    let started = Instant::now();
    let mut connection = IdleConnection {
        io,
        frames: Frames::default(),
        small: Box::default(),
        received: Received { answers: HELLO.to_vec(), ..Received::default() },
    };
    let settings = match timeout_at(attempt.deadline, connection.greeted()).await {
        Ok(Ok(settings)) => settings,
        Ok(Err(why)) => return Err(no_link(why, secured, started.elapsed())),
        Err(_) => return Err(no_settings(started.elapsed(), attempt.started_at.elapsed())),
    };
    if attempt.withholds(mode) {
        return Err(withheld());
    }
    let limit = setup.options.rpc_timeout;
    let call = Call::check(&origin, service, metadata, limit);
    connection.call(call, settings, limit).await?;
    Ok(connection)
}

/// A connection whose server has sent SETTINGS.
pub(super) struct IdleConnection {
    io: Box<dyn Io>,
    frames: Frames,
    /// Boxed: thousands of these are open, each in a task of its own.
    small: Box<Meter>,
    received: Received,
}

/// What was received, and the responses that are due.
#[derive(Default)]
struct Received {
    /// Bytes to write.
    answers: Vec<u8>,
    /// The first frame, until it is taken.
    first: Option<Box<First>>,
    greeted: bool,
    goaway: Option<Box<GoAway>>,
    /// The kind of the last frame since the last check.
    last: Option<u8>,
    /// The payload of our PING.
    ping: Option<[u8; 8]>,
    /// Our PING was answered.
    ponged: bool,
    /// The call has ended: its response is complete, or its stream was reset.
    called: bool,
}

impl Received {
    fn take(&mut self, frame: Frame<'_>) {
        self.last = Some(frame.kind);
        if !std::mem::replace(&mut self.greeted, true) {
            self.first = Some(Box::new(tap::greeting(frame)));
        }
        match (frame.kind, frame.is_ack()) {
            (frames::SETTINGS, false) => self.answers.extend_from_slice(&SETTINGS_ACK),
            (frames::PING, false) => {
                if let Ok(payload) = frame.payload.try_into() {
                    self.answers.extend_from_slice(&ping(frames::ACK, payload));
                }
            }
            (frames::PING, true) => self.ponged |= self.ping.is_some_and(|ours| frame.payload == ours),
            (frames::GOAWAY, _) if self.goaway.is_none() => {
                self.goaway = frames::goaway(frame.payload).map(Box::new);
            }
            _ => self.called |= call::ends(&frame),
        }
    }
}

fn ping(flags: u8, payload: [u8; 8]) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[2] = 8;
    frame[3] = frames::PING;
    frame[4] = flags;
    frame[9..].copy_from_slice(&payload);
    frame
}

impl IdleConnection {
    /// Sends the preface and waits for the server's SETTINGS; their acknowledgement is sent with the next write.
    async fn greeted(&mut self) -> Result<PeerSettings, NoLink> {
        let mut opening = Vec::new();
        poll_fn(|cx| {
            loop {
                if self.received.first.is_none() {
                    self.poll_answers(cx).map_err(|end| NoLink::Ended(*end))?;
                }
                match self.received.first.take().map(|first| *first) {
                    Some(First::Settings(settings)) => return Poll::Ready(Ok(settings)),
                    Some(First::Unexpected(code, text)) => return Poll::Ready(Err(NoLink::Unusable(code, text))),
                    None => {}
                }
                let read = ready!(self.poll_read(cx, |bytes| opening.extend_from_slice(&bytes[..bytes.len().min(64)])));
                if let Opening::Foreign(code, text) = frames::judge(&opening) {
                    return Poll::Ready(Err(NoLink::Unusable(code, text)));
                }
                read.map_err(|end| NoLink::Ended(StreamEnd { first_bytes: frames::first_bytes(&opening), ..*end }))?;
            }
        })
        .await
    }

    /// Makes the call, and waits for the end of its response, whose content does not matter here. A GOAWAY is left
    /// for [`IdleConnection::keep`] to report.
    async fn call(&mut self, call: Call, settings: PeerSettings, limit: Duration) -> Result<(), Failure> {
        let started = Instant::now();
        let failed = |code, text: String| Err(Failure::new(Stage::Health, code, text, started.elapsed()));
        if settings.initial_window_size.is_some_and(|window| (window as usize) < call.window) {
            let text = "the server's flow-control window is too small for the request (SETTINGS_INITIAL_WINDOW_SIZE)"
                .to_string();
            return failed(FailureCode::Rpc, text);
        }
        self.received.answers.extend_from_slice(&call.frames);
        self.received.called = false;
        let called = poll_fn(|cx| {
            loop {
                self.poll_answers(cx)?;
                if self.received.called || self.received.goaway.is_some() {
                    return Poll::Ready(Ok::<(), Box<StreamEnd>>(()));
                }
                ready!(self.poll_read(cx, |_| {}))?;
            }
        });
        match timeout_at(later(started, limit), called).await {
            Ok(Ok(())) => {
                // Responses to frames that arrived with the response are sent with it.
                poll_fn(|cx| Poll::Ready(self.poll_answers(cx))).await.or_else(|end| ended(*end, started.elapsed()))
            }
            Ok(Err(end)) => ended(*end, started.elapsed()),
            Err(_) => failed(FailureCode::TimedOut, format!("no response within {}", duration(limit))),
        }
    }

    /// Writes as many of the due responses as the socket accepts.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Result<(), Box<StreamEnd>> {
        while !self.received.answers.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.received.answers) {
                Poll::Ready(Ok(0)) => return Err(Box::new(wire::closed())),
                Poll::Ready(Ok(written)) if written == self.received.answers.len() => {
                    self.received.answers = Vec::new()
                }
                Poll::Ready(Ok(written)) => drop(self.received.answers.drain(..written)),
                Poll::Ready(Err(error)) => return Err(Box::new(wire::broken(&error))),
                Poll::Pending if self.received.answers.len() > UNREAD => {
                    return Err(broke_off("it does not read the acknowledgements that it requests"));
                }
                Poll::Pending => return Ok(()),
            }
        }
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(Box::new(wire::broken(&error))),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// Reads once and processes the frames that are complete; `raw` receives the bytes.
    fn poll_read(&mut self, cx: &mut Context<'_>, raw: impl FnOnce(&[u8])) -> Poll<Result<(), Box<StreamEnd>>> {
        // On the stack of this one poll: nothing is kept between two reads.
        let mut bytes = [0; 2_048];
        let mut buffer = ReadBuf::new(&mut bytes);
        if let Err(error) = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
            return Poll::Ready(Err(Box::new(wire::broken(&error))));
        }
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(Box::new(wire::closed())));
        }
        raw(buffer.filled());
        let IdleConnection { frames, small, received, .. } = self;
        let (now, mut flood) = (Instant::now(), None);
        frames.feed(buffer.filled(), |frame| {
            flood = flood.take().or_else(|| small.count(frame, now));
            received.take(frame);
        });
        if let Some(what) = flood {
            return Poll::Ready(Err(Box::new(wire::flooded(what))));
        }
        Poll::Ready(match frames.too_long() {
            Some(length) => Err(broke_off(&format!("a frame of {length} bytes is longer than HTTP/2 allows"))),
            None => Ok(()),
        })
    }
}

/// The connection was closed during the call.
fn ended(end: StreamEnd, waited: Duration) -> Result<(), Failure> {
    let text = format!("connection lost during the first call: {}", end.disconnect);
    Err(Failure::new(Stage::Health, end.code, text, waited))
}

fn broke_off(why: &str) -> Box<StreamEnd> {
    let disconnect = Disconnect {
        reason: DisconnectReason::SubchannelShutdown,
        detail: format!("closed by us: the peer violated HTTP/2 ({why})"),
        goaway: None,
    };
    Box::new(StreamEnd { disconnect, code: FailureCode::ProtocolError, tls: None, first_bytes: None })
}

/// The report of a connection that was not established.
pub(super) fn not_reached(failure: Failure) -> IdleCheckResult {
    IdleCheckResult { measured_idle: Duration::ZERO, interrupted: None, outcome: IdleCheckOutcome::NotReached(failure) }
}

//! An idle-connection check: connected like any other up to the server's SETTINGS, used for one health call, then left idle,
//! then asked with an HTTP/2 PING whether the peer is still there.
//!
//! No HTTP/2 session is kept for it: the call is a few frames ([`super::call`]), and a loop over the frame headers answers
//! what the protocol demands (SETTINGS, PING) and notices GOAWAY and the end. Nothing is allocated while no byte comes, so
//! that thousands can be open.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

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
use super::unreached::{no_link, no_settings, withheld};
use super::wire::{self, End, First};
use super::{tap, tcp};
use crate::model::endpoint::Address;
use crate::model::hold::{Fate, Held, Interruption};
use crate::model::reach::{Disconnect, DisconnectReason, Failure, FailureCode, GoAway, PeerSettings, Stage};
use crate::net::dial::Io;
use crate::text::duration;

/// The client's preface (RFC 9113, 3.4) and its SETTINGS: ENABLE_PUSH 0.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x02\0\0\0\0";
const SETTINGS_ACK: [u8; 9] = [0, 0, 0, frames::SETTINGS, frames::ACK, 0, 0, 0, 0];
/// What a server sends right after its response (acknowledgement of our SETTINGS, WINDOW_UPDATE, a PING that measures
/// bandwidth) belongs to the call: the idle period begins after the last frame of this time.
const SETTLING: Duration = Duration::from_secs(1);
/// How often TCP is asked at most whether packets without data came in: TCP's own keepalive keeps a path awake too, and
/// shows nowhere else.
const LOOKS: u32 = 64;
const LOOK: Duration = Duration::from_secs(1);
/// A peer that asks so much without reading the answers is left.
const UNREAD: usize = 4 * 1024;

/// Connects to `address` within the connect timeout, and makes one health call. With [`TlsMode::Auto`] the mode that was
/// found out before is tried first, and the other one when the answer shows the mismatch.
pub(super) async fn begin(setup: &Setup, address: &Address, service: &str) -> Result<Silent, Failure> {
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

async fn greet(setup: &Setup, attempt: &Attempt<'_>, mode: Mode, service: &str) -> Result<Silent, Failure> {
    let origin = origin(setup, attempt.address, mode)?;
    let local =
        |error: &MetadataError| Failure::new(Stage::Health, FailureCode::Local, error.to_string(), Duration::ZERO);
    let metadata = setup.metadata.as_ref().as_ref().map_err(local)?;
    let (io, secured) = attempt.stream(mode, &mut |_| {}).await?;
    let begun = Instant::now();
    let mut silent = Silent {
        io,
        frames: Frames::default(),
        small: Box::default(),
        ear: Ear { answers: HELLO.to_vec(), ..Ear::default() },
    };
    let settings = match timeout_at(attempt.deadline, silent.greeted()).await {
        Ok(Ok(settings)) => settings,
        Ok(Err(why)) => return Err(no_link(why, secured, begun.elapsed())),
        Err(_) => return Err(no_settings(begun.elapsed(), attempt.began.elapsed())),
    };
    if attempt.withholds(mode) {
        return Err(withheld());
    }
    let limit = setup.options.rpc_timeout;
    let call = Call::check(&origin, service, metadata, limit);
    silent.call(call, settings, limit).await?;
    Ok(silent)
}

/// A connection whose server has sent SETTINGS.
pub(super) struct Silent {
    io: Box<dyn Io>,
    frames: Frames,
    /// Boxed: thousands of these are open, each in a task of its own.
    small: Box<Meter>,
    ear: Ear,
}

/// What was heard, and what is to be answered.
#[derive(Default)]
struct Ear {
    /// Bytes to write.
    answers: Vec<u8>,
    /// The first frame, until it was looked at.
    first: Option<Box<First>>,
    greeted: bool,
    goaway: Option<Box<GoAway>>,
    /// The kind of the last frame since somebody looked.
    last: Option<u8>,
    /// The payload of our PING.
    ping: Option<[u8; 8]>,
    /// It was answered.
    ponged: bool,
    /// The call is over: its response is complete, or its stream was reset.
    called: bool,
}

impl Ear {
    fn hear(&mut self, frame: Frame<'_>) {
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

impl Silent {
    /// Sends the preface and waits for the server's SETTINGS; their acknowledgement leaves with what is written next.
    async fn greeted(&mut self) -> Result<PeerSettings, NoLink> {
        let mut opening = Vec::new();
        poll_fn(|cx| {
            loop {
                if self.ear.first.is_none() {
                    self.poll_answers(cx).map_err(|end| NoLink::Ended(*end))?;
                }
                match self.ear.first.take().map(|first| *first) {
                    Some(First::Settings(settings)) => return Poll::Ready(Ok(settings)),
                    Some(First::Wrong(code, text)) => return Poll::Ready(Err(NoLink::Wrong(code, text))),
                    None => {}
                }
                let read = ready!(self.poll_read(cx, |bytes| opening.extend_from_slice(&bytes[..bytes.len().min(64)])));
                if let Opening::Foreign(code, text) = frames::judge(&opening) {
                    return Poll::Ready(Err(NoLink::Wrong(code, text)));
                }
                read.map_err(|end| NoLink::Ended(End { spoken: frames::spoken(&opening), ..*end }))?;
            }
        })
        .await
    }

    /// Makes the call, and waits for the end of its response; what it says does not matter here. A GOAWAY is left for
    /// [`Silent::keep`] to report.
    async fn call(&mut self, call: Call, settings: PeerSettings, limit: Duration) -> Result<(), Failure> {
        let begun = Instant::now();
        let failed = |code, text: String| Err(Failure::new(Stage::Health, code, text, begun.elapsed()));
        if settings.initial_window_size.is_some_and(|window| (window as usize) < call.window) {
            let text = "the server's SETTINGS leave no room for the request (INITIAL_WINDOW_SIZE)".to_string();
            return failed(FailureCode::Rpc, text);
        }
        self.ear.answers.extend_from_slice(&call.frames);
        self.ear.called = false;
        let called = poll_fn(|cx| {
            loop {
                self.poll_answers(cx)?;
                if self.ear.called || self.ear.goaway.is_some() {
                    return Poll::Ready(Ok::<(), Box<End>>(()));
                }
                ready!(self.poll_read(cx, |_| {}))?;
            }
        });
        match timeout_at(later(begun, limit), called).await {
            Ok(Ok(())) => {
                // What came with the response is answered with it.
                poll_fn(|cx| Poll::Ready(self.poll_answers(cx))).await.or_else(|end| ended(*end, begun.elapsed()))
            }
            Ok(Err(end)) => ended(*end, begun.elapsed()),
            Err(_) => failed(FailureCode::TimedOut, format!("no response within {}", duration(limit))),
        }
    }

    /// Writes as much of the answers as the socket takes.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Result<(), Box<End>> {
        while !self.ear.answers.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.ear.answers) {
                Poll::Ready(Ok(0)) => return Err(Box::new(wire::closed())),
                Poll::Ready(Ok(written)) if written == self.ear.answers.len() => self.ear.answers = Vec::new(),
                Poll::Ready(Ok(written)) => drop(self.ear.answers.drain(..written)),
                Poll::Ready(Err(error)) => return Err(Box::new(wire::broken(&error))),
                Poll::Pending if self.ear.answers.len() > UNREAD => {
                    return Err(broke_off("it asks and does not read the answers"));
                }
                Poll::Pending => return Ok(()),
            }
        }
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(Box::new(wire::broken(&error))),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// Reads once and takes note of the frames that are complete; `raw` is shown the bytes.
    fn poll_read(&mut self, cx: &mut Context<'_>, raw: impl FnOnce(&[u8])) -> Poll<Result<(), Box<End>>> {
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
        let Silent { frames, small, ear, .. } = self;
        let (now, mut flood) = (Instant::now(), None);
        frames.feed(buffer.filled(), |frame| {
            flood = flood.take().or_else(|| small.count(frame, now));
            ear.hear(frame);
        });
        if let Some(what) = flood {
            return Poll::Ready(Err(Box::new(wire::flooded(what))));
        }
        Poll::Ready(match frames.too_long() {
            Some(length) => Err(broke_off(&format!("a frame of {length} bytes is more than HTTP/2 allows"))),
            None => Ok(()),
        })
    }

    /// Leaves the connection idle for `silence`, then pings it and waits for the answer at most for `limit`.
    pub async fn keep(self, silence: Duration, limit: Duration) -> Held {
        let now = Instant::now();
        let mut vigil = Vigil {
            silent: self,
            silence,
            limit,
            ready: now,
            began: now,
            last: now,
            longest: Duration::ZERO,
            interrupted: None,
            pinged: None,
            segments: None,
            looked: now,
        };
        let mut timer = pin!(sleep(Duration::ZERO));
        vigil.wait(now, timer.as_mut());
        poll_fn(|cx| vigil.poll(cx, timer.as_mut())).await
    }
}

/// The connection ended during the call.
fn ended(end: End, waited: Duration) -> Result<(), Failure> {
    let text = format!("connection lost during the first call: {}", end.disconnect);
    Err(Failure::new(Stage::Health, end.code, text, waited))
}

fn broke_off(why: &str) -> Box<End> {
    let disconnect = Disconnect {
        reason: DisconnectReason::SubchannelShutdown,
        detail: format!("closed by us: the peer broke the rules of HTTP/2 ({why})"),
        goaway: None,
    };
    Box::new(End { disconnect, code: FailureCode::ProtocolError, tls: None, spoken: None })
}

/// The silence of one connection, and what comes after it.
struct Vigil {
    silent: Silent,
    silence: Duration,
    limit: Duration,
    /// The call was over.
    ready: Instant,
    /// The idle period began: the last frame that belongs to the call.
    began: Instant,
    /// Something crossed the connection.
    last: Instant,
    /// The longest silence that was survived.
    longest: Duration,
    interrupted: Option<Interruption>,
    /// When the PING was sent.
    pinged: Option<Instant>,
    /// Segments that had come in when TCP was asked last since something was said, and when that was.
    segments: Option<u32>,
    looked: Instant,
}

impl Vigil {
    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Held> {
        loop {
            if let Err(end) = self.silent.poll_answers(cx) {
                return Poll::Ready(self.closed(end.disconnect));
            }
            if let Some(goaway) = self.silent.ear.goaway.take() {
                return Poll::Ready(self.closed(wire::said_goaway(&goaway)));
            }
            if self.silent.ear.ponged {
                return Poll::Ready(self.alive(cx));
            }
            match self.silent.poll_read(cx, |_| {}) {
                Poll::Ready(Ok(())) => {
                    self.spoke(timer.as_mut());
                    continue;
                }
                // What came before the end says more than the end.
                Poll::Ready(Err(_)) if self.silent.ear.goaway.is_some() || self.silent.ear.ponged => continue,
                Poll::Ready(Err(end)) => return Poll::Ready(self.closed(end.disconnect)),
                Poll::Pending => {}
            }
            ready!(timer.as_mut().poll(cx));
            if self.pinged.is_some() {
                return Poll::Ready(self.swallowed());
            }
            let (now, payload) = (Instant::now(), fastrand::u64(..).to_be_bytes());
            self.look(now);
            if now < later(self.began, self.silence) {
                self.wait(now, timer.as_mut());
                continue;
            }
            self.pinged = Some(now);
            self.longest = self.longest.max(now - self.last);
            self.silent.ear.ping = Some(payload);
            self.silent.ear.answers.extend_from_slice(&ping(0, payload));
            timer.as_mut().reset(later(now, self.limit));
        }
    }

    /// The peer said something. Before the ping that breaks the silence, unless it still belongs to the greeting.
    fn spoke(&mut self, timer: Pin<&mut Sleep>) {
        let frame = self.silent.ear.last.take();
        let now = Instant::now();
        if self.pinged.is_some() || self.silent.ear.goaway.is_some() {
            return;
        }
        if now - self.ready <= SETTLING && self.interrupted.is_none() {
            (self.began, self.last) = (now, now);
            self.wait(now, timer);
            return;
        }
        self.segments = None;
        self.longest = self.longest.max(now - self.last);
        self.interrupted_by(now, || frame.map_or("part of a frame".to_string(), frames::name));
    }

    /// Waits for the end of the silence, or until TCP is to be asked again.
    fn wait(&self, now: Instant, timer: Pin<&mut Sleep>) {
        let end = later(self.began, self.silence);
        let look = later(now, (self.silence / LOOKS).max(LOOK));
        let counts = tcp::segments_in(&*self.silent.io).is_some();
        timer.reset(if counts { look.min(end) } else { end });
    }

    /// Asks TCP whether anything came in since it was asked last: nothing was read, so it had no data.
    fn look(&mut self, now: Instant) {
        let count = tcp::segments_in(&*self.silent.io);
        if let (Some(before), Some(count)) = (self.segments, count)
            && before != count
        {
            // Some time between the two looks: what is certain is the silence until the first of them.
            self.longest = self.longest.max(self.looked - self.last);
            self.interrupted_by(now, || "TCP keepalive".to_string());
        }
        self.segments = count;
        self.looked = now;
    }

    fn interrupted_by(&mut self, now: Instant, what: impl FnOnce() -> String) {
        self.last = now;
        let after = now - self.began;
        self.interrupted.get_or_insert_with(|| Interruption { after, frame: what(), times: 0 }).times += 1;
    }

    fn alive(&mut self, cx: &mut Context<'_>) -> Held {
        let rtt = self.pinged.map(|at| at.elapsed()).unwrap_or_default();
        // Best effort: GOAWAY if the socket takes it now; dropping the connection closes it.
        let _ = Pin::new(&mut self.silent.io).poll_write(cx, &tap::FAREWELL);
        self.ends(self.longest, Fate::Alive { rtt })
    }

    fn closed(&mut self, disconnect: Disconnect) -> Held {
        let after = self.began.elapsed();
        self.ends(self.last_silence(), Fate::Closed { after, disconnect, pinged: self.pinged.is_some() })
    }

    fn swallowed(&mut self) -> Held {
        let waited = self.pinged.map(|at| at.elapsed()).unwrap_or_default();
        self.ends(self.last_silence(), Fate::Swallowed { waited, tcp: tcp::state(&*self.silent.io) })
    }

    /// The silence before the ping, or before this moment when there was none.
    fn last_silence(&self) -> Duration {
        self.pinged.unwrap_or_else(Instant::now) - self.last
    }

    fn ends(&mut self, quiet: Duration, fate: Fate) -> Held {
        Held { quiet, interrupted: self.interrupted.take(), fate }
    }
}

/// What is told of a connection that did not come about.
pub(super) fn not_reached(failure: Failure) -> Held {
    Held { quiet: Duration::ZERO, interrupted: None, fate: Fate::NotReached(failure) }
}

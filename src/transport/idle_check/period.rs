//! [`IdleConnection::keep`]: the idle period of one connection, and the PING that shows whether the path survived it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep};

use super::{IdleConnection, ping};
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult, Interruption};
use crate::model::reach::Disconnect;
use crate::transport::clock::later;
use crate::transport::{frames, tap, tcp, wire};

/// What a server sends right after its response (acknowledgement of our SETTINGS, WINDOW_UPDATE, a PING that measures
/// bandwidth) belongs to the call: the idle period starts after the last frame within this time.
const SETTLING: Duration = Duration::from_secs(1);
/// The maximum number of times that TCP is checked for packets without data: TCP's own keepalive keeps the state of a
/// path alive too, and is visible nowhere else.
const CHECKS: u32 = 64;
const CHECK_PERIOD: Duration = Duration::from_secs(1);

impl IdleConnection {
    /// Leaves the connection idle for `idle_time`, then sends a PING and waits at most `limit` for the response.
    pub async fn keep(self, idle_time: Duration, limit: Duration) -> IdleCheckResult {
        let now = Instant::now();
        let mut period = IdlePeriod {
            connection: self,
            idle_time,
            limit,
            ready: now,
            started_at: now,
            last: now,
            longest: Duration::ZERO,
            interrupted: None,
            pinged: None,
            segments: None,
            checked_at: now,
        };
        let mut timer = pin!(sleep(Duration::ZERO));
        period.wait(now, timer.as_mut());
        poll_fn(|cx| period.poll(cx, timer.as_mut())).await
    }
}

/// The idle period of one connection, and the PING after it.
struct IdlePeriod {
    connection: IdleConnection,
    idle_time: Duration,
    limit: Duration,
    /// When the call ended.
    ready: Instant,
    /// When the idle period started: the last frame that belongs to the call.
    started_at: Instant,
    /// When the last traffic was.
    last: Instant,
    /// The longest idle time that was survived.
    longest: Duration,
    interrupted: Option<Interruption>,
    /// When the PING was sent.
    pinged: Option<Instant>,
    /// The number of received segments at the last check of TCP since the last traffic, and the time of that check.
    segments: Option<u32>,
    checked_at: Instant,
}

impl IdlePeriod {
    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<IdleCheckResult> {
        loop {
            if let Err(end) = self.connection.poll_answers(cx) {
                return Poll::Ready(self.closed(end.disconnect));
            }
            if let Some(goaway) = self.connection.received.goaway.take() {
                return Poll::Ready(self.closed(wire::goaway_disconnect(&goaway)));
            }
            if self.connection.received.ponged {
                return Poll::Ready(self.alive(cx));
            }
            match self.connection.poll_read(cx, |_| {}) {
                Poll::Ready(Ok(())) => {
                    self.frame_received(timer.as_mut());
                    continue;
                }
                // Frames before the end show more than the end.
                Poll::Ready(Err(_)) if self.connection.received.goaway.is_some() || self.connection.received.ponged => {
                    continue;
                }
                Poll::Ready(Err(end)) => return Poll::Ready(self.closed(end.disconnect)),
                Poll::Pending => {}
            }
            ready!(timer.as_mut().poll(cx));
            if self.pinged.is_some() {
                return Poll::Ready(self.dropped());
            }
            let (now, payload) = (Instant::now(), fastrand::u64(..).to_be_bytes());
            self.check(now);
            if now < later(self.started_at, self.idle_time) {
                self.wait(now, timer.as_mut());
                continue;
            }
            self.pinged = Some(now);
            self.longest = self.longest.max(now - self.last);
            self.connection.received.ping = Some(payload);
            self.connection.received.answers.extend_from_slice(&ping(0, payload));
            timer.as_mut().reset(later(now, self.limit));
        }
    }

    /// The peer sent something. Before the PING this interrupts the idle period, unless it still belongs to the call.
    fn frame_received(&mut self, timer: Pin<&mut Sleep>) {
        let frame = self.connection.received.last.take();
        let now = Instant::now();
        if self.pinged.is_some() || self.connection.received.goaway.is_some() {
            return;
        }
        if now - self.ready <= SETTLING && self.interrupted.is_none() {
            (self.started_at, self.last) = (now, now);
            self.wait(now, timer);
            return;
        }
        self.segments = None;
        self.longest = self.longest.max(now - self.last);
        self.interrupted_by(now, || frame.map_or("a partial frame".to_string(), frames::name));
    }

    /// Waits for the end of the idle period, or for the next check of TCP.
    fn wait(&self, now: Instant, timer: Pin<&mut Sleep>) {
        let end = later(self.started_at, self.idle_time);
        let check = later(now, (self.idle_time / CHECKS).max(CHECK_PERIOD));
        let counts = tcp::segments_in(&*self.connection.io).is_some();
        timer.reset(if counts { check.min(end) } else { end });
    }

    /// Checks whether TCP received anything since the last check: nothing was read, so it contained no data.
    fn check(&mut self, now: Instant) {
        let count = tcp::segments_in(&*self.connection.io);
        if let (Some(before), Some(count)) = (self.segments, count)
            && before != count
        {
            // It arrived at some time between the two checks: only the idle time until the first of them is certain.
            self.longest = self.longest.max(self.checked_at - self.last);
            self.interrupted_by(now, || "TCP keepalive".to_string());
        }
        self.segments = count;
        self.checked_at = now;
    }

    fn interrupted_by(&mut self, now: Instant, what: impl FnOnce() -> String) {
        self.last = now;
        let after = now - self.started_at;
        self.interrupted.get_or_insert_with(|| Interruption { after, frame: what(), times: 0 }).times += 1;
    }

    fn alive(&mut self, cx: &mut Context<'_>) -> IdleCheckResult {
        let rtt = self.pinged.map(|at| at.elapsed()).unwrap_or_default();
        // Best effort: GOAWAY if the socket accepts it now; dropping the connection closes it.
        let _ = Pin::new(&mut self.connection.io).poll_write(cx, &tap::FAREWELL);
        self.ends(self.longest, IdleCheckOutcome::Alive { rtt })
    }

    fn closed(&mut self, disconnect: Disconnect) -> IdleCheckResult {
        let after = self.started_at.elapsed();
        self.ends(self.last_idle_time(), IdleCheckOutcome::Closed { after, disconnect, pinged: self.pinged.is_some() })
    }

    fn dropped(&mut self) -> IdleCheckResult {
        let waited = self.pinged.map(|at| at.elapsed()).unwrap_or_default();
        self.ends(self.last_idle_time(), IdleCheckOutcome::Dropped { waited, tcp: tcp::state(&*self.connection.io) })
    }

    /// The idle time before the PING, or before this moment when there was none.
    fn last_idle_time(&self) -> Duration {
        self.pinged.unwrap_or_else(Instant::now) - self.last
    }

    fn ends(&mut self, measured_idle: Duration, outcome: IdleCheckOutcome) -> IdleCheckResult {
        IdleCheckResult { measured_idle, interrupted: self.interrupted.take(), outcome }
    }
}

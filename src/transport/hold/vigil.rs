//! [`Silent::keep`]: the idle period of one connection, and the PING that shows whether the path survived it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep};

use super::{Silent, ping};
use crate::model::hold::{Fate, Held, Interruption};
use crate::model::reach::Disconnect;
use crate::transport::clock::later;
use crate::transport::{frames, tap, tcp, wire};

/// What a server sends right after its response (acknowledgement of our SETTINGS, WINDOW_UPDATE, a PING that measures
/// bandwidth) belongs to the call: the idle period begins after the last frame of this time.
const SETTLING: Duration = Duration::from_secs(1);
/// How often TCP is asked at most whether packets without data came in: TCP's own keepalive keeps a path awake too, and
/// shows nowhere else.
const LOOKS: u32 = 64;
const LOOK: Duration = Duration::from_secs(1);

impl Silent {
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
        self.interrupted_by(now, || frame.map_or("a partial frame".to_string(), frames::name));
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

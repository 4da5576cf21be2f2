//! HTTP/2 keepalive (gRFC A8): any byte read proves that the peer responds, and a stream that starts after a long
//! idle time sends a ping at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{Instant, Sleep};

use super::clock::later;
use super::options::Keepalive;
use super::wire::Wire;

/// Keepalive of one connection.
pub(super) struct KeepaliveState {
    options: Keepalive,
    ping: PingPong,
    timer: Pin<Box<Sleep>>,
    /// When the ping in flight was sent, and how many reads there had been by then.
    pinged: Option<(Instant, u64)>,
}

impl KeepaliveState {
    pub fn new(options: Keepalive, ping: PingPong) -> Self {
        KeepaliveState { options, ping, timer: Box::pin(tokio::time::sleep(options.time)), pinged: None }
    }

    /// What is due now. After [`Beat::PingDue`] the connection must be polled: it sends the ping.
    pub fn beat(&mut self, wire: &Wire, cx: &mut Context<'_>) -> Beat {
        let (reads, last_read) = wire.last_read();
        if self.pinged.is_some_and(|(_, before)| before != reads) {
            self.pinged = None;
        }
        // Takes the response, so that the next ping may be sent. Without a ping in flight this does not wait.
        let _ = self.ping.poll_pong(cx);
        let due = match self.pinged {
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
        if self.pinged.is_some() {
            return Beat::Dead(self.options.timeout);
        }
        // Refused only while an earlier ping is in flight, which serves the same purpose.
        let _ = self.ping.send_ping(Ping::opaque());
        self.pinged = Some((Instant::now(), reads));
        Beat::PingDue
    }
}

pub(super) enum Beat {
    /// Nothing to do before the timer.
    Wait,
    /// A ping is to be sent.
    PingDue,
    /// Nothing was read for this long after a ping.
    Dead(Duration),
}

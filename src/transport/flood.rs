//! Counts small frames. A server that floods a connection with them costs its client a core for as long as the
//! connection is open. HTTP/2 has no rule against that, so every implementation has a limit of its own (nghttp2:
//! 10,000 irregular frames at once; Go: 10,000 queued control frames; Envoy: 1,000 outbound control frames). Ours
//! counts more kinds, and is far above what a server sends on a connection that carries health calls only. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::frames::{self, Frame};
use crate::text::{duration, exact_duration};

/// The maximum number of small frames within [`WINDOW`]. A process that was stopped reads all frames at once that
/// arrived in the meantime: with a PING every 10 s, this number takes a day.
pub(super) const MOST: u16 = 10_000;
/// The time within which they are counted.
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// DATA of at least this length carries a response: flow control limits it.
const CONTENT: usize = 256;
/// The kinds that are counted separately; the last one is for kinds that HTTP/2 does not define.
const KINDS: usize = frames::CONTINUATION as usize + 2;

/// Counts the small frames of one connection.
#[derive(Debug, Default)]
pub(super) struct Meter {
    since: Option<Instant>,
    all: u16,
    kinds: [u16; KINDS],
}

impl Meter {
    /// Counts the next frame. Returns the sentence about the flood once there are too many.
    pub fn count(&mut self, frame: Frame<'_>, now: Instant) -> Option<String> {
        if frame.kind == frames::DATA && frame.length >= CONTENT {
            return None;
        }
        let since = match self.since {
            Some(since) if now - since < WINDOW => since,
            Some(_) | None => {
                *self = Meter { since: Some(now), ..Meter::default() };
                now
            }
        };
        self.kinds[usize::from(frame.kind).min(KINDS - 1)] += 1;
        self.all += 1;
        (self.all > MOST).then(|| self.words(now - since))
    }

    /// `10001 small frames within 0.3s, 9999 of them PING (limit: 10000 in 10s)`.
    fn words(&self, time: Duration) -> String {
        let (kind, count) = self.kinds.iter().enumerate().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
        let name = match u8::try_from(kind) {
            Ok(kind) if kind <= frames::CONTINUATION => frames::name(kind),
            _ => "of unknown types".to_string(),
        };
        let (all, time, window) = (self.all, duration(time), exact_duration(WINDOW));
        format!("{all} small frames within {time}, {count} of them {name} (limit: {MOST} in {window})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: usize) -> Frame<'static> {
        Frame { kind, flags: 0, stream: 0, length, payload: &[] }
    }

    #[tokio::test(start_paused = true)]
    async fn every_kind_of_small_frame_is_a_flood_at_the_same_count() {
        for kind in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x16, 0xff] {
            let mut meter = Meter::default();
            for _ in 0..MOST {
                assert_eq!(meter.count(frame(kind, 8), Instant::now()), None);
            }
            let words = meter.count(frame(kind, 8), Instant::now()).unwrap();
            let name = if kind > 9 { "of unknown types".to_string() } else { frames::name(kind) };
            assert!(words.starts_with("10001 small frames within 0.0ms, 10001 of them "), "{words}");
            assert!(words.contains(&name), "{words}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_below_the_limit_is_no_flood_however_long_it_lasts() {
        let mut meter = Meter::default();
        for _ in 0..20 * u32::from(MOST) {
            tokio::time::advance(Duration::from_micros(1_100)).await;
            assert_eq!(meter.count(frame(frames::PING, 8), Instant::now()), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_kind_that_came_most_is_named_with_the_time_it_took() {
        let mut meter = Meter::default();
        let mut words = None;
        for at in 0.. {
            let kind = if at % 4 == 0 { frames::SETTINGS } else { frames::WINDOW_UPDATE };
            words = meter.count(frame(kind, 4), Instant::now());
            if words.is_some() {
                break;
            }
            tokio::time::advance(Duration::from_micros(100)).await;
        }
        let words = words.unwrap();
        assert!(words.starts_with("10001 small frames within 1.0s, 7500 of them WINDOW_UPDATE"), "{words}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_response_is_no_flood() {
        let mut meter = Meter::default();
        for _ in 0..10 * u32::from(MOST) {
            assert_eq!(meter.count(frame(frames::DATA, CONTENT), Instant::now()), None);
        }
    }
}

//! The rules that one frame can break, given the previous traffic of the connection.

use super::violation::{FrameRule, WindowOf};
use super::{MAX_WINDOW, PADDED, PRIORITY, Rules, Stream, priority, word};
use crate::transport::frames::{self, Frame};

impl Rules {
    fn idle(&self, stream: u32) -> Option<FrameRule> {
        self.is_idle(stream).then_some(FrameRule::NeverOpened { last: self.opened })
    }

    /// The rule that a frame breaks.
    pub(super) fn against(&self, frame: Frame<'_>) -> Option<FrameRule> {
        let Frame { kind, stream, length, payload, .. } = frame;
        if let Some((open, _)) = self.block
            && (kind != frames::CONTINUATION || stream != open)
        {
            return Some(FrameRule::BlockOpen { open });
        }
        let must_be = |expected, section| (length != expected).then_some(FrameRule::Length { expected, section });
        let on_stream = |section| (stream == 0).then_some(FrameRule::NotOnStream { section });
        let on_zero = |section| (stream != 0).then_some(FrameRule::NotOnConnection { section });
        match kind {
            frames::DATA => on_stream("6.1")
                .or_else(|| padding(frame, 0, "6.1"))
                .or_else(|| self.idle(stream))
                .or_else(|| self.early(stream))
                .or_else(|| self.flood(frame)),
            frames::HEADERS => on_stream("6.2")
                .or_else(|| padding(frame, priority(frame), "6.2"))
                .or_else(|| self.idle(stream))
                .or_else(|| depends_on_itself(frame, usize::from(frame.flags & PADDED != 0))),
            frames::PRIORITY => on_stream("6.3")
                .or_else(|| must_be(5, "6.3"))
                .or_else(|| depends_on_itself(Frame { flags: PRIORITY, ..frame }, 0)),
            frames::RST_STREAM => on_stream("6.4").or_else(|| must_be(4, "6.4")).or_else(|| self.idle(stream)),
            frames::SETTINGS => on_zero("6.5").or_else(|| self.settings(frame)),
            frames::PUSH_PROMISE => Some(FrameRule::Push),
            frames::PING => on_zero("6.7").or_else(|| must_be(8, "6.7")),
            frames::GOAWAY => on_zero("6.8")
                .or_else(|| (length < 8).then_some(FrameRule::TooShort { least: 8, section: "6.8" }))
                .or_else(|| {
                    let (last, before) = (word(payload, 0), self.last_stream);
                    (last > before).then_some(FrameRule::LastStreamRises { last, before })
                }),
            frames::WINDOW_UPDATE => must_be(4, "6.9").or_else(|| self.window_update(stream, word(payload, 0))),
            frames::CONTINUATION => self.block.is_none().then_some(FrameRule::NoBlockOpen),
            _ => None,
        }
    }

    /// Data before the headers.
    fn early(&self, stream: u32) -> Option<FrameRule> {
        let waits = self.streams.iter().any(|known| known.id == stream && !known.answered);
        waits.then_some(FrameRule::DataFirst)
    }

    /// More data than our windows allow.
    fn flood(&self, frame: Frame<'_>) -> Option<FrameRule> {
        let length = i64::try_from(frame.length).unwrap_or(i64::MAX);
        let more = |left: i64, of| (length > left).then_some(FrameRule::Window { of, left });
        let known = self.streams.iter().find(|stream| stream.id == frame.stream);
        more(self.receive, WindowOf::Connection)
            .or_else(|| known.and_then(|stream| more(stream.receive, WindowOf::Stream)))
    }

    fn settings(&self, frame: Frame<'_>) -> Option<FrameRule> {
        let Frame { length, payload, .. } = frame;
        if frame.is_ack() {
            if length > 0 {
                return Some(FrameRule::PayloadOfAck);
            }
            let unexpected = self.unacknowledged == 0;
            return unexpected.then_some(FrameRule::UnexpectedAck);
        }
        if !length.is_multiple_of(6) {
            return Some(FrameRule::SettingsLength);
        }
        payload.chunks_exact(6).find_map(|entry| {
            let value = word(entry, 2);
            let invalid = |name, allowed| Some(FrameRule::Setting { name, value, allowed });
            match u16::from_be_bytes([entry[0], entry[1]]) {
                0x2 if value > 1 => invalid("ENABLE_PUSH", "0 or 1"),
                0x4 if i64::from(value) > MAX_WINDOW => invalid("INITIAL_WINDOW_SIZE", "at most 2147483647"),
                0x4 => {
                    let grown = |stream: &&Stream| stream.send + i64::from(value) - self.initial > MAX_WINDOW;
                    let stream = self.streams.iter().find(grown)?.id;
                    Some(FrameRule::InitialWindow { value, stream })
                }
                0x5 if !(16_384..=16_777_215).contains(&value) => invalid("MAX_FRAME_SIZE", "16384 to 16777215"),
                0x8 if value > 1 => Some(FrameRule::ConnectProtocol { value }),
                _ => None,
            }
        })
    }

    fn window_update(&self, stream: u32, raw: u32) -> Option<FrameRule> {
        let increment = raw & 0x7fff_ffff;
        if increment == 0 {
            return Some(FrameRule::NoIncrement);
        }
        let window = match stream {
            0 => self.send,
            _ if self.is_idle(stream) => return self.idle(stream),
            _ => self.streams.iter().find(|known| known.id == stream)?.send,
        };
        (window + i64::from(increment) > MAX_WINDOW).then_some(FrameRule::Increment { increment, window })
    }
}

/// Padding that leaves no room for the `fixed` bytes before it.
fn padding(frame: Frame<'_>, fixed: usize, section: &'static str) -> Option<FrameRule> {
    if frame.flags & PADDED == 0 {
        return (frame.length < fixed).then_some(FrameRule::TooShort { least: fixed, section });
    }
    let Some(padding) = frame.payload.first().map(|padding| usize::from(*padding)) else {
        return Some(FrameRule::NoPaddingLength { section });
    };
    let room = frame.length - 1;
    (padding + fixed > room).then_some(FrameRule::Padding { padding, room, section })
}

fn depends_on_itself(frame: Frame<'_>, at: usize) -> Option<FrameRule> {
    let itself = frame.flags & PRIORITY != 0 && word(frame.payload, at) & 0x7fff_ffff == frame.stream;
    itself.then_some(FrameRule::DependsOnItself)
}

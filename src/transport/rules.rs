//! The rules for what a server may send (RFC 9113), checked frame by frame beside the HTTP/2 library. The library
//! decides whether to continue. When it refuses something it returns an error code only; this module names the frame
//! and the rule. So nothing in here may be stricter than the library. Pure.

mod frame;
mod violation;

use super::frames::{self, Frame};
use super::our_limit::OurLimit;
use super::response::Blocks;
use violation::FrameRule;

pub(super) use violation::{FrameViolation, Violation};

/// Our `SETTINGS_MAX_FRAME_SIZE`.
const MAX_FRAME: usize = 16_384;
/// The initial flow-control windows, and the largest that is allowed.
const WINDOW: i64 = 65_535;
const MAX_WINDOW: i64 = 0x7fff_ffff;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// A stream that we opened and that has not ended.
#[derive(Debug)]
struct Stream {
    id: u32,
    /// How much we may send, and how much the server may.
    send: i64,
    receive: i64,
    /// The last byte of our request was sent.
    sent: bool,
    /// The server's HEADERS have arrived.
    answered: bool,
}

/// The previous traffic of one connection, as far as the rules need it.
#[derive(Debug)]
pub(super) struct Rules {
    streams: Vec<Stream>,
    /// The last stream that we opened.
    opened: u32,
    send: i64,
    receive: i64,
    /// How much a new stream of ours may send.
    initial: i64,
    /// Our SETTINGS that the server has not acknowledged.
    unacknowledged: u32,
    last_stream: u32,
    /// The stream whose header block is not complete, and its CONTINUATION frames.
    block: Option<(u32, u32)>,
    /// The first frame that breaks a rule.
    broken: Option<FrameViolation>,
    /// The first frame that the library may accept or refuse, depending on whether it still has a record of the stream.
    doubtful: Option<FrameViolation>,
    blocks: Blocks,
    /// The kind of the last frame, and how many frames of it came in a row.
    small: Option<(u8, u32)>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            streams: Vec::new(),
            opened: 0,
            send: WINDOW,
            receive: WINDOW,
            initial: WINDOW,
            unacknowledged: 0,
            last_stream: u32::MAX,
            block: None,
            broken: None,
            doubtful: None,
            blocks: Blocks::default(),
            small: None,
        }
    }
}

impl Rules {
    /// Records a frame that we sent.
    pub fn sent(&mut self, frame: Frame<'_>) {
        let length = i64::try_from(frame.length).unwrap_or_default();
        match frame.kind {
            frames::HEADERS if frame.stream > self.opened => {
                self.opened = frame.stream;
                let sent = frame.flags & END_STREAM != 0;
                self.streams.push(Stream {
                    id: frame.stream,
                    send: self.initial,
                    receive: WINDOW,
                    sent,
                    answered: false,
                });
            }
            frames::DATA => {
                self.send -= length;
                if let Some(stream) = self.stream(frame.stream) {
                    stream.send -= length;
                    stream.sent |= frame.flags & END_STREAM != 0;
                }
            }
            frames::RST_STREAM => self.streams.retain(|stream| stream.id != frame.stream),
            frames::SETTINGS if !frame.is_ack() => self.unacknowledged += 1,
            frames::WINDOW_UPDATE => {
                let more = i64::from(word(frame.payload, 0));
                match self.stream(frame.stream) {
                    Some(stream) => stream.receive += more,
                    None if frame.stream == 0 => self.receive += more,
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// Checks and records a frame that the server sent.
    pub fn received(&mut self, frame: Frame<'_>) {
        if self.broken.is_some() {
            return;
        }
        self.small = match self.small {
            Some((kind, count)) if kind == frame.kind => Some((kind, count.saturating_add(1))),
            _ => Some((frame.kind, 1)),
        };
        self.broken = self.against(frame).map(|rule| FrameViolation::new(frame, rule));
        if self.broken.is_none() {
            self.take(frame);
        }
    }

    /// Records that the server started a frame that is longer than allowed: it is not read to its end.
    pub fn too_long(&mut self, frame: Frame<'_>) {
        self.broken.get_or_insert_with(|| FrameViolation::new(frame, FrameRule::TooLong));
    }

    /// The rule that the server broke, if one is known: of the connection, or of `stream`.
    pub fn broken(&self, stream: Option<u32>) -> Option<Violation> {
        let frame = || self.broken.clone().map(Violation::Frame);
        let block = || self.blocks.broken(stream).map(Violation::Block);
        frame().or_else(block).or_else(|| self.doubtful.clone().map(Violation::Frame))
    }

    /// The frame that broke a rule, if one did.
    pub fn broken_frame(&self) -> Option<&FrameViolation> {
        self.broken.as_ref()
    }

    /// The limit of our own HTTP/2 library that the server exceeded without breaking a rule.
    pub fn our_limit(&self) -> OurLimit {
        match (self.block, self.small) {
            (Some((_, count)), _) if count > 0 => OurLimit::Continuations { count },
            (_, Some((kind, count))) if count > 1 => OurLimit::InARow { count, kind },
            _ => OurLimit::Unknown,
        }
    }

    /// The size of the response headers as sent, where they may be larger than our own limit.
    pub fn large_headers(&self, stream: Option<u32>) -> Option<usize> {
        self.blocks.skipped(stream)
    }

    /// How much of our request on `stream` was sent: nothing, a part (the server's window is full), or all of it.
    pub fn progress(&self, stream: u32) -> Sent {
        if stream > self.opened {
            return Sent::Nothing;
        }
        match self.streams.iter().find(|known| known.id == stream) {
            Some(stream) if !stream.sent => Sent::Headers,
            Some(_) | None => Sent::All,
        }
    }

    fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    fn is_idle(&self, stream: u32) -> bool {
        stream.is_multiple_of(2) || stream > self.opened
    }

    /// Records what a frame changes that breaks no rule.
    fn take(&mut self, frame: Frame<'_>) {
        let length = i64::try_from(frame.length).unwrap_or_default();
        let ends = frame.flags & END_STREAM != 0;
        match frame.kind {
            frames::DATA => {
                self.receive -= length;
                let padded = usize::from(
                    frame.payload.first().copied().filter(|_| frame.flags & PADDED != 0).unwrap_or_default(),
                );
                let announced =
                    frame.length - usize::from(frame.flags & PADDED != 0) - padded.min(frame.length.saturating_sub(1));
                match self.stream(frame.stream) {
                    Some(stream) => stream.receive -= length,
                    None => self.after_end(frame),
                }
                self.blocks.data(frame.stream, announced, ends);
                self.close(frame.stream, ends);
            }
            frames::HEADERS => {
                match self.stream(frame.stream) {
                    Some(stream) => stream.answered = true,
                    None => self.after_end(frame),
                }
                let padded = usize::from(frame.flags & PADDED != 0);
                let padding = usize::from(frame.payload.first().copied().filter(|_| padded > 0).unwrap_or_default());
                let start = padded + priority(frame);
                let end = frame.length.saturating_sub(padding);
                self.blocks.start(frame.stream, ends);
                self.blocks.add(frame.payload.get(start..end), end.saturating_sub(start));
                self.block(frame, 0);
                self.close(frame.stream, ends);
            }
            frames::CONTINUATION => {
                let so_far = self.block.map_or(0, |(_, frames)| frames);
                self.blocks.add(frame.payload.get(..frame.length), frame.length);
                self.block(frame, so_far + 1);
            }
            frames::RST_STREAM => self.close(frame.stream, true),
            frames::SETTINGS if frame.is_ack() => self.unacknowledged = self.unacknowledged.saturating_sub(1),
            frames::SETTINGS => {
                if let Some(initial) = frames::settings(frame.payload).initial_window_size {
                    let initial = i64::from(initial);
                    for stream in &mut self.streams {
                        stream.send += initial - self.initial;
                    }
                    self.initial = initial;
                }
            }
            frames::GOAWAY => self.last_stream = word(frame.payload, 0) & 0x7fff_ffff,
            frames::WINDOW_UPDATE => {
                let more = i64::from(word(frame.payload, 0) & 0x7fff_ffff);
                match self.stream(frame.stream) {
                    Some(stream) => stream.send += more,
                    None if frame.stream == 0 => self.send += more,
                    None => {}
                }
            }
            _ => {}
        }
    }

    fn block(&mut self, frame: Frame<'_>, continuations: u32) {
        if frame.flags & END_HEADERS != 0 {
            self.block = None;
            self.blocks.end();
        } else {
            self.block = Some((frame.stream, continuations));
        }
    }

    /// The library refuses frames on a closed stream only while it has a record of the stream.
    fn after_end(&mut self, frame: Frame<'_>) {
        self.doubtful.get_or_insert_with(|| FrameViolation::new(frame, FrameRule::StreamEnded));
    }

    fn close(&mut self, stream: u32, ends: bool) {
        if ends {
            self.streams.retain(|known| known.id != stream);
        }
    }
}

/// How much of a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing: the server allows no stream now.
    Nothing,
    /// The headers, and not all of the message: the server's flow-control window is full.
    Headers,
    /// All of it.
    All,
}

fn word(payload: &[u8], at: usize) -> u32 {
    match payload.get(at..at + 4) {
        Some([a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => 0,
    }
}

/// Bytes of the priority fields of a HEADERS frame.
fn priority(frame: Frame<'_>) -> usize {
    if frame.flags & PRIORITY != 0 { 5 } else { 0 }
}

//! What a server may send (RFC 9113), checked frame by frame beside the HTTP/2 library. The library decides whether to go
//! on; when it refuses something it gives an error code only, and this names the frame and the rule. So nothing in here
//! is stricter than the library. Pure.

use super::frames::{self, Frame};
use super::response::Blocks;

/// `SETTINGS_MAX_FRAME_SIZE` as we leave it.
const MAX_FRAME: usize = 16_384;
/// The initial flow-control windows, and the largest there may be.
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
    /// What we may send, and what the server may.
    send: i64,
    receive: i64,
    /// The last byte of our request was sent.
    sent: bool,
    /// The server's HEADERS have come.
    answered: bool,
}

/// What went over one connection so far, as far as the rules need it.
#[derive(Debug)]
pub(super) struct Rules {
    streams: Vec<Stream>,
    /// The last stream that we opened.
    opened: u32,
    send: i64,
    receive: i64,
    /// What a new stream of ours may send.
    initial: i64,
    /// SETTINGS of ours that the server has not acknowledged.
    unacknowledged: u32,
    last_stream: u32,
    /// The stream whose header block is not complete, and its CONTINUATION frames.
    block: Option<(u32, u32)>,
    /// The first frame that breaks a rule.
    broken: Option<String>,
    /// The first frame that the library may take or refuse, depending on what it still remembers.
    doubtful: Option<String>,
    blocks: Blocks,
    /// The kind of the last frame, and how many of it came in a row.
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
    /// We sent a frame.
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

    /// The server sent a frame.
    pub fn received(&mut self, frame: Frame<'_>) {
        if self.broken.is_some() {
            return;
        }
        self.small = match self.small {
            Some((kind, count)) if kind == frame.kind => Some((kind, count.saturating_add(1))),
            _ => Some((frame.kind, 1)),
        };
        self.broken = self.against(frame).map(|why| {
            let (name, length) = (frames::name(frame.kind), frame.length);
            format!("{name} frame of {length} bytes on stream {}: {why}", frame.stream)
        });
        if self.broken.is_none() {
            self.take(frame);
        }
    }

    /// The server began a frame that is longer than it may be: nobody waits for its end.
    pub fn too_long(&mut self, frame: Frame<'_>) {
        self.broken.get_or_insert_with(|| {
            let (name, length, stream) = (frames::name(frame.kind), frame.length, frame.stream);
            format!("{name} frame of {length} bytes on stream {stream}: longer than our SETTINGS_MAX_FRAME_SIZE of {MAX_FRAME} (RFC 9113, 4.2)")
        });
    }

    /// The rule that the server broke, if one is known: of the connection, or of `stream`.
    pub fn broken(&self, stream: Option<u32>) -> Option<String> {
        self.broken.clone().or_else(|| self.blocks.broken(stream)).or_else(|| self.doubtful.clone())
    }

    /// The frame that broke a rule, if one did.
    pub fn broken_frame(&self) -> Option<String> {
        self.broken.clone()
    }

    /// The limit of our own HTTP/2 library that the server ran into without breaking a rule.
    pub fn our_limit(&self) -> String {
        let (what, count) = match (self.block, self.small) {
            (Some((_, continuations)), _) if continuations > 0 => {
                ("CONTINUATION frames in one header block", continuations)
            }
            (_, Some((kind, count))) if count > 1 => {
                return format!(
                    "{count} {} frames in a row, which our HTTP/2 library takes for a flood",
                    frames::name(kind)
                );
            }
            _ => return "the server sent more than our HTTP/2 library accepts (ENHANCE_YOUR_CALM)".to_string(),
        };
        format!("{count} {what}, which our HTTP/2 library takes for a flood")
    }

    /// The size of the response headers as sent, where they may be larger than our own limit.
    pub fn large_headers(&self, stream: Option<u32>) -> Option<usize> {
        self.blocks.skipped(stream)
    }

    /// Whether our request on `stream` was sent: not at all, in part (the server's window is full), or all of it.
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

    fn idle(&self, stream: u32) -> Option<String> {
        let opened = match self.opened {
            0 => "none".to_string(),
            last => format!("{last} was the last"),
        };
        self.is_idle(stream).then(|| format!("this stream was never opened, {opened} (RFC 9113, 5.1)"))
    }

    /// The rule that a frame breaks.
    fn against(&self, frame: Frame<'_>) -> Option<String> {
        let Frame { kind, stream, length, payload, .. } = frame;
        if let Some((open, _)) = self.block
            && (kind != frames::CONTINUATION || stream != open)
        {
            return Some(format!(
                "the header block of stream {open} is not complete, CONTINUATION on that stream must follow (RFC 9113, 6.10)"
            ));
        }
        let must_be = |expected: usize, section: &str| {
            (length != expected).then(|| format!("its payload must have {expected} bytes (RFC 9113, {section})"))
        };
        let on_stream = |section: &str| (stream == 0).then(|| format!("it must be on a stream (RFC 9113, {section})"));
        let on_zero = |section: &str| (stream != 0).then(|| format!("it must be on stream 0 (RFC 9113, {section})"));
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
            frames::PUSH_PROMISE => {
                Some("we disabled push with SETTINGS_ENABLE_PUSH 0 (RFC 9113, 6.6 and 8.4)".to_string())
            }
            frames::PING => on_zero("6.7").or_else(|| must_be(8, "6.7")),
            frames::GOAWAY => on_zero("6.8")
                .or_else(|| (length < 8).then(|| "its payload must have at least 8 bytes (RFC 9113, 6.8)".to_string()))
                .or_else(|| {
                    let last = word(payload, 0);
                    (last > self.last_stream).then(|| {
                        format!(
                            "its last stream {last} is larger than that of the GOAWAY before, {} (RFC 9113, 6.8)",
                            self.last_stream
                        )
                    })
                }),
            frames::WINDOW_UPDATE => must_be(4, "6.9").or_else(|| self.window_update(stream, word(payload, 0))),
            frames::CONTINUATION => {
                self.block.is_none().then(|| "no header block is open (RFC 9113, 6.10)".to_string())
            }
            _ => None,
        }
    }

    /// Data before the headers.
    fn early(&self, stream: u32) -> Option<String> {
        let waits = self.streams.iter().any(|known| known.id == stream && !known.answered);
        waits.then(|| "the response begins with HEADERS (RFC 9113, 8.1)".to_string())
    }

    /// More data than our windows allow.
    fn flood(&self, frame: Frame<'_>) -> Option<String> {
        let length = i64::try_from(frame.length).unwrap_or(i64::MAX);
        let more = |left: i64, what: &str| {
            (length > left)
                .then(|| format!("our flow-control window of the {what} has {left} bytes left (RFC 9113, 6.9.1)"))
        };
        let known = self.streams.iter().find(|stream| stream.id == frame.stream);
        more(self.receive, "connection").or_else(|| known.and_then(|stream| more(stream.receive, "stream")))
    }

    fn settings(&self, frame: Frame<'_>) -> Option<String> {
        let Frame { length, payload, .. } = frame;
        if frame.is_ack() {
            if length > 0 {
                return Some("an acknowledgement has no payload (RFC 9113, 6.5)".to_string());
            }
            let unexpected = self.unacknowledged == 0;
            return unexpected.then(|| "it acknowledges SETTINGS that we did not send (RFC 9113, 6.5.3)".to_string());
        }
        if !length.is_multiple_of(6) {
            return Some("its payload must be a multiple of 6 bytes (RFC 9113, 6.5)".to_string());
        }
        payload.chunks_exact(6).find_map(|entry| {
            let value = word(entry, 2);
            let wrong = |name: &str, allowed: &str| Some(format!("{name} is {value}, allowed is {allowed} (RFC 9113, 6.5.2)"));
            match u16::from_be_bytes([entry[0], entry[1]]) {
                0x2 if value > 1 => wrong("ENABLE_PUSH", "0 or 1"),
                0x4 if i64::from(value) > MAX_WINDOW => wrong("INITIAL_WINDOW_SIZE", "at most 2147483647"),
                0x4 => {
                    let grown = self.streams.iter().find(|stream| {
                        stream.send + i64::from(value) - self.initial > MAX_WINDOW
                    })?;
                    Some(format!("INITIAL_WINDOW_SIZE {value} makes the window of stream {} larger than 2147483647 (RFC 9113, 6.9.2)", grown.id))
                }
                0x5 if !(16_384..=16_777_215).contains(&value) => wrong("MAX_FRAME_SIZE", "16384 to 16777215"),
                0x8 if value > 1 => Some(format!("ENABLE_CONNECT_PROTOCOL is {value}, allowed is 0 or 1 (RFC 8441, 3)")),
                _ => None,
            }
        })
    }

    fn window_update(&self, stream: u32, raw: u32) -> Option<String> {
        let more = raw & 0x7fff_ffff;
        if more == 0 {
            return Some("its increment is 0 (RFC 9113, 6.9)".to_string());
        }
        let window = match stream {
            0 => self.send,
            _ if self.is_idle(stream) => return self.idle(stream),
            _ => self.streams.iter().find(|known| known.id == stream)?.send,
        };
        (window + i64::from(more) > MAX_WINDOW).then(|| {
            format!("its increment {more} makes a window of {window} larger than 2147483647 (RFC 9113, 6.9.1)")
        })
    }

    /// Keeps what a frame that breaks no rule changes.
    fn take(&mut self, frame: Frame<'_>) {
        let length = i64::try_from(frame.length).unwrap_or_default();
        let ends = frame.flags & END_STREAM != 0;
        match frame.kind {
            frames::DATA => {
                self.receive -= length;
                let padded = usize::from(
                    frame.payload.first().copied().filter(|_| frame.flags & PADDED != 0).unwrap_or_default(),
                );
                let said =
                    frame.length - usize::from(frame.flags & PADDED != 0) - padded.min(frame.length.saturating_sub(1));
                match self.stream(frame.stream) {
                    Some(stream) => stream.receive -= length,
                    None => self.after_end(frame),
                }
                self.blocks.data(frame.stream, said, ends);
                self.close(frame.stream, ends);
            }
            frames::HEADERS => {
                match self.stream(frame.stream) {
                    Some(stream) => stream.answered = true,
                    None => self.after_end(frame),
                }
                let padded = usize::from(frame.flags & PADDED != 0);
                let padding = usize::from(frame.payload.first().copied().filter(|_| padded > 0).unwrap_or_default());
                let begin = padded + priority(frame);
                let end = frame.length.saturating_sub(padding);
                self.blocks.begin(frame.stream, ends);
                self.blocks.add(frame.payload.get(begin..end), end.saturating_sub(begin));
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

    /// The library refuses what comes on an ended stream only while it remembers the stream.
    fn after_end(&mut self, frame: Frame<'_>) {
        let (name, length, stream) = (frames::name(frame.kind), frame.length, frame.stream);
        self.doubtful.get_or_insert_with(|| {
            format!(
                "{name} frame of {length} bytes on stream {stream}: the server had ended this stream (RFC 9113, 5.1)"
            )
        });
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

/// Padding that leaves no room for the `fixed` bytes before it.
fn padding(frame: Frame<'_>, fixed: usize, section: &str) -> Option<String> {
    if frame.flags & PADDED == 0 {
        let short = frame.length < fixed;
        return short.then(|| format!("its payload must have at least {fixed} bytes (RFC 9113, {section})"));
    }
    let Some(padding) = frame.payload.first().map(|padding| usize::from(*padding)) else {
        return Some(format!("the PADDED flag is set and there is no padding length (RFC 9113, {section})"));
    };
    let room = frame.length - 1;
    (padding + fixed > room).then(|| format!("padding of {padding} bytes in {room} (RFC 9113, {section})"))
}

fn depends_on_itself(frame: Frame<'_>, at: usize) -> Option<String> {
    let itself = frame.flags & PRIORITY != 0 && word(frame.payload, at) & 0x7fff_ffff == frame.stream;
    itself.then(|| "the stream depends on itself (RFC 7540, 5.3.1)".to_string())
}

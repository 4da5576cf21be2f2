//! [`Violation`]: the rule of HTTP/2 that a server broke, and the frame that broke it.

use super::MAX_FRAME;
use crate::model::violation::Http2Rule;
use crate::transport::frames::{self, Frame};
use crate::transport::response::BlockViolation;

/// What a server did against the rules of HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::transport) enum Violation {
    /// A frame.
    #[error(transparent)]
    Frame(#[from] FrameViolation),
    /// A header block: the frames around it are valid.
    #[error(transparent)]
    Block(#[from] BlockViolation),
}

impl Violation {
    /// The rule, at the granularity at which programs differ.
    pub fn rule(&self) -> Http2Rule {
        match self {
            Violation::Frame(_) => Http2Rule::Frames,
            Violation::Block(block) => block.kind(),
        }
    }
}

/// A frame that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} frame of {length} bytes on stream {stream}: {rule}", frames::name(*kind))]
pub(in crate::transport) struct FrameViolation {
    /// The kind of the frame.
    kind: u8,
    /// The length of its payload.
    length: usize,
    stream: u32,
    #[source]
    rule: FrameRule,
}

impl FrameViolation {
    pub(super) fn new(frame: Frame<'_>, rule: FrameRule) -> Self {
        FrameViolation { kind: frame.kind, length: frame.length, stream: frame.stream, rule }
    }
}

/// A rule for frames. `section` is the section of RFC 9113 on the kind of frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameRule {
    #[error("longer than our SETTINGS_MAX_FRAME_SIZE of {MAX_FRAME} (RFC 9113, 4.2)")]
    TooLong,
    #[error("the payload must have {expected} bytes (RFC 9113, {section})")]
    Length { expected: usize, section: &'static str },
    #[error("the payload must have at least {least} bytes (RFC 9113, {section})")]
    TooShort { least: usize, section: &'static str },
    #[error("the PADDED flag is set, but the padding length is missing (RFC 9113, {section})")]
    NoPaddingLength { section: &'static str },
    #[error("padding of {padding} bytes, but only {room} available (RFC 9113, {section})")]
    Padding { padding: usize, room: usize, section: &'static str },
    #[error("it must be on a stream (RFC 9113, {section})")]
    NotOnStream { section: &'static str },
    #[error("it must be on stream 0 (RFC 9113, {section})")]
    NotOnConnection { section: &'static str },
    /// `last` is the last stream that we opened; 0 for none.
    #[error("this stream was never opened (last opened: {}; RFC 9113, 5.1)", match last {
        0 => "none".to_string(),
        last => format!("stream {last}"),
    })]
    NeverOpened { last: u32 },
    #[error("the server had already ended this stream (RFC 9113, 5.1)")]
    StreamEnded,
    #[error("the stream depends on itself (RFC 7540, 5.3.1)")]
    DependsOnItself,
    #[error("the header block of stream {open} is not complete, expected CONTINUATION on that stream (RFC 9113, 6.10)")]
    BlockOpen { open: u32 },
    #[error("no header block is open (RFC 9113, 6.10)")]
    NoBlockOpen,
    #[error("the response must start with HEADERS (RFC 9113, 8.1)")]
    DataFirst,
    #[error("our flow-control window of the {} has {left} bytes left (RFC 9113, 6.9.1)", .of.as_str())]
    Window { of: WindowOf, left: i64 },
    #[error("an acknowledgement must have no payload (RFC 9113, 6.5)")]
    PayloadOfAck,
    #[error("it acknowledges SETTINGS that we did not send (RFC 9113, 6.5.3)")]
    UnexpectedAck,
    #[error("the payload must be a multiple of 6 bytes (RFC 9113, 6.5)")]
    SettingsLength,
    #[error("{name} is {value}, must be {allowed} (RFC 9113, 6.5.2)")]
    Setting { name: &'static str, value: u32, allowed: &'static str },
    #[error("ENABLE_CONNECT_PROTOCOL is {value}, must be 0 or 1 (RFC 8441, 3)")]
    ConnectProtocol { value: u32 },
    #[error("INITIAL_WINDOW_SIZE {value} makes the window of stream {stream} larger than 2147483647 (RFC 9113, 6.9.2)")]
    InitialWindow { value: u32, stream: u32 },
    #[error("we disabled push with SETTINGS_ENABLE_PUSH 0 (RFC 9113, 6.6 and 8.4)")]
    Push,
    #[error("the last stream {last} is larger than that of the previous GOAWAY, {before} (RFC 9113, 6.8)")]
    LastStreamRises { last: u32, before: u32 },
    #[error("the increment is 0 (RFC 9113, 6.9)")]
    NoIncrement,
    #[error("the increment {increment} makes a window of {window} larger than 2147483647 (RFC 9113, 6.9.1)")]
    Increment { increment: u32, window: i64 },
}

/// What a flow-control window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowOf {
    Connection,
    Stream,
}

impl WindowOf {
    const fn as_str(self) -> &'static str {
        match self {
            WindowOf::Connection => "connection",
            WindowOf::Stream => "stream",
        }
    }
}

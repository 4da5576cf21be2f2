//! The rules for the header blocks of a response (RFC 9113, section 8). Blocks are kept as received, and decoded only
//! when the HTTP/2 library refused one. Pure.

use super::hpack::{Decoder, Field, HpackError};
use crate::model::violation::Http2Rule;
use crate::text::quote_bytes;

/// How many bytes of header blocks are kept per connection: the first ones. A connection that lived long enough to
/// fill them had answered many calls before.
const KEPT: usize = 4 * 1024;

/// One header block, as sent.
#[derive(Debug)]
struct Block {
    stream: u32,
    /// It ended the stream.
    ends: bool,
    bytes: Vec<u8>,
    /// Bytes of DATA on the stream that followed, and whether they ended it.
    data: usize,
    data_ends: bool,
}

/// The header blocks of a connection, in order.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    kept: usize,
    /// The last block is not complete.
    open: bool,
    /// The last block is the one that was not kept.
    last_skipped: bool,
    /// The first block that was not kept, with its size: later blocks cannot be decoded.
    skipped: Option<(u32, usize)>,
}

/// A header block that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "HEADERS on stream {stream}: {rule}{}",
    server.as_ref().map(|server| format!(" [server: {server}]")).unwrap_or_default()
)]
pub(super) struct BlockViolation {
    stream: u32,
    #[source]
    rule: FieldRule,
    /// The sender, according to its own `server` field.
    server: Option<String>,
}

/// A rule for the fields of a response. Names and values are quoted, and truncated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum FieldRule {
    #[error(transparent)]
    Hpack(HpackError),
    #[error("{name} after {before} (RFC 9113, 8.3)")]
    PseudoAfterRegular { name: String, before: String },
    #[error("\":status\" after {before} (RFC 9113, 8.3)")]
    StatusAfterRegular { before: String },
    #[error("\":status\" more than once (RFC 9113, 8.3)")]
    StatusRepeated,
    #[error(":status is {value}, expected a number from 100 to 999 (RFC 9113, 8.3.2)")]
    Status { value: String },
    #[error("missing :status (RFC 9113, 8.3.2)")]
    NoStatus,
    #[error("unknown pseudo-header field {name} (RFC 9113, 8.3)")]
    UnknownPseudo { name: String },
    #[error("{name} more than once (RFC 9113, 8.3)")]
    Repeated { name: String },
    #[error("field name {name} has uppercase letters (RFC 9113, 8.2.1)")]
    UpperCase { name: String },
    #[error("field name {name} is not valid (RFC 9113, 8.2.1)")]
    Name { name: String },
    #[error("field {name} has the value {value} with control characters (RFC 9113, 8.2.1)")]
    Value { name: String, value: String },
    #[error("field {name} is for HTTP/1 connections only (RFC 9113, 8.2.2)")]
    OfConnection { name: String },
    #[error("field \"te\" is {value}, expected \"trailers\" (RFC 9113, 8.2.2)")]
    Te { value: String },
    #[error("content-length {stated} is not a number (RFC 9113, 8.1.1)")]
    LengthNotANumber { stated: String },
    #[error("content-length is {stated} and {other} (RFC 9113, 8.1.1)")]
    TwoLengths { stated: String, other: String },
    #[error("content-length is {stated}, but DATA has {sent} bytes (RFC 9113, 8.1.1)")]
    LengthDiffers { stated: usize, sent: usize },
    #[error("trailers with {name} (RFC 9113, 8.1)")]
    PseudoInTrailers { name: String },
    #[error("trailers without END_STREAM (RFC 9113, 8.1)")]
    TrailersWithoutEnd,
}

impl BlockViolation {
    /// The rule, at the granularity at which programs differ.
    pub fn kind(&self) -> Http2Rule {
        match self.rule {
            FieldRule::Hpack(_) => Http2Rule::Compression,
            FieldRule::Status { .. }
            | FieldRule::NoStatus
            | FieldRule::StatusAfterRegular { .. }
            | FieldRule::StatusRepeated => Http2Rule::Status,
            FieldRule::PseudoAfterRegular { .. } | FieldRule::UnknownPseudo { .. } | FieldRule::Repeated { .. } => {
                Http2Rule::PseudoFields
            }
            FieldRule::UpperCase { .. } | FieldRule::Name { .. } | FieldRule::Value { .. } => Http2Rule::FieldText,
            FieldRule::OfConnection { .. } | FieldRule::Te { .. } => Http2Rule::ConnectionFields,
            FieldRule::LengthNotANumber { .. } | FieldRule::TwoLengths { .. } | FieldRule::LengthDiffers { .. } => {
                Http2Rule::ContentLength
            }
            FieldRule::PseudoInTrailers { .. } | FieldRule::TrailersWithoutEnd => Http2Rule::Trailers,
        }
    }
}

impl Blocks {
    pub fn start(&mut self, stream: u32, ends: bool) {
        // Trailers end the response that the first block started.
        if let Some(head) = self.blocks.iter_mut().find(|block| block.stream == stream) {
            head.data_ends |= ends;
        }
        self.open = self.skipped.is_none();
        if self.open {
            self.blocks.push(Block { stream, ends, bytes: Vec::new(), data: 0, data_ends: false });
        }
    }

    /// Adds the next fragment of the open block, of which `length` bytes were sent.
    pub fn add(&mut self, fragment: Option<&[u8]>, length: usize) {
        if !self.open {
            return;
        }
        if let (true, Some((_, size))) = (self.last_skipped, &mut self.skipped) {
            *size += length;
            return;
        }
        let Some(block) = self.blocks.last_mut() else { return };
        match fragment.filter(|fragment| self.kept + fragment.len() <= KEPT) {
            Some(fragment) => {
                self.kept += fragment.len();
                block.bytes.extend_from_slice(fragment);
            }
            None => {
                self.skipped = Some((block.stream, block.bytes.len() + length));
                self.last_skipped = true;
                self.blocks.pop();
            }
        }
    }

    /// Completes the open block.
    pub fn end(&mut self) {
        self.open = false;
        self.last_skipped = false;
    }

    pub fn data(&mut self, stream: u32, length: usize, ends: bool) {
        if let Some(block) = self.blocks.iter_mut().rev().find(|block| block.stream == stream) {
            block.data += length;
            block.data_ends |= ends;
        }
    }

    /// The first rule that a block breaks: one on `stream`, or any.
    pub fn broken(&self, stream: Option<u32>) -> Option<BlockViolation> {
        let mut decoder = Decoder::default();
        let complete = self.blocks.len() - usize::from(self.open && !self.last_skipped);
        let mut heads: Vec<(u32, Vec<Field>)> = Vec::new();
        for block in &self.blocks[..complete] {
            let mut fields = Vec::new();
            let decoded = decoder.decode(&block.bytes, &mut fields);
            let head = heads.iter().find(|(id, _)| *id == block.stream).map(|(_, head)| head.as_slice());
            let invalid =
                decoded.err().map(FieldRule::Hpack).or_else(|| invalid_fields(&fields)).or_else(|| match head {
                    Some(_) => invalid_trailers(block, &fields),
                    None => invalid_head(block, &fields),
                });
            // A block that cannot be decoded closes the connection; every other fault is an error of its stream.
            let concerns = stream.is_none_or(|stream| stream == block.stream);
            if let Some(rule) = invalid.filter(|_| concerns) {
                let server = server(&fields).or_else(|| server(head.unwrap_or_default()));
                return Some(BlockViolation { stream: block.stream, rule, server });
            }
            let interim = value(&fields, ":status").is_some_and(|status| status.starts_with(b"1"));
            if head.is_none() && !interim {
                heads.push((block.stream, fields));
            }
        }
        None
    }

    /// Bytes of the first header block that was not kept, if it is on `stream`.
    pub fn skipped(&self, stream: Option<u32>) -> Option<usize> {
        self.skipped.filter(|(on, _)| stream.is_none_or(|stream| stream == *on)).map(|(_, size)| size)
    }
}

fn value<'a>(fields: &'a [Field], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|field| field.name == name.as_bytes()).map(|field| field.value.as_slice())
}

fn server(fields: &[Field]) -> Option<String> {
    value(fields, "server").map(|server| quote_bytes(server, 40))
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", quote_bytes(bytes, 40))
}

/// Rules for every field, in headers and trailers.
fn invalid_fields(fields: &[Field]) -> Option<FieldRule> {
    const OF_CONNECTIONS: [&[u8]; 5] =
        [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"];
    let mut regular = None;
    for Field { name, value } in fields {
        if let Some(pseudo) = name.strip_prefix(b":") {
            if let Some(before) = regular {
                let before = quoted(before);
                return Some(match pseudo {
                    b"status" => FieldRule::StatusAfterRegular { before },
                    _ => FieldRule::PseudoAfterRegular { name: quoted(name), before },
                });
            }
            if pseudo == b"status" && !is_status(value) {
                return Some(FieldRule::Status { value: quoted(value) });
            }
            if pseudo != b"status" && !REQUESTS.contains(&pseudo) {
                return Some(FieldRule::UnknownPseudo { name: quoted(name) });
            }
            if fields.iter().filter(|field| field.name == *name).count() > 1 {
                return Some(match pseudo {
                    b"status" => FieldRule::StatusRepeated,
                    _ => FieldRule::Repeated { name: quoted(name) },
                });
            }
            continue;
        }
        regular.get_or_insert(name);
        if name.iter().any(u8::is_ascii_uppercase) {
            return Some(FieldRule::UpperCase { name: quoted(name) });
        }
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Some(FieldRule::Name { name: quoted(name) });
        }
        if value.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f) {
            return Some(FieldRule::Value { name: quoted(name), value: quoted(value) });
        }
        if OF_CONNECTIONS.contains(&name.as_slice()) {
            return Some(FieldRule::OfConnection { name: quoted(name) });
        }
        if name == b"te" && value != b"trailers" {
            return Some(FieldRule::Te { value: quoted(value) });
        }
    }
    None
}

/// Pseudo-header fields of requests, which the library accepts.
const REQUESTS: [&[u8]; 5] = [b"authority", b"method", b"path", b"protocol", b"scheme"];

fn is_status(value: &[u8]) -> bool {
    matches!(value, [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'])
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Rules for the headers of a response.
fn invalid_head(block: &Block, fields: &[Field]) -> Option<FieldRule> {
    if value(fields, ":status").is_none() {
        return Some(FieldRule::NoStatus);
    }
    let mut lengths = fields.iter().filter(|field| field.name == b"content-length").map(|field| field.value.as_slice());
    let stated = lengths.next()?;
    let Some(length) = str::from_utf8(stated).ok().and_then(|text| text.parse::<usize>().ok()) else {
        return Some(FieldRule::LengthNotANumber { stated: quoted(stated) });
    };
    if let Some(other) = lengths.find(|other| *other != stated) {
        return Some(FieldRule::TwoLengths { stated: quoted(stated), other: quoted(other) });
    }
    let ended = block.ends || block.data_ends;
    let differs = block.data > length || (ended && block.data != length);
    differs.then_some(FieldRule::LengthDiffers { stated: length, sent: block.data })
}

/// Rules for trailers.
fn invalid_trailers(block: &Block, fields: &[Field]) -> Option<FieldRule> {
    if let Some(pseudo) = fields.iter().find(|field| field.name.starts_with(b":")) {
        return Some(FieldRule::PseudoInTrailers { name: quoted(&pseudo.name) });
    }
    (!block.ends).then_some(FieldRule::TrailersWithoutEnd)
}

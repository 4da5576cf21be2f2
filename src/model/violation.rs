//! What a server sent that breaks the rules of HTTP/2, or of gRPC over it. The rule decides what to do about it; the text is
//! for people.

use std::fmt;

/// A rule of HTTP/2 that the server broke, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// Which rule.
    pub rule: Http2Rule,
    /// Which frame or field breaks it, and where the rule stands: `HEADERS on stream 1: there is no :status (RFC 9113, 8.3.2)`.
    pub text: String,
}

/// The rules of HTTP/2 for what a server sends, as far as different programs break them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Http2Rule {
    /// Frames: their sizes, flags, streams and order (RFC 9113, 4 to 6).
    Frames,
    /// HPACK (RFC 7541).
    Compression,
    /// `:status` stands once, first, with three digits (RFC 9113, 8.3).
    Status,
    /// No other pseudo-header fields than those that are defined (RFC 9113, 8.3).
    PseudoFields,
    /// No fields that are for HTTP/1 connections (RFC 9113, 8.2.2).
    ConnectionFields,
    /// Names and values of fields consist of valid characters (RFC 9113, 8.2.1).
    FieldText,
    /// `content-length` is the length of the DATA (RFC 9113, 8.1.1).
    ContentLength,
    /// Trailers end the stream and have no pseudo-header fields (RFC 9113, 8.1).
    Trailers,
    /// Our HTTP/2 library refused something, and it is not known which rule that breaks.
    Unknown,
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is wrong with a response that is valid HTTP/2 and not valid gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidResponse {
    /// The kind of fault.
    pub fault: ResponseFault,
    /// The fault with its values: `grpc-status "99" is not a gRPC status code (0 to 16)`.
    pub text: String,
}

/// The faults of a response (`doc/PROTOCOL-HTTP2.md`), as far as different programs make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseFault {
    /// It is gRPC-Web: its trailers are in the body.
    GrpcWeb,
    /// It ended without `grpc-status`.
    NoStatus,
    /// Its `grpc-status` is not one of gRPC's.
    UnknownStatus,
    /// A message is compressed, and the request does not accept that.
    Compressed,
    /// It ended in the middle of a message.
    CutOff,
    /// It has no message where one must be, one that is too long, or bytes that are not a message.
    Message,
}

impl fmt::Display for InvalidResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

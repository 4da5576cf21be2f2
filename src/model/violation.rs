//! What a server sent that breaks the rules of HTTP/2, or of gRPC over HTTP/2. Remedies are chosen by the rule; the
//! text is for people.

use std::fmt;

/// A rule of HTTP/2 that the server broke, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// Which rule.
    pub rule: Http2Rule,
    /// Which frame or field breaks it, and the section that defines the rule: `HEADERS on stream 1: there is no
    /// :status (RFC 9113, 8.3.2)`.
    pub text: String,
}

/// The rules of HTTP/2 for what a server sends. Rules that different kinds of programs break are distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Http2Rule {
    /// Frames: their sizes, flags, streams and order (RFC 9113, 4 to 6).
    Frames,
    /// HPACK (RFC 7541).
    Compression,
    /// `:status` occurs once, first, with three digits (RFC 9113, 8.3).
    Status,
    /// No pseudo-header fields other than the defined ones (RFC 9113, 8.3).
    PseudoFields,
    /// No fields that are specific to HTTP/1 connections (RFC 9113, 8.2.2).
    ConnectionFields,
    /// Names and values of fields consist of valid characters (RFC 9113, 8.2.1).
    FieldText,
    /// `content-length` is the length of the DATA (RFC 9113, 8.1.1).
    ContentLength,
    /// Trailers end the stream and have no pseudo-header fields (RFC 9113, 8.1).
    Trailers,
    /// Our HTTP/2 library refused something, and which rule it breaks is unknown.
    Unknown,
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a response that is valid HTTP/2 is not valid gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidResponse {
    /// The kind of fault.
    pub fault: ResponseFault,
    /// The fault with its values: `grpc-status "99" is not a gRPC status code (0 to 16)`.
    pub text: String,
}

/// The faults of a response (`doc/PROTOCOL-HTTP2.md`). Faults that different kinds of programs make are
/// distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseFault {
    /// The response is gRPC-Web: its trailers are in the body.
    GrpcWeb,
    /// The response ended without `grpc-status`.
    NoStatus,
    /// The value of `grpc-status` is not a gRPC status code.
    UnknownStatus,
    /// A message is compressed, and the request does not accept that.
    Compressed,
    /// The response ended in the middle of a message.
    CutOff,
    /// A required message is missing, too long, or cannot be decoded.
    Message,
}

impl fmt::Display for InvalidResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

//! [`OurLimit`]: what a server may send and our own HTTP/2 library does not accept.

use super::frames;

/// Our own `SETTINGS_MAX_HEADER_LIST_SIZE`.
pub(super) const HEADER_LIST: u32 = 64 * 1024;

/// A limit of our own HTTP/2 library that the server exceeded without breaking a rule.
#[derive(Debug, thiserror::Error)]
pub(super) enum OurLimit {
    /// CONTINUATION frames in one header block.
    #[error("{count} CONTINUATION frames in one header block, which our HTTP/2 library treats as a flood")]
    Continuations { count: u32 },
    /// Frames of one kind, without others in between.
    #[error("{count} consecutive {} frames, which our HTTP/2 library treats as a flood", frames::name(*kind))]
    InARow { count: u32, kind: u8 },
    /// Response headers.
    #[error(
        "response headers of {size} bytes as sent, but our HTTP/2 library accepts {} KiB decoded (grpc-java accepts 8 KiB, gRPC C-core 16 KiB, grpc-go 16 MiB)",
        HEADER_LIST / 1024
    )]
    Headers { size: usize },
    /// An unknown limit.
    #[error("the server sent more than our HTTP/2 library accepts (ENHANCE_YOUR_CALM)")]
    Unknown,
}

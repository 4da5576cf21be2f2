//! What our HTTP/2 library refused, and which rule or limit it was.

use super::wire::Wire;
use crate::model::reach::http2_error_name;

/// `SETTINGS_MAX_HEADER_LIST_SIZE` of ours.
pub(super) const HEADER_LIST: u32 = 64 * 1024;

/// What the HTTP/2 library refused: it ended the stream or the connection itself.
pub(super) enum Refusal {
    /// The server broke a rule of HTTP/2.
    Violation(String),
    /// The server broke none, and sent more than our library takes.
    OurLimit(String),
}

impl Refusal {
    /// What the library refused when it gave this error, on `stream` where it is the error of one; `None` when the
    /// server or the network ended it.
    pub fn of(error: &h2::Error, wire: &Wire, stream: Option<u32>) -> Option<Refusal> {
        let reason = error.reason().filter(|_| error.is_library() && error.reason() != Some(h2::Reason::NO_ERROR))?;
        let rules = wire.rules();
        if reason == h2::Reason::ENHANCE_YOUR_CALM {
            return Some(Refusal::OurLimit(rules.our_limit()));
        }
        let broken = rules.broken(stream.filter(|_| error.is_reset()));
        Some(match broken {
            Some(broken) => Refusal::Violation(broken),
            None => match rules.large_headers(stream) {
                Some(size) => Refusal::OurLimit(format!(
                    "response headers of {size} bytes as sent, our HTTP/2 library accepts {} KiB decoded (grpc-java \
                     accepts 8 KiB, gRPC C-core 16 KiB, grpc-go 16 MiB)",
                    HEADER_LIST / 1024
                )),
                None => Refusal::Violation(format!(
                    "our HTTP/2 library refused it with {}",
                    http2_error_name(reason.into())
                )),
            },
        })
    }
}

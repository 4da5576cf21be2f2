//! What our HTTP/2 library refused, and which rule or limit it was.

use super::our_limit::OurLimit;
use super::rules::Violation;
use super::wire::Wire;
use crate::model::reach::http2_error_name;
use crate::model::violation::{BrokenRule, Http2Rule};

/// What the HTTP/2 library refused: it closed the stream or the connection itself.
pub(super) enum Refusal {
    /// The server broke a rule of HTTP/2.
    Violation(Refused),
    /// The server broke no rule, and sent more than our library accepts.
    OurLimit(OurLimit),
}

/// What the library refused as a violation of the rules.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// The rule is known.
    #[error(transparent)]
    Known(Violation),
    /// Only the library's error code is known.
    #[error("our HTTP/2 library rejected it with {}", http2_error_name((*.0).into()))]
    Unknown(h2::Reason),
}

impl From<Refused> for BrokenRule {
    fn from(refused: Refused) -> BrokenRule {
        let rule = match &refused {
            Refused::Known(violation) => violation.rule(),
            Refused::Unknown(_) => Http2Rule::Unknown,
        };
        BrokenRule { rule, text: refused.to_string() }
    }
}

impl Refusal {
    /// What the library refused when it returned this error, on `stream` where it is a stream error; `None` when the
    /// server or the network ended it.
    pub fn of(error: &h2::Error, wire: &Wire, stream: Option<u32>) -> Option<Refusal> {
        let reason = error.reason().filter(|_| error.is_library() && error.reason() != Some(h2::Reason::NO_ERROR))?;
        let rules = wire.rules();
        if reason == h2::Reason::ENHANCE_YOUR_CALM {
            return Some(Refusal::OurLimit(rules.our_limit()));
        }
        let broken = rules.broken(stream.filter(|_| error.is_reset()));
        Some(match broken {
            Some(broken) => Refusal::Violation(Refused::Known(broken)),
            None => match rules.large_headers(stream) {
                Some(size) => Refusal::OurLimit(OurLimit::Headers { size }),
                None => Refusal::Violation(Refused::Unknown(reason)),
            },
        })
    }
}

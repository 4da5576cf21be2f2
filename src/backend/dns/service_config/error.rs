//! [`ConfigError`]: what is wrong with a published service config, and where.

use serde_json::Value;

use crate::model::json::JsonError;

/// Why clients reject a service config. `at` is the place in it: `methodConfig[0].timeout`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(in crate::backend::dns) enum ConfigError {
    /// Several TXT records exist for the name.
    #[error(
        "{0} TXT records are published; grpc-go concatenates the text of all of them, in the order in which they arrive"
    )]
    SeveralRecords(usize),
    /// Not JSON.
    #[error("malformed JSON: {0}")]
    Json(#[from] JsonError),
    /// Not a list of choices.
    #[error("expected a list of choices, got {0}")]
    NotChoices(&'static str),
    /// What is wrong with one choice.
    #[error("{choice}: {source}")]
    Choice {
        /// `choice 1`.
        choice: String,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// Some clients get no config. With a canary and no default, a client that the canary does not select fails.
    #[error("{}: the last choice must match every client (\"no JSON service config provided\")", if *some { "some grpc-go clients match no choice" } else { "no choice matches grpc-go" })]
    NoMatch {
        /// Other clients get one.
        some: bool,
    },
    /// A value of the wrong kind.
    #[error("{at}: expected {what}{}", got.as_ref().map(|got| format!(", got {got}")).unwrap_or_default())]
    Expected {
        /// The place.
        at: String,
        /// What is expected there.
        what: &'static str,
        /// What is there, shortened.
        got: Option<String>,
    },
    /// An unknown field.
    #[error("{at}: unexpected field \"{field}\"")]
    UnknownField {
        /// The place.
        at: String,
        /// The field.
        field: String,
    },
    /// A choice without a config.
    #[error("{0}: missing serviceConfig")]
    NoConfig(String),
    /// A percentage below 0 or above 100.
    #[error("{at}.percentage: {value} is not between 0 and 100")]
    Percentage {
        /// The place.
        at: String,
        /// The value.
        value: f64,
    },
    /// Too many tokens, or none.
    #[error("retryThrottling.maxTokens: {0} is out of range (0, 1000]")]
    MaxTokens(f64),
    /// No tokens for a success.
    #[error("retryThrottling.tokenRatio: {0} must be greater than 0")]
    TokenRatio(f64),
    /// No balancer that every client supports.
    #[error("{at}: no policy that grpc-go supports without an extra import (pick_first, round_robin): {}", if unknown.is_empty() { "the list is empty".to_string() } else { unknown.join(", ") })]
    NoPolicy {
        /// The place.
        at: &'static str,
        /// The balancers that are listed.
        unknown: Vec<String>,
    },
    /// Not a duration.
    #[error("{at}: {source}")]
    Duration {
        /// The place.
        at: String,
        /// Why.
        source: DurationError,
    },
    /// A method without a service.
    #[error("{at}: the method \"{method}\" has no service")]
    NoService {
        /// The place.
        at: String,
        /// The method.
        method: String,
    },
    /// A name that another `methodConfig` has.
    #[error("{at}: duplicate name \"{service}/{method}\"")]
    Duplicate {
        /// The place.
        at: String,
        /// The service.
        service: String,
        /// The method.
        method: String,
    },
    /// Not a status code.
    #[error("{at}: invalid code {code}")]
    StatusCode {
        /// The place.
        at: String,
        /// The value, shortened.
        code: String,
    },
    /// A number that is too small.
    #[error("{at}: must be greater than {than}")]
    TooSmall {
        /// The place.
        at: String,
        /// The lower limit.
        than: u8,
    },
    /// A list that must not be empty.
    #[error("{0}: there is none")]
    None(String),
}

/// Why a value is not a duration, as grpc-go reads it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(in crate::backend::dns) enum DurationError {
    /// Not a string.
    #[error("malformed duration {0}: expected a string such as \"1.5s\"")]
    NotAString(Value),
    /// A string in another format.
    #[error("malformed duration \"{text}\": {source}")]
    Malformed {
        /// The string.
        text: String,
        /// What is wrong with it.
        source: DurationFault,
    },
}

/// What is wrong with the text of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::backend::dns) enum DurationFault {
    /// It does not end with `s`.
    #[error("missing seconds unit (\"1.5s\")")]
    NoUnit,
    /// Two decimal points.
    #[error("too many decimals")]
    TwoPoints,
    /// No digit.
    #[error("contains no numbers")]
    NoNumber,
    /// Less than a nanosecond.
    #[error("too many digits after the decimal point")]
    TooPrecise,
    /// Something other than digits.
    #[error("not a number of seconds")]
    NotANumber,
    /// Longer than a Duration can be.
    #[error("out of range")]
    OutOfRange,
}

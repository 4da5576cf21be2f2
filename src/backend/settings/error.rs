//! [`SettingsError`]: why the given values cannot be used.

use std::error::Error;
use std::io;

use crate::platform::file;

/// Why the text of a setting is not valid: the error of its parser. Contains no secret.
pub type InvalidValue = Box<dyn Error + Send + Sync>;

/// An invalid setting: its place, and what is expected. A place is a flag, a variable or a key of the configuration
/// file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The value of a flag is not valid.
    #[error("{place}: invalid value {value:?}: {source}")]
    Flag {
        /// The place that sets the flag.
        place: String,
        /// The text there.
        value: String,
        /// What is wrong with it, and what is expected.
        source: InvalidValue,
    },
    /// A flag has more than one value.
    #[error("{place}: expected one value, got {count}")]
    Several {
        /// The place that sets the flag.
        place: String,
        /// The number of values.
        count: usize,
    },
    /// A duration that must be greater than zero is zero.
    #[error("{place} 0: must be greater than zero; write e.g. 5s")]
    Zero {
        /// The place that sets the flag.
        place: String,
    },
    /// The file that a flag names cannot be read.
    #[error("failed to read {flag} {path}: {}", file::why(source))]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file that a flag names is empty.
    #[error("{flag} {path}: contains no token")]
    NoToken {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: String,
    },
    /// The value of a variable is not valid. The source contains the value, unless it is a secret.
    #[error("{name}: {source}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it, and what is expected.
        source: InvalidValue,
    },
    /// One half of a client certificate.
    #[error("{name}: is set without {other}: a client certificate requires both")]
    HalfIdentity {
        /// The variable that is set.
        name: &'static str,
        /// The one that is not set.
        other: &'static str,
    },
    /// A password without its user.
    #[error("{name}: is set without {other}")]
    NoUser {
        /// The variable with the password.
        name: &'static str,
        /// The one with the user.
        other: &'static str,
    },
}

/// A text that Go's `strconv.ParseBool` rejects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected true or false, got {0:?}")]
pub(super) struct NotABoolean(pub String);

//! [`ConfigError`]: why a configuration file cannot be used.

use std::io;
use std::path::PathBuf;

use grpc_discover::platform::file;

use super::quoted;

/// Why a configuration file cannot be used: where, then why.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("failed to read {place} {}: {}", path.display(), file::why(source))]
    Unreadable {
        /// Where it is named: `GRPC_DISCOVER_CONFIG`.
        place: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not valid TOML. The text is toml's own: it reports what was expected, and none of the file's content.
    #[error("config {}: line {line}: {}", path.display(), source.message().replace('\n', "; "))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1 on.
        line: usize,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// A key that is unknown, or has a value of another type.
    #[error("config {}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Which key, and why.
        source: KeyError,
    },
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A section that does not exist.
    #[error(
        "unknown section [{}] (expected [defaults], [service.NAME] or [profile.NAME]){}",
        quoted(name),
        did_you_mean(near)
    )]
    UnknownSection {
        /// Its name.
        name: String,
        /// A known key with a similar name.
        near: Option<String>,
    },
    /// A key that is not the name of a flag.
    #[error(
        "unknown setting {place}.{} (`grpc-discover probe --help` lists all settings){}",
        quoted(key),
        did_you_mean(near)
    )]
    UnknownFlag {
        /// The table, escaped.
        place: String,
        /// The key.
        key: String,
        /// A flag that is nearly the same.
        near: Option<String>,
    },
    /// Something other than a table.
    #[error("{place} must be a table; write [{place}]")]
    NotATable {
        /// The key, escaped.
        place: String,
    },
    /// Something other than tables by name.
    #[error("{section} must be a table; write [{section}.NAME]")]
    NotNamedTables {
        /// The key: `profile`.
        section: String,
    },
    /// A value of a type that no flag has.
    #[error("{place}: expected a string, a number, true or false, got {kind}")]
    Value {
        /// The key, escaped.
        place: String,
        /// The type, as TOML calls it.
        kind: &'static str,
    },
}

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

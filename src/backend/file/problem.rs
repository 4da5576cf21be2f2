//! [`ListError`]: what is wrong with a list, without any of its content.

use std::fmt;

use crate::model::endpoint::{Address, AddressErrorKind, EndpointStatus};
use crate::text::plural;

/// serde's names for the kinds of values.
const KINDS: [&str; 14] = [
    "string",
    "integer",
    "floating point",
    "boolean",
    "map",
    "sequence",
    "null",
    "unit",
    "option",
    "character",
    "byte array",
    "newtype",
    "enum",
    "unit variant",
];

/// The fields of an entry.
const FIELDS: [&str; 7] = ["address", "status", "weight", "zone", "metadata", "tags", "id"];

/// Why a text is not a list, or which of its entries are not valid. Contains the position and the kind of value, and
/// none of the content: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ListError {
    /// It is empty.
    #[error("the file is empty; write [] for an empty list")]
    Empty,
    /// Something in it is wrong.
    #[error("{}{problem}", place(*entry, *at))]
    Invalid {
        /// The entry, counted from 0.
        entry: Option<usize>,
        /// Line and column.
        at: Option<(u64, u64)>,
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// No entry is valid.
    #[error("{first}; and {more} more {} not valid", plural(*more, "entry that is", "entries that are"))]
    Several {
        /// What is wrong with the first.
        #[source]
        first: Box<ListError>,
        /// How many more there are.
        more: usize,
    },
    /// Too many entries are of the wrong kind to read the others.
    #[error("{last}; more than {most} entries are not valid")]
    TooMany {
        /// What is wrong with the last that was looked at.
        #[source]
        last: Box<ListError>,
        /// The limit.
        most: usize,
    },
}

impl ListError {
    /// `problem` of the entry with this index, counted from 0.
    pub(super) fn of_entry(entry: usize, problem: Problem) -> Self {
        ListError::Invalid { entry: Some(entry), at: None, problem }
    }
}

/// `entry 1, line 2 column 5: `.
fn place(entry: Option<usize>, at: Option<(u64, u64)>) -> String {
    let mut place: Vec<String> = entry.map(|entry| format!("entry {entry}")).into_iter().collect();
    place.extend(at.map(|(line, column)| format!("line {line} column {column}")));
    if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) }
}

/// What is wrong in a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// A value of another kind than expected.
    #[error("expected {expected}, got {kind}")]
    Expected {
        /// The expected kind.
        expected: &'static str,
        /// The kind of the value.
        kind: &'static str,
    },
    /// A value of an unexpected kind.
    #[error("unexpected {0}")]
    Unexpected(&'static str),
    /// An unknown field.
    #[error("unknown field (supported: {})", FIELDS.join(", "))]
    UnknownField,
    /// A required field that is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A duplicate field.
    #[error("{0} is given twice")]
    Twice(&'static str),
    /// Not in the format at all.
    #[error("not valid {0}")]
    NotValid(Format),
    /// The address is not valid. Its text is not kept.
    #[error("the address {why}; write \"10.0.0.7:50051\"")]
    Address {
        /// What is wrong with it.
        #[source]
        why: AddressErrorKind,
    },
    /// The status is unknown.
    #[error("unknown status; expected one of {}", STATUSES.map(EndpointStatus::as_str).join(", "))]
    Status,
    /// The same endpoint twice.
    #[error("{0} is listed twice (give each entry an \"id\" if this is intended)")]
    ListedTwice(Address),
}

/// The formats of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Json => "JSON",
            Format::Yaml => "YAML",
        })
    }
}

/// The statuses that an entry may have.
pub(super) const STATUSES: [EndpointStatus; 5] = [
    EndpointStatus::Healthy,
    EndpointStatus::Unchecked,
    EndpointStatus::Warning,
    EndpointStatus::Critical,
    EndpointStatus::Draining,
];

/// The message of a parser of `format`, reduced to the parts that serde and this module wrote themselves: the kind of
/// the value, and the expected kind. Everything else is left out.
pub(super) fn problem(message: &str, format: Format) -> Problem {
    if let Some(found) = after(message, &["invalid type: ", "invalid value: "]) {
        let kind = KINDS.into_iter().find(|kind| found.starts_with(kind)).unwrap_or("something else");
        match expected(found) {
            Some(expected) => Problem::Expected { expected, kind },
            None => Problem::Unexpected(kind),
        }
    } else if message.contains("unknown field") {
        Problem::UnknownField
    } else if let Some(field) = named(message, "missing field") {
        Problem::Missing(field)
    } else if let Some(field) = named(message, "duplicate field") {
        Problem::Twice(field)
    } else {
        Problem::NotValid(format)
    }
}

fn after<'a>(message: &'a str, heads: &[&str]) -> Option<&'a str> {
    heads.iter().find_map(|head| message.strip_prefix(head))
}

/// The kind that serde expected. It is at the end, after anything from the value.
fn expected(found: &str) -> Option<&'static str> {
    let (_, expected) = found.rsplit_once(", expected ")?;
    let expected = expected.split(" at line ").next()?.trim();
    KNOWN.into_iter().find(|known| expected.starts_with(known))
}

/// The description of a file's content.
pub(super) const ENTRIES: &str = "a list of \"host:port\" strings or of objects with an \"address\"";

/// The description of an entry.
pub(super) const ENTRY: &str = "\"host:port\" or an object with an \"address\"";

/// What this backend's types expect.
const KNOWN: [&str; 6] = [ENTRIES, ENTRY, "a string", "u32", "a map", "a sequence"];

/// The field that is named after `head`, if entries can have it.
fn named(message: &str, head: &str) -> Option<&'static str> {
    let rest = message.split_once(head)?.1;
    FIELDS.into_iter().find(|field| rest.trim_start_matches([' ', '`', '\'', '"']).starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_content_is_left() {
        for (message, left) in [
            ("invalid type: string \"s3cret\", expected u32 at line 1 column 9", "expected u32, got string"),
            ("invalid type: string \"a, expected s3cret\", expected a string", "expected a string, got string"),
            ("invalid type: string \"a, expected s3cret\"", "unexpected string"),
            ("missing field `address`", "address is missing"),
            ("missing field `s3cret`", "not valid JSON"),
            ("control character s3cret", "not valid JSON"),
        ] {
            assert_eq!(problem(message, Format::Json).to_string(), left, "{message}");
        }
    }
}

//! What is wrong with a list, without a word of it.

/// What serde calls the kinds of values.
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

/// Where an error is, and the message of a parser of `format` (`JSON`), reduced to the parts of it that serde and this module
/// wrote themselves: the kind of the value, and what was expected. Whatever is not known to be one of these is left out.
pub(super) fn described(entry: Option<usize>, line: Option<(u64, u64)>, message: &str, format: &str) -> String {
    let mut place: Vec<String> = entry.map(|entry| format!("entry {entry}")).into_iter().collect();
    place.extend(line.map(|(line, column)| format!("line {line} column {column}")));
    match place.is_empty() {
        true => what(message, format),
        false => format!("{}: {}", place.join(", "), what(message, format)),
    }
}

fn what(message: &str, format: &str) -> String {
    if let Some(found) = after(message, &["invalid type: ", "invalid value: "]) {
        let kind = KINDS.into_iter().find(|kind| found.starts_with(kind)).unwrap_or("something else");
        match expected(found) {
            Some(expected) => format!("expected {expected}, got {kind}"),
            None => format!("unexpected {kind}"),
        }
    } else if message.contains("unknown field") {
        format!("unknown field; an entry may have {}", FIELDS.join(", "))
    } else if let Some(field) = named(message, "missing field") {
        format!("{field} is missing")
    } else if let Some(field) = named(message, "duplicate field") {
        format!("{field} is there twice")
    } else {
        format!("not valid {format}")
    }
}

fn after<'a>(message: &'a str, heads: &[&str]) -> Option<&'a str> {
    heads.iter().find_map(|head| message.strip_prefix(head))
}

/// What serde says that it expected. It stands last, behind whatever the value may hold.
fn expected(found: &str) -> Option<&str> {
    let (_, expected) = found.rsplit_once(", expected ")?;
    let expected = expected.split(" at line ").next()?.trim();
    KNOWN.into_iter().find(|known| expected.starts_with(known))
}

/// What a file holds.
pub(super) const ENTRIES: &str = "a list of \"host:port\" strings or of objects with an \"address\"";

/// What an entry is.
pub(super) const ENTRY: &str = "\"host:port\" or an object with an \"address\"";

/// What this backend's types expect.
const KNOWN: [&str; 6] = [ENTRIES, ENTRY, "a string", "u32", "a map", "a sequence"];

/// The field that is named behind `head`, if an entry can have it.
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
            assert_eq!(what(message, "JSON"), left, "{message}");
        }
    }
}

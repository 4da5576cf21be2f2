//! What is fuzzed of `file:`: lists of endpoints.

use std::path::Path;

use super::list::parse;

/// Reads the bytes as a list in JSON and in YAML.
pub(crate) fn list(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = parse(Path::new("pay.json"), &text);
    let _ = parse(Path::new("pay.yaml"), &text);
}

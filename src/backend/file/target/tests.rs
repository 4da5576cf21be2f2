use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn table() -> Vec<Row> {
    vec![
        ("file:endpoints.yaml", FileTarget("endpoints.yaml".into()).into(), "file:endpoints.yaml"),
        (
            "file:///etc/my endpoints.json",
            FileTarget("/etc/my endpoints.json".into()).into(),
            "file:/etc/my endpoints.json",
        ),
        ("file:////x", FileTarget("//x".into()).into(), "file:////x"),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[("file:", 5, "missing path"), ("file://host/x", 7, "targets have no server")];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &["file:endpoints.yaml"];

target_tests!(table(), REFUSED, MENDED, &[]);

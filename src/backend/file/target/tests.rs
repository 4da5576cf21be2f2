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

/// What is typed, the position, and a part of the sentence.
const REFUSED: &[(&str, usize, &str)] = &[("file:", 5, "missing path"), ("file://host/x", 7, "targets have no server")];

/// What the errors tell people to write.
const MENDED: &[&str] = &["file:endpoints.yaml"];

target_tests!(table(), REFUSED, MENDED, &[]);

//! The files of `src` and their code, without comments and without tests.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file in `path`, which may be a file itself.
pub fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        found.push(path.to_path_buf());
        return;
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            files(&path, found);
        }
    }
}

/// True for files that contain only test code.
pub fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_doc"))
}

/// The lines of a file with their numbers, without comments and without code that is compiled for tests only.
pub fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().zip(1..);
    let mut code = Vec::new();
    while let Some((line, number)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = &line[..line.len() - line.trim_start().len()];
            skip_item(&mut lines, &format!("{indent}}}"));
            continue;
        }
        let line = without_comment(line);
        if !line.trim().is_empty() {
            code.push((number, line));
        }
    }
    code
}

/// Skips an item with its attributes; `end` is the line with which rustfmt closes an item of several lines.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (&'a str, usize)>, end: &str) {
    let item = lines.find(|(line, _)| !line.trim_start().starts_with("#["));
    if item.is_some_and(|(line, _)| !line.ends_with(';') && !line.ends_with('}')) {
        lines.find(|(line, _)| line.trim_end_matches([';', ',']) == end);
    }
}

/// A line up to `//`, if that is outside of a string literal.
fn without_comment(line: &str) -> String {
    let mut is_text = false;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match character {
            '"' if before != '\\' && before != '\'' => is_text = !is_text,
            '/' if !is_text && before == '/' => return line[..at - 1].to_string(),
            _ => {}
        }
        before = character;
    }
    line.to_string()
}

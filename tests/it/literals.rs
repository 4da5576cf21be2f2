//! A backend's name is written in its own folder only: modules exchange types, and a rule that names a registry would
//! not apply to the next one.

use std::fs;
use std::path::{Path, PathBuf};

use grpc_discover::backend::BACKENDS;

/// A string literal: its line, the code before it on that line, and its text.
type Literal = (usize, String, String);

/// The string literals of Rust source text. Comments and characters are skipped.
fn literals(text: &str) -> Vec<Literal> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let (mut index, mut line, mut before, mut found) = (0, 1, String::new(), Vec::new());
    while index < chars.len() {
        match (at(index), at(index + 1)) {
            ('/', '/') => {
                while index < chars.len() && at(index) != '\n' {
                    index += 1;
                }
                continue;
            }
            ('\'', '\\') => {
                index += 3;
                while index < chars.len() && at(index) != '\'' {
                    index += 1;
                }
            }
            ('\'', _) if at(index + 2) == '\'' => index += 2,
            ('r', '"' | '#') if !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let hashes = chars[index + 1..].iter().take_while(|c| **c == '#').count();
                if at(index + 1 + hashes) == '"' {
                    let begin = index + 2 + hashes;
                    let closes = |end: usize| at(end) == '"' && (1..=hashes).all(|n| at(end + n) == '#');
                    let end = (begin..chars.len()).find(|end| closes(*end)).unwrap_or(chars.len());
                    found.push((line, before.clone(), chars[begin..end].iter().collect()));
                    line += chars[begin..end].iter().filter(|c| **c == '\n').count();
                    index = end + hashes;
                } else {
                    before.push('r');
                }
            }
            ('"', _) => {
                let begin = index + 1;
                let mut end = begin;
                while end < chars.len() && at(end) != '"' {
                    end += if at(end) == '\\' { 2 } else { 1 };
                }
                let end = end.min(chars.len());
                found.push((line, before.clone(), chars[begin..end].iter().collect()));
                line += chars[begin..end].iter().filter(|c| **c == '\n').count();
                index = end;
            }
            ('\n', _) => {
                line += 1;
                before.clear();
            }
            (other, _) => before.push(other),
        }
        index += 1;
    }
    found
}

/// `text` without the items under `#[cfg(test)]` at the start of a line, line for line, and the names of those
/// modules among them that are separate files.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut code, mut modules, mut lines) = (String::new(), Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        code.push_str(line);
        code.push('\n');
        if line != "#[cfg(test)]" {
            continue;
        }
        for item in lines.by_ref() {
            code.push('\n');
            if let Some((_, name)) = item.trim_end_matches(';').rsplit_once("mod ").filter(|_| item.ends_with(';')) {
                modules.push(name.to_string());
            }
            if item == "}" || (item.ends_with(';') && !item.starts_with(' ')) {
                break;
            }
        }
    }
    (code, modules)
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// True when `text` is a backend's name, or a target of its scheme.
fn names(text: &str, backend: &str) -> bool {
    text.strip_prefix(backend).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[test]
fn no_backend_is_named_outside_its_folder() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let read: Vec<(PathBuf, String, Vec<String>)> = all
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            let (code, tests) = without_tests(&fs::read_to_string(&path).unwrap());
            (path, code, tests)
        })
        .collect();
    let is_test_module = |path: &Path| {
        let stem = path.file_stem().unwrap().to_string_lossy();
        read.iter().any(|(parent, _, tests)| {
            let of_folder = path.parent() == parent.parent();
            let of_file = path.parent() == Some(&parent.with_extension(""));
            (of_folder || of_file) && tests.iter().any(|name| *name == stem)
        })
    };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (path, code, _) in read.iter().filter(|(path, ..)| !is_test_module(path)) {
        for (line, before, text) in literals(code) {
            seen += 1;
            // In the list of backends, `if "consul"` is the cargo feature.
            let is_list = path == &src.join("backend/mod.rs") && before.trim_end().ends_with(" if");
            let is_feature = before.trim_end().ends_with("feature =") || is_list;
            for backend in BACKENDS.iter().map(|backend| backend.name()) {
                let is_own = path.starts_with(src.join("backend").join(backend));
                if names(&text, backend) && !is_own && !is_feature {
                    wrong.push(format!("{}:{line}: {text:?}", path.display()));
                }
            }
        }
    }
    assert!(seen > 1_000, "only {seen} string literals were found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn literals_are_told_from_comments_and_characters() {
    let text = "// \"no\"\nlet a = \"one\\\"\"; let b = '\"'; /// \"no\"\nlet c = r#\"two \"quoted\"\"#; let d = '\\''; f(\"three\")";
    let found: Vec<String> = literals(text).into_iter().map(|(line, _, text)| format!("{line} {text}")).collect();
    assert_eq!(found, ["2 one\\\"", "3 two \"quoted\"", "3 three"]);
    let (code, modules) =
        without_tests("a\n#[cfg(test)]\nmod fixture;\nb\n#[cfg(test)]\nmod tests {\n    \"c\";\n}\nd\n");
    assert_eq!(
        (code.split_whitespace().collect::<Vec<_>>().join(" ").as_str(), modules.len()),
        ("a #[cfg(test)] b #[cfg(test)] d", 1)
    );
}

//! What the string literals of the program may contain: a backend's name in its own folder only (modules exchange types, and
//! a rule that names a registry would not apply to the next one), and no idiom that is not the field's language. The same
//! idioms are kept out of comments and documentation.

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

/// A string literal of the program, without tests.
struct Found {
    path: PathBuf,
    line: usize,
    before: String,
    text: String,
}

/// Every string literal in `src` that is not part of a test.
fn of_the_program() -> Vec<Found> {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
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
    let mut found = Vec::new();
    for (path, code, _) in read.iter().filter(|(path, ..)| !is_test_module(path)) {
        let own = literals(code).into_iter();
        found.extend(own.map(|(line, before, text)| Found { path: path.clone(), line, before, text }));
    }
    assert!(found.len() > 1_000, "only {} string literals were found", found.len());
    found
}

#[test]
fn no_backend_is_named_outside_its_folder() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for Found { path, line, before, text } in of_the_program() {
        // In the list of backends, `if "consul"` is the cargo feature.
        let is_list = path == src.join("backend/mod.rs") && before.trim_end().ends_with(" if");
        let is_feature = before.trim_end().ends_with("feature =") || is_list;
        for backend in BACKENDS.iter().map(|backend| backend.name()) {
            let is_own = path.starts_with(src.join("backend").join(backend));
            if names(&text, backend) && !is_own && !is_feature {
                wrong.push(format!("{}:{line}: {text:?}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Idioms that are not the field's language, each with what to write instead.
const IDIOMS: [(&str, &str); 49] = [
    ("is no", "is not a"),
    ("are no", "are not"),
    ("nobody", "none, no client, no endpoint"),
    ("somebody", "a client, another process"),
    ("someone", "a client, another process"),
    ("anybody", "any client"),
    ("whoever", "clients that"),
    ("ask", "query, require"),
    ("asks", "queries, requires"),
    ("asked", "queried, requested"),
    ("asking", "querying"),
    ("tell", "report, show"),
    ("told", "reported"),
    ("tells", "reports, shows"),
    ("telling", "reporting"),
    ("say", "report"),
    ("says", "reports, returns"),
    ("said", "reported"),
    ("saying", "reporting"),
    ("speak", "use, support"),
    ("speaks", "uses, supports"),
    ("spoken", "supported"),
    ("wants", "requires"),
    ("hear", "receive, notice"),
    ("hears", "receives, notices"),
    ("heard", "received, noticed"),
    ("begin", "start"),
    ("begins", "starts"),
    ("began", "started"),
    ("begun", "started"),
    ("swallow", "drop silently"),
    ("swallowed", "dropped silently"),
    ("swallows", "drops silently"),
    ("forgot", "dropped"),
    ("forgotten", "dropped"),
    ("silence", "idle time, no response"),
    ("is silent", "does not respond"),
    ("silent", "idle, unresponsive"),
    ("patience", "time limit"),
    ("trouble", "fault"),
    ("knows", "has, reports"),
    ("believes", "has, assumes"),
    ("thinks", "assumes"),
    ("rung", "idle time"),
    ("first word", "first response"),
    ("what came", "the response"),
    ("gave no answer", "did not respond"),
    ("sign of life", "liveness check"),
    ("for ever", "forever"),
];

/// The idioms in `text`, as whole words and not in `{placeholders}`.
fn idioms(text: &str) -> Vec<&'static str> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in text.to_lowercase().chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth > 0 => {}
            c if c.is_alphanumeric() || c == '-' || c == '_' => plain.push(c),
            _ => plain.push(' '),
        }
    }
    let words = format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "));
    let allowed = [" there is no ", " there are no ", " there were no ", " is no longer ", " are no longer "];
    let words = allowed.iter().fold(words, |words, phrase| words.replace(phrase, " "));
    IDIOMS.iter().map(|(idiom, _)| *idiom).filter(|idiom| words.contains(&format!(" {idiom} "))).collect()
}

#[test]
fn texts_are_in_plain_technical_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    // The names of fields in JSON are stable.
    let is_field_name = |before: &str| before.trim_end().ends_with("rename =");
    for Found { path, line, text, .. } in of_the_program().into_iter().filter(|found| !is_field_name(&found.before)) {
        wrong.extend(idioms(&text).into_iter().map(|idiom| format!("{}:{line}: {idiom:?}: {text:?}", path.display())));
    }
    // Help texts are comments in the source; the manual has all of them.
    let manual = fs::read_to_string(root.join("docs/grpc-discover.1")).unwrap();
    let lines = manual.lines().zip(1..);
    wrong.extend(lines.flat_map(|(text, line)| {
        idioms(text).into_iter().map(move |idiom| format!("docs/grpc-discover.1:{line}: {idiom:?}: {text:?}"))
    }));
    assert!(wrong.is_empty(), "{}\nInstead of {IDIOMS:?}", wrong.join("\n"));
}

/// `text` without what is between backticks.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_and_pages_are_in_plain_technical_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    files(&root.join("src"), &mut sources);
    let mut lines: Vec<(PathBuf, usize, String)> = Vec::new();
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        let comments = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("//"));
        lines.extend(comments.map(|(comment, line)| (path.clone(), line, without_code(comment))));
    }
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    for path in pages.chain(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name))) {
        let text = fs::read_to_string(&path).unwrap();
        // The marks of generated parts are HTML comments.
        let prose = text.lines().zip(1..).filter(|(line, _)| !line.starts_with("<!--"));
        lines.extend(prose.map(|(text, line)| (path.clone(), line, without_code(text))));
    }
    assert!(lines.len() > 5_000, "only {} lines were found", lines.len());
    let wrong: Vec<String> = lines
        .iter()
        .flat_map(|(path, line, text)| {
            idioms(text).into_iter().map(move |idiom| format!("{}:{line}: {idiom:?}: {text:?}", path.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}\nInstead of {IDIOMS:?}", wrong.join("\n"));
}

#[test]
fn idioms_are_found_as_whole_words_only() {
    assert_eq!(idioms("port 0 is no port; nobody asked"), ["is no", "nobody", "asked"]);
    assert_eq!(idioms("there is no port; it is no longer {asked}, basked"), [""; 0]);
}

#[test]
fn literals_are_distinguished_from_comments_and_characters() {
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

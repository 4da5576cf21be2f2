//! Who may import whom (docs/architecture.md), read from the `use crate::` lines.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, and the rooms each may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("platform", &[]),
    ("model", &["text"]),
    ("layout", &["model", "text"]),
    ("net", &["model", "platform", "text"]),
    ("backend", &["model", "platform", "text", "layout", "net"]),
    ("transport", &["model", "platform", "text", "net"]),
    ("channel", &["model", "text"]),
    ("lens", &["model", "text"]),
    ("diagnosis", &["model", "text"]),
    (
        "session",
        &["model", "platform", "text", "layout", "net", "backend", "transport", "channel", "lens", "diagnosis"],
    ),
];

/// Rooms and files that know no clock, no runtime and no sockets.
const PURE: &[&str] = &[
    "text",
    "model",
    "layout",
    "channel",
    "lens",
    "diagnosis",
    "session/engine",
    "session/discovery.rs",
    "session/script.rs",
];

/// What the pure ones must not mention.
const IMPURE: &[&str] =
    &["tokio", "std::net::Tcp", "std::net::Udp", "Instant::now", "SystemTime::now", "std::thread", "std::fs::"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        found.push(path.to_path_buf());
        return;
    }
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            sources(&path, found);
        }
    }
}

/// The code of a file: without comments, and without the unit tests below it.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().zip(1..).take_while(|(line, _)| !line.starts_with("#[cfg(test)]") || text.ends_with(line));
    lines
        .map(|(line, number)| (number, line.split("//").next().unwrap_or_default().to_string()))
        .filter(|(_, line)| !line.trim().is_empty())
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("_doc"))
}

#[test]
fn every_room_imports_only_what_it_may() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (room, allowed) in ROOMS {
        let mut files = Vec::new();
        sources(&src().join(room), &mut files);
        assert!(!files.is_empty(), "room {room} is gone");
        for file in files.iter().filter(|file| !is_test(file)) {
            for (number, line) in code(file) {
                for part in line.split("crate::").skip(1) {
                    seen += 1;
                    let imported: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_room = ROOMS.iter().any(|(name, _)| *name == imported);
                    if is_room && imported != *room && !allowed.contains(&imported.as_str()) {
                        wrong.push(format!("{}:{number}: {room} imports {imported}", file.display()));
                    }
                    assert!(is_room || part.starts_with('{'), "{}:{number}: {part} is no room", file.display());
                }
            }
        }
    }
    assert!(seen > 50, "the test sees no imports: it has gone blind");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_know_no_clock_no_runtime_and_no_sockets() {
    let mut wrong = Vec::new();
    for room in PURE {
        let mut files = Vec::new();
        sources(&src().join(room), &mut files);
        assert!(!files.is_empty(), "{room} is gone");
        for file in files.iter().filter(|file| !is_test(file)) {
            for (number, line) in code(file) {
                wrong.extend(
                    IMPURE
                        .iter()
                        .filter(|word| line.contains(**word))
                        .map(|word| format!("{}:{number}: {word} in a pure room", file.display())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_knows_neither_backends_nor_transport() {
    let mut files = Vec::new();
    for part in ["session/engine", "session/discovery.rs"] {
        sources(&src().join(part), &mut files);
    }
    for file in &files {
        for (number, line) in code(file) {
            assert!(
                !line.contains("crate::backend") && !line.contains("crate::transport"),
                "{}:{number}: {line}",
                file.display()
            );
        }
    }
}

#[test]
fn project_files_name_no_machine_and_no_registry_host() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests/it", "benches"] {
        sources(&root.join(folder), &mut files);
    }
    let needle = |parts: &[&str]| parts.concat();
    let forbidden = [needle(&["crates", ".io/api"]), needle(&["proxy.go", "lang"]), needle(&["registry.np", "mjs"])];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for word in &forbidden {
            assert!(!text.contains(word.as_str()), "{} names {word}", file.display());
        }
    }
}

#[test]
fn the_command_needs_no_library_but_libc() {
    // A dependency compiles against OpenSSL's headers (docs/dependencies.md); the linker must have dropped it. Every
    // library costs each start (docs/performance.md).
    let binary = env!("CARGO_BIN_EXE_grpc-discover");
    let Ok(answer) = std::process::Command::new("ldd").arg(binary).output() else { return };
    let linked = String::from_utf8_lossy(&answer.stdout);
    assert!(linked.contains("libc.") || linked.contains("statically") || linked.is_empty(), "{linked}");
    assert!(!linked.contains("libssl") && !linked.contains("libcrypto"), "{linked}");
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        assert!(!linked.contains("libgcc_s") && !linked.contains("libm."), "{linked}");
    }
}

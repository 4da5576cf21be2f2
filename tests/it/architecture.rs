//! Checks which module may use which (docs/architecture.md), and that there is no cycle between files. Reads every
//! `use` and every path in the code (`crate::`, `super::`, `self::`, a child module's name).

use std::fs;
use std::path::Path;

use modules::Crate;
use source::{code, files, is_test, root};

use crate::support::tool;

mod modules;
mod source;

/// The modules of the library, and the others that each of them may use.
const MODULES: &[(&str, &[&str])] = &[
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
    ("witness", &["model", "platform", "text", "net", "transport"]),
    (
        "session",
        &[
            "model",
            "platform",
            "text",
            "layout",
            "net",
            "backend",
            "transport",
            "witness",
            "channel",
            "lens",
            "diagnosis",
        ],
    ),
];

/// Above the modules: the crate's root, and the list of parsers for fuzzing.
const ABOVE: &[&str] = &["fuzzing"];

/// Modules and files that use no clock, no runtime and no sockets.
const PURE: &[&str] =
    &["text", "model", "layout", "channel", "lens", "diagnosis", "session/engine", "session/discovery.rs"];

/// What the pure ones must not mention.
const IMPURE: &[&str] = &[
    "tokio",
    "std::net::Tcp",
    "std::net::Udp",
    "Instant::now",
    "SystemTime::now",
    "std::thread",
    "std::fs::",
    "tracing::",
];

/// The library, and the command beside it.
fn crates() -> [Crate; 2] {
    let (library, command) = (root(), root().join("bin/grpc-discover"));
    [
        Crate::read(&library.join("lib.rs"), &library, &library.join("bin")),
        Crate::read(&command.join("main.rs"), &command, Path::new("no such folder")),
    ]
}

#[test]
fn every_module_uses_only_what_it_may() {
    let [library, _] = crates();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (module, used) in library.uses() {
        let Some(own) = module.first().filter(|own| !ABOVE.contains(&own.as_str())) else { continue };
        let known = MODULES.iter().find(|(name, _)| name == own);
        let (_, allowed) = known.unwrap_or_else(|| panic!("{}: {own} is not in the table", library.name(module)));
        for other in used {
            seen += 1;
            let is_allowed = other.first().is_some_and(|name| name == own || allowed.contains(&name.as_str()));
            if !is_allowed {
                wrong.push(format!("{} uses {}", library.name(module), library.name(&other)));
            }
        }
    }
    assert!(seen > 500, "the test sees no uses: it has gone blind");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A module and its child modules are one idea in several files, so uses between them do not count. Every other cycle
/// of uses is an error: between siblings, through a parent, across folders.
#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut found = Vec::new();
    for of in crates() {
        let uses = of.uses();
        assert!(uses.len() > 40, "the test sees no files: it has gone blind");
        found.extend(modules::circles(&uses).into_iter().map(|circle| {
            let mut names: Vec<String> = circle.iter().map(|module| of.name(module)).collect();
            names.sort_unstable();
            names.join(", ")
        }));
    }
    assert!(found.is_empty(), "files that use each other in a circle:\n{found:#?}");
}

/// `Instant + Duration` panics when the sum is too far away; `platform::clock` does not. clippy.toml has the other bans.
#[test]
fn no_deadline_is_added_to_the_clock_by_hand() {
    let mut found = Vec::new();
    files(&root(), &mut found);
    for file in found.iter().filter(|file| !is_test(file)) {
        for (number, line) in code(file) {
            assert!(!line.contains("Instant::now() +"), "{}:{number}: use platform::clock::after", file.display());
        }
    }
}

#[test]
fn pure_modules_know_no_clock_no_runtime_and_no_sockets() {
    let mut wrong = Vec::new();
    for pure in PURE {
        let mut found = Vec::new();
        files(&root().join(pure), &mut found);
        assert!(!found.is_empty(), "{pure} is gone");
        for file in found.iter().filter(|file| !is_test(file)) {
            for (number, line) in code(file) {
                wrong.extend(
                    IMPURE
                        .iter()
                        .filter(|word| line.contains(**word))
                        .map(|word| format!("{}:{number}: {word} in a pure module", file.display())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files outside of `platform` whose code may differ by system: those that name the type of a Unix socket.
const SYSTEMS_ELSEWHERE: &[&str] = &["net/dial.rs"];

#[test]
fn what_differs_by_system_is_in_platform() {
    let systems = ["unix", "windows", "target_os", "target_vendor", "target_env"];
    let mut found = Vec::new();
    files(&root(), &mut found);
    let platform = root().join("platform");
    let mut seen = 0;
    for file in found.iter().filter(|file| !is_test(file)) {
        let is_free = file.starts_with(&platform) || SYSTEMS_ELSEWHERE.iter().any(|free| *file == root().join(free));
        for (number, line) in code(file) {
            let differs = line.contains("cfg") && systems.iter().any(|system| line.contains(system))
                || line.contains("std::os::")
                || line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "nix");
            seen += usize::from(differs);
            assert!(!differs || is_free, "{}:{number}: {line}: belongs to platform", file.display());
        }
    }
    assert!(seen > 20, "the test sees no differences: it has gone blind");
}

#[test]
fn the_engine_knows_neither_backends_nor_transport() {
    let mut found = Vec::new();
    for part in ["session/engine", "session/discovery.rs"] {
        files(&root().join(part), &mut found);
    }
    for file in found.iter().filter(|file| !is_test(file)) {
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
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "tests/it", "benches"] {
        files(&package.join(folder), &mut found);
    }
    let needle = |parts: &[&str]| parts.concat();
    let forbidden = [needle(&["crates", ".io/api"]), needle(&["proxy.go", "lang"]), needle(&["registry.np", "mjs"])];
    for file in found {
        let text = fs::read_to_string(&file).unwrap();
        for word in &forbidden {
            assert!(!text.contains(word.as_str()), "{} names {word}", file.display());
        }
    }
}

#[test]
fn the_command_is_not_linked_with_openssl() {
    let Ok(answer) = std::process::Command::new("ldd").arg(tool::path()).output() else { return };
    let linked = String::from_utf8_lossy(&answer.stdout);
    assert!(linked.contains("libc.") || linked.contains("statically") || linked.is_empty(), "{linked}");
    assert!(!linked.contains("libssl") && !linked.contains("libcrypto"), "{linked}");
}

use std::path::Path;

use super::*;

/// Compares a generated file with the one in the repository; `UPDATE_DOCS=1` rewrites it.
fn keeps_up(path: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("create");
        std::fs::write(&path, generated).expect("write");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == generated, "{} is out of date: UPDATE_DOCS=1 cargo test", path.display());
}

#[test]
fn completions_are_what_the_definitions_say() {
    for (shell, file) in [
        (Shell::Bash, "completions/grpc-discover.bash"),
        (Shell::Zsh, "completions/_grpc-discover"),
        (Shell::Fish, "completions/grpc-discover.fish"),
        (Shell::PowerShell, "completions/_grpc-discover.ps1"),
        (Shell::Elvish, "completions/grpc-discover.elv"),
    ] {
        keeps_up(file, &completion_script(shell));
    }
}

#[test]
fn the_manual_is_what_the_definitions_say() {
    keeps_up("docs/grpc-discover.1", &manual().expect("into memory"));
}

#[test]
fn the_manual_names_every_command_and_every_flag() {
    let manual = manual().expect("into memory").replace("\\-", "-");
    for sub in Cli::definition().get_subcommands() {
        assert!(manual.contains(sub.get_name()), "{}", sub.get_name());
        for flag in sub.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(manual.contains(&format!("--{flag}")), "{flag}");
        }
    }
}

/// docs/settings.md: everything about the backends that can be set.
fn settings_page() -> String {
    let mut page = String::from(
        "# Settings of the backends\n\nWritten from `BACKENDS` (`UPDATE_DOCS=1 cargo test`). A flag is also a key of the configuration \
         file and a variable: `--dns-server` is `dns-server = \"10.0.0.53\"` and `GRPC_DISCOVER_DNS_SERVER`. What is typed goes before \
         that variable, then comes the file, then the registry's own variable, then the default.\n",
    );
    for backend in BACKENDS.iter().filter(|backend| !backend.settings().is_empty()) {
        page.push_str(&format!("\n## {}\n\n| set by | meaning | default |\n|---|---|---|\n", backend.name()));
        for setting in backend.settings() {
            let flag = setting.flag.map(|flag| match flag.short {
                Some(short) => format!("`{}`, `-{short}`", flag.name),
                None => format!("`{}`", flag.name),
            });
            let names = flag.into_iter().chain(setting.variable.map(|name| format!("`{name}`")));
            let names = names.collect::<Vec<_>>().join(", ");
            page.push_str(&format!("| {names} | {} | {} |\n", setting.help, setting.default));
        }
    }
    page
}

#[test]
fn the_page_of_settings_is_what_the_backends_say() {
    keeps_up("docs/settings.md", &settings_page());
}

//! The completion scripts, sourced by their shells and used as a user does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::peers::provided;
use crate::support::tool::path;

/// A directory with a configuration file of two services, and one with the command under its name.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().expect("a directory");
        let config = "[service.payments]\ntargets = [\"127.0.0.1:1\"]\n[service.cart]\ntargets = [\"127.0.0.1:2\"]\n";
        fs::write(directory.path().join(".grpc-discover.toml"), config).expect("a file");
        std::os::unix::fs::symlink(path(), directory.path().join("grpc-discover")).expect("a link");
        Place { directory }
    }

    /// `shell` in this directory, with the command in its path.
    fn command(&self, shell: &Path) -> Command {
        let mut command = Command::new(shell);
        let search = std::env::var("PATH").expect("a path");
        command.current_dir(self.directory.path()).env("PATH", format!("{}:{search}", self.directory.path().display()));
        command.env("HOME", self.directory.path()).env("TERM", "dumb").env("XDG_CONFIG_HOME", "/nonexistent");
        command
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

fn words(mut command: Command) -> Vec<String> {
    let output = command.output().expect("the shell runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().map(str::to_string).collect()
}

/// The words of a line, some of the completions of its last one, and one that must not be among them.
const LINES: &[(&str, &[&str], &str)] = &[
    ("grpc-discover pro", &["probe"], "watch"),
    ("grpc-discover probe --t", &["--tls", "--tag", "--timeout"], "--idle"),
    ("grpc-discover probe --idle 5s --kee", &["--keepalive-time", "--keepalive-force"], "--idle"),
    ("grpc-discover watch --unt", &["--until"], "--for"),
    ("grpc-discover watch --until s", &["stable"], "ready"),
    ("grpc-discover probe --tls ", &["auto", "on", "off"], "payments"),
    ("grpc-discover probe pay", &["payments"], "cart"),
    ("grpc-discover watch --lb round_robin c", &["cart"], "payments"),
    ("grpc-discover config in", &["init"], "services"),
    ("grpc-discover completions z", &["zsh"], "bash"),
];

fn holds(shell: &str, line: &str, completed: &[String], expected: &[&str], not: &str) {
    for word in expected {
        assert!(completed.iter().any(|found| found == word), "{shell}: {line:?}: {word} is not in {completed:?}");
    }
    assert!(!completed.iter().any(|found| found == not), "{shell}: {line:?}: {not} is in {completed:?}");
}

#[test]
fn bash_completes_flags_values_and_targets() {
    let place = Place::new();
    for (line, expected, not) in LINES {
        let words_of_line: Vec<&str> = line.split(' ').collect();
        let (last, before) = words_of_line.split_last().expect("a word");
        let previous = before.last().expect("a word before it");
        // As readline calls the function that `complete -F` names.
        let run = format!(
            "source '{}'; COMP_WORDS=({} '{last}'); COMP_CWORD={}; f=$(complete -p grpc-discover); f=${{f#*-F }}; \
             ${{f%% *}} grpc-discover '{last}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script("grpc-discover.bash").display(),
            before.join(" "),
            before.len(),
        );
        let mut command = place.command(Path::new("bash"));
        command.args(["--norc", "-c", &run]);
        holds("bash", line, &words(command), expected, not);
    }
}

#[test]
fn fish_completes_flags_values_and_targets() {
    let Some(fish) = provided("GRPC_DISCOVER_TEST_FISH") else { return };
    let place = Place::new();
    for (line, expected, not) in LINES {
        let mut command = place.command(&fish);
        let run = format!("source '{}'; complete -C '{line}'", script("grpc-discover.fish").display());
        command.args(["--no-config", "-c", &run]);
        let output = command.output().expect("fish runs");
        // Each line is a word, a tab and its description.
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let completed: Vec<String> =
            text.lines().filter_map(|line| line.split('\t').next()).map(str::to_string).collect();
        holds("fish", line, &completed, expected, not);
    }
}

#[test]
fn zsh_completes_flags_values_and_targets() {
    let Some(zsh) = provided("GRPC_DISCOVER_TEST_ZSH") else { return };
    let place = Place::new();
    fs::copy(script("_grpc-discover"), place.directory.path().join("_grpc-discover")).expect("a copy");
    for (line, expected, not) in LINES {
        let mut command = place.command(&zsh);
        command.args(["-f", "-c", IN_ZSH, "zsh", line]);
        holds("zsh", line, &words(command), expected, not);
    }
}

/// zsh completes in its line editor only: a second zsh runs in a terminal of this one, where the line is typed and tab
/// is pressed. `compadd`, which every completion passes its words to, prints them between angle brackets.
const IN_ZSH: &str = r#"
zmodload zsh/zpty
zpty inner zsh -f -i
put() { zpty -w inner "$1" }
put 'PS1='
put "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -D -u"
put "bindkey '^I' complete-word"
put 'compadd() { local -a found; builtin compadd -O found "$@"; (( $#found )) && print -rl -- "<"${^found}">"; builtin compadd "$@" }'
put 'mark() { print -r -- "<""end"">" }; comppostfuncs=(mark)'
put 'print -r -- "<""ready"">"'
zpty -r inner text '*<ready>*'
zpty -n -w inner "$1"$'\t'
zpty -r inner text '*<end>*'
print -r -- "$text" | tr -d '\r' | sed -n 's/.*<\([^<>]*\)>.*/\1/p' | grep -vx end | sort -u
zpty -d inner
"#;

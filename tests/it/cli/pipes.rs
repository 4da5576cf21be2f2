//! A reader that goes away ends the command quietly.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::support::tool::tool;

/// Runs `args`, reads a line of stdout and closes it; gives the exit code and stderr.
fn read_and_go(args: &[&str]) -> (Option<i32>, String) {
    let mut child = tool(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::with_capacity(64, child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err)
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for args in [
        &["man"][..],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["explain"],
        &["--help"],
        &["probe", "--help"],
        &["config", "init"],
        &["backends"],
        &["watch", "-o", "ndjson", "127.0.0.1:1"],
        &["watch", "127.0.0.1:1"],
    ] {
        let (code, err) = read_and_go(args);
        assert!(!err.contains("panicked") && !err.contains("ipe"), "{args:?}: {err}");
        // The whole text may have fitted into the pipe before it was closed.
        let expected = if args[0] == "backends" { &[0, 3][..] } else { &[0] };
        assert!(code.is_some_and(|code| expected.contains(&code)), "{args:?}: {code:?} {err}");
    }
}

#[test]
fn nobody_listening_on_stderr_changes_nothing() {
    let mut child = tool(&["probe", "127.0.0.1:1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(out.starts_with("FAILED  127.0.0.1:1: "), "{out}");
}

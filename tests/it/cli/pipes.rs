//! A reader that closes its end stops the command quietly, and changes no exit code.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::cause::setup::Setup;
use crate::support::tool::tool;

/// Runs `args`, reads a line of stdout and closes it; returns the exit code and stderr.
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
    ] {
        let (code, err) = read_and_go(args);
        assert!(!err.contains("panicked") && !err.contains("ipe"), "{args:?}: {err}");
        // The whole text may have fitted into the pipe before it was closed.
        let expected = if args[0] == "backends" { &[0, 3][..] } else { &[0] };
        assert!(code.is_some_and(|code| expected.contains(&code)), "{args:?}: {code:?} {err}");
    }
}

#[test]
fn a_reader_that_goes_away_leaves_the_exit_code_of_the_verdict() {
    let setup = Setup::new();
    let (healthy, dead) = (setup.healthy(), setup.unused_port());
    let (degraded, failed) =
        (setup.registry("degraded.json", &[&healthy, &dead]), setup.registry("failed.json", &[&dead]));
    for format in ["table", "wide", "json", "ndjson"] {
        for (registry, exit) in [(&degraded, 1), (&failed, 2)] {
            let (code, err) = read_and_go(&["probe", "-o", format, registry]);
            assert_eq!(code, Some(exit), "{format} {registry}: {err}");
            assert!(!err.contains("panicked") && !err.contains("ipe"), "{format}: {err}");
        }
        let (code, err) = read_and_go(&["resolve", "-o", format, "--expect", "10.9.9.9:1", &degraded]);
        assert_eq!(code, Some(1), "resolve {format}: {err}");
    }
    // A run without an end of its own stops with the verdict so far.
    for format in ["table", "ndjson"] {
        let (code, err) = read_and_go(&["watch", "-o", format, &failed]);
        assert!(matches!(code, Some(2 | 3)), "watch {format}: {code:?} {err}");
        let (code, err) = read_and_go(&["resolve", "--watch", "-o", format, &degraded]);
        assert!(matches!(code, Some(0 | 3)), "resolve --watch {format}: {code:?} {err}");
    }
}

#[test]
fn a_stderr_that_is_not_read_delays_nothing() {
    let setup = Setup::new();
    let addresses: Vec<String> = (0..200).map(|_| setup.healthy()).collect();
    let registry = setup.registry("pay.json", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    // A trace of all phases is longer than the capacity of a pipe.
    let mut child = tool(&["probe", "-v", "-o", "json", &registry])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let unread = child.stderr.take().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{out}");
    drop(unread);
}

#[test]
fn a_closed_stderr_changes_nothing() {
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
    assert!(out.starts_with("FAILED  127.0.0.1:1 refuses connections\n"), "{out}");
}

//! `--record FILE` and `replay FILE`: a recorded session is printed again in every format, byte for byte.

use std::fs;

use crate::cause::setup::{Answer, Setup};
use crate::support::tool::{Finished, run};

/// Four endpoints: one refuses connections, one is NOT_SERVING.
fn four(setup: &Setup) -> String {
    let all = [setup.healthy(), setup.unused_port(), setup.serves(Answer::Status(2)), setup.healthy()];
    setup.registry("r4.json", &all.each_ref().map(String::as_str))
}

/// Runs `args` with `--record`; returns what it printed, and what was recorded.
fn recorded(setup: &Setup, args: &[&str]) -> (Finished, String) {
    let file = setup.path("run.ndjson").to_string_lossy().into_owned();
    let finished = run(&[args, &["--record", &file]].concat());
    (finished, file)
}

#[test]
fn a_recorded_run_is_replayed_byte_for_byte_with_its_exit_code() {
    let setup = Setup::new();
    let registry = four(&setup);
    for command in [
        &["watch", "--plaintext", "--for", "2s"][..],
        &["watch", "--plaintext", "--for", "2s", "-v"],
        &["probe"],
        &["probe", "--idle", "300ms"],
        &["resolve"],
    ] {
        for format in ["table", "wide", "json", "ndjson"] {
            let (run_once, file) = recorded(&setup, &[command, &["--utc", "-o", format, &registry]].concat());
            let flags: Vec<&str> = command.iter().copied().filter(|flag| *flag == "-v").collect();
            let again = run(&[&["replay", "--utc", "-o", format, &file][..], &flags].concat());
            assert_eq!(again.out, run_once.out, "{command:?} -o {format}");
            assert_eq!(again.code, run_once.code, "{command:?} -o {format}: {}", again.err);
            if format == "ndjson" {
                assert_eq!(fs::read_to_string(&file).unwrap(), run_once.out, "{command:?}");
            }
        }
    }
}

#[test]
fn a_recording_that_was_cut_is_replayed_up_to_there() {
    let setup = Setup::new();
    let (whole, file) = recorded(&setup, &["probe", "-o", "ndjson", &four(&setup)]);
    let (most, _) = whole.out.trim_end().rsplit_once('\n').unwrap();
    fs::write(&file, &whole.out[..most.len() + 30]).unwrap();
    let replayed = run(&["replay", "-o", "ndjson", &file]);
    assert_eq!(replayed.out, format!("{most}\n"));
    assert!(replayed.err.contains("the last line is incomplete"), "{}", replayed.err);
    assert_eq!(replayed.code, 3, "there is no summary");
}

#[test]
fn what_is_no_recording_is_a_usage_error() {
    let setup = Setup::new();
    for (content, words) in [
        (Some("hello\n"), "line 1: not a line of -o ndjson or --record"),
        (Some("{\"a\":1}\n"), "line 1: not an event: \"target\": expected a text"),
        (Some(""), "has no events"),
        (None, "failed to open the recording "),
    ] {
        let path = setup.path("other.txt");
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let path = path.to_string_lossy().into_owned();
        let finished = run(&["replay", &path]);
        assert_eq!((finished.code, finished.out.as_str()), (64, ""), "{}", finished.err);
        assert!(finished.err.contains(words), "{}", finished.err);
    }
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error_before_anything_is_contacted() {
    let setup = Setup::new();
    let finished = run(&["probe", "--record", "/no/such/directory/run.ndjson", &four(&setup)]);
    assert_eq!((finished.code, finished.out.as_str()), (64, ""), "{}", finished.err);
    assert!(finished.err.contains("failed to create --record /no/such/directory/run.ndjson: "), "{}", finished.err);
}

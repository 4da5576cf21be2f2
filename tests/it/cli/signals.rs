//! Ctrl-C, SIGTERM, SIGHUP and SIGQUIT stop a session with its summary.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::tool::{Running, after, tool};

const SOON: Duration = Duration::from_secs(10);

fn send(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

#[test]
fn every_signal_prints_the_summary_and_has_its_exit_code() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129), ("-QUIT", 131)] {
        let mut watch = Running::start(&["watch", "-o", "ndjson", "ipv4:127.0.0.1:1"]);
        watch.wait_for("failed attempt", SOON, |event| event["to"] == "TRANSIENT_FAILURE");
        send(signal, watch.pid());
        let (status, events) = watch.finish(SOON);
        assert_eq!(status.code(), Some(code), "{signal}");
        let (_, last) = events.last().unwrap();
        assert_eq!((&last["kind"], &last["verdict"]), (&"summary".into(), &"failed".into()), "{signal}");
    }
}

#[cfg_attr(not(target_os = "linux"), ignore = "elsewhere a terminal on stdout counts")]
#[test]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let plain = tool(&["watch", "-o", "ndjson", "ipv4:127.0.0.1:1"]);
    let mut watch = Running::start_command(after("trap '' HUP", &plain));
    watch.wait_for("failed attempt", SOON, |event| event["to"] == "TRANSIENT_FAILURE");
    send("-HUP", watch.pid());
    watch.wait_for("another attempt", SOON, |event| event["to"] == "CONNECTING");
    send("-TERM", watch.pid());
    let (status, _) = watch.finish(SOON);
    assert_eq!(status.code(), Some(143));
}

#[test]
fn an_interrupted_idle_cycle_still_reports_its_results() {
    let mut probe = Running::start(&["probe", "-o", "ndjson", "--idle", "1h", "ipv4:127.0.0.1:1"]);
    // There is no listener, so the cycle ends by itself; the signal may arrive before or after that.
    probe.wait_for("first word", SOON, |event| event["kind"] == "endpoints");
    send("-INT", probe.pid());
    let (status, events) = probe.finish(SOON);
    assert!(matches!(status.code(), Some(130 | 2)), "{status}");
    assert_eq!(events.last().unwrap().1["kind"], "summary");
}

#[test]
fn a_signal_while_the_verdict_is_being_written_cuts_nothing_off() {
    let directory = tempfile::tempdir().unwrap();
    let list: Vec<String> = (0..2_000).map(|n| format!("127.0.{}.{}:1", n / 250, n % 250 + 1)).collect();
    let file = directory.path().join("list.json");
    std::fs::write(&file, serde_json::json!(list).to_string()).unwrap();
    let mut command = tool(&["probe", "-o", "ndjson", &format!("file:{}", file.display())]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Findings follow the verdict, and 2,000 of them are many times the capacity of a pipe: they wait for their
    // reader.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains(r#""kind":"finding""#)).expect("a finding");
    send("-TERM", child.id());
    // Nothing is read meanwhile: a run that exits now has truncated its output.
    for _ in 0..30 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended with lines that were not read");
        std::thread::sleep(Duration::from_millis(10));
    }
    let last = lines.last().expect("more lines");
    assert!(last.contains(r#""kind":"summary""#), "{last}");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

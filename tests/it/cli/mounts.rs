//! A file on a mount that does not respond delays only its own backend; time limits and signals still work.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cause::setup::Setup;
use crate::support::namespace::Namespace;
use crate::support::tool::{Running, after, run_command, tool};

/// `plain` in an environment where `directory` is a FUSE mount whose server never responds; its process is the
/// command's own.
fn where_it_hangs(directory: &Path, plain: &Command) -> Command {
    // The kernel waits for a response as long as any process has descriptor 3 open.
    let options = "fd=3,rootmode=40000,user_id=0,group_id=0";
    let mount = format!("exec 3<>/dev/fuse; mount -t fuse -o {options} hung {}", directory.display());
    let inner = after(&mount, plain);
    let mut command = Command::new("unshare");
    command.arg("-m").arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
fn is_possible() -> bool {
    let possible = Namespace::is_root() && std::fs::File::open("/dev/fuse").is_ok();
    if !possible {
        eprintln!("left out: a mount that does not respond needs root and /dev/fuse");
    }
    possible
}

#[test]
fn a_file_that_cannot_be_read_voids_no_limit_and_delays_no_other_target() {
    if !is_possible() {
        return;
    }
    let setup = Setup::new();
    let healthy = setup.healthy();
    let good = setup.registry("good.json", &[&healthy]);
    let directory = tempfile::tempdir().unwrap();
    let hung = format!("file:{}/pay.json", directory.path().display());
    for args in [
        &["watch", "--plaintext", "--max-time", "2s"][..],
        &["resolve", "--max-time", "2s"],
        &["probe", "--plaintext", "--max-time", "2s"],
    ] {
        let mut plain = tool(args);
        plain.args(["-o", "ndjson", &hung, &good]);
        let finished = run_command(where_it_hangs(directory.path(), &plain));
        let took = finished.took;
        assert!(
            took > Duration::from_millis(1_900) && took < Duration::from_secs(4),
            "{args:?}: {took:?} {}",
            finished.all()
        );
        assert_eq!(finished.code, 124, "{args:?}: {}", finished.all());
        let shown = finished
            .events()
            .iter()
            .any(|event| event["kind"] == "endpoints" && event["added"].to_string().contains(healthy.as_str()));
        assert!(shown, "{args:?}: {}", finished.all());
    }
    // Without --max-time the command stops at the time limit for reading.
    let mut plain = tool(&["resolve", "--resolve-timeout", "1s", "-o", "ndjson"]);
    plain.args([&hung, &good]);
    let finished = run_command(where_it_hangs(directory.path(), &plain));
    assert!(finished.took < Duration::from_secs(5), "{:?} {}", finished.took, finished.all());
    assert!(finished.out.contains("failed to read within 1.0s"), "{}", finished.all());
}

#[test]
fn a_signal_ends_a_watch_whose_file_cannot_be_read() {
    if !is_possible() {
        return;
    }
    let setup = Setup::new();
    let good = setup.registry("good.json", &[&setup.healthy()]);
    let directory = tempfile::tempdir().unwrap();
    let hung = format!("file:{}/pay.json", directory.path().display());
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let plain = tool(&["watch", "--plaintext", "-o", "ndjson", &hung, &good]);
        let mut watch = Running::start_command(where_it_hangs(directory.path(), &plain));
        watch.wait_for("READY", Duration::from_secs(10), |event| event["to"] == "READY");
        let sent = Instant::now();
        watch.signal(signal);
        let (status, events) = watch.finish(Duration::from_secs(5));
        assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
        assert_eq!(status.code(), Some(code));
        assert_eq!(events.last().unwrap().1["kind"], "summary");
    }
}

#[test]
fn a_kubeconfig_that_cannot_be_read_voids_no_limit_and_no_signal() {
    if !is_possible() {
        return;
    }
    let setup = Setup::new();
    let healthy = setup.healthy();
    let good = setup.registry("good.json", &[&healthy]);
    let directory = tempfile::tempdir().unwrap();
    let hung = |args: &[&str]| {
        let mut plain = tool(args);
        plain.args(["-o", "ndjson", "kubernetes:///pay.pay", &good]);
        plain.env("KUBECONFIG", directory.path().join("config"));
        where_it_hangs(directory.path(), &plain)
    };
    let finished = run_command(hung(&["watch", "--plaintext", "--max-time", "2s"]));
    assert!(finished.took < Duration::from_secs(5), "{:?} {}", finished.took, finished.all());
    assert_eq!(finished.code, 124, "{}", finished.all());
    assert!(finished.out.contains(&healthy), "{}", finished.all());
    let mut watch = Running::start_command(hung(&["watch", "--plaintext"]));
    watch.wait_for("READY", Duration::from_secs(10), |event| event["to"] == "READY");
    let sent = Instant::now();
    watch.signal("-INT");
    let (status, _) = watch.finish(Duration::from_secs(5));
    assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
    assert_eq!(status.code(), Some(130));
}

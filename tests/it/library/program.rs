//! The program of docs/library.md (tests/library): built once, run against real servers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::tool::isolated;

/// Time limit for a line on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// `cargo COMMAND` for the program's package. It shares the directory of this test's build: what both need is built
/// once.
fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([command, "--locked", "--manifest-path"]);
    cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/Cargo.toml"));
    cargo
}

/// Builds the program; returns its path.
pub fn build() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = cargo("build").arg("--target-dir").arg(target).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        target.join("debug").join(format!("call-pay{}", std::env::consts::EXE_SUFFIX))
    })
}

#[test]
fn the_program_of_a_user_compiles_without_the_crates_of_the_command() {
    assert!(build().exists());
    let output = cargo("tree").args(["--prefix", "none", "--format", "{p}"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    for expected in ["grpc-discover", "consulrs", "tonic"] {
        assert!(names.contains(&expected), "{expected} is missing: the test sees nothing\n{tree}");
    }
    let of_the_command = ["clap", "clap_complete", "clap_mangen", "comfy-table", "console", "indicatif", "toml"];
    for absent in of_the_command.iter().chain(&["kube", "openssl-sys", "native-tls"]) {
        assert!(!names.contains(absent), "{absent} is in the tree\n{tree}");
    }
}

/// The running program; killed when dropped.
pub struct Program {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<(Instant, String)>,
    /// Every line so far, with the time at which it was read.
    pub seen: Vec<(Instant, String)>,
}

impl Program {
    /// Starts it with the Consul agent at `agent`.
    pub fn start(agent: &str) -> Program {
        let mut command = isolated(build());
        command.env("CONSUL_HTTP_ADDR", agent).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Program { child, stdin, lines, seen: Vec::new() }
    }

    /// Makes one call: when its result was printed, and the result.
    pub fn call(&mut self) -> (Instant, String) {
        writeln!(self.stdin).unwrap();
        self.wait_for(|line| line.starts_with("ok ") || line.starts_with("failed: "))
    }

    /// The next line that `wanted` accepts.
    pub fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) -> (Instant, String) {
        loop {
            let Ok(line) = self.lines.recv_timeout(TIME_LIMIT) else { panic!("no such line: {:#?}", self.seen) };
            self.seen.push(line.clone());
            if wanted(&line.1) {
                return line;
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Network namespaces: packets can be dropped and routes rejected in them without changing the machine. They need
//! root.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A network namespace with a loopback interface of its own; deleted when dropped.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Whether namespaces can be created here; what is missing is reported on stderr, and is a failure under `CI`.
    #[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
    pub fn is_possible() -> bool {
        let lacking = Namespace::lacking();
        if let Some(lacking) = &lacking {
            let ci = std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false");
            let is_root = Path::new("/proc/self").exists() && Namespace::is_root();
            assert!(!(ci && is_root), "{lacking}, and nothing may be left out when CI is set: run tests/run");
            eprintln!("left out: {lacking}");
        }
        lacking.is_none()
    }

    /// Whether this process may create one.
    pub fn is_root() -> bool {
        let id = Command::new("id").arg("-u").output();
        id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
    }

    /// Why none can be created here.
    fn lacking() -> Option<String> {
        if !Namespace::is_root() {
            return Some("network namespaces need root".to_string());
        }
        for program in ["ip", "iptables"] {
            let answers = Command::new(program).arg("-V").output().is_ok_and(|output| output.status.success());
            if !answers {
                return Some(format!("{program} is missing (tests/run installs it)"));
            }
        }
        let probe = Namespace::unique();
        let made = Command::new("ip").args(["netns", "add", &probe.name]).output();
        match made {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("ip netns add: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Some(format!("ip netns add: {error}")),
        }
    }

    /// An empty namespace with its loopback interface up.
    pub fn new() -> Namespace {
        let namespace = Namespace::unique();
        run("ip", &["netns", "add", &namespace.name]);
        namespace.ip(&["link", "set", "lo", "up"]);
        namespace
    }

    fn unique() -> Namespace {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Namespace { name: format!("grpc-discover-{}-{number}", std::process::id()) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ip` inside it.
    pub fn ip(&self, arguments: &[&str]) {
        run("ip", &[&["-n", self.name.as_str()], arguments].concat());
    }

    /// `iptables` inside it.
    pub fn iptables(&self, arguments: &[&str]) {
        run("ip", &[&["netns", "exec", self.name.as_str(), "iptables", "-w"], arguments].concat());
    }
}

impl Namespace {
    /// `plain`, run inside the namespace. It replaces `ip`, so that its process is the command's own.
    pub fn wrap(&self, plain: &Command) -> Command {
        let mut wrapped = Command::new("ip");
        wrapped.args(["netns", "exec", self.name()]).arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped
    }

    /// Runs a line in a shell inside the namespace; returns whether it succeeded.
    pub fn sh(&self, line: &str) -> bool {
        let arguments = ["netns", "exec", self.name.as_str(), "sh", "-c", line];
        Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
    }

    /// Runs `work` on a thread inside the namespace: sockets stay in the namespace in which they were created.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.name)).unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                enter(&namespace);
                work()
            });
            thread.join().unwrap()
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).output();
    }
}

/// Moves this thread into the network namespace of `file`.
#[cfg(target_os = "linux")]
fn enter(file: &File) {
    let kind = Some(rustix::thread::LinkNameSpaceType::Network);
    rustix::thread::move_into_link_name_space(std::os::fd::AsFd::as_fd(file), kind).unwrap();
}

/// Other systems have no network namespaces.
#[cfg(not(target_os = "linux"))]
fn enter(_: &File) {
    unreachable!("a namespace on a system without them");
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

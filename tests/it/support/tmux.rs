//! A real terminal of a given size (tmux), and what a person sees on it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use grpc_discover::text::shell_word;

/// A command that runs in a terminal.
pub struct Tmux {
    /// Its own server, so that no other session is touched.
    socket: String,
}

impl Tmux {
    /// Runs a command in a terminal of this many columns and rows, without colours; `None` where tmux is not installed.
    /// After the command a line `exit CODE` is printed.
    #[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
    pub fn start(command: &Command, (columns, rows): (u16, u16)) -> Option<Tmux> {
        if Command::new("tmux").arg("-V").stdout(Stdio::null()).status().is_err() {
            let ci = std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false");
            assert!(!ci, "tmux is not installed, and nothing may be left out when CI is set: run tests/run");
            eprintln!("left out: tmux is not installed (tests/run provides it)");
            return None;
        }
        let word = |text: &std::ffi::OsStr| shell_word(&text.to_string_lossy());
        let (mut unset, mut set) = (Vec::new(), Vec::new());
        for (name, value) in command.get_envs().filter(|(name, _)| *name != "TERM" && *name != "NO_COLOR") {
            match value {
                Some(value) => set.push(format!("{}={}", name.to_string_lossy(), word(value))),
                None => unset.push(format!("-u {}", name.to_string_lossy())),
            }
        }
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words.map(word).collect();
        let (unset, set, words) = (unset.join(" "), set.join(" "), words.join(" "));
        let line = format!("env {unset} {set} NO_COLOR=1 {words}; echo exit $?; sleep 600");
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let tmux = Tmux { socket: format!("grpc-discover-{}-{number}", std::process::id()) };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        tmux.run(&["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows, &line]);
        Some(tmux)
    }

    fn run(&self, args: &[&str]) -> String {
        let output = Command::new("tmux").args(["-L", &self.socket]).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The lines on the screen.
    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// The lines of the scrollback and of the screen.
    pub fn everything(&self) -> String {
        self.run(&["capture-pane", "-p", "-S", "-"])
    }

    /// Presses a key: `q`, `C-c`, `Enter`.
    pub fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Changes the size.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.run(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Waits until the screen shows something.
    pub fn wait_for(&self, what: &str, is_shown: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if is_shown(&screen) {
                return screen;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{what} is not shown:\n{}", self.everything());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

//! The open files and threads of a process: shows that a dropped value left nothing behind.

use std::collections::BTreeMap;
use std::time::Duration;
use std::{env, fs, process};

use tokio::runtime::Handle;

/// Set in the process that a test starts to run there alone.
const ALONE: &str = "GRPC_DISCOVER_TEST_ALONE";

/// True in a process that runs only this test. Otherwise starts that process, and panics if the test fails in it: the
/// open files of a process can be counted only while no other test runs.
pub fn alone(test: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let output = process::Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "alone in its process, {test} failed:\n{printed}");
    assert!(printed.contains("1 passed"), "no test is called {test}:\n{printed}");
    false
}

/// Open files by kind, threads by name, tasks of the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open(BTreeMap<String, usize>);

impl Open {
    /// What is open now.
    pub fn now() -> Self {
        let mut open = BTreeMap::new();
        let mut count = |what: String| *open.entry(what).or_insert(0) += 1;
        for entry in fs::read_dir("/proc/self/fd").unwrap() {
            // `socket:[123]` and `anon_inode:inotify` count by kind, files by path.
            let target = fs::read_link(entry.unwrap().path()).unwrap_or_default().display().to_string();
            if !target.contains("/proc/") {
                count(format!("fd {}", target.split(":[").next().unwrap_or_default()));
            }
        }
        for entry in fs::read_dir("/proc/self/task").unwrap() {
            let name = fs::read_to_string(entry.unwrap().path().join("comm")).unwrap_or_default();
            count(format!("thread {}", name.trim()));
        }
        open.insert("tasks".to_string(), Handle::current().metrics().num_alive_tasks());
        Open(open)
    }

    /// Waits until no more is open than at `self`; panics with the difference if that takes longer than 15 s: an idle
    /// thread of tokio's pool for blocking calls exits by itself after ten.
    pub async fn again(&self) {
        let mut now = Open::now();
        for _ in 0..1500 {
            if self.holds(&now) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            now = Open::now();
        }
        panic!("left behind: {now:?}\nbefore: {self:?}");
    }

    fn holds(&self, now: &Open) -> bool {
        now.0.iter().all(|(what, count)| count <= self.0.get(what).unwrap_or(&0))
    }
}

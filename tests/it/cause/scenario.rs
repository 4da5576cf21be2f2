//! Scenarios, and how they are checked.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::setup::Setup;
use crate::support::namespace::Namespace;
use crate::support::tool::{Finished, Running, after, run_command, tool};

/// What a scenario needs apart from sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A build with the Consul backend.
    ConsulBackend,
    /// A build with the Eureka backend.
    EurekaBackend,
    /// Real servers of `tests/run`, and a build with the Consul backend.
    ConsulServer,
    /// Real servers of `tests/run`, and a build with the etcd backend.
    EtcdServer,
    /// Real servers of `tests/run`, and a build with the Kubernetes backend.
    KubernetesServer,
    /// Root and network namespaces (Linux, iproute2, iptables).
    Root,
}

/// How soon the first finding must be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// Everything queried responds: no timeout is involved.
    AtOnce,
    /// After a wait for a response that was not received.
    Late,
}

/// One cause, set up for real, and exactly what must be reported about it.
pub struct Scenario {
    /// Its name, in tests and in docs/findings.md.
    pub name: &'static str,
    /// The codes of all findings, in any order; a finding for several endpoints is repeated here.
    pub findings: &'static [&'static str],
    /// The exit code.
    pub exit: i32,
    /// How soon.
    pub reported: Reported,
    /// What it requires.
    pub needs: Needs,
    /// Sets it up; `None` if something is not available (which was reported on stderr).
    pub set_up: fn(&mut Setup) -> Option<Run>,
}

/// What happens while the tool runs.
type Meanwhile = Box<dyn FnOnce(&Setup, &mut Running)>;

/// A command line of the tool, and what its findings must contain.
#[derive(Default)]
pub struct Run {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    answer_with: Vec<String>,
    does: Vec<String>,
    never: Vec<String>,
    namespace: Option<Namespace>,
    limit: Option<&'static str>,
    meanwhile: Option<Meanwhile>,
}

/// `probe` with these arguments.
pub fn probe(arguments: &[&str]) -> Run {
    command("probe", arguments)
}

/// The command `name` with these arguments.
pub fn command(name: &str, arguments: &[&str]) -> Run {
    let arguments = [name, "-o", "ndjson"].iter().chain(arguments).map(ToString::to_string).collect();
    Run { arguments, ..Run::default() }
}

impl Run {
    /// The text of the findings contains all of these: the address, the stage, the peer's own message.
    pub fn answer_with(mut self, words: &[&str]) -> Run {
        self.answer_with.extend(words.iter().map(ToString::to_string));
        self
    }

    /// The remedies of the findings contain all of these.
    pub fn does(mut self, words: &[&str]) -> Run {
        self.does.extend(words.iter().map(ToString::to_string));
        self
    }

    /// No finding and no remedy contains any of these.
    pub fn never(mut self, words: &[&str]) -> Run {
        self.never.extend(words.iter().map(ToString::to_string));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: &str) -> Run {
        self.environment.push((name.to_string(), value.to_string()));
        self
    }

    /// Runs the tool inside `namespace`.
    pub fn inside(self, namespace: Namespace) -> Run {
        Run { namespace: Some(namespace), ..self }
    }

    /// Runs the tool under this limit: `ulimit -n 48`.
    pub fn under(self, limit: &'static str) -> Run {
        Run { limit: Some(limit), ..self }
    }

    /// Does this while the tool runs.
    pub fn meanwhile(self, act: impl FnOnce(&Setup, &mut Running) + 'static) -> Run {
        Run { meanwhile: Some(Box::new(act)), ..self }
    }

    /// The service that is checked: the last argument.
    pub fn target(&self) -> &str {
        self.arguments.last().unwrap()
    }

    fn command(&self) -> Command {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut plain = tool(&arguments);
        plain.envs(self.environment.iter().map(|(name, value)| (name, value)));
        match (&self.namespace, self.limit) {
            (Some(namespace), _) => namespace.wrap(&plain),
            (None, Some(limit)) => after(limit, &plain),
            (None, None) => plain,
        }
    }

    /// Runs it until it exits.
    pub fn finish(mut self, setup: &Setup) -> Finished {
        let Some(meanwhile) = self.meanwhile.take() else { return run_command(self.command()) };
        let mut running = Running::start_command(self.command());
        meanwhile(setup, &mut running);
        let started_at = std::time::Instant::now();
        let (status, events) = running.finish(Duration::from_secs(60));
        let lines: Vec<String> = events.iter().map(|(_, event)| event.to_string()).collect();
        Finished {
            code: status.code().unwrap_or(-1),
            out: lines.join("\n"),
            err: String::new(),
            took: started_at.elapsed(),
        }
    }
}

/// Sets the scenario up, runs the tool, and checks every expectation.
#[expect(clippy::print_stdout, reason = "the measured time is worth reading (cargo test -- --nocapture)")]
pub fn hold(scenario: &Scenario) {
    if !is_here(scenario.needs) {
        return;
    }
    let mut setup = Setup::new();
    let Some(mut run) = (scenario.set_up)(&mut setup) else { return };
    let answer_with = std::mem::take(&mut run.answer_with);
    let (does, never) = (std::mem::take(&mut run.does), std::mem::take(&mut run.never));
    let finished = run.finish(&setup);
    let all = finished.all();

    let mut expected = scenario.findings.to_vec();
    expected.sort_unstable();
    let mut found = finished.findings();
    found.sort_unstable();
    assert_eq!(found, expected, "{all}");
    assert_eq!(finished.code, scenario.exit, "{all}");

    let events = finished.events();
    let findings: Vec<&Value> = events.iter().filter(|event| event["kind"] == "finding").collect();
    let text: String = findings.iter().filter_map(|finding| finding["text"].as_str()).collect::<Vec<_>>().join("\n");
    for word in answer_with {
        assert!(text.contains(&word), "{word:?} is missing in\n{text}\n{all}");
    }
    let remedies: String =
        findings.iter().filter_map(|finding| finding["remedy"].as_str()).collect::<Vec<_>>().join("\n");
    for word in does {
        assert!(remedies.contains(&word), "no remedy has {word:?}\n{remedies}\n{all}");
    }
    for word in never {
        assert!(!text.contains(&word) && !remedies.contains(&word), "{word:?} is printed\n{text}\n{remedies}\n{all}");
    }
    // No finding without proof: the events that it cites exist, precede it, and are not conclusions themselves.
    for finding in &findings {
        let evidence = finding["evidence"].as_array().unwrap();
        assert!(!evidence.is_empty(), "{finding}");
        for seq in evidence {
            let proof = events.iter().find(|event| event["seq"] == *seq && event["target"] == finding["target"]);
            let proof = proof.unwrap_or_else(|| panic!("there is no event {seq}: {finding}\n{all}"));
            assert!(proof["seq"].as_u64() < finding["seq"].as_u64(), "{finding}\n{all}");
            let judgement = ["finding", "verdict", "summary"].iter().any(|kind| proof["kind"] == *kind);
            assert!(!judgement, "{finding} cites {proof}");
        }
        assert!(!finding["remedy"].as_str().unwrap().is_empty(), "{finding}");
    }
    if let Some(first) = findings.first().and_then(|finding| finding["at_ms"].as_u64()) {
        let (codes, run) = (scenario.findings.join(" "), finished.took.as_millis());
        println!("{}: {codes} after {first} ms, the whole run {run} ms", scenario.name);
        // Generous: a debug build on a machine that runs all other tests at the same time.
        assert!(scenario.reported == Reported::Late || first < 2_000, "reported only after {first} ms\n{all}");
    }
}

/// Whether the scenario can run here; if not, the reason is reported on stderr.
fn is_here(needs: Needs) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::ConsulBackend | Needs::ConsulServer => cfg!(feature = "consul"),
        Needs::EurekaBackend => cfg!(feature = "eureka"),
        Needs::EtcdServer => cfg!(feature = "etcd"),
        Needs::KubernetesServer => cfg!(all(feature = "consul", feature = "etcd", feature = "kubernetes")),
        Needs::Root => Namespace::is_possible(),
    }
}

//! What other tools report in some of the scenarios, with their default flags. A run is recorded in
//! `neighbours.json`, which docs/findings.md quotes; tests/peers/README.md has the command that records it again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::SCENARIOS;
use super::setup::Setup;

/// One run of one tool.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its program.
    pub tool: String,
    /// As `tests/peers/neighbours/go.mod` pins it.
    pub version: String,
    /// Where it was run.
    pub scenario: String,
    /// The flags beside the address.
    pub flags: String,
    /// From start to exit.
    pub seconds: f64,
    /// Its exit code.
    pub exit: i32,
    /// The last line that it printed; the address is written ADDRESS.
    pub last_line: String,
}

/// The scenarios that are recorded, with the flags that the tools need there to be able to find the cause at all.
const RECORDED: &[(&str, &[&str], &[&str])] = &[
    ("refused", &["-plaintext"], &[]),
    ("http1", &["-plaintext"], &[]),
    ("ssh_banner", &["-plaintext"], &[]),
    ("closed_before_settings", &["-plaintext"], &[]),
    ("unresponsive_port", &["-plaintext"], &[]),
    ("plaintext_on_tls", &["-plaintext"], &[]),
    ("tls_on_plaintext", &[], &["-tls"]),
    ("expired", &["-cacert", "CA"], &["-tls", "-tls-ca-cert", "CA"]),
    ("wrong_name", &["-cacert", "CA"], &["-tls", "-tls-ca-cert", "CA"]),
    ("client_certificate_missing", &["-cacert", "CA"], &["-tls", "-tls-ca-cert", "CA"]),
    ("no_alpn", &["-cacert", "CA"], &["-tls", "-tls-ca-cert", "CA"]),
];

fn file() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cause/neighbours.json"))
}

/// The recorded runs.
pub fn recorded() -> Vec<Record> {
    serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap()
}

fn record(programs: &Path) {
    let pinned =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/neighbours/go.mod")).unwrap();
    let version = |module: &str| {
        let line = pinned.lines().find(|line| line.trim_start().starts_with(&format!("{module} v")));
        line.and_then(|line| line.split_whitespace().nth(1)).unwrap().to_string()
    };
    let mut records = Vec::new();
    for (name, grpcurl, probe) in RECORDED {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).unwrap();
        let mut setup = Setup::new();
        let run = (scenario.set_up)(&mut setup).unwrap();
        let address = run.target().to_string();
        let authority = setup.path("ca.pem").display().to_string();
        let check = "grpc.health.v1.Health/Check";
        for (tool, module, flags, rest) in [
            ("grpcurl", "github.com/fullstorydev/grpcurl", grpcurl, vec![address.as_str(), check]),
            ("grpc-health-probe", "github.com/grpc-ecosystem/grpc-health-probe", probe, vec!["-addr", &address]),
        ] {
            let reported = flags.iter().map(|flag| if *flag == "CA" { authority.as_str() } else { flag });
            let mut command = Command::new(programs.join(tool));
            command.args(reported).args(rest).stdin(Stdio::null());
            let started_at = Instant::now();
            let output = command.output().unwrap();
            let seconds = (started_at.elapsed().as_secs_f64() * 100.0).round() / 100.0;
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8_lossy(&printed);
            let last = printed.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            // grpc_health_probe starts its line with the time of day.
            let last = last.split_once(" error: ").filter(|(time, _)| time.starts_with("20")).map_or(last, |(_, l)| l);
            records.push(Record {
                tool: tool.to_string(),
                version: version(module),
                scenario: (*name).to_string(),
                flags: flags.join(" "),
                seconds,
                exit: output.status.code().unwrap_or(-1),
                last_line: last.trim().replace(&address, "ADDRESS"),
            });
        }
    }
    let mut text = serde_json::to_string_pretty(&records).unwrap();
    text.push('\n');
    std::fs::write(file(), text).unwrap();
}

#[test]
fn the_recorded_tools_are_those_of_the_list() {
    if let Some(programs) = std::env::var_os("RECORD_NEIGHBOURS") {
        record(Path::new(&programs));
    }
    let expected: Vec<&str> = RECORDED.iter().flat_map(|(name, _, _)| [*name, *name]).collect();
    let recorded = recorded();
    let scenarios: Vec<&str> = recorded.iter().map(|record| record.scenario.as_str()).collect();
    assert_eq!(scenarios, expected, "record them again: tests/peers/README.md");
    for record in &recorded {
        assert!(!record.last_line.is_empty() && record.exit != 0, "{record:?}");
    }
}

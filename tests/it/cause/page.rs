//! docs/findings.md, generated from the catalog of findings and the scenarios that prove them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use grpc_discover::diagnosis::{FINDINGS, UNPROVABLE};

use super::{SCENARIOS, neighbours};

fn page() -> String {
    let mut page = String::from(
        "# Findings\n\nWritten from `src/diagnosis/catalog.rs` and the scenarios of `tests/it/cause` (`UPDATE_DOCS=1 cargo test`). \
         `grpc-discover\nexplain CODE` prints the same.\n\nA finding is reported only with proof: it cites the numbers of the \
         events that show it. Severity decides the exit code\ntogether with `--fail-on`: `info` never spoils it, `warn` and \
         `critical` do. Each is proved by a scenario: a test of that name\nsets the cause up with real sockets, runs the \
         command, and demands exactly the findings listed.\n\n| code | name | severity | scenarios |\n|---|---|---|---|\n",
    );
    for kind in FINDINGS {
        let _ = writeln!(
            page,
            "| [{0}](#{1}) | {2} | {3} | {4} |",
            kind.code,
            kind.code.to_lowercase(),
            kind.name,
            kind.severity,
            scenarios(kind.code).len(),
        );
    }
    for kind in FINDINGS {
        let _ = write!(
            page,
            "\n## {}\n\n**{}** ({})\n\n{}\n\n- Proof: {}\n- Remedy: {}\n- Proved by scenario: {}\n",
            kind.code,
            kind.name,
            kind.severity,
            kind.meaning,
            kind.proof,
            kind.remedy,
            scenarios(kind.code).join(", ")
        );
        for link in kind.links {
            let _ = writeln!(page, "- See <{link}>");
        }
    }
    page.push_str(&unprovable());
    page.push_str(&neighbours());
    page
}

/// What the tool does not claim.
fn unprovable() -> String {
    let mut text = String::from(
        "\n## What cannot be proved from outside\n\nThese leave no trace outside the process that suffers them. They are not \
         guessed.\n\n| what | why not | instead |\n|---|---|---|\n",
    );
    for one in UNPROVABLE {
        let _ = writeln!(text, "| {} | {} | {} |", one.name, one.why, one.instead);
    }
    text
}

/// What other tools report in the same scenarios.
fn neighbours() -> String {
    let records = neighbours::recorded();
    let versions: BTreeSet<String> = records.iter().map(|r| format!("{} {}", r.tool, r.version)).collect();
    let mut text = format!(
        "\n## What other tools print\n\nThe same scenarios with {}: a recorded run (`tests/it/cause/neighbours.json`; \
         tests/peers/README.md describes\nhow to record it again) with default flags, beside those that set the protocol. \
         Seconds until the exit, and the last line.\n\n| scenario | here | tool | seconds | last line |\n|---|---|---|---|---|\n",
        versions.into_iter().collect::<Vec<_>>().join(" and "),
    );
    for record in &records {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == record.scenario).unwrap();
        let kinds = FINDINGS.iter().filter(|kind| scenario.findings.contains(&kind.code));
        let names: Vec<String> = kinds.map(|kind| format!("{} {}", kind.code, kind.name)).collect();
        let call = format!("{} {}", record.tool, record.flags);
        let printed = record.last_line.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {:.2} | `{printed}` |",
            record.scenario,
            names.join(", "),
            call.trim(),
            record.seconds,
        );
    }
    text
}

/// The scenarios in which the finding must appear.
fn scenarios(code: &str) -> Vec<String> {
    let of_it = SCENARIOS.iter().filter(|scenario| scenario.findings.contains(&code));
    of_it.map(|scenario| format!("`{}`", scenario.name)).collect()
}

#[test]
fn the_findings_page_matches_the_catalog_and_the_scenarios() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, page(), "run UPDATE_DOCS=1 cargo test");
}

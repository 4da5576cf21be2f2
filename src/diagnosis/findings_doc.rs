//! docs/findings.md, written from the table. `UPDATE_DOCS=1 cargo test` rewrites it; the test fails when it lags.

use std::fmt::Write as _;

use super::FINDINGS;

fn page() -> String {
    let mut page = String::from(
        "# Findings\n\nWritten from `src/diagnosis/table.rs` (`UPDATE_DOCS=1 cargo test`). `grpc-discover explain CODE` prints the \
         same.\n\nA finding is told only with proof: it cites the numbers of the events that show it. Severity decides the \
         exit code\ntogether with `--fail-on`: `info` never spoils it, `warn` and `critical` do.\n\n| code | name | severity |\n|---|---|---|\n",
    );
    for kind in FINDINGS {
        let _ = writeln!(
            page,
            "| [{0}](#{1}) | {2} | {3} |",
            kind.code,
            kind.code.to_lowercase(),
            kind.name,
            kind.severity
        );
    }
    for kind in FINDINGS {
        let _ = write!(
            page,
            "\n## {}\n\n**{}** ({})\n\n{}\n\n- Proof: {}\n- Remedy: {}\n",
            kind.code, kind.name, kind.severity, kind.meaning, kind.proof, kind.remedy
        );
        for link in kind.links {
            let _ = writeln!(page, "- See <{link}>");
        }
    }
    page
}

#[test]
fn the_findings_page_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, page(), "run UPDATE_DOCS=1 cargo test");
}

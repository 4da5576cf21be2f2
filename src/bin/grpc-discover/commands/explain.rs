//! `explain`: what a finding means, from the same table that the engine uses.

use grpc_discover::diagnosis::FINDINGS;
use grpc_discover::model::finding::FindingKind;
use grpc_discover::text::{near, shorten};
use serde::Serialize;

use crate::cli::{Explain, PlainFormat};
use crate::exit::{self, Failure};
use crate::render::{columns, write_pretty};
use crate::terminal;

/// A finding's entry, as JSON.
#[derive(Debug, Serialize)]
struct Entry {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    meaning: &'static str,
    proof: &'static str,
    remedy: &'static str,
    links: &'static [&'static str],
}

/// Explains one finding, or lists them all.
pub fn run(typed: &Explain) -> Result<u8, Failure> {
    let format = typed.output.unwrap_or_default();
    let text = match &typed.code {
        None => match format {
            PlainFormat::Table => list(),
            PlainFormat::Json => json(&FINDINGS.iter().map(|kind| entry(kind)).collect::<Vec<_>>())?,
        },
        Some(code) => {
            let kind = find(code).ok_or_else(|| Failure::usage(unknown(code)))?;
            match format {
                PlainFormat::Table => explain(kind),
                PlainFormat::Json => json(&entry(kind))?,
            }
        }
    };
    terminal::print(&text)?;
    Ok(exit::OK)
}

fn find(code: &str) -> Option<&'static FindingKind> {
    FINDINGS.iter().copied().find(|kind| kind.code.eq_ignore_ascii_case(code) || kind.name.eq_ignore_ascii_case(code))
}

fn unknown(code: &str) -> String {
    let known = FINDINGS.iter().flat_map(|kind| [kind.code, kind.name]);
    let near = near(code, known);
    let hint = if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) };
    format!("no finding is called {code:?}{hint}; `grpc-discover explain` lists them all")
}

fn entry(kind: &'static FindingKind) -> Entry {
    Entry {
        code: kind.code,
        name: kind.name,
        severity: kind.severity.as_str(),
        meaning: kind.meaning,
        proof: kind.proof,
        remedy: kind.remedy,
        links: kind.links,
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let mut out = Vec::new();
    write_pretty(value, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn list() -> String {
    let rows = FINDINGS.iter().map(|kind| {
        let first = shorten(kind.meaning.split(". ").next().unwrap_or_default(), 90);
        vec![
            kind.code.to_string(),
            kind.severity.to_string(),
            kind.name.to_string(),
            first.trim_end_matches('.').to_string(),
        ]
    });
    let mut text = columns(&["CODE", "SEVERITY", "NAME", "MEANING"], rows.collect()).join("\n");
    text.push('\n');
    text
}

fn explain(kind: &FindingKind) -> String {
    let mut text = format!("{} {} ({})\n\n{}\n\n", kind.code, kind.name, kind.severity, kind.meaning);
    text.push_str(&format!("Proved by: {}\n\nWhat to do: {}\n", kind.proof, kind.remedy));
    if !kind.links.is_empty() {
        text.push_str("\nRead on:\n");
        for link in kind.links {
            text.push_str(&format!("  {link}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_found_without_regard_to_case() {
        for kind in FINDINGS {
            assert_eq!(find(&kind.code.to_lowercase()), Some(*kind));
            assert_eq!(find(&kind.name.to_lowercase()), Some(*kind));
        }
    }

    #[test]
    fn an_unknown_code_names_near_ones() {
        let error = unknown("GD1O1");
        assert!(error.contains("near it: GD1"), "{error}");
    }
}

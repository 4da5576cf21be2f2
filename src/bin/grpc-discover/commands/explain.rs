//! `explain`: the meaning of a term of the output, from the same declarations that the engine uses.

use grpc_discover::diagnosis::FINDINGS;
use grpc_discover::lens::{self, LENSES, LensKind};
use grpc_discover::model::client::ClientVerdict;
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::finding::FindingKind;
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};
use grpc_discover::text::near;
use serde::Serialize;

use crate::cli::{Explain, PlainFormat};
use crate::exit::{self, Failure};
use crate::render::{columns, write_pretty};
use crate::terminal;

/// What can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Finding(&'static FindingKind),
    Endpoint(EndpointVerdict),
    Client(ClientVerdict),
    Service(Verdict),
    State(ConnectivityState),
}

/// A finding's entry, as JSON.
#[derive(Debug, Serialize)]
struct FindingEntry {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    meaning: &'static str,
    proof: &'static str,
    remedy: &'static str,
    links: &'static [&'static str],
}

/// The entry of a verdict or a state, as JSON.
#[derive(Debug, Serialize)]
struct TermEntry {
    word: &'static str,
    kind: &'static str,
    meaning: &'static str,
}

/// The entry of a client model, as JSON.
#[derive(Debug, Serialize)]
struct LensEntry {
    lens: String,
    label: String,
    rule: &'static str,
    remedy: &'static str,
    links: &'static [&'static str],
}

/// An entry, as JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Finding(FindingEntry),
    Word(TermEntry),
    Lens(LensEntry),
}

/// Explains one term, or lists the findings, verdicts and states.
pub fn run(typed: &Explain) -> Result<u8, Failure> {
    let format = typed.output.unwrap_or_default();
    let text = match (&typed.word, format) {
        (None, PlainFormat::Table) => list(),
        (None, PlainFormat::Json) => json(&FINDINGS.iter().map(|kind| finding_entry(kind)).collect::<Vec<_>>())?,
        (Some(word), format) => {
            let (subjects, lenses) = (find(word), lens::find(word).unwrap_or_default());
            if subjects.is_empty() && lenses.is_empty() {
                return Err(Failure::usage(unknown(word)));
            }
            match format {
                PlainFormat::Table => {
                    let texts = subjects.iter().map(|subject| explain(*subject));
                    texts.chain(lenses.iter().map(|kind| explain_lens(kind))).collect::<Vec<_>>().join("\n")
                }
                PlainFormat::Json => {
                    let entries = subjects.iter().map(|subject| entry(*subject));
                    let entries: Vec<Entry> = entries.chain(lenses.iter().map(|kind| lens_entry(kind))).collect();
                    match entries.as_slice() {
                        [one] => json(one)?,
                        several => json(&several)?,
                    }
                }
            }
        }
    };
    terminal::print(&text)?;
    Ok(exit::OK)
}

/// Every subject that has its own term, in the order of the list.
fn subjects() -> impl Iterator<Item = Subject> {
    let findings = FINDINGS.iter().map(|kind| Subject::Finding(kind));
    let endpoints = EndpointVerdict::ALL.iter().map(|verdict| Subject::Endpoint(*verdict));
    let clients = ClientVerdict::ALL.iter().map(|verdict| Subject::Client(*verdict));
    let services = Verdict::ALL.iter().map(|verdict| Subject::Service(*verdict));
    let states = ConnectivityState::ALL.iter().map(|state| Subject::State(*state));
    findings.chain(endpoints).chain(clients).chain(services).chain(states)
}

impl Subject {
    /// Its names, the short one first.
    fn names(self) -> Vec<&'static str> {
        match self {
            Subject::Finding(kind) => vec![kind.code, kind.name],
            Subject::Endpoint(verdict) => vec![verdict.as_str()],
            Subject::Client(verdict) => vec![verdict.as_str()],
            Subject::Service(verdict) => vec![verdict.as_str()],
            Subject::State(state) => vec![state.as_str()],
        }
    }

    /// The kind of thing that it is.
    fn kind(self) -> &'static str {
        match self {
            Subject::Finding(kind) => kind.severity.as_str(),
            Subject::Endpoint(_) => "verdict on an endpoint",
            Subject::Client(_) => "verdict on a client",
            Subject::Service(_) => "verdict on a service",
            Subject::State(_) => "connectivity state",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Subject::Finding(kind) => kind.meaning,
            Subject::Endpoint(verdict) => verdict.meaning(),
            Subject::Client(verdict) => verdict.meaning(),
            Subject::Service(verdict) => verdict.meaning(),
            Subject::State(state) => state.meaning(),
        }
    }
}

/// The subjects with this name; a code may be written without its letters (`201`).
fn find(word: &str) -> Vec<Subject> {
    let code = format!("GD{word}");
    let word = if word.bytes().all(|byte| byte.is_ascii_digit()) { &code } else { word };
    subjects().filter(|subject| subject.names().iter().any(|name| name.eq_ignore_ascii_case(word))).collect()
}

fn unknown(word: &str) -> String {
    let known: Vec<&str> = subjects().flat_map(Subject::names).chain(LENSES.iter().map(|kind| kind.name)).collect();
    let near = near(word, known);
    let hint = if near.is_empty() { String::new() } else { format!("; similar: {}", near.join(", ")) };
    format!("unknown word {word:?}{hint}; `grpc-discover explain` lists all")
}

fn entry(subject: Subject) -> Entry {
    match subject {
        Subject::Finding(kind) => Entry::Finding(finding_entry(kind)),
        Subject::Endpoint(_) | Subject::Client(_) | Subject::Service(_) | Subject::State(_) => Entry::Word(TermEntry {
            word: subject.names().first().copied().unwrap_or_default(),
            kind: subject.kind(),
            meaning: subject.meaning(),
        }),
    }
}

fn finding_entry(kind: &'static FindingKind) -> FindingEntry {
    FindingEntry {
        code: kind.code,
        name: kind.name,
        severity: kind.severity.as_str(),
        meaning: kind.meaning,
        proof: kind.proof,
        remedy: kind.remedy,
        links: kind.links,
    }
}

fn lens_entry(kind: &'static LensKind) -> Entry {
    Entry::Lens(LensEntry {
        lens: kind.as_name(),
        label: kind.label(),
        rule: kind.rule,
        remedy: kind.remedy,
        links: kind.links,
    })
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let mut out = Vec::new();
    write_pretty(value, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn list() -> String {
    let rows = subjects().map(|subject| {
        let first = subject.meaning().split(". ").next().unwrap_or_default();
        let first = first.trim_end_matches('.').to_string();
        let names = subject.names();
        let name = names.get(1).copied().unwrap_or_default();
        vec![
            names.first().copied().unwrap_or_default().to_string(),
            subject.kind().to_string(),
            name.to_string(),
            first,
        ]
    });
    let mut text = columns(&["WORD", "KIND", "NAME", "MEANING"], rows.collect()).join("\n");
    text.push_str("\n\nClient models are explained too: `grpc-discover explain kratos@2.7.2`.\n");
    text
}

fn explain(subject: Subject) -> String {
    let Subject::Finding(kind) = subject else {
        return format!("{} ({})\n\n{}\n", subject.names().join(" "), subject.kind(), subject.meaning());
    };
    let mut text = format!("{} {} ({})\n\n{}\n\n", kind.code, kind.name, kind.severity, kind.meaning);
    text.push_str(&format!("Proved by: {}\n\nWhat to do: {}\n", kind.proof, kind.remedy));
    text.push_str(&links(kind.links));
    text
}

fn explain_lens(kind: &LensKind) -> String {
    let (label, name, rule) = (kind.label(), kind.as_name(), kind.rule);
    format!("{label} (client model: --as {name})\n\n{rule}\n\nWhat to do: {}\n{}", kind.remedy, links(kind.links))
}

fn links(links: &[&str]) -> String {
    let lines: String = links.iter().map(|link| format!("  {link}\n")).collect();
    if lines.is_empty() { lines } else { format!("\nSee also:\n{lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_found_without_regard_to_case() {
        for subject in subjects() {
            for name in subject.names() {
                assert!(find(&name.to_lowercase()).contains(&subject), "{name}");
            }
        }
    }

    #[test]
    fn a_code_may_be_written_without_its_letters() {
        assert_eq!(find("201"), find("GD201"));
        assert!(!find("201").is_empty() && find("").is_empty());
    }

    #[test]
    fn a_term_with_two_meanings_has_both() {
        let found: Vec<&str> = find("unknown").into_iter().map(Subject::kind).collect();
        assert_eq!(found, ["verdict on an endpoint", "verdict on a client", "verdict on a service"]);
    }

    #[test]
    fn an_unknown_term_names_similar_ones() {
        let (code, verdict) = (unknown("GD1O1"), unknown("drainin"));
        assert!(code.contains("similar: GD1"), "{code}");
        assert!(verdict.contains("similar: draining"), "{verdict}");
    }
}

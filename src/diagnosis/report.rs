//! How rules word their findings: names of sources, lists, and the finding itself.

use super::ledger::{Ledger, SourceRecord};
use crate::model::endpoint::Address;
use crate::model::finding::{Finding, FindingKind};
use crate::text::{all_of, few};

/// A finding about an address, without the address.
pub(super) struct Unaddressed {
    /// Which finding.
    pub kind: &'static FindingKind,
    /// What follows the address.
    pub text: String,
    /// What to do in this particular case, where that is more than the catalog contains.
    pub remedy: Option<String>,
    /// Further events that prove it.
    pub others: Vec<u64>,
}

/// A finding with the catalog's own remedy.
pub(super) fn finding(
    kind: &'static FindingKind,
    address: Option<Address>,
    text: String,
    evidence: Vec<u64>,
) -> Finding {
    Finding { kind, address, cause: None, text, evidence, remedy: kind.remedy.to_string() }
}

/// The backend's name where it is unambiguous, else what it is queried for.
pub(super) fn name(ledger: &Ledger, source: &SourceRecord) -> String {
    let registry = source.registry();
    let of_its_kind = ledger.sources.iter().filter(|other| other.registry() == registry).count();
    if of_its_kind == 1 { registry.to_string() } else { source.source.to_string() }
}

/// The first few of `words`, and how many more there are.
pub(super) fn shorten(words: &[String]) -> String {
    const SHOWN: usize = 5;
    few(words, ", ", SHOWN)
}

/// `a`, `a and b`, `a, b and c`; each item once.
pub(super) fn join(words: &[&str]) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for word in words {
        if !unique.contains(word) {
            unique.push(word);
        }
    }
    all_of(unique)
}

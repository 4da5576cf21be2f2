//! The findings catalog: one entry per finding, one source for the engine, `explain`, docs/findings.md and the tests.
//! One file for each family of codes; codes are stable.

use crate::model::finding::FindingKind;

macro_rules! findings {
    ($($code:ident $name:ident $severity:ident
        means $meaning:literal
        proved by $proof:literal
        remedy $remedy:literal
        $(see $($link:literal)+)? ;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: ", $meaning)]
            pub static $name: FindingKind = FindingKind {
                code: stringify!($code),
                name: stringify!($name),
                severity: Severity::$severity,
                meaning: $meaning,
                proof: $proof,
                remedy: $remedy,
                links: &[$($($link),+)?],
            };
        )*
        /// The findings of this family, by code.
        pub(super) const KINDS: &[&FindingKind] = &[$(&$name),*];
    };
}

mod clients;
mod discovery;
mod health;
mod http2;
mod reaching;
mod staleness;
mod tls;
mod vantage;

pub use clients::*;
pub use discovery::*;
pub use health::*;
pub use http2::*;
pub use reaching::*;
pub use staleness::*;
pub use tls::*;
pub use vantage::*;

/// The families, by code.
const FAMILIES: [&[&FindingKind]; 8] = [
    discovery::KINDS,
    reaching::KINDS,
    tls::KINDS,
    http2::KINDS,
    health::KINDS,
    staleness::KINDS,
    clients::KINDS,
    vantage::KINDS,
];

const COUNT: usize = {
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    count
};

static ALL: [&FindingKind; COUNT] = {
    let mut all = [FAMILIES[0][0]; COUNT];
    let (mut next, mut family) = (0, 0);
    while family < FAMILIES.len() {
        let mut index = 0;
        while index < FAMILIES[family].len() {
            all[next] = FAMILIES[family][index];
            next += 1;
            index += 1;
        }
        family += 1;
    }
    all
};

/// All findings, by code.
pub static FINDINGS: &[&FindingKind] = &ALL;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<_> = FINDINGS.iter().map(|kind| kind.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        assert!(codes.iter().all(|code| code.len() == 5 && code.starts_with("GD")));
    }

    #[test]
    fn every_finding_has_a_meaning_a_proof_and_a_remedy() {
        for kind in FINDINGS {
            for text in [kind.meaning, kind.proof, kind.remedy] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", kind.code);
            }
        }
    }
}

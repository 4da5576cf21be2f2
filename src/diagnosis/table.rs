//! The findings table: one entry per finding, one source for the engine, `explain`, docs/findings.md and the tests.

use crate::model::finding::FindingKind;

/// Every finding there is, by code.
pub const FINDINGS: &[&FindingKind] = &[];

//! [`LeftOut`]: the keys that cannot be used, and what to do about them.

use std::collections::{BTreeMap, BTreeSet};

use super::prefix::Prefix;
use crate::layout::Layout;

/// A value that no client of this prefix can read.
pub(super) enum UnusedValue {
    /// It is of another layout, whose clients look elsewhere.
    Misplaced(&'static dyn Layout),
    /// It is of no known layout.
    Unread(String),
}

/// Keys that are not usable.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Each with the reason.
    pub(super) entries: Vec<String>,
    /// The number of values of no known layout.
    pub(super) unread: usize,
    /// The layouts that could have written them, each with the prefix.
    theirs: Vec<(String, &'static dyn Layout)>,
    /// A layout whose value is not where its clients look, and the path above the service's name.
    misplaced: Option<(&'static str, String)>,
}

impl LeftOut {
    pub(super) fn foreign(
        &mut self,
        word: &str,
        key: &str,
        prefix: Option<&Prefix>,
        what: Option<&UnusedValue>,
        service: &str,
    ) {
        let Some(prefix) = prefix else { return };
        let why = match what {
            Some(UnusedValue::Misplaced(layout)) => {
                let name = layout.name();
                let root = prefix.text.trim_end_matches('/').strip_suffix(service).unwrap_or_default();
                let root = if root.len() > 1 { root.trim_end_matches('/') } else { root };
                self.misplaced.get_or_insert_with(|| (name, root.to_string()));
                let usual = layout.prefixes(service).into_iter().chain(layout.nodes(service)).collect::<Vec<_>>();
                let usual =
                    if usual.is_empty() { "elsewhere".to_string() } else { format!("under {}", usual.join(", ")) };
                format!("its value is in the format of {name}, whose clients look {usual} unless a prefix is set")
            }
            Some(UnusedValue::Unread(why)) => {
                self.unread += 1;
                for layout in &prefix.layouts {
                    self.theirs.push((prefix.text.clone(), *layout));
                }
                why.clone()
            }
            None => "its format is not supported".to_string(),
        };
        self.entries.push(format!("{word} {key:?}: {why}"));
    }

    /// What the clients of the frameworks that use this prefix do about unreadable values: those of the only such
    /// framework, or of one with other values there.
    pub(super) fn losers(&self, matched: &BTreeMap<&str, (usize, BTreeSet<String>)>) -> String {
        let is_in_use = |prefix: &str, layout: &dyn Layout| {
            matched.get(prefix).is_some_and(|(_, layouts)| layouts.contains(layout.name()))
                || self
                    .theirs
                    .iter()
                    .filter(|(other, _)| other == prefix)
                    .all(|(_, other)| other.name() == layout.name())
        };
        let names = self.theirs.iter().filter(|(prefix, layout)| is_in_use(prefix, *layout));
        let names: BTreeSet<String> = names
            .filter_map(|(_, layout)| Some(format!("; clients of {} {}", layout.name(), layout.on_garbage()?)))
            .collect();
        names.into_iter().collect()
    }

    pub(super) fn remedy(&self, word: &str, show: &str, typed: &str) -> String {
        match &self.misplaced {
            Some((layout, root)) => format!(
                "Query this prefix: `grpc-discover resolve '{typed}?prefix={root}'`; then set the same prefix in the clients of {layout}, or register without it."
            ),
            None => format!(
                "Find out what was written and by which program: `{show}`; correct or delete the invalid {word}s."
            ),
        }
    }
}

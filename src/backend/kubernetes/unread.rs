//! [`Unread`]: the objects of a list that cannot be read, by name. Pure.

use std::collections::BTreeMap;

use super::read::Garbled;

/// The objects that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    named: BTreeMap<String, Garbled>,
    /// The last of those whose name cannot be read either.
    unnamed: Option<Garbled>,
    /// The number of those in the list.
    nameless: usize,
}

impl Unread {
    /// Adds one of a list.
    pub(super) fn listed(&mut self, garbled: Garbled) {
        self.nameless += usize::from(garbled.name.is_none());
        self.changed(garbled);
    }

    /// Adds one that was added or changed.
    pub(super) fn changed(&mut self, garbled: Garbled) {
        match garbled.name.clone() {
            Some(name) => _ = self.named.insert(name, garbled),
            None => {
                self.nameless = self.nameless.max(1);
                self.unnamed = Some(garbled);
            }
        }
    }

    /// The one with this name was removed, or can be read now.
    pub(super) fn forget(&mut self, name: &str) {
        self.named.remove(name);
    }

    /// The number of them.
    pub(super) fn len(&self) -> usize {
        self.named.len() + self.nameless
    }

    /// The number of them except those whose names are `known`.
    pub(super) fn len_without(&self, known: impl Fn(&str) -> bool) -> usize {
        self.named.keys().filter(|name| !known(name)).count() + self.nameless
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The reason for each, a `word`: `EndpointSlice "pay-1": …`.
    pub(super) fn reasons(&self, word: &str) -> Vec<String> {
        self.named.values().chain(&self.unnamed).map(|garbled| format!("{word} {garbled}")).collect()
    }
}

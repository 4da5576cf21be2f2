//! [`Unread`]: the objects of a list that are not understood, by name. Pure.

use std::collections::BTreeMap;

use super::read::Garbled;

/// What is not understood.
#[derive(Debug, Default)]
pub(super) struct Unread {
    named: BTreeMap<String, Garbled>,
    /// The last of those whose name is not understood either.
    unnamed: Option<Garbled>,
    /// How many of those the list has.
    nameless: usize,
}

impl Unread {
    /// One more of a list.
    pub(super) fn listed(&mut self, garbled: Garbled) {
        self.nameless += usize::from(garbled.name.is_none());
        self.changed(garbled);
    }

    /// One that is new or was changed.
    pub(super) fn changed(&mut self, garbled: Garbled) {
        match garbled.name.clone() {
            Some(name) => _ = self.named.insert(name, garbled),
            None => {
                self.nameless = self.nameless.max(1);
                self.unnamed = Some(garbled);
            }
        }
    }

    /// The one of this name has gone, or is understood now.
    pub(super) fn forget(&mut self, name: &str) {
        self.named.remove(name);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.named.len() + self.nameless
    }

    /// How many there are besides those whose names are `known`.
    pub(super) fn len_without(&self, known: impl Fn(&str) -> bool) -> usize {
        self.named.keys().filter(|name| !known(name)).count() + self.nameless
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is wrong with each, a `word`: `EndpointSlice "pay-1": …`.
    pub(super) fn reasons(&self, word: &str) -> Vec<String> {
        self.named.values().chain(&self.unnamed).map(|garbled| format!("{word} {garbled}")).collect()
    }
}

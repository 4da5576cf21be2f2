//! Where a service is looked up.

use crate::layout::{LAYOUTS, Layout};

/// A prefix that is read and watched, and the layouts that write there.
#[derive(Clone)]
pub(in crate::backend) struct Prefix {
    /// Ends with a slash.
    pub(in crate::backend) text: String,
    pub(super) layouts: Vec<&'static dyn Layout>,
}

/// Where a service is looked up: the result of `of` for every wanted layout, each prefix once.
pub(in crate::backend) fn prefixes(wanted: Option<&str>, of: impl Fn(&dyn Layout) -> Vec<String>) -> Vec<Prefix> {
    let mut found: Vec<Prefix> = Vec::new();
    for layout in LAYOUTS.iter().copied().filter(|layout| wanted.is_none_or(|name| name == layout.name())) {
        for text in of(layout) {
            match found.iter_mut().find(|prefix| prefix.text == text) {
                Some(prefix) => prefix.layouts.push(layout),
                None => found.push(Prefix { text, layouts: vec![layout] }),
            }
        }
    }
    found
}

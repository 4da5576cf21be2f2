//! [`FileTarget`]: `file:path`, ours.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::backend::target::path::{fmt_path, path};
use crate::backend::target::{Example, Scheme};
use crate::model::target::{BackendTarget, Target};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "file";

/// The scheme.
pub(super) const SCHEMES: &[Scheme] =
    &[Scheme::new("file", |rest| path(rest, "file", "file:endpoints.yaml").map(FileTarget).map(Target::from))
        .with_numbers()
        .with_spaces()];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] =
    &[Example { target: "file:pay.json", meaning: "a list of addresses, watched for changes" }];

/// The file with the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTarget(pub PathBuf);

impl BackendTarget for FileTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "file"
    }

    fn names_an_address(&self) -> bool {
        true
    }

    fn authority(&self) -> Option<String> {
        None
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.0)
    }
}

impl fmt::Display for FileTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_path(f, "file", &self.0)
    }
}

#[cfg(test)]
mod tests;

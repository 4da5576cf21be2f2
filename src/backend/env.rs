//! A registry's own environment variables, read one at a time.

#[cfg(any(feature = "consul", feature = "etcd"))]
use std::path::PathBuf;

use super::{Origin, Sourced};

/// A variable that makes no sense: its name, its value unless it is a secret, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {why}")]
pub struct SettingsError {
    /// The variable: `CONSUL_HTTP_SSL`.
    pub variable: &'static str,
    /// What is wrong with its value, and what would be right.
    pub why: String,
}

/// Reads variables; one that is empty counts as unset.
pub(super) struct Env<'a> {
    /// What a name stands for.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Env<'_> {
    /// What `parse` makes of a variable; `unset` when it is not there.
    pub(super) fn read_or<T>(
        &self,
        name: &'static str,
        unset: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Sourced<T>, SettingsError> {
        match (self.variable)(name).filter(|text| !text.trim().is_empty()) {
            None => Ok(Sourced::new(unset, Origin::Default)),
            Some(text) => parse(text.trim())
                .map(|value| Sourced::new(value, Origin::Env(name.to_string())))
                .map_err(|why| SettingsError { variable: name, why }),
        }
    }

    /// [`read_or`](Self::read_or) the type's own default.
    #[cfg(any(feature = "consul", feature = "etcd", feature = "zookeeper"))]
    pub(super) fn read<T: Default>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Sourced<T>, SettingsError> {
        self.read_or(name, T::default(), parse)
    }

    /// A text as it stands.
    #[cfg(feature = "consul")]
    pub(super) fn text(&self, name: &'static str) -> Result<Sourced<Option<String>>, SettingsError> {
        self.read(name, |text| Ok(Some(text.to_string())))
    }

    /// A path.
    #[cfg(any(feature = "consul", feature = "etcd"))]
    pub(super) fn path(&self, name: &'static str) -> Result<Sourced<Option<PathBuf>>, SettingsError> {
        self.read(name, |text| Ok(Some(PathBuf::from(text))))
    }
}

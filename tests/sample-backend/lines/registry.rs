//! The lines of a file as a registry.

use super::target::NAME;
use crate::model::registry::Registry;

/// The lines of a file.
pub static REGISTRY: Registry = Registry::named(NAME);

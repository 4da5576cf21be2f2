//! The properties of an endpoint file as a registry.

use super::target::NAME;
use crate::model::registry::{Registry, RegistryKind};

/// A file.
pub static REGISTRY: Registry = Registry { kind: RegistryKind::File, ..Registry::named(NAME) };

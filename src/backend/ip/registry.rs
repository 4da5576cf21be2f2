//! The properties of [`Ip`](super::Ip).

use super::target::NAME;
use crate::model::registry::{Registry, RegistryKind};

/// Literal addresses.
pub static REGISTRY: Registry = Registry { kind: RegistryKind::Literal, ..Registry::named(NAME) };

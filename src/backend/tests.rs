//! Sources for the tests of other modules.

use std::sync::Arc;

use super::BACKENDS;
use crate::model::registry::{Registry, SourceId};
use crate::model::target::Target;

/// The source that `text` names: `consul:///pay`. For a backend that this build lacks, only the registry's name is
/// known.
pub(crate) fn source(text: &str) -> Arc<SourceId> {
    let scheme = text.split(':').next().unwrap_or_default();
    let unknown = || -> &'static Registry { Box::leak(Box::new(Registry::named(Box::leak(scheme.into())))) };
    let known = BACKENDS.iter().map(|backend| backend.about().registry).find(|registry| registry.name == scheme);
    let foreign = |rest: &str| Target::Foreign { scheme: scheme.to_string(), rest: rest.to_string() };
    let target = match text.split_once(':') {
        Some((_, rest)) => text.parse().unwrap_or_else(|_| foreign(rest)),
        None => Target::Bare(text.to_string()),
    };
    Arc::new(SourceId { registry: known.unwrap_or_else(unknown), target })
}

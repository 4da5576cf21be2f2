//! Names that the model keeps for the whole run: registries and entries of the catalog.

use std::sync::Arc;

use grpc_discover::backend::BACKENDS;
use grpc_discover::diagnosis::FINDINGS;
use grpc_discover::model::finding::{FindingKind, Severity};
use grpc_discover::model::registry::{Registry, SourceId};
use grpc_discover::model::target::Target;

use super::fields::{FieldError, Fields};

/// Names that were read. Each is kept once, for the whole run.
#[derive(Default)]
pub struct Names {
    words: Vec<&'static str>,
    registries: Vec<&'static Registry>,
    kinds: Vec<&'static FindingKind>,
    sources: Vec<Arc<SourceId>>,
}

impl Names {
    /// A word.
    pub fn word(&mut self, text: &str) -> &'static str {
        match self.words.iter().find(|known| **known == text) {
            Some(known) => known,
            None => {
                let word: &'static str = Box::leak(text.into());
                self.words.push(word);
                word
            }
        }
    }

    /// A registry, also one that this build has no backend for.
    pub fn registry(&mut self, name: &str) -> &'static Registry {
        let ours = BACKENDS.iter().map(|backend| backend.about().registry);
        if let Some(known) = ours.chain(self.registries.iter().copied()).find(|known| known.name == name) {
            return known;
        }
        let registry: &'static Registry = Box::leak(Box::new(Registry::named(self.word(name))));
        self.registries.push(registry);
        registry
    }

    /// The source of an event: its registry, and what it was queried for.
    pub fn source(&mut self, of: &Fields<'_>, backend: &str, source: &str) -> Result<Arc<SourceId>, FieldError> {
        let (registry, text) = (self.registry(of.text(backend)?), of.text(source)?);
        let known = self.sources.iter().find(|known| known.registry == registry && known.to_string() == text);
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let target = match text.split_once(':') {
            Some((scheme, rest)) => Target::Foreign { scheme: scheme.to_string(), rest: rest.to_string() },
            None => Target::Bare(text.to_string()),
        };
        let source = Arc::new(SourceId { registry, target });
        self.sources.push(source.clone());
        Ok(source)
    }

    /// The source that is printed as `text`, of an event that does not name its registry.
    pub fn source_called(&mut self, text: &str) -> Arc<SourceId> {
        match self.sources.iter().find(|known| known.to_string() == text) {
            Some(known) => known.clone(),
            None => {
                let registry = self.registry(text.split(':').next().unwrap_or_default());
                let target = Target::Foreign {
                    scheme: registry.name.to_string(),
                    rest: text.split_once(':').map(|(_, rest)| rest.to_string()).unwrap_or_default(),
                };
                Arc::new(SourceId { registry, target })
            }
        }
    }

    /// An entry of the catalog, also one that this version does not have.
    pub fn finding(&mut self, code: &str, name: &str, severity: Severity) -> &'static FindingKind {
        let is_it = |known: &&'static FindingKind| (known.code, known.name, known.severity) == (code, name, severity);
        if let Some(known) = FINDINGS.iter().copied().chain(self.kinds.iter().copied()).find(is_it) {
            return known;
        }
        let (code, name) = (self.word(code), self.word(name));
        let kind: &'static FindingKind =
            Box::leak(Box::new(FindingKind { code, name, severity, meaning: "", proof: "", remedy: "", links: &[] }));
        self.kinds.push(kind);
        kind
    }
}

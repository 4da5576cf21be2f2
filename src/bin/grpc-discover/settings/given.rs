//! Targets, and how far they are trusted: a target in a configuration file that was only found in the working
//! directory gets no secret, and may read files below that directory only.

use std::path::{Component, Path};
use std::sync::Arc;

use grpc_discover::backend;
use grpc_discover::model::target::Target;
use grpc_discover::session::{Source, plan};

use super::error::FileTargetError;
use super::{SettingError, parse_target};
use crate::cli::Redacted;
use crate::config::Trust;

/// A target of a plan.
pub struct GivenTarget {
    pub target: Target,
    /// Its address comes only from a file that was found.
    pub found: bool,
}

impl GivenTarget {
    /// The target in the configuration file for the service `name`.
    pub fn of_file(text: &Redacted, name: &Redacted, trust: Trust) -> Result<GivenTarget, FileTargetError> {
        let target = parse_target(&text.0)?;
        // The file may repeat what was typed.
        let found = trust == Trust::Found && text != name && target.names_an_address();
        match target.file() {
            Some(path) if found && !stays_below(path) => Err(FileTargetError::Outside(target)),
            _ => Ok(GivenTarget { target, found }),
        }
    }
}

/// Whether a path, relative to a directory, stays inside it.
fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Which registries are queried for `targets`. A registry whose address was only found is queried without secrets.
pub fn sources(
    targets: &[GivenTarget],
    only: &[String],
    settings: backend::Settings,
) -> Result<Vec<Source>, SettingError> {
    let bare = targets.iter().any(|given| given.found).then(|| Arc::new(settings.without_secrets()));
    let settings = Arc::new(settings);
    let mut sources = Vec::new();
    for given in targets {
        let mut one = plan::sources(std::slice::from_ref(&given.target), only, settings.clone())?;
        if let Some(bare) = bare.as_ref().filter(|_| given.found) {
            // A bare name is also queried from the environment's own registries.
            for source in one.iter_mut().filter(|source| source.target.names_an_address()) {
                source.settings = bare.clone();
            }
        }
        sources.extend(one);
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_found_file_stay_below_its_directory() {
        for (path, below) in [
            ("pay.json", true),
            ("./lists/pay.json", true),
            ("/etc/passwd", false),
            ("../pay.json", false),
            ("lists/../../pay.json", false),
        ] {
            assert_eq!(stays_below(Path::new(path)), below, "{path}");
        }
    }
}

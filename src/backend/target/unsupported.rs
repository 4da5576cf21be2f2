//! [`Unsupported`]: why no backend of this build resolves a target.

use std::fmt;

use super::mend;
use crate::model::target::Mended;

/// Why no backend of this build resolves a target.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The scheme: `xds`.
    pub scheme: String,
    /// The backend that would resolve it; `None` when the scheme does not name a registry.
    pub backend: Option<String>,
    /// The cargo feature that adds this backend.
    pub feature: Option<&'static str>,
    /// The backends of this build, sorted.
    pub supported: Vec<String>,
    /// What to type instead, where the rest of the target allows it.
    pub mended: Option<Mended>,
}

impl Unsupported {
    /// What to type instead of `scheme:rest`: the addresses in it, or the name for every active backend.
    pub(super) fn mended(scheme: &str, rest: &str) -> Option<Mended> {
        let is_of_grpc = matches!(scheme, "static" | "direct" | "dubbo" | "tri");
        if is_of_grpc { mend::addresses(rest) } else { mend::name(rest) }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, supported) = (&self.scheme, self.supported.join(", "));
        match &self.backend {
            None => write!(f, "{scheme}: targets do not name a registry (supported: {supported})")?,
            Some(backend) => {
                write!(f, "{scheme}: targets are not supported in this build (no {backend} backend")?;
                if let Some(feature) = self.feature {
                    write!(f, ": build with `--features {feature}`")?;
                }
                write!(f, "; supported: {supported})")?;
            }
        }
        match &self.mended {
            Some(mended) => write!(f, "; write {mended}"),
            None => Ok(()),
        }
    }
}

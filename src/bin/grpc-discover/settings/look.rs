//! The look of the output: format, colour, verbosity.

use super::{Layers, SettingError, World};
use crate::cli::{ColorWord, Format, Talk, values};

/// The look of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// `-o`.
    pub format: Format,
    /// `--color`.
    pub color: ColorWord,
    /// `-q`.
    pub quiet: bool,
    /// `-v`.
    pub verbose: bool,
}

/// Determines the look of the output.
///
/// # Errors
///
/// A variable or key with a value that the flag does not accept.
pub fn look(format: Option<Format>, talk: &Talk, world: &World) -> Result<Look, SettingError> {
    let layers = Layers::new(world, None, talk.profile.as_deref())?;
    Ok(Look {
        format: layers.one("--output", format, values::word)?.map(|word| word.value).unwrap_or_default(),
        color: layers.one("--color", talk.color, values::word)?.map(|word| word.value).unwrap_or_default(),
        quiet: layers.switch("--quiet", talk.quiet)?,
        verbose: layers.switch("--verbose", talk.verbose)?,
    })
}

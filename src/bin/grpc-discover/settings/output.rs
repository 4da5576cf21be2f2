//! The appearance of the output: format, colour, verbosity.

use std::path::PathBuf;

use super::{Environment, Layers, SettingError, text};
use crate::cli::{ColorWhen, DisplayFlags, Format, OutputFlags, values};

/// The appearance of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputSettings {
    /// `-o`.
    pub format: Format,
    /// `--color`.
    pub color: ColorWhen,
    /// `-q`.
    pub quiet: bool,
    /// `-v`.
    pub verbose: bool,
    /// The result is not printed: `-q` without `-o`. The exit code has it.
    pub only_errors: bool,
    /// `--utc`.
    pub utc: bool,
}

/// The file of `--record`.
///
/// # Errors
///
/// A variable or key that is not a path.
pub fn record(flags: &OutputFlags, environment: &Environment) -> Result<Option<PathBuf>, SettingError> {
    let layers = Layers::new(environment, None, flags.display.profile.as_deref())?;
    let given = layers.one("--record", flags.record.clone(), |path| text(path).map(PathBuf::from))?;
    Ok(given.map(|path| path.value))
}

/// Determines the appearance of the output.
///
/// # Errors
///
/// A variable or key with a value that the flag does not accept.
pub fn output(
    format: Option<Format>,
    display: &DisplayFlags,
    environment: &Environment,
) -> Result<OutputSettings, SettingError> {
    let layers = Layers::new(environment, None, display.profile.as_deref())?;
    let format = layers.one("--output", format, values::word)?.map(|word| word.value);
    let quiet = layers.switch("--quiet", display.quiet)?;
    Ok(OutputSettings {
        only_errors: quiet && format.is_none(),
        format: format.unwrap_or_default(),
        color: layers.one("--color", display.color, values::word)?.map(|word| word.value).unwrap_or_default(),
        quiet,
        verbose: layers.switch("--verbose", display.verbose)?,
        utc: layers.switch("--utc", display.utc)?,
    })
}

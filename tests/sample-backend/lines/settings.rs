//! [`LinesSettings`]: which file is read.

use std::sync::Arc;

use crate::backend::settings::{BackendSettings, Flag, SettingsReader, Setting, SettingsError, Sourced};

const FILE: &str = "--lines-file";
const VARIABLE: &str = "LINES_FILE";

/// The settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::flag(Flag::one(FILE, "FILE", "services.txt"), "lines: the file that is read"),
    Setting::variable(VARIABLE, "the file that is read, unless --lines-file names one"),
];

/// Which file is read.
#[derive(Debug, Clone, Default)]
pub struct LinesSettings {
    /// The file; without it no service is known.
    pub file: Sourced<Option<String>>,
}

impl BackendSettings for LinesSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let variable = given.text(VARIABLE)?;
        let flag = given.flag_text(FILE)?;
        Ok(LinesSettings { file: if flag.value.is_some() { flag } else { variable } })
    }

    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(self.clone())
    }
}

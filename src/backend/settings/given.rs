//! The values that were given for a backend's settings, and their parsing.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{InvalidValue, NotABoolean, SettingsError};
use super::values::SettingValueError;
use super::{Origin, Sourced};
use crate::model::secret::Secret;
use crate::platform::file;

/// The values of a flag from one place.
pub struct GivenValue {
    /// The flag.
    pub flag: &'static str,
    /// The place, for an error: the flag itself, `GRPC_DISCOVER_DC`, `config a.toml: defaults.dc`.
    pub place: String,
    /// The same as the setting's origin.
    pub origin: Origin,
    /// The values. A switch that was typed is `true`.
    pub values: Vec<String>,
}

/// Every source of settings.
pub trait SettingSource {
    /// The values of `flags` from the place with the highest precedence that sets any of them: the command line, then
    /// the variables of this program, then the configuration file.
    fn first_of(&self, flags: &[&'static str]) -> Vec<GivenValue>;

    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// The text of a file that a setting names.
    ///
    /// # Errors
    ///
    /// Returns an error when the file cannot be read.
    fn file(&self, path: &Path) -> io::Result<String>;
}

/// Only environment variables are given.
pub struct Variables<F>(pub F);

impl<F: Fn(&str) -> Option<String>> SettingSource for Variables<F> {
    fn first_of(&self, _flags: &[&'static str]) -> Vec<GivenValue> {
        Vec::new()
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        file::read_text(path, file::LARGE)
    }
}

/// Reads the given values, one setting at a time.
pub struct SettingsReader<'a> {
    given: &'a dyn SettingSource,
}

impl<'a> SettingsReader<'a> {
    /// Reads from `given`.
    pub fn new(given: &'a dyn SettingSource) -> Self {
        SettingsReader { given }
    }

    /// A flag's value, parsed by `parse`; `None` when it is not set. The error of `parse` follows "is".
    ///
    /// # Errors
    ///
    /// The error names the place, the value and what is expected.
    pub fn flag<T, E: Into<InvalidValue>>(
        &self,
        flag: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<Sourced<T>>, SettingsError> {
        let Some(found) = self.given.first_of(&[flag]).pop() else { return Ok(None) };
        let [text] = found.values.as_slice() else {
            return Err(SettingsError::Several { place: found.place, count: found.values.len() });
        };
        match parse(text) {
            Ok(value) => Ok(Some(Sourced::new(value, found.origin))),
            Err(why) => Err(SettingsError::Flag { place: found.place, value: text.clone(), source: why.into() }),
        }
    }

    /// A flag's text, which must not be empty.
    ///
    /// # Errors
    ///
    /// The error names the place.
    pub fn flag_text(&self, flag: &'static str) -> Result<Sourced<Option<String>>, SettingsError> {
        let text = self.flag(flag, |text| match text {
            "" => Err(SettingValueError::Empty),
            text => Ok(text.to_string()),
        })?;
        Ok(text.map(|text| Sourced::new(Some(text.value), text.origin)).unwrap_or_default())
    }

    /// The values of a repeatable flag.
    pub fn flag_texts(&self, flag: &'static str) -> Vec<String> {
        let Some(found) = self.given.first_of(&[flag]).pop() else { return Vec::new() };
        let texts = found.values.iter().flat_map(|value| value.split(',')).map(str::trim);
        texts.filter(|text| !text.is_empty()).map(str::to_string).collect()
    }

    /// A duration greater than zero.
    ///
    /// # Errors
    ///
    /// The error names the place, the value and what is expected.
    pub fn flag_duration(&self, flag: &'static str) -> Result<Option<Sourced<Duration>>, SettingsError> {
        match self.flag(flag, super::duration)? {
            Some(zero) if zero.value.is_zero() => {
                let place = self.given.first_of(&[flag]).pop().map_or_else(|| flag.to_string(), |found| found.place);
                Err(SettingsError::Zero { place })
            }
            other => Ok(other),
        }
    }

    /// Of mutually exclusive switches: those that are true in the place with the highest precedence that sets any of
    /// them.
    ///
    /// # Errors
    ///
    /// The error names the place and the value.
    pub fn switches(&self, flags: &[&'static str]) -> Result<Vec<Sourced<&'static str>>, SettingsError> {
        let mut on = Vec::new();
        for found in self.given.first_of(flags) {
            let text = found.values.first().map(String::as_str).unwrap_or_default();
            match super::boolean(text) {
                Ok(true) => on.push(Sourced::new(found.flag, found.origin)),
                Ok(false) => {}
                Err(why) => {
                    let value = text.to_string();
                    return Err(SettingsError::Flag { place: found.place, value, source: why.into() });
                }
            }
        }
        Ok(on)
    }

    /// The secret in the file that a flag names.
    ///
    /// # Errors
    ///
    /// Returns an error when the file cannot be read, or is empty.
    pub fn flag_secret_file(&self, flag: &'static str) -> Result<Option<Sourced<Secret>>, SettingsError> {
        let Sourced { value: Some(path), origin } = self.flag_text(flag)? else { return Ok(None) };
        let secret = match self.given.file(Path::new(&path)) {
            Ok(text) => Secret::new(text),
            Err(source) => return Err(SettingsError::File { flag, path, source }),
        };
        if secret.is_empty() {
            return Err(SettingsError::NoToken { flag, path });
        }
        Ok(Some(Sourced::new(secret, origin)))
    }

    /// The text of a variable; an empty one counts as unset.
    pub fn raw(&self, name: &str) -> Option<String> {
        self.given.variable(name).filter(|text| !text.is_empty())
    }

    /// A variable's value, parsed by `parse`; `unset` when it is not set, or empty.
    ///
    /// # Errors
    ///
    /// The error names the variable; `parse` adds the value, unless it is a secret, and what is expected.
    pub fn read_or<T, E: Into<InvalidValue>>(
        &self,
        name: &'static str,
        unset: T,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Sourced<T>, SettingsError> {
        match self.given.variable(name).filter(|text| !text.trim().is_empty()) {
            None => Ok(Sourced::new(unset, Origin::Default)),
            Some(text) => parse(text.trim())
                .map(|value| Sourced::new(value, Origin::Env(name.to_string())))
                .map_err(|why| SettingsError::Variable { name, source: why.into() }),
        }
    }

    /// [`read_or`](Self::read_or) the type's own default.
    ///
    /// # Errors
    ///
    /// As for [`read_or`](Self::read_or).
    pub fn read<T: Default, E: Into<InvalidValue>>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Sourced<T>, SettingsError> {
        self.read_or(name, T::default(), parse)
    }

    /// A variable's text, unchanged.
    ///
    /// # Errors
    ///
    /// Never; the same signature as [`read`](Self::read).
    pub fn text(&self, name: &'static str) -> Result<Sourced<Option<String>>, SettingsError> {
        self.read(name, |text| Ok::<_, Infallible>(Some(text.to_string())))
    }

    /// A secret in a variable.
    ///
    /// # Errors
    ///
    /// Never; the same signature as [`read`](Self::read).
    pub fn secret(&self, name: &'static str) -> Result<Sourced<Option<Secret>>, SettingsError> {
        self.read(name, |text| Ok::<_, Infallible>(Some(Secret::new(text))))
    }

    /// A path.
    ///
    /// # Errors
    ///
    /// Never; the same signature as [`read`](Self::read).
    pub fn path(&self, name: &'static str) -> Result<Sourced<Option<PathBuf>>, SettingsError> {
        self.read(name, |text| Ok::<_, Infallible>(Some(PathBuf::from(text))))
    }

    /// True or false, in the forms that Go's `strconv.ParseBool` accepts: registries' own tools are written in Go.
    ///
    /// # Errors
    ///
    /// The error names the variable and its value.
    pub fn go_boolean(&self, name: &'static str, unset: bool) -> Result<Sourced<bool>, SettingsError> {
        self.read_or(name, unset, |text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(NotABoolean(text.to_string())),
        })
    }
}

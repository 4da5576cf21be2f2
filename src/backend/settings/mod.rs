//! Settings: what can be configured for a backend, where a value may come from, and the values.
//!
//! A backend lists its [`Setting`]s. The command line, the configuration file, `backends`, the manual page, the
//! completions and docs/settings.md are generated from these lists; no other file names them.
//! [`About::configure`](super::About::configure) reads the [`SettingSource`] values and puts the backend's own settings into
//! [`Settings`].

mod error;
mod given;
mod values;

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::{InvalidValue, SettingsError};
pub use given::{GivenValue, SettingSource, SettingsReader, Variables};
pub use values::{SettingValueError, boolean, duration};

use crate::model::secret::Secrets;

/// One setting of a backend.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The flag that sets it. The same name is its key in the configuration file and, in upper case and prefixed with
    /// `GRPC_DISCOVER_`, its variable.
    pub flag: Option<Flag>,
    /// The registry's own environment variable, which has lower precedence than the flag and the configuration file.
    pub variable: Option<&'static str>,
    /// One line for `--help` and the manual, without a full stop: `the datacenter`.
    pub help: &'static str,
    /// The default; empty if the help states it or there is none.
    pub default: &'static str,
}

/// A flag of `resolve`, `probe`, `watch` and `backends`.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// The long name: `--dns-server`. No two backends have the same.
    pub name: &'static str,
    /// The short name: `n` for `-n`.
    pub short: Option<char>,
    /// Its value.
    pub value: Value,
    /// A flag with the opposite meaning: the last one typed takes precedence.
    pub opposite: Option<&'static str>,
    /// It applies to targets of this backend only: typed without one, it is rejected.
    pub only_here: bool,
    /// A configuration file that was only found in the working directory may set it.
    pub harmless: bool,
}

impl Setting {
    /// A variable of the registry's own environment.
    pub const fn variable(name: &'static str, help: &'static str) -> Setting {
        Setting { flag: None, variable: Some(name), help, default: "" }
    }

    /// A flag.
    pub const fn flag(flag: Flag, help: &'static str) -> Setting {
        Setting { flag: Some(flag), variable: None, help, default: "" }
    }

    /// The same, with a default.
    pub const fn or(self, default: &'static str) -> Setting {
        Setting { default, ..self }
    }
}

impl Flag {
    /// A flag that takes one value, applies to this backend only, and is not harmless.
    pub const fn one(name: &'static str, value: &'static str, example: &'static str) -> Flag {
        let value = Value::One { name: value, example, check: |_| Ok(()) };
        Flag { name, short: None, value, opposite: None, only_here: true, harmless: false }
    }
}

/// The values of a flag.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// Nothing.
    Switch,
    /// One value.
    One {
        /// Its name in the help: `IP[:PORT]`.
        name: &'static str,
        /// An example: `10.0.0.53`.
        example: &'static str,
        /// Why a text is not a valid value; the sentence follows "is".
        check: fn(&str) -> Result<(), InvalidValue>,
    },
    /// Any number of values: repeated, or separated by commas.
    Many {
        /// The name of one value in the help.
        name: &'static str,
        /// An example.
        example: &'static str,
    },
}

/// The settings of one backend, read from the given values.
pub trait BackendSettings: Any + fmt::Debug + Send + Sync {
    /// Reads the given values.
    ///
    /// # Errors
    ///
    /// Returns an error for the first invalid setting.
    fn read(given: &SettingsReader) -> Result<Self, SettingsError>
    where
        Self: Sized;

    /// Reads environment variables only, through `variable`; an empty one counts as unset.
    ///
    /// # Errors
    ///
    /// Returns an error for the first invalid variable.
    fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError>
    where
        Self: Sized,
    {
        Self::read(&SettingsReader::new(&Variables(variable)))
    }

    /// The same without tokens, users and passwords: for a registry whose address must not get them.
    fn without_secrets(&self) -> Arc<dyn BackendSettings>;
}

/// The settings of every backend.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The port for names without one (`--port`); gRPC's 443 when `None`.
    pub port: Option<u16>,
    /// Every secret in use, to mask it in the output. Shared by all clones.
    pub secrets: Secrets,
    /// Time limit for a registry's first response. Zero means each backend's own default (5 s).
    pub resolve_timeout: Duration,
    /// The settings of each configured backend.
    of: BTreeMap<TypeId, Arc<dyn BackendSettings>>,
}

impl Settings {
    /// Reads the settings of every backend.
    ///
    /// # Errors
    ///
    /// Returns an error for the first invalid setting.
    pub fn read(given: &dyn SettingSource) -> Result<Settings, SettingsError> {
        let mut settings = Settings::default();
        for backend in super::BACKENDS {
            (backend.about().configure)(&SettingsReader::new(given), &mut settings)?;
        }
        Ok(settings)
    }

    /// A backend's own settings; its defaults when it was not configured.
    pub fn of<T: BackendSettings + Default>(&self) -> Arc<T> {
        let Some(set) = self.of.get(&TypeId::of::<T>()) else { return Arc::default() };
        let set: Arc<dyn Any + Send + Sync> = set.clone();
        set.downcast().unwrap_or_default()
    }

    /// Replaces a backend's own settings.
    pub fn set<T: BackendSettings>(&mut self, settings: T) {
        self.of.insert(TypeId::of::<T>(), Arc::new(settings));
    }

    /// The same with a backend's own settings.
    #[must_use]
    pub fn with<T: BackendSettings>(mut self, settings: T) -> Settings {
        self.set(settings);
        self
    }

    /// The same without tokens, users and passwords: for a registry whose address must not get them.
    #[must_use]
    pub fn without_secrets(&self) -> Settings {
        let of = self.of.iter().map(|(id, set)| (*id, set.without_secrets())).collect();
        Settings { of, ..self.clone() }
    }
}

/// [`About::configure`](super::About::configure) of a backend whose settings are `T`.
///
/// # Errors
///
/// Returns an error for the first invalid setting.
pub fn configure<T: BackendSettings>(given: &SettingsReader, settings: &mut Settings) -> Result<(), SettingsError> {
    settings.set(T::read(given)?);
    Ok(())
}

/// A setting and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// `value`, from `origin`.
    pub fn new(value: T, origin: Origin) -> Self {
        Sourced { value, origin }
    }
}

/// Where a setting came from, highest precedence first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// A command-line flag: `--dns-server`.
    Flag(&'static str),
    /// An environment variable.
    Env(String),
    /// The configuration file at this path.
    Config(String),
    /// Found on this machine: `/etc/resolv.conf`.
    System(String),
    /// The default.
    #[default]
    Default,
}

#[cfg(test)]
mod tests;

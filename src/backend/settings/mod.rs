//! Settings: what a backend lets people set, where the value may stand, and what was set.
//!
//! A backend lists its [`Setting`]s. The command line, the configuration file, `backends`, the manual page, the completions
//! and docs/settings.md are made from these lists; no other file names them. [`About::configure`](super::About::configure)
//! reads what was [`Given`] and puts the backend's own settings into [`Settings`].

mod error;
mod given;
mod values;

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::{InvalidValue, SettingsError};
pub use given::{Given, Reader, Said, Variables};
pub use values::{SettingValueError, boolean, duration};

use crate::model::secret::Secrets;

/// One thing about a backend that can be set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The flag that sets it. The same name is its key in the configuration file and, in upper case behind
    /// `GRPC_DISCOVER_`, its variable.
    pub flag: Option<Flag>,
    /// The registry's own environment variable, which counts after the flag and the configuration file.
    pub variable: Option<&'static str>,
    /// One line for `--help` and the manual, without a full stop: `the datacenter`.
    pub help: &'static str,
    /// What holds when nothing sets it; empty where the help says so or nothing does.
    pub default: &'static str,
}

/// A flag of `resolve`, `probe`, `watch` and `backends`.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// The long name: `--dns-server`. No two backends have the same.
    pub name: &'static str,
    /// The short name: `n` for `-n`.
    pub short: Option<char>,
    /// What it takes.
    pub value: Value,
    /// A flag that says the opposite: the last one typed counts.
    pub opposite: Option<&'static str>,
    /// It means something to targets of this backend only: typed without one, it is refused.
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

    /// The same, with what holds when nothing sets it.
    pub const fn or(self, default: &'static str) -> Setting {
        Setting { default, ..self }
    }
}

impl Flag {
    /// A flag that takes one value, means something to this backend only, and is not harmless.
    pub const fn one(name: &'static str, value: &'static str, example: &'static str) -> Flag {
        let value = Value::One { name: value, example, check: |_| Ok(()) };
        Flag { name, short: None, value, opposite: None, only_here: true, harmless: false }
    }
}

/// What a flag takes.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// Nothing.
    Switch,
    /// One value.
    One {
        /// How the help calls it: `IP[:PORT]`.
        name: &'static str,
        /// One that could be typed: `10.0.0.53`.
        example: &'static str,
        /// Why a text is no value, in words that follow "is": `no IP address`.
        check: fn(&str) -> Result<(), InvalidValue>,
    },
    /// Any number of values: repeated, or separated by commas.
    Many {
        /// How the help calls one of them.
        name: &'static str,
        /// One that could be typed.
        example: &'static str,
    },
}

/// The settings that one backend made of what was given.
pub trait BackendSettings: Any + fmt::Debug + Send + Sync {
    /// Reads what was given.
    ///
    /// # Errors
    ///
    /// The first setting that makes no sense.
    fn read(given: &Reader) -> Result<Self, SettingsError>
    where
        Self: Sized;

    /// Reads environment variables only, through `variable`; an empty one counts as unset.
    ///
    /// # Errors
    ///
    /// The first variable that makes no sense.
    fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError>
    where
        Self: Sized,
    {
        Self::read(&Reader::new(&Variables(variable)))
    }

    /// The same without tokens, users and passwords: for a registry whose address is not to be trusted with them.
    fn without_secrets(&self) -> Arc<dyn BackendSettings>;
}

/// The settings of every backend.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The port for names that came without one (`--port`); gRPC's 443 when `None`.
    pub port: Option<u16>,
    /// Every secret that is used, to keep it out of what is printed. Shared by all clones.
    pub secrets: Secrets,
    /// How long a registry may take for its first word. Zero means each backend's own default (5 s).
    pub resolve_timeout: Duration,
    /// Those of each backend that has been configured.
    of: BTreeMap<TypeId, Arc<dyn BackendSettings>>,
}

impl Settings {
    /// What every backend makes of what was given.
    ///
    /// # Errors
    ///
    /// The first setting that makes no sense.
    pub fn read(given: &dyn Given) -> Result<Settings, SettingsError> {
        let mut settings = Settings::default();
        for backend in super::BACKENDS {
            (backend.about().configure)(&Reader::new(given), &mut settings)?;
        }
        Ok(settings)
    }

    /// A backend's own settings; its defaults when it was not configured.
    pub fn of<T: BackendSettings + Default>(&self) -> Arc<T> {
        let Some(set) = self.of.get(&TypeId::of::<T>()) else { return Arc::default() };
        let set: Arc<dyn Any + Send + Sync> = set.clone();
        set.downcast().unwrap_or_default()
    }

    /// Puts a backend's own settings in, in place of those that were there.
    pub fn set<T: BackendSettings>(&mut self, settings: T) {
        self.of.insert(TypeId::of::<T>(), Arc::new(settings));
    }

    /// The same with a backend's own settings.
    #[must_use]
    pub fn with<T: BackendSettings>(mut self, settings: T) -> Settings {
        self.set(settings);
        self
    }

    /// The same without tokens, users and passwords: for a registry whose address is not to be trusted with them.
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
/// The first setting that makes no sense.
pub fn configure<T: BackendSettings>(given: &Reader, settings: &mut Settings) -> Result<(), SettingsError> {
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

/// Where a setting came from, most important first.
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
    /// Nothing sets it.
    #[default]
    Default,
}

#[cfg(test)]
mod tests;

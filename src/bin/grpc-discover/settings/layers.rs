//! Precedence: flag, then `GRPC_DISCOVER_<FLAG>`, then the configuration file (`[service.NAME]`, `[profile.NAME]`,
//! `[defaults]`). The backend's own environment and the default come after these and are applied elsewhere.

use std::time::Duration;

use grpc_discover::backend::{Origin, Sourced};

use super::error::{ProfileError, ValueCause};
use super::{Environment, SettingError};
use crate::cli::{Redacted, values};
use crate::config::{Service, Table, quoted};

/// Everything that may set a flag that was not typed, in order of precedence.
pub struct Layers<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    path: String,
    tables: Vec<(String, &'a Table)>,
    /// `--timeout`.
    timeout: Option<Duration>,
}

impl<'a> Layers<'a> {
    /// The layers below the flags, for the `service` of the configuration file that the targets name, if any.
    ///
    /// # Errors
    ///
    /// A profile that the configuration file does not have.
    pub fn new(
        environment: &Environment<'a>,
        service: Option<(&str, &'a Service)>,
        profile: Option<&str>,
    ) -> Result<Layers<'a>, SettingError> {
        let config = environment.config;
        let path = config.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let mut tables = Vec::new();
        tables.extend(service.map(|(name, service)| (format!("service.{}", quoted(name)), &service.flags)));
        let from_env = (environment.env)("GRPC_DISCOVER_PROFILE").filter(|name| !name.is_empty());
        if let Some(name) = profile.map(str::to_string).or(from_env) {
            let Some(table) = config.profiles.get(&name) else {
                let source = match (config.path.is_some(), config.profiles.is_empty()) {
                    (false, _) if config.switched_off => ProfileError::SwitchedOff,
                    (false, _) => ProfileError::NoFile,
                    (true, true) => ProfileError::NoProfiles { path },
                    (true, false) => ProfileError::Unknown { path, known: config.profiles.keys().cloned().collect() },
                };
                return Err(SettingError::Profile { name, source });
            };
            tables.push((format!("profile.{}", quoted(&name)), table));
        }
        tables.push(("defaults".to_string(), &config.defaults));
        Ok(Layers { env: environment.env, path, tables, timeout: None })
    }

    /// The same below a typed `--timeout`.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Layers<'a> {
        self.timeout = timeout;
        self
    }

    /// The configuration file, for an error.
    pub fn file(&self) -> &str {
        &self.path
    }

    /// The position of `key` in the configuration file, for an error.
    pub fn file_place(&self, key: &str) -> String {
        format!("config {}: {key}", self.path)
    }

    /// The value of `flag` (`--idle`): the typed one, else that of the first layer that sets it.
    pub fn one<T, E: Into<ValueCause>>(
        &self,
        flag: &'static str,
        typed: Option<T>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<Sourced<T>>, SettingError> {
        if let Some(value) = typed {
            return Ok(Some(Sourced::new(value, Origin::Flag(flag))));
        }
        let Some(given) = self.given(flag) else { return Ok(None) };
        let [text] = given.values.as_slice() else {
            return Err(SettingError::SeveralValues { place: given.place, count: given.values.len() });
        };
        match parse(&text.0) {
            Ok(value) => Ok(Some(Sourced::new(value, given.origin))),
            Err(error) => Err(given.refused(&text.0, error)),
        }
    }

    /// The values of a flag that may be repeated: a layer that sets any replaces all the layers below.
    pub fn many<T: Clone, E: Into<ValueCause>>(
        &self,
        flag: &'static str,
        typed: &[T],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, SettingError> {
        if !typed.is_empty() {
            return Ok(typed.to_vec());
        }
        let Some(given) = self.given(flag) else { return Ok(Vec::new()) };
        let texts = given.values.iter().flat_map(|value| value.0.split(',')).map(str::trim).filter(|t| !t.is_empty());
        texts.map(|text| parse(text).map_err(|error| given.refused(text, error))).collect()
    }

    /// The values of a flag that may be secret, with the place for an error that must not show them.
    pub fn hidden(&self, flag: &'static str, typed: &[Redacted]) -> Option<(String, Vec<Redacted>)> {
        if !typed.is_empty() {
            return Some((flag.to_string(), typed.to_vec()));
        }
        let given = self.given(flag)?;
        let lines = given.values.iter().flat_map(|value| value.0.lines()).filter(|line| !line.trim().is_empty());
        Some((given.place, lines.map(|line| Redacted(line.to_string())).collect()))
    }

    /// A switch: typed, or set to true by a layer.
    pub fn switch(&self, flag: &'static str, typed: bool) -> Result<bool, SettingError> {
        Ok(self.one(flag, typed.then_some(true), values::boolean)?.is_some_and(|yes| yes.value))
    }

    /// Where the value of `flag` is set, for an error: the flag, the variable or the file.
    pub fn place(&self, flag: &str, origin: &Origin) -> String {
        match origin {
            Origin::Env(name) => name.clone(),
            Origin::Config(path) => format!("config {path}: {}", flag.trim_start_matches('-')),
            Origin::Flag(_) | Origin::System(_) | Origin::Default => flag.to_string(),
        }
    }

    /// A duration above zero.
    pub fn positive(&self, flag: &'static str, typed: Option<Duration>) -> Result<Option<Duration>, SettingError> {
        match self.one(flag, typed, values::duration)? {
            Some(zero) if zero.value.is_zero() => Err(SettingError::Zero { place: self.place(flag, &zero.origin) }),
            other => Ok(other.map(|duration| duration.value)),
        }
    }

    /// The time limit of one step: its own flag where that is typed, or the typed `--timeout`, else the first layer
    /// that sets either of them.
    pub fn limit(&self, flag: &'static str, typed: Option<Duration>) -> Result<Option<Duration>, SettingError> {
        const ALL: &str = "--timeout";
        match (typed, self.timeout) {
            (None, Some(all)) => self.positive(ALL, Some(all)),
            (typed, _) => match self.positive(flag, typed)? {
                Some(limit) => Ok(Some(limit)),
                None => self.positive(ALL, None),
            },
        }
    }

    /// The values of `flags` in the first layer below the flags that sets any of them.
    pub fn first_of(&self, flags: &[&'static str]) -> Vec<LayerValue> {
        let of_env = flags.iter().filter_map(|flag| {
            let name = variable(flag);
            let text = (self.env)(&name).filter(|value| !value.is_empty())?;
            Some(LayerValue { flag, place: name.clone(), origin: Origin::Env(name), values: vec![Redacted(text)] })
        });
        let of_env: Vec<LayerValue> = of_env.collect();
        if !of_env.is_empty() {
            return of_env;
        }
        let of_tables = self.tables.iter().map(|(place, table)| {
            let given = flags.iter().filter_map(|flag| {
                let key = flag.trim_start_matches('-');
                let (place, values) = (self.file_place(&format!("{place}.{key}")), table.get(key)?.clone());
                Some(LayerValue { flag, place, origin: Origin::Config(self.path.clone()), values })
            });
            given.collect::<Vec<_>>()
        });
        of_tables.into_iter().find(|given| !given.is_empty()).unwrap_or_default()
    }

    fn given(&self, flag: &'static str) -> Option<LayerValue> {
        self.first_of(&[flag]).pop()
    }
}

/// The value of a flag in a layer.
pub struct LayerValue {
    /// The flag.
    pub flag: &'static str,
    /// The variable or the key, for an error.
    pub place: String,
    /// The same, for the record.
    pub origin: Origin,
    /// Its values.
    pub values: Vec<Redacted>,
}

impl LayerValue {
    /// The error of a parser that rejected `text`, which is set here.
    pub fn refused(&self, text: &str, error: impl Into<ValueCause>) -> SettingError {
        SettingError::Value { place: self.place.clone(), text: text.to_string(), source: error.into() }
    }
}

/// `--connect-timeout` is `GRPC_DISCOVER_CONNECT_TIMEOUT` in the environment.
pub fn variable(flag: &str) -> String {
    const PREFIX: &str = "GRPC_DISCOVER_";
    let flag = flag.trim_start_matches('-');
    // One allocation: this is called for every flag that was not typed.
    let mut name = String::with_capacity(PREFIX.len() + flag.len());
    name.push_str(PREFIX);
    name.extend(flag.chars().map(|letter| if letter == '-' { '_' } else { letter.to_ascii_uppercase() }));
    name
}

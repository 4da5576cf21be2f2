//! The configuration file: services, and settings for flags that were not typed.
//!
//! ```toml
//! [defaults]              # any long flag of resolve, probe and watch
//! connect-timeout = "2s"
//! [service.pay]           # what the bare name `pay` stands for, and flags for it
//! targets = ["consul:///pay", "dns:///pay.example:50051"]
//! [profile.prod]          # with --profile prod
//! tls = "on"
//! ```
//!
//! A file that was only found in the working directory may belong to another user ([`trust`]), or be part of a fetched
//! repository. Of such a file only targets and [`Harmless`] flags count.

mod error;
mod example;
pub mod trust;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgAction;
use grpc_discover::platform::{file, home};
use grpc_discover::text::{all_of, escape, near, shorten};

use self::error::KeyError;
use self::trust::Distrust;
use crate::cli::{Cli, Harmless, Redacted};

pub use error::ConfigError;
pub use example::example;

/// The name of the file in the working directory.
const LOCAL: &str = ".grpc-discover.toml";

/// Flags that apply to one run: they are typed, and neither a variable nor a file may set them.
pub const ONE_RUN: [&str; 9] =
    ["help", "version", "config", "no-config", "profile", "dry-run", "watch", "for", "until"];

/// Flags by their long name. A list has several values; what a flag means is decided elsewhere.
pub type Table = BTreeMap<String, Vec<Redacted>>;

/// Which configuration file was chosen on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice<'a> {
    /// Neither flag was typed: the file of the variable, else the first that is found.
    #[default]
    Unspecified,
    /// `--config FILE`.
    Named(&'a Path),
    /// `--no-config`.
    None,
}

/// How much of a file counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// All of it: it was named explicitly, or is the user's own.
    #[default]
    Full,
    /// Service names, targets and [`Harmless`] flags: it was found in the working directory.
    Found,
}

/// A configuration file that was read.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its content.
    pub text: String,
    /// Why it may belong to another user.
    pub distrust: Option<Distrust>,
}

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The file that was read; `None` if there is none.
    pub path: Option<PathBuf>,
    /// How much of it counts.
    pub trust: Trust,
    /// The parts of this file, or of another that was found, that do not count, and why. They are reported to the
    /// user.
    pub left_out: Vec<String>,
    /// The user disabled the configuration file.
    pub switched_off: bool,
    /// The files that were searched, in order, if none was found.
    pub searched: Vec<PathBuf>,
    /// Those of them that may exist and could not be read, and why.
    pub unread: Vec<(PathBuf, String)>,
    /// `[defaults]`.
    pub defaults: Table,
    /// `[service.NAME]`.
    pub services: BTreeMap<String, Service>,
    /// `[profile.NAME]`.
    pub profiles: BTreeMap<String, Table>,
}

/// `[service.NAME]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    /// Targets of the service; empty means that only flags are set.
    pub targets: Vec<Redacted>,
    /// Flags for this service.
    pub flags: Table,
}

impl Config {
    /// Reads the file that `--config` or GRPC_DISCOVER_CONFIG names, else the first that exists of
    /// `./.grpc-discover.toml` and the user's own. Without a file the configuration is empty, as with `--no-config`
    /// and with an empty GRPC_DISCOVER_CONFIG. One of the two default files is ignored if it cannot be read (the home
    /// of another user) or, in the working directory, must not be trusted.
    ///
    /// # Errors
    ///
    /// A named file that cannot be read, or a file with invalid content.
    pub fn load(
        choice: Choice,
        env: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> io::Result<Document>,
    ) -> Result<Config, ConfigError> {
        let named = match (choice, env("GRPC_DISCOVER_CONFIG")) {
            (Choice::Named(path), _) => Some(("config", path.to_path_buf())),
            (Choice::Unspecified, Some(path)) if !path.is_empty() => {
                Some(("GRPC_DISCOVER_CONFIG", PathBuf::from(path)))
            }
            (Choice::None, _) | (Choice::Unspecified, Some(_)) => {
                return Ok(Config { switched_off: true, ..Config::default() });
            }
            (Choice::Unspecified, None) => None,
        };
        match named {
            Some((place, path)) => Config::named(place, path, read),
            None => Config::found(env, read),
        }
    }

    fn named(
        place: &'static str,
        path: PathBuf,
        read: &dyn Fn(&Path) -> io::Result<Document>,
    ) -> Result<Config, ConfigError> {
        // The usual way to name no file.
        if path == Path::new("/dev/null") {
            return Ok(Config { path: Some(path), ..Config::default() });
        }
        let document = read(&path).map_err(|source| ConfigError::Unreadable { place, path: path.clone(), source })?;
        Config::parse(&document.text, &path, Trust::Full)
    }

    fn found(
        env: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> io::Result<Document>,
    ) -> Result<Config, ConfigError> {
        let places = places(env);
        let (mut unread, mut left_out) = (Vec::new(), Vec::new());
        for (path, trust) in &places {
            match read(path) {
                Ok(Document { distrust: Some(why), .. }) if *trust == Trust::Found => {
                    let file = path.display();
                    left_out.push(format!("{file} is ignored: {why}; if you trust it, use --config {file}"));
                }
                Ok(document) => {
                    let mut config = Config::parse(&document.text, path, *trust)?;
                    config.left_out.splice(0..0, left_out);
                    return Ok(Config { unread, ..config });
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {}
                    // The file exists and is not text.
                    io::ErrorKind::InvalidData => {
                        return Err(ConfigError::Unreadable { place: "config", path: path.clone(), source: error });
                    }
                    // Too large, or not a regular file: otherwise its owner would not learn why it has no effect.
                    io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput => {
                        left_out.push(format!("{} is ignored: it {}", path.display(), file::why(&error)));
                    }
                    _ => unread.push((path.clone(), error.to_string())),
                },
            }
        }
        let searched = places.into_iter().map(|(path, _)| path).collect();
        Ok(Config { searched, unread, left_out, ..Config::default() })
    }

    /// Parses `text`, the content of `path`, as far as it counts.
    ///
    /// # Errors
    ///
    /// Names the file and the line or key.
    pub fn parse(text: &str, path: &Path, trust: Trust) -> Result<Config, ConfigError> {
        let document: toml::Table = text.parse().map_err(|source: toml::de::Error| {
            let line = source.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            ConfigError::Syntax { path: path.to_path_buf(), line, source: Box::new(source) }
        })?;
        let mut config = Config { path: Some(path.to_path_buf()), trust, ..Config::default() };
        let mut reader = ConfigReader::new(trust);
        for (key, value) in document {
            reader
                .section(&key, value, &mut config)
                .map_err(|source| ConfigError::Key { path: path.to_path_buf(), source })?;
        }
        if let Some(keys) = list(&reader.left_out) {
            let file = path.display();
            config.left_out.push(format!(
                "{file}: {keys} ignored because the file was found in the working directory; to use all of it, pass --config {file}"
            ));
        }
        Ok(config)
    }
}

/// `tls and header are`; `None` for an empty list.
fn list(keys: &[String]) -> Option<String> {
    match keys {
        [] => None,
        [one] => Some(format!("{one} is")),
        several => Some(format!("{} are", all_of(several))),
    }
}

/// Where a configuration file is searched, in order.
fn places(env: &dyn Fn(&str) -> Option<String>) -> Vec<(PathBuf, Trust)> {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_CONFIG_HOME").or_else(|| home::directory(env).map(|home| home.join(".config")));
    let mut places = vec![(Path::new(".").join(LOCAL), Trust::Found)];
    places.extend(user.map(|directory| (directory.join("grpc-discover").join("config.toml"), Trust::Full)));
    places
}

/// A reader of the sections of one file.
struct ConfigReader {
    /// The flags that a file may set: the long ones of resolve, probe and watch, except those that choose the source
    /// of settings and those that apply to one run. True for those that count in this file.
    flags: BTreeMap<String, bool>,
    /// Keys that do not count, each once.
    left_out: Vec<String>,
}

impl ConfigReader {
    fn new(trust: Trust) -> ConfigReader {
        let command = Cli::definition();
        let flags = ["resolve", "probe", "watch"]
            .iter()
            .filter_map(|name| command.find_subcommand(name))
            .flat_map(|sub| sub.get_arguments())
            .filter(|flag| !matches!(flag.get_action(), ArgAction::Help))
            .filter_map(|flag| Some((flag.get_long()?, trust == Trust::Full || flag.get::<Harmless>().is_some())))
            .filter(|(flag, _)| !ONE_RUN.contains(flag))
            .map(|(flag, counts)| (flag.to_string(), counts))
            .collect();
        ConfigReader { flags, left_out: Vec::new() }
    }

    fn section(&mut self, key: &str, value: toml::Value, config: &mut Config) -> Result<(), KeyError> {
        match key {
            "defaults" => config.defaults = self.table(key, value)?,
            "profile" => {
                for (name, value) in named_tables(key, value)? {
                    let table = self.table(&format!("profile.{}", quoted(&name)), value)?;
                    config.profiles.insert(name, table);
                }
            }
            "service" => {
                for (name, value) in named_tables(key, value)? {
                    let place = format!("service.{}", quoted(&name));
                    let toml::Value::Table(mut inner) = value else {
                        return Err(KeyError::NotATable { place });
                    };
                    let targets = match inner.remove("targets") {
                        None => Vec::new(),
                        Some(value) => texts(&format!("{place}.targets"), value)?,
                    };
                    let flags = self.table(&place, toml::Value::Table(inner))?;
                    config.services.insert(name, Service { targets, flags });
                }
            }
            other => {
                let near = near(other, ["defaults", "profile", "service"]).first().map(ToString::to_string);
                return Err(KeyError::UnknownSection { name: other.to_string(), near });
            }
        }
        Ok(())
    }

    fn table(&mut self, place: &str, value: toml::Value) -> Result<Table, KeyError> {
        let toml::Value::Table(inner) = value else {
            return Err(KeyError::NotATable { place: place.to_string() });
        };
        let mut table = Table::new();
        for (key, value) in inner {
            match self.flags.get(&key) {
                Some(true) => {
                    let values = texts(&format!("{place}.{key}"), value)?;
                    table.insert(key, values);
                }
                Some(false) if self.left_out.contains(&key) => {}
                Some(false) => self.left_out.push(key),
                None => {
                    // `target` is nearer to `tag` than to what was meant.
                    let targets = (place.starts_with("service.") && key.starts_with("target")).then_some("targets");
                    let near = near(&key, self.flags.keys().map(String::as_str)).first().copied();
                    let near = targets.or(near).map(ToString::to_string);
                    return Err(KeyError::UnknownFlag { place: place.to_string(), key, near });
                }
            }
        }
        Ok(table)
    }
}

fn named_tables(key: &str, value: toml::Value) -> Result<toml::Table, KeyError> {
    match value {
        toml::Value::Table(table) => Ok(table),
        _ => Err(KeyError::NotNamedTables { section: key.to_string() }),
    }
}

/// A key in printable form: escaped and shortened.
pub fn quoted(key: &str) -> String {
    escape(&shorten(key, 60)).into_owned()
}

fn texts(place: &str, value: toml::Value) -> Result<Vec<Redacted>, KeyError> {
    let one = |value: toml::Value| match value {
        toml::Value::String(text) => Ok(Redacted(text)),
        toml::Value::Integer(number) => Ok(Redacted(number.to_string())),
        toml::Value::Float(number) => Ok(Redacted(number.to_string())),
        toml::Value::Boolean(yes) => Ok(Redacted(yes.to_string())),
        other => Err(KeyError::Value { place: place.to_string(), kind: other.type_str() }),
    };
    match value {
        toml::Value::Array(values) => values.into_iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

#[cfg(test)]
mod tests;

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

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use clap::CommandFactory;

use crate::cli::{Cli, Hidden};
use crate::near::nearest;

/// The name of the file in the working directory.
const LOCAL: &str = ".grpc-discover.toml";

/// Flags that are about one run: they are typed, and neither a variable nor a file sets them.
pub const ONE_RUN: [&str; 8] = ["help", "version", "config", "profile", "dry-run", "watch", "for", "until"];

/// Flags by their long name. A list has several values; what a flag means is not decided here.
pub type Table = BTreeMap<String, Vec<Hidden>>;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Where it was read; `None` when there is no file.
    pub path: Option<PathBuf>,
    /// The files that were looked for, in order, when none was found.
    pub looked_for: Vec<PathBuf>,
    /// Those of them that may be there and could not be read, and why.
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
    /// Who is asked for it; empty means that only flags are set.
    pub targets: Vec<Hidden>,
    /// Flags for this service.
    pub flags: Table,
}

/// Why a configuration file cannot be used: where, then why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Config {
    /// Reads the file that `--config` or GRPC_DISCOVER_CONFIG names, else the first there is of `./.grpc-discover.toml`
    /// and the user's own. None at all is an empty configuration; one of these two that cannot be read (the home of another
    /// user) counts as none.
    ///
    /// # Errors
    ///
    /// A named file that cannot be read, or a file that says something that is not understood.
    pub fn load(
        named: Option<&Path>,
        env: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Config, ConfigError> {
        let cannot = |place: &str, path: &Path, error: io::Error| {
            ConfigError(format!("{place} {}: cannot be read: {error}", path.display()))
        };
        let variable = || env("GRPC_DISCOVER_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let named = named.map(|path| ("config", path.to_path_buf()));
        if let Some((place, path)) = named.or_else(|| variable().map(|path| ("GRPC_DISCOVER_CONFIG", path))) {
            let text = read(&path).map_err(|error| cannot(place, &path, error))?;
            return Config::parse(&text, &path);
        }
        let looked_for = places(env);
        let mut unread = Vec::new();
        for path in &looked_for {
            match read(path) {
                Ok(text) => return Ok(Config { unread, ..Config::parse(&text, path)? }),
                Err(error) => match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {}
                    // It is there, and no text.
                    io::ErrorKind::InvalidData => return Err(cannot("config", path, error)),
                    _ => unread.push((path.clone(), error.to_string())),
                },
            }
        }
        Ok(Config { looked_for, unread, ..Config::default() })
    }

    /// Understands `text`, which stood in `path`.
    ///
    /// # Errors
    ///
    /// Names the file and the line or key.
    pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let wrong = |why: String| ConfigError(format!("config {}: {why}", path.display()));
        let document: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            wrong(format!("line {line}: {}", error.message().replace('\n', "; ")))
        })?;
        let mut config = Config { path: Some(path.to_path_buf()), ..Config::default() };
        for (key, value) in document {
            match key.as_str() {
                "defaults" => config.defaults = table(&key, value).map_err(wrong)?,
                "profile" => {
                    for (name, value) in named_tables(&key, value).map_err(wrong)? {
                        let place = format!("profile.{name}");
                        config.profiles.insert(name, table(&place, value).map_err(wrong)?);
                    }
                }
                "service" => {
                    for (name, value) in named_tables(&key, value).map_err(wrong)? {
                        let place = format!("service.{name}");
                        let toml::Value::Table(mut inner) = value else {
                            return Err(wrong(format!("{place} is no table; write [{place}]")));
                        };
                        let targets = match inner.remove("targets") {
                            None => Vec::new(),
                            Some(value) => texts(&format!("{place}.targets"), value).map_err(wrong)?,
                        };
                        let flags = table(&place, toml::Value::Table(inner)).map_err(wrong)?;
                        config.services.insert(name, Service { targets, flags });
                    }
                }
                other => {
                    let hint = did_you_mean(other, ["defaults", "profile", "service"]);
                    return Err(wrong(format!(
                        "[{other}] is not understood{hint}; there are [defaults], [service.NAME] and [profile.NAME]"
                    )));
                }
            }
        }
        Ok(config)
    }
}

/// Where a configuration file is looked for, in order.
fn places(env: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let mut places = vec![Path::new(".").join(LOCAL)];
    places.extend(user.map(|directory| directory.join("grpc-discover").join("config.toml")));
    places
}

fn named_tables(key: &str, value: toml::Value) -> Result<toml::Table, String> {
    match value {
        toml::Value::Table(table) => Ok(table),
        _ => Err(format!("{key} is no table; write [{key}.NAME]")),
    }
}

fn table(place: &str, value: toml::Value) -> Result<Table, String> {
    let toml::Value::Table(inner) = value else {
        return Err(format!("{place} is no table; write [{place}]"));
    };
    let known = flags();
    let mut table = Table::new();
    for (key, value) in inner {
        if !known.contains(&key) {
            let hint = did_you_mean(&key, known.iter().map(String::as_str));
            return Err(format!("{place}.{key} is no flag{hint}; `grpc-discover probe --help` lists them"));
        }
        let values = texts(&format!("{place}.{key}"), value)?;
        table.insert(key, values);
    }
    Ok(table)
}

/// The flags that a file may set: the long ones of resolve, probe and watch, except those that say where settings come
/// from and those that are about one run.
fn flags() -> Vec<String> {
    let command = Cli::command();
    let mut flags: Vec<String> = ["resolve", "probe", "watch"]
        .iter()
        .filter_map(|name| command.find_subcommand(name))
        .flat_map(|sub| sub.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_string))
        .filter(|flag| !ONE_RUN.contains(&flag.as_str()))
        .collect();
    flags.sort();
    flags.dedup();
    flags
}

fn texts(place: &str, value: toml::Value) -> Result<Vec<Hidden>, String> {
    let one = |value: toml::Value| match value {
        toml::Value::String(text) => Ok(Hidden(text)),
        toml::Value::Integer(number) => Ok(Hidden(number.to_string())),
        toml::Value::Float(number) => Ok(Hidden(number.to_string())),
        toml::Value::Boolean(yes) => Ok(Hidden(yes.to_string())),
        other => Err(format!("{place} is a {}; write a text, a number or true or false", other.type_str())),
    };
    match value {
        toml::Value::Array(values) => values.into_iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, known).first() {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    }
}

/// What `config init` writes.
pub const EXAMPLE: &str = r#"# grpc-discover configuration. Looked for as ./.grpc-discover.toml, then
# $XDG_CONFIG_HOME/grpc-discover/config.toml; --config or GRPC_DISCOVER_CONFIG name another.
# A flag that was typed wins, then GRPC_DISCOVER_<FLAG>, then [service.NAME], [profile.NAME], [defaults].

# Any long flag of resolve, probe and watch.
[defaults]
# connect-timeout = "2s"
# rpc-timeout = "1s"
# dns-server = "10.0.0.53"
# tls = "auto"               # auto | on | off
# fail-on = "warn"           # warn | critical | never

# `grpc-discover probe pay` asks all of these and compares them;
# `grpc-discover probe` without a target probes every service listed here.
# [service.pay]
# targets = ["consul:///pay", "dns:///pay.example.internal:50051"]
# service = "pay.v1.Pay"     # the name in grpc.health.v1
# authority = "pay.example.internal"
# min-ready = "50%"

# With --profile prod.
# [profile.prod]
# tls = "on"
# cacert = "/etc/ssl/prod-ca.pem"
# header = ["@/etc/grpc-discover/headers"]   # secrets stay in files
"#;

#[cfg(test)]
mod tests;

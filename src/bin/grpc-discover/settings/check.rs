//! All settings of the environment and the configuration file are checked before anything is contacted, even those
//! that the command does not use: an invalid value must not stay hidden until the day it is needed.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, Command};

use super::{SettingError, layers, parse_target};
use crate::cli::values::{self, ValueError};
use crate::cli::{self, Redacted};
use crate::config::{Config, ONE_RUN, Table, quoted};
use grpc_discover::text;

/// Variables that are not flags of `resolve`, `probe` or `watch`.
const OTHERS: [&str; 3] = ["GRPC_DISCOVER_CONFIG", "GRPC_DISCOVER_LOG", "GRPC_DISCOVER_PROFILE"];

/// Checks `variables` (those of the environment whose names start with `GRPC_DISCOVER_`; `None` for a value that is
/// not valid UTF-8) and every value of `config`. Returns warnings: unknown names.
///
/// # Errors
///
/// Names the variable or key, its value, and what would be valid.
pub fn check(variables: &[(String, Option<String>)], config: &Config) -> Result<Vec<String>, SettingError> {
    if variables.is_empty() && config.path.is_none() {
        return Ok(Vec::new());
    }
    let flags = Flags::new();
    let mut warnings = Vec::new();
    for (name, value) in variables {
        match (flags.of_variable(name), value) {
            (_, Some(value)) if value.is_empty() => {}
            (Some(_), None) => return Err(SettingError::NotUtf8 { variable: name.clone() }),
            (Some(flag), Some(value)) => flags.value(name, flag, value)?,
            (None, _) => warnings.extend(flags.unknown(name)),
        }
    }
    let place = |key: String| match &config.path {
        Some(path) => format!("config {}: {key}", path.display()),
        None => key,
    };
    flags.table(&|key| place(format!("defaults.{key}")), &config.defaults)?;
    for (name, table) in &config.profiles {
        flags.table(&|key| place(format!("profile.{}.{key}", quoted(name))), table)?;
    }
    for (name, service) in &config.services {
        flags.table(&|key| place(format!("service.{}.{key}", quoted(name))), &service.flags)?;
        for target in &service.targets {
            let place = place(format!("service.{}.targets", quoted(name)));
            parse_target(&target.0).map_err(|error| SettingError::FileTarget { place, source: error.into() })?;
        }
    }
    Ok(warnings)
}

/// Every flag that a variable or a file may set, as defined for clap.
struct Flags {
    command: Command,
}

impl Flags {
    fn new() -> Flags {
        let command = Command::new("flags").no_binary_name(true);
        let command = cli::ReachingFlags::augment_args(cli::DiscoveryFlags::augment_args(command));
        let command = cli::PaceFlags::augment_args(cli::ChannelFlags::augment_args(command));
        Flags { command: cli::OutputFlags::augment_args(cli::CriteriaFlags::augment_args(command)) }
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Arg)> {
        let flags = self.command.get_arguments().filter_map(|argument| Some((argument.get_long()?, argument)));
        flags.filter(|(flag, _)| !ONE_RUN.contains(flag))
    }

    fn of_variable(&self, name: &str) -> Option<&Arg> {
        self.all().find(|(flag, _)| layers::variable(flag) == name).map(|(_, argument)| argument)
    }

    /// The warning for a variable that is not a flag's; `None` for one that has another use.
    fn unknown(&self, name: &str) -> Option<String> {
        if OTHERS.contains(&name) {
            return None;
        }
        if let Some(flag) = ONE_RUN.iter().find(|flag| layers::variable(flag) == name) {
            return Some(format!("{name} has no effect: --{flag} is accepted on the command line only"));
        }
        let known: Vec<String> = self.all().map(|(flag, _)| layers::variable(flag)).collect();
        let near = text::near(name, known.iter().map(String::as_str).chain(OTHERS));
        let hint = near.first().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        Some(format!("unknown variable {name}{hint}"))
    }

    /// Checks what one table of the file sets.
    fn table(&self, place: &dyn Fn(&str) -> String, table: &Table) -> Result<(), SettingError> {
        for (key, values) in table {
            let Some((_, argument)) = self.all().find(|(flag, _)| flag == key) else { continue };
            let several = matches!(argument.get_action(), ArgAction::Append);
            if values.len() != 1 && !several {
                return Err(SettingError::SeveralValues { place: place(key), count: values.len() });
            }
            for Redacted(value) in values {
                self.value(&place(key), argument, value)?;
            }
        }
        Ok(())
    }

    /// Checks one value, as if it had been typed.
    fn value(&self, place: &str, argument: &Arg, text: &str) -> Result<(), SettingError> {
        let Some(flag) = argument.get_long() else { return Ok(()) };
        let parts: Vec<&str> = match argument.get_value_delimiter() {
            Some(delimiter) => text.split(delimiter).map(str::trim).filter(|part| !part.is_empty()).collect(),
            None => vec![text],
        };
        for part in parts {
            let checked = match argument.get_action() {
                ArgAction::SetTrue => values::boolean(part).map(|_| ()).map_err(Into::into),
                _ => self.typed(flag, part).map_err(Into::into),
            };
            let refused = |source| SettingError::Value { place: place.to_string(), text: part.to_string(), source };
            checked.map_err(refused)?;
        }
        Ok(())
    }

    fn typed(&self, flag: &str, text: &str) -> Result<(), RefusedByClap> {
        let matches = self.command.clone().try_get_matches_from([format!("--{flag}={text}")]);
        matches.map(drop).map_err(RefusedByClap)
    }
}

/// A value that clap, or the parser in its definition, rejects. Follows "is" in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{}", cause(.0))]
struct RefusedByClap(#[source] clap::Error);

/// The reason in clap's error, without clap's text around it.
fn cause(error: &clap::Error) -> String {
    match (error.kind(), error.get(ContextKind::ValidValue), std::error::Error::source(error)) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(words)), _) => {
            let words = words.clone();
            ValueError::NotAWord { words }.to_string()
        }
        (_, _, Some(why)) => why.to_string(),
        (kind, _, None) => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Trust;

    fn checked(variables: &[(&str, &str)], file: Option<&str>) -> Result<Vec<String>, String> {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (name.to_string(), Some(value.to_string()))).collect();
        let config = file.map(|text| Config::parse(text, Path::new("c.toml"), Trust::Full).expect("known keys"));
        check(&variables, &config.unwrap_or_default()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_variable_is_checked_whether_the_command_uses_it_or_not() {
        for (name, value, why) in [
            ("GRPC_DISCOVER_IDLE", "soon", "250ms"),
            ("GRPC_DISCOVER_IDLE_LADDER", "10s, never", "250ms"),
            ("GRPC_DISCOVER_TLS", "maybe", "expected one of auto, on, off"),
            ("GRPC_DISCOVER_PLAINTEXT", "perhaps", "not a boolean; use true or false"),
            ("GRPC_DISCOVER_CONCURRENCY", "0", "must be a positive integer"),
            ("GRPC_DISCOVER_EXPECT", "10.0.0.1:1, 10.0.0.2", "has no port"),
            ("GRPC_DISCOVER_DNS_SERVER", "dns.google", "not an IP address"),
            ("GRPC_DISCOVER_MIN_READY", "half", "50%"),
            ("GRPC_DISCOVER_OUTPUT", "xml", "expected one of table"),
            ("GRPC_DISCOVER_KEEP_CONNECTED", "often", "not a boolean; use true or false"),
            ("GRPC_DISCOVER_SERVERNAME", "pay example", "not a host name"),
            ("GRPC_DISCOVER_AUTHORITY", "http://pay", "not an authority"),
        ] {
            let wrong = checked(&[(name, value)], None).expect_err(name);
            assert!(wrong.starts_with(&format!("{name}: ")) && wrong.contains(why), "{wrong}");
        }
        let fine = [
            ("GRPC_DISCOVER_IDLE", "30s"),
            ("GRPC_DISCOVER_EXPECT", "10.0.0.1:1, 10.0.0.2:1"),
            ("GRPC_DISCOVER_PLAINTEXT", "1"),
            ("GRPC_DISCOVER_HEADER", "authorization: sesame"),
            ("GRPC_DISCOVER_TAG", ""),
            ("GRPC_DISCOVER_CONFIG", "c.toml"),
        ];
        assert_eq!(checked(&fine, None), Ok(Vec::new()));
        let not_text = [("GRPC_DISCOVER_SERVICE".to_string(), None)];
        assert!(check(&not_text, &Config::default()).expect_err("not text").to_string().contains("not valid UTF-8"));
    }

    #[test]
    fn unknown_variables_are_warned_of_with_the_near_name() {
        let warned = checked(&[("GRPC_DISCOVER_IDEL", "30s"), ("GRPC_DISCOVER_DRY_RUN", "1")], None);
        assert_eq!(
            warned,
            Ok(vec![
                "unknown variable GRPC_DISCOVER_IDEL; did you mean GRPC_DISCOVER_IDLE?".to_string(),
                "GRPC_DISCOVER_DRY_RUN has no effect: --dry-run is accepted on the command line only".to_string(),
            ])
        );
    }

    #[test]
    fn every_value_of_the_file_is_checked_also_of_services_that_were_not_named() {
        for (file, wrong) in [
            ("[defaults]\nidle = \"soon\"\n", "config c.toml: defaults.idle: invalid value \"soon\": "),
            (
                "[profile.prod]\ntls = \"maybe\"\n",
                "config c.toml: profile.prod.tls: invalid value \"maybe\": expected one of",
            ),
            ("[service.pay]\nmin-ready = \"half\"\n", "config c.toml: service.pay.min-ready: invalid value \"half\": "),
            ("[service.pay]\ntargets = [\"ipv4:nowhere\"]\n", "config c.toml: service.pay.targets: "),
            ("[defaults]\nidle = [1, 2]\n", "defaults.idle: expected one value, got 2"),
        ] {
            let error = checked(&[], Some(file)).expect_err(file);
            assert!(error.contains(wrong), "{file}: {error}");
        }
        let fine = "[defaults]\nexpect = [\"10.0.0.1:1\"]\nplaintext = true\nidle = 30\n[service.pay]\ntargets = [\"pay:1\"]\n";
        assert_eq!(checked(&[], Some(fine)), Ok(Vec::new()));
    }
}

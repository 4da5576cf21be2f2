//! The words of the command line, before and after clap: a target alone means `probe`, `help` and `version` are
//! commands, and an error is put into our own words.

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory as _, Parser as _};
use grpc_discover::text::{near, shorten};

use super::usage_error::UsageError;
use super::words::Words;
use super::{Cli, go_flags};

/// Why nothing is run.
#[derive(Debug)]
pub enum Rejected {
    /// Help or the version was requested, or a command needs another word: clap has the text.
    Help(Box<clap::Error>),
    /// What was typed is not valid.
    Usage(UsageError),
}

/// Parses what was typed, after the program's name.
///
/// # Errors
///
/// What was typed is not valid, or requests help.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Rejected> {
    let words = with_command(go_flags::rewrite(arguments)).map_err(Rejected::Usage)?;
    Cli::try_parse_from(&words).map_err(|error| match error.use_stderr() {
        true => UsageError::of_clap(&error, &Words(&words)).map_or(Rejected::Help(Box::new(error)), Rejected::Usage),
        false => Rejected::Help(Box::new(error)),
    })
}

/// The commands of other tools, and ours with the same purpose.
const FOREIGN_COMMANDS: &[(&[&str], &str)] = &[
    (&["health", "check", "ping", "test", "status", "doctor", "diagnose", "verify", "connect"], "probe"),
    (&["lookup", "dig", "nslookup", "query", "get", "describe", "discover", "diff", "compare"], "resolve"),
    (&["list", "ls", "catalog"], "services"),
    (&["monitor", "follow", "tail", "observe", "wait"], "watch"),
    (&["registries", "env", "providers"], "backends"),
    (&["why", "meaning"], "explain"),
    (&["init"], "config init"),
];

/// The words with a command in front of the targets: `pay` is `probe pay`.
fn with_command(mut words: Vec<OsString>) -> Result<Vec<OsString>, UsageError> {
    let Some(first) = words.get(1) else { return Ok(words) };
    let typed = first.to_string_lossy().into_owned();
    let definition = Cli::command();
    let is_command = |name: &str| definition.get_subcommands().any(|command| command.get_name() == name);
    match typed.as_str() {
        "-h" | "--help" | "-V" | "--version" => return Ok(words),
        name if is_command(name) => return Ok(words),
        "help" => {
            words.remove(1);
            words.push("--help".into());
            return if words.len() == 2 { Ok(words) } else { with_command(words) };
        }
        "version" => {
            words.truncate(1);
            words.push("--version".into());
            return Ok(words);
        }
        _ => {}
    }
    if let Some((_, ours)) = FOREIGN_COMMANDS.iter().find(|(names, _)| names.contains(&typed.as_str())) {
        return Err(UsageError::ForeignCommand { instead: Words(&words).with_command(ours), typed });
    }
    // A longer name with the same start (`manager`) is a service.
    let similar = near(&typed, definition.get_subcommands().map(clap::Command::get_name));
    let similar: Vec<String> =
        similar.into_iter().filter(|name| name.len().abs_diff(typed.len()) < 3).map(str::to_string).collect();
    if !similar.is_empty() {
        return Err(UsageError::UnknownCommand { typed: shorten(&typed, 40).into_owned(), near: similar });
    }
    words.insert(1, "probe".into());
    Ok(words)
}

/// A JSON format was requested, so that an error has the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFormat {
    /// `-o json`
    Document,
    /// `-o ndjson`
    Lines,
}

/// The JSON format that `arguments`, or else the `variable` GRPC_DISCOVER_OUTPUT, requests: also when they are not
/// valid otherwise.
pub fn json_format(arguments: &[OsString], variable: Option<&OsStr>) -> Option<JsonFormat> {
    let mut format = variable.map(OsStr::to_os_string);
    let mut words = arguments.iter().skip(1).take_while(|word| *word != "--").peekable();
    while let Some(word) = words.next() {
        let Some(text) = word.to_str() else { continue };
        match text {
            "-o" | "--output" | "-output" | "-format" => format = words.peek().map(|next| next.to_os_string()),
            _ => {
                let value = text.strip_prefix("--output=").or_else(|| text.strip_prefix("-o"));
                format = value.map(|value| value.trim_start_matches('=').into()).or(format);
            }
        }
    }
    match format?.to_str()? {
        "json" => Some(JsonFormat::Document),
        "ndjson" => Some(JsonFormat::Lines),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn a_target_alone_is_probed_and_help_and_version_are_commands() {
        for (typed, expected) in [
            ("x pay", "x probe pay"),
            ("x pay.example:50051 --idle 5s", "x probe pay.example:50051 --idle 5s"),
            ("x --idle 5s pay", "x probe --idle 5s pay"),
            ("x manager", "x probe manager"),
            ("x help", "x --help"),
            ("x help watch", "x watch --help"),
            ("x help config init", "x config init --help"),
            ("x version", "x --version"),
            ("x --version", "x --version"),
            ("x watch pay", "x watch pay"),
            ("x", "x"),
        ] {
            assert_eq!(with_command(words(typed)).expect(typed), words(expected), "{typed}");
        }
    }

    #[test]
    fn a_line_with_a_secret_is_not_repeated() {
        for line in ["x health consul://joe:sesame@h/pay", "x health -H authorization:sesame pay"] {
            let error = with_command(words(line)).expect_err(line).to_string();
            assert!(!error.contains("sesame") && error.contains("write grpc-discover probe …"), "{error}");
        }
    }

    #[test]
    fn the_json_format_is_found_also_in_a_line_that_is_not_valid() {
        for (line, format) in [
            ("x probe -o json bad:abc", Some(JsonFormat::Document)),
            ("x -ojson", Some(JsonFormat::Document)),
            ("x probe --output=ndjson --nope", Some(JsonFormat::Lines)),
            ("x probe -o wide", None),
            ("x probe -- -o json", None),
        ] {
            assert_eq!(json_format(&words(line), None), format, "{line}");
        }
        assert_eq!(json_format(&words("x probe"), Some(OsStr::new("json"))), Some(JsonFormat::Document));
        assert_eq!(json_format(&words("x probe -o table"), Some(OsStr::new("json"))), None);
    }
}

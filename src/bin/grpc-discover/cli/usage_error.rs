//! [`UsageError`]: why the command line is not valid, in the voice of all other errors: lower case, one sentence,
//! what failed and what to type instead.

use std::error::Error as _;

use clap::Arg;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use grpc_discover::text::{any_of, near};

use super::Cli;
use super::foreign_flags::instead_of;
use super::words::Words;

/// Why the command line is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A word that is nearly a command.
    #[error(
        "unknown command {typed:?}; did you mean {}? (to probe a service of this name: grpc-discover probe {typed})",
        any_of(near)
    )]
    UnknownCommand {
        /// The word.
        typed: String,
        /// The commands with a similar name.
        near: Vec<String>,
    },
    /// A command of another tool.
    #[error(
        "unknown command {typed:?}; write {instead} (to probe a service of this name: grpc-discover probe {typed})"
    )]
    ForeignCommand {
        /// The word.
        typed: String,
        /// The line with our command.
        instead: String,
    },
    /// A word after a command that has others.
    #[error("unknown command {:?}; expected {}", format!("{command} {typed}"), any_of(known))]
    UnknownSubcommand {
        /// The command before it.
        command: String,
        /// The word.
        typed: String,
        /// What the command has.
        known: Vec<String>,
    },
    /// A flag that only other commands have.
    #[error("{flag} is a flag of {}, not of {command}; write {instead}", any_of(commands))]
    FlagOfAnother {
        /// The flag as typed.
        flag: String,
        /// The command as typed.
        command: String,
        /// The commands that have it.
        commands: Vec<&'static str>,
        /// The line with the first of them.
        instead: String,
    },
    /// A long flag with one dash.
    #[error("unknown flag {flag}; write -{flag}")]
    OneDash {
        /// The flag as typed.
        flag: String,
    },
    /// A flag of another tool.
    #[error("unknown flag {flag}; {instead}")]
    ForeignFlag {
        /// The flag as typed.
        flag: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A flag that does not exist.
    #[error("unknown flag {flag}; {}", did_you_mean(near, command))]
    UnknownFlag {
        /// The flag as typed.
        flag: String,
        /// The command as typed.
        command: String,
        /// Flags with a similar name.
        near: Vec<String>,
    },
    /// A word that the command has no place for.
    #[error("unexpected argument {word:?}; see grpc-discover {command} --help")]
    Unexpected {
        /// The word.
        word: String,
        /// The command as typed.
        command: String,
    },
    /// A value that the parser of the flag rejects.
    #[error("{flag}: invalid value {value:?}: {why}")]
    Value {
        /// The flag.
        flag: String,
        /// The value as typed.
        value: String,
        /// Why, and what would be valid.
        why: String,
    },
    /// A value that is none of those of the flag.
    #[error(
        "{flag}: invalid value {value:?}: expected one of {}{}",
        valid.join(", "),
        near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default()
    )]
    NotOneOf {
        /// The flag.
        flag: String,
        /// The value as typed.
        value: String,
        /// The valid values.
        valid: Vec<String>,
        /// A similar valid value.
        near: Option<String>,
    },
    /// A flag without its value.
    #[error("{flag} needs a value; write {written}")]
    NoValue {
        /// The flag.
        flag: String,
        /// The flag with the name of its value: `--idle TIME`.
        written: String,
    },
    /// A switch with a value.
    #[error("{flag} takes no value; omit {value:?}")]
    NeedlessValue {
        /// The flag.
        flag: String,
        /// The value.
        value: String,
    },
    /// A flag that is given more than once.
    #[error("{flag} is given more than once; keep one of them")]
    Twice {
        /// The flag.
        flag: String,
    },
    /// Two flags that exclude each other.
    #[error("{flag} cannot be used with {other}; omit one of them")]
    Conflict {
        /// The flag.
        flag: String,
        /// The other one.
        other: String,
    },
    /// A command without its target.
    #[error("no target given; write one such as grpc-discover {command} 127.0.0.1:50051")]
    NoTarget {
        /// The command as typed.
        command: String,
    },
    /// A command or a flag without what it needs.
    #[error("{missing} is missing; write {instead}")]
    Missing {
        /// What is missing.
        missing: String,
        /// The line with it.
        instead: String,
    },
    /// Anything else, in clap's own words.
    #[error("{0}")]
    Other(String),
}

fn did_you_mean(near: &[String], command: &str) -> String {
    match near {
        [] => format!("grpc-discover {command} --help lists all flags"),
        near => format!("did you mean {}?", any_of(near)),
    }
}

/// The commands in the order in which they are suggested.
const SUGGESTED: [&str; 3] = ["probe", "watch", "resolve"];

impl UsageError {
    /// What clap rejects in `words`; `None` when it prints help instead.
    pub fn of_clap(error: &clap::Error, words: &Words) -> Option<UsageError> {
        let flag = || flag_name(&text(error, ContextKind::InvalidArg));
        let value = || text(error, ContextKind::InvalidValue);
        let command = words.command();
        Some(match error.kind() {
            ErrorKind::UnknownArgument => unknown(&text(error, ContextKind::InvalidArg), words, command),
            ErrorKind::InvalidValue if value().is_empty() => no_value(&text(error, ContextKind::InvalidArg)),
            ErrorKind::InvalidValue => UsageError::NotOneOf {
                flag: flag(),
                value: value(),
                valid: texts(error, ContextKind::ValidValue),
                near: texts(error, ContextKind::SuggestedValue).into_iter().next(),
            },
            ErrorKind::ValueValidation => UsageError::Value {
                flag: flag(),
                value: value(),
                why: error.source().map(ToString::to_string).unwrap_or_default(),
            },
            ErrorKind::TooManyValues => UsageError::NeedlessValue { flag: flag(), value: value() },
            ErrorKind::NoEquals | ErrorKind::TooFewValues => no_value(&text(error, ContextKind::InvalidArg)),
            ErrorKind::ArgumentConflict => {
                let others = texts(error, ContextKind::PriorArg);
                match others.iter().map(|other| flag_name(other)).find(|other| *other != flag()) {
                    Some(other) => UsageError::Conflict { flag: flag(), other },
                    None => UsageError::Twice { flag: flag() },
                }
            }
            ErrorKind::MissingRequiredArgument => {
                let missing = texts(error, ContextKind::InvalidArg).into_iter().next().unwrap_or_default();
                match flag_name(&missing) {
                    name if name == "TARGET" => UsageError::NoTarget { command },
                    name if name.starts_with('-') => {
                        UsageError::Missing { instead: words.with_command(&format!("{command} {name}")), missing: name }
                    }
                    name => UsageError::Missing { instead: format!("grpc-discover {command} {name}"), missing: name },
                }
            }
            ErrorKind::InvalidSubcommand => {
                let definition = Cli::definition();
                let known = definition.find_subcommand(&command).into_iter().flat_map(clap::Command::get_subcommands);
                UsageError::UnknownSubcommand {
                    known: known.map(|sub| sub.get_name().to_string()).collect(),
                    typed: text(error, ContextKind::InvalidSubcommand),
                    command,
                }
            }
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingSubcommand => return None,
            _ => UsageError::Other(first_line(error)),
        })
    }
}

/// `--output <FORMAT>` and `--keep-connected[=<BOOL>]` without their values; `[TARGET]...` without its marks.
fn flag_name(shown: &str) -> String {
    let name = shown.split([' ', '=']).next().unwrap_or(shown);
    name.trim_matches(['[', ']', '<', '>', '.']).to_string()
}

fn no_value(shown: &str) -> UsageError {
    UsageError::NoValue { flag: flag_name(shown), written: shown.replace(['<', '>', '[', ']'], "") }
}

/// clap reports no more than the first letter of `-gzip`.
fn unknown(reported: &str, words: &Words, command: String) -> UsageError {
    if !reported.starts_with('-') {
        return UsageError::Unexpected { word: reported.to_string(), command };
    }
    let flag = words.containing(reported);
    let name = flag.trim_start_matches('-');
    let definition = Cli::definition();
    let has = |sub: &str| {
        let sub = definition.find_subcommand(sub);
        let matches =
            |arg: &Arg| arg.get_long() == Some(name) || arg.get_short().map(String::from).as_deref() == Some(name);
        sub.is_some_and(|sub| sub.get_arguments().any(matches))
    };
    if flag.starts_with('-') && !flag.starts_with("--") && name.len() > 1 && has(&command) {
        return UsageError::OneDash { flag };
    }
    if let Some(instead) = instead_of(name) {
        return UsageError::ForeignFlag { flag, instead };
    }
    let commands: Vec<&str> = SUGGESTED.into_iter().filter(|sub| *sub != command && has(sub)).collect();
    if let [first, ..] = commands.as_slice() {
        return UsageError::FlagOfAnother { instead: words.with_command(first), flag, command, commands };
    }
    let own = definition.find_subcommand(&command).into_iter().flat_map(clap::Command::get_arguments);
    let known: Vec<&str> = own.filter_map(Arg::get_long).chain(["help", "version"]).collect();
    let near = near(name, known).into_iter().take(2).map(|known| format!("--{known}")).collect();
    UsageError::UnknownFlag { flag, command, near }
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    texts(error, kind).into_iter().next().unwrap_or_default()
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_string()
}

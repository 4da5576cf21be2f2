//! [`BackendFlags`]: the flags that the backends list among their settings.

use std::fmt;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use grpc_discover::backend::settings::{Flag, Setting, Value};
use grpc_discover::backend::{BACKENDS, Backend};

use super::Redacted;
use super::harmless::Harmless;

/// The backends' own flags, as given on the command line.
#[derive(Clone, Default)]
pub struct BackendFlags {
    typed: Vec<(&'static str, Vec<Redacted>)>,
}

impl BackendFlags {
    /// The values given for `flag` (`--dc`); empty if it was not given. A switch has the value `true`.
    pub fn typed(&self, flag: &str) -> &[Redacted] {
        self.typed.iter().find(|(name, _)| *name == flag).map_or(&[], |(_, values)| values)
    }

    /// The flags of `backend` that were given and apply only to its targets.
    pub fn only_for(&self, backend: &dyn Backend) -> Vec<&'static str> {
        let flags = backend.about().settings.iter().filter_map(|setting| setting.flag).filter(|flag| flag.only_here);
        flags.map(|flag| flag.name).filter(|name| !self.typed(name).is_empty()).collect()
    }
}

impl fmt::Debug for BackendFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.typed.iter().map(|(name, values)| (name, values))).finish()
    }
}

fn flags() -> impl Iterator<Item = (&'static Setting, Flag)> {
    let settings = BACKENDS.iter().flat_map(|backend| backend.about().settings);
    settings.filter_map(|setting| Some((setting, setting.flag?)))
}

/// A flag's name without its dashes: clap's name of it.
fn id(flag: &'static str) -> &'static str {
    flag.trim_start_matches('-')
}

fn argument(setting: &Setting, flag: Flag) -> Arg {
    let help = match setting.default {
        "" => setting.help.to_string(),
        default => format!("{} [default: {default}]", setting.help),
    };
    let argument = Arg::new(id(flag.name)).long(id(flag.name)).help(help);
    let argument = match flag.value {
        Value::Switch => argument.action(ArgAction::SetTrue),
        Value::One { name, check, .. } => {
            argument.value_name(name).value_parser(move |text: &str| check(text).map(|()| text.to_string()))
        }
        Value::Many { name, .. } => argument.value_name(name).action(ArgAction::Append).value_delimiter(','),
    };
    let argument = match flag.short {
        Some(letter) => argument.short(letter),
        None => argument,
    };
    let argument = match flag.opposite {
        Some(other) => argument.overrides_with(id(other)),
        None => argument,
    };
    if flag.harmless { argument.add(Harmless) } else { argument }
}

impl Args for BackendFlags {
    fn augment_args(command: Command) -> Command {
        command.args(flags().map(|(setting, flag)| argument(setting, flag)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for BackendFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = |flag: Flag| match flag.value {
            Value::Switch => Vec::from_iter(matches.get_flag(id(flag.name)).then(|| "true".to_string())),
            Value::One { .. } | Value::Many { .. } => {
                matches.get_many::<String>(id(flag.name)).into_iter().flatten().cloned().collect()
            }
        };
        let typed = flags().map(|(_, flag)| (flag.name, values(flag).into_iter().map(Redacted).collect::<Vec<_>>()));
        Ok(BackendFlags { typed: typed.filter(|(_, values)| !values.is_empty()).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

//! `resolve`, `probe` and `watch` understood alone, and of the groups of flags that they share only those of which
//! something was typed: clap takes longer to define a flag than to understand it, and hardly anybody types more than five
//! of the fifty.
//!
//! Nothing is decided here. A group too many costs time only; where one is missing clap refuses the line, and it is
//! left to the whole definition.

use std::ffi::OsString;

use clap::{ArgMatches, Args};

use super::{
    Asking, BackendFlags, Channel, Command, Judging, Output, Pace, Probe, ProbeOwn, Reaching, Resolve, ResolveOwn,
    Watch, WatchOwn,
};

/// Flags that several commands share.
trait Group: Args + Default {
    /// Every flag of the group, as it is typed.
    const FLAGS: &'static [&'static str];

    /// Is anything of the group among `words`?
    fn is_typed(words: &[OsString]) -> bool {
        may_be_typed(Self::FLAGS.iter().copied(), words)
    }
}

impl Group for Asking {
    const FLAGS: &'static [&'static str] = &["--backend", "--port", "--resolve-timeout"];

    fn is_typed(words: &[OsString]) -> bool {
        may_be_typed(Self::FLAGS.iter().copied(), words)
            || BackendFlags::names().any(|name| may_be_typed([name.as_str()].into_iter(), words))
    }
}

impl Group for Reaching {
    const FLAGS: &'static [&'static str] = &[
        "--tls",
        "--plaintext",
        "--insecure",
        "-k",
        "--cacert",
        "--tls-ca-cert",
        "--cert",
        "--tls-client-cert",
        "--key",
        "--tls-client-key",
        "--servername",
        "--tls-server-name",
        "--authority",
        "--service",
        "--header",
        "-H",
        "--connect-timeout",
        "--rpc-timeout",
        "--keepalive-time",
        "--keepalive-timeout",
        "--keepalive-without-calls",
        "--keepalive-force",
    ];
}

impl Group for Channel {
    const FLAGS: &'static [&'static str] = &[
        "--idle",
        "--idle-ladder",
        "--find-cutoff",
        "--lb",
        "--client-health",
        "--check-interval",
        "--as",
        "--keep-connected",
    ];
}

impl Group for Pace {
    const FLAGS: &'static [&'static str] = &["--concurrency", "-c", "--rate", "--max-endpoints"];
}

impl Group for Judging {
    const FLAGS: &'static [&'static str] = &["--fail-on", "--min-ready", "--expect", "--warn-expiry", "--max-time"];
}

impl Group for Output {
    const FLAGS: &'static [&'static str] = &[
        "--output",
        "-o",
        "--dry-run",
        "--color",
        "--quiet",
        "-q",
        "--verbose",
        "-v",
        "--config",
        "--no-config",
        "--profile",
    ];
}

/// The command that `arguments` (the program's name first) stand for, if it is one of the three and nothing is wrong
/// with them.
pub fn command(arguments: &[OsString]) -> Option<Command> {
    let (name, words) = (arguments.get(1)?, &arguments[1..]);
    Some(match name.to_str()? {
        "resolve" => {
            let line = Line::new::<ResolveOwn>(words).group::<Asking>().group::<Judging>().group::<Output>();
            let mut typed = line.understood()?;
            Command::Resolve(Resolve {
                own: typed.own()?,
                asking: typed.group()?,
                judging: typed.group()?,
                output: typed.group()?,
            })
        }
        "probe" => {
            let line = Line::new::<ProbeOwn>(words).group::<Asking>().group::<Reaching>().group::<Channel>();
            let mut typed = line.group::<Pace>().group::<Judging>().group::<Output>().understood()?;
            Command::Probe(Probe {
                own: typed.own()?,
                asking: typed.group()?,
                reaching: typed.group()?,
                channel: typed.group()?,
                pace: typed.group()?,
                judging: typed.group()?,
                output: typed.group()?,
            })
        }
        "watch" => {
            let line = Line::new::<WatchOwn>(words).group::<Asking>().group::<Reaching>().group::<Channel>();
            let mut typed = line.group::<Judging>().group::<Output>().understood()?;
            Command::Watch(Watch {
                own: typed.own()?,
                asking: typed.group()?,
                reaching: typed.group()?,
                channel: typed.group()?,
                judging: typed.group()?,
                output: typed.group()?,
            })
        }
        _ => return None,
    })
}

/// What was typed, and the definition of as much as is needed to understand it.
struct Line<'a> {
    words: &'a [OsString],
    definition: clap::Command,
}

impl<'a> Line<'a> {
    /// A command with its `Own` arguments; `words` begin with its name.
    fn new<Own: Args>(words: &'a [OsString]) -> Line<'a> {
        Line { words, definition: Own::augment_args(clap::Command::new(env!("CARGO_PKG_NAME"))) }
    }

    /// Defines `T`, unless nothing of it was typed.
    fn group<T: Group>(self) -> Line<'a> {
        let definition = if T::is_typed(self.words) { T::augment_args(self.definition) } else { self.definition };
        Line { definition, ..self }
    }

    fn understood(self) -> Option<Typed<'a>> {
        Some(Typed { words: self.words, matches: self.definition.try_get_matches_from(self.words).ok()? })
    }
}

/// A line that was understood.
struct Typed<'a> {
    words: &'a [OsString],
    matches: ArgMatches,
}

impl Typed<'_> {
    fn own<Own: Args>(&mut self) -> Option<Own> {
        Own::from_arg_matches_mut(&mut self.matches).ok()
    }

    /// What was typed of `T`. Must have been offered to [`Line::group`].
    fn group<T: Group>(&mut self) -> Option<T> {
        match T::is_typed(self.words) {
            true => T::from_arg_matches_mut(&mut self.matches).ok(),
            false => Some(T::default()),
        }
    }
}

/// Does any of `flags` stand in `words`, also as `--long=value` or among short ones (`-qk`)? A value that looks like one
/// counts too.
fn may_be_typed<'a>(flags: impl Iterator<Item = &'a str> + Clone, words: &[OsString]) -> bool {
    words.iter().map(|word| word.as_encoded_bytes()).any(|word| match word {
        [b'-', b'-', ..] => {
            let name = word.split(|byte| *byte == b'=').next().unwrap_or(word);
            flags.clone().any(|flag| flag.as_bytes() == name)
        }
        [b'-', letters @ ..] => flags.clone().any(|flag| match flag.as_bytes() {
            [b'-', letter] => letters.contains(letter),
            _ => false,
        }),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T: Group>(more: impl Iterator<Item = String>) {
        let definition = T::augment_args(clap::Command::new("x"));
        let mut flags: Vec<String> = Vec::new();
        for argument in definition.get_arguments() {
            let longs = argument.get_long_and_visible_aliases().unwrap_or_default();
            let hidden = argument.get_all_aliases().unwrap_or_default();
            flags.extend(longs.iter().chain(&hidden).map(|long| format!("--{long}")));
            flags.extend(argument.get_short().map(|short| format!("-{short}")));
        }
        flags.sort();
        flags.dedup();
        let mut listed: Vec<String> = T::FLAGS.iter().map(ToString::to_string).chain(more).collect();
        listed.sort_unstable();
        assert_eq!(listed, flags);
    }

    #[test]
    fn every_flag_of_a_group_is_named() {
        named::<Asking>(BackendFlags::names());
        named::<Reaching>(std::iter::empty());
        named::<Channel>(std::iter::empty());
        named::<Pace>(std::iter::empty());
        named::<Judging>(std::iter::empty());
        named::<Output>(std::iter::empty());
    }

    #[test]
    fn groups_of_which_nothing_was_typed_stay_out() {
        let words: Vec<OsString> = ["probe", "--plaintext", "pay", "-qo=table"].map(OsString::from).to_vec();
        assert!(Reaching::is_typed(&words) && Output::is_typed(&words));
        assert!(!Asking::is_typed(&words) && !Channel::is_typed(&words) && !Judging::is_typed(&words));
        let words = ["resolve", "-n", "prod", "pay"].map(OsString::from).to_vec();
        assert!(Asking::is_typed(&words) && !Output::is_typed(&words));
    }
}

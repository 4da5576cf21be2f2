//! [`Words`]: the command line as typed, for errors about it.

use std::ffi::OsString;

use clap::CommandFactory as _;
use grpc_discover::model::target::Target;
use grpc_discover::text::shell_word;

use super::Cli;

/// The words as typed, for errors.
#[derive(Clone, Copy)]
pub struct Words<'a>(pub &'a [OsString]);

impl Words<'_> {
    /// The words that clap took for commands: `probe`, `config init`.
    pub fn command(self) -> String {
        let mut definition = Cli::command();
        definition.build();
        let (mut command, mut names) = (&definition, Vec::new());
        for word in self.0.iter().skip(1) {
            match command.get_subcommands().find(|sub| word == sub.get_name()) {
                Some(sub) => {
                    names.push(sub.get_name().to_string());
                    command = sub;
                }
                None => break,
            }
        }
        names.join(" ")
    }

    /// The word that contains the flag `flag` as clap reports it: `-gzip` for `-g`, `--wait=3` for `--wait`.
    pub fn containing(self, flag: &str) -> String {
        let letter = flag.strip_prefix('-').filter(|rest| rest.chars().count() == 1);
        let contains = |word: &str| {
            let name = word.split('=').next().unwrap_or(word);
            let is_cluster = name.starts_with('-') && !name.starts_with("--");
            name == flag || letter.is_some_and(|letter| is_cluster && name.contains(letter))
        };
        let words = self.0.iter().skip(1).map(|word| word.to_string_lossy());
        let found = words.take_while(|word| word != "--").find(|word| contains(word));
        found.map_or_else(|| flag.to_string(), |word| word.split('=').next().unwrap_or_default().to_string())
    }

    /// The line with another command. Without its words after the flags if one of them may be a secret.
    pub fn with_command(self, command: &str) -> String {
        let words: Vec<_> = self.0.iter().skip(2).map(|word| word.to_string_lossy()).collect();
        let is_header = |word: &str| word.starts_with("-H") || word.starts_with("--header");
        let mut line = format!("grpc-discover {command}");
        if words.iter().any(|word| is_header(word) || Target::may_show_a_secret(word)) {
            line.push_str(" …");
            return line;
        }
        for word in words {
            line.push(' ');
            line.push_str(&shell_word(&word));
        }
        line
    }
}

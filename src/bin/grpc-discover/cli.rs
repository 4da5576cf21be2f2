//! What was typed. Nothing is decided here: `settings` says what it means.

mod backend_flags;
pub mod dashes;
mod flags;
mod harmless;
pub mod values;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub use flags::{Asking, Channel, Judging, Output, Pace, Reaching, Talk};
use grpc_discover::backend::target::{self, Example};
pub use harmless::Harmless;
pub use words::{ColorWord, FailOnWord, Format, LbWord, PlainFormat, TlsWord, UntilWord};

const EXAMPLES: &str = "\
Examples:
  grpc-discover probe pay.example:50051             is every endpoint reachable, and if not, why
  grpc-discover probe --idle 30s consul:///pay      would clients survive an idle channel
  grpc-discover watch pay                           every change, live, until Ctrl-C
  grpc-discover resolve consul:///pay dns:///pay    who lists what, and where they disagree
  grpc-discover explain GD201                       what a finding means and what to do
  grpc-discover demo                                see it at work; needs nothing

Exit codes: 0 healthy, 1 degraded, 2 failed, 3 could not judge, 64 bad usage, 124 timed out, 130/143/129/131 signals.";

/// The help of targets: an example of every form that a backend of this build has.
fn target_help() -> String {
    let mut help = "What to look at; several targets are one service, compared".to_string();
    for Example { target, meaning } in target::examples() {
        let line = format!("\n  {target:<28} {meaning}");
        help.push_str(line.trim_end());
    }
    help
}

const RESOLVE_EXAMPLES: &str = "\
Examples:
  grpc-discover resolve pay                                 every backend side by side
  grpc-discover resolve consul:///pay dns:///pay.example    do they agree?
  grpc-discover resolve --watch pay                         every change, with its time
  grpc-discover resolve --min-ready 2 -q pay || page        a gate for a runbook";

const PROBE_EXAMPLES: &str = "\
Examples:
  grpc-discover probe pay.example:50051
  grpc-discover probe --idle 30s consul:///pay              the idle cycle: call, silence, call again
  grpc-discover probe --idle 30s --find-cutoff 10m pay      how long a silence does the path tolerate
  grpc-discover probe --service pay.v1.Pay --tls on --cacert ca.pem 10.0.0.7:443
  grpc-discover probe --min-ready 50% --fail-on critical -o json pay | jq .verdict
  grpc-discover probe                                       every service of the config file";

const WATCH_EXAMPLES: &str = "\
Examples:
  grpc-discover watch pay                                   until Ctrl-C, then a summary
  grpc-discover watch --lb pick_first --idle 30s pay        one connection, as most clients have
  grpc-discover watch --client-health pay                   health decides the state
  grpc-discover watch --until ready --max-time 2m pay       wait for a rollout
  grpc-discover watch --for 5m -o ndjson pay | tee pay.ndjson";

/// Is this gRPC service findable, reachable, and would its clients notice a change?
#[derive(Debug, Parser)]
#[command(
    name = "grpc-discover",
    version,
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 110,
    infer_subcommands = false
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The whole definition: the flags of every command, and clap's own.
    pub fn definition() -> clap::Command {
        let mut definition = Self::command();
        definition.build();
        definition
    }
}

/// The commands. The flags of a command are defined when it is the one that was typed (`defer`): there are fifty of them. A doc
/// comment on one of the types that are defined then would replace the command's own.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Ask every backend once: who lists which endpoint, and where they disagree
    #[command(after_help = RESOLVE_EXAMPLES)]
    Resolve(Resolve),
    /// Resolve, then reach every endpoint: tcp, tls, http2, health; a verdict for each
    #[command(after_help = PROBE_EXAMPLES)]
    Probe(Probe),
    /// Keep a channel open and show every change as it happens
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(Watch),
    /// Which backends are active, with which settings from where, and whether they answer
    Backends(Backends),
    /// Explain a finding, a verdict, a connectivity state or a client model
    Explain(Explain),
    /// See it at work without any infrastructure: a pod moves while the channel is idle
    Demo(Demo),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  grpc-discover completions bash > /etc/bash_completion.d/grpc-discover")]
    Completions(Completions),
    /// Print the manual page (roff)
    Man,
    /// Work with the configuration file
    Config(Config),
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    pub targets: Targets,
    /// Go on and show every change as it comes
    #[arg(long)]
    pub watch: bool,
    /// With --watch: end with the verdict of that moment after this long
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration, requires = "watch")]
    pub run_for: Option<Duration>,
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Probe {
    /// What to probe; several targets are one service, compared. None: every service of the config file
    #[arg(value_name = "TARGET", long_help = target_help())]
    pub targets: Vec<Hidden>,
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub reaching: Reaching,
    #[command(flatten)]
    pub channel: Channel,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub targets: Targets,
    /// End with the verdict of that moment after this long
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration)]
    pub run_for: Option<Duration>,
    /// End as soon as this is so
    #[arg(long, value_name = "WHAT")]
    pub until: Option<UntilWord>,
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub reaching: Reaching,
    #[command(flatten)]
    pub channel: Channel,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Backends {
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub talk: Talk,
    /// How to print
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<PlainFormat>,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Finding code or name, verdict, connectivity state or client model (GD201, stale, READY, kratos@2.7.2); without it: list all
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
    /// How to print
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<PlainFormat>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// How long the channel may be silent before it goes IDLE
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "5s")]
    pub idle: Duration,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Config {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

// `config init`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented example to PATH (never over an existing file); without PATH print it
    Init {
        /// Where to write it, e.g. .grpc-discover.toml
        path: Option<PathBuf>,
    },
}

// At least one target.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Targets {
    /// What to look at; several targets are one service, compared
    #[arg(value_name = "TARGET", required = true, long_help = target_help())]
    pub targets: Vec<Hidden>,
}

/// A text that may hold a token: its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl std::str::FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Hidden(text.to_string()))
    }
}

#[cfg(test)]
mod tests;

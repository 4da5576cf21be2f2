//! The command line. This module only parses it; `settings` turns it into plans.

mod backend_flags;
mod clients;
mod command_line;
mod enums;
mod flags;
mod foreign_flags;
mod go_flags;
mod harmless;
pub mod health_probe;
mod usage_error;
pub mod values;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub use clients::{Client, Who};
pub use command_line::{JsonFormat, Rejected, json_format, parse};
pub use enums::{ColorWhen, FailOnChoice, Format, LbChoice, PlainFormat, TlsChoice, UntilChoice};
pub use flags::{ChannelFlags, CriteriaFlags, DiscoveryFlags, DisplayFlags, OutputFlags, PaceFlags, ReachingFlags};
use grpc_discover::backend::target::{self, Example};
pub use harmless::Harmless;

const EXAMPLES: &str = "\
Examples:
  grpc-discover probe pay.example:50051             check every endpoint and print why it fails
  grpc-discover probe --idle 30s consul:///pay      check whether clients survive an idle channel
  grpc-discover watch pay                           print every change until Ctrl-C
  grpc-discover resolve consul:///pay dns:///pay    compare what each registry lists
  grpc-discover explain GD201                       explain a finding and its remedy
  grpc-discover demo                                run a demo; needs no infrastructure

Exit codes: 0 healthy, 1 degraded, 2 failed, 3 unknown, 64 bad usage, 124 timed out, 130/143/129/131 signals.";

/// The help of targets: an example of every form that a backend of this build has.
fn target_help() -> String {
    let mut help =
        "Service to check, in one of these forms; several targets count as one service and are compared".to_string();
    for Example { target, meaning } in target::examples() {
        let line = format!("\n  {target:<28} {meaning}");
        help.push_str(line.trim_end());
    }
    help
}

const RESOLVE_EXAMPLES: &str = "\
Examples:
  grpc-discover resolve pay                                 query every active backend
  grpc-discover resolve consul:///pay dns:///pay.example    compare two registries
  grpc-discover resolve --watch pay                         print every change with its time
  grpc-discover resolve --min-ready 2 -q pay || page        use as a check in a script";

const PROBE_EXAMPLES: &str = "\
Examples:
  grpc-discover probe pay.example:50051
  grpc-discover probe --idle 30s consul:///pay              run an idle cycle: call, stay idle, call again
  grpc-discover probe --idle 30s --find-cutoff 10m pay      find the longest idle time that the path survives
  grpc-discover probe --service pay.v1.Pay --tls on --cacert ca.pem 10.0.0.7:443
  grpc-discover probe --min-ready 50% --fail-on critical -o json pay | jq .verdict
  grpc-discover probe                                       probe every service in the config file";

const WATCH_EXAMPLES: &str = "\
Examples:
  grpc-discover watch pay                                   watch until Ctrl-C, then print a summary
  grpc-discover watch --lb pick_first --idle 30s pay        use one connection, as most clients do
  grpc-discover watch --client-health pay                   let health determine the state
  grpc-discover watch --until ready --max-time 2m pay       wait until a rollout is ready
  grpc-discover watch --for 5m -o ndjson pay | tee pay.ndjson";

const SERVICES_EXAMPLES: &str = "\
Examples:
  grpc-discover services                                    list the services of every active registry
  grpc-discover services consul                             list those of Consul
  grpc-discover services consul://10.0.0.1:8500             list those of the Consul agent there";

const REPLAY_EXAMPLES: &str = "\
Examples:
  grpc-discover watch --record pay.ndjson pay               keep every event beside the view
  grpc-discover replay pay.ndjson                           print the changes, the story and the report again
  grpc-discover replay -o json pay.ndjson | jq .findings";

/// Check whether a gRPC service can be discovered and reached, and whether its clients would notice a change
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
    /// Command to run.
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

/// The commands. There are about fifty flags, so the flags of a command are defined only when that command is used
/// (`defer`). A doc comment on one of the types that are defined later would replace the command's own.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Query every backend once and compare the endpoints that they list
    #[command(after_help = RESOLVE_EXAMPLES)]
    Resolve(Resolve),
    /// Resolve the service and check every endpoint: tcp, tls, http2, health
    #[command(after_help = PROBE_EXAMPLES)]
    Probe(Probe),
    /// Keep a channel open and print every change as it happens
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(Watch),
    /// Print a recorded session (--record, -o ndjson) in any format
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(Replay),
    /// Read running clients and find those that hold stale addresses or no longer query their registry
    #[command(after_help = clients::CLIENT_EXAMPLES)]
    Client(Client),
    /// List which clients are connected to each endpoint, who stayed on a draining one, who did not come
    #[command(after_help = clients::WHO_EXAMPLES)]
    Who(Who),
    /// List the active backends, their settings and whether they respond
    Backends(Backends),
    /// List the services that the active registries have, as targets
    #[command(after_help = SERVICES_EXAMPLES)]
    Services(Services),
    /// Explain a finding, a verdict, a connectivity state or a client model
    Explain(Explain),
    /// Run a demo without any infrastructure: pods move while the channel is idle
    Demo(Demo),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  grpc-discover completions bash > /etc/bash_completion.d/grpc-discover")]
    Completions(Completions),
    /// Print the manual page (roff)
    Man,
    /// Manage the configuration file
    Config(Config),
}

#[derive(Debug, Args)]
pub struct Resolve {
    #[command(flatten)]
    pub targets: Targets,
    /// Keep watching and print every change
    #[arg(long)]
    pub watch: bool,
    /// With --watch: stop after this long and report the verdict so far
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration, requires = "watch")]
    pub run_for: Option<Duration>,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub criteria: CriteriaFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

#[derive(Debug, Args)]
pub struct Probe {
    /// Service to probe; several targets are compared as one service [default: all services of the config file]
    #[arg(value_name = "TARGET", long_help = target_help())]
    pub targets: Vec<Redacted>,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub reaching: ReachingFlags,
    #[command(flatten)]
    pub channel: ChannelFlags,
    #[command(flatten)]
    pub pace: PaceFlags,
    #[command(flatten)]
    pub criteria: CriteriaFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

#[derive(Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub targets: Targets,
    /// Stop after this long and report the verdict so far
    #[arg(long = "for", value_name = "TIME", value_parser = values::duration)]
    pub run_for: Option<Duration>,
    /// Stop as soon as this condition holds
    #[arg(long, value_name = "WHAT")]
    pub until: Option<UntilChoice>,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub reaching: ReachingFlags,
    #[command(flatten)]
    pub channel: ChannelFlags,
    #[command(flatten)]
    pub criteria: CriteriaFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// File that --record or -o ndjson wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Output format [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<Format>,
    #[command(flatten)]
    pub display: DisplayFlags,
}

#[derive(Debug, Args)]
pub struct Backends {
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub display: DisplayFlags,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<PlainFormat>,
}

#[derive(Debug, Args)]
pub struct Services {
    /// Registry to list: the name of a backend (consul), or one of its targets, whose server is queried
    #[arg(value_name = "REGISTRY")]
    pub registry: Option<Redacted>,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub display: DisplayFlags,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<PlainFormat>,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Finding, verdict, connectivity state or client model: GD201, stale, READY, kratos@2.7.2 [default: list all]
    #[arg(value_name = "WORD")]
    pub word: Option<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<PlainFormat>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Idle time after which the channel goes IDLE
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "5s")]
    pub idle: Duration,
    #[command(flatten)]
    pub output: OutputFlags,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// Shell to generate the script for
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Config {
    /// Command to run.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

// `config init` and `config services`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented example to PATH, or print it without PATH; existing files are not overwritten
    Init {
        /// File to write, e.g. .grpc-discover.toml
        path: Option<PathBuf>,
    },
    /// Print the services of the configuration file, one per line
    Services {
        /// Configuration file to use [default: ./.grpc-discover.toml, then the user's]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

// At least one target.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Targets {
    /// Service to check; several targets count as one service and are compared
    #[arg(value_name = "TARGET", required = true, long_help = target_help())]
    pub targets: Vec<Redacted>,
}

/// A text that may contain a token: its `Debug` output shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(pub String);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl std::str::FromStr for Redacted {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Redacted(text.to_string()))
    }
}

#[cfg(test)]
mod tests;

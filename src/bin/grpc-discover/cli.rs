//! What was typed. Nothing is decided here: `settings` says what it means.

pub mod dashes;
pub mod values;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use grpc_discover::model::endpoint::Address;
use grpc_discover::session::MinReady;

const EXAMPLES: &str = "\
Examples:
  grpc-discover probe pay.example:50051             is every endpoint reachable, and if not, why
  grpc-discover probe --idle 30s consul:///pay      would clients survive an idle channel
  grpc-discover watch pay                           every change, live, until Ctrl-C
  grpc-discover resolve consul:///pay dns:///pay    who lists what, and where they disagree
  grpc-discover explain GD201                       what a finding means and what to do
  grpc-discover demo                                see it at work; needs nothing

Exit codes: 0 healthy, 1 degraded, 2 failed, 3 could not judge, 64 bad usage, 124 out of time, 130/143 signals.";

const TARGETS: &str = "\
What to look at; several targets are one service, compared
  pay                          every active backend, or [service.pay] of the config file
  pay.example:50051            DNS, also as dns:///pay.example:50051
  dns://10.0.0.53/pay:50051    DNS, asked of this server
  srv:_grpc._tcp.pay.example   DNS SRV
  consul:///pay?tag=v2         Consul, at CONSUL_HTTP_ADDR
  consul://agent:8500/pay      Consul, at this agent
  ipv4:10.0.0.1:50051,10.0.0.2:50051
  ipv6:[2001:db8::1]:50051
  unix:/run/pay.sock
  file:pay.json                a list of addresses, watched";

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
  grpc-discover probe --service pay.v1.Pay --tls on --cacert ca.pem 10.0.0.7:443
  grpc-discover probe --min-ready 50% --fail-on critical -o json pay | jq .verdict
  grpc-discover probe                                       every service of the config file";

const WATCH_EXAMPLES: &str = "\
Examples:
  grpc-discover watch pay                                   until Ctrl-C, then a summary
  grpc-discover watch --lb round_robin --client-health pay  a connection to every endpoint
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

/// The commands.
#[derive(Debug, Subcommand)]
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
    /// What a finding means, what proves it, what to do
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

/// `resolve`.
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

/// `probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// What to probe; several targets are one service, compared. None: every service of the config file
    #[arg(value_name = "TARGET", long_help = TARGETS)]
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

/// `watch`.
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

/// `backends`.
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

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The finding's code or name; none lists them all
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// How to print
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<PlainFormat>,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// How long the channel may be silent before it goes IDLE
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "5s")]
    pub idle: Duration,
    #[command(flatten)]
    pub output: Output,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// `config init`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented example to PATH (never over an existing file); without PATH print it
    Init {
        /// Where to write it, e.g. .grpc-discover.toml
        path: Option<PathBuf>,
    },
}

/// At least one target.
#[derive(Debug, Clone, Args)]
pub struct Targets {
    /// What to look at; several targets are one service, compared
    #[arg(value_name = "TARGET", required = true, long_help = TARGETS)]
    pub targets: Vec<Hidden>,
}

/// Who is asked, and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Discovery")]
pub struct Asking {
    /// For bare names ask only these backends (repeat, or separate with commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub backend: Vec<String>,
    /// Ask this DNS server instead of the system's
    #[arg(long, value_name = "IP[:PORT]", value_parser = values::dns_server)]
    pub dns_server: Option<SocketAddr>,
    /// Ask DNS again this often [default: the TTL, between 1s and 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub dns_interval: Option<Duration>,
    /// IPv4 addresses only
    #[arg(short = '4', long, overrides_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 addresses only
    #[arg(short = '6', long, overrides_with = "ipv4")]
    pub ipv6: bool,
    /// The port for names that come without one [default: 443, as gRPC]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    pub port: Option<u16>,
    /// Consul: the datacenter
    #[arg(long, value_name = "NAME")]
    pub dc: Option<String>,
    /// Consul: only instances with this tag (repeat: with all of them)
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// How long a registry may take for its first word [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub resolve_timeout: Option<Duration>,
}

/// How an address is reached.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reaching an endpoint")]
pub struct Reaching {
    /// TLS: auto finds out for each endpoint and says what it found [default: auto]
    #[arg(long, value_name = "MODE")]
    pub tls: Option<TlsWord>,
    /// No TLS: the same as --tls off
    #[arg(long)]
    pub plaintext: bool,
    /// TLS without verifying the certificate
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Trust these roots (PEM) instead of the system's
    #[arg(long, value_name = "FILE", alias = "tls-ca-cert")]
    pub cacert: Option<PathBuf>,
    /// Client certificate chain (PEM)
    #[arg(long, value_name = "FILE", alias = "tls-client-cert")]
    pub cert: Option<PathBuf>,
    /// Client key (PEM)
    #[arg(long, value_name = "FILE", alias = "tls-client-key")]
    pub key: Option<PathBuf>,
    /// Verify the certificate against this name
    #[arg(long, value_name = "NAME", alias = "tls-server-name")]
    pub servername: Option<String>,
    /// The :authority to send [default: the target's name]
    #[arg(long, value_name = "NAME")]
    pub authority: Option<String>,
    /// Ask the health of this service [default: of the whole server]
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Send this metadata with every RPC: 'name: value', or @FILE with one a line (repeat)
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub header: Vec<Hidden>,
    /// TCP, TLS and the server's SETTINGS together [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub connect_timeout: Option<Duration>,
    /// One health RPC [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub rpc_timeout: Option<Duration>,
    /// Ping a silent connection after this long; 0 never does [default: 0]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub keepalive_time: Option<Duration>,
    /// Give a connection up when a ping is not answered for this long [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub keepalive_timeout: Option<Duration>,
    /// Ping without RPCs in flight too
    #[arg(long)]
    pub keepalive_without_calls: bool,
    /// Allow --keepalive-time below 10s, which servers punish (gRFC A8)
    #[arg(long)]
    pub keepalive_force: bool,
}

/// How the channel behaves.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Channel")]
pub struct Channel {
    /// Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub idle: Option<Duration>,
    /// Load-balancing policy [default: pick_first, as gRPC]
    #[arg(long, value_name = "POLICY")]
    pub lb: Option<LbWord>,
    /// Health decides the connectivity state (gRFC A17; needs --lb round_robin)
    #[arg(long)]
    pub client_health: bool,
    /// Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = values::boolean)]
    pub keep_connected: Option<bool>,
}

/// How much is done at once.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pace")]
pub struct Pace {
    /// Endpoints probed at the same time [default: 256]
    #[arg(short = 'c', long, value_name = "N", value_parser = values::at_least_one)]
    pub concurrency: Option<u32>,
    /// Begin at most this many probes a second
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub rate: Option<u32>,
    /// Refuse to probe a service with more endpoints than this
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub max_endpoints: Option<u32>,
}

/// What is good enough.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Verdict")]
pub struct Judging {
    /// The least severity that spoils the exit code [default: warn]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOnWord>,
    /// So many healthy endpoints are enough
    #[arg(long, value_name = "N|N%", value_parser = values::min_ready)]
    pub min_ready: Option<MinReady>,
    /// This address must be listed (repeat, or separate with commas)
    #[arg(long, value_name = "ADDR", value_delimiter = ',', value_parser = values::address)]
    pub expect: Vec<Address>,
    /// End without a verdict after this long: exit 124
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub max_time: Option<Duration>,
}

/// What comes out, and the settings files.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// How to print [default: table]
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<Format>,
    #[command(flatten)]
    pub talk: Talk,
}

/// Colour, talk on stderr, and the configuration file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Talk {
    /// Colour [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub color: Option<ColorWord>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// More: connection phases, notes of registries, which settings are used
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub verbose: bool,
    /// The configuration file [default: ./.grpc-discover.toml, then the user's]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use the settings of [profile.NAME] of the configuration file
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
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

/// `--tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsWord {
    /// Find out for each endpoint
    Auto,
    /// Always
    On,
    /// Never
    Off,
}

/// `--lb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LbWord {
    /// One connection, to the first address that answers
    PickFirst,
    /// A connection to every endpoint
    RoundRobin,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOnWord {
    /// Anything that is wrong
    Warn,
    /// Only what makes clients fail
    Critical,
    /// Nothing: exit 0 whatever was found
    Never,
}

/// `--until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UntilWord {
    /// The channel is READY
    Ready,
    /// READY, and nothing has changed for 10 s
    Stable,
    /// No endpoint is listed any more
    Drained,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people: the verdict first
    #[default]
    Table,
    /// The table with every endpoint and every column
    Wide,
    /// One document at the end
    Json,
    /// One event a line, as it happens
    Ndjson,
}

/// `-o` of commands that have no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PlainFormat {
    /// For people
    #[default]
    Table,
    /// One document
    Json,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorWord {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests;

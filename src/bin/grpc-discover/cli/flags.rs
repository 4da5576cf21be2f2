//! The flags that several commands share, in groups. A command offers the groups that mean something to it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use grpc_discover::model::endpoint::Address;
use grpc_discover::session::MinReady;

use super::backend_flags::BackendFlags;
use super::harmless::Harmless;
use super::words::{ColorWord, FailOnWord, Format, LbWord, TlsWord};
use super::{Hidden, values};

// Who is asked, and how.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Discovery")]
pub struct Asking {
    /// For bare names ask only these backends (repeat, or separate with commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub backend: Vec<String>,
    /// The flags of every backend
    #[command(flatten)]
    pub of_backends: BackendFlags,
    /// The port for names that come without one [default: 443, as gRPC]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    pub port: Option<u16>,
    /// How long a registry may take for its first word [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub resolve_timeout: Option<Duration>,
}

// How an address is reached.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
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
    #[arg(long, value_name = "NAME", alias = "tls-server-name", value_parser = values::server_name)]
    pub servername: Option<String>,
    /// The :authority to send [default: the target's name]
    #[arg(long, value_name = "NAME", value_parser = values::authority)]
    pub authority: Option<String>,
    /// Ask the health of this service [default: of the whole server]
    #[arg(long, value_name = "NAME", add = Harmless)]
    pub service: Option<String>,
    /// Send this metadata with every RPC: 'name: value', or @FILE with one a line (repeat)
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub header: Vec<Hidden>,
    /// Time limit for TCP, TLS and the server's SETTINGS together [default: 5s; 20s for watch]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub connect_timeout: Option<Duration>,
    /// One health RPC [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub rpc_timeout: Option<Duration>,
    /// Ping a silent connection after this long; 0 never does [default: 0]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub keepalive_time: Option<Duration>,
    /// Give a connection up when a ping is not answered for this long [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub keepalive_timeout: Option<Duration>,
    /// Ping without RPCs in flight too
    #[arg(long, add = Harmless)]
    pub keepalive_without_calls: bool,
    /// Allow --keepalive-time below 10s, which servers punish (gRFC A8)
    #[arg(long)]
    pub keepalive_force: bool,
}

// How the channel behaves.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Channel")]
pub struct Channel {
    /// Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub idle: Option<Duration>,
    /// With probe --idle: hold a silent connection for each of these times too, shortest first, e.g. 10s,60s,350s
    #[arg(long, value_name = "TIME", value_delimiter = ',', value_parser = values::duration)]
    pub idle_ladder: Vec<Duration>,
    /// With probe --idle: find out how long a silence, up to this one, the path to an endpoint tolerates
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub find_cutoff: Option<Duration>,
    /// Load-balancing policy [default: pick_first, as gRPC; in watch round_robin]
    #[arg(long, value_name = "POLICY")]
    pub lb: Option<LbWord>,
    /// Health decides the connectivity state (gRFC A17; not with pick_first)
    #[arg(long, add = Harmless)]
    pub client_health: bool,
    /// With watch: check a READY endpoint that has sent nothing for this long; 0 only before the end [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub check_interval: Option<Duration>,
    /// What these clients would hold: kratos@2.7.2, grpc-go, all … [default: with probe --idle those in the wrong]
    #[arg(long = "as", value_name = "LENS", value_delimiter = ',', add = Harmless)]
    pub lenses: Vec<String>,
    /// Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = values::boolean)]
    pub keep_connected: Option<bool>,
}

// How much is done at once.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Pace")]
pub struct Pace {
    /// Endpoints probed at the same time [default: 256]
    #[arg(short = 'c', long, value_name = "N", value_parser = values::at_least_one)]
    pub concurrency: Option<u32>,
    /// Begin at most this many probes a second
    #[arg(long, value_name = "N", value_parser = values::at_least_one, add = Harmless)]
    pub rate: Option<u32>,
    /// Probe at most this many endpoints, and say how many were left out
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub max_endpoints: Option<u32>,
}

// What is good enough.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
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
    /// Warn of certificates that expire within this time; 0 never does [default: 14d]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub warn_expiry: Option<Duration>,
    /// End without a verdict after this long: exit 124
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub max_time: Option<Duration>,
}

// What comes out, and the settings files.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// How to print [default: table]
    #[arg(short, long, value_name = "FORMAT", add = Harmless)]
    pub output: Option<Format>,
    /// Say what would be contacted, and contact nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub talk: Talk,
}

// Colour, talk on stderr, and the configuration file.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct Talk {
    /// Colour [default: auto]
    #[arg(long, value_name = "WHEN", add = Harmless)]
    pub color: Option<ColorWord>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// More: connection phases, notes of registries, which settings are used
    #[arg(short, long, action = ArgAction::SetTrue, add = Harmless)]
    pub verbose: bool,
    /// The configuration file [default: ./.grpc-discover.toml, then the user's]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Use the settings of [profile.NAME] of the configuration file
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

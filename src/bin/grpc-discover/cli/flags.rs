//! The flags that several commands share, in groups. A command includes the groups that apply to it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use grpc_discover::model::endpoint::Address;
use grpc_discover::session::{Ignored, MinReady};

use super::backend_flags::BackendFlags;
use super::enums::{ColorWhen, FailOnChoice, Format, LbChoice, TlsChoice};
use super::harmless::Harmless;
use super::{Redacted, values};

// Which registries are queried, and how.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Discovery")]
pub struct DiscoveryFlags {
    /// Query only these backends for bare names (repeat, or separate with commas)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub backend: Vec<String>,
    /// The flags of every backend
    #[command(flatten)]
    pub of_backends: BackendFlags,
    /// Port for names without a port [default: 443, as in gRPC]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    pub port: Option<u16>,
    /// Time limit for a registry's first response [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub resolve_timeout: Option<Duration>,
    /// Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub timeout: Option<Duration>,
}

// How an address is reached.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Reaching an endpoint")]
pub struct ReachingFlags {
    /// TLS mode; auto detects it for each endpoint and reports the result [default: auto]
    #[arg(long, value_name = "MODE")]
    pub tls: Option<TlsChoice>,
    /// Do not use TLS; same as --tls off
    #[arg(long)]
    pub plaintext: bool,
    /// Use TLS without verifying the certificate
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Trust these CA certificates (PEM) instead of the system's
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
    /// Value of :authority to send [default: the target's name]
    #[arg(long, value_name = "NAME", value_parser = values::authority)]
    pub authority: Option<String>,
    /// Check the health of this service, with a verdict of its own (repeatable) [default: the whole server]
    #[arg(long, value_name = "NAME", add = Harmless)]
    pub service: Vec<String>,
    /// Send this metadata with every RPC: 'name: value', or @FILE with one per line (repeatable)
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub header: Vec<Redacted>,
    /// Time limit for TCP, TLS and the server's SETTINGS together [default: 5s; 20s for watch]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub connect_timeout: Option<Duration>,
    /// Time limit for one health RPC [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub rpc_timeout: Option<Duration>,
    /// Ping a connection that has been idle for this long; 0 disables it [default: 0]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub keepalive_time: Option<Duration>,
    /// Close a connection when a ping gets no response for this long [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = values::duration, add = Harmless)]
    pub keepalive_timeout: Option<Duration>,
    /// Ping even without RPCs in flight
    #[arg(long, add = Harmless)]
    pub keepalive_without_calls: bool,
    /// Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)
    #[arg(long)]
    pub keepalive_force: bool,
}

// How the channel behaves.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Channel")]
pub struct ChannelFlags {
    /// Let the channel go IDLE after this long without an RPC; 0 disables it. With probe: run the idle cycle
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub idle: Option<Duration>,
    /// With probe --idle: also check idle connections for each of these times, shortest first, e.g. 10s,60s,350s
    #[arg(long, value_name = "TIME", value_delimiter = ',', value_parser = values::duration)]
    pub idle_ladder: Vec<Duration>,
    /// With probe --idle: find the longest idle time, up to TIME, that the network path survives
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub find_cutoff: Option<Duration>,
    /// Load-balancing policy [default: pick_first, as in gRPC; round_robin for watch]
    #[arg(long, value_name = "POLICY")]
    pub lb: Option<LbChoice>,
    /// Let health determine the connectivity state (gRFC A17; not with pick_first)
    #[arg(long, add = Harmless)]
    pub client_health: bool,
    /// With watch: check a READY endpoint without responses for this long; 0: only before the end [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub check_interval: Option<Duration>,
    /// Predict what these clients would hold: kratos@2.7.2, all [with probe --idle: those with wrong addresses]
    #[arg(long = "as", value_name = "LENS", value_delimiter = ',', add = Harmless)]
    pub lenses: Vec<String>,
    /// Reconnect when a connection is lost, without waiting for an RPC [default: true for watch]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = values::boolean)]
    pub keep_connected: Option<bool>,
}

// Limits on concurrency and rate.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Pace")]
pub struct PaceFlags {
    /// Probe at most this many endpoints concurrently [default: 256]
    #[arg(short = 'c', long, value_name = "N", value_parser = values::at_least_one)]
    pub concurrency: Option<u32>,
    /// Limit to N probes per second
    #[arg(long, value_name = "N", value_parser = values::at_least_one, add = Harmless)]
    pub rate: Option<u32>,
    /// Probe at most this many endpoints and report how many were skipped
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub max_endpoints: Option<u32>,
}

// What counts as good enough.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Verdict")]
pub struct CriteriaFlags {
    /// Lowest severity that makes the exit code non-zero [default: warn]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOnChoice>,
    /// Minimum number (or percentage) of healthy endpoints
    #[arg(long, value_name = "N|N%", value_parser = values::min_ready)]
    pub min_ready: Option<MinReady>,
    /// Require this address to be listed (repeat, or separate with commas)
    #[arg(long, value_name = "ADDR", value_delimiter = ',', value_parser = values::address)]
    pub expect: Vec<Address>,
    /// Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)
    #[arg(long, value_name = "CODE[=ADDR]", value_delimiter = ',', value_parser = values::ignored)]
    pub ignore: Vec<Ignored>,
    /// Warn about certificates that expire within this time; 0 disables it [default: 14d]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub warn_expiry: Option<Duration>,
    /// Stop without a verdict after this long, with exit code 124
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub max_time: Option<Duration>,
}

// The output, and the settings files.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// Output format [default: table]
    #[arg(short, long, value_name = "FORMAT", add = Harmless)]
    pub output: Option<Format>,
    /// Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Print what would be contacted, without contacting it
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub display: DisplayFlags,
}

// Colour, messages on stderr, and the configuration file.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub struct DisplayFlags {
    /// Use colour [default: auto]
    #[arg(long, value_name = "WHEN", add = Harmless)]
    pub color: Option<ColorWhen>,
    /// Print nothing but errors; the exit code has the verdict (with -o the result is printed)
    #[arg(short, long, overrides_with = "quiet")]
    pub quiet: bool,
    /// Also show connection phases, registry notes and where each setting came from
    #[arg(short, long, action = ArgAction::SetTrue, overrides_with = "verbose", add = Harmless)]
    pub verbose: bool,
    /// Print times in UTC instead of local time
    #[arg(long, action = ArgAction::SetTrue, add = Harmless)]
    pub utc: bool,
    /// Configuration file to use [default: ./.grpc-discover.toml, then the user's]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Use the settings of [profile.NAME] in the configuration file
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

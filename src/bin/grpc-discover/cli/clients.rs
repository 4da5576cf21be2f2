//! `client` and `who`: running clients, and the clients of servers.

use clap::Args;

use super::{CriteriaFlags, DiscoveryFlags, OutputFlags, ReachingFlags, Redacted, Targets};

/// Examples of `client`.
pub const CLIENT_EXAMPLES: &str = "\
Examples:
  grpc-discover client 10.0.0.9:9000                        judge the clients of one process by its channelz
  grpc-discover client 10.0.0.9:9000 --of consul:///pay     compare them with this registry
  grpc-discover client 10.0.0.9:9000 10.0.0.10:9000         several processes, worst client first

Exit codes: 0 every client is up to date, 1 some are not, 2 no client works, 3 could not be judged.";

/// Examples of `who`.
pub const WHO_EXAMPLES: &str = "\
Examples:
  grpc-discover who consul:///pay                           list which clients are connected to which endpoint
  grpc-discover who consul:///pay 10.0.0.7:50051            and to an endpoint that is no longer registered";

// `client`.
#[derive(Debug, Args)]
pub struct Client {
    /// Process to read: host:port of a port that serves channelz (repeatable)
    #[arg(value_name = "WHERE", required = true)]
    pub places: Vec<String>,
    /// Service to compare with (repeatable) [default: the target of each channel]
    #[arg(long, value_name = "TARGET")]
    pub of: Vec<Redacted>,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub reaching: ReachingFlags,
    #[command(flatten)]
    pub criteria: CriteriaFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

// `who`.
#[derive(Debug, Args)]
pub struct Who {
    #[command(flatten)]
    pub targets: Targets,
    #[command(flatten)]
    pub discovery: DiscoveryFlags,
    #[command(flatten)]
    pub reaching: ReachingFlags,
    #[command(flatten)]
    pub criteria: CriteriaFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

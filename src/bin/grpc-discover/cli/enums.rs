//! The values that flags accept.

use clap::ValueEnum;

/// `--tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TlsChoice {
    /// Detect it for each endpoint
    Auto,
    /// Always
    On,
    /// Never
    Off,
}

/// `--lb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LbChoice {
    /// One connection, to the first address that responds
    PickFirst,
    /// A connection to every endpoint
    RoundRobin,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOnChoice {
    /// Warnings and critical findings
    Warn,
    /// Only critical findings
    Critical,
    /// Exit with 0 whatever was found
    Never,
}

/// `--until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UntilChoice {
    /// The channel is READY
    Ready,
    /// READY, and no change for 10 s
    Stable,
    /// No endpoint is listed any longer
    Drained,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Text for people, verdict first
    #[default]
    Table,
    /// The table with every endpoint and every column
    Wide,
    /// The listed addresses, one per line
    Short,
    /// Markdown for a ticket: verdict, findings, endpoints that are not healthy
    Md,
    /// One JSON document at the end
    Json,
    /// One JSON event per line, as it happens
    Ndjson,
}

/// `-o` of commands that have no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PlainFormat {
    /// Text for people
    #[default]
    Table,
    /// One JSON document
    Json,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

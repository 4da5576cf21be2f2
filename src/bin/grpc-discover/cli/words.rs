//! The words that flags take.

use clap::ValueEnum;

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

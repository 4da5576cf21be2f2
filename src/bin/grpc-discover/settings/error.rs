//! [`SettingError`]: why no plan can be made from what was typed and configured.

mod channel;
mod reaching;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use grpc_discover::backend::SettingsError;
use grpc_discover::model::target::{Target, TargetError};
use grpc_discover::session::PlanError;
use grpc_discover::text::exact_duration;

use crate::config::quoted;

pub use channel::{ChannelError, IdleCheckError, LensError};
pub use reaching::{HeaderError, HeaderFlagError, KeepaliveError, TlsError};

/// Why one of the parsers of [`values`](crate::cli::values), or a backend, rejects a value. Follows "is" in a
/// sentence.
pub type ValueCause = Box<dyn Error + Send + Sync>;

/// Why no plan can be made: exit 64. Names the flag, variable or key, its value unless it is secret, and what would
/// be valid.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// No target was given, and the configuration file lists none.
    #[error(
        "no target given, and {} has no [service.NAME] with targets; write a target such as 127.0.0.1:50051",
        path.display()
    )]
    NoTargetInFile {
        /// The configuration file.
        path: PathBuf,
    },
    /// No target was given, and there is no configuration file.
    #[error(
        "no target given and no config file found (looked for {}); write a target such as 127.0.0.1:50051, or create a config file with `grpc-discover config init`",
        searched.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoTarget {
        /// The paths that were searched.
        searched: Vec<PathBuf>,
    },
    /// What was typed is not a valid target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Typed targets that parse, and were meant differently.
    #[error(transparent)]
    Mistyped(#[from] MistypedTarget),
    /// What the configuration file lists as a target cannot be used.
    #[error("{place}: {source}")]
    FileTarget {
        /// The key.
        place: String,
        /// Why.
        source: FileTargetError,
    },
    /// No backend can be queried for the targets.
    #[error(transparent)]
    Sources(#[from] PlanError),
    /// A setting of a backend is not valid.
    #[error(transparent)]
    Backend(#[from] SettingsError),
    /// `--backend` names a backend that this build does not have.
    #[error("unknown backend {name:?} (supported: {})", known.join(", "))]
    UnknownBackend {
        /// The name as given.
        name: String,
        /// The known names.
        known: Vec<&'static str>,
    },
    /// Flags of a backend that none of the targets uses.
    #[error("{} for {backend}, and none of the targets is resolved by {backend}", subject(flags))]
    UnusedFlags {
        /// The flags that were typed.
        flags: Vec<&'static str>,
        /// The backend that has these flags.
        backend: &'static str,
    },
    /// The profile does not exist.
    #[error("--profile {}: {source}", quoted(name))]
    Profile {
        /// Its name.
        name: String,
        /// Why.
        source: ProfileError,
    },
    /// A variable that is not text.
    #[error("{variable} is not valid UTF-8")]
    NotUtf8 {
        /// The variable.
        variable: String,
    },
    /// Several values for a flag that accepts one.
    #[error("{place}: expected one value, got {count}")]
    SeveralValues {
        /// The variable or key.
        place: String,
        /// The number of values.
        count: usize,
    },
    /// A value that does not parse.
    #[error("{place}: invalid value {text:?}: {source}")]
    Value {
        /// The variable or key.
        place: String,
        /// The value as given.
        text: String,
        /// Why.
        source: ValueCause,
    },
    /// A time limit of zero.
    #[error("{place} 0: must be greater than zero; write e.g. 5s")]
    Zero {
        /// The flag, variable or key.
        place: String,
    },
    /// The time limit of the command leaves no time for the idle cycle.
    #[error(
        "--max-time {} must be longer than {flag} {} to reach a verdict; use at least {}",
        exact_duration(*max_time),
        exact_duration(*idle),
        exact_duration(*idle + Duration::from_secs(10))
    )]
    MaxTime {
        /// `--max-time`.
        max_time: Duration,
        /// The flag with the longest idle time.
        flag: &'static str,
        /// That idle time.
        idle: Duration,
    },
    /// The channel cannot be set up like this.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// `--idle-ladder` or `--find-cutoff`.
    #[error(transparent)]
    IdleCheck(#[from] IdleCheckError),
    /// `--as` names an unknown client.
    #[error("--as {name:?}: {source}")]
    Lens {
        /// The name as given.
        name: String,
        /// Why.
        source: Box<LensError>,
    },
    /// TLS cannot be set up like this.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Keepalive cannot be set up like this.
    #[error(transparent)]
    Keepalive(#[from] KeepaliveError),
    /// `--header`.
    #[error(transparent)]
    Metadata(#[from] HeaderFlagError),
}

/// Typed targets that parse, and were meant differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MistypedTarget {
    /// A port after its host, as a word of its own.
    #[error("targets {host:?} and {port:?}: the second one is a port; write {mended}")]
    PortApart {
        /// The word before it.
        host: String,
        /// The port.
        port: String,
        /// Both as one target.
        mended: String,
    },
    /// A port alone.
    #[error("target {port:?}: a port without a host; write 127.0.0.1:{port} (a service of this name: dns:///{port})")]
    PortAlone {
        /// The port.
        port: String,
    },
    /// A file that lists endpoints.
    #[error(
        "target {name:?}: a file of this name exists here; write file:{name} (a service of this name: dns:///{name})"
    )]
    File {
        /// The file's name.
        name: String,
    },
}

/// Why a target of the configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileTargetError {
    /// It is not a valid target.
    #[error(transparent)]
    Syntax(#[from] TargetError),
    /// Its path leaves the directory of a file that was only found.
    #[error("{0} is outside the directory of a config file that was found, not named; to use it, pass --config FILE")]
    Outside(Target),
}

/// Why a profile does not exist.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The configuration file is disabled.
    #[error("the config file is switched off (--no-config or an empty GRPC_DISCOVER_CONFIG)")]
    SwitchedOff,
    /// There is no configuration file.
    #[error("there is no config file")]
    NoFile,
    /// The file has no profiles.
    #[error("{path} has no [profile.NAME]")]
    NoProfiles {
        /// The file.
        path: String,
    },
    /// The file has others.
    #[error("{path} has only {}", known.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))]
    Unknown {
        /// The file.
        path: String,
        /// The profiles it has.
        known: Vec<String>,
    },
}

/// `--dc and --tag are`, `--dc is`.
fn subject(flags: &[&str]) -> String {
    match flags {
        [] => String::new(),
        [one] => format!("{one} is"),
        [others @ .., last] => format!("{} and {last} are", others.join(", ")),
    }
}

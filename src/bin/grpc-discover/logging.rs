//! `GRPC_DISCOVER_LOG`: a log of what this program does, for bug reports. Off unless the variable is set.
//!
//! Only the library's own modules log, and what they log is masked as events are. The crates below it would log what
//! is sent, tokens included, so their logs cannot be enabled.

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter, time};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::terminal::{self, Pipe, printable};

/// The variable.
const VARIABLE: &str = "GRPC_DISCOVER_LOG";
/// The prefix of the target of every event: the library, and this command.
const CRATE: &str = "grpc_discover";
/// The library's modules with input and output: the others log nothing.
const MODULES: [&str; 5] = ["backend", "net", "platform", "session", "transport"];
/// How long the process waits for a reader of the log before it exits.
const LIMIT: Duration = Duration::from_millis(300);

/// A value of the variable that is not valid.
#[derive(Debug, thiserror::Error)]
#[error("{VARIABLE} {value:?}: {source}")]
pub struct LogError {
    /// The value.
    value: OsString,
    /// Why.
    source: FilterError,
}

/// Why a value of the variable is not valid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum FilterError {
    /// Not text.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// A level that does not exist.
    #[error("unknown level {level:?}; use error, warn, info, debug, trace or MODULE=LEVEL")]
    Level { level: String },
    /// A module that does not exist, or does not log.
    #[error("unknown module {module:?}; use one of {}", MODULES.join(", "))]
    Module { module: String },
}

/// The log. Dropping it first writes what is queued, if there is a reader.
pub struct Log(Option<Pipe>);

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(pipe) = &self.0 {
            pipe.wait(LIMIT);
        }
    }
}

/// Starts the log if the environment requests one.
///
/// # Errors
///
/// The variable's value is not valid.
pub fn start(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Log, LogError> {
    let Some(value) = env(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(Log(None)) };
    let targets = value.to_str().ok_or(FilterError::NotUtf8).and_then(targets);
    let targets = targets.map_err(|source| LogError { value, source })?;
    let pipe = terminal::log();
    let lines = fmt::layer().with_ansi(false).with_timer(time::uptime()).with_writer(Lines(Mutex::new(pipe.clone())));
    // Set once per process; no other code sets one.
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
    Ok(Log(Some(pipe)))
}

/// `debug`, or `transport=trace,backend=debug`.
fn targets(value: &str) -> Result<Targets, FilterError> {
    let mut targets = Targets::new();
    for part in value.split(',').map(str::trim) {
        let (module, level) =
            part.split_once('=').map_or((None, part), |(module, level)| (Some(module.trim()), level.trim()));
        let level = level_of(level).ok_or_else(|| FilterError::Level { level: level.to_string() })?;
        let module = module.map(|module| module.strip_prefix("grpc_discover::").unwrap_or(module));
        targets = match module {
            None => targets.with_target(CRATE, level),
            Some(module) if MODULES.contains(&module) => targets.with_target(format!("{CRATE}::{module}"), level),
            Some(module) => return Err(FilterError::Module { module: module.to_string() }),
        };
    }
    Ok(targets)
}

fn level_of(word: &str) -> Option<LevelFilter> {
    Some(match word.to_ascii_lowercase().as_str() {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

/// Writes whole lines, escaped like everything on stderr.
struct Lines(Mutex<Pipe>);

/// One line that is being composed.
struct Line<'a> {
    text: Vec<u8>,
    pipe: &'a Mutex<Pipe>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { text: Vec::new(), pipe: &self.0 }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // A pipe accepts every write and counts what it could not write.
        let _ = writeln!(pipe, "{}", printable(text.trim_end())).and_then(|()| pipe.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_counts_for_our_own_modules_only() {
        let all = targets("debug").unwrap();
        assert!(all.would_enable("grpc_discover::transport", &tracing::Level::DEBUG));
        assert!(!all.would_enable("grpc_discover::transport", &tracing::Level::TRACE));
        assert!(!all.would_enable("h2::proto", &tracing::Level::ERROR), "it would show what is sent");
        let some = targets("warn, transport=trace,grpc_discover::backend=off").unwrap();
        assert!(some.would_enable("grpc_discover::transport::tcp", &tracing::Level::TRACE));
        assert!(some.would_enable("grpc_discover::session", &tracing::Level::WARN));
        assert!(!some.would_enable("grpc_discover::backend", &tracing::Level::ERROR));
    }

    #[test]
    fn the_fault_of_a_value_is_quoted() {
        let none = start(&|_| Some(OsString::new())).map(|log| log.0.is_none());
        assert!(none.is_ok_and(|is_off| is_off), "an empty value counts as unset");
        for (value, part) in
            [("loud", "unknown level \"loud\""), ("h2=debug", "unknown module \"h2\""), ("debug,", "\"\"")]
        {
            let Err(error) = start(&|_| Some(value.into())) else { panic!("{value}") };
            let text = error.to_string();
            assert!(text.starts_with(&format!("GRPC_DISCOVER_LOG {value:?}: ")) && text.contains(part), "{text}");
        }
    }
}

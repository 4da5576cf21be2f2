//! The commands: one file each.

#![expect(clippy::disallowed_methods, reason = "the environment is read here, and handed down")]

mod backends;
mod clients;
mod completions;
mod config_init;
mod demo;
mod dry_run;
mod explain;
mod generate;
mod health_probe;
mod open_files;
mod record;
mod replay;
mod screen;
mod services;
mod sessions;

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use grpc_discover::backend::{CheckError, Origin};
use grpc_discover::platform::file;
use grpc_discover::session::plan::Source;

use crate::cli::{self, Command, ConfigCommand};
use crate::config::{Choice, Config, Document, trust};
use crate::exit::{self, Failure};
use crate::logging;
use crate::render::SessionKind;
use crate::settings::{self, Environment, SettingError, Task, Typed};
use crate::terminal::{self, Terminal};

/// Parses `arguments` (the first is the program's name), runs the command and returns the exit code.
///
/// # Errors
///
/// Why there is no verdict: invalid usage, or a failure of this machine.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<u8, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(words) = cli::health_probe::called_as(&arguments) {
        return health_probe::run(words);
    }
    let typed = cli::parse(arguments)?;
    let _log = logging::start(&|name| std::env::var_os(name)).map_err(Failure::usage)?;
    match typed.command {
        Command::Resolve(typed) => resolve(&typed),
        Command::Probe(typed) => probe(&typed),
        Command::Watch(typed) => watch(&typed),
        Command::Replay(typed) => replay::run(&typed),
        Command::Client(typed) => clients::client(&typed),
        Command::Who(typed) => clients::who(&typed),
        Command::Backends(typed) => backends::run(&typed),
        Command::Services(typed) => services::run(&typed),
        Command::Explain(typed) => explain::run(&typed),
        Command::Demo(typed) => demo::run(&typed),
        Command::Completions(typed) => completions::run(typed.shell),
        Command::Man => generate::man(),
        Command::Config(typed) => match typed.command {
            ConfigCommand::Init { path } => config_init::run(path.as_deref()),
            ConfigCommand::Services { config } => services_of_config(config),
        },
    }
}

/// `config services`: what completions offer as targets.
fn services_of_config(config: Option<PathBuf>) -> Result<u8, Failure> {
    with_environment(&cli::DisplayFlags { config, ..cli::DisplayFlags::default() }, |environment, _| {
        let names = environment.config.services.keys();
        terminal::print(&names.map(|name| format!("{}\n", terminal::printable(name))).collect::<String>())?;
        Ok(exit::OK)
    })
}

fn resolve(typed: &cli::Resolve) -> Result<u8, Failure> {
    let task = Task::Resolve { watch: typed.watch, run_for: typed.run_for };
    let kind = if typed.watch { SessionKind::Stream } else { SessionKind::Answer };
    let (reaching, channel, pace) =
        (cli::ReachingFlags::default(), cli::ChannelFlags::default(), cli::PaceFlags::default());
    session(&typed.output, kind, |profile| Typed {
        targets: &typed.targets.targets,
        discovery: &typed.discovery,
        reaching: &reaching,
        channel: &channel,
        pace: &pace,
        criteria: &typed.criteria,
        profile,
        task,
    })
}

fn probe(typed: &cli::Probe) -> Result<u8, Failure> {
    session(&typed.output, SessionKind::Answer, |profile| Typed {
        targets: &typed.targets,
        discovery: &typed.discovery,
        reaching: &typed.reaching,
        channel: &typed.channel,
        pace: &typed.pace,
        criteria: &typed.criteria,
        profile,
        task: Task::Probe,
    })
}

fn watch(typed: &cli::Watch) -> Result<u8, Failure> {
    let pace = cli::PaceFlags::default();
    session(&typed.output, SessionKind::Channel, |profile| Typed {
        targets: &typed.targets.targets,
        discovery: &typed.discovery,
        reaching: &typed.reaching,
        channel: &typed.channel,
        pace: &pace,
        criteria: &typed.criteria,
        profile,
        task: Task::Watch { run_for: typed.run_for, until: typed.until },
    })
}

fn session<'a>(
    flags: &'a cli::OutputFlags,
    kind: SessionKind,
    typed: impl FnOnce(Option<&'a str>) -> Typed<'a>,
) -> Result<u8, Failure> {
    with_environment(&flags.display, |environment, warnings| {
        let output = settings::output(flags.output, &flags.display, environment)?;
        let terminal = Terminal::new(&output, environment.env);
        warn(&terminal, environment.config, warnings);
        let plans = settings::plans(&typed(flags.display.profile.as_deref()), environment)?;
        // A backend that was named explicitly must be usable. One that only the environment makes active is reported
        // by the session.
        for plan in &plans {
            for source in plan.sources.iter().filter(|source| !source.implied) {
                let backend = source.backend.name();
                checked(source).map_err(|source| Failure::usage(SourceError { backend, source }))?;
            }
        }
        for source in plans.iter().flat_map(|plan| &plan.sources) {
            in_time(source, default_address).flatten().iter().for_each(|note| terminal.note(note));
        }
        if flags.dry_run {
            terminal::print(&dry_run::describe(&plans))?;
            return Ok(exit::OK);
        }
        // A configuration file that was only found in the working directory could send a token elsewhere: it is
        // always reported.
        if let Some(path) = environment.config.path.as_ref().filter(|path| output.verbose || path.is_relative()) {
            terminal.note(&format!("config: {}", path.display()));
        }
        for (path, why) in environment.config.unread.iter().filter(|_| output.verbose) {
            terminal.note(&format!("config: {} skipped: {why}", path.display()));
        }
        let record = settings::record(flags, environment)?.as_deref().map(record::Record::create).transpose()?;
        let hooks = sessions::SessionHooks { record, ..sessions::SessionHooks::default() };
        block_on(sessions::run(plans, &output, &terminal, kind, hooks))?
    })
}

/// A registry that was named without an address, and whose address no setting has, is queried at its default one: a
/// refused connection there means that the setting is missing.
fn default_address(source: &Source) -> Option<String> {
    if source.implied || source.target.names_an_address() {
        return None;
    }
    let description = source.backend.describe(&source.settings);
    let why = description.active.err()?;
    let default = description.settings.first().filter(|(_, _, origin)| matches!(origin, Origin::Default));
    let queried = default.map(|(_, value, _)| format!("; the default {value} is used")).unwrap_or_default();
    Some(format!("note: {}: {why}{queried}", source.backend.name()))
}

/// Time limit for reading the files that a source needs before the session starts. Files on a slower disk or mount
/// are left to the session, which has time limits and handles signals.
const CHECK_LIMIT: Duration = Duration::from_secs(1);

/// Checks the files that a source needs.
fn checked(source: &Source) -> Result<(), CheckError> {
    in_time(source, |source| source.backend.check(&source.target, &source.settings)).unwrap_or(Ok(()))
}

/// Calls `what` on a separate thread, because it may read files; `None` when that takes too long.
fn in_time<T: Send + 'static>(source: &Source, what: fn(&Source) -> T) -> Option<T> {
    let source = source.clone();
    let (report, reported) = std::sync::mpsc::channel();
    std::thread::spawn(move || report.send(what(&source)));
    reported.recv_timeout(CHECK_LIMIT).ok()
}

/// Calls `what` with the environment and files of this process, and prints the warnings about them.
fn with_environment<T>(
    display: &cli::DisplayFlags,
    what: impl FnOnce(&Environment, &[String]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    let choice = match &display.config {
        Some(path) => Choice::Named(path),
        None if display.no_config => Choice::None,
        None => Choice::Unspecified,
    };
    let config = Config::load(choice, &env, &document).map_err(Failure::usage)?;
    let warnings = settings::check(&variables(), &config)?;
    let read = |path: &Path| file::read_text(path, file::LARGE);
    let environment = Environment { env: &env, read: &read, config: &config, seed: fastrand::u64(..) };
    what(&environment, &warnings)
}

/// Reads a configuration file and finds out who owns it.
fn document(path: &Path) -> io::Result<Document> {
    let (open, metadata) = file::open(path)?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let distrust = trust::distrust_of(&metadata, directory)?;
    Ok(Document { text: file::text(open, file::SMALL)?, distrust })
}

/// Prints what the user should know about the settings. Settings of a file that do not count are reported even with
/// `-q`: nothing else explains why the run differs from the file.
fn warn(terminal: &Terminal, config: &Config, warnings: &[String]) {
    config.left_out.iter().for_each(|line| terminal.insist(&format!("warning: config {line}")));
    warnings.iter().for_each(|warning| terminal.note(&format!("warning: {warning}")));
}

/// The variables of this program, with their values where these are valid text.
fn variables() -> Vec<(String, Option<String>)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with("GRPC_DISCOVER_"))
        .map(|(name, value)| (name, value.into_string().ok()))
        .collect()
}

/// Runs `future` on one thread. Does not wait for threads that it leaves behind (such as a name lookup).
fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    // With two providers in one dependency graph rustls would refuse to choose; we use ring.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error: io::Error| Failure::Broken(format!("failed to start the runtime: {error}")))?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}

/// A file that a source needs cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{backend}: {source}")]
struct SourceError {
    backend: &'static str,
    source: CheckError,
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Failure {
        Failure::usage(error)
    }
}

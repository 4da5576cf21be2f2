//! `replay FILE`: prints a recorded session in any format.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grpc_discover::model::connectivity::Scope;
use grpc_discover::model::event::{Event, EventKind};

use super::with_environment;
use crate::cli::Replay;
use crate::exit::{self, Failure};
use crate::recording::{Recording, RecordingError};
use crate::render::{self, SessionKind};
use crate::settings;
use crate::terminal::Terminal;

/// Limit of queued output before the file is read on.
const BOUND: usize = 8 << 20;
/// How long to wait for a reader at a time.
const STEP: Duration = Duration::from_secs(1);

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error("failed to open the recording {path}: {error}")]
    Open { path: String, error: io::Error },
    #[error("failed to read the recording {path}: {error}")]
    Read { path: String, error: RecordingError },
    #[error("the recording {path} has no events")]
    Empty { path: String },
}

/// Runs the command; the exit code is that of the recorded session.
pub fn run(typed: &Replay) -> Result<u8, Failure> {
    let output = with_environment(&typed.display, |environment, _| {
        Ok(settings::output(typed.output, &typed.display, environment)?)
    })?;
    let terminal = Terminal::new(&output, &|name| std::env::var(name).ok());
    // The whole file is checked before the first line is printed.
    let mut shape = Shape::default();
    if read(&typed.file, |event| shape.observe(event))? {
        terminal.note(&format!("{}: the last line is incomplete; the lines before it are shown", typed.file.display()));
    }
    if shape.targets.is_empty() {
        return Err(Failure::usage(ReplayError::Empty { path: typed.file.display().to_string() }));
    }
    let mut out = terminal.out();
    // Nothing is redrawn: there is nothing to wait for.
    let still = Terminal { out_is_tty: false, ..terminal };
    let mut renderer = render::stdout(&output, &still, &out, shape.kind(), shape.targets.len() > 1);
    read(&typed.file, |event| {
        // Writing to a queue cannot fail.
        let _ = renderer.event(event, &mut out);
        while out.queued() > BOUND && out.failure().is_none() {
            out.wait(STEP);
        }
    })?;
    let _ = renderer.end(&mut out);
    while out.queued() > 0 && out.failure().is_none() {
        out.wait(STEP);
    }
    match out.failure() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::from(error)),
        Some(_) | None => Ok(if shape.exits.is_empty() { exit::UNKNOWN } else { exit::worst(shape.exits) }),
    }
}

/// Passes every event of the file to `each`. True when its last line is incomplete.
fn read(path: &Path, mut each: impl FnMut(&Event)) -> Result<bool, Failure> {
    let name = || path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::usage(ReplayError::Open { path: name(), error }))?;
    let mut recording = Recording::new(BufReader::new(file));
    loop {
        match recording.next() {
            Ok(Some(event)) => each(&event),
            Ok(None) => return Ok(recording.is_cut),
            Err(error) => return Err(Failure::usage(ReplayError::Read { path: name(), error })),
        }
    }
}

/// What the output depends on before the first event is printed.
#[derive(Debug, Default)]
struct Shape {
    targets: BTreeSet<Arc<str>>,
    exits: Vec<u8>,
    /// `probe --idle`.
    has_idle_cycle: bool,
    has_channel: bool,
    /// A list that changed.
    has_changes: bool,
    listed: BTreeSet<String>,
}

impl Shape {
    fn observe(&mut self, event: &Event) {
        if !self.targets.contains(&event.target) {
            self.targets.insert(event.target.clone());
        }
        match &event.kind {
            EventKind::Summary(summary) => self.exits.push(summary.exit),
            EventKind::Idle(_) => self.has_idle_cycle = true,
            EventKind::Transition(transition) if transition.scope == Scope::Channel => self.has_channel = true,
            EventKind::Endpoints(change) => self.has_changes |= !self.listed.insert(change.source.to_string()),
            _ => {}
        }
    }

    /// The kind of the recorded session.
    fn kind(&self) -> SessionKind {
        match self {
            Shape { has_idle_cycle: true, .. } => SessionKind::Answer,
            Shape { has_channel: true, .. } => SessionKind::Channel,
            Shape { has_changes: true, .. } => SessionKind::Stream,
            _ => SessionKind::Answer,
        }
    }
}

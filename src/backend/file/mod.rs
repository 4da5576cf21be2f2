//! `file:path`: a JSON or YAML list on this machine, watched.
//!
//! The directory is watched, not the file: a file that is renamed over, deleted and created again, or reached through
//! symbolic links that are swapped (a Kubernetes ConfigMap's `..data`) is another file afterwards. A list that is not
//! valid gets 200 ms to become so (it may be half-written) before an error is reported; the watch continues in any
//! case. It is lost only when the directory itself is removed.
//!
//! The disk or mount of a file may not respond. Files are read on a separate thread, so that this does not delay
//! other targets, and a timeout is reported as an error. The thread keeps running; when it finishes, the list is
//! reported again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, future, stream};
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RemoveKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{timeout, timeout_at};

use super::ip::refused;
use super::*;
use crate::model::resolution::{Answer, Note, NoteKind};
use crate::platform::clock;
use crate::platform::file;
use crate::text;
use error::{FileError, not_read};
use list::List;
use problem::ListError;
pub use target::FileTarget;
use target::NAME;

mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod list;
mod problem;
mod registry;
mod target;

pub use registry::REGISTRY;

/// How long an unreadable list may be half-written.
const HALF_WRITTEN: Duration = Duration::from_millis(200);
/// Time limit for reading.
const LIMIT: Duration = Duration::from_secs(5);

/// At most this many omitted entries are shown in one sentence.
const SHOWN: usize = 3;
/// At most this many are named.
const NAMED: usize = 20;

/// A list of endpoints in a file.
pub struct File;

static ABOUT: About = About {
    schemes: target::SCHEMES,
    forms: "`file:path`",
    examples: target::EXAMPLES,
    changes: "inotify",
    ..About::of(&REGISTRY)
};

impl Backend for File {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn query(&self, target: &Target, context: &Context) -> Resolution {
        let Some(FileTarget(path)) = target.of() else { return refused(NAME, target) };
        let limit = context.settings.resolve_timeout;
        let limit = if limit.is_zero() { LIMIT } else { limit };
        followed(path, limit, |path| file::read_text(path, file::LARGE))
    }

    fn target_for(&self, _service: &str, _settings: &Settings) -> Option<Target> {
        None
    }

    fn describe(&self, _settings: &Settings) -> Description {
        Description { active: Err("accepts file: targets only".to_string()), settings: vec![] }
    }

    fn query_version(&self, _settings: &Settings) -> BoxFuture<'static, Result<String, ResolveError>> {
        future::ready(Ok("no server to query: files are read directly".to_string())).boxed()
    }
}

/// Reads the text of a file; may block.
type Read = fn(&Path) -> io::Result<String>;

/// The list in the file at `path`, each time it changes. `limit` is the time limit for each reading.
fn followed(path: &Path, limit: Duration, read: Read) -> Resolution {
    let owned = path.to_path_buf();
    let started = blocking(move || {
        let mut watch = Box::new(FileWatch::start(&owned, read)?);
        let first = watch.read();
        Ok((watch, first))
    });
    let follow = Follow { path: path.to_path_buf(), limit, state: State::PendingRead(started.boxed()) };
    Box::pin(stream::unfold(follow, Follow::next))
}

/// A watched file.
struct Follow {
    path: PathBuf,
    limit: Duration,
    state: State,
}

/// The state of the watch.
enum State {
    /// It is being read.
    PendingRead(PendingRead),
    /// Reading has taken longer than the limit, and that was reported.
    Late(PendingRead),
    /// Waiting for a change.
    Watching(Box<FileWatch>),
    Ended,
}

/// Resolves to the content of the file.
type PendingRead = BoxFuture<'static, Result<(Box<FileWatch>, ReadResult), ResolveError>>;

impl Follow {
    async fn next(mut self) -> Option<(Result<Update, ResolveError>, Follow)> {
        loop {
            let (read, is_late) = match self.state {
                State::Ended => return None,
                State::Watching(watch) => {
                    watch.signal.clone().changed.notified().await;
                    self.state = State::PendingRead(watch.settled().boxed());
                    continue;
                }
                State::Late(reading) => (reading.await, true),
                State::PendingRead(mut reading) => match timeout(self.limit, &mut reading).await {
                    Ok(read) => (read, false),
                    Err(_) => {
                        let late = FileError::Late(self.limit).at(&self.path);
                        return Some((Err(late), Follow { state: State::Late(reading), ..self }));
                    }
                },
            };
            match read {
                Ok((watch, result)) if !is_late && watch.reported.as_ref() == Some(&result) => {
                    self.state = State::Watching(watch)
                }
                Ok((mut watch, result)) => {
                    return Some((watch.report(result), Follow { state: State::Watching(watch), ..self }));
                }
                Err(lost) => return Some((Err(lost), Follow { state: State::Ended, ..self })),
            }
        }
    }
}

/// Runs `work` on a thread where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ResolveError> + Send + 'static,
) -> Result<T, ResolveError> {
    tokio::task::spawn_blocking(work).await.map_err(not_read)?
}

/// The content of the file.
type ReadResult = Result<List, ResolveError>;

struct FileWatch {
    /// As typed: the path in errors.
    path: PathBuf,
    read: Read,
    /// The absolute path.
    absolute: PathBuf,
    /// Gets every event in the watched directories.
    signal: Arc<ChangeSignal>,
    /// Stops its thread when dropped.
    watcher: RecommendedWatcher,
    /// The directory of the file behind symbolic links, if it is another one.
    behind_links: Option<PathBuf>,
    /// What was last reported.
    reported: Option<ReadResult>,
}

/// The signals from the watcher's thread.
#[derive(Default)]
struct ChangeSignal {
    changed: Notify,
    directory_gone: AtomicBool,
}

impl FileWatch {
    fn start(path: &Path, read: Read) -> Result<Self, ResolveError> {
        let absolute = std::path::absolute(path)
            .map_err(|source| FileError::NoPath { path: path.to_path_buf(), source }.at(path))?;
        let (directory, name) = match (absolute.parent(), absolute.file_name()) {
            (Some(directory), Some(name)) => (directory.to_path_buf(), name.to_os_string()),
            _ => return Err(FileError::IsDirectory.at(path)),
        };
        // FSEvents reports paths without symbolic links: /private/tmp for /tmp.
        let watched = directory.canonicalize().unwrap_or_else(|_| directory.clone());
        let signal = Arc::new(ChangeSignal::default());
        let watcher = notify::recommended_watcher({
            let (signal, file, directory) = (signal.clone(), watched.join(name), watched.clone());
            move |event: notify::Result<notify::Event>| signal.take(event, &file, &directory)
        });
        let unwatched = |source| FileError::Unwatched { directory: directory.clone(), source }.at(path);
        let mut watcher = watcher.map_err(unwatched)?;
        watcher.watch(&watched, RecursiveMode::NonRecursive).map_err(unwatched)?;
        Ok(FileWatch { path: path.to_path_buf(), read, absolute, signal, watcher, behind_links: None, reported: None })
    }

    /// The content of the file after a change, once it is complete. An error means that the watch is lost.
    async fn settled(mut self: Box<Self>) -> Result<(Box<Self>, ReadResult), ResolveError> {
        let signal = self.signal.clone();
        let limit_left = clock::after(HALF_WRITTEN);
        loop {
            if signal.directory_gone.load(Ordering::Acquire) {
                return Err(FileError::DirectoryGone.at(&self.path));
            }
            let read = blocking(move || {
                let result = self.read();
                Ok((self, result))
            });
            let result;
            (self, result) = read.await?;
            let is_whole = result.as_ref().is_ok_and(|list| list.left_out.is_empty());
            if is_whole || timeout_at(limit_left, signal.changed.notified()).await.is_err() {
                return Ok((self, result));
            }
        }
    }

    fn report(&mut self, result: ReadResult) -> Result<Update, ResolveError> {
        self.reported = Some(result.clone());
        result.map(|List { endpoints, left_out }| {
            let mut notes = left_out_notes(endpoints.len(), &left_out);
            if endpoints.is_empty() {
                let text = format!("Find out which program writes {}, and why it is empty.", self.path.display());
                notes.push(Note::new(NoteKind::Remedy, text));
            }
            Update::Reset(Answer { endpoints, notes })
        })
    }

    fn read(&mut self) -> ReadResult {
        self.follow_links();
        self.read_list().map_err(|error| error.at(&self.path))
    }

    fn read_list(&self) -> Result<List, FileError> {
        let was_read = matches!(self.reported, Some(Ok(_)));
        let text =
            (self.read)(&self.absolute).map_err(|error| FileError::of_read(error, was_read, || self.neighbors()))?;
        Ok(list::parse(&self.absolute, &text)?)
    }

    /// Files of the directory with names similar to the missing one.
    fn neighbors(&self) -> Vec<String> {
        let names = self.absolute.parent().and_then(|directory| std::fs::read_dir(directory).ok());
        let names: Vec<String> = names
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .take(1000)
            .collect();
        let own = self.absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        text::near(&own, names.iter().map(String::as_str)).into_iter().map(str::to_string).collect()
    }

    /// Also watches the directory behind symbolic links, wherever they currently lead.
    fn follow_links(&mut self) {
        let behind = self.absolute.canonicalize().ok().and_then(|real| real.parent().map(Path::to_path_buf));
        let here = self.absolute.parent().and_then(|directory| directory.canonicalize().ok());
        let behind = behind.filter(|behind| Some(behind) != here.as_ref());
        if behind == self.behind_links {
            return;
        }
        if let Some(old) = self.behind_links.take() {
            // It may already be removed, and its watch with it.
            drop(self.watcher.unwatch(&old));
        }
        // If it cannot be watched (no permission), the links themselves still are.
        self.behind_links = behind.filter(|new| self.watcher.watch(new, RecursiveMode::NonRecursive).is_ok());
    }
}

impl ChangeSignal {
    /// Called on the watcher's thread. `file` and `directory` are the watched names.
    fn take(&self, event: notify::Result<notify::Event>, file: &Path, directory: &Path) {
        let Ok(event) = event else {
            // A lost event queue carries no information about the file: read it.
            self.changed.notify_one();
            return;
        };
        let is_directory = |path: &PathBuf| path == directory;
        match event.kind {
            // Reading the file causes an event as well.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
            EventKind::Access(_) => return,
            EventKind::Remove(RemoveKind::Folder | RemoveKind::Other)
            | EventKind::Modify(ModifyKind::Name(RenameMode::From))
                if event.paths.iter().any(is_directory) =>
            {
                self.directory_gone.store(true, Ordering::Release);
            }
            // FSEvents does not distinguish the old name from the new one.
            EventKind::Modify(ModifyKind::Name(RenameMode::Any))
                if event.paths.iter().any(is_directory) && !directory.exists() =>
            {
                self.directory_gone.store(true, Ordering::Release);
            }
            _ => {}
        }
        // In the directory itself only the file and links (`..data`) matter; events of other files are ignored.
        let matters = |path: &PathBuf| {
            path.parent() != Some(directory)
                || path == file
                || path.symlink_metadata().map_or(true, |metadata| metadata.is_symlink())
        };
        if event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(matters) {
            self.changed.notify_one();
        }
    }
}

/// Which entries are left out, beside `used` valid ones.
fn left_out_notes(used: usize, left_out: &[ListError]) -> Vec<Note> {
    if left_out.is_empty() {
        return Vec::new();
    }
    let (count, total) = (left_out.len(), used + left_out.len());
    let text = format!("{count} of {total} entries cannot be used: {}", text::few(left_out, "; ", SHOWN));
    let mut notes = vec![Note::new(NoteKind::LeftOut, text)];
    notes.extend(left_out.iter().take(NAMED).map(|error| Note::new(NoteKind::Skipped, error.to_string())));
    if count > NAMED {
        notes.push(Note::new(NoteKind::Skipped, format!("{} more entries that cannot be used", count - NAMED)));
    }
    notes
}

#[cfg(test)]
mod tests;

//! [`FileError`]: why a file contains no list.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinError;

use super::problem::ListError;
use crate::model::resolution::{ResolveCode, ResolveError};
use crate::platform::file;
use crate::text;

/// Why a file contains no list. The sentences do not name the file: [`FileError::at`] does.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// A directory instead of a file: retrying would not help.
    #[error("is a directory; name a JSON or YAML file")]
    IsDirectory,
    /// The directory cannot be watched.
    #[error("directory {} cannot be watched: {}", directory.display(), watch_text(source))]
    Unwatched {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: notify::Error,
    },
    /// The path cannot be resolved.
    #[error("directory {} cannot be watched: {source}", path.display())]
    NoPath {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory was removed, and its watch with it.
    #[error("its directory was removed or renamed")]
    DirectoryGone,
    /// Reading takes too long.
    #[error("failed to read within {}: its disk or mount does not respond", text::duration(*.0))]
    Late(Duration),
    /// It existed before.
    #[error("was removed")]
    Removed(#[source] io::Error),
    /// It does not exist.
    #[error("does not exist{}", near_it(near))]
    NotFound {
        /// Files of the same directory with similar names.
        near: Vec<String>,
        /// The system's own error.
        source: io::Error,
    },
    /// This user may not read it.
    #[error("permission denied")]
    Denied(#[source] io::Error),
    /// Not a text file of a size that a list may have.
    #[error("{}", file::why(.0))]
    NotText(#[source] io::Error),
    /// It cannot be read for another reason.
    #[error("{}", file::why(.0))]
    Unreadable(#[source] io::Error),
    /// Its text is not a list.
    #[error(transparent)]
    List(#[from] ListError),
}

impl FileError {
    /// Reading it failed. `was_read`: an earlier reading succeeded. `near`: files with similar names.
    pub(super) fn of_read(source: io::Error, was_read: bool, near: impl FnOnce() -> Vec<String>) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound if was_read => FileError::Removed(source),
            io::ErrorKind::NotFound => FileError::NotFound { near: near(), source },
            io::ErrorKind::PermissionDenied => FileError::Denied(source),
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::FileTooLarge => FileError::NotText(source),
            _ => FileError::Unreadable(source),
        }
    }

    fn code(&self) -> ResolveCode {
        match self {
            FileError::IsDirectory => ResolveCode::BadTarget,
            FileError::DirectoryGone | FileError::Removed(_) => ResolveCode::WatchBroken,
            FileError::Late(_) => ResolveCode::Timeout,
            FileError::Denied(_) => ResolveCode::Denied,
            FileError::NotText(_) | FileError::List(_) => ResolveCode::BadAnswer,
            FileError::Unwatched { .. }
            | FileError::NoPath { .. }
            | FileError::NotFound { .. }
            | FileError::Unreadable(_) => ResolveCode::Unreachable,
        }
    }

    /// The error as it is reported, of the file at `path`.
    pub(super) fn at(self, path: &Path) -> ResolveError {
        let (code, text) = (self.code(), format!("file {}: {self}", path.display()));
        let error = match self {
            FileError::IsDirectory => ResolveError::fatal(code, text),
            _ => ResolveError::ambient(code, text),
        };
        error.caused_by(self)
    }
}

/// The thread that was to read a file ended without a result.
pub(super) fn not_read(error: JoinError) -> ResolveError {
    ResolveError::ambient(ResolveCode::WatchBroken, format!("file: failed to read: {error}")).caused_by(error)
}

fn near_it(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; similar: {}", near.join(", ")) }
}

fn watch_text(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::PathNotFound => "does not exist".to_string(),
        notify::ErrorKind::Io(error) => error.to_string(),
        notify::ErrorKind::Generic(text) => text.clone(),
        notify::ErrorKind::MaxFilesWatch => {
            "the limit of inotify watches for this user is reached (fs.inotify.max_user_watches)".to_string()
        }
        other => format!("{other:?}"),
    }
}

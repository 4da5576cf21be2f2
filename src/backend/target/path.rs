//! Targets that are paths.

use std::fmt;
use std::path::{Path, PathBuf};

use super::piece::{Parsed, Piece, invalid};

/// `path`, `///abs`: as typed, nothing is percent-decoded.
pub fn path(rest: Piece<'_>, scheme: &str, example: &str) -> Parsed<PathBuf> {
    let path = match rest.strip("//") {
        Some(after) if after.text.starts_with('/') => after,
        Some(after) if after.is_empty() => after,
        Some(after) => {
            let server = after.split_once('/').map_or(after, |(server, _)| server);
            return invalid(server.at, format!("{scheme}: targets have no server, got {}", server.quoted()), example);
        }
        None => rest,
    };
    if path.is_empty() { invalid(path.at, "missing path", example) } else { Ok(PathBuf::from(path.text)) }
}

/// The canonical form. `file://x` would name a server, so a path that starts with two slashes gets an empty one.
pub fn fmt_path(f: &mut fmt::Formatter<'_>, scheme: &str, path: &Path) -> fmt::Result {
    let authority = if path.as_os_str().as_encoded_bytes().starts_with(b"//") { "//" } else { "" };
    write!(f, "{scheme}:{authority}{}", path.display())
}

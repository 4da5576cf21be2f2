//! Who runs this process, and whose a file is.

use std::fs::Metadata;

/// What a file or directory allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// The user it belongs to.
    pub owner: u32,
    /// The group it belongs to.
    pub group: u32,
    /// The permission bits.
    pub mode: u32,
}

/// The effective user; `None` where users have no number.
#[cfg(unix)]
pub fn effective() -> Option<u32> {
    Some(nix::unistd::geteuid().as_raw())
}

/// As above: users of Windows have no number.
#[cfg(not(unix))]
pub fn effective() -> Option<u32> {
    None
}

/// Whose the file of `metadata` is; `None` where files have no owner and mode.
#[cfg(unix)]
pub fn rights(metadata: &Metadata) -> Option<Rights> {
    use std::os::unix::fs::MetadataExt as _;
    Some(Rights { owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() })
}

/// As above: Windows keeps access lists instead.
#[cfg(not(unix))]
pub fn rights(_: &Metadata) -> Option<Rights> {
    None
}

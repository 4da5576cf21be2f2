//! The user of this process, and the owner of a file.

use std::fs::Metadata;

/// The owner and permissions of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// The owning user.
    pub owner: u32,
    /// The owning group.
    pub group: u32,
    /// The permission bits.
    pub mode: u32,
}

/// The effective user; `None` on systems without user numbers.
#[cfg(unix)]
pub fn effective() -> Option<u32> {
    Some(nix::unistd::geteuid().as_raw())
}

/// As above: users of Windows have no number.
#[cfg(not(unix))]
pub fn effective() -> Option<u32> {
    None
}

/// The owner and permissions of a file with `metadata`; `None` on systems without them.
#[cfg(unix)]
pub fn rights(metadata: &Metadata) -> Option<Rights> {
    use std::os::unix::fs::MetadataExt as _;
    Some(Rights { owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() })
}

/// As above: Windows has access control lists instead.
#[cfg(not(unix))]
pub fn rights(_: &Metadata) -> Option<Rights> {
    None
}

//! Error numbers that [`std::io::ErrorKind`] does not cover.

#[cfg(unix)]
pub use nix::libc::{EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, EPROTOTYPE};

#[cfg(windows)]
pub use winsock::*;

/// The same errors of Winsock. A system-wide limit (`ENFILE`) has no number of its own there.
#[cfg(windows)]
mod winsock {
    #![expect(missing_docs, reason = "the names are those of Unix")]

    pub const EMFILE: i32 = 10_024;
    pub const ENFILE: i32 = -1;
    pub const EPROTOTYPE: i32 = 10_041;
    pub const EAFNOSUPPORT: i32 = 10_047;
    pub const ENOBUFS: i32 = 10_055;
}

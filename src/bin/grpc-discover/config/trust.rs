//! Whether a configuration file that was only found may be used. The rule is git's for repositories that it finds.
//!
//! File and directory must belong to the user who runs the command, or to root. Under `sudo` the user who called it
//! counts too. No other user may be able to write to either. A group with write permission counts as another user,
//! except the user's private group, whose number is the user's own (Debian and Fedora create one for every user, and
//! a umask that lets it write).

use std::fs::Metadata;
use std::path::Path;
use std::{fmt, io};

use grpc_discover::platform::user::{self, Rights};

/// The user who runs the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Me {
    /// The effective user.
    pub user: u32,
    /// The user who called `sudo`, if root runs the command.
    pub caller: Option<u32>,
}

/// Why a file is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It belongs to another user.
    Owner {
        /// `it`, or `its directory`.
        what: &'static str,
        /// The owner.
        owner: u32,
    },
    /// Another user may change it.
    Writable {
        /// `it`, or `its directory`.
        what: &'static str,
        /// `its group` or `everybody`.
        by: &'static str,
    },
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Owner { what, owner } => write!(f, "{what} belongs to another user ({owner})"),
            Distrust::Writable { what, by } => write!(f, "{what} is writable by {by}"),
        }
    }
}

/// Why `file` in `directory` is not trusted by `me`, if it is not.
pub fn distrust(file: Rights, directory: Rights, me: Me) -> Option<Distrust> {
    [("it", file), ("its directory", directory)].into_iter().find_map(|(what, rights)| {
        let is_own = |user: u32| user == me.user || user == 0 || Some(user) == me.caller;
        if !is_own(rights.owner) {
            return Some(Distrust::Owner { what, owner: rights.owner });
        }
        match rights.mode {
            mode if mode & 0o002 != 0 => Some(Distrust::Writable { what, by: "everybody" }),
            mode if mode & 0o020 != 0 && !is_own(rights.group) => Some(Distrust::Writable { what, by: "its group" }),
            _ => None,
        }
    })
}

/// [`distrust`] for an open file. On a system without owners and modes every file is trusted: shared directories
/// cannot be recognized there.
pub fn distrust_of(file: &Metadata, directory: &Path) -> io::Result<Option<Distrust>> {
    let directory = std::fs::metadata(directory)?;
    let (Some(file), Some(directory), Some(user)) = (user::rights(file), user::rights(&directory), user::effective())
    else {
        return Ok(None);
    };
    #[expect(clippy::disallowed_methods, reason = "sudo sets this to the owner of the files")]
    let caller = (user == 0).then(|| std::env::var("SUDO_UID").ok()?.parse().ok()).flatten();
    Ok(distrust(file, directory, Me { user, caller }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Me = Me { user: 1000, caller: None };

    fn rights(owner: u32, group: u32, mode: u32) -> Rights {
        Rights { owner, group, mode }
    }

    #[test]
    fn a_found_file_is_trusted_when_no_other_user_could_have_written_it() {
        let own = rights(1000, 1000, 0o100_644);
        for (file, directory, me) in [
            (own, rights(1000, 1000, 0o40_755), ANN),
            (rights(0, 0, 0o100_644), rights(0, 0, 0o40_755), ANN),
            // A private group, as a umask of 002 leaves it.
            (rights(1000, 1000, 0o100_664), rights(1000, 1000, 0o40_775), ANN),
            (own, own, Me { user: 0, caller: Some(1000) }),
        ] {
            assert_eq!(distrust(file, directory, me), None, "{file:?} {directory:?} {me:?}");
        }
    }

    #[test]
    fn another_owner_and_a_right_to_write_are_named() {
        let (file, directory) = (rights(1000, 1000, 0o100_644), rights(1000, 1000, 0o40_755));
        for (file, directory, me, why) in [
            (rights(65534, 65534, 0o100_644), directory, ANN, "it belongs to another user (65534)"),
            (file, rights(1001, 1000, 0o40_755), ANN, "its directory belongs to another user (1001)"),
            (rights(1000, 1000, 0o100_646), directory, ANN, "it is writable by everybody"),
            (rights(1000, 100, 0o100_664), directory, ANN, "it is writable by its group"),
            (file, rights(0, 0, 0o41_777), ANN, "its directory is writable by everybody"),
            (file, rights(1000, 20, 0o40_775), ANN, "its directory is writable by its group"),
            // Root trusts only root, unless it was called through sudo.
            (file, directory, Me { user: 0, caller: None }, "it belongs to another user (1000)"),
            (file, directory, Me { user: 0, caller: Some(1001) }, "it belongs to another user (1000)"),
        ] {
            assert_eq!(distrust(file, directory, me).map(|why| why.to_string()).as_deref(), Some(why));
        }
    }
}

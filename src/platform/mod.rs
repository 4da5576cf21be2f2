//! Differences between operating systems, files of unknown content, and deadlines without an upper limit.
//!
//! Outside this folder no code depends on the operating system, except where the type of a Unix socket is named (a
//! test checks this). README.md lists what a system does not support.

pub mod clock;
pub(crate) mod errno;
pub mod file;
pub mod home;
pub(crate) mod interface;
pub mod keys;
pub mod open_files;
#[cfg(feature = "kubernetes")]
pub(crate) mod process;
pub mod resolver;
pub mod signals;
pub mod stdout;
pub(crate) mod tcp;
pub mod user;

#[cfg(test)]
mod tests;

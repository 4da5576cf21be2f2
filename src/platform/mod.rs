//! What differs by operating system, files that may be anything, and deadlines that may be as far away as they like.
//!
//! Nothing outside this folder asks for which system it is compiled, but where the type of a Unix socket is named (a test
//! holds that). What a system lacks is in README.md.

pub mod clock;
pub mod errno;
pub mod file;
pub mod home;
pub mod interface;
pub mod open_files;
#[cfg(feature = "kubernetes")]
pub(crate) mod process;
pub mod resolver;
pub mod signals;
pub mod stdout;
pub mod tcp;
pub mod user;

#[cfg(test)]
mod tests;

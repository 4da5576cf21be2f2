//! What differs by operating system, files that may be anything, and deadlines that may be as far away as they like.

pub mod clock;
pub mod file;
#[cfg(feature = "kubernetes")]
pub(crate) mod process;
pub mod resolver;
pub mod signals;

//! What differs by operating system, files that may be anything, and deadlines that may be as far away as they like.

pub mod clock;
pub mod file;
pub mod resolver;

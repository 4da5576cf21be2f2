//! What differs by operating system, and files that may be anything.

pub mod file;
pub mod resolver;

//! The command as it is typed: usage errors, generated texts, closed pipes, configuration, the demo.

mod config;
mod demo;
mod files;
mod limits;
mod log;
mod mounts;
mod pipes;
mod secrets;
mod signals;
#[cfg(feature = "consul")]
mod stranger;
mod usage;
mod withheld;

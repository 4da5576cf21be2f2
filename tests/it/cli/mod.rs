//! The command as it is typed: usage errors, generated texts, closed pipes, configuration, the demo.

mod config;
mod demo;
mod files;
#[cfg(feature = "consul")]
mod foreign_server;
mod limits;
mod log;
mod mounts;
mod pipes;
mod secrets;
mod signals;
mod usage;
mod withheld;

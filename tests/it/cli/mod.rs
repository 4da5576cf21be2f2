//! The command as it is typed: usage errors, generated texts, closed pipes, configuration, the demo.

mod completions;
mod config;
mod demo;
mod files;
#[cfg(feature = "consul")]
mod foreign_server;
mod health_probe;
mod limits;
mod live;
mod log;
mod mistakes;
mod mounts;
mod pipes;
mod replay;
mod screen;
mod secrets;
mod signals;
mod usage;
mod withheld;

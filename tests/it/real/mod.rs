//! The command, and the backends, against real servers (tests/run provides them).

#[cfg(feature = "consul")]
mod consul;
mod reaching;
mod watching;

//! The command against real servers (tests/run provides them).

mod reaching;
mod watching;

//! Every integration test, in one binary: one module per kind.
#![expect(clippy::disallowed_methods, reason = "tests look at the real clock and environment")]
#![expect(clippy::unwrap_used, reason = "a test whose setting cannot be built has failed")]

mod architecture;
mod backend;
mod cause;
mod cli;
mod fault;
#[cfg(feature = "fuzzing")]
mod fuzz;
#[cfg(feature = "consul")]
mod lens;
mod library;
mod literals;
mod real;
mod scenario;
mod support;

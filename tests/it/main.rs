//! Every integration test, in one binary.
#![expect(clippy::unwrap_used, reason = "a test whose setting cannot be built has failed")]

mod architecture;
mod real;
mod scenario;
mod support;

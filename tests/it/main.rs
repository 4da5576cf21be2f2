//! Every integration test, in one binary.

mod architecture;
mod real;
mod scenario;
mod support;

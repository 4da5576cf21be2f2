//! Every integration test, in one binary.

mod real;
mod support;

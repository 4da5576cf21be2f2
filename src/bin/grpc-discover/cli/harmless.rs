//! The mark of flags that any configuration file may set.

use clap::builder::ArgExt;

/// Marks a flag that any configuration file may set, including one that was only found in the working directory: it
/// cannot send a secret elsewhere, read a file, weaken a verdict or skip an endpoint. A flag without this mark counts
/// only in a file that was named explicitly, or in the user's own.
#[derive(Debug, Clone, Copy)]
pub struct Harmless;

impl ArgExt for Harmless {}

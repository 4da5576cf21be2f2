//! The mark of flags that any configuration file may set.

use clap::builder::ArgExt;

/// A flag that any file may set, also one that was only found in the working directory: it can send no secret away, read no
/// file, weaken no verdict and leave no endpoint out. A flag without this mark counts only in a file that was named, or in
/// the user's own.
#[derive(Debug, Clone, Copy)]
pub struct Harmless;

impl ArgExt for Harmless {}

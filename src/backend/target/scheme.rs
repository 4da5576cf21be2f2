//! [`Scheme`]: a backend's description of its targets, for code that iterates over all schemes.

use super::piece::{Parsed, Piece};
use crate::model::target::Target;

/// A scheme of targets and its parser.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// Lower case: `consul`.
    pub name: &'static str,
    /// Parses the text after the colon.
    pub parse: fn(Piece<'_>) -> Parsed<Target>,
    /// The parameters whose values are not secret: those that are read or accepted. Any other one may be a misspelled
    /// `token`, so its value is masked in errors.
    pub parameters: &'static [&'static str],
    /// A number after the colon is a name, as in gRPC (`dns:8080`). For other schemes it is the port of a host:
    /// `consul:8500`.
    pub takes_numbers: bool,
    /// White space is valid in its targets: it occurs in file names.
    pub takes_spaces: bool,
}

impl Scheme {
    /// A scheme without parameters.
    pub const fn new(name: &'static str, parse: fn(Piece<'_>) -> Parsed<Target>) -> Self {
        Scheme { name, parse, parameters: &[], takes_numbers: false, takes_spaces: false }
    }

    /// The same with [`parameters`](Self::parameters).
    pub const fn with_parameters(self, parameters: &'static [&'static str]) -> Self {
        Scheme { parameters, ..self }
    }

    /// The same with [`takes_numbers`](Self::takes_numbers).
    pub const fn with_numbers(self) -> Self {
        Scheme { takes_numbers: true, ..self }
    }

    /// The same with [`takes_spaces`](Self::takes_spaces).
    pub const fn with_spaces(self) -> Self {
        Scheme { takes_spaces: true, ..self }
    }
}

/// A target for the help, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The target: `consul:///pay?tag=v2`.
    pub target: &'static str,
    /// One line, without a full stop; empty if the target is self-explanatory.
    pub meaning: &'static str,
}

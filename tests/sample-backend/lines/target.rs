//! [`LinesTarget`]: `lines:///svc`.

use std::fmt;

use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::target::{BackendTarget, Target, plain_authority};

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "lines";

/// The scheme.
pub(super) const SCHEMES: &[Scheme] = &[Scheme::new(NAME, parse)];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] =
    &[Example { target: "lines:///pay", meaning: "the lines of LINES_FILE that start with pay" }];

/// The service's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesTarget(pub String);

impl BackendTarget for LinesTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        NAME
    }

    fn names_an_address(&self) -> bool {
        false
    }

    fn authority(&self) -> Option<String> {
        plain_authority(&self.0)
    }
}

impl fmt::Display for LinesTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}:///{}", self.0)
    }
}

fn parse(rest: Piece<'_>) -> Parsed<Target> {
    match rest.strip("///") {
        Some(service) if !service.is_empty() => Ok(LinesTarget(service.text.to_string()).into()),
        _ => invalid(rest.at, "missing service name", "lines:///pay"),
    }
}

//! What `--as` names: a stack, one range of its versions, or all of them.

use std::cmp::Ordering;

use super::{LENSES, LensKind, ResolverSource};

/// The lenses that `text` names: `kratos` (every range), `kratos@2.7.2` (the range that contains it; a leading `v` is
/// allowed), `all`.
pub fn find(text: &str) -> Result<Vec<&'static LensKind>, UnknownLens> {
    let invalid = |why| UnknownLens { text: text.to_string(), why };
    if text == "all" {
        return Ok(LENSES.to_vec());
    }
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let of_name: Vec<&LensKind> = LENSES.iter().copied().filter(|kind| kind.name == name).collect();
    if of_name.is_empty() {
        return Err(invalid(LensErrorKind::Name(name.to_string())));
    }
    let Some(version) = version else { return Ok(of_name) };
    if of_name.iter().all(|kind| kind.versions.is_none()) {
        return Err(invalid(LensErrorKind::NoVersions { name: name.to_string() }));
    }
    let Some(requested) = Version::parse(version) else {
        return Err(invalid(LensErrorKind::NoVersion(version.to_string())));
    };
    let matching: Vec<&LensKind> = of_name.iter().copied().filter(|kind| requested.is_within(kind.versions)).collect();
    if matching.is_empty() {
        let ranges = of_name.iter().filter_map(|kind| kind.versions).map(range).collect();
        return Err(invalid(LensErrorKind::NoRange { name: name.to_string(), version: version.to_string(), ranges }));
    }
    Ok(matching)
}

impl LensKind {
    /// The name for people: `kratos 2.5.4 to 2.7.2`, `grpc-go over DNS`.
    pub fn label(&self) -> String {
        match (self.versions, self.follows) {
            (Some(versions), _) => format!("{} {}", self.name, range(versions)),
            (None, ResolverSource::Dns) => format!("{} over DNS", self.name),
            (None, ResolverSource::Registry(_) | ResolverSource::Only(_)) => self.name.to_string(),
        }
    }

    /// The text for which [`find`] returns only this lens: `kratos@2.7.2`.
    pub fn as_name(&self) -> String {
        match self.versions {
            Some((_, last)) => format!("{}@{last}", self.name),
            None => self.name.to_string(),
        }
    }
}

/// `2.5.4 to 2.7.2`, or the one version.
fn range((first, last): (&str, &str)) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// A value of `--as` that does not name a lens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lens {text:?}: {why}")]
#[non_exhaustive]
pub struct UnknownLens {
    /// The value.
    pub text: String,
    /// What is wrong with it.
    #[source]
    pub why: LensErrorKind,
}

/// What is wrong with the name of a lens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LensErrorKind {
    /// No stack has this name.
    #[error("unknown client {0:?} (supported: {names}, all)", names = names().join(", "))]
    Name(String),
    /// The text after the `@` is not a version.
    #[error("invalid version {0:?} after @: use numbers and dots, such as 2.7.2")]
    NoVersion(String),
    /// The stack's versions are not distinguished.
    #[error("the versions of {name} are not distinguished: write {name}")]
    NoVersions {
        /// The stack.
        name: String,
    },
    /// The version is in none of the stack's ranges.
    #[error("unknown version {version} of {name} (known ranges: {})", ranges.join(", "))]
    NoRange {
        /// The stack.
        name: String,
        /// The version.
        version: String,
        /// The known ranges.
        ranges: Vec<String>,
    },
}

/// The stacks' names, each once.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = LENSES.iter().map(|kind| kind.name).collect();
    names.dedup();
    names
}

/// A version: numbers between dots. Missing numbers at the end count as zero.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version(Vec<u32>);

impl Version {
    pub(super) fn parse(text: &str) -> Option<Version> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = numbers
            .split('.')
            .map(|part| part.parse().ok().filter(|_| is_number(part)))
            .collect::<Option<Vec<u32>>>()?;
        while parts.last() == Some(&0) {
            parts.pop();
        }
        Some(Version(parts))
    }

    fn is_within(&self, versions: Option<(&str, &str)>) -> bool {
        let bound = |text| Version::parse(text).unwrap_or(Version(Vec::new()));
        versions.is_some_and(|(first, last)| *self >= bound(first) && *self <= bound(last))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    /// Compares number by number. Trailing zeros are removed, so of two versions with the same start the shorter is
    /// the earlier.
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

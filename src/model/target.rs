//! [`Target`]: what to resolve. The backends define the forms; `backend::target` parses them.

use std::any::Any;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What to resolve. `Display` prints the canonical form, secrets masked; `FromStr` parses every form.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// A bare name, queried at every active backend: `pay`.
    Bare(String),
    /// A target of one backend: `consul:///pay`.
    Of(Arc<dyn BackendTarget>),
    /// A known scheme that no backend of this build resolves.
    Foreign {
        /// The scheme, lower case: `xds`.
        scheme: String,
        /// Everything after the colon, passwords and tokens masked.
        rest: String,
    },
}

/// What one backend resolves, parsed. `Display` prints the canonical form, with the scheme and with secrets masked.
/// Parsing that form gives the same target, unless it contains a secret.
pub trait BackendTarget: Any + Comparable + fmt::Debug + fmt::Display + Send + Sync {
    /// The name of the backend that resolves it: `consul`.
    fn backend(&self) -> &'static str;

    /// The scheme of the canonical form: `consul`.
    fn scheme(&self) -> &'static str;

    /// True when the target names the server to query, or the endpoints themselves, and does not leave that to the
    /// settings of a registry.
    fn names_an_address(&self) -> bool;

    /// The `:authority` that gRPC would send for it, and the name that it would verify; `None` where the target has
    /// no such name.
    fn authority(&self) -> Option<String>;

    /// The file that is read to resolve it.
    fn file(&self) -> Option<&Path> {
        None
    }

    /// The host name that clients resolve through DNS, as typed; a literal IP address counts as one.
    fn host(&self) -> Option<&str> {
        None
    }

    /// The name that DNS is queried for, as typed: a [`host`](Self::host), or the owner of SRV records.
    fn dns_name(&self) -> Option<&str> {
        self.host()
    }

    /// True when `other` is the same query, sent to another server of the same kind of registry: where their
    /// responses differ, one of the two servers may lag behind.
    fn is_same_query_elsewhere(&self, _other: &Target) -> bool {
        false
    }
}

/// Equality between types that are known at run time only. Every type with `PartialEq` implements it.
pub trait Comparable: Any {
    /// True when `other` is of the same type and equal.
    fn is_equal_to(&self, other: &dyn Any) -> bool;
}

impl<T: Any + PartialEq> Comparable for T {
    fn is_equal_to(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
}

impl Target {
    /// The target in the backend's own type; `None` when it is of another type.
    pub fn of<T: BackendTarget>(&self) -> Option<&T> {
        match self {
            Target::Of(target) => (target.as_ref() as &dyn Any).downcast_ref(),
            Target::Bare(_) | Target::Foreign { .. } => None,
        }
    }

    /// The name of the backend that resolves it. Bare names and schemes without a backend in this build have none.
    pub fn backend(&self) -> Option<&'static str> {
        match self {
            Target::Of(target) => Some(target.backend()),
            Target::Bare(_) | Target::Foreign { .. } => None,
        }
    }

    /// The scheme of the canonical form: `dns`. A bare name has none.
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Target::Bare(_) => None,
            Target::Of(target) => Some(target.scheme()),
            Target::Foreign { scheme, .. } => Some(scheme),
        }
    }

    /// See [`BackendTarget::names_an_address`]. True for a bare name: DNS may resolve it.
    pub fn names_an_address(&self) -> bool {
        match self {
            Target::Bare(_) | Target::Foreign { .. } => true,
            Target::Of(target) => target.names_an_address(),
        }
    }

    /// The `:authority` that gRPC would send, and the name that it would verify: the name, with its port where one
    /// was given.
    pub fn authority(&self) -> Option<String> {
        match self {
            Target::Bare(name) => plain_authority(name),
            Target::Of(target) => target.authority(),
            Target::Foreign { .. } => None,
        }
    }

    /// See [`BackendTarget::host`].
    pub fn host(&self) -> Option<&str> {
        match self {
            Target::Of(target) => target.host(),
            Target::Bare(_) | Target::Foreign { .. } => None,
        }
    }

    /// See [`BackendTarget::dns_name`].
    pub fn dns_name(&self) -> Option<&str> {
        match self {
            Target::Of(target) => target.dns_name(),
            Target::Bare(_) | Target::Foreign { .. } => None,
        }
    }

    /// See [`BackendTarget::is_same_query_elsewhere`].
    pub fn is_same_query_elsewhere(&self, other: &Target) -> bool {
        match self {
            Target::Of(target) => target.is_same_query_elsewhere(other),
            Target::Bare(_) | Target::Foreign { .. } => false,
        }
    }

    /// The file that is read to resolve it.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Target::Of(target) => target.file(),
            Target::Bare(_) | Target::Foreign { .. } => None,
        }
    }
}

/// `name` as an `:authority`; `None` when it contains characters that are not valid in a host name.
pub fn plain_authority(name: &str) -> Option<String> {
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    fits.then(|| name.to_string())
}

impl<T: BackendTarget> From<T> for Target {
    fn from(target: T) -> Self {
        Target::Of(Arc::new(target))
    }
}

/// Two targets are equal when they mean the same, secrets included.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Target::Bare(one), Target::Bare(other)) => one == other,
            (Target::Of(one), Target::Of(other)) => one.is_equal_to(other.as_ref() as &dyn Any),
            (Target::Foreign { scheme, rest }, Target::Foreign { scheme: other_scheme, rest: other_rest }) => {
                scheme == other_scheme && rest == other_rest
            }
            (Target::Bare(_) | Target::Of(_) | Target::Foreign { .. }, _) => false,
        }
    }
}

impl Eq for Target {}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Bare(name) => f.write_str(name),
            Target::Of(target) => target.fmt(f),
            Target::Foreign { scheme, rest } => write!(f, "{scheme}:{rest}"),
        }
    }
}

/// Why a text is not a target: where, what, and what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("target {input:?}: {problem}; write {mended}")]
#[non_exhaustive]
pub struct TargetError {
    /// The text as given, shortened, passwords and tokens masked.
    pub input: String,
    /// Byte offset of the offending part in the text as given.
    pub position: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to type instead.
    pub mended: Box<Mended>,
}

/// What to type instead of a text that is not a target. `Display` prints the targets and then the flags, as they are
/// typed on a command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Mended {
    /// The targets; empty when only flags were meant (`@10.0.0.53` is `--dns-server 10.0.0.53`).
    pub targets: Vec<String>,
    /// The flags that carry the rest of the text, each with its value: `--plaintext`, `--service pay.v1.Pay`.
    pub flags: Vec<String>,
}

impl Mended {
    /// One target, without flags.
    pub fn target(target: impl Into<String>) -> Mended {
        Mended { targets: vec![target.into()], flags: Vec::new() }
    }

    /// The same with a flag added.
    #[must_use]
    pub fn with(mut self, flag: impl Into<String>) -> Mended {
        self.flags.push(flag.into());
        self
    }
}

impl fmt::Display for Mended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.targets.iter().chain(&self.flags).map(String::as_str);
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Number(u8);

    #[derive(Debug, PartialEq)]
    struct Letter(char);

    impl fmt::Display for Number {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "number:{}", self.0)
        }
    }

    impl fmt::Display for Letter {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "letter:{}", self.0)
        }
    }

    macro_rules! target_of {
        ($type:ty, $name:literal) => {
            impl BackendTarget for $type {
                fn backend(&self) -> &'static str {
                    $name
                }

                fn scheme(&self) -> &'static str {
                    $name
                }

                fn names_an_address(&self) -> bool {
                    false
                }

                fn authority(&self) -> Option<String> {
                    None
                }
            }
        };
    }
    target_of!(Number, "number");
    target_of!(Letter, "letter");

    #[test]
    fn targets_are_equal_when_type_and_value_are() {
        assert_eq!(Target::from(Number(1)), Target::from(Number(1)));
        assert_ne!(Target::from(Number(1)), Target::from(Number(2)));
        assert_ne!(Target::from(Number(1)), Target::from(Letter('1')));
        assert_ne!(Target::from(Number(1)), Target::Bare("number:1".to_string()));
    }

    #[test]
    fn a_target_is_seen_in_its_own_type_only() {
        let target = Target::from(Number(1));
        assert_eq!(target.of::<Number>(), Some(&Number(1)));
        assert_eq!(target.of::<Letter>(), None);
        assert_eq!((target.backend(), target.scheme()), (Some("number"), Some("number")));
        assert_eq!(target.to_string(), "number:1");
    }
}

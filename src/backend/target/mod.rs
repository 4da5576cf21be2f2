//! Parses a [`Target`]: the scheme decides which backend parses the rest. Unknown schemes are rejected here.
//!
//! The submodules contain what the targets of several backends have in common.

use std::str::FromStr;

use super::{BACKENDS, Backend, OPTIONAL, dns};
use crate::model::target::{Mended, Target, TargetError};
use crate::text::{self, shorten};

mod foreign;
pub mod grpc;
pub mod host;
pub mod keys;
mod mend;
pub mod path;
pub mod percent;
mod piece;
mod scheme;
mod secrets;
mod unsupported;
pub mod uri;

use super::dns::example::EXAMPLE;
use foreign::FOREIGN;
pub use piece::{Parsed, Piece, Problem, invalid};
pub use scheme::{Example, Scheme};
pub use unsupported::Unsupported;

/// Maximum length of a target: enough for a list of some thousand addresses.
const LONGEST: usize = 64 * 1024;

/// Maximum length of a text that is mended: longer ones are not typed.
const LONGEST_MENDED: usize = 200;

impl FromStr for Target {
    type Err = TargetError;

    /// Parses every form of a target; contacts no server. Schemes are compared case-insensitively.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(Piece::new(text)).map_err(|Problem { at, problem, example }| TargetError {
            input: shorten(&secrets::mask(text), 80).into_owned(),
            position: at,
            problem: secrets::mask_in(&problem, text),
            mended: Box::new(masked(likely(text).unwrap_or_else(|| Mended::target(example)), text)),
        })
    }
}

impl Target {
    /// True when `text`, which was typed as a target, may contain a secret: a user, or a parameter that is not known
    /// to be harmless, of any scheme. Parts that the target drops count as well.
    pub fn may_show_a_secret(text: &str) -> bool {
        secrets::may_be_in(text)
    }

    /// Why none of `backends` (their names) resolves the target; `None` when one does.
    pub fn unsupported(&self, backends: &[&str]) -> Option<Unsupported> {
        let (scheme, rest, backend) = match self {
            Target::Bare(_) => return None,
            Target::Of(target) => (target.backend(), None, Some(target.backend())),
            Target::Foreign { scheme, rest } => {
                let backend = foreign::find(scheme).map_or(Some(scheme.as_str()), |foreign| foreign.backend);
                (scheme.as_str(), Some(rest), backend)
            }
        };
        if backend.is_some_and(|backend| backends.contains(&backend)) {
            return None;
        }
        let mut supported: Vec<String> = backends.iter().map(ToString::to_string).collect();
        supported.sort_unstable();
        Some(Unsupported {
            scheme: scheme.to_string(),
            backend: backend.map(str::to_string),
            feature: OPTIONAL.iter().copied().find(|feature| backend == Some(feature)),
            supported,
            mended: rest.and_then(|rest| Unsupported::mended(scheme, rest)),
        })
    }
}

/// What was most likely meant. A text that is very long, or the value of a header, is not worth a guess.
fn likely(text: &str) -> Option<Mended> {
    if text.len() > LONGEST_MENDED || secrets::is_header(text) { None } else { mend::mended(text) }
}

/// `mended` without what may be a secret in `text`.
fn masked(mended: Mended, text: &str) -> Mended {
    let mask = |parts: Vec<String>| parts.iter().map(|part| secrets::mask_in(&secrets::mask(part), text)).collect();
    Mended { targets: mask(mended.targets), flags: mask(mended.flags) }
}

/// The targets in the help, and what each means: bare names, then every registry, then literal endpoints.
pub fn examples() -> impl Iterator<Item = Example> {
    let bare = Example { target: "pay", meaning: "every active backend, or [service.pay] of the config file" };
    std::iter::once(bare).chain(registries_first().flat_map(|backend| backend.about().examples).copied())
}

/// The backends in display order: those that query a registry first.
fn registries_first() -> impl Iterator<Item = &'static dyn Backend> {
    let of = |queried| BACKENDS.iter().copied().filter(move |backend| backend.about().registry.is_queried() == queried);
    of(true).chain(of(false))
}

/// Every scheme that has a backend in this build.
fn schemes() -> impl Iterator<Item = &'static Scheme> {
    registries_first().flat_map(|backend| backend.about().schemes)
}

/// The backends that this build lacks; each is a cargo feature, and has a scheme of the same name.
fn left_out() -> impl Iterator<Item = &'static str> {
    OPTIONAL.iter().copied().filter(|name| BACKENDS.iter().all(|backend| backend.name() != *name))
}

/// The schemes that are recognised and have no backend in this build.
fn without_backend() -> impl Iterator<Item = &'static str> {
    FOREIGN.iter().map(|foreign| foreign.scheme).chain(left_out())
}

fn parse(whole: Piece<'_>) -> Parsed<Target> {
    if whole.is_empty() {
        return invalid(0, "the target is empty", format!("pay or {EXAMPLE}"));
    }
    if whole.text.len() > LONGEST {
        return invalid(LONGEST, format!("the target is {} bytes long (limit: {LONGEST})", whole.text.len()), EXAMPLE);
    }
    if let Some((at, character)) = whole.text.char_indices().find(|(_, c)| c.is_control()) {
        return invalid(at, format!("invalid control character U+{:04X}", u32::from(character)), EXAMPLE);
    }
    let Some((typed, rest)) = split_scheme(whole) else { return without_scheme(whole) };
    let lower = typed.text.to_ascii_lowercase();
    let scheme = schemes().find(|scheme| scheme.name == lower);
    if !scheme.is_some_and(|scheme| scheme.takes_spaces)
        && let Some(at) = rest.text.find(char::is_whitespace)
    {
        return invalid(rest.at + at, "a target must not contain white space", without_space(whole));
    }
    match (scheme, lower.as_str()) {
        (Some(scheme), _) => (scheme.parse)(rest),
        (None, foreign) if without_backend().any(|scheme| scheme == foreign) => {
            Ok(Target::Foreign { scheme: lower, rest: secrets::mask(rest.text) })
        }
        (None, scheme) if mend::is_url(scheme) => {
            invalid(typed.at, format!("{}: is a URL scheme, not a gRPC target scheme", typed.text), EXAMPLE)
        }
        (None, unknown) => invalid(typed.at, unknown_scheme(unknown), format!("pay, pay.example:50051 or {EXAMPLE}")),
    }
}

/// The scheme and the text after its colon. `consul:8500` is a host and a port, not a scheme: before a number, only
/// schemes that accept a number as a name (`dns:8080` is the name `8080`, as in gRPC) take precedence.
fn split_scheme(whole: Piece<'_>) -> Option<(Piece<'_>, Piece<'_>)> {
    let (scheme, rest) = whole.split_once(':')?;
    let mut characters = scheme.text.chars();
    let shaped = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !shaped {
        return None;
    }
    let lower = scheme.text.to_ascii_lowercase();
    let is_port = !rest.is_empty() && rest.text.bytes().all(|b| b.is_ascii_digit());
    let known = match schemes().find(|scheme| scheme.name == lower) {
        Some(scheme) => scheme.takes_numbers || !is_port,
        None => !is_port && without_backend().any(|scheme| scheme == lower),
    };
    (known || rest.text.starts_with('/')).then_some((scheme, rest))
}

/// A bare name, or gRPC's default scheme.
fn without_scheme(whole: Piece<'_>) -> Parsed<Target> {
    match whole.text.find(char::is_whitespace) {
        Some(at) => invalid(at, "a target must not contain white space", without_space(whole)),
        None => dns::target::without_scheme(whole),
    }
}

fn unknown_scheme(scheme: &str) -> String {
    let known = || schemes().map(|scheme| scheme.name);
    let near = text::near(scheme, known().chain(without_backend()));
    let shown = shorten(scheme, 40);
    if near.is_empty() {
        let left_out: Vec<&str> = left_out().collect();
        let left_out = match left_out.as_slice() {
            [] => String::new(),
            features => format!("; not in this build: {}", features.join(", ")),
        };
        format!("unknown scheme \"{shown}\" (supported: {}{left_out})", known().collect::<Vec<_>>().join(", "))
    } else {
        let near: Vec<_> = near.iter().take(3).map(|known| format!("{known}:")).collect();
        format!("unknown scheme \"{shown}\" (similar: {})", near.join(", "))
    }
}

fn without_space(whole: Piece<'_>) -> String {
    let squeezed: String = whole.text.chars().filter(|c| !c.is_whitespace()).collect();
    if squeezed.is_empty() { EXAMPLE.to_string() } else { shorten(&secrets::mask(&squeezed), 60).into_owned() }
}

#[cfg(test)]
pub(super) mod tests;

//! Parses a [`Target`]: the scheme decides which backend parses the rest. Unknown schemes are rejected here.
//!
//! The submodules contain what the targets of several backends have in common.

use std::str::FromStr;

use super::{BACKENDS, Backend, OPTIONAL, dns};
use crate::model::host_port::joined;
use crate::model::target::{Target, TargetError};
use crate::text::{self, shorten};

mod foreign;
pub mod grpc;
pub mod host;
pub mod keys;
pub mod path;
pub mod percent;
mod piece;
mod scheme;
mod secrets;
pub mod uri;

use super::dns::example::EXAMPLE;
use foreign::FOREIGN;
use grpc::host_port;
pub use piece::{Parsed, Piece, Problem, invalid};
pub use scheme::{Example, Scheme};

/// Maximum length of a target: enough for a list of some thousand addresses.
const LONGEST: usize = 64 * 1024;

impl FromStr for Target {
    type Err = TargetError;

    /// Parses every form of a target; contacts no server. Schemes are compared case-insensitively.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(Piece::new(text)).map_err(|Problem { at, problem, example }| TargetError {
            input: shorten(&secrets::mask(text), 80).into_owned(),
            position: at,
            problem: secrets::mask_in(&problem, text),
            example: secrets::mask_in(&example, text),
        })
    }
}

impl Target {
    /// True when `text`, which was typed as a target, may contain a secret: a user, or a parameter that is not known
    /// to be harmless, of any scheme. Parts that the target drops count as well.
    pub fn may_show_a_secret(text: &str) -> bool {
        secrets::may_be_in(text)
    }

    /// The error for a target that none of `backends` (their names) supports; `None` when one does.
    pub fn unsupported_reason(&self, backends: &[&str]) -> Option<String> {
        let (scheme, backend) = match self {
            Target::Bare(_) => return None,
            Target::Of(target) => (target.backend(), Some(target.backend())),
            Target::Foreign { scheme, .. } => {
                (scheme.as_str(), foreign::find(scheme).map_or(Some(scheme.as_str()), |foreign| foreign.backend))
            }
        };
        if backend.is_some_and(|backend| backends.contains(&backend)) {
            return None;
        }
        let mut have = backends.to_vec();
        have.sort_unstable();
        let have = have.join(", ");
        Some(match backend {
            None => {
                format!("{scheme}: targets do not name a registry; write the registry's own target (supported: {have})")
            }
            Some(backend) => {
                let built = match OPTIONAL.contains(&backend) {
                    true => format!(": build with `--features {backend}`"),
                    false => String::new(),
                };
                format!(
                    "{scheme}: targets are not supported in this build (no {backend} backend{built}; supported: {have})"
                )
            }
        })
    }
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
        (None, "http" | "https" | "grpc" | "grpcs" | "tcp") => url(typed, rest),
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

/// A URL is not a gRPC target: its host and port are, and a flag selects the protocol.
fn url(scheme: Piece<'_>, rest: Piece<'_>) -> Parsed<Target> {
    let after = rest.strip("//").unwrap_or(rest);
    let authority = after.until(after.text.find(['/', '?', '#']).unwrap_or(after.text.len()));
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    let plaintext = if scheme.text.eq_ignore_ascii_case("http") { " --plaintext" } else { "" };
    let example = match host_port(server, EXAMPLE) {
        Ok((host, port)) => {
            let default = if plaintext.is_empty() { None } else { Some(80) };
            format!("{}{plaintext}", joined(&host, port.or(default)))
        }
        Err(_) => EXAMPLE.to_string(),
    };
    invalid(scheme.at, format!("{}: is a URL scheme, not a gRPC target scheme", scheme.text), example)
}

#[cfg(test)]
pub(super) mod tests;

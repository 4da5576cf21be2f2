//! Targets of registries whose keys contain the service's name: `scheme://member,member/service?prefix=…&layout=…`.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use super::host::host_port;
use super::percent::decode;
use super::piece::{Parsed, Piece, invalid};
use super::uri::{COMPONENT, PATH, server_text};
use crate::layout::{LAYOUTS, Layout};
use crate::model::host_port::joined;
use crate::text::shorten;

/// A registry's names for its members in texts.
pub struct Members {
    /// The description of what comes between the scheme and the next slash: `etcd's members`.
    pub whose: &'static str,
    /// A list of them in a target.
    pub example: &'static str,
    /// Where user and password must be set.
    pub user: &'static str,
}

/// Members and path; slashes around the path are not part of it.
pub fn split<'a>(
    before: Piece<'a>,
    scheme: &str,
    members: &Members,
    has_key: bool,
) -> Parsed<(Option<Piece<'a>>, Piece<'a>)> {
    let (authority, path) = match before.strip("//") {
        None => (None, before),
        Some(after) => match after.split_once('/') {
            Some((authority, path)) => (Some(authority).filter(|authority| !authority.is_empty()), path),
            None if has_key => (Some(after), after.from(after.text.len())),
            None => {
                let name = after.text.rsplit('@').next().filter(|n| !n.is_empty() && !n.contains([':', ',']));
                let whose = members.whose;
                return invalid(
                    after.at,
                    format!("missing service name: the part after {scheme}:// is the list of {whose}"),
                    format!("{scheme}:///{}", shorten(name.unwrap_or("pay"), 60)),
                );
            }
        },
    };
    let path = path.until(path.text.trim_end_matches('/').len());
    Ok((authority, path.from(path.text.len() - path.text.trim_start_matches('/').len())))
}

impl Members {
    /// `host:port,host`, as typed.
    pub fn parse(&self, list: Piece<'_>) -> Parsed<Vec<String>> {
        if list.text.contains('@') {
            let problem = format!("user and password are not allowed in a target: set {}", self.user);
            return invalid(list.at, problem, self.example);
        }
        let each = list.split(',').map(|member| {
            if member.is_empty() {
                return invalid(member.at, "empty element in the list of members", self.example);
            }
            host_port(member, self.example).map(|(host, port)| joined(&host, port))
        });
        each.collect()
    }
}

/// The parameters after the question mark, each once.
#[derive(Default)]
pub struct Parameters {
    /// `key=`: the service's name, as go-zero writes it.
    pub key: Option<String>,
    /// `prefix=`: the part of the keys before the name.
    pub prefix: Option<String>,
    /// `layout=`: the name of a layout.
    pub layout: Option<&'static str>,
}

/// A scheme's names for its parameters in texts.
pub struct ParameterTexts {
    /// The supported parameters: `prefix, layout`.
    pub known: &'static str,
    /// The scheme.
    pub scheme: &'static str,
    /// Whether a layout can be named: the frameworks that write to this registry.
    pub is_written: fn(&dyn Layout) -> bool,
    /// A target, one with a layout, one with a prefix, and one with a key, if keys are supported.
    pub examples: [&'static str; 3],
    /// A target with `key=`, if this parameter is supported.
    pub key: Option<&'static str>,
}

/// The valid names in `?layout=`; `is_written` selects the layouts of a registry.
pub fn layouts(is_written: fn(&dyn Layout) -> bool) -> impl Iterator<Item = &'static str> {
    LAYOUTS.iter().filter(move |layout| is_written(**layout)).map(|layout| layout.name())
}

/// Reads `prefix=`, `layout=` and, if `words` has an example of it, `key=`.
pub fn parameters(query: Option<Piece<'_>>, words: &ParameterTexts) -> Parsed<Parameters> {
    let [example, with_layout, with_prefix] = words.examples;
    let mut found = Parameters::default();
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
        let decoded = decode(value, true, example)?;
        let twice = || invalid(name.at, format!("{} is given twice", name.text), example);
        match (name.text, words.key) {
            ("key", Some(_)) if found.key.is_some() => return twice(),
            ("key", Some(key)) if decoded.is_empty() => return invalid(value.at, "missing key", key),
            ("key", Some(_)) => found.key = Some(decoded),
            ("prefix", _) if found.prefix.is_some() => return twice(),
            ("prefix", _) => found.prefix = Some(decoded),
            ("layout", _) if found.layout.is_some() => return twice(),
            ("layout", _) => match layouts(words.is_written).find(|known| *known == decoded) {
                Some(known) => found.layout = Some(known),
                None => {
                    let known = layouts(words.is_written).collect::<Vec<_>>().join(", ");
                    let problem = format!("unknown layout {} (supported: {known})", value.quoted());
                    return invalid(value.at, problem, with_layout);
                }
            },
            _ => {
                let (scheme, known) = (words.scheme, words.known);
                let problem = format!("unknown parameter {} of {scheme}: (supported: {known})", name.quoted());
                return invalid(name.at, problem, with_prefix);
            }
        }
    }
    Ok(found)
}

/// The canonical form.
pub fn fmt_keys(
    f: &mut fmt::Formatter<'_>,
    scheme: &str,
    members: &[String],
    service: &str,
    parameters: [(&str, Option<&str>); 2],
) -> fmt::Result {
    write!(f, "{scheme}://")?;
    for (index, member) in members.iter().enumerate() {
        write!(f, "{}{}", if index > 0 { "," } else { "" }, server_text(Some(member)))?;
    }
    f.write_str("/")?;
    // A leading or trailing slash is part of the name only when it is encoded.
    if service.starts_with('/') || service.ends_with('/') {
        write!(f, "{}", utf8_percent_encode(service, COMPONENT))?;
    } else {
        write!(f, "{}", utf8_percent_encode(service, PATH))?;
    }
    let mut separator = '?';
    for (parameter, value) in parameters {
        let Some(value) = value else { continue };
        write!(f, "{separator}{parameter}={}", utf8_percent_encode(value, PATH))?;
        separator = '&';
    }
    Ok(())
}

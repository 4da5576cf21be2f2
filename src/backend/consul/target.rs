//! [`ConsulTarget`]: `consul://[user:pw@][agent[:port]]/svc?…`, in the form of mbobakov's resolver.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use crate::backend::target::host::host_port;
use crate::backend::target::percent::decode;
use crate::backend::target::uri::{COMPONENT, fmt_user, server_text};
use crate::backend::target::{Example, Parsed, Piece, Scheme, invalid};
use crate::model::host_port::joined;
use crate::model::secret::Secret;
use crate::model::target::{BackendTarget, Target, plain_authority};
use crate::text::shorten;

/// The backend's name in the output and on the command line.
pub(super) const NAME: &str = "consul";

/// The scheme. Its parameters without the token, and those that are accepted without effect.
pub(super) const SCHEMES: &[Scheme] =
    &[Scheme::new("consul", |rest| consul(rest).map(Target::from)).with_parameters(&[
        "tag",
        "dc",
        "near",
        "healthy",
        "ns",
        "partition",
        "wait",
        "limit",
        "insecure",
        "timeout",
        "max-backoff",
        "allow-stale",
        "require-consistent",
    ])];

/// The examples in the help.
pub(super) const EXAMPLES: &[Example] = &[
    Example { target: "consul:///pay?tag=v2", meaning: "Consul, at CONSUL_HTTP_ADDR" },
    Example { target: "consul://agent:8500/pay", meaning: "Consul, at this agent" },
];

/// The query of a `consul:` target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsulTarget {
    /// The agent, `host` or `host:port`; the environment's when absent.
    pub agent: Option<String>,
    /// User and password for HTTP basic authentication.
    pub user: Option<(String, Secret)>,
    /// The service name.
    pub service: String,
    /// Only instances with all of these tags.
    pub tags: Vec<String>,
    /// The datacenter.
    pub dc: Option<String>,
    /// Sort by distance from this node; changes nothing else.
    pub near: Option<String>,
    /// `healthy=true`: list passing instances only. Absent: list all of them with their status.
    pub passing_only: bool,
    /// The ACL token.
    pub token: Option<Secret>,
    /// The namespace (Enterprise).
    pub namespace: Option<String>,
    /// The admin partition (Enterprise).
    pub partition: Option<String>,
}

impl BackendTarget for ConsulTarget {
    fn backend(&self) -> &'static str {
        NAME
    }

    fn scheme(&self) -> &'static str {
        "consul"
    }

    fn names_an_address(&self) -> bool {
        self.agent.is_some()
    }

    fn authority(&self) -> Option<String> {
        plain_authority(&self.service)
    }

    fn is_same_query_elsewhere(&self, other: &Target) -> bool {
        let query = |target: &ConsulTarget| ConsulTarget { agent: None, user: None, ..target.clone() };
        other.of::<ConsulTarget>().is_some_and(|other| {
            (&self.agent, &self.user) != (&other.agent, &other.user) && query(self) == query(other)
        })
    }
}

impl fmt::Display for ConsulTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("consul://")?;
        fmt_user(f, self.user.as_ref())?;
        write!(f, "{}/{}", server_text(self.agent.as_deref()), utf8_percent_encode(&self.service, COMPONENT))?;
        let tags = self.tags.iter().map(|tag| ("tag", Some(tag.as_str())));
        let others = [
            ("dc", self.dc.as_deref()),
            ("near", self.near.as_deref()),
            ("healthy", self.passing_only.then_some("true")),
            ("token", self.token.as_ref().map(|_| "")),
            ("ns", self.namespace.as_deref()),
            ("partition", self.partition.as_deref()),
        ];
        let mut separator = '?';
        for (name, value) in tags.chain(others) {
            let Some(value) = value else { continue };
            write!(f, "{separator}{name}={}", utf8_percent_encode(value, COMPONENT))?;
            if name == "token" {
                f.write_str("***")?;
            }
            separator = '&';
        }
        Ok(())
    }
}

const CONSUL_EXAMPLE: &str = "consul:///pay?tag=v1";

/// The parameters of `consul:` that have an effect here.
const CONSUL_PARAMETERS: &str = "tag, dc, near, healthy, token, ns, partition";
/// Parameters of mbobakov's resolver that tune the client, not the query: accepted, so that its targets can be
/// pasted.
const CONSUL_TUNING: [&str; 7] =
    ["wait", "limit", "insecure", "timeout", "max-backoff", "allow-stale", "require-consistent"];

fn consul(rest: Piece<'_>) -> Parsed<ConsulTarget> {
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let mut target = ConsulTarget::default();
    let service = match before.strip("//") {
        None => before.strip("/").unwrap_or(before),
        Some(after) => match after.split_once('/') {
            None => {
                let name = after.text.rsplit('@').next().filter(|n| !n.is_empty() && !n.contains(':')).unwrap_or("pay");
                return invalid(
                    after.at,
                    "missing service name (the part between consul:// and the next slash is the agent)",
                    format!("consul:///{}", shorten(name, 60)),
                );
            }
            Some((authority, service)) => {
                consul_authority(authority, &mut target)?;
                service
            }
        },
    };
    // mbobakov trims slashes as well; an encoded slash (%2F) is part of the name.
    let trimmed = service.text.trim_end_matches('/').len();
    let service = service.until(trimmed);
    let service = service.from(service.text.len() - service.text.trim_start_matches('/').len());
    if service.is_empty() {
        return invalid(service.at, "missing service name", CONSUL_EXAMPLE);
    }
    target.service = decode(service, false, CONSUL_EXAMPLE)?;
    for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
        consul_parameter(pair, &mut target)?;
    }
    Ok(target)
}

fn consul_authority(authority: Piece<'_>, target: &mut ConsulTarget) -> Parsed<()> {
    let agent = match authority.rsplit_once('@') {
        None => authority,
        Some((user, agent)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, user.from(user.text.len())));
            target.user =
                Some((decode(name, false, CONSUL_EXAMPLE)?, Secret::new(decode(password, false, CONSUL_EXAMPLE)?)));
            agent
        }
    };
    if !agent.is_empty() {
        let (host, port) = host_port(agent, "consul://127.0.0.1:8500/pay")?;
        target.agent = Some(joined(&host, port));
    }
    Ok(())
}

fn consul_parameter(pair: Piece<'_>, target: &mut ConsulTarget) -> Parsed<()> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, pair.from(pair.text.len())));
    let decoded = decode(value, true, CONSUL_EXAMPLE)?;
    let once = |slot: &mut Option<String>| -> Parsed<()> {
        if slot.is_some() {
            return invalid(name.at, format!("{} is given twice", name.text), CONSUL_EXAMPLE);
        }
        *slot = Some(decoded.clone()).filter(|text| !text.is_empty());
        Ok(())
    };
    match decode(name, true, CONSUL_EXAMPLE)?.as_str() {
        "tag" if decoded.is_empty() => Ok(()),
        "tag" => {
            target.tags.push(decoded);
            Ok(())
        }
        "dc" => once(&mut target.dc),
        "near" => once(&mut target.near),
        "ns" => once(&mut target.namespace),
        "partition" => once(&mut target.partition),
        "token" if target.token.is_some() => invalid(name.at, "token is given twice", CONSUL_EXAMPLE),
        "token" => {
            target.token = Some(Secret::new(decoded)).filter(|token| !token.is_empty());
            Ok(())
        }
        // strconv.ParseBool, as mbobakov reads it.
        "healthy" => match decoded.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => {
                target.passing_only = true;
                Ok(())
            }
            "0" | "f" | "F" | "false" | "FALSE" | "False" => {
                target.passing_only = false;
                Ok(())
            }
            _ => invalid(
                value.at,
                format!("healthy must be true or false, not {}", value.quoted()),
                "consul:///pay?healthy=true",
            ),
        },
        known if CONSUL_TUNING.contains(&known) => Ok(()),
        _ => invalid(
            name.at,
            format!(
                "unknown parameter {} (supported: {CONSUL_PARAMETERS}; accepted and ignored: {})",
                name.quoted(),
                CONSUL_TUNING.join(", ")
            ),
            CONSUL_EXAMPLE,
        ),
    }
}

#[cfg(test)]
mod tests;

//! [`EtcdTarget`]: a service in etcd, wherever a framework wrote it.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use super::{COMPONENT, PATH, server_text};

/// The layouts that `?layout=` can name: `crate::layout` has a decoder for each of them.
pub const ETCD_LAYOUTS: [&str; 9] =
    ["etcd-naming", "go-zero", "kratos", "kitex", "go-micro", "dubbo", "dubbo-app", "goframe", "plain"];

/// What an `etcd:` or `discov:` target asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EtcdTarget {
    /// The members to ask, `host` or `host:port`, in their order; the environment's when empty.
    pub members: Vec<String>,
    /// The service's name, which is part of its keys: `pay`. May have slashes in it.
    pub service: String,
    /// What stands before the name in the keys, instead of what every layout has there: `/microservices`.
    pub prefix: Option<String>,
    /// Only this layout is looked for; one of [`ETCD_LAYOUTS`].
    pub layout: Option<&'static str>,
}

impl fmt::Display for EtcdTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_keys(f, "etcd", &self.members, &self.service, [("prefix", self.prefix.as_deref()), ("layout", self.layout)])
    }
}

/// `scheme://member,member/service?parameter=value`, for registries whose keys hold the service's name.
pub(super) fn fmt_keys(
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
    // A slash at an end is part of the name only when it is encoded.
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
